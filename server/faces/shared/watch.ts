/**
 * Sends live fields to one subscriber: a snapshot, its end, then changes.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { MessageId, WatchEvent } from "../../../protocol/framed_message.ts";
import { ArrangementStore } from "../../records/arrangement.ts";
import { describeContact, describeInstrument, fieldReading } from "../../bench/describe.ts";
import type { BenchEvent } from "../../bench/hub.ts";
import { BenchField } from "../../bench/field.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { Contact } from "../../bench/contact.ts";
import type { Services } from "../../services.ts";
import { ToldRuns } from "../../automation/runs_feed.ts";
import { ToldGuard } from "../../guards/guards_feed.ts";
import type { Session } from "../../access/sessions.ts";

const log = getLogger(["heliograph", "watch"]);

/** An instrument that came, or took the place of another, or went. */
class Placing {
  /** Makes it. @param went Whether there is none of that name any more. */
  constructor(readonly went: boolean) {}
}

/** The sources of a watch's events. */
type Told = BenchField | Contact | Instrument | ArrangementStore | Placing | ToldGuard | ToldRuns;

/** The parts of the server that a watch needs. */
type WatchedServices = Pick<Services, "bench" | "control" | "arrangement" | "guards" | "runs">;

/** The parts of the client's session that a watch needs. */
type Watching = Pick<Session, "connection" | "turn" | "pace">;

/**
 * One subscription to live fields. Changes that a subscriber is too slow for, or while it waits for its turn, are
 * joined: it gets the newest value of each field and costs no more memory than one entry for each field.
 */
export class Watch {
  readonly #id: MessageId;
  readonly #session: Watching;
  readonly #services: WatchedServices;
  /**
   * What is still to be told, oldest change first; at the beginning that is every field, each contact, and each
   * instrument that somebody has control of. An instrument as a key stands for who has control of it; the page's
   * arrangement is no instrument's.
   */
  #untold = new Map<Told, Instrument | undefined>();
  readonly #unsubscribe: () => void;
  /** Only this one's fields; another may take its place. */
  #instrument: Instrument | undefined;
  /** Only this field. */
  #field: BenchField | undefined;
  #telling = false;
  /** What could not be told when it was tried last. */
  readonly #untellable = new Set<Told>();
  #stopped = false;

