/**
 * The instruments of one driver's process: each stands on the server's bench, and does there what its driver does.
 *
 * The server has the last word on what a field holds. The driver is told of every change, and what it updates itself is
 * taken over; of two that cross, the driver's counts on both sides.
 *
 * @module
 */

import { Bench } from "../../bench/bench.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { BenchField } from "../../bench/field.ts";
import type { ImageAnswers, ImageQuestion, ImageSource } from "../../bench/images.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { Value } from "../../bench/values.ts";
import { declarationOf, instrumentOf, restoreKeywords, storedKeywords } from "./declare.ts";
import { DriverContact } from "./driver_contact.ts";
import { DriverProcess, type DriverProcessOptions } from "./driver_process.ts";
import {
  type Declaration,
  type DriverTell,
  imageAnswerSchemas,
  lastImageSchema,
  type Made,
  recentImagesSchema,
  tileSchema,
} from "./messages.ts";
import type { DriverProblem } from "./settings.ts";
import { decodeValue } from "../../bench/typed_values.ts";
import { applyState, decodeError, DriverGone, fromBase64, stateOf } from "./wire_values.ts";

/** The interval at which a driver that looks around is told of changes on the rest of the bench, in milliseconds. */
const neighbourInterval = 100;
/** The time that a driver has to stop, in milliseconds: less than the server waits for. */
const stopPatience = 8000;

/** An instrument of the group. */
interface Member {
  readonly index: number;
  readonly declaration: Declaration;
  readonly instrument: Instrument;
  readonly contact: DriverContact;
  /** The last update of each field that came from the driver. */
  readonly numbers: Map<BenchField, number>;
  /** Whether the server runs it. */
  started: boolean;
}

/** The instruments of one process. */
export class DriverGroup {
  readonly #process: DriverProcess;
  readonly #files: readonly string[];
  readonly #ended: () => Promise<void>;
  readonly #members = new Map<number, Member>();
  readonly #stopped = new Set<Member>();
  readonly #passes = new WeakMap<object, number>();
  #lastPass = 0;
  #applying: BenchField | undefined;
  #unwatch: (() => void) | undefined;
  readonly #untold = new Map<BenchField, Instrument>();
  readonly #toldKeywords = new Map<Instrument, string>();

