/**
 * Finds instruments, fields, commands, settings and places by what people type.
 *
 * @module
 */

import { commandTitle, fieldCaption } from "../bench/fields.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { addressOf, instrumentAddress } from "./address.ts";

/** Something that can be found. */
export interface Findable {
  /** What people call it. */
  readonly title: string;
  /** Where it belongs: the instrument of a field. */
  readonly of: string;
  readonly kind: "place" | "instrument" | "reading" | "setting" | "command" | "guard" | "plot" | "run";
  readonly address: string;
  /** The words of its title and name, in lower case. */
  readonly words: readonly string[];
  /** The words of where it belongs. */
  readonly around: readonly string[];
}

/** Words by which people know the same thing: `CH4_flow` is found by `ch4`, `flow` and `ch4_flow`. */
function wordsOf(...texts: readonly string[]): string[] {
  const whole = texts.join(" ").toLowerCase();
  return [...new Set([...whole.split(/\s+/), ...whole.split(/[^\p{L}\p{N}]+/u)])].filter((word) => word !== "");
}

/** Everything of a bench that can be found, its guards, and the places. */
export function findables(
  instruments: readonly LiveInstrument[],
  places: readonly { readonly name: string; readonly title: string }[],
  guards: readonly { readonly name: string; readonly title: string; readonly summary: string }[] = [],
  plots: Readonly<Record<string, string>> = {},
  runs: readonly { readonly id: number; readonly title: string; readonly file: string }[] = [],
): readonly Findable[] {
  const found: Findable[] = places.map(({ name, title }) => ({
    title,
    of: "",
    kind: "place",
    address: addressOf(name),
    words: wordsOf(title, name),
    around: [],
  }));
  for (const [title, query] of Object.entries(plots)) {
    found.push({
      title,
      of: "",
      kind: "plot",
      address: addressOf("plots", [], new URLSearchParams(query)),
      words: wordsOf(title),
      around: [],
    });
  }
  for (const { id, title, file } of runs) {
    found.push({
      title,
      of: `run ${id}`,
      kind: "run",
      address: addressOf("runs", [String(id)]),
      words: wordsOf(title, file),
      around: wordsOf("run", String(id)),
    });
  }
  for (const { name, title, summary } of guards) {
    found.push({
      title,
      of: "",
      kind: "guard",
      address: addressOf("guards", [name]),
      words: wordsOf(title, name),
      around: wordsOf(summary),
    });
  }
  for (const { name, title, caption, summary, fields, commands } of instruments) {
    const own = wordsOf(caption, title, name);
    found.push({
      title: caption,
      of: caption === title ? "" : title,
      kind: "instrument",
      address: instrumentAddress(name),
      words: own,
      around: wordsOf(summary),
    });
    for (const { spec } of fields.values()) {
      found.push({
        title: fieldCaption(spec),
        of: caption,
        kind: spec.access === "setting" ? "setting" : "reading",
        address: instrumentAddress(name, spec.name),
        words: wordsOf(spec.title, spec.name),
        around: own,
      });
    }
    for (const command of commands) {
      found.push({
        title: commandTitle(command),
        of: caption,
        kind: "command",
        address: instrumentAddress(name, command.name),
        words: wordsOf(command.name.replaceAll("_", " "), command.name),
        around: own,
      });
    }
  }
  return found;
}

/** How well a typed word fits: 3 is a whole word, 2 its beginning, 1 somewhere in it, 0 not at all. */
function fit(typed: string, words: readonly string[]): number {
  let best = 0;
  for (const word of words) {
    const now = word === typed ? 3 : word.startsWith(typed) ? 2 : typed.length > 1 && word.includes(typed) ? 1 : 0;
    if (now > best) best = now;
  }
  return best;
}

const kindsInOrder: readonly Findable["kind"][] = [
  "place",
  "instrument",
  "plot",
  "guard",
  "run",
  "setting",
  "reading",
  "command",
];

/**
 * Finds what fits all typed words, in any order: the best first.
 *
 * @param typed What somebody typed; where it is empty, the places and instruments are offered.
 */
export function find(all: readonly Findable[], typed: string): readonly Findable[] {
  const asked = typed.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (asked.length === 0) return all.filter(({ kind }) => kind === "place" || kind === "instrument");
  const scored: { readonly item: Findable; readonly score: number }[] = [];
  for (const item of all) {
    let score = 0;
    let isOwn = false;
    const fits = asked.every((word) => {
      const own = fit(word, item.words);
      isOwn ||= own > 0;
      const one = own > 0 ? 2 * own + 1 : fit(word, item.around);
      score += one;
      return one > 0;
    });
    // The fields of an instrument are not what its name alone asks for.
    if (fits && (isOwn || item.kind === "instrument")) {
      score += (kindsInOrder.length - kindsInOrder.indexOf(item.kind)) / 10;
      scored.push({ item, score: score - item.title.length / 1000 });
    }
  }
  return scored.sort((one, other) => other.score - one.score).map(({ item }) => item);
}
