/**
 * This PC's part of a fleet: says that it is there, answers what other PCs ask, and has their instruments as its own.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { type ErrorCode, errorCodes, HeliographError } from "../../protocol/errors.ts";
import {
  type FleetDescription,
  type FleetMember,
  goneAfter,
  hereWord,
  partsOf,
  presenceEvery,
  type PresenceMessage,
  protocolNumber,
  subjects,
} from "../../protocol/fleet.ts";
import { localTime } from "../../protocol/local_time.ts";
import type { InstrumentDescription } from "../../protocol/description.ts";
import type { Right } from "../../protocol/vocabulary.ts";
import { type Principal, principalOf } from "../access/principal.ts";
import { Bench } from "../bench/bench.ts";
import type { Caller } from "../bench/command.ts";
import type { Elsewhere, Expectations, Expected } from "../bench/elsewhere.ts";
import type { Hub } from "../bench/hub.ts";
import { describeInstrument } from "../bench/describe.ts";
import { didYouMean, identifierOf, listed, ownInstruments } from "../bench/names.ts";
import { decodeValue } from "../bench/typed_values.ts";
import { wireError } from "../bench/wire_error.ts";
import { Answering, type AnsweringParts, recordsWord } from "./answering.ts";
import { Broker, type BrokerMessage } from "./broker.ts";
import { answerSchema, askSchema, presenceSchema, readMessage } from "./fleet_messages.ts";
import { ExpectedInstruments } from "./expected_instruments.ts";
import type { FleetWords } from "./fleet_schema.ts";
import type { CopyCursor } from "../records/copying.ts";
import { Following, ofThisPc, ownQuestions, usualFollowing } from "./following.ts";
import { Gathering } from "./gathering.ts";
import { Presence, type PresenceParts } from "./presence.ts";
import { Publisher } from "./publisher.ts";

const log = getLogger(["heliograph", "fleet"]);

/** How often it is looked who has gone, in milliseconds. */
const lookEvery = 1000;
/** How often a PC is asked whether it is there while an answer of it is waited for, in seconds. */
const askedWaiting = 1;
/** How long an answer is waited for: what takes no time, and what may be a command, in seconds. */
const usualAsk = 30;
const longestAsk = 86_400;

/** What a fleet needs of the server. */
export interface FleetParts extends PresenceParts, AnsweringParts {}

/** Times of a fleet that tests shorten. */
export interface FleetTimes {
  /** For how long a PC is followed after somebody here asked for it last, in seconds. @default 300 */
  readonly followFor?: number;
  /** After how much silence a PC is asked whether it is there that is followed, and says so less often, in seconds. @default 5 */
  readonly askAfter?: number;
  /** How often it is looked who has gone, and what nobody asks for any more, in milliseconds. @default 1000 */
  readonly lookEvery?: number;
}

/** What another PC answered. */
export interface RemoteAnswer {
  readonly value: unknown;
  /** What its reply says beside the value. */
  readonly beside: Readonly<Record<string, unknown>>;
}

/** A PC that was heard of. */
interface Other {
  presence: PresenceMessage;
  /** When it was heard of last, by `performance.now()` and by this PC's clock. */
  heard: number;
  seen: number;
  /** When it was asked last whether it is there, by `performance.now()`. */
  asked: number;
  clockAhead: number;
  here: boolean;
  /** Ends the waiting for its answers: the broker is there, and says nothing where it is lost behind another one. */
  readonly waiting: Set<(reason: HeliographError) => void>;
  /** Its instruments, where somebody here looks at them. */
  readonly following: Following;
}

/** This PC's part of a fleet. */
export class Fleet implements Elsewhere {
  /** The instruments of the other PCs. Their changes are told on a hub of their own: they are not of this bench. */
  readonly elsewhere: Bench = new Bench();
  readonly #words: FleetWords;
  readonly #parts: FleetParts;
  readonly #broker: Broker;
  readonly #publisher: Publisher;
  readonly #presence: Presence;
  readonly #answering: Answering;
  readonly #gathering: Gathering | undefined;
  readonly #times: FleetTimes;
  readonly #others = new Map<string, Other>();
  /** What conditions name, as long as somebody looks at them. */
  readonly #expecting = new Set<ExpectedInstruments>();
  #reason = "it has not been reached yet";
  #isIn = false;
  #looking: ReturnType<typeof setInterval> | undefined;
  /** When it is tried again whether its name is free. */
  #again: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void)[] = [];
  #stopped = false;

