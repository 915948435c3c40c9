/**
 * The instruments of one PC: it finds them by name or title, polls them, and publishes every change.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { ContactLog } from "./contact_log.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Elsewhere } from "./elsewhere.ts";
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
  /**
   * The instruments of other PCs, by `cold-lab/tempcon`: they are found here, and stand on a bench of their own.
   *
   * @internal
   */
  elsewhere:
    | (Elsewhere & {
      find(name: string): Instrument | undefined;
      names(): readonly string[];
    })
    | undefined;
  readonly #instruments = new Map<string, Instrument>();
  readonly #lookup = new Map<string, Instrument>();
  /** By what stands over them on the page; `undefined` where that stands over several. */
  readonly #captions = new Map<string, Instrument | undefined>();
  /** Why the instruments that are lost are, as the log has said it. */
  readonly #contactLog = new ContactLog();
  #timers: ReturnType<typeof setInterval>[] = [];
  /** Reads instruments in its place, where somebody else says how often. */
  #paced: ((instrument: Instrument) => void) | undefined;
  /** What polls each instrument. */
  readonly #polling = new Map<Instrument, ReturnType<typeof setInterval>[]>();

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
    return this.#timers.length > 0 || this.#paced !== undefined;
  }

  /**
   * Puts an instrument on the bench; where that polls already, its contact begins now.
   *
   * @param place Its place, from 0. @default the last one
   * @throws {TypeError} When its name or title is taken, or it is on another bench.
   */
  add(instrument: Instrument, place: number = this.#instruments.size): void {
    this.#check(instrument);
    const all = [...this.#instruments.values()];
    all.splice(place, 0, instrument);
    this.#order(all);
    this.#adopt(instrument);
    this.hub.publish("bench", { came: instrument, went: undefined }, instrument.faults);
    if (this.started) void this.#serve(instrument, 0);
  }

  /**
   * Takes an instrument off the bench: what it runs and what waits for it fails, and its port is closed.
   *
   * @param instrument One of this bench.
   * @param why The reason for those whose commands fail, as a sentence.
   * @returns When its port is closed.
   */
  async remove(instrument: Instrument, why: string): Promise<void> {
    await this.#end(instrument, why);
    this.#instruments.delete(instrument.name);
    this.#release(instrument);
    this.hub.publish("bench", { came: undefined, went: instrument }, instrument.faults);
  }

  /**
   * Puts an instrument in the place of another, whose port is closed before the new one begins.
   *
   * @param old One of this bench.
   * @param instrument What takes its place; it may have its name.
   * @param why The reason for those whose commands fail, as a sentence.
   * @returns When the new one has its place; its contact may take longer.
   * @throws {TypeError} When the name or title of the new one is another's.
   */
  async replace(old: Instrument, instrument: Instrument, why: string): Promise<void> {
    this.#check(instrument, old);
    await this.#end(old, why);
    this.#release(old);
    const all = [...this.#instruments.values()];
    all[all.indexOf(old)] = instrument;
    this.#order(all);
    this.#adopt(instrument);
    this.hub.publish("bench", { came: instrument, went: old }, instrument.faults);
    if (this.started) void this.#serve(instrument, 0);
  }

  /**
   * Ends the contact of an instrument, so that another program can have its port; it takes no commands until it is
   * switched on.
   *
   * @param instrument One of this bench.
   * @param why Why, for people: `switched off by ana at 14:02`.
   * @returns When its port is closed.
   * @throws {HeliographError} `bad_argument` where it has no port, or its contact cannot begin again.
   */
  async switchOff(instrument: Instrument, why: string): Promise<void> {
    const { title, contact } = instrument;
    if (contact?.restarts !== true) {
      const reason = contact === undefined
        ? "it has no port that could be freed"
        : "its driver is code of its own, which holds the port until the server stops";
      throw new HeliographError("bad_argument", `Cannot switch off ${title}: ${reason}`);
    }
    if (instrument.away !== "") return;
    const sharing = this.instruments.filter((other) =>
      other !== instrument && other.contact?.address === contact.address && other.away === ""
    ).map(({ title }) => title);
    const port = sharing.length === 0 ? "its port is free" : `its port is not free: ${sharing.join(", ")} uses it too`;
    await this.#end(instrument, `${title} is ${why}`);
    instrument.away = `${why}; ${port}`;
    this.hub.publish("contact", { instrument }, instrument.faults);
    log.info("{instrument} is {reason}", { instrument: title, reason: instrument.away });
  }

  /** Begins the contact of an instrument that was switched off. */
  switchOn(instrument: Instrument): void {
    if (instrument.away === "") return;
    instrument.away = "";
    this.#contactLog.forget(instrument);
    if (this.started) void this.#serve(instrument, 0);
  }

  /** Whether a name and title are free. @param but The one that will be gone. */
  #check(instrument: Instrument, but?: Instrument): void {
    for (const key of new Set([instrument.title, instrument.name])) {
      const there = this.#lookup.get(key);
      if (there !== undefined && there !== but) {
        throw new TypeError(`Cannot put two instruments called ${key} on one bench`);
      }
    }
    if (instrument.changed !== undefined) throw new TypeError(`Cannot put ${instrument.title} on two benches`);
  }

  #adopt(instrument: Instrument): void {
    this.#lookup.set(instrument.title, instrument).set(instrument.name, instrument);
    this.#findCaptions();
    instrument.queue.gate = this.gate;
    instrument.surroundings = this;
    instrument.changed = (of, field) => this.hub.publish("change", { instrument: of, field }, of.faults);
    instrument.read = (of, field) => {
      if (this.hub.hears("reading")) this.hub.publish("reading", { instrument: of, field }, of.faults);
    };
  }

  #order(all: readonly Instrument[]): void {
    this.#instruments.clear();
    for (const each of all) this.#instruments.set(each.name, each);
  }

  /** From now on it is no part of the bench. */
  #release(instrument: Instrument): void {
    this.#lookup.delete(instrument.title);
    this.#lookup.delete(instrument.name);
    this.#contactLog.forget(instrument);
    instrument.queue.leave();
    instrument.contact?.gone?.();
    instrument.surroundings = undefined;
    instrument.changed = undefined;
    instrument.read = undefined;
    this.#findCaptions();
  }

  #findCaptions(): void {
    this.#captions.clear();
    for (const instrument of this.#instruments.values()) {
      const caption = identifierOf(instrument.caption);
      this.#captions.set(caption, this.#captions.has(caption) ? undefined : instrument);
    }
  }

  /** Ends what an instrument does, and its contact. */
  async #end(instrument: Instrument, why: string): Promise<void> {
    instrument.away = why;
    // One kind of number serves both kinds of timers.
    for (const timer of this.#polling.get(instrument) ?? []) clearInterval(timer);
    this.#polling.delete(instrument);
    instrument.queue.end(new HeliographError("unavailable", why));
    instrument.leave(why);
    await instrument.stop();
    // Whatever it has told meanwhile.
    instrument.leave(why);
  }

  /** An instrument by its name or title, or by a caption that no other one has; or `undefined`. */
  find(name: string): Instrument | undefined {
    return this.#findOwn(name) ?? (name.includes("/") ? this.elsewhere?.find(name) : undefined);
  }

  #findOwn(name: string): Instrument | undefined {
    const identifier = identifierOf(name);
    return this.#lookup.get(name) ?? this.#lookup.get(identifier) ?? this.#captions.get(identifier);
  }

  /** The other PC that has what is called so; a slash separates only after the name of one: `H2/N2 MFC` is a title. */
  pcOf(name: string): string | undefined {
    return name.includes("/") && this.#findOwn(name) === undefined ? this.elsewhere?.pcOf(name) : undefined;
  }

  /**
   * Has an instrument of another PC found from now on, where it is none of this bench.
   *
   * @returns When it can be found, or it is clear that it cannot; `undefined` where nothing is to be waited for.
   */
  follow(name: string): Promise<void> | undefined {
    return this.pcOf(name) === undefined ? undefined : this.elsewhere!.follow(name);
  }

  /** Every name, title and caption, for suggestions. */
  names(): string[] {
    const captions = [...this.#captions.values()].flatMap((instrument) => instrument?.caption ?? []);
    return [...new Set([...this.#lookup.keys(), ...captions, ...this.elsewhere?.names() ?? []])];
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
   * @param paced Told of each instrument that is to be read, since it was reached or driven: then it alone says when
   * instruments are read, by `poll`, and lets simulated time pass, by `step`. @default the bench does that by the clock
   * @returns When the instruments are ready, or the log has said why one is not; those that cannot be reached are tried on.
   */
  start(paced?: (instrument: Instrument) => void): Promise<void> {
    if (this.started) return Promise.resolve();
    const ready: Promise<void>[] = [];
    this.#paced = paced;
    if (paced === undefined) this.#beginTime();
    for (const [index, instrument] of [...this.#instruments.values()].entries()) {
      ready.push(this.#serve(instrument, index / this.#instruments.size));
    }
    return Promise.all(ready).then(() => {});
  }

  #beginTime(): void {
    let last = performance.now();
    this.#timers.push(setInterval(() => {
      const now = performance.now();
      this.step((now - last) / 1000);
      last = now;
    }, stepInterval));
    this.#timers.push(setInterval(() => {
      for (const instrument of this.#instruments.values()) instrument.markStale();
    }, 1000));
  }

  /**
   * Begins contact with an instrument, and polls it.
   *
   * @param part At which part of its interval: not all of them at the same moment, or many would be late.
   * @returns When it is ready, or the log has said why not.
   */
  #serve(instrument: Instrument, part: number): Promise<void> {
    if (instrument.away !== "") return Promise.resolve();
    instrument.expectReadings();
    const ready = this.#begin(instrument);
    const interval = instrument.shortestInterval;
    if (interval === undefined) return ready;
    // A real one is read as soon as it answers.
    if (instrument.contact === undefined) this.refresh(instrument);
    if (this.#paced !== undefined) return ready;
    const timers: ReturnType<typeof setInterval>[] = [];
    this.#polling.set(instrument, timers);
    timers.push(setTimeout(() => {
      this.poll(instrument, false);
      timers.push(setInterval(() => this.poll(instrument, false), interval * 1000));
    }, interval * 1000 * (1 + part % 1)));
    return ready;
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

  /**
   * Reads an instrument once.
   *
   * @param all Whether to read all of its fields, or those whose time has come.
   * @internal
   */
  poll(instrument: Instrument, all: boolean): void {
    const { contact } = instrument;
    if (instrument.away !== "" || contact?.state === "off" || contact?.state === "connecting") return;
    instrument.queue.submitPoll(() => instrument.readings(all), all);
  }

  #contactChanged(instrument: Instrument): void {
    this.hub.publish("contact", { instrument }, instrument.faults);
    this.#contactLog.changed(instrument, instrument.contact!);
    if (instrument.contact!.state === "connected") this.refresh(instrument);
  }

  /**
   * Stops polling and says goodbye to the instruments. Commands that wait fail; the one that runs on each instrument
   * goes on to its end.
   */
  async stop(): Promise<void> {
    // One kind of number serves both kinds of timers.
    for (const timer of [...this.#timers.splice(0), ...[...this.#polling.values()].flat()]) clearInterval(timer);
    this.#polling.clear();
    this.#paced = undefined;
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
    if (!this.started) return;
    if (this.#paced === undefined) this.poll(instrument, true);
    else this.#paced(instrument);
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
