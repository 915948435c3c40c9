/**
 * The commands of an instrument: a form for each, with its result.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import { parseCommandLine } from "../../../protocol/command_line.ts";
import type { ArgumentDescription, CommandDescription } from "../../../protocol/description.ts";
import { lineReply } from "../../../protocol/line_reply.ts";
import { mayDo } from "../../../protocol/vocabulary.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { limitsText, ValueControl, wireValue } from "./value_control.tsx";
import { Complaint, useWork } from "./work.tsx";

/** All commands, folded away: their forms are made when they are looked at. */
export function Commands(
  { bench, instrument }: { bench: LiveBench; instrument: LiveInstrument },
): VNode | null {
  const [open, setOpen] = useState(false);
  const { commands } = instrument;
  if (commands.length === 0) return null;
  return (
    <details
      class="folded commands"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        Commands <span class="count">{commands.length}</span>
      </summary>
      {open
        ? commands.map((command) => (
          <CommandForm
            key={command.name}
            bench={bench}
            instrument={instrument}
            command={command}
          />
        ))
        : null}
    </details>
  );
}

interface CommandFormProps {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly command: CommandDescription;
}

function CommandForm({ bench, instrument, command }: CommandFormProps): VNode {
  const [entered, setEntered] = useState<Readonly<Record<string, string>>>({});
  const [more, setMore] = useState("");
  const [result, setResult] = useState<string>();
  const [work, complaint, busy] = useWork();
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const allowed = mayDo(welcome?.role, command.role);
  const id = `command-${instrument.name}-${command.name}`;
  const run = () =>
    void work(async () => {
      setResult(undefined);
      const keywords = new Map<string, unknown>();
      for (const argument of command.arguments) {
        const text = entered[argument.name] ?? initial(argument);
        // What is left empty is not given, unless empty is what it is by default.
        if (
          text !== "" ||
          argument.type === "text" && argument.default === undefined
        ) {
          keywords.set(argument.name, wireValue(argument, text));
        }
      }
      const { args, keywords: others } = parseCommandLine(`command ${more}`);
      for (const [key, value] of others) keywords.set(key, value);
      setResult(shown(await bench.call(instrument.name, command.name, ...positional(command, keywords, args))));
    });
  return (
    <form
      class="command"
      aria-label={`${instrument.title}: ${command.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <div class="command-head">
        <button type="submit" disabled={!allowed || state !== "open" || busy}>
          {command.name}
        </button>
        <span class="summary">
          {command.summary}
          {allowed ? "" : ` (needs the role ${command.role})`}
        </span>
      </div>
      {command.arguments.map((argument) => {
        const label = `${argument.name}${argument.unit === undefined ? "" : ` (${argument.unit})`}`;
        const about = [argument.summary ?? "", limitsText(argument)].filter((
          part,
        ) => part !== "").join("; ");
        return (
          <label
            class="argument"
            key={argument.name}
            for={`${id}-${argument.name}`}
          >
            <span class="argument-name">
              {label}
              {about === "" ? null : <small>{about}</small>}
            </span>
            <ValueControl
              spec={argument}
              id={`${id}-${argument.name}`}
              label={label}
              value={entered[argument.name] ?? initial(argument)}
              disabled={!allowed || state !== "open"}
              onChange={(value) => setEntered((now) => ({ ...now, [argument.name]: value }))}
              onEnter={run}
              onEscape={() => setEntered({})}
            />
          </label>
        );
      })}
      {command.takesMore
        ? (
          <label class="argument">
            <span class="argument-name">more arguments</span>
            <input
              type="text"
              value={more}
              disabled={!allowed}
              onInput={(event) => setMore(event.currentTarget.value)}
            />
          </label>
        )
        : null}
      {busy ? <output class="result">running…</output> : null}
      {result === undefined || busy ? null : <output class="result">{result}</output>}
      <Complaint text={complaint} />
    </form>
  );
}

/** A result for people: text as it is, without the quotes that a line needs around it. */
function shown(value: unknown): string {
  return typeof value === "string" && value !== "" ? `OK ${value}` : lineReply(value);
}

/** Declared arguments go by name; where further ones follow, by place, since those have no names. */
function positional(
  { arguments: declared }: CommandDescription,
  keywords: Map<string, unknown>,
  more: readonly string[],
): [args: readonly unknown[], keywords: ReadonlyMap<string, unknown>] {
  if (more.length === 0) return [[], keywords];
  const args: unknown[] = [];
  for (const { name, default: fallback } of declared) {
    args.push(keywords.get(name) ?? fallback ?? "");
    keywords.delete(name);
  }
  return [[...args, ...more], keywords];
}

function initial(
  { type, default: fallback, choices }: ArgumentDescription,
): string {
  if (fallback !== undefined) return String(fallback);
  return type === "choice" ? choices?.[0] ?? "" : type === "switch" ? "false" : "";
}
