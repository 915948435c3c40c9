/**
 * A field: a named, typed value with a time and a quality.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { FieldDescription, ValueDescription, WireValue } from "../../protocol/description.ts";
import type { Quality } from "../../protocol/vocabulary.ts";
import { identifierOf } from "./names.ts";
import { formatValue, notAsDeclared, parseValue, shown, type Value, type ValueOf, type ValueType } from "./values.ts";

/** How many digits of a computed float are told, unless it declares `decimals` or `format`. */
const computedDigits = 7;

/**
 * The declaration of a field.
 *
 * @example
 * ```ts
 * import { defineInstrument, type FieldSpec } from "@heliograph/heliograph";
 *
 * const celsius: FieldSpec<"float"> = { type: "float", unit: "°C", decimals: 1, keyword: "DOMETEMP", read: () => 11.5 };
 * defineInstrument({ title: "Dome", fields: { Temperature: celsius } });
 * ```
 */
export interface FieldSpec<T extends ValueType = ValueType> extends ValueDescription<T> {
  /** `readout`: read only. `setting`: can be set. @default "setting" where there is `write` or `needsConfirm` */
  readonly access?: FieldDescription["access"];
  /** Whether a changed setting waits for `confirm`, as PyOpticon's entries do. @default false */
  readonly needsConfirm?: boolean;
  /** What it holds before anything was read or set. @default nothing, which reads `No Reading` */
  readonly initial?: ValueOf<T>;
  /**
   * Reads the hardware; called at the poll interval. Throw a HeliographError where it fails: with the code
   * `not_connected` where nothing answers, and the field keeps its value until it is stale.
   *
   * @param signal Aborted when the reading takes too long.
   * @param pass The same object for all the fields that are read in one go: one answer may hold several.
   */
  readonly read?: (signal: AbortSignal, pass: object) => ValueOf<T> | Promise<ValueOf<T>>;
  /** Whether it is updated by what the instrument sends without being asked, and goes stale when that ends. @default false */
  readonly listens?: boolean;
  /** How often it is read, in seconds. @default the instrument's poll interval */
  readonly pollInterval?: number;
  /**
   * Another interval, in seconds, for as long as something is so: while it moves. @default none
   *
   * @internal
   */
  readonly pollWhile?: { readonly interval: number; readonly active: () => boolean };
  /** Whether it belongs into the data log. @default true */
  readonly log?: boolean;
  /**
   * For how long each of its readings is kept, where that differs from the other fields: `2y`; `false` for not at all.
   *
   * @default as the records say
   */
  readonly keep?: string | false;
  /** The FITS keyword by which the headers of images say it, for example `CAMTEMP`. @default none */
  readonly keyword?: string;
  /** For a setting: the field by which the device says what it made of it. @default none */
  readonly readback?: {
    /** The title or the name of a field of the same instrument, of the same type. */
    readonly field: string;
    /** By how much two numbers may differ and still be the same, in the setting's unit. @default 0 */
    readonly tolerance?: number;
    /** How long the device may take, in seconds. @default 10 */
    readonly within?: number;
  };
  /**
   * How it is computed from other fields of the bench: `voltage * current`. It is computed whenever one of them changes,
   * and cannot be read or set in another way. @default it is not
   */
  readonly compute?: string;
  /** The alarm limits of a number: beyond them, a person is called. @default none */
  readonly alarm?: NonNullable<FieldDescription["alarm"]> & {
    /** By how much it must be back within a limit before its alarm returns. @default 0 */
    readonly deadband?: number;
    /** For how long it must be beyond a limit, in seconds. @default 0 */
    readonly delay?: number;
    /** How soon a person has to do something beyond `low` or `high`; `lowLow` and `highHigh` are one more severe. @default "medium" */
    readonly severity?: "low" | "medium" | "high" | "critical";
    /** What a person should do. */
    readonly text?: string;
  };
  /** Writes the hardware; called when the field is set, or at `confirm` where it needs one. */
  readonly write?: (value: ValueOf<T>, signal: AbortSignal) => unknown;
}

export type { Quality };

/** The alarm limits of a field. */
export type AlarmLimits = NonNullable<FieldSpec["alarm"]>;

