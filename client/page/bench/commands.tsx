/**
 * The commands of an instrument: a list that can be searched, of which one is open at a time.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { CommandDescription } from "../../../protocol/description.ts";
import { ofCommand } from "../guards/forbidden.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { may, mayCall } from "../live/may.ts";
import { CommandForm, type LastRun } from "./command_form.tsx";
import { commandTitle } from "./fields.ts";

/** From so many commands on they can be searched. */
const searchedFrom = 6;

/** Whether a command is one that somebody looks for. */
function isSought(command: CommandDescription, words: readonly string[]): boolean {
  const text = `${command.name} ${commandTitle(command)} ${command.summary}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** All commands that whoever looks may call, folded away: they are drawn when they are looked at. */
export function Commands({ bench, instrument, wanted }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  /** The name of a command that somebody wants to see. */
  readonly wanted: string | undefined;
}): VNode | null {
  const asked = instrument.commands.some(({ name }) => name === wanted) ? wanted : undefined;
  const [shown, setShown] = useState(false);
  const [open, setOpen] = useState<string>();
  const [sought, setSought] = useState("");
  useEffect(() => {
    if (asked === undefined) return;
    setShown(true);
    setOpen(asked);
  }, [asked]);
  const runs = useRef(new Map<string, LastRun>());
  const welcome = useLive(bench.welcome);
  const forbids = useLive(bench.guards.forbids(instrument.name));
  const { name, title } = instrument;
  const allowed = instrument.commands.filter((command) => mayCall(welcome, name, command));
  // Who may only look sees values.
  if (allowed.length === 0 || !may(welcome, "drive")) return null;
  const words = sought.trim().toLowerCase().split(/\s+/);
  const found = allowed.filter((command) => isSought(command, words));
  return (
    <details
      class="folded commands"
      open={shown}
      onToggle={(event) => setShown(event.currentTarget.open)}
    >
      <summary>
        Commands <span class="count">{allowed.length}</span>
      </summary>
      {!shown ? null : (
        <>
          {allowed.length < searchedFrom ? null : (
            <input
              type="search"
              class="find-command"
              placeholder="Find a command"
              aria-label={`Find a command of ${title}`}
              value={sought}
              onInput={(event) => setSought(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && found[0] !== undefined) setOpen(found[0].name);
              }}
            />
          )}
          {found.length === 0 ? <p class="nothing">No command is called that.</p> : null}
          <ul class="command-list">
            {found.map((command) => {
              const isOpen = open === command.name;
              return (
                <li key={command.name} class={`command ${isOpen ? "open" : ""}`} data-command={command.name}>
                  <button
                    type="button"
                    class="plain command-line"
                    aria-expanded={isOpen}
                    title={`${name}.${command.name}`}
                    onClick={() => setOpen(isOpen ? undefined : command.name)}
                  >
                    <span class="command-title">
                      {ofCommand(forbids, command).any === undefined ? null : (
                        <>
                          <span class="no-entry" aria-hidden="true" />
                          <span class="unseen">forbidden now:</span>
                        </>
                      )}
                      {commandTitle(command)}
                    </span>
                    <span class="command-summary">{command.summary}</span>
                  </button>
                  {isOpen
                    ? (
                      <CommandForm
                        bench={bench}
                        instrument={instrument}
                        command={command}
                        last={runs.current.get(command.name)}
                        keep={(run) => void runs.current.set(command.name, run)}
                      />
                    )
                    : null}
                </li>
              );
            })}
          </ul>
        </>
      )}
    </details>
  );
}
