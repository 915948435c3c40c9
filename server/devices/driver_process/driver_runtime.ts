/**
 * Runs drivers in their own process: makes their instruments, and serves the server's requests with them.
 *
 * @module
 */

import { configureSync, type LogRecord } from "npm:@logtape/logtape@2.4.2";
import { format } from "node:util";
import type { CommandContext, Role } from "../../bench/command.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { placeOf, reasonOf } from "../../bench/faults.ts";
import { BenchField } from "../../bench/field.ts";
import type { Instrument, Surroundings } from "../../bench/instrument.ts";
import { identifierOf } from "../../bench/names.ts";
import type { Line } from "../transports/line.ts";
import { Port } from "../transports/port.ts";
import type { Value } from "../../bench/values.ts";
import { declarationOf, instrumentOf, restoreKeywords, storedKeywords } from "./declare.ts";
import type {
  DriverAsk,
  DriverTell,
  FromServer,
  Made,
  Neighbour,
  ServerAsk,
  ServerTell,
  WorkerSettings,
} from "./messages.ts";
import { loadDriver, problemOf } from "./driver_loader.ts";
import { Peer } from "./peer.ts";
import { explainPermissions } from "./permissions.ts";
import { decodeValue, encodeValue } from "../../bench/typed_values.ts";
import { applyState, encodeError, fromBase64, stateOf, toBase64 } from "./wire_values.ts";

/** The passes over an instrument's fields that are remembered: there is one at a time. */
const keptPasses = 4;
/** The most requests of the server that are under way at once: each has come through an instrument's queue. */
const mostAtOnce = 100_000;

/** A running request, and who asked for it. */
interface Run {
  gone: boolean;
}

/** The drivers of one process. */
export class DriverRuntime {
  readonly #settings: WorkerSettings;
  readonly #peer: Peer;
  readonly #ports: readonly Port[];
  readonly #instruments: Instrument[] = [];
  readonly #runs = new Map<number, Run>();
  readonly #passes = new Map<number, object>();
  /** How often each field was updated here: what the server says of before is out of date. */
  readonly #numbers = new Map<BenchField, number>();
  readonly #keywords = new Map<Instrument, string>();
  #applying = false;
  readonly #neighbours = new Map<string, Instrument>();
  #watchesBench = false;