/** The declaration of what a device says of a setting. */
export type ReadbackSpec = NonNullable<FieldSpec["readback"]>;

/**
 * A field of a running instrument, typed by its declaration.
 *
 * @example
 * ```ts
 * import { defineInstrument, type Field } from "@heliograph/heliograph";
 *
 * const count = (counter: Field<number>) => counter.update((counter.value ?? 0) + 1);
 * const { fields } = defineInstrument({ title: "Counter", fields: { Events: { type: "int", initial: 0 } } });
 * count(fields.Events);
 * console.log(fields.Events.value); // 1
 * ```
 */
export interface Field<V extends WireValue = WireValue> {
  /** An identifier: `actual_status`. */
  readonly name: string;
  /** What people and PyOpticon's scripts call it: `Actual Status`. */
  readonly title: string;
  /** The value; `undefined` when it has not been read or set yet. */
  readonly value: V | undefined;
  /** Whether to trust it. */
  readonly quality: FieldDescription["quality"];
  /**
   * Sets what the field holds, without writing any hardware, and publishes the change.
   *
   * @param value The value, which must be of the declared type and within the limits.
   */
  update(value: V): void;
}

/**
 * The field itself: what {@linkcode Field} shows of it, and what the instrument and the bench need.
 *
 * @example
 * ```ts
 * import { defineInstrument, type BenchField } from "@heliograph/heliograph";
 *
 * const instrument = defineInstrument({ title: "Dome", fields: { Azimuth: { type: "float", unit: "deg" } } });
 * const azimuth: BenchField = instrument.field("azimuth");
 * console.log(azimuth.text, azimuth.quality); // No Reading stale
 * azimuth.update(270);
 * console.log(azimuth.text, azimuth.quality); // 270.0 good
 * ```
 */
export class BenchField implements Field {
  /** An identifier: `actual_status`. */
  readonly name: string;
  /** What people and PyOpticon's scripts call it: `Actual Status`. */
  readonly title: string;
  /** Its declaration. */
  readonly spec: FieldSpec;
  /** Whether it can be set. */
  readonly access: FieldDescription["access"];
  /** The value; `undefined` when it has not been read or set yet. */
  value: WireValue | undefined;
  /** Whether to trust it. */
  quality: FieldDescription["quality"] = "stale";
  /** A setting that was changed and waits for `confirm`. */
  staged = false;
  /** Why the quality is not good. */
  reason = "not read yet";
  /**
   * When it is to be read next, on the clock of `performance.now()`.
   *
   * @internal
   */
  due = 0;
  /**
   * When it was to be read last, on the same clock.
   *
   * @internal
   */
  askedAt = 0;
  /**
   * When it was read or set, on the clock of `performance.now()`, which nobody sets; 0 when never.
   *
   * @internal
   */
  readAt = 0;
  /** Whether it has no value now because it is not asked for, and for no other reason. */
  #withheld = false;
  #time = 0;
  /** When what it was computed from was read. */
  #computedAt: (() => number) | undefined;
  #missed = "";
  #misses = 0;
  #since = performance.now();
  /** What it was before it was staged. */
  #applied: Pick<BenchField, "value" | "quality" | "reason" | "time" | "readAt"> | undefined;
  /** The text by which its value was set; `undefined` where it was not set by text, or has changed since. */
  #setText: string | undefined;
  readonly #told: (field: BenchField, changed: boolean) => void;

  /**
   * Makes a field.
   *
   * @param title The title, with a letter or a digit at least: the name is made from it.
   * @param told Told whenever it was read or set, or could not be, and whether that changed anything.
   */
  constructor(title: string, spec: FieldSpec, told: (field: BenchField, changed: boolean) => void) {
    this.title = title;
    this.name = identifierOf(title);
    if (this.name === "") throw new TypeError(`Cannot name a field "${title}": it needs a letter or a digit`);
    this.spec = spec;
    this.access = spec.access ?? (spec.write !== undefined || spec.needsConfirm ? "setting" : "readout");
    this.#told = told;
    if (spec.initial !== undefined) {
      this.value = spec.initial;
      this.quality = "good";
      this.reason = "";
      this.#time = Date.now();
    }
    if (spec.compute !== undefined) this.reason = "not computed yet";
  }

