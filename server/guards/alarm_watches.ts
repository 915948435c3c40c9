/**
 * What alarms look for: a condition of the bench file, the limits of a field, or what the server itself raises.
 *
 * @module
 */

import type { ConditionPart } from "../../protocol/guards.ts";
import { formatValue } from "../bench/values.ts";
import type { AlarmSight, AlarmWatch, PlacedField } from "./alarm.ts";
import type { Condition } from "../expressions/condition.ts";

/** Tells which other alarm tells why fields are not known: its title, or nothing. */
export type Teller = (fields: readonly PlacedField[]) => string;

const nothing = { returned: true, disabled: "", told: "", doubtful: [] } as const;

/** How a field is called on the wires. */
export function nameOf({ instrument, field }: PlacedField): string {
  return `${instrument.name}.${field.name}`;
}

/** The conditions of an alarm of the bench file. */
export interface AlarmConditions {
  readonly condition: Condition | undefined;
  /** Whether it says what must be so, rather than what raises it. */
  readonly must: boolean;
  readonly until: Condition | undefined;
  readonly enabled: Condition | undefined;
  /** Why it cannot be as it is written; empty where it can. */
  readonly problem: string;
}

/** Looks for what a condition of the bench file says. */
export class ConditionWatch implements AlarmWatch {
  readonly fields: readonly string[];
  readonly condition: string;
  readonly #conditions: AlarmConditions;
  readonly #teller: Teller;

  /** Makes it. @param words As the bench file has them. */
  constructor(conditions: AlarmConditions, words: { readonly text: string }, teller: Teller) {
    this.#conditions = conditions;
    this.#teller = teller;
    this.condition = words.text;
    this.fields = conditions.condition?.operands.map(nameOf) ?? [];
  }

  look(on: boolean): AlarmSight {
    const { condition, must, until, enabled, problem } = this.#conditions;
    const counts = enabled?.look();
    if (counts?.known && !counts.so) {
      return { ...nothing, so: false, disabled: `it counts only when ${enabled!.text}`, reason: "" };
    }
    if (condition === undefined || problem !== "") {
      return { ...nothing, so: null, reason: `it is not known whether it is so: ${problem}` };
    }
    const held = condition.look();
    if (!held.known) {
      const { doubtful } = condition;
      return {
        ...nothing,
        so: null,
        told: this.#teller(doubtful),
        doubtful,
        reason: `it is not known whether it is so: ${held.reason}`,
      };
    }
    const so = held.so !== must;
    if (so || !on || until === undefined) return { ...nothing, so, reason: so ? condition.values() : "" };
    const enough = until.look();
    const returned = enough.known && enough.so;
    return { ...nothing, so, returned, reason: returned ? "" : `${until.values()}; it returns when ${until.text}` };
  }

  parts(): ConditionPart[] {
    const { condition, until, enabled } = this.#conditions;
    return [condition, until, enabled].flatMap((each) => each?.parts() ?? []);
  }
}

/** Looks whether a number is beyond a limit of its field. */
export class LimitWatch implements AlarmWatch {
  readonly fields: readonly string[];
  readonly condition: string;
  readonly #place: PlacedField;
  readonly #above: boolean;
  readonly #limit: number;
  readonly #deadband: number;
  readonly #teller: Teller;
  readonly #other: () => string;

  /**
   * Makes it.
   *
   * @param other The title of the alarm that tells where this field is not known; empty where it is this one.
   */
  constructor(
    place: PlacedField,
    { above, limit, deadband }: { readonly above: boolean; readonly limit: number; readonly deadband: number },
    teller: Teller,
    other: () => string,
  ) {
    this.#place = place;
    this.#above = above;
    this.#limit = limit;
    this.#deadband = deadband;
    this.#teller = teller;
    this.#other = other;
    this.fields = [nameOf(place)];
    this.condition = `${this.fields[0]} ${above ? ">" : "<"} ${limit}`;
  }

  look(): AlarmSight {
    const { value, quality, reason } = this.#place.field.inEffect;
    if (quality !== "good" || typeof value !== "number" || Number.isNaN(value)) {
      const why = typeof value === "number" && quality === "good" ? "it is no number" : reason || "it was not read yet";
      return {
        ...nothing,
        so: null,
        told: this.#teller([this.#place]) || this.#other(),
        doubtful: [this.#place],
        reason: `${this.#label} is not known: ${why}`,
      };
    }
    const beyond = this.#above ? value - this.#limit : this.#limit - value;
    const so = beyond > 0;
    const returned = this.#deadband === 0 || -beyond >= this.#deadband;
    // Most are as they should be, each second: nothing is written down of those.
    return so || !returned ? { ...nothing, so, returned, reason: `${this.#label} is ${this.#text(value)}` } : fine;
  }

  get #label(): string {
    return `${this.#place.field.title} of ${this.#place.instrument.title}`;
  }

  #text(value: number): string {
    const { spec } = this.#place.field;
    const text = formatValue(spec, value, undefined);
    return spec.unit === undefined ? text : `${text} ${spec.unit}`;
  }

  parts(): ConditionPart[] {
    const { value, quality, reason } = this.#place.field.inEffect;
    const text = this.condition;
    if (quality !== "good" || typeof value !== "number") return [{ text, so: null, value: reason }];
    const distance = Number(Math.abs(value - this.#limit).toPrecision(6));
    return [{ text, so: this.#above ? value > this.#limit : value < this.#limit, value: this.#text(value), distance }];
  }
}

const fine: AlarmSight = { ...nothing, so: false, reason: "" };

/** Is so where somebody has said it. */
export class SaidWatch implements AlarmWatch {
  readonly condition = "";
  readonly fields: readonly string[];
  #sight: AlarmSight = { ...nothing, so: null, reason: "it is not known yet whether it is so still" };

  /** Nothing is said yet: after a start it stays what it was. */
  constructor(fields: readonly string[]) {
    this.fields = fields;
  }

  /** It is so, or not. @param reason Why it is; `undefined` where it is not. */
  say(reason: string | undefined): void {
    this.#sight = reason === undefined ? fine : { ...nothing, so: true, reason };
  }

  look(): AlarmSight {
    return this.#sight;
  }

  /** Nobody has said it since the start, and it has not been so. */
  settle(): void {
    if (this.#sight.so === null) this.#sight = fine;
  }

  parts(): ConditionPart[] {
    return [];
  }
}
