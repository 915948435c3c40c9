/**
 * Fills `{title}` and other places of a template, each value escaped by where it stands, so that no value of an
 * instrument's can become more than text.
 *
 * @module
 */

/** What a template may name, and what each is. */
export const placeholders = {
  subject: "all of it in one line: [lab] HIGH: Too hot",
  message: "all of it, in several lines",
  title: "the alarm's title; of several alarms, how many there are and their titles",
  severity: "low, medium, high or critical; of several the highest",
  priority: "the severity as a number: 2, 3, 4, 5",
  state: "unacknowledged, acknowledged, returned …",
  text: "what to do",
  reason: "why: the values that were seen",
  bench: "the bench's name",
  since: "since when, by the PC's clock",
  times: "how often it came",
  secret: "what stands in secretFile",
} as const;

/** A word of a template. */
export type Placeholder = keyof typeof placeholders;

/** What is filled in. */
export type Values = Readonly<Record<Exclude<Placeholder, "secret">, string>>;

const place = /\{([A-Za-z]\w*)\}/g;

/** The words in braces that a template must not have. */
export function unknownPlaces(template: string, known: readonly string[] = Object.keys(placeholders)): string[] {
  return [...template.matchAll(place)].flatMap(([, word]) => known.includes(word!) ? [] : [word!]);
}

/** Whether a template names a word. */
export function names(template: unknown, word: Placeholder): boolean {
  return JSON.stringify(template ?? "").includes(`{${word}}`);
}

/**
 * Fills a template.
 *
 * @param values What the words stand for; others stay as they are.
 * @param escape Makes a value safe where the template stands.
 */
export function filled(
  template: string,
  values: Readonly<Record<string, string>>,
  escape: (value: string) => string = (value) => value,
): string {
  return template.replace(place, (all, word: string) => Object.hasOwn(values, word) ? escape(values[word]!) : all);
}

/** Escapes for the inside of a text of JSON. */
export function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Fills every text of a JSON value. Whatever is filled in, it stays JSON of the same form. */
export function filledJson(template: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof template === "string") return filled(template, values);
  if (Array.isArray(template)) return template.map((each) => filledJson(each, values));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filledJson(value, values)]));
}

/**
 * A text on one line, without control characters: a line break in a header would begin another header.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").trim();
}

/** A value of an HTTP header: on one line, and written as RFC 2047 says it where it is not plain ASCII. */
export function inHeader(text: string): string {
  const line = oneLine(text);
  if (/^[\x20-\x7e]*$/.test(line)) return line;
  const bytes = new TextEncoder().encode(line);
  return `=?UTF-8?B?${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}?=`;
}
