/**
 * The page's copy of an instrument, with its live fields.
 *
 * @module
 */

import type {
  CommandDescription,
  ContactDescription,
  FieldDescription,
  FieldReading,
  HolderDescription,
  InstrumentDescription,
} from "../../../protocol/description.ts";
import type { History } from "../../../protocol/history.ts";
import type { Recent } from "../plots/recent.ts";
import { Live } from "./live.tsx";

/** A field of an instrument. */
export interface LiveField {
  /** How it was declared. */
  readonly spec: FieldDescription;
  /** The instrument's name. */
  readonly instrument: string;
  /** What it holds. */
  readonly reading: Live<FieldReading>;
  /** What it has been; `undefined` while it is not plotted. */
  history: History | undefined;
  /** Its last ten minutes; `undefined` where no sparkline shows them. */
  recent: Recent | undefined;
}

/** An instrument. */
export interface LiveInstrument {
  readonly name: string;
  readonly title: string;
  /** What stands over it; most often the title. */
  readonly caption: string;
  readonly summary: string;
  /** By title, as events name them. */
  readonly fields: ReadonlyMap<string, LiveField>;
  readonly commands: readonly CommandDescription[];
  /** The names of the fields that matter most, where it declares them. */
  readonly main: readonly string[] | undefined;
  /** Whether it is shown only to who asks for it. */
  readonly aside: boolean;
  /** Whether it takes images, the last of which can be looked at. */
  readonly hasImages: boolean;
  readonly contact: Live<ContactDescription | null>;
  readonly holder: Live<HolderDescription | null>;
  /** How many of its settings wait for confirm. */
  readonly staged: Live<number>;
  /** What of it never changes, as text: a server that comes back with the same keeps this object. */
  readonly shape: string;
}

/** The parts of a description that may change while the instrument stays the same. */
const changing = new Set([
  "value",
  "text",
  "quality",
  "time",
  "staged",
  "applied",
  "reason",
  "beyond",
  "contact",
  "holder",
]);

/** Whether a field is a number, and can be plotted. */
export function isNumeric({ type }: FieldDescription): boolean {
  return type === "float" || type === "int";
}

/** The reading in a field's description. */
export function readingOf(field: FieldDescription): FieldReading {
  const { value, text, quality, time, staged, applied, reason, beyond, unit } = field;
  return {
    value,
    text,
    quality,
    time,
    ...(staged === undefined ? {} : { staged }),
    ...(applied === undefined ? {} : { applied }),
    ...(reason === undefined ? {} : { reason }),
    ...(beyond === undefined ? {} : { beyond }),
    ...(unit === undefined ? {} : { unit }),
  };
}

/**
 * The parts of a description that never change while the instrument stays the same, as text.
 *
 * @param description What the server tells of it.
 */
export function shapeOf(description: InstrumentDescription): string {
  return JSON.stringify(description, (key, value) => changing.has(key) ? undefined : value);
}

/** Makes an instrument. @param description What the server tells of it. */
export function liveInstrument(description: InstrumentDescription): LiveInstrument {
  const { name, title, caption, summary, commands, main, aside = false, hasImages, contact, holder } = description;
  const fields = new Map(
    description.fields.map((spec): [string, LiveField] => [spec.title, {
      spec,
      instrument: name,
      reading: new Live(readingOf(spec)),
      history: undefined,
      recent: undefined,
    }]),
  );
  return {
    name,
    title,
    caption,
    summary,
    fields,
    commands,
    main,
    aside,
    hasImages,
    contact: new Live(contact),
    holder: new Live(holder),
    staged: new Live(0),
    shape: shapeOf(description),
  };
}

/** The reading of a field that an instrument does not have. */
export const noReading: Live<FieldReading> = new Live<FieldReading>({
  value: null,
  text: "",
  quality: "stale",
  time: null,
});
