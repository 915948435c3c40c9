/**
 * One command: its arguments, the button that runs it, and the answer of the last run.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { parseCommandLine } from "../../../protocol/command_line.ts";
import type { ArgumentDescription, CommandDescription } from "../../../protocol/description.ts";
import { lineReply } from "../../../protocol/line_reply.ts";
import { clockText } from "../shell/times.ts";
import { Forbidden, forbidding, limitWords, ofCommand } from "../guards/forbidden.tsx";
import { Limited } from "../guards/limit.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { mayCall } from "../live/may.ts";
import { commandTitle } from "./fields.ts";
import { isDecimal, readNumber } from "./number_entry.ts";
import { ageText } from "./readout.tsx";
import { ArgumentField } from "./argument_field.tsx";
import { wireValue } from "./value_control.tsx";

/** The last run of a command, and what had been entered for it. */
export interface LastRun {
  readonly entered: Readonly<Record<string, string>>;
  readonly more: string;
  /** When it ended, in milliseconds since 1970. */
  readonly time: number;
  readonly answer: string;
  readonly failed: boolean;
}

/** A number is typed into the box of a command; empty is what is left out. */
function problemOf(argument: ArgumentDescription, text: string): string {
  const fallback = argument.default === undefined ? undefined : String(argument.default);
  if (text === "") return fallback === undefined && argument.type !== "text" ? "is needed" : "";
  if (!isDecimal(argument) || text === fallback) return "";
  const read = readNumber(argument, text);
  return "problem" in read ? read.problem : "";
}

