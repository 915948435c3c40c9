/**
 * The instruments of one PC: it finds them by name or title, polls them, and publishes every change.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { ContactLog } from "./contact_log.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { Gate } from "./gate.ts";
import { Hub } from "./hub.ts";
import type { BenchField } from "./field.ts";
import type { Instrument } from "./instrument.ts";
import { identifierOf } from "./names.ts";

/** How often simulated instruments are stepped, in milliseconds. */
const stepInterval = 100;

/** How long an instrument is waited for at the start, in seconds; making it ready goes on after that. */
const readySeconds = 30;

const log = getLogger(["heliograph", "bench"]);

function reasonText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The instruments of one PC.
 *
 * @example
 * ```ts
 * import { type Bench, demoInstruments, HeliographServer } from "@heliograph/heliograph";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * const bench: Bench = server.bench;
 * const changes: string[] = [];
 * const stop = bench.onChange((instrument, field) => changes.push(`${instrument.title}: ${field.title} is ${field.text}`));
 * await server.commandServer.command("tempcon.set_control_temperature -90");
 * stop();
 * console.log(changes.length > 0); // true
 * ```
 */
export class Bench {
  /**
   * What happens on the bench, for whoever subscribes to it.
   *
   * @internal
   */
  readonly hub: Hub = new Hub();
  /**
   * Whoever holds it drives all of them alone.
   *
   * @internal
   */
  readonly gate: Gate = new Gate();
  readonly #instruments = new Map<string, Instrument>();
  readonly #lookup = new Map<string, Instrument>();
  /** By what stands over them on the page; `undefined` where that stands over several. */
  readonly #captions = new Map<string, Instrument | undefined>();
  /** Why the instruments that are lost are, as the log has said it. */
  readonly #contactLog = new ContactLog();
  #timers: ReturnType<typeof setInterval>[] = [];

  /**
   * Makes a bench that does not poll yet.
   *
   * @param instruments What stands on it.
   * @throws {TypeError} When two have the same name or title, or the same instrument is on another bench.
   */
  constructor(instruments: Iterable<Instrument> = []) {
    for (const instrument of instruments) this.add(instrument);
  }

