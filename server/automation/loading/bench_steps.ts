/**
 * Loads the steps that ask something of an instrument: sets, calls and ramps.
 *
 * @module
 */

import type { BenchField } from "../../bench/field.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { didYouMean, identifierOf, listed } from "../../bench/names.ts";
import { commandOf, placeOf, settingOf } from "../../bench/places.ts";
import { timeText, unitOf } from "../step_text.ts";
import type { Place, Reach, StepBody } from "../steps.ts";
import type { StepEntry } from "./step_entry.ts";

/** How long a readback may take, in seconds, where nobody says it. */
const usualReach = 300;

/** Loads steps that ask something of an instrument. */
export class BenchStepLoader {
  readonly #instruments: readonly Instrument[];
  readonly #driven: Set<string>;

  /** Loads none yet. @param driven Is given the names of the instruments that they drive. */
  constructor(instruments: readonly Instrument[], driven: Set<string>) {
    this.#instruments = instruments;
    this.#driven = driven;
  }

  /** A setting is set, and perhaps its readback waited for. */
  set(entry: StepEntry): StepBody | undefined {
    const { words, values } = entry;
    const found = this.#setting(entry, "set");
    if (words.to === undefined) entry.wrong("set", 'says not to what it is set: give it "to"');
    const value = words.to === undefined ? undefined : entry.try("to", () => values.of(words.to!));
    if (found === undefined || value === undefined) return undefined;
    const [instrument, field] = found;
    const fits = entry.try("to", () => field.parse(value, instrument.title) !== undefined);
    const reach = this.#reach(entry, instrument, field);
    if (!fits) return undefined;
    const close = reach === undefined ? "" : ` and wait until it is within ${reach.tolerance}`;
    return {
      kind: "set",
      setting: { instrument: instrument.name, field: field.name },
      value,
      confirm: field.spec.needsConfirm === true && words.confirm !== false,
      reach,
      text: `set ${field.title} of ${instrument.title} to ${value}${unitOf(field)}${close}`,
    };
  }

  /** A command is called. */
  call(entry: StepEntry): StepBody | undefined {
    return entry.try("call", (): StepBody | undefined => {
      const [instrument, name] = this.#place(entry.text("call"));
      const command = commandOf(instrument, name);
      this.#driven.add(instrument.name);
      return entry.try("arguments", (): StepBody => {
        const args = (entry.words.arguments ?? []).map((each) => entry.values.of(each));
        command.bind(instrument.name, name, args, new Map());
        const text = `call ${[name, ...args].join(" ")} of ${instrument.title}`;
        return { kind: "call", instrument: instrument.name, command: name, arguments: args, text };
      });
    });
  }

  /** A setting is set again and again, from one number to another. */
  ramp(entry: StepEntry): StepBody | undefined {
    const { words } = entry;
    const found = this.#setting(entry, "ramp");
    if (words.to === undefined) entry.wrong(undefined, 'says not where it ends: give it "to"');
    if (words.over === undefined) entry.wrong(undefined, 'says not how long it takes: give it "over"');
    if (words.to === undefined || words.over === undefined) return undefined;
    const to = entry.number("to");
    const from = words.from === undefined ? undefined : entry.number("from");
    const over = entry.time("over");
    const every = words.every === undefined ? 1 : entry.time("every");
    if (found === undefined || to === undefined || over === undefined || every === undefined) return undefined;
    const [instrument, field] = found;
    if (!isNumber(field)) {
      entry.wrong("ramp", `${field.title} of ${instrument.title} is no number`);
      return undefined;
    }
    if (every < 0.05) entry.wrong("every", "should be at least 0.05s");
    for (const [word, value] of [["from", from], ["to", to]] as const) {
      if (value !== undefined) entry.try(word, () => field.parse(value, instrument.title));
    }
    const begin = from === undefined ? "" : ` from ${from}${unitOf(field)}`;
    return {
      kind: "ramp",
      setting: { instrument: instrument.name, field: field.name },
      from,
      to,
      over,
      every: Math.max(every, 0.05),
      confirm: field.spec.needsConfirm === true,
      text: `ramp ${field.title} of ${instrument.title}${begin} to ${to}${unitOf(field)} over ${timeText(over)}`,
    };
  }

  #setting(entry: StepEntry, word: "set" | "ramp"): [Instrument, BenchField] | undefined {
    return entry.try(word, () => {
      const [instrument, name] = this.#place(entry.text(word));
      const field = settingOf(instrument, name);
      this.#driven.add(instrument.name);
      return [instrument, field];
    });
  }

  #reach(entry: StepEntry, instrument: Instrument, field: BenchField): Reach | undefined {
    const { words } = entry;
    if (words.within === undefined) {
      entry.without(["readback", "timeout"], 'has a meaning only beside "within"');
      return undefined;
    }
    const tolerance = entry.number("within");
    const timeout = words.timeout === undefined ? usualReach : entry.time("timeout");
    const readback = this.#readback(entry, instrument, field);
    if (tolerance !== undefined && tolerance < 0) entry.wrong("within", "should be at least 0");
    return tolerance === undefined || timeout === undefined || readback === undefined
      ? undefined
      : { tolerance, timeout, readback };
  }

  #readback(entry: StepEntry, instrument: Instrument, field: BenchField): Place | undefined {
    if (entry.words.readback === undefined) {
      const named = field.spec.readback?.field;
      if (named !== undefined) return { instrument: instrument.name, field: instrument.field(named).name };
      const why = `${field.title} of ${instrument.title} has no readback in the bench file`;
      entry.wrong("within", `needs a field to look at: ${why}; give "readback": "INSTRUMENT.FIELD"`);
      return undefined;
    }
    return entry.try("readback", () => {
      const [of, name] = this.#place(entry.text("readback"));
      const found = of.allFields.find((each) => each.name === identifierOf(name));
      const names = of.allFields.map((each) => each.name);
      if (found === undefined) {
        throw new TypeError(`${of.title} has no field ${name}${didYouMean(name, names)}; it has ${listed(names)}`);
      }
      if (!isNumber(found)) throw new TypeError(`${found.title} of ${of.title} is no number`);
      return { instrument: of.name, field: found.name };
    });
  }

  #place(text: string): [Instrument, string] {
    if (!/^[^.]*[a-z0-9][^.]*\.[^.]*[a-z0-9][^.]*$/i.test(text)) {
      throw new TypeError(`is ${JSON.stringify(text)}, and should be INSTRUMENT.NAME: mfc.flow`);
    }
    return placeOf(text, this.#instruments);
  }
}

function isNumber({ spec }: BenchField): boolean {
  return spec.type === "float" || spec.type === "int";
}
