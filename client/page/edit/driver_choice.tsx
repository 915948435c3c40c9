/**
 * Chooses the driver of an instrument by searching for what it is.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import type { DriverChoice } from "../../../protocol/bench_edit.ts";

/** The name of the choice to describe an instrument that heliograph does not know. */
export const described = "";

/** A list of drivers that can be searched. */
export function ChooseDriver({ drivers, chosen, choose }: {
  readonly drivers: readonly DriverChoice[];
  /** The name of the chosen one; {@linkcode described} for none. */
  readonly chosen: string;
  readonly choose: (name: string) => void;
}): VNode {
  const [sought, setSought] = useState("");
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const all = [
    { name: described, summary: "One that heliograph does not know: say here what its manual says" },
    ...drivers,
  ];
  const found = all.filter(({ name, summary }) => {
    const text = `${name} ${summary}`.toLowerCase();
    return name === chosen || words.every((word) => text.includes(word));
  });
  return (
    <fieldset class="drivers">
      <legend>What is it?</legend>
      <input
        type="search"
        aria-label="Find a driver by maker, model or use"
        placeholder="Maker, model or use"
        value={sought}
        onInput={(event) => setSought(event.currentTarget.value)}
      />
      <div class="driver-list">
        {found.map(({ name, summary }) => (
          <label key={name}>
            <input
              type="radio"
              name="driver"
              value={name}
              checked={name === chosen}
              onChange={() => choose(name)}
            />
            <span>{summary || name}</span>
            {name === described ? null : <small>{name}</small>}
          </label>
        ))}
      </div>
      <p class="unseen" role="status">{found.length} found</p>
    </fieldset>
  );
}
