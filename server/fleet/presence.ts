/**
 * What this PC says of itself to the other PCs of its fleet: again and again, where something of it changes, and to each
 * that has come.
 *
 * @module
 */

import type { HolderDescription } from "../../protocol/description.ts";
import {
  fleetName,
  hereWord,
  partsOf,
  presenceIn,
  type PresenceMessage,
  protocolNumber,
  subjects,
} from "../../protocol/fleet.ts";
import { version } from "../../protocol/version.ts";
import type { Bench } from "../bench/bench.ts";
import type { BrokerMessage } from "./broker.ts";
import type { FleetWords } from "./fleet_schema.ts";
import { ofThisPc } from "./following.ts";
import type { Publisher } from "./publisher.ts";

/** How long changes of alarms, runs and control are gathered, in milliseconds. */
const gathered = 300;
/** Asked by a PC of an older version who is there, it says so to all this often at most, in milliseconds. */
const oftenest = 500;
/** What a PC says with {@linkcode subjects.who} that has each of the others answer to it alone. */
const directly = JSON.stringify({ directly: true });

/** What a PC can say of itself. */
export interface PresenceParts {
  /** This PC's instruments. */
  readonly bench: Bench;
  /** What the bench is called. */
  readonly title: () => string;
  /** When this run of the server began, ISO 8601 in UTC. */
  readonly started: string;
  /** What is not well here; empty where all is. */
  readonly trouble: () => string;
  /** The alarms and the runs; each `undefined` where there are none at all. */
  readonly standing: () => Pick<PresenceMessage, "alarms" | "runs">;
  /** Who has control of an instrument of this PC. */
  readonly holder: (instrument: string) => HolderDescription | null;
}

/** What saying it needs of the fleet. */
export interface PresenceWays {
  readonly publisher: Pick<Publisher, "bench" | "told">;
  readonly publish: (subject: string, text: string) => void;
  /** Whether this PC is in the fleet now. */
  readonly isIn: () => boolean;
  /** How many others were heard of. */
  readonly others: () => number;
}

/** What this PC says of itself. */
export class Presence {
  /** Which run of the server this is. */
  readonly instance: string = crypto.randomUUID();
  readonly #words: FleetWords;
  readonly #parts: PresenceParts;
  readonly #ways: PresenceWays;
  /** When it was said last that it is there, and when it is said again, by `performance.now()`. */
  #said = -Infinity;
  #says = Infinity;
  #saying: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  /** Says nothing yet. */
  constructor(words: FleetWords, parts: PresenceParts, ways: PresenceWays) {
    this.#words = words;
    this.#parts = parts;
    this.#ways = ways;
  }

  /** What it is now. @param leaves Whether it goes. @default false */
  describe(leaves = false): PresenceMessage {
    const { title, started, bench, trouble, standing } = this.#parts;
    const { publisher } = this.#ways;
    return {
      name: this.#words.name,
      instance: this.instance,
      title: title(),
      version,
      started,
      now: new Date().toISOString(),
      bench: publisher.bench,
      readings: publisher.told,
      instruments: bench.instruments.map(({ name }) => name),
      trouble: trouble(),
      ...this.#words.page === undefined ? {} : { page: this.#words.page },
      ...standing(),
      ...this.#control(),
      leaves,
      every: this.#every,
      protocol: protocolNumber,
    };
  }

  /** It has come, or come back: says so, and asks all others to. */
  come(): void {
    this.#say();
    this.#ways.publish(subjects.who(this.#words.name), directly);
  }

  /** Something of it is another: what changes at once is told at once. */
  changed(): void {
    if (this.#ways.isIn()) this.#sayWithin(gathered);
  }

  /** Says to a PC that has come that it is there; to all, where that one is of an older version. */
  answerWho({ subject, text }: BrokerMessage): void {
    const { isIn, publish } = this.#ways;
    const { name } = this.#words;
    const [, asker] = partsOf(subject);
    if (!isIn() || asker === name) return;
    if (text === directly) {
      const message = { cmd: hereWord, here: this.describe() };
      return publish(subjects.ask(name, asker!), JSON.stringify({ ...ofThisPc, message }));
    }
    const wait = this.#said + oftenest - performance.now();
    if (wait <= 0) this.#say();
    else this.#sayWithin(wait);
  }

  /** Ends it; where this PC is in the fleet, it says that it goes. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#saying);
    const { isIn, publish } = this.#ways;
    if (isIn()) publish(subjects.here(this.#words.name), JSON.stringify(this.describe(true)));
  }

  /** How often it is said, in seconds. */
  get #every(): number {
    return presenceIn(this.#ways.others() + 1);
  }

  /** Who has control of what. */
  #control(): Pick<PresenceMessage, "control"> {
    const control = this.#parts.bench.instruments.flatMap(({ name: instrument }) => {
      const holder = this.#parts.holder(instrument);
      if (holder === null) return [];
      const { name, address, until } = holder;
      // Whoever has come from another PC of the fleet has its name for an address, and an address is no such name.
      return [{ instrument, name, of: fleetName.test(address) ? address : this.#words.name, until }];
    });
    return control.length === 0 ? {} : { control };
  }

  /** Says that it is there in so many milliseconds, or earlier where that was to be. */
  #sayWithin(wait: number): void {
    const when = performance.now() + wait;
    if (this.#stopped || when >= this.#says) return;
    clearTimeout(this.#saying);
    this.#says = when;
    this.#saying = setTimeout(() => this.#say(), wait);
  }

  #say(): void {
    if (this.#stopped) return;
    if (this.#ways.isIn()) this.#ways.publish(subjects.here(this.#words.name), JSON.stringify(this.describe()));
    this.#said = performance.now();
    this.#says = Infinity;
    this.#sayWithin(this.#every * 1000);
  }
}