  /**
   * When it was read or set, in milliseconds since 1970; 0 when never. Of a computed one, when the oldest reading was
   * made from which it was computed: that goes on while nothing changes.
   */
  get time(): number {
    return this.quality === "good" && this.#computedAt !== undefined ? this.#computedAt() : this.#time;
  }

  /**
   * What it holds at the device: of a setting that waits for `confirm`, what it was before.
   *
   * @internal
   */
  get inEffect(): {
    readonly value: Value | undefined;
    readonly quality: Quality;
    readonly reason: string;
    readonly time: number;
  } {
    return this.#applied ?? this;
  }

  /** The value as people and PyOpticon's clients read it; `No Reading` and `Read Error` are PyOpticon's words. */
  get text(): string {
    return this.#textOf(this.value, this.quality);
  }

  /** The text as it was set, until the value changes: PyOpticon's scripts wait for the text that they have set. */
  get textAsSet(): string {
    return this.quality === "error" ? this.text : this.#setText ?? this.text;
  }

  #textOf(value: Value | undefined, quality: Quality): string {
    if (quality === "error") return "Read Error";
    return value === undefined ? "No Reading" : formatValue(this.spec, value, this.#digits);
  }

  /** How many digits of a float are told: those of what is computed mean no more than those that it is computed from. */
  get #digits(): number | undefined {
    return this.spec.compute === undefined ? undefined : computedDigits;
  }

  /** The value as typed clients read it; PyOpticon's words where there is none to be trusted. */
  get reading(): WireValue {
    return this.quality === "error" || this.value === undefined ? this.text : this.value;
  }

  /**
   * A value as declared, from text or from a value that came typed.
   *
   * @throws {HeliographError} With the whole sentence: what was set, on what, why it cannot be.
   * @internal
   */
  parse(given: unknown, instrument: string): Value {
    try {
      return parseValue(this.spec, given);
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      throw new HeliographError(
        error.code,
        `Cannot set ${this.title} of ${instrument} to ${shown(given)}: ${error.message}`,
      );
    }
  }

  /** Keeps the text by which the value that it holds now was set, until that value changes. */
  keepText(given: unknown): void {
    // `true` and `false` are how typed clients set a switch, and nobody reads it so.
    const typed = this.spec.type === "switch" && (given === "true" || given === "false");
    this.#setText = typeof given === "string" && !typed ? given : undefined;
  }

  /** Takes a value that was read or written. @param value The value; one that is not as declared is an error. */
  update(value: WireValue): void {
    const wrong = this.take(value);
    if (wrong !== "") this.fail(`its driver said ${wrong}`);
  }

  /**
   * Takes a value that was read.
   *
   * @returns What is wrong with it, where it is not as declared: then it is not taken.
   * @internal
   */
  take(value: Value): string {
    const wrong = notAsDeclared(this.spec, value);
    if (wrong === "") this.#become(value, "good", "", false);
    return wrong;
  }

  /**
   * Takes what the same field holds in another process.
   *
   * @param ago How long ago it was read there, in seconds. @default 0
   * @internal
   */
  mirror(value: Value | undefined, quality: Quality, reason: string, staged: boolean, ago = 0): void {
    const wrong = value === undefined ? "" : notAsDeclared(this.spec, value);
    if (wrong !== "") this.fail(`its driver said ${wrong}`);
    else if (staged && value !== undefined) this.stage(value);
    else this.#become(value, quality, reason, false, Date.now() - ago * 1000, performance.now() - ago * 1000);
  }

  /**
   * Takes a value that was computed; one that is not as declared is an error.
   *
   * @param time Tells when the oldest reading was made from which it was computed, in milliseconds since 1970.
   * @internal
   */
  takeComputed(value: Value, time: () => number): void {
    const wrong = notAsDeclared(this.spec, value);
    if (wrong !== "") return this.#become(this.value, "error", `its value would be ${wrong}`, false);
    this.#computedAt = time;
    this.#become(value, "good", "", false, time());
  }

  /** The text of what it was before it was changed, while the change waits for `confirm`; `undefined` otherwise. */
  get appliedText(): string | undefined {
    return this.#applied === undefined ? undefined : this.#textOf(this.#applied.value, this.#applied.quality);
  }

  /**
   * Keeps a setting's new value until `confirm` or `revert`.
   *
   * @internal
   */
  stage(value: Value): void {
    const { value: held, quality, reason, time, readAt } = this;
    this.#applied ??= { value: held, quality, reason, time, readAt };
    this.#become(value, "good", "", true);
  }

  /**
   * Puts back what it was before it was staged.
   *
   * @internal
   */
  revert(): void {
    if (this.#applied === undefined) return;
    const { value, quality, reason, time, readAt } = this.#applied;
    // Nobody has read it meanwhile.
    this.#time = time;
    this.readAt = readAt;
    this.#setText = undefined;
    this.#become(value, quality, reason, false, time, readAt);
  }

  /**
   * Reading it failed: the last value stays, but is not to be trusted.
   *
   * @internal
   */
  fail(reason: string): void {
    this.#missed = "";
    // What somebody wants stays as they want it.
    if (this.#applied !== undefined) return this.#applyInDoubt("error", reason);
    this.#become(this.value, "error", reason, this.staged);
  }

  /**
   * It is not asked for now: it has no value, and that is no error.
   *
   * @param reason Why.
   * @internal
   */
  withhold(reason: string): void {
    this.#missed = "";
    this.#become(undefined, "stale", reason, false);
    this.#withheld = true;
  }

  /**
   * Nothing answered: the value stays as it is, until it is too old.
   *
   * @param reason Why.
   * @internal
   */
  miss(reason: string): void {
    this.#missed = reason;
  }

  /**
   * A setting of an instrument that does not know of it: what it holds is what somebody wants, and nothing more.
   *
   * @internal
   */
  doubt(reason: string): void {
    if (this.#applied !== undefined) return this.#applyInDoubt("stale", reason);
    if (this.value !== undefined && this.quality === "good") this.#become(this.value, "stale", reason, false);
  }

  /** While another value is staged: that the applied one is not to be trusted any more. */
  #applyInDoubt(quality: Quality, reason: string): void {
    const applied = this.#applied!;
    if (applied.value === undefined || applied.quality !== "good") return;
    this.#applied = { ...applied, quality, reason };
    this.#told(this, true);
  }

  /**
   * Nothing answered to it: each time in a row it is asked half as often.
   *
   * @param interval How often it is read, in seconds.
   * @internal
   */
  postpone(interval: number): void {
    this.#misses = Math.min(this.#misses + 1, 6);
    this.due = performance.now() + interval * 1000 * 2 ** this.#misses;
  }

  /**
   * From now on it is expected to be read.
   *
   * @internal
   */
  expect(): void {
    this.#since = performance.now();
  }

  /**
   * Looks how old the value is: too old, and it is stale; much too old, and it is in error, with the reason.
   *
   * @param staleAfter In seconds.
   * @param errorAfter In seconds.
   * @internal
   */
  age(staleAfter: number, errorAfter: number): void {
    if (this.#withheld) return;
    const old = (performance.now() - (this.readAt || this.#since)) / 1000;
    const why = this.#missed === "" ? "" : `: ${this.#missed}`;
    // What a failed reading said stays, unless it is known that nothing answers.
    if (this.quality === "error" && this.#missed === "") return;
    if (old > errorAfter) {
      this.#become(this.value, "error", `not read for more than ${errorAfter} s${why}`, this.staged);
    } else if (old > staleAfter && this.quality === "good") {
      this.#become(this.value, "stale", `not read for more than ${staleAfter} s${why}`, this.staged);
    }
  }

  #become(
    value: Value | undefined,
    quality: Quality,
    reason: string,
    staged: boolean,
    time: number = Date.now(),
    readAt: number = performance.now(),
  ): void {
    const same = value === this.value && quality === this.quality && reason === this.reason && staged === this.staged;
    if (value !== this.value) this.#setText = undefined;
    this.#withheld = false;
    if (quality !== "good") this.#time = this.time;
    this.value = value;
    this.quality = quality;
    this.reason = reason;
    this.staged = staged;
    if (!staged) this.#applied = undefined;
    if (quality === "good") {
      this.#time = time;
      this.readAt = readAt;
      this.#missed = "";
      this.#misses = 0;
    }
    this.#told(this, !same);
  }
}
