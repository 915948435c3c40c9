/**
 * Tells the fleet what this PC's instruments read: what was read within a tenth of a second goes in one message.
 *
 * @module
 */

import type { FieldState } from "../../protocol/description.ts";
import type { ReadingsMessage } from "../../protocol/fleet.ts";
import type { Bench } from "../bench/bench.ts";
import { fieldState } from "../bench/describe.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";

/** How long readings are gathered, in milliseconds. */
const gathered = 100;

/** Tells what the instruments of a bench read. */
export class Publisher {
  /** Counts up whenever an instrument comes, goes or is another. */
  bench = 0;
  /** How many messages were published. */
  told = 0;
  readonly #publish: (instrument: string, message: ReadingsMessage) => void;
  /** What was read, and whether it is another, by the instrument. */
  readonly #untold = new Map<Instrument, Map<BenchField, boolean>>();
  readonly #numbers = new WeakMap<Instrument, number>();
  readonly #isHeard: () => boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #unsubscribe: readonly (() => void)[];

  /** Begins. @param publish Takes each message. @param isHeard Whether somebody may hear it: otherwise nothing is made. */
  constructor(
    { hub }: Bench,
    publish: (instrument: string, message: ReadingsMessage) => void,
    isHeard: () => boolean,
  ) {
    this.#publish = publish;
    this.#isHeard = isHeard;
    const name = "the fleet";
    this.#unsubscribe = [
      hub.subscribe("reading", ({ instrument, field }) => this.#take(instrument, field, false), { name }),
      hub.subscribe("change", ({ instrument, field }) => this.#take(instrument, field, true), { name }),
      hub.subscribe("bench", () => void this.bench++, { name }),
    ];
  }

  /** Tells at once what was read. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isHeard()) return this.#untold.clear();
    for (const [instrument, fields] of this.#untold) {
      const number = (this.#numbers.get(instrument) ?? 0) + 1;
      this.#numbers.set(instrument, number);
      const changed: Record<string, FieldState> = {};
      const same: string[] = [];
      for (const [field, isOther] of fields) {
        if (isOther) changed[field.name] = fieldState(field);
        else same.push(field.name);
      }
      this.told++;
      this.#publish(instrument.name, { number, changed, same });
    }
    this.#untold.clear();
  }

  /** Ends it. */
  stop(): void {
    clearTimeout(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #take(instrument: Instrument, field: BenchField, isOther: boolean): void {
    if (!this.#isHeard()) return;
    const fields = this.#untold.get(instrument) ?? new Map<BenchField, boolean>();
    this.#untold.set(instrument, fields);
    fields.set(field, isOther || fields.get(field) === true);
    this.#timer ??= setTimeout(() => this.flush(), gathered);
  }
}
