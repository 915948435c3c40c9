/**
 * Gathers what somebody is to be told: one message rather than a flood, also of an alarm that comes and goes.
 *
 * It knows no clock: times are handed in, in seconds.
 *
 * @module
 */

import type { AlarmDescription } from "../../protocol/alarms.ts";

/** What somebody is to be told of one alarm. */
export interface Notice {
  /** As it was the last time. */
  alarm: AlarmDescription;
  /** How often it came since they were told. */
  times: number;
  /** For how long nobody had acknowledged it, in seconds; 0 where that is not why they are told. */
  unacknowledged: number;
}

/** How notices are gathered; times in seconds. */
export interface Gathering {
  /** How long the first waits for others that come with it. */
  readonly gather: number;
  /** Within what time more than `most` messages are too many. */
  readonly digest: number;
  /** How many there may be within that time. */
  readonly most: number;
}

/** The longest time that an alarm which comes and goes is held back, in seconds. */
const longestHold = 3600;
/** Of more alarms than this at once, somebody is told how many there are. */
const mostWaiting = 200;

interface Waiting {
  readonly notice: Notice;
  /** When it is told though others are not yet; `undefined` where it goes with the next message. */
  readonly held: number | undefined;
}

interface Recipient {
  readonly waiting: Map<string, Waiting>;
  /** When what is not held is told. */
  due: number;
  /** The times of the last messages, the newest last. */
  sent: number[];
  /** Until when an alarm that was told is held back if it comes again, and for how long that is. */
  readonly quiet: Map<string, { readonly until: number; readonly hold: number }>;
  /** How many are left out since they are too many. */
  left: number;
}

/** What is told to somebody at once. */
export interface Gathered {
  readonly name: string;
  readonly notices: readonly Notice[];
  /** How many more there are. */
  readonly left: number;
}

/** Gathers notices for each recipient. */
export class Notices {
  readonly #gathering: Gathering;
  readonly #recipients = new Map<string, Recipient>();

  /** @param gathering How they are gathered. */
  constructor(gathering: Gathering) {
    this.#gathering = gathering;
  }

  /** How many wait. */
  get size(): number {
    return [...this.#recipients.values()].reduce((sum, { waiting, left }) => sum + waiting.size + left, 0);
  }

  /** Those that wait, as they are kept over a restart. */
  get waiting(): { readonly name: string; readonly notice: Notice }[] {
    return [...this.#recipients].flatMap(([name, { waiting }]) =>
      [...waiting.values()].map(({ notice }) => ({ name, notice }))
    );
  }

  /**
   * Adds one.
   *
   * @param name Who is told.
   * @param alarm What they are told of.
   * @param why `raised`, it came; `returned`, it is so no more; or for how many seconds nobody acknowledged it.
   */
  add(name: string, alarm: AlarmDescription, why: "raised" | "returned" | number, now: number): void {
    const recipient = this.#of(name);
    const { waiting, quiet } = recipient;
    const there = waiting.get(alarm.name);
    if (there !== undefined) {
      there.notice.alarm = alarm;
      if (why === "raised") there.notice.times++;
      if (typeof why === "number") there.notice.unacknowledged = why;
      return;
    }
    const notice = { alarm, times: why === "raised" ? 1 : 0, unacknowledged: typeof why === "number" ? why : 0 };
    this.#wait(recipient, notice, typeof why === "number" ? undefined : quiet.get(alarm.name)?.until, now);
  }

  /** Goes on with one that waited before a restart. */
  resume(name: string, notice: Notice, now: number): void {
    this.#wait(this.#of(name), notice, undefined, now);
  }

  #of(name: string): Recipient {
    let found = this.#recipients.get(name);
    if (found === undefined) {
      this.#recipients.set(name, found = { waiting: new Map(), due: Infinity, sent: [], quiet: new Map(), left: 0 });
    }
    return found;
  }

  #wait(recipient: Recipient, notice: Notice, quietUntil: number | undefined, now: number): void {
    const { gather, digest, most } = this.#gathering;
    const { waiting, sent } = recipient;
    if (waiting.size >= mostWaiting) return void recipient.left++;
    const held = quietUntil !== undefined && quietUntil > now ? quietUntil : undefined;
    waiting.set(notice.alarm.name, { notice, held });
    if (held !== undefined || recipient.due < Infinity) return;
    const lately = sent.filter((at) => at > now - digest);
    const isFlood = lately.length >= most;
    recipient.due = isFlood ? Math.max(lately[0]! + digest, now + gather) : now + gather;
  }

  /** When the next is due, in seconds; `Infinity` where none waits. */
  get next(): number {
    let next = Infinity;
    for (const { waiting, due } of this.#recipients.values()) {
      next = Math.min(next, due);
      for (const { held } of waiting.values()) next = Math.min(next, held ?? Infinity);
    }
    return next;
  }

  /** Takes out what is due. */
  take(now: number): Gathered[] {
    const taken: Gathered[] = [];
    for (const [name, recipient] of this.#recipients) {
      const { waiting, due, left } = recipient;
      const notices: Notice[] = [];
      for (const [key, { notice, held }] of waiting) {
        if ((held ?? due) > now) continue;
        waiting.delete(key);
        notices.push(notice);
        this.#quiet(recipient, key, now);
      }
      if (due <= now) {
        recipient.due = Infinity;
        recipient.left = 0;
      }
      if (notices.length === 0) continue;
      recipient.sent = [...recipient.sent, now].slice(-this.#gathering.most);
      taken.push({ name, notices, left: due <= now ? left : 0 });
    }
    return taken;
  }

  /** What was told just now is held back for a while if it comes again: each time longer. */
  #quiet({ quiet }: Recipient, key: string, now: number): void {
    const { digest } = this.#gathering;
    const last = quiet.get(key);
    // Quiet for as long again as it was held back: it has calmed down.
    const hold = last !== undefined && now < last.until + last.hold ? Math.min(last.hold * 2, longestHold) : digest;
    quiet.set(key, { until: now + hold, hold });
    if (quiet.size > 10 * mostWaiting) {
      for (const [name, { until, hold }] of quiet) if (until + hold < now) quiet.delete(name);
    }
  }
}