  /** Starts nothing yet. @param ended Called when none of its instruments is needed any more. */
  constructor(options: DriverProcessOptions, ended: () => Promise<void>) {
    this.#files = options.settings.drivers.map(({ file }) => file);
    this.#ended = ended;
    this.#process = new DriverProcess(options, {
      made: (made) => this.#madeAgain(made),
      lost: (reason) => this.#lost(reason),
      told: (tell) => this.#told(tell),
    });
  }

  /**
   * Starts the process and loads its drivers.
   *
   * @returns For each an instrument, or what is wrong with it; nothing where that is not known, since another ended it.
   * @throws {HeliographError} When the process cannot be started.
   */
  async load(): Promise<(Instrument | DriverProblem | undefined)[]> {
    let made: Made;
    try {
      made = await this.#process.start();
    } catch (error) {
      const { making } = this.#process;
      if (making === undefined) throw error;
      // The one that was being loaded is at fault; of the others nothing is known.
      const problem = { file: this.#files[making]!, message: `cannot be loaded: ${(error as Error).message}` };
      return this.#files.map((_, at) => at === making ? problem : undefined);
    }
    return made.map((each, index) => {
      if ("problem" in each) return each.problem;
      const member = this.#member(index, each.declaration);
      this.#members.set(index, member);
      return member.instrument;
    });
  }

  /** Ends the process. */
  async end(): Promise<void> {
    this.#unwatch?.();
    await this.#process.end();
    await this.#ended();
  }

  #member(index: number, declaration: Declaration): Member {
    const process = this.#process;
    const contact = new DriverContact(declaration.contact ?? this.#files[index]!, process.traceOf(index));
    const instrument = instrumentOf(declaration, {
      read: async (field, signal, pass) => {
        checkRun(declaration.title, contact);
        const value = await process.ask({ ask: "read", instrument: index, field, pass: this.#passOf(pass) }, signal);
        return decodeValue(value) as Value;
      },
      write: (field, value, signal) => {
        checkRun(declaration.title, contact);
        return named(declaration.title, process.ask({ ask: "write", instrument: index, field, value }, signal));
      },
      run: (command, values, context) => {
        checkRun(declaration.title, contact);
        this.#tellNeighbours();
        return named(declaration.title, process.run({ instrument: index, command, values }, context));
      },
      contact,
      images: this.#images(index),
      start: () => this.#begin(member),
      stop: () => this.#finish(member),
      step: (seconds) => process.tell({ tell: "step", instrument: index, seconds }),
    });
    // The settings of one without a contact of its own are what its driver says from the start.
    if (declaration.contact === null) {
      for (const holder of instrument.allFields) {
        if (holder.spec.initial !== undefined) holder.update(holder.spec.initial);
      }
    }
    const member: Member = { index, declaration, instrument, contact, numbers: new Map(), started: false };
    instrument.mirror = (_, holder) => {
      if (this.#applying !== holder) this.#tellField(member, holder);
    };
    return member;
  }

  #passOf(pass: object): number {
    let number = this.#passes.get(pass);
    if (number === undefined) this.#passes.set(pass, number = ++this.#lastPass);
    return number;
  }

  #images(instrument: number): ImageSource {
    return {
      describe: async (signal, identity) => {
        const { header, ...image } = lastImageSchema.parse(
          await this.#process.ask({ ask: "image", instrument, identity: identity ?? null }, signal),
        );
        const cards = header.map(({ unit, ...card }) => unit === undefined ? card : { ...card, unit });
        return { ...image, header: cards };
      },
      tile: async ({ x, y, width, height, scale }, identity, signal) => {
        const request = { x, y, width, height, scale };
        const ask = { ask: "tile", instrument, request, identity: identity ?? null } as const;
        const { columns, rows, pixels } = tileSchema.parse(await this.#process.ask(ask, signal));
        const bytes = fromBase64(pixels);
        const right = columns === Math.ceil(width / scale) && rows === Math.ceil(height / scale);
        if (!right || columns * rows * 4 !== bytes.length) {
          throw new HeliographError("command_failed", "its driver sent no such piece of the image");
        }
        return { columns, rows, pixels: new Float32Array(bytes.buffer) };
      },
      recent: async (signal) =>
        recentImagesSchema.parse(await this.#process.ask({ ask: "recent images", instrument }, signal)),
      ask: async <Q extends ImageQuestion>(question: Q, identity: string | undefined, signal: AbortSignal) => {
        const ask = { ask: "of an image", instrument, question, identity: identity ?? null } as const;
        const answer: unknown = imageAnswerSchemas[question.about].parse(await this.#process.ask(ask, signal));
        return (typeof answer === "string" ? fromBase64(answer) : answer) as ImageAnswers[Q["about"]];
      },
    };
  }

  /** The server begins to run an instrument: from now on the process is started again whenever it ends. */
  async #begin(member: Member): Promise<void> {
    if (member.contact.leftOut !== "") return;
    member.started = true;
    this.#stopped.delete(member);
    try {
      if (this.#process.running) await this.#startMember(member);
      // It is started with the others.
      else await this.#process.start().catch((error) => this.#lost((error as Error).message));
    } finally {
      this.#process.keep();
    }
  }

  async #startMember({ index, contact, declaration }: Member): Promise<void> {
    await this.#process.ask({ ask: "start", instrument: index });
    if (declaration.contact === null) contact.become("connected", "");
  }

  /** The server ends an instrument; with the last one the process ends. */
  async #finish(member: Member): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      if (!member.started || !this.#process.running) return;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, stopPatience));
      const said = await Promise.race([this.#process.ask({ ask: "stop", instrument: member.index }), late]);
      if (typeof said === "string") member.contact.farewell = said;
    } finally {
      clearTimeout(timer);
      member.started = false;
      this.#stopped.add(member);
      if (this.#stopped.size === this.#members.size) await this.end();
    }
  }

  /** After the process was started again: everything is as it was, as far as the server knows it. */
  #madeAgain(made: Made): void {
    for (const [index, member] of this.#members) {
      const each = made[index]!;
      member.numbers.clear();
      if ("problem" in each) {
        const { file, line, message } = each.problem;
        member.contact.become("lost", `${file}${line === undefined ? "" : `:${line}`}: ${message}`);
      } else if (JSON.stringify(each.declaration) !== JSON.stringify(member.declaration)) {
        member.contact.become("lost", "its driver declares something else than before: start the server again");
      } else {
        for (const holder of member.instrument.allFields) {
          if (holder.value !== undefined) this.#tellField(member, holder);
        }
        if (!member.started) continue;
        this.#startMember(member).catch((error) => member.contact.become("lost", (error as Error).message));
      }
    }
  }

  #lost(reason: string): void {
    this.#unwatch?.();
    for (const { started, contact } of this.#members.values()) if (started) contact.become("lost", reason);
  }

  #tellField({ index, instrument, numbers }: Member, holder: BenchField): void {
    const field = instrument.allFields.indexOf(holder);
    const number = numbers.get(holder) ?? 0;
    this.#process.tell({ tell: "field", instrument: index, field, number, state: stateOf(holder) });
  }

  #told(tell: DriverTell): void {
    if (tell.tell === "watchBench") return this.#watchBench();
    const member = "instrument" in tell ? this.#members.get(tell.instrument) : undefined;
    if (member === undefined) return;
    const { instrument, contact, declaration, started, numbers } = member;
    switch (tell.tell) {
      case "contact":
        if (started && declaration.contact !== null) contact.become(tell.state, tell.reason);
        return;
      case "field": {
        const holder = instrument.allFields[tell.field];
        if (holder === undefined) return;
        numbers.set(holder, tell.number);
        this.#applying = holder;
        try {
          applyState(holder, tell.state);
        } finally {
          this.#applying = undefined;
        }
        return;
      }
      case "keywords":
        return instrument.faults.guard("setting header keywords", () => restoreKeywords(instrument, tell.stored));
      case "fault":
        return instrument.faults.tell(tell.what, decodeError(tell.error));
    }
  }

  /** A driver looks at the other instruments: it is told of all of them, and then of every change. */
  #watchBench(): void {
    this.#unwatch?.();
    const bench = [...this.#members.values()].map(({ instrument }) => instrument.surroundings).find(Boolean);
    if (!(bench instanceof Bench)) return;
    const neighbours = bench.instruments.map((instrument) => ({
      declaration: declarationOf(instrument),
      states: instrument.allFields.map(stateOf),
      stored: storedKeywords(instrument),
    }));
    this.#process.tell({ tell: "bench", neighbours });
    const own = new Set([...this.#members.values()].map(({ instrument }) => instrument));
    const unsubscribe = bench.onChange((instrument, holder) => {
      if (!own.has(instrument)) this.#untold.set(holder, instrument);
    });
    // Which instruments there are has changed: it is told of all of them anew.
    // Later: who subscribes while an event is told would be told it too.
    const anew = () => queueMicrotask(() => this.#unwatch && this.#watchBench());
    const unplaced = bench.hub.subscribe("bench", anew, { name: "a driver" });
    const timer = setInterval(() => this.#tellNeighbours(), neighbourInterval);
    this.#unwatch = () => {
      unsubscribe();
      unplaced();
      clearInterval(timer);
      this.#untold.clear();
      this.#toldKeywords.clear();
      this.#unwatch = undefined;
    };
    for (const each of bench.instruments) this.#toldKeywords.set(each, JSON.stringify(storedKeywords(each)));
  }

  /** Tells the driver what has changed on the rest of the bench, where it looks around. */
  #tellNeighbours(): void {
    for (const [holder, { name, allFields }] of this.#untold) {
      this.#process.tell({ tell: "neighbour", name, field: allFields.indexOf(holder), state: stateOf(holder) });
    }
    this.#untold.clear();
    for (const [instrument, told] of this.#toldKeywords) {
      const stored = storedKeywords(instrument);
      const text = JSON.stringify(stored);
      if (text === told) continue;
      this.#toldKeywords.set(instrument, text);
      this.#process.tell({ tell: "neighbourKeywords", name: instrument.name, stored });
    }
  }
}

/** @throws {HeliographError} `not_connected` where the driver is not run. */
function checkRun(title: string, { leftOut }: DriverContact): void {
  if (leftOut !== "") throw new HeliographError("not_connected", `${title} is not connected: ${leftOut}`);
}

/** Names the instrument in the error of its work. */
async function named<T>(title: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DriverGone)) throw error;
    throw new HeliographError(error.code, `${title} is not connected: ${error.message}`, { cause: error });
  }
}
