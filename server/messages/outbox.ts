/**
 * The outbox: each message to each person waits here until somebody has taken it, and when it is tried again.
 *
 * It knows no clock: times are handed in, in seconds.
 *
 * @module
 */

import type { MessageDescription, MessageState } from "../../protocol/messages.ts";
import type { DeliveryError } from "./delivery.ts";
import type { Values } from "./template.ts";

/** A message to one person by one way. */
export interface Message {
  readonly number: number;
  /** Stays the same when it is sent again. */
  readonly id: string;
  /** The way by which it goes. */
  readonly way: string;
  readonly label: string;
  readonly values: Values;
  /** When it was made, ISO 8601 in UTC. */
  readonly made: string;
  state: MessageState;
  tries: number;
  /** How often it was refused itself. */
  refusals: number;
  reason: string;
  /** Whether it is told that it cannot be sent. */
  told: boolean;
  /** Whether the server was ended while it was being sent, so that it may come twice. */
  perhapsSent: boolean;
  /** When it is tried again. */
  next: number;
}

/** What messages go through, one after another. */
interface Channel {
  busy: boolean;
  /** How often it failed since it worked. */
  failures: number;
  /** Until when nothing is tried. */
  next: number;
  /** Why it failed the last time; empty where it did not. */
  reason: string;
  told: boolean;
  /** Whether what proves who asks was refused. */
  credentials: boolean;
}

/** How long is waited, in seconds. */
export interface Patience {
  /** After the first failure, the second, …; then always the last. */
  readonly waits: readonly number[];
  /** At least, after a failure that will probably be so again. */
  readonly lasting: number;
  /** After it was refused so often itself, it is not tried any more. */
  readonly refusals: number;
}

/** How long is waited where nobody says otherwise. */
export const usualPatience: Patience = {
  waits: [5, 15, 60, 300, 300, 900, 1800, 3600],
  lasting: 900,
  // Some days; counted, since a PC's clock may go too far.
  refusals: 80,
};

/** How often it may fail before people are told, where it may well work the next time: mail servers put strangers off. */
const quietFailures = 2;
/** How many that were sent are still shown. */
const mostSent = 50;
/** How many may wait; of more, the oldest are given up, which is told. */
const mostWaiting = 250;

/** Messages that wait, are being sent, were sent, or could not be. */
export class Outbox {
  readonly #messages = new Map<number, Message>();
  readonly #channels = new Map<string, Channel>();
  readonly #patience: Patience;
  #last = 0;

  /** @param patience How long is waited. */
  constructor(patience: Patience = usualPatience) {
    this.#patience = patience;
  }

  /** All of them, the oldest first. */
  get messages(): readonly Message[] {
    return [...this.#messages.values()];
  }

  /** The number of the last one. */
  get last(): number {
    return this.#last;
  }

  /** Adds one. @param wall The time of the day, for people. */
  add(way: string, label: string, values: Values, now: number, wall: Date): Message {
    const waiting = this.messages.filter(({ state }) => state === "waiting");
    for (const old of waiting.slice(0, Math.max(0, waiting.length + 1 - mostWaiting))) {
      this.#giveUp(old, `given up: more than ${mostWaiting} messages wait`);
    }
    const message: Message = {
      number: ++this.#last,
      id: `${wall.getTime()}.${this.#last}.${crypto.randomUUID()}`,
      way,
      label,
      values,
      made: wall.toISOString(),
      state: "waiting",
      tries: 0,
      refusals: 0,
      reason: "",
      told: false,
      perhapsSent: false,
      next: now,
    };
    this.#messages.set(message.number, message);
    return message;
  }

  /** Goes on with what was kept. @param last The number of the last one. */
  resume(messages: Iterable<Message>, last: number): void {
    this.#last = last;
    for (const message of messages) {
      if (message.state === "sending") Object.assign(message, { state: "waiting", perhapsSent: true });
      this.#messages.set(message.number, message);
      this.#last = Math.max(this.#last, message.number);
    }
  }

  #channel(name: string): Channel {
    let found = this.#channels.get(name);
    if (found === undefined) {
      found = { busy: false, failures: 0, next: -Infinity, reason: "", told: false, credentials: false };
      this.#channels.set(name, found);
    }
    return found;
  }

  /**
   * Takes the next that is due and whose channel is free, which is being sent from then on.
   *
   * @param channelOf The channel of a way; `undefined` where the bench has that way no more.
   */
  take(channelOf: (way: string) => string | undefined, now: number): Message | undefined {
    for (const message of this.#messages.values()) {
      if (message.state !== "waiting" || message.next > now) continue;
      const name = channelOf(message.way);
      if (name === undefined) {
        this.#giveUp(message, "nobody is reached so any more: the bench file says otherwise now");
        continue;
      }
      const channel = this.#channel(name);
      if (channel.busy || channel.next > now) continue;
      channel.busy = true;
      message.state = "sending";
      message.tries++;
      return message;
    }
    return undefined;
  }