  /** The instruments, in the order they were added. */
  get instruments(): Instrument[] {
    return [...this.#instruments.values()];
  }

  /** Whether it is polling. */
  get started(): boolean {
    return this.#timers.length > 0;
  }

  /**
   * Puts an instrument on the bench, before it starts.
   *
   * @throws {TypeError} When its name or title is taken, or it is on another bench.
   */
  add(instrument: Instrument): void {
    for (const key of new Set([instrument.title, instrument.name])) {
      if (this.#lookup.has(key)) throw new TypeError(`Cannot put two instruments called ${key} on one bench`);
    }
    if (instrument.changed !== undefined) throw new TypeError(`Cannot put ${instrument.title} on two benches`);
    this.#instruments.set(instrument.name, instrument);
    this.#lookup.set(instrument.title, instrument).set(instrument.name, instrument);
    const caption = identifierOf(instrument.caption);
    this.#captions.set(caption, this.#captions.has(caption) ? undefined : instrument);
    instrument.queue.gate = this.gate;
    instrument.surroundings = this;
    instrument.changed = (of, field) => this.hub.publish("change", { instrument: of, field }, of.faults);
    instrument.read = (of, field) => {
      if (this.hub.hears("reading")) this.hub.publish("reading", { instrument: of, field }, of.faults);
    };
  }

  /** An instrument by its name or title, or by a caption that no other one has; or `undefined`. */
  find(name: string): Instrument | undefined {
    const identifier = identifierOf(name);
    return this.#lookup.get(name) ?? this.#lookup.get(identifier) ?? this.#captions.get(identifier);
  }

  /** Every name, title and caption, for suggestions. */
  names(): string[] {
    const captions = [...this.#captions.values()].flatMap((instrument) => instrument?.caption ?? []);
    return [...new Set([...this.#lookup.keys(), ...captions])];
  }

  /**
   * Calls the listener for every change of a field, until the returned function is called.
   *
   * @param listener Called at once and synchronously. One that throws is told in the log, and harms nobody else.
   */
  onChange(listener: (instrument: Instrument, field: BenchField) => void): () => void {
    return this.hub.subscribe("change", ({ instrument, field }) => listener(instrument, field), {
      name: "a listener of its changes",
    });
  }

  /**
   * Calls the listener whenever an instrument has been connected or lost, or is lost for another reason, until the
   * returned function is called.
   *
   * @param listener Called at once and synchronously. One that throws is told in the log, and harms nobody else.
   */
  onContact(listener: (instrument: Instrument) => void): () => void {
    return this.hub.subscribe("contact", ({ instrument }) => listener(instrument), {
      name: "a listener of its contact",
    });
  }

  /**
   * Begins contact with every instrument, reads it now and at its poll interval, and lets the time of simulated ones
   * pass.
   *
   * @returns When the instruments are ready, or the log has said why one is not; those that cannot be reached are tried on.
   */
  start(): Promise<void> {
    if (this.started) return Promise.resolve();
    const ready: Promise<void>[] = [];
    let last = performance.now();
    this.#timers.push(setInterval(() => {
      const now = performance.now();
      this.step((now - last) / 1000);
      last = now;
    }, stepInterval));
    this.#timers.push(setInterval(() => {
      for (const instrument of this.#instruments.values()) instrument.markStale();
    }, 1000));
    for (const [index, instrument] of [...this.#instruments.values()].entries()) {
      instrument.expectReadings();
      ready.push(this.#begin(instrument));
      const interval = instrument.shortestInterval;
      if (interval === undefined) continue;
      // A real one is read as soon as it answers.
      if (instrument.contact === undefined) this.#poll(instrument, true);
      // Not all of them at the same moment: many would be late.
      const begin = interval * 1000 * (1 + (index / this.#instruments.size) % 1);
      this.#timers.push(setTimeout(() => {
        this.#poll(instrument, false);
        this.#timers.push(setInterval(() => this.#poll(instrument, false), interval * 1000));
      }, begin));
    }
    return Promise.all(ready).then(() => {});
  }

  /** Makes an instrument ready, which is waited for only so long: the others go on. */
  async #begin(instrument: Instrument): Promise<void> {
    const { title } = instrument;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        log.error("{instrument} is not ready after {seconds} s; the others go on", {
          instrument: title,
          seconds: readySeconds,
        });
        resolve();
      }, readySeconds * 1000);
    });
    const starting = instrument.start(() => this.#contactChanged(instrument)).catch((error) => {
      log.error("{instrument} is not ready: {reason}", { instrument: title, reason: reasonText(error) });
    });
    await Promise.race([starting, late]);
    clearTimeout(timer);
  }

  #poll(instrument: Instrument, all: boolean): void {
    const { contact } = instrument;
    if (contact?.state === "off" || contact?.state === "connecting") return;
    instrument.queue.submitPoll(() => instrument.readings(all), all);
  }

  #contactChanged(instrument: Instrument): void {
    this.hub.publish("contact", { instrument }, instrument.faults);
    this.#contactLog.changed(instrument, instrument.contact!);
    if (instrument.contact!.state === "connected" && this.started) this.#poll(instrument, true);
  }

  /**
   * Stops polling and says goodbye to the instruments. Commands that wait fail; the one that runs on each instrument
   * goes on to its end.
   */
  async stop(): Promise<void> {
    // One kind of number serves both kinds of timers.
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    const stopping = new HeliographError("command_failed", "The server is stopping and starts no more commands");
    for (const instrument of this.#instruments.values()) instrument.queue.clear(stopping);
    await Promise.all([...this.#instruments.values()].map(async (instrument) => {
      await instrument.stop();
      const { contact, title } = instrument;
      const reason = contact?.reason ?? "";
      if (reason !== "") log.warning("{instrument} did not take its goodbye: {reason}", { instrument: title, reason });
    }));
  }

  /**
   * Lets simulated time pass.
   *
   * @param seconds How much.
   */
  step(seconds: number): void {
    for (const instrument of this.#instruments.values()) instrument.step(seconds);
  }

  /** Reads an instrument once whatever it is doing now is done, as after a command that may have changed it. */
  refresh(instrument: Instrument): void {
    if (this.started) this.#poll(instrument, true);
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
