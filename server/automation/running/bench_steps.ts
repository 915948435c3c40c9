/**
 * The steps of a run that ask something of an instrument: sets, calls and ramps.
 *
 * @module
 */

import type { Bench } from "../../bench/bench.ts";
import type { BenchField } from "../../bench/field.ts";
import type { RunLines } from "../run_lines.ts";
import type { Place } from "../run_store.ts";
import { timeText } from "../step_text.ts";
import type { RunStep } from "../steps.ts";
import type { PlaceWriter } from "./place_writer.ts";
import type { RunEnd } from "./run_end.ts";
import { lookEvery, type Waits } from "./waits.ts";

/** What a step asks for, and whether the run is at its `finally`. */
export interface RunRequest {
  readonly instrument: string;
  readonly command: string;
  readonly args: readonly unknown[];
  readonly last: boolean;
}

/** What the steps are done with. */
interface Parts {
  readonly bench: Pick<Bench, "find">;
  /** Does what a step asks for. */
  readonly act: (request: RunRequest) => unknown;
  readonly end: RunEnd;
  readonly writer: PlaceWriter;
  readonly waits: Waits;
  readonly lines: RunLines;
}

/** Does the steps that ask something of an instrument. */
export class BenchSteps {
  readonly #parts: Parts;
  /** Whether sets are told as PyOpticon tells them. */
  readonly #isScript: boolean;

  /** Does none yet. @param isScript Whether they are a script's. */
  constructor(isScript: boolean, parts: Parts) {
    this.#isScript = isScript;
    this.#parts = parts;
  }

  /** Calls a command, once it is written down that it may have been called. */
  call(step: Extract<RunStep, { kind: "call" }>, place: Place): Promise<void> {
    return this.#act(place, step.instrument, [[step.command, ...step.arguments]]);
  }

  /** Sets a setting, and waits until its readback is close to it where that is asked for. */
  async set(step: Extract<RunStep, { kind: "set" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { setting: { instrument, field }, value, confirm, reach } = step;
    if (place.reaching !== true) {
      const confirms = confirm ? [["confirm"]] : [];
      const before = this.#field(instrument, field).textAsSet;
      await this.#act(place, instrument, [["set", field, value], ...confirms]);
      if (this.#isScript) this.#tellSwitched(step, before);
    }
    if (reach === undefined) return;
    const { writer, waits } = this.#parts;
    place.reaching = true;
    writer.note(place);
    const { readback, tolerance, timeout } = reach;
    const held = () => this.#field(readback.instrument, readback.field);
    await waits.watching([held()], async () =>
      await waits.until(place, skipped, (gone) => {
        const found = held();
        const close = typeof found.value === "number" && found.quality === "good" &&
          Math.abs(found.value - Number(value)) <= tolerance;
        if (close) return undefined;
        if (gone < timeout) return Math.min(lookEvery, timeout - gone);
        const is = found.quality === "good" ? found.text : `not known: ${found.reason}`;
        throw new Error(`after ${timeText(timeout)}, ${found.title} is ${is}, and not within ${tolerance} of ${value}`);
      }));
  }

  /** A ramp that a restart has cut off may have set anything: it is not begun anew by itself. */
  async ramp(step: Extract<RunStep, { kind: "ramp" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { writer, waits } = this.#parts;
    const { setting: { instrument, field }, to, over, every, confirm } = step;
    const present = this.#field(instrument, field).value;
    const from = step.from ?? (typeof present === "number" ? present : undefined);
    if (from === undefined) throw new Error(`it is not known where it begins: give "from"`);
    place.began = undefined;
    place.acting = true;
    await writer.mark(place);
    const confirms = confirm ? [["confirm"]] : [];
    let due = 0;
    for (let done = false; !done;) {
      let part = 0;
      await waits.until(place, skipped, (gone) => {
        if (gone < due) return due - gone;
        // It begins where it is to begin, however late that is.
        part = over === 0 ? 1 : due === 0 ? 0 : Math.min(1, gone / over);
        return undefined;
      });
      done = part >= 1;
      const value = done ? to : Number((from + (to - from) * part).toPrecision(12));
      await this.#ask(instrument, [["set", field, value], ...confirms]);
      due = Math.min(over, due + every);
    }
    place.acting = undefined;
  }

  /** Writes down that something may have been done, and does it. */
  async #act(place: Place, instrument: string, commands: readonly (readonly unknown[])[]): Promise<void> {
    place.acting = true;
    await this.#parts.writer.mark(place);
    await this.#ask(instrument, commands);
    place.acting = undefined;
  }

  async #ask(instrument: string, commands: readonly (readonly unknown[])[]): Promise<void> {
    const { act, end } = this.#parts;
    for (const [command, ...args] of commands) {
      end.check();
      await end.orLeave(Promise.resolve(act({ instrument, command: String(command), args, last: end.isFinishing })));
    }
  }

  #field(instrument: string, field: string): BenchField {
    const found = this.#parts.bench.find(instrument);
    if (found === undefined) throw new Error(`${instrument} is not on the bench any more`);
    return found.field(field);
  }

  /** As PyOpticon tells it. */
  #tellSwitched({ setting, value }: Extract<RunStep, { kind: "set" }>, before: string): void {
    const { bench, lines } = this.#parts;
    const nickname = bench.find(setting.instrument)?.title ?? setting.instrument;
    const { title } = this.#field(setting.instrument, setting.field);
    lines.tell(`switched ${nickname} ${title} from "${before}" to "${value}"`);
  }
}