  /**
   * Sends the snapshot, its end, and then changes.
   *
   * @param id The id that every event carries.
   * @param services Where the fields are, who has control of what, and how the page is arranged.
   * @param session Whose connection the events go to, and who waits for its turn where there are many.
   * @param instrument Only this one's fields; `undefined` means all, and the page's arrangement.
   * @param field Only this field, and not who has control; `undefined` means all.
   */
  constructor(
    id: MessageId,
    services: WatchedServices,
    session: Watching,
    instrument: Instrument | undefined,
    field: BenchField | undefined,
  ) {
    this.#id = id;
    this.#session = session;
    this.#services = services;
    const { bench, arrangement } = services;
    const feed = instrument === undefined || instrument.name === "guards" ? services.guards?.feed : undefined;
    this.#instrument = instrument;
    this.#field = field;
    // First of all: a page waits for it before it shows anything.
    if (instrument === undefined) this.#untold.set(arrangement, undefined);
    for (const each of feed?.all ?? []) this.#untold.set(each, undefined);
    const runs = instrument === undefined || instrument.name === "automation" ? services.runs?.feed : undefined;
    if (runs !== undefined) this.#untold.set(runs.now, undefined);
    for (const each of instrument === undefined ? bench.instruments : [instrument]) {
      this.#tellAll(each);
    }
    const due = (of: Instrument | undefined, what: Told) => {
      this.#untold.set(what, of);
      if (!this.#telling) queueMicrotask(() => void this.#tell());
    };
    const changed = (of: Instrument | undefined, what: Told) => {
      if (this.#instrument !== undefined && of !== this.#instrument) return;
      if (this.#field !== undefined && what !== this.#field) return;
      due(of, what);
    };
    // One of another PC has its changes told there; who watches everything watches this bench.
    const { hub } = instrument === undefined || bench.instruments.includes(instrument)
      ? bench
      : bench.elsewhere ?? bench;
    const unsubscribers = [
      ...instrument?.remote === undefined ? [] : [bench.elsewhere!.hold(instrument.title)],
      hub.subscribe("change", (event) => changed(event.instrument, event.field), { name: "a watch" }),
      hub.subscribe("contact", (event) => changed(event.instrument, event.instrument.contact!), {
        name: "a watch",
      }),
      hub.subscribe("control", (event) => changed(event.instrument, event.instrument), { name: "a watch" }),
      hub.subscribe("bench", (event) => this.#placed(event), { name: "a watch" }),
      arrangement.onChange(() => changed(undefined, arrangement)),
      ...feed === undefined ? [] : [feed.subscribe((guard) => due(undefined, guard), instrument !== undefined)],
      ...runs === undefined ? [] : [runs.subscribe((told) => due(undefined, told), instrument !== undefined)],
    ];
    this.#unsubscribe = () => unsubscribers.forEach((unsubscribe) => unsubscribe());
    void this.#tell({ event: "end-of-snapshot", id });
  }

  /** Ends the subscription. */
  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    this.#untold.clear();
  }

  /** All of an instrument that is watched is to be told. */
  #tellAll(each: Instrument): void {
    const field = this.#field;
    for (const holder of each.allFields) if (field === undefined || field === holder) this.#untold.set(holder, each);
    if (field !== undefined) return;
    if (this.#services.control.holderOf(each) !== null) this.#untold.set(each, each);
    if (each.contact !== undefined) this.#untold.set(each.contact, each);
  }

  /** An instrument came, went, or took the place of another: what is told of it begins anew. */
  #placed({ came, went }: BenchEvent): void {
    if (this.#instrument !== undefined) {
      if (went !== this.#instrument) return;
      this.#instrument = came ?? went;
      const { title } = this.#field ?? {};
      if (title !== undefined && came !== undefined) {
        this.#field = came.allFields.find((field) => field.title === title) ?? this.#field;
      }
    }
    for (const [what, of] of [...this.#untold]) if (of !== undefined && of === went) this.#untold.delete(what);
    if (went !== undefined && went.name !== came?.name) this.#untold.set(new Placing(true), went);
    if (came !== undefined) {
      this.#untold.set(new Placing(false), came);
      this.#tellAll(came);
    }
    if (!this.#telling) queueMicrotask(() => void this.#tell());
  }

  /** Tells what is untold, as fast as the client reads; `then` follows what was untold at the beginning. */
  async #tell(then?: WatchEvent): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    try {
      do {
        const batch = this.#untold;
        this.#untold = new Map();
        for (const [what, instrument] of batch) {
          this.#tellOne(what, instrument);
          const pause = this.#session.pace();
          if (pause !== undefined) await pause;
          if (this.#stopped) return;
        }
        if (then !== undefined) this.#send(then);
        then = undefined;
      } while (this.#untold.size > 0);
    } catch (error) {
      // Where the client has gone, its session stops the watch.
      if (!this.#session.connection.closed) {
        log.error("Telling {address} of changes failed: {error}", { address: this.#session.connection.address, error });
      }
    } finally {
      this.#telling = false;
    }
  }

  /** Sends one event. An error in it keeps nothing else from being sent: it is logged, and its field shows why. */
  #tellOne(what: Told, instrument: Instrument | undefined): void {
    let message: string;
    try {
      message = JSON.stringify(this.#event(what, instrument));
      this.#untellable.delete(what);
    } catch (error) {
      this.#logUntellable(what, instrument, error);
      if (!(what instanceof BenchField)) return;
      const reason = `it cannot be told: ${error instanceof Error ? error.message : String(error)}`;
      const about = { id: this.#id, instrument: instrument!.name, field: what.title };
      return this.#send({ ...about, event: "field", value: null, text: "", quality: "error", time: null, reason });
    }
    this.#session.connection.sendMessage(message);
  }

  /** Once, until it can be told again: a poll may try every second. */
  #logUntellable(what: Told, instrument: Instrument | undefined, error: unknown): void {
    if (this.#untellable.has(what)) return;
    this.#untellable.add(what);
    const name = instrument?.name ?? "the page";
    const part = what instanceof BenchField
      ? what.title
      : what instanceof ArrangementStore
      ? "arrangement"
      : what instanceof Placing
      ? "description"
      : what instanceof ToldGuard
      ? `${what.kind} ${what.name}`
      : what instanceof ToldRuns
      ? "runs"
      : what === instrument
      ? "control"
      : "contact";
    log.error("Cannot tell a watcher of {instrument}'s {part}: {error}", { instrument: name, part, error });
  }

  #event(what: Told, instrument: Instrument | undefined): WatchEvent {
    if (what instanceof ArrangementStore) return { id: this.#id, event: "arrangement", ...what.state };
    if (what instanceof ToldGuard) {
      const { kind, name, guard } = what;
      return { id: this.#id, event: "guard", kind, name, guard };
    }
    if (what instanceof ToldRuns) return { id: this.#id, event: "runs", ...what.runs };
    const about = { id: this.#id, instrument: instrument!.name };
    if (what instanceof BenchField) return { ...about, event: "field", field: what.title, ...fieldReading(what) };
    if (what instanceof Placing) {
      if (what.went) return { ...about, event: "instrument", description: null, place: null };
      const holder = this.#services.control.holderOf(instrument!);
      const place = this.#services.bench.instruments.indexOf(instrument!);
      return { ...about, event: "instrument", description: { ...describeInstrument(instrument!), holder }, place };
    }
    if (what === instrument) {
      return { ...about, event: "control", holder: this.#services.control.holderOf(instrument!) };
    }
    return { ...about, event: "contact", contact: describeContact(instrument!)! };
  }

  #send(event: WatchEvent): void {
    const message = JSON.stringify(event);
    this.#session.turn.charge(message.length);
    this.#session.connection.sendMessage(message);
  }
}
