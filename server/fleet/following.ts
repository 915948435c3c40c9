/**
 * Follows another PC for as long as somebody here is interested in it: its instruments are described, and what they read
 * is taken as it is published. A PC that nobody looks at costs no more than its presence.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { hereWord, partsOf, type PresenceMessage } from "../../protocol/fleet.ts";
import type { Bench } from "../bench/bench.ts";
import type { Caller } from "../bench/command.ts";
import type { Instrument } from "../bench/instrument.ts";
import { wireError } from "../bench/wire_error.ts";
import type { BrokerMessage } from "./broker.ts";
import { descriptionSchema, presenceSchema, readingsSchema, readMessage } from "./fleet_messages.ts";
import { Mirror } from "./mirror.ts";

const log = getLogger(["heliograph", "fleet"]);

/** For how long a PC is followed after somebody asked for it last, in seconds. */
export const usualFollowing = 300;

/** How long a question takes that the PCs ask of themselves, in seconds. */
export const ownQuestions = 10;

/** Beside a message: for whom it is, where this PC asks or tells by itself. */
export const ofThisPc = { for: { name: "", rights: [] }, seconds: ownQuestions } as const;

/** What following a PC needs of the fleet. */
export interface FollowingParts {
  /** Where its instruments stand, each called as in `cold-lab/tempcon`. */
  readonly elsewhere: Bench;
  /** For how long it is followed after somebody asked for it last, in seconds. */
  readonly lasts: number;
  /** Asks it. @param caller For whom; `undefined` for this PC itself. @param seconds For how long it may wait there. */
  readonly ask: (
    message: Readonly<Record<string, unknown>>,
    caller: Caller | undefined,
    seconds: number,
  ) => Promise<unknown>;
  /** Takes its readings as they are published, until the returned function is called. */
  readonly subscribe: (take: (message: BrokerMessage) => void) => () => void;
  /** Why it cannot be reached; empty where it can. */
  readonly whyGone: () => string;
  /** What this PC is called. */
  readonly self: string;
  /** More is known of its instruments, or they are others. */
  readonly changed: () => void;
}

/** Another PC's instruments, as far as somebody here is interested in them. */
export class Following {
  readonly #pc: string;
  readonly #parts: FollowingParts;
  readonly #mirrors = new Map<string, Mirror>();
  #presence: PresenceMessage;
  #clockAhead = 0;
  /** Whether all of its instruments are described, as they are now. */
  #described = false;
  /** Counts up whenever they have to be described anew. */
  #turn = 0;
  #describing: Promise<void> | undefined;
  #forgetting: Promise<void> = Promise.resolve();
  /** How many messages of readings it had published when it told of itself last; `undefined` where that is not known. */
  #published: number | undefined;
  /** How many of them came since then. */
  #came = 0;
  /** Ends the subscription to its readings. */
  #unsubscribe: (() => void) | undefined;
  /** When somebody asked for it last, by `performance.now()`. */
  #asked = -Infinity;
  /** How many watch it, wait for an answer of it, or look at conditions that name it. */
  #holds = 0;
  /** Why it was not described last; the log has said it. */
  #failure = "";

  /** Follows nothing yet. @param pc Its name. @param presence What it says of itself. */
  constructor(pc: string, presence: PresenceMessage, parts: FollowingParts) {
    this.#pc = pc;
    this.#presence = presence;
    this.#parts = parts;
  }

  /** Whether all of its instruments are known. */
  get described(): boolean {
    return this.#described;
  }

  /** Whether its readings are taken. */
  get isFollowed(): boolean {
    return this.#unsubscribe !== undefined;
  }

  /** The names of its instruments: those that can be used where it is followed, those that it tells of otherwise. */
  get names(): readonly string[] {
    return this.#described ? [...this.#mirrors.keys()] : this.#presence.instruments;
  }

  /** One of its instruments, by its name or title there; `undefined` where it has none, or it is not known yet. */
  find(instrument: string): Instrument | undefined {
    const found = this.#mirrors.get(instrument)?.instrument ??
      this.#parts.elsewhere.find(`${this.#pc}/${instrument}`);
    if (found !== undefined) this.#asked = performance.now();
    return found;
  }