/** The form of one command. */
export function CommandForm({ bench, instrument, command, last, keep }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly command: CommandDescription;
  readonly last: LastRun | undefined;
  readonly keep: (run: LastRun) => void;
}): VNode {
  const [entered, setEntered] = useState(last?.entered ?? {});
  const [more, setMore] = useState(last?.more ?? "");
  const [run, setRun] = useState(last);
  const [since, setSince] = useState<number>();
  const [sure, setSure] = useState(false);
  /** Whether what is missing is told: not before somebody wants to run it. */
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const { state } = useLive(bench.connection);
  const { name, title } = instrument;
  const id = `command-${name}-${command.name}`;
  const busy = since !== undefined;
  const textOf = (argument: ArgumentDescription) => entered[argument.name] ?? initial(argument);
  const { any, some } = ofCommand(useLive(bench.guards.forbids(name)), command);
  const limit = useLive(bench.guards.limit(`${name}.${command.name}`));
  const spent = (limit?.free ?? null) !== null;
  const off = any !== undefined || spent;
  const problems = new Map(command.arguments.map((argument) => {
    const text = textOf(argument);
    const problem = problemOf(argument, text);
    if (problem !== "" || text === "") return [argument.name, problem];
    const own = some.filter(({ what }) => what.argument === argument.name);
    const refuser = forbidding(own, wireValue(argument, text));
    return [argument.name, refuser === undefined ? "" : `${limitWords(refuser)}: ${refuser.by.title} forbids that now`];
  }));
  // Where it goes on is where somebody has opened it.
  useLayoutEffect(() => form.current!.querySelector<HTMLElement>("input, select, button")!.focus(), []);
  useLayoutEffect(() => {
    if (sure) form.current!.querySelector<HTMLElement>(".sure button")?.focus();
  }, [sure]);
  const start = () => {
    setTried(true);
    if (off) return;
    if (busy || [...problems.values()].some((problem) => problem !== "")) {
      return form.current!.querySelector<HTMLElement>("[aria-invalid]")?.focus();
    }
    if (command.confirm === undefined) void go();
    else setSure(true);
  };
  const go = async () => {
    setSure(false);
    setSince(performance.now());
    let answer: string;
    let failed = false;
    try {
      const keywords = new Map<string, unknown>();
      for (const argument of command.arguments) {
        const text = textOf(argument);
        // What is left empty is not given, unless empty is what it is by default.
        if (text !== "" || argument.type === "text" && argument.default === undefined) {
          keywords.set(argument.name, wireValue(argument, text));
        }
      }
      const { args, keywords: others } = parseCommandLine(`command ${more}`);
      for (const [key, value] of others) keywords.set(key, value);
      answer = shown(await bench.call(name, command.name, ...positional(command, keywords, args)));
    } catch (error) {
      failed = true;
      answer = (error as Error).message;
    }
    const ended = { entered, more, time: bench.now(), answer, failed };
    keep(ended);
    setRun(ended);
    setSince(undefined);
  };
  return (
    <form
      class="command-form"
      aria-label={`${title}: ${command.name}`}
      noValidate
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
      onKeyDown={(event) => event.key === "Escape" && setSure(false)}
    >
      {command.arguments.map((argument) => {
        const problem = problems.get(argument.name)!;
        const told = problem !== "" && (tried || entered[argument.name] !== undefined && problem !== "is needed");
        return (
          <ArgumentField
            key={argument.name}
            id={`${id}-${argument.name}`}
            argument={argument}
            required={argument.default === undefined && argument.type !== "text"}
            text={textOf(argument)}
            problem={told ? problem : ""}
            disabled={state !== "open"}
            change={(value) => setEntered((now) => ({ ...now, [argument.name]: value }))}
            enter={start}
            clear={() => setEntered({})}
          />
        );
      })}
      {command.takesMore
        ? (
          <div class="argument">
            <label class="argument-name" for={`${id}-`}>More arguments</label>
            <input type="text" id={`${id}-`} value={more} onInput={(event) => setMore(event.currentTarget.value)} />
          </div>
        )
        : null}
      {sure
        ? (
          <div class="sure" role="group" aria-label={`Run ${command.name}?`}>
            <p>{command.confirm}</p>
            <button type="button" class="danger" disabled={off} onClick={() => void go()}>
              {commandTitle(command)}
            </button>
            <button type="button" onClick={() => setSure(false)}>Cancel</button>
          </div>
        )
        : (
          <div class="run">
            <button
              type="submit"
              class="strong"
              disabled={state !== "open" || busy || off}
              aria-describedby={off ? `${id}-forbidden` : undefined}
            >
              {run === undefined ? "Run" : "Run again"}
            </button>
            {busy ? <Running bench={bench} instrument={instrument} since={since} /> : null}
          </div>
        )}
      {any === undefined
        ? some.map((each) => (
          <Forbidden key={each.what.text} by={each} what={`${each.what.argument} ${limitWords(each)}`} />
        ))
        : <Forbidden by={any} id={`${id}-forbidden`} />}
      <Limited bench={bench} limit={limit} id={any === undefined ? `${id}-forbidden` : undefined} />
      {run === undefined || busy
        ? null
        : (
          <output class={run.failed ? "result complaint" : "result"} role={run.failed ? "alert" : undefined}>
            <time>{clockText(new Date(run.time))}</time> {run.answer}
          </output>
        )}
    </form>
  );
}

/** How long it has been running, and what stops it. */
function Running({ bench, instrument, since }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly since: number;
}): VNode {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const stop = instrument.commands.find(({ name, immediate, arguments: needed }) =>
    immediate && /^(abort|stop|halt)\b/.test(name.replaceAll("_", " ")) &&
    needed.every((argument) => argument.default !== undefined)
  );
  const welcome = useLive(bench.welcome);
  return (
    <>
      <progress aria-label="running" />
      <span role="status" class="running">running</span>
      <span class="running-for">{ageText((performance.now() - since) / 1000)}</span>
      {stop === undefined || !mayCall(welcome, instrument.name, stop) ? null : (
        <button
          type="button"
          class="danger"
          onClick={() => void bench.call(instrument.name, stop.name).catch(() => {})}
        >
          {commandTitle(stop)}
        </button>
      )}
    </>
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

function initial({ type, default: fallback, choices }: ArgumentDescription): string {
  if (fallback !== undefined) return String(fallback);
  return type === "choice" ? choices?.[0] ?? "" : type === "switch" ? "false" : "";
}
