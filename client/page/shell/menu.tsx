/**
 * How the page looks here, and what can be done with all of it.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { LiveBench } from "../live/live_bench.ts";
import { type Live, useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { Copy } from "./copy.tsx";
import { addressOf, readOnlyLink } from "./place.ts";
import { densities, density, theme, themes, timeZone, timeZones } from "./preferences.ts";
import { Sheet } from "./sheet.tsx";

const densityWords = { comfortable: "Comfortable", compact: "Compact", wall: "Wall" } as const;
const timeWords = { local: "Local", utc: "UTC" } as const;
const themeWords = { system: "As the PC", light: "Light", dark: "Dark" } as const;

/** The menu. */
export function Menu({ bench, close }: { bench: LiveBench; close: () => void }): VNode {
  const welcome = useLive(bench.welcome);
  const link = readOnlyLink();
  return (
    <Sheet title="This page" kind="menu" close={close}>
      <Choice title="Density" live={density} choices={densities} words={densityWords} />
      <Choice title="Times" live={timeZone} choices={timeZones} words={timeWords} />
      <Choice title="Colours" live={theme} choices={themes} words={themeWords} />
      {may(welcome, "arrange")
        ? (
          <p>
            <a id="arrange" href={addressOf("bench", [], { arrange: "" })} onClick={close}>Arrange the instruments</a>
          </p>
        )
        : null}
      {may(welcome, "administer")
        ? (
          <p>
            <a id="change-bench" href={addressOf("edit")} onClick={close}>
              Change the bench: add, change or switch off instruments
            </a>
          </p>
        )
        : null}
      <div class="menu-link">
        <h3>A link without controls, for a wall or a visitor</h3>
        <p>
          <code>{link}</code> <Copy text={link} />
        </p>
        <p class="about">
          With <code>?view=wall</code> in its place, it is large and fills the screen.
        </p>
      </div>
      <p class="about">
        heliograph {welcome?.version ?? ""}. <a href="/api/v1/openapi.json">HTTP API</a>, <a href="/metrics">metrics</a>
      </p>
    </Sheet>
  );
}

function Choice<T extends string>({ title, live, choices, words }: {
  readonly title: string;
  readonly live: Live<T>;
  readonly choices: readonly T[];
  readonly words: Readonly<Record<T, string>>;
}): VNode {
  const chosen = useLive(live);
  return (
    <fieldset class="choice">
      <legend>{title}</legend>
      {choices.map((choice) => (
        <label key={choice}>
          <input type="radio" name={title} checked={choice === chosen} onChange={() => live.value = choice} />
          <span>{words[choice]}</span>
        </label>
      ))}
    </fieldset>
  );
}
