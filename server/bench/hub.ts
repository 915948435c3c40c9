/**
 * The events of a bench, each published once: subscribers choose a type, and one that fails harms no other.
 *
 * @module
 */

import type { AlarmDescription, AlarmState } from "../../protocol/alarms.ts";
import { Faults } from "./faults.ts";
import type { Caller } from "./command.ts";
import type { BenchField } from "./field.ts";
import type { Instrument } from "./instrument.ts";

/** A field of an instrument. */
export interface FieldEvent {
  /** The instrument. */
  readonly instrument: Instrument;
  /** The field, with what it holds now. */
  readonly field: BenchField;
}

/** The instruments of a bench have changed: one came, one went, or one took the place of another. */
export interface BenchEvent {
  /** What came. */
  readonly came: Instrument | undefined;
  /** What went; where something came too, that took its place. */
  readonly went: Instrument | undefined;
}

/** Something that somebody asked for. */
export interface Activity {
  /** What it is: a command, or code or an image that they sent. */
  readonly kind: "command" | "code" | "image";
  /** The name of the instrument that is asked, or empty. */
  readonly instrument: string;
  /** Who asks. */
  readonly caller: Caller;
  /** Makes what they ask, as an azcam line where it is a command. */
  readonly text: () => string;
  /** Whether that changes nothing. */
  readonly onlyReads: boolean;
}

/** The end of something that a client asked for. */
export interface Ending {
  /** What was asked for. */
  readonly activity: Activity;
  /** Makes azcam's reply line. */
  readonly answer: () => string;
  /** Whether it failed. */
  readonly failed: boolean;
}

/** An alarm is in another state than before. */
export interface AlarmEvent {
  /** The alarm, as it is now. */
  readonly alarm: AlarmDescription;
  /** The state that it was in. */
  readonly from: AlarmState;
  /** Who did it; empty where nobody did. */
  readonly by: string;
}

/** The events, by type. The server's log is no event: LogTape has sinks for whoever wants its lines (docs/developer/decisions/log-lines.md). */
export interface HubEvents {
  /** A field was read or set, or could not be, whether or not that changed anything. */
  readonly reading: FieldEvent;
  /** A field holds another value, is of another quality, is staged, or no more. */
  readonly change: FieldEvent;
  /** An instrument has been connected or lost, or is lost for another reason. */
  readonly contact: { readonly instrument: Instrument };
  /** An instrument came, went, or took the place of another. */
  readonly bench: BenchEvent;
  /** An alarm was raised, acknowledged, set aside, or is no more. */
  readonly alarm: AlarmEvent;
  /** Somebody took an instrument or released it, or their control ends sooner. */
  readonly control: { readonly instrument: Instrument };
  /** Somebody asks for something that may change something. */
  readonly begun: Activity;
  /** That has ended. */
  readonly ended: Ending;
  /** Somebody asks for something that only reads: most of what is asked, and seldom followed. */
  readonly asked: Activity;
  /** That was answered. */
  readonly answered: Ending;
}

/** The options of a subscriber. */
export interface SubscriberOptions {
  /** What it is, for the log. @default "a listener" */
  readonly name?: string;
  /**
   * How many events may wait while a promise that it returned is pending; of more, the oldest are left out, which the
   * log tells.
   *
   * @default 1024
   */
  readonly most?: number;
}

interface Subscriber<Event> {
  readonly listener: (event: Event) => unknown;
  readonly name: string;
  readonly most: number;
  /** What waits; `undefined` while nothing is under way. */
  waiting: { readonly event: Event; readonly faults: Faults }[] | undefined;
}

/** Tells subscribers of what happens. */
export class Hub<Events extends object = HubEvents> {
  readonly #subscribers = new Map<keyof Events, Set<Subscriber<never>>>();
  readonly #faults = new Faults("the bench");

  /**
   * Calls the listener for every event of a type, at once, until the returned function is called.
   *
   * @param type Which events.
   * @param listener One that throws is told in the log. While a promise that it returned is pending it gets no other
   * event: they wait, up to a number.
   * @param options What it is called, and how many events may wait.
   */
  subscribe<Type extends keyof Events>(
    type: Type,
    listener: (event: Events[Type]) => unknown,
    { name = "a listener", most = 1024 }: SubscriberOptions = {},
  ): () => void {
    const subscriber: Subscriber<Events[Type]> = { listener, name, most, waiting: undefined };
    const subscribers = this.#of(type);
    subscribers.add(subscriber);
    return () => {
      subscribers.delete(subscriber);
      subscriber.waiting?.splice(0);
    };
  }

  /** Whether somebody listens: nothing has to be made ready for nobody. */
  hears(type: keyof Events): boolean {
    return (this.#subscribers.get(type)?.size ?? 0) > 0;
  }

  /**
   * Tells everybody who subscribed to it.
   *
   * @param type The type.
   * @param event What happened.
   * @param faults Where it is told that a listener failed. @default as a fault of the bench
   */
  publish<Type extends keyof Events>(type: Type, event: Events[Type], faults: Faults = this.#faults): void {
    const subscribers = this.#subscribers.get(type);
    if (subscribers === undefined) return;
    for (const subscriber of subscribers as unknown as Set<Subscriber<Events[Type]>>) tell(subscriber, event, faults);
  }

  #of<Type extends keyof Events>(type: Type): Set<Subscriber<Events[Type]>> {
    let found = this.#subscribers.get(type);
    if (found === undefined) this.#subscribers.set(type, found = new Set());
    return found as unknown as Set<Subscriber<Events[Type]>>;
  }
}

function tell<Event>(subscriber: Subscriber<Event>, event: Event, faults: Faults): void {
  const { waiting, most, name } = subscriber;
  if (waiting !== undefined) {
    if (waiting.length >= most) {
      waiting.shift();
      faults.tell(name, new Error(`it is too slow: of more than ${most} events that wait, the oldest are left out`));
    }
    return void waiting.push({ event, faults });
  }
  let result: unknown;
  try {
    result = subscriber.listener(event);
  } catch (error) {
    return faults.tell(name, error);
  }
  if (result instanceof Promise) void goOn(subscriber, result, faults);
}

/** Publishes how something ended that was begun. */
export type End = (answer: () => string, failed: boolean) => void;

/** Whether somebody follows what is asked, or how it ends. */
export function isFollowed(hub: Hub, onlyReads: boolean): boolean {
  return onlyReads ? hub.hears("asked") || hub.hears("answered") : hub.hears("begun") || hub.hears("ended");
}

/** Publishes that somebody asks for something; whatever is asked often looks before whether that {@linkcode isFollowed}. */
export function begin(hub: Hub, activity: Activity): End {
  const [first, last] = activity.onlyReads ? ["asked", "answered"] as const : ["begun", "ended"] as const;
  hub.publish(first, activity);
  return (answer, failed) => hub.publish(last, { activity, answer, failed });
}

/** Waits for a subscriber that takes its time, and then tells it what came meanwhile. */
async function goOn<Event>(subscriber: Subscriber<Event>, result: Promise<unknown>, faults: Faults): Promise<void> {
  const waiting: NonNullable<Subscriber<Event>["waiting"]> = subscriber.waiting = [];
  for (;;) {
    try {
      await result;
    } catch (error) {
      faults.tell(subscriber.name, error);
    }
    const next = waiting.shift();
    if (next === undefined) break;
    ({ faults } = next);
    result = Promise.resolve(next.event).then(subscriber.listener);
  }
  subscriber.waiting = undefined;
}