  /**
   * Somebody asks for its instruments: from now on it is followed.
   *
   * @param instrument The name of the one that they ask for. @default all of them
   * @returns When that is known, or the log says why it is not; `undefined` where nothing is to be waited for.
   */
  follow(instrument?: string): Promise<void> | undefined {
    this.#asked = performance.now();
    const known = this.#describe();
    const isLive = this.#mirrors.get(instrument ?? "")?.instrument.contact?.state === "connected";
    return isLive ? undefined : known;
  }

  /** Follows it at least until the returned function is called. */
  hold(): () => void {
    this.#holds++;
    void this.follow();
    let held = true;
    return () => {
      if (held) this.#holds--;
      held = false;
      this.#asked = performance.now();
    };
  }

  /**
   * It has told of itself.
   *
   * @param clockAhead By how many seconds its clock is ahead.
   * @param isOther Whether it has come back, or has other instruments.
   */
  told(presence: PresenceMessage, clockAhead: number, isOther: boolean): void {
    this.#presence = presence;
    this.#clockAhead = clockAhead;
    for (const mirror of this.#mirrors.values()) this.#tellHolder(mirror);
    const { readings } = presence;
    // A line that breaks for a moment loses some, and what they told may not be told again.
    const isWhole = this.#published === undefined || readings === undefined ||
      readings - this.#published === this.#came;
    if (isOther || !isWhole) this.#outdate();
    this.#published = this.#unsubscribe === undefined ? undefined : readings;
    this.#came = 0;
    // What could not be described is tried again.
    if (this.#isWanted) void this.#describe();
  }

  /** Looks which of its fields were told too long ago, and whether anybody is interested in it still. */
  look(): void {
    if (this.#unsubscribe === undefined || this.#parts.whyGone() !== "") return;
    if (!this.#isWanted && this.#describing === undefined) return this.#forget();
    for (const mirror of this.#mirrors.values()) mirror.age();
  }

  /** It cannot be reached: what it told last stays, and is not to be trusted. */
  lose(): void {
    this.#outdate();
    for (const mirror of this.#mirrors.values()) {
      mirror.lose(this.#parts.whyGone());
      this.#tellContact(mirror);
    }
  }

  /** Takes no more of its readings; it is followed again once it has told of itself. */
  leave(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#published = undefined;
  }

  get #isWanted(): boolean {
    return this.#holds > 0 || performance.now() - this.#asked < this.#parts.lasts * 1000;
  }

  #outdate(): void {
    this.#described = false;
    this.#turn++;
  }

  /** Nobody is interested any more: whoever is later gets what it tells then. */
  #forget(): void {
    log.debug("{pc} is not followed any more: nobody here looks at it", { pc: this.#pc });
    this.leave();
    this.#outdate();
    const mirrors = [...this.#mirrors.values()];
    this.#mirrors.clear();
    const why = `${this.#pc} is not followed any more`;
    // Whoever hears of it and asks at once waits until the old ones have gone.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#forgetting = promise;
    for (const mirror of mirrors) mirror.lose(why);
    const removed = mirrors.map(({ instrument }) => this.#parts.elsewhere.remove(instrument, why));
    void Promise.allSettled(removed).then(() => resolve());
  }

  /** Has it describe its instruments, where they are not known as they are now. */
  #describe(): Promise<void> | undefined {
    if (this.#parts.whyGone() !== "") return undefined;
    // Before it describes itself: nothing that it reads meanwhile is missed.
    this.#unsubscribe ??= this.#parts.subscribe((message) => this.#read(message));
    if (this.#described) return undefined;
    return this.#describing ??= this.#describeAll()
      .then(() => this.#failure = "", (error) => this.#fail(wireError(error).message))
      .then(() => this.#describing = undefined);
  }

  #fail(reason: string): void {
    if (reason !== this.#failure) log.warning("{pc} does not describe itself: {reason}", { pc: this.#pc, reason });
    this.#failure = reason;
  }

  /** From now on it is known whether all come that it publishes. */
  async #count(): Promise<void> {
    if (this.#published !== undefined) return;
    // One of an older version does not know.
    const told = await this.#parts.ask({ cmd: hereWord }, undefined, ownQuestions).catch(() => undefined);
    this.#published = presenceSchema.safeParse(told).data?.readings;
    this.#came = 0;
  }

  async #describeAll(): Promise<void> {
    await this.#forgetting;
    await this.#count();
    const [turn, { instruments }] = [this.#turn, this.#presence];
    for (const [name, mirror] of [...this.#mirrors]) if (!instruments.includes(name)) await this.#remove(name, mirror);
    for (const name of instruments) {
      try {
        await this.#describeOne(name);
      } catch (error) {
        const { code, message } = wireError(error);
        // One that this version does not understand keeps the others from nobody; a PC that does not answer is asked
        // no more.
        if (code === "not_connected" || code === "deadline_exceeded" || this.#parts.whyGone() !== "") throw error;
        log.warning("{pc} does not describe {name} so that it can be used: {reason}", {
          pc: this.#pc,
          name,
          reason: message,
        });
      }
    }
    // It became another meanwhile.
    if (this.#turn !== turn) return await this.#describeAll();
    this.#described = true;
    this.#parts.changed();
  }

  async #describeOne(name: string): Promise<void> {
    const { elsewhere, ask, changed } = this.#parts;
    const told = await ask({ cmd: "Describe", instrument: name }, undefined, ownQuestions);
    const gone = this.#parts.whyGone();
    // What it told as it went is not so any more.
    if (gone !== "") throw new HeliographError("not_connected", gone);
    const description = descriptionSchema.safeParse(told).data;
    if (description?.name !== name) throw new HeliographError("command_failed", "its description is none");
    const known = this.#mirrors.get(name);
    const now = Date.now() + this.#clockAhead * 1000;
    if (known?.describe(description, now) === true) return this.#tellContact(known);
    const mirror = new Mirror(this.#pc, description, (...asked) => this.#ask(...asked), now);
    if (known === undefined) elsewhere.add(mirror.instrument);
    else await elsewhere.replace(known.instrument, mirror.instrument, `${name} of ${this.#pc} is another now`);
    this.#mirrors.set(name, mirror);
    this.#tellHolder(mirror);
    changed();
  }

  /** Asks it for somebody, and follows it until it has answered. */
  async #ask(message: Readonly<Record<string, unknown>>, caller: Caller, seconds: number): Promise<unknown> {
    const release = this.hold();
    try {
      return await this.#parts.ask(message, caller, seconds);
    } finally {
      release();
    }
  }

  async #remove(name: string, { instrument }: Mirror): Promise<void> {
    this.#mirrors.delete(name);
    await this.#parts.elsewhere.remove(instrument, `${instrument.title} is on its bench no more`);
    this.#parts.changed();
  }

  #tellContact({ instrument }: Mirror): void {
    this.#parts.elsewhere.hub.publish("contact", { instrument }, instrument.faults);
  }

  /** Who has control of one: whoever is of another PC is called so. */
  #tellHolder({ name, instrument }: Mirror): void {
    const told = this.#presence.control?.find((each) => each.instrument === name);
    const before = JSON.stringify(instrument.holderThere);
    instrument.holderThere = told === undefined ? null : {
      // A nameless client of another PC has control by the name of its PC.
      name: told.of === this.#parts.self || told.name === told.of
        ? told.name
        : `${told.name || "somebody"} (of ${told.of})`,
      session: 0,
      address: told.of,
      until: new Date(Date.parse(told.until) - this.#clockAhead * 1000).toISOString(),
    };
    if (JSON.stringify(instrument.holderThere) === before) return;
    this.#parts.elsewhere.hub.publish("control", { instrument }, instrument.faults);
  }

  #read({ subject, text }: BrokerMessage): void {
    this.#came++;
    const [, , instrument] = partsOf(subject);
    const mirror = this.#mirrors.get(instrument ?? "");
    if (mirror === undefined || this.#parts.whyGone() !== "") return;
    const message = readMessage(readingsSchema, text);
    if (message === undefined || mirror.take(message.number, message.changed, message.same)) return;
    // A slow PC, or a slow broker: what was lost is asked for.
    this.#holds++;
    this.#describeOne(mirror.name).catch(() => {}).finally(() => this.#holds--);
  }
}