  /**
   * Makes it.
   *
   * @param words What the bench file says; files as absolute paths.
   * @param times Others than usual.
   */
  constructor(words: FleetWords, parts: FleetParts, times: FleetTimes = {}) {
    this.#words = words;
    this.#times = times;
    this.#parts = parts;
    this.#broker = new Broker(words, {
      joined: () => void this.#join(),
      lost: (reason) => this.#lost(reason),
      refused: (reason) => log.error("{reason}: look at the permissions of {name} there", { reason, name: words.name }),
    });
    this.#gathering = words.gather === undefined ? undefined : new Gathering(words.gather, {
      here: () => this.#isIn ? [...this.#others].filter(([, { here }]) => here).map(([name]) => name) : [],
      ask: (pc, after) => this.#askRecords(pc, after),
    });
    this.#publisher = new Publisher(
      parts.bench,
      (instrument, message) => this.#broker.publish(subjects.readings(words.name, instrument), JSON.stringify(message)),
      // Whoever comes back to the fleet is described anew.
      () => this.#isIn,
    );
    const publisher = this.#publisher;
    this.#presence = new Presence(words, parts, {
      publisher,
      publish: (subject, text) => this.#broker.publish(subject, text),
      isIn: () => this.#isIn,
      others: () => this.#others.size,
    });
    this.#answering = new Answering(words, parts, {
      here: () => this.#presence.describe(),
      flush: () => publisher.flush(),
      longest: () => this.#broker.longest,
    });
  }

  /** Asks another PC what of its records came after a cursor. */
  async #askRecords(pc: string, after: CopyCursor): Promise<unknown> {
    return await this.#ask(pc, { cmd: recordsWord, after }, undefined, usualAsk);
  }

  /** Where the changes of other PCs' instruments are told. */
  get hub(): Hub {
    return this.elsewhere.hub;
  }

  /** This PC's name. */
  get name(): string {
    return this.#words.name;
  }

  /** That the disk of what is gathered is nearly full; empty where it is not, or nothing is gathered. */
  get crowded(): string {
    return this.#gathering?.crowded ?? "";
  }

  /** Reads what is needed and begins; to be called before the server gives up its permissions. */
  async open(): Promise<void> {
    try {
      await this.#gathering?.open();
      await this.#broker.open();
    } catch (error) {
      // A file that is not there keeps no bench from being served.
      this.#reason = `${wireError(error).message}. Put that right, and start the server again`;
      log.error("Not in the fleet: {reason}", { reason: this.#reason });
      return;
    }
    if (this.#stopped) return;
    this.#looking = setInterval(() => this.#look(), this.#times.lookEvery ?? lookEvery);
  }

  /** Leaves it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#looking);
    clearTimeout(this.#again);
    this.#presence.stop();
    this.#publisher.stop();
    await this.#gathering?.stop();
    await this.#broker.stop();
  }

  /** An instrument of another PC, by `cold-lab/tempcon`; `undefined` where it is none, or none that is known. */
  find(name: string): ReturnType<Bench["find"]> {
    const [pc, instrument] = split(name);
    return pc === undefined ? undefined : this.#others.get(pc)?.following.find(instrument);
  }

  pcOf(name: string): string | undefined {
    const [pc] = split(name);
    return pc !== undefined && this.#others.has(pc) ? pc : undefined;
  }

  follow(name: string): Promise<void> | undefined {
    const [pc, instrument] = split(name);
    const [other, identifier] = [this.#others.get(pc ?? ""), identifierOf(instrument)];
    // What it has not is said at once.
    return other?.presence.instruments.includes(identifier) ? other.following.follow(identifier) : undefined;
  }

  async followNamed(text: string): Promise<void> {
    await Promise.all(
      [...this.#others].map(([pc, { following }]) => text.includes(`${pc}/`) ? following.follow() : undefined),
    );
  }

  hold(name: string): () => void {
    return this.#others.get(this.pcOf(name) ?? "")?.following.hold() ?? (() => {});
  }

  expect(name: string, field: string): Expected | undefined {
    using expectations = this.expecting(() => {});
    return expectations.expect(name, field);
  }

  expecting(changed: () => void): Expectations {
    const expected: ExpectedInstruments = new ExpectedInstruments({
      find: (name) => this.find(name),
      followingOf: (pc) => this.#others.get(pc)?.following,
      isNone: (name) => {
        const [pc] = split(name);
        const other = this.#others.get(pc ?? "");
        return other !== undefined && this.#whyGone(pc!, other) === "" && other.following.described;
      },
      whyNot: (name) => this.whyNot(name),
      whyAwaited: (name) => this.#whyAwaited(name),
      changed,
      ended: () => void this.#expecting.delete(expected),
    });
    this.#expecting.add(expected);
    return expected;
  }

  #whyAwaited(name: string): string {
    if (!this.#isIn) return `this PC is not in its fleet: ${this.#reason}`;
    const [pc] = split(name);
    return this.whyNot(name)?.message.replace(/^Cannot reach [^:]*: /, "") ?? `no PC called ${pc} was heard of yet`;
  }

  /** What stands for what is not known yet tells why it is not. */
  #tellAwaited(): void {
    for (const expected of this.#expecting) expected.tellWhy();
  }

  /** The names of all instruments of other PCs, for suggestions. */
  names(): string[] {
    return [...this.#others].flatMap(([pc, { presence }]) => presence.instruments.map((name) => `${pc}/${name}`));
  }

  /** Why there is no instrument of a name, where it is one of the fleet's; `undefined` where it is not. */
  whyNot(name: string): HeliographError | undefined {
    const [pc, instrument] = split(name);
    if (pc === undefined) return undefined;
    const other = this.#others.get(pc);
    if (other === undefined) {
      // `H2/N2 MFC` is a title, and no PC.
      const meant = didYouMean(pc, [...this.#others.keys()]);
      if (meant === "") return undefined;
      return new HeliographError("unknown_instrument", `No PC of the fleet is called ${pc}${meant}`);
    }
    const reason = this.#whyGone(pc, other);
    if (reason !== "") return new HeliographError("not_connected", `Cannot reach ${name}: ${reason}`);
    const { names, described } = other.following;
    if (names.length === 0 || (!described && names.includes(identifierOf(instrument)))) {
      return new HeliographError("not_connected", `Cannot reach ${name}: ${pc} has not described itself yet`);
    }
    return new HeliographError(
      "unknown_instrument",
      `${pc} has no instrument called ${instrument}${didYouMean(instrument, names)}; it has ${listed(names)}`,
    );
  }

  /**
   * Describes the instruments of another PC as this one knows them, each called `cold-lab/tempcon`; from now on it is
   * followed.
   *
   * @param pc Its name.
   * @throws {HeliographError} `unknown_instrument` where no PC of that name was heard of.
   */
  async describeInstruments(pc: string): Promise<InstrumentDescription[]> {
    const other = this.#others.get(pc);
    if (other === undefined) {
      const meant = didYouMean(pc, [...this.#others.keys()]);
      throw new HeliographError("unknown_instrument", `No PC of the fleet is called ${pc}${meant}`);
    }
    await other.following.follow();
    return other.presence.instruments.flatMap((name) => {
      const instrument = other.following.find(name);
      return instrument === undefined ? [] : {
        ...describeInstrument(instrument),
        name: `${pc}/${name}`,
        aside: ownInstruments.has(name),
        holder: instrument.holderThere,
      };
    });
  }

  /** Tells of all PCs. */
  describe(): FleetDescription {
    const { name } = this;
    const own: FleetMember = {
      ...memberOf(this.#presence.describe()),
      self: true,
      here: this.#isIn,
      reason: this.#isIn ? "" : this.#reason,
      seen: new Date().toISOString(),
      clockAhead: 0,
    };
    const others = [...this.#others].sort(([one], [other]) => one < other ? -1 : 1).map((
      [name, other],
    ): FleetMember => ({
      ...memberOf(other.presence),
      self: false,
      here: other.here && this.#isIn,
      reason: this.#whyGone(name, other),
      seen: new Date(other.seen).toISOString(),
      clockAhead: other.clockAhead,
    }));
    return {
      name,
      broker: this.#broker.address,
      connected: this.#isIn,
      reason: this.#isIn ? "" : this.#reason,
      members: [own, ...others],
      ...this.#gathering === undefined ? {} : { gathered: this.#gathering.describe() },
    };
  }

  #whyGone(name: string, { here, seen }: Other): string {
    if (!this.#isIn) return `this PC is not in its fleet: ${this.#reason}`;
    return here ? "" : `${name} is not connected, last seen ${localTime(new Date(seen)).slice(0, 19)}`;
  }

  /** Something of what it says of itself is another: what changes at once is told at once. */
  changed(): void {
    this.#presence.changed();
  }

  /** The broker is there, for the first time or again. */
  async #join(): Promise<void> {
    const { name } = this;
    try {
      // Who answers to this name already is another PC.
      if (this.#unsubscribe.length === 0) {
        const other = await this.#broker.ask(subjects.name(name), "", ownQuestions)
          // Whoever is slow to answer has the name all the same.
          .catch((error) => wireError(error).code === "deadline_exceeded" ? "" : undefined);
        if (this.#stopped) return;
        if (other !== undefined) return this.#nameIsTaken(readMessage(presenceSchema, other));
        this.#unsubscribe = [
          this.#broker.subscribe(subjects.here("*"), (message) => this.#heard(message)),
          this.#broker.subscribe(subjects.who("*"), (message) => this.#presence.answerWho(message)),
          this.#broker.subscribe(
            subjects.name(name),
            ({ answer }) => answer?.(JSON.stringify(this.#presence.describe())),
          ),
          this.#broker.subscribe(subjects.ask("*", name), (message) => this.#takeAsked(message)),
        ];
      }
      if (!this.#broker.connected || this.#stopped) return;
      this.#isIn = true;
      this.#reason = "";
      log.info("In the fleet as {name}, by {broker}", { name, broker: this.#broker.address });
      this.#presence.come();
    } catch (error) {
      this.#lost(wireError(error).message);
    }
  }

  #nameIsTaken(other: PresenceMessage | undefined): void {
    if (this.#stopped) return;
    const who = other === undefined ? "another PC" : `the PC of ${other.title}, whose server began ${other.started}`;
    this.#lost(`${who}, is called ${this.name} already: give this one another name in "fleet" of its bench file`);
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.#join(), presenceEvery * 1000);
  }

  #lost(reason: string): void {
    const was = this.#isIn;
    this.#isIn = false;
    if (reason === this.#reason) return;
    this.#reason = reason;
    log.warning(
      was ? "Out of the fleet: {reason}. It is tried again" : "Not in the fleet: {reason}. It is tried again",
      {
        reason,
      },
    );
    for (const other of this.#others.values()) {
      other.following.lose();
      // Once this PC is back, they say whether they are.
      other.here = false;
    }
    this.#tellAwaited();
  }

  #heard({ subject, text }: BrokerMessage): void {
    this.#hears(partsOf(subject)[1]!, readMessage(presenceSchema, text));
  }

  /** Another PC asks something, or tells this one alone of itself. */
  #takeAsked(message: BrokerMessage): void {
    if (message.answer !== undefined) return void this.#answering.answer(message, message.answer);
    const { here } = readMessage(askSchema, message.text)?.message ?? {};
    if (here !== undefined) this.#hears(partsOf(message.subject)[1]!, presenceSchema.safeParse(here).data);
  }

  /** Another PC tells of itself. @param name By the subject: the broker has seen to that, and to nothing else. */
  #hears(name: string, presence: PresenceMessage | undefined): void {
    if (presence?.name !== name) return;
    if (name === this.name) {
      if (presence.instance === this.#presence.instance || presence.leaves) return;
      // Both came at one moment; whoever began later gives way, and has to hear of the other for that.
      if (`${this.#parts.started} ${this.#presence.instance}` > `${presence.started} ${presence.instance}`) {
        for (const end of this.#unsubscribe.splice(0)) end();
        for (const { following } of this.#others.values()) following.leave();
        this.#nameIsTaken(presence);
      } else this.#presence.changed();
      return;
    }
    this.#told(presence, this.#others.get(name) ?? this.#meet(presence));
  }

  /** Another PC has told of itself. */
  #told(presence: PresenceMessage, other: Other): void {
    const { name } = presence;
    const now = Date.now();
    const before = other.presence;
    const cameBack = !other.here && !presence.leaves;
    other.presence = presence;
    other.heard = performance.now();
    other.seen = now;
    other.clockAhead = Math.round((Date.parse(presence.now) - now) / 100) / 10;
    other.here = !presence.leaves;
    if (presence.leaves) return this.#gone(name, other);
    const isOther = before.instance !== presence.instance || before.bench !== presence.bench;
    if (cameBack) {
      log.info("{pc} is in the fleet", { pc: name });
      if ((presence.protocol ?? 1) > protocolNumber) {
        log.warning("{pc} has heliograph {version}, which knows more of fleets than this one: install it here too", {
          pc: name,
          version: presence.version,
        });
      }
    }
    other.following.told(presence, other.clockAhead, cameBack || isOther);
  }

  /** A PC is heard of for the first time. */
  #meet(presence: PresenceMessage): Other {
    const { name } = presence;
    const following = new Following(name, presence, {
      elsewhere: this.elsewhere,
      lasts: this.#times.followFor ?? usualFollowing,
      ask: (message, caller, seconds) => this.#ask(name, message, caller, seconds),
      subscribe: (take) => this.#broker.subscribe(subjects.readings(name, "*"), take),
      whyGone: () => this.#whyGone(name, other),
      self: this.name,
      changed: () => this.#expecting.forEach((expected) => expected.told(name)),
    });
    const waiting: Other["waiting"] = new Set();
    const other: Other = { presence, heard: 0, seen: 0, asked: 0, clockAhead: 0, here: false, waiting, following };
    this.#others.set(name, other);
    for (const expected of this.#expecting) expected.meet(name);
    return other;
  }

  /** Looks who has not been heard of for too long. */
  #look(): void {
    this.#gathering?.look();
    if (!this.#isIn) return;
    for (const [name, other] of this.#others) {
      const { every = presenceEvery } = other.presence;
      const now = performance.now();
      if (other.here && now - other.heard > goneAfter(every) * 1000) {
        this.#gone(name, other);
      }
      // Of what somebody looks at, or waits for, nobody has to wait until it would have said so.
      const { askAfter = presenceEvery } = this.#times;
      const patience = other.waiting.size > 0
        ? askedWaiting
        : other.following.isFollowed && every > presenceEvery
        ? askAfter
        : Infinity;
      if (other.here && now - Math.max(other.heard, other.asked) > patience * 1000) {
        void this.#askWhetherHere(name, other);
      }
      other.following.look();
    }
    this.#tellAwaited();
  }

  /** A broker behind another one may have gone, and says nothing of it: whoever asks again hears that nobody takes it. */
  async #askWhetherHere(pc: string, other: Other): Promise<void> {
    other.asked = performance.now();
    const asked = JSON.stringify({ ...ofThisPc, message: { cmd: hereWord, id: 1 } });
    const answer = await this.#broker.ask(subjects.ask(this.name, pc), asked, ownQuestions)
      // One that is slow is told by its silence.
      .catch(() => "");
    if (answer === undefined) {
      if (other.here) this.#gone(pc, other);
      return;
    }
    const told = readMessage(answerSchema, answer);
    const presence = told?.ok === true ? presenceSchema.safeParse(told.value).data : undefined;
    if (presence?.name === pc) this.#told(presence, other);
  }

  #gone(name: string, other: Other): void {
    other.here = false;
    const reason = this.#whyGone(name, other) || `${name} has gone`;
    log.warning("{reason}", { reason });
    other.following.lose();
    for (const reject of other.waiting) reject(new HeliographError("not_connected", reason));
  }

  /**
   * Asks another PC for somebody.
   *
   * @param message A message of the framed dialect.
   * @throws {HeliographError} What it answered; `not_connected` where it is not there, at once.
   */
  async ask(pc: string, message: Readonly<Record<string, unknown>>, principal: Principal): Promise<RemoteAnswer> {
    if (!this.#others.has(pc)) {
      const names = [...this.#others.keys()];
      const there = this.#isIn
        ? names.length === 0 ? "no other was heard of yet" : `there are ${listed(names)}`
        : `this PC is not in its fleet: ${this.#reason}`;
      throw new HeliographError(
        "not_connected",
        `Cannot ask ${pc}: no PC of the fleet is called that${didYouMean(pc, names)}; ${there}`,
      );
    }
    // What is called there takes as long as it may.
    const seconds = message.cmd === "Call" || message.cmd === "Exec" || message.cmd === "Eval" ? longestAsk : usualAsk;
    const { rights, instruments } = principal.origin.standing;
    // Whose instruments are named has those of this bench: what they may drive there, nobody has said.
    const most = [...rights].filter((right) => instruments === undefined || right !== "drive");
    return await this.#askWhole(pc, message, principal, seconds, most);
  }

  async #ask(
    pc: string,
    message: Readonly<Record<string, unknown>>,
    caller: Caller | undefined,
    seconds: number,
  ): Promise<unknown> {
    return (await this.#askWhole(pc, message, caller, seconds)).value;
  }

  /**
   * @param caller For whom. @default for this PC itself
   * @param most The rights that count there at most. @default all that the caller has
   */
  async #askWhole(
    pc: string,
    message: Readonly<Record<string, unknown>>,
    caller: Caller | undefined,
    seconds: number,
    most?: readonly Right[],
  ): Promise<RemoteAnswer> {
    const other = this.#others.get(pc)!;
    const gone = this.#whyGone(pc, other);
    if (gone !== "") throw new HeliographError("not_connected", `Cannot ask ${pc}: ${gone}`);
    const origin = caller === undefined ? undefined : principalOf(caller).origin;
    const whom = origin === undefined
      ? { name: "", rights: ["read"] }
      : { name: origin.person || origin.name, rights: most ?? [...origin.standing.rights] };
    const asked = JSON.stringify({ for: whom, seconds, message: { ...message, id: 1 } });
    const { promise: lost, reject } = Promise.withResolvers<never>();
    other.waiting.add(reject);
    let text: string | undefined;
    try {
      text = await Promise.race([this.#broker.ask(subjects.ask(this.name, pc), asked, seconds + 1), lost]);
    } catch (error) {
      const { code, message: reason } = wireError(error);
      const doubt = "; whether it was done is not known";
      throw new HeliographError(code, `Cannot ask ${pc}: ${reason}${message.cmd === "Describe" ? "" : doubt}`);
    } finally {
      other.waiting.delete(reject);
    }
    if (text === undefined) {
      this.#gone(pc, other);
      throw new HeliographError("not_connected", `Cannot ask ${pc}: ${this.#whyGone(pc, other)}`);
    }
    const answer = readMessage(answerSchema, text);
    if (answer === undefined) throw new HeliographError("command_failed", `${pc} answered what nobody understands`);
    if (answer.ok) {
      const { ok: _, id: __, value, typed, ...beside } = answer as Record<string, unknown>;
      return { value: typed === undefined ? value : decodeValue(typed), beside };
    }
    const { code, message: reason } = answer.error;
    throw new HeliographError(code in errorCodes ? code as ErrorCode : "command_failed", `${pc}: ${reason}`);
  }
}

/** `cold-lab/tempcon` as PC and instrument. */
function split(name: string): [pc: string | undefined, instrument: string] {
  const slash = name.indexOf("/");
  return slash <= 0 ? [undefined, name] : [name.slice(0, slash), name.slice(slash + 1)];
}

function memberOf(presence: PresenceMessage) {
  const { name, title, version, started, instruments, trouble, page, alarms, runs } = presence;
  return {
    name,
    title,
    version,
    started,
    instruments,
    trouble,
    ...page === undefined ? {} : { page },
    ...alarms === undefined ? {} : { alarms },
    ...runs === undefined ? {} : { runs },
  };
}
