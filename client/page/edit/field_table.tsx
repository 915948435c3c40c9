/**
 * The fields of a described instrument as a table: what is asked, how the answer is read, and what is set.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { BenchEntry, EditProblem } from "../../../protocol/bench_edit.ts";
import { isAt, numberOr, renamed, textFor, valueAt, withValue } from "./entry.ts";
import { Problems } from "./form_parts.tsx";

const types = ["float", "int", "text", "switch"] as const;

/** The question of a field, and what its answer looks like; `undefined` where it is said in another way. */
function question(read: unknown): { ask: string; pattern: string } | undefined {
  if (read === undefined) return { ask: "", pattern: "" };
  if (typeof read === "string") return { ask: read, pattern: "" };
  if (typeof read !== "object" || read === null || Array.isArray(read)) return undefined;
  const { ask, pattern = "" } = read as { ask?: unknown; pattern?: unknown };
  return typeof ask === "string" && typeof pattern === "string" ? { ask, pattern } : undefined;
}

/** How a question is written: as short as it can be. */
function asked(read: unknown, ask: string, pattern: string): unknown {
  const { ask: _, pattern: __, ...more } = typeof read === "object" && read !== null
    ? read as BenchEntry
    : {} as BenchEntry;
  if (ask === "" && pattern === "" && Object.keys(more).length === 0) return undefined;
  if (pattern === "" && Object.keys(more).length === 0) return ask;
  return { ask, ...(pattern === "" ? {} : { pattern }), ...more };
}

/** The table. */
export function FieldTable({ entry, change, problems, words }: {
  readonly entry: BenchEntry;
  readonly change: (entry: BenchEntry) => void;
  readonly problems: readonly EditProblem[];
  readonly words: Readonly<Record<string, string>>;
}): VNode {
  const fields = Object.entries((entry.fields ?? {}) as Record<string, unknown>);
  const add = () => {
    let number = fields.length + 1;
    while (fields.some(([title]) => title === `Field ${number}`)) number++;
    change(withValue(entry, ["fields", `Field ${number}`], {}));
  };
  return (
    <fieldset class="edit-fields">
      <legend>Fields</legend>
      {fields.map(([title, field], at) => {
        const set = (word: string, value: unknown) => {
          const next = withValue((field ?? {}) as BenchEntry, [word], value);
          change({ ...entry, fields: { ...entry.fields as BenchEntry, [title]: next } });
        };
        const put = (word: string) => (event: { currentTarget: HTMLInputElement }) =>
          set(word, event.currentTarget.value || undefined);
        const number = (word: string) => (event: { currentTarget: HTMLInputElement }) =>
          set(word, numberOr(event.currentTarget.value));
        const read = valueAt(field, ["read"]);
        const write = valueAt(field, ["write"]);
        const says = question(read);
        const mine = problems.filter((problem) => isAt(problem, ["fields", title]));
        const wrong = `edit-field-${at}-wrong`;
        const input = (
          word: string,
          label: string,
          text: string,
          onInput: (event: { currentTarget: HTMLInputElement }) => void,
        ) => (
          <label title={words[word] ?? ""}>
            <span>{label}</span>
            <input
              type="text"
              value={text}
              aria-label={`${label} of ${title}`}
              aria-describedby={wrong}
              aria-invalid={mine.some(({ path }) => path[2] === word) || undefined}
              autocomplete="off"
              spellcheck={false}
              onInput={onInput}
            />
          </label>
        );
        return (
          // The title is what somebody types in: the place stays the same meanwhile.
          <div class="edit-field" key={at} role="group" aria-label={`Field ${title}`}>
            {input("title", "Title", title, (event) =>
              change(renamed(entry, "fields", title, event.currentTarget.value)))}
            <label title={words.type ?? ""}>
              <span>Type</span>
              <select
                aria-label={`Type of ${title}`}
                value={textFor(valueAt(field, ["type"])) || "float"}
                onChange={(event) =>
                  set("type", event.currentTarget.value === "float" ? undefined : event.currentTarget.value)}
              >
                {types.map((type) => <option key={type} value={type}>{type}</option>)}
                {types.includes((valueAt(field, ["type"]) ?? "float") as never)
                  ? null
                  : <option value={textFor(valueAt(field, ["type"]))}>{textFor(valueAt(field, ["type"]))}</option>}
              </select>
            </label>
            {input("unit", "Unit", textFor(valueAt(field, ["unit"])), put("unit"))}
            {says === undefined ? <span class="about">read as the text below says</span> : (
              <>
                {input(
                  "read",
                  "Ask",
                  says.ask,
                  (event) => set("read", asked(read, event.currentTarget.value, says.pattern)),
                )}
                {input(
                  "pattern",
                  "Answer",
                  says.pattern,
                  (event) =>
                    set("read", asked(read, says.ask, event.currentTarget.value)),
                )}
              </>
            )}
            {write === undefined || typeof write === "string"
              ? input("write", "Set", textFor(write), put("write"))
              : null}
            {input("minimum", "From", textFor(valueAt(field, ["minimum"])), number("minimum"))}
            {input("maximum", "To", textFor(valueAt(field, ["maximum"])), number("maximum"))}
            <button
              type="button"
              class="plain"
              aria-label={`Remove ${title}`}
              onClick={() =>
                change(withValue(entry, ["fields", title], undefined))}
            >
              ×
            </button>
            <Problems id={wrong} problems={mine} />
          </div>
        );
      })}
      <button type="button" onClick={add}>Add a field</button>
    </fieldset>
  );
}
