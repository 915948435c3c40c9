/**
 * The readings of the last hour: a plot that is opened now shows them at once.
 *
 * @module
 */

import type { FieldHistory } from "../../protocol/description.ts";
import type { Bench } from "../bench/bench.ts";
import type { BenchEvent } from "../bench/hub.ts";
import { History, keptSeconds, placeAt } from "../../protocol/history.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { BenchField } from "../bench/field.ts";

/** The history of every numeric field of a bench during the last hour; it takes 48 KiB a field at most. */
export class RecentReadings {
  readonly #histories = new Map<BenchField, History>();

  /** Begins to keep. @param bench All of its instruments are on it. */
  constructor(bench: Bench) {
    for (const { allFields } of bench.instruments) for (const field of allFields) this.#take(field);
    bench.hub.subscribe("change", ({ field }) => this.#take(field), { name: "the recent readings" });
    bench.hub.subscribe("bench", (event) => this.#move(event), { name: "the recent readings" });
  }

  /**
   * Tells what a field has been.
   *
   * @param field A numeric field.
   * @param seconds How far back.
   * @returns Its values with their times. The first one is that which held when the time asked for began, and was told
   * earlier where nothing changed since.
   * @throws {HeliographError} `bad_argument` where the field is no number.
   */
  of(field: BenchField, seconds: number = keptSeconds): FieldHistory {
    const { type } = field.spec;
    if (type !== "float" && type !== "int") {
      throw new HeliographError(
        "bad_argument",
        `Cannot tell the history of ${field.title}: only numbers have one, and it is of the type ${type}`,
      );
    }
    const [times, values]: [number[], (number | null)[]] = [[], []];
    const history = this.#histories.get(field);
    if (history === undefined) return { times, values };
    const first = Math.max(0, placeAt(history, Date.now() - seconds * 1000));
    for (let at = first; at < history.size; at++) {
      const value = history.value(at);
      times.push(history.time(at) / 1000);
      values.push(Number.isNaN(value) ? null : value);
    }
    return { times, values };
  }

  /** What a field was stays that of the field which takes its place, where it is of the same unit. */
  #move({ came, went }: BenchEvent): void {
    for (const old of went?.allFields ?? []) {
      const history = this.#histories.get(old);
      this.#histories.delete(old);
      const heir = came?.allFields.find(({ title, spec }) => title === old.title && spec.unit === old.spec.unit);
      if (history !== undefined && heir !== undefined) this.#histories.set(heir, history);
    }
    for (const field of came?.allFields ?? []) this.#take(field);
  }

  #take(field: BenchField): void {
    const { spec: { type }, value, quality, time, staged } = field;
    if (type !== "float" && type !== "int") return;
    // What waits for confirm is only what somebody wants.
    if (staged) return;
    let history = this.#histories.get(field);
    if (history === undefined) this.#histories.set(field, history = new History());
    // What is computed changes also while the oldest of what it is computed from stays.
    const when = field.spec.compute === undefined ? time : Date.now();
    if (quality === "good" && typeof value === "number") history.add(when, value);
    // What is not good has the time of the last good reading.
    else history.add(Date.now(), NaN);
  }
}