  /** It was taken by whoever delivers it. */
  sent(message: Message, channel: string, said: string): void {
    Object.assign(message, { state: "sent", reason: said, told: false, next: Infinity });
    this.works(channel);
    this.#channel(channel).busy = false;
    const sent = this.messages.filter(({ state }) => state === "sent");
    for (const { number } of sent.slice(0, Math.max(0, sent.length - mostSent))) this.#messages.delete(number);
  }

  /** A channel works. */
  works(channel: string): void {
    Object.assign(this.#channel(channel), {
      failures: 0,
      next: -Infinity,
      reason: "",
      told: false,
      credentials: false,
    });
  }

  /** The messages of the channels whose secret was refused: they are tried as soon as it is another one. */
  get refused(): string[] {
    return [...this.#channels].flatMap(([name, { credentials }]) => credentials ? [name] : []);
  }

  /**
   * It could not be sent, and is tried again.
   *
   * @returns Whether that is new, and is to be told.
   */
  failed(message: Message, name: string, error: DeliveryError, now: number): boolean {
    const { waits, lasting, refusals } = this.#patience;
    const channel = this.#channel(name);
    channel.busy = false;
    message.state = "waiting";
    message.reason = error.message;
    const wait = (failures: number) =>
      Math.max(error.after ?? waits[Math.min(failures, waits.length) - 1]!, error.lasts ? lasting : 0);
    let isNew: boolean;
    if (error.about === "way") {
      channel.failures++;
      channel.reason = error.message;
      channel.credentials = error.credentials;
      channel.next = now + wait(channel.failures);
      message.next = now;
      isNew = !channel.told && (error.lasts || channel.failures > quietFailures);
      if (isNew) channel.told = true;
    } else {
      // Whoever refused it is there.
      this.works(name);
      message.refusals++;
      message.next = now + wait(message.refusals);
      isNew = !message.told && (error.lasts || message.refusals > quietFailures);
      if (isNew) message.told = true;
    }
    if (message.refusals < refusals) return isNew;
    this.#giveUp(message, `given up after it was refused ${refusals} times: ${error.message}`);
    return true;
  }

  #giveUp(message: Message, reason: string): void {
    Object.assign(message, { state: "failed", told: true, reason, next: Infinity });
  }

  /** When something is due, in seconds; `Infinity` where nothing is. */
  next(channelOf: (way: string) => string | undefined): number {
    let next = Infinity;
    for (const message of this.#messages.values()) {
      if (message.state !== "waiting") continue;
      const name = channelOf(message.way);
      const channel = name === undefined ? undefined : this.#channel(name);
      if (channel?.busy) continue;
      next = Math.min(next, Math.max(message.next, channel?.next ?? -Infinity));
    }
    return next;
  }

  /** Tries at once whatever waits, or was given up. @returns How many. */
  retry(now: number): number {
    for (const channel of this.#channels.values()) channel.next = -Infinity;
    let count = 0;
    for (const message of this.#messages.values()) {
      if (message.state !== "waiting" && message.state !== "failed") continue;
      Object.assign(message, { state: "waiting", next: now, refusals: 0 });
      count++;
    }
    return count;
  }

  /** Tries a channel at once, since something about it is another one now. */
  tryNow(name: string): void {
    Object.assign(this.#channel(name), { next: -Infinity, credentials: false });
  }

  /** Forgets one that is not being sent. @returns Whether there was one. */
  forget(number: number): boolean {
    const message = this.#messages.get(number);
    return message !== undefined && message.state !== "sending" && this.#messages.delete(number);
  }

  /** Why messages cannot be sent; empty where they can. */
  problem(channelOf: (way: string) => string | undefined): string {
    const reasons = new Set<string>();
    for (const { way, label, state, told, reason } of this.#messages.values()) {
      if (state === "sent") continue;
      const name = channelOf(way);
      const channel = name === undefined ? undefined : this.#channel(name);
      if (told) reasons.add(`${label}: ${reason}`);
      else if (channel?.told) reasons.add(channel.reason);
    }
    return [...reasons].join("; ");
  }

  /** All of them, as people are told. */
  describe(channelOf: (way: string) => string | undefined, now: number): MessageDescription[] {
    return this.messages.map(({ number, label, values, state, made, tries, reason, way, next }) => {
      const name = channelOf(way);
      const { next: channelNext = -Infinity, reason: channelReason = "" } = name === undefined
        ? {}
        : this.#channel(name);
      const at = Math.max(next, channelNext);
      return {
        number,
        to: label,
        subject: values.subject,
        state,
        made,
        tries,
        reason: reason === "" && state === "waiting" ? channelReason : reason,
        again: state === "waiting" ? Math.max(0, Math.ceil(at - now)) : null,
      };
    });
  }
}