  constructor(settings: WorkerSettings, send: (message: object) => void) {
    this.#settings = settings;
    this.#peer = new Peer({
      send,
      answer: (ask: ServerAsk & { readonly id: number }, signal) => this.#answer(ask, signal),
      told: (tell: ServerTell) => this.#told(tell),
      explain: (text) => this.#explained(text),
      atOnce: mostAtOnce,
    });
    this.#ports = settings.ports.map(({ address, format }, at) => new Port(address, format, () => this.#openLine(at)));
    this.#redirectLogs();
    this.#catchRest();
  }

  /** Takes what the server says. */
  take(message: FromServer): void {
    this.#peer.take(message);
  }

  #tell(tell: DriverTell): void {
    this.#peer.tell(tell);
  }

  #ask(ask: DriverAsk, signal?: AbortSignal): Promise<unknown> {
    return this.#peer.ask(ask, signal);
  }

  /** Errors name the files that people have, and the words that grant what was missing. */
  #explained(text: string): string {
    let explained = text;
    for (const [copy, original] of this.#settings.copies) explained = explained.replaceAll(copy, original);
    return explainPermissions(explained);
  }

  async #answer(ask: ServerAsk & { readonly id: number }, signal: AbortSignal): Promise<unknown> {
    switch (ask.ask) {
      case "ping":
        return null;
      case "make":
        return await this.#make();
      case "start": {
        const instrument = this.#at(ask.instrument);
        const { instrument: at } = ask;
        const tell = () => {
          const { state, reason } = instrument.contact!;
          this.#tell({ tell: "contact", instrument: at, state, reason: this.#explained(String(reason)) });
        };
        if (instrument.images !== undefined) this.#watchBench();
        return await instrument.start(tell);
      }
      case "stop": {
        const instrument = this.#at(ask.instrument);
        await instrument.stop();
        return this.#explained(String(instrument.contact?.reason ?? ""));
      }
      case "read": {
        const { spec } = this.#at(ask.instrument).allFields[ask.field]!;
        // What is no reading crosses as it is: the server says what is wrong with it.
        return encodeValue(await spec.read!(signal, this.#pass(ask.pass)));
      }
      case "write": {
        const { spec } = this.#at(ask.instrument).allFields[ask.field]!;
        await spec.write!(ask.value as never, signal);
        return null;
      }
      case "run":
        return await this.#run(ask, signal);
      case "image":
        return await this.#at(ask.instrument).images!.describe(signal, ask.identity ?? undefined);
      case "recent images":
        return await this.#at(ask.instrument).images!.recent(signal);
      case "of an image": {
        const answer = await this.#at(ask.instrument).images!.ask(ask.question, ask.identity ?? undefined, signal);
        return answer instanceof Uint8Array ? toBase64(answer) : answer;
      }
      case "tile": {
        const { images } = this.#at(ask.instrument);
        const { columns, rows, pixels } = await images!.tile(ask.request, ask.identity ?? undefined, signal);
        return { columns, rows, pixels: toBase64(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength)) };
      }
    }
  }

  #at(index: number): Instrument {
    return this.#instruments[index]!;
  }

  #pass(number: number): object {
    let pass = this.#passes.get(number);
    if (pass === undefined) {
      this.#passes.set(number, pass = {});
      for (const old of this.#passes.keys()) {
        if (this.#passes.size <= keptPasses * this.#instruments.length) break;
        this.#passes.delete(old);
      }
    }
    return pass;
  }

  async #run(ask: ServerAsk & { readonly ask: "run"; readonly id: number }, signal: AbortSignal): Promise<unknown> {
    const instrument = this.#at(ask.instrument);
    const run: Run = { gone: false };
    const call =
      (way: "call" | "callInBackground" | "putBack"): CommandContext["call"] => (instrument, command, ...args) =>
        this.#ask({
          ask: "call",
          run: ask.id,
          instrument,
          command,
          args: args.map((each) => encodeValue(each)),
          way,
        }).then(decodeValue);
    const role: Role = ask.callerRole;
    const context: CommandContext = {
      signal,
      role: ask.role,
      caller: {
        role,
        get gone() {
          return run.gone;
        },
      },
      more: decodeValue(ask.more) as unknown[],
      moreKeywords: new Map(Object.entries(decodeValue(ask.moreKeywords) as object)),
      call: call("call"),
      callInBackground: call("callInBackground"),
      putBack: call("putBack"),
    };
    this.#runs.set(ask.id, run);
    try {
      const values = decodeValue(ask.values) as Record<string, Value>;
      const { more, moreKeywords } = context;
      return encodeValue(await instrument.commands.get(ask.command)!.call({ values, more, moreKeywords }, context));
    } finally {
      this.#runs.delete(ask.id);
      this.#tellKeywords(instrument, ask.instrument);
    }
  }

  /** Commands set header keywords, which other instruments' images say too. */
  #tellKeywords(instrument: Instrument, at: number): void {
    const stored = storedKeywords(instrument);
    const now = JSON.stringify(stored);
    if (now === (this.#keywords.get(instrument) ?? "[]")) return;
    this.#keywords.set(instrument, now);
    this.#tell({ tell: "keywords", instrument: at, stored });
  }

  #told(tell: ServerTell): void {
    switch (tell.tell) {
      case "gone": {
        const run = this.#runs.get(tell.run);
        if (run !== undefined) run.gone = true;
        return;
      }
      case "step":
        return this.#at(tell.instrument).step(tell.seconds);
      case "field": {
        const holder = this.#at(tell.instrument).allFields[tell.field]!;
        if (tell.number < (this.#numbers.get(holder) ?? 0)) return;
        this.#applying = true;
        try {
          applyState(holder, tell.state);
        } finally {
          this.#applying = false;
        }
        return;
      }
      case "bench":
        this.#neighbours.clear();
        for (const neighbour of tell.neighbours) this.#meet(neighbour);
        return;
      case "neighbour": {
        const holder = this.#neighbours.get(tell.name)?.allFields[tell.field];
        if (holder !== undefined) applyState(holder, tell.state);
        return;
      }
      case "neighbourKeywords": {
        const neighbour = this.#neighbours.get(tell.name);
        if (neighbour !== undefined) restoreKeywords(neighbour, tell.stored);
        return;
      }
    }
  }

  /** Another instrument of the bench: what its fields hold and what it says in headers; its commands are called. */
  #meet({ declaration, states, stored }: Neighbour): void {
    const none = () =>
      Promise.reject(new HeliographError("command_failed", `${declaration.title} is driven by calling its commands`));
    const neighbour = instrumentOf({ ...declaration, commands: [] }, { read: none, write: none, run: none });
    states.forEach((state, at) => applyState(neighbour.allFields[at]!, state));
    restoreKeywords(neighbour, stored);
    this.#neighbours.set(neighbour.name, neighbour);
  }

  #watchBench(): void {
    if (this.#watchesBench) return;
    this.#watchesBench = true;
    this.#tell({ tell: "watchBench" });
  }

  #surroundings(): Surroundings {
    this.#watchBench();
    const own = new Map(this.#instruments.map((instrument) => [instrument.name, instrument]));
    // In the bench's order, which is that of the headers.
    const instruments = this.#neighbours.size === 0
      ? [...own.values()]
      : [...this.#neighbours].map(([name, neighbour]) => own.get(name) ?? neighbour);
    return { instruments, find: (name) => instruments.find((each) => each.name === identifierOf(name)) };
  }

  async #make(): Promise<Made> {
    const made: Made = [];
    for (const driver of this.#settings.drivers) {
      try {
        this.#tell({ tell: "making", driver: made.length });
        const instrument = await loadDriver(driver, driver.port === null ? undefined : this.#ports[driver.port]);
        this.#adopt(instrument, made.length);
        made.push({ declaration: declarationOf(instrument) });
      } catch (error) {
        made.push({ problem: problemOf(driver, error, (text) => this.#explained(text)) });
      }
    }
    return made;
  }

  /** From now on the server hears of what becomes of it. */
  #adopt(instrument: Instrument, at: number): void {
    this.#instruments[at] = instrument;
    instrument.faults.heard = (what, error) => {
      this.#tell({ tell: "fault", instrument: at, what, error: encodeError(error, (text) => this.#explained(text)) });
    };
    Object.defineProperty(instrument, "surroundings", { get: () => this.#surroundings() });
    const tell = (holder: BenchField) => {
      const number = (this.#numbers.get(holder) ?? 0) + 1;
      this.#numbers.set(holder, number);
      const field = instrument.allFields.indexOf(holder);
      this.#tell({ tell: "field", instrument: at, field, number, state: stateOf(holder) });
    };
    let updating = false;
    instrument.changed = (_, holder) => {
      if (!this.#applying && !updating) tell(holder);
    };
    for (const holder of instrument.allFields) {
      // Told also where the value stays the same: somebody has read it, and it is not stale.
      holder.update = (value) => {
        updating = true;
        try {
          BenchField.prototype.update.call(holder, value);
        } finally {
          updating = false;
        }
        tell(holder);
      };
    }
  }

  /** A line that the server opens: no driver opens any other. */
  async #openLine(port: number): Promise<Line> {
    const whole = await this.#ask({ ask: "openLine", port }) === true;
    let closed = false;
    return {
      whole,
      read: async () => {
        const bytes = closed ? null : await this.#ask({ ask: "readLine", port });
        return bytes === null || closed ? null : fromBase64(bytes as string);
      },
      write: async (bytes, answerWithin) => {
        const within = answerWithin === undefined ? {} : { answerWithin };
        await this.#ask({ ask: "writeLine", port, bytes: toBase64(bytes), ...within });
      },
      close: () => {
        if (!closed) this.#tell({ tell: "closeLine", port });
        closed = true;
      },
    };
  }

  /** Sends the logs of heliograph's own code, and the output of drivers, to the server's log. */
  #redirectLogs(): void {
    const levels = { trace: "debug", debug: "debug", info: "info", warning: "warning", error: "error", fatal: "error" };
    const tell = (level: keyof typeof levels, text: string) =>
      this.#tell({ tell: "log", level: levels[level] as "info", text: this.#explained(text).slice(0, 4000) });
    configureSync({
      sinks: { server: ({ level, message }: LogRecord) => tell(level, message.map(String).join("")) },
      loggers: [
        { category: ["logtape"], sinks: [] },
        { category: ["heliograph"], sinks: ["server"], lowestLevel: "info" },
      ],
    });
    const print = (level: keyof typeof levels) => (...items: unknown[]) => tell(level, format(...items));
    const printed = { log: "info", info: "info", debug: "debug", warn: "warning", error: "error" } as const;
    for (const [name, level] of Object.entries(printed)) console[name as keyof typeof printed] = print(level);
  }

  /**
   * Catches failures that a driver does not wait for, so that they harm no other: each is told as the fault of the
   * instruments whose file it is in.
   */
  #catchRest(): void {
    const tell = (what: string, error: unknown) => {
      const place = this.#explained(placeOf(error));
      const files = this.#settings.drivers.map(({ file }) => file);
      const all = [...this.#instruments.keys()];
      const concerned = all.filter((at) => place.startsWith(`${files[at]}:`));
      const wire = encodeError(error, (text) => this.#explained(text));
      if (all.length === 0) this.#tell({ tell: "log", level: "error", text: `${what} failed: ${reasonOf(error)}` });
      for (const instrument of concerned.length > 0 ? concerned : all) {
        this.#tell({ tell: "fault", instrument, what, error: wire });
      }
    };
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      tell("a promise that nobody waited for", event.reason);
    });
    addEventListener("error", (event) => {
      event.preventDefault();
      tell("code that nobody waited for", event.error);
    });
  }
}
