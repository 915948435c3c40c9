/**
 * The console: azcam lines, and what this page has asked so far.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { parseCommandLine } from "../../../protocol/command_line.ts";
import type { Bench } from "./bench.ts";
import { useLive } from "./live.tsx";
import { Complaint, useWork } from "./work.tsx";

/** The commands that every instrument has. */
const everywhere = ["get", "set", "confirm", "describe", "help"];
/** How many lines the arrow keys reach back. */
const longestMemory = 100;

/** The panel with the log and the line. */
export function ConsolePanel({ bench }: { bench: Bench }): VNode {
  const log = useLive(bench.log);
  const { state } = useLive(bench.connection);
  const [line, setLine] = useState("");
  const [proposals, setProposals] = useState<readonly string[]>([]);
  const [work, complaint] = useWork();
  const said = useRef<string[]>([]);
  const place = useRef(0);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (list.current !== null) {
      list.current.scrollTop = list.current.scrollHeight;
    }
  }, [log]);
  const run = () =>
    void work(async () => {
      const { instrument = "api", command, args, keywords } = parseCommandLine(
        line,
      );
      if (command === "") return;
      said.current = [...said.current.filter((each) => each !== line), line]
        .slice(-longestMemory);
      place.current = said.current.length;
      setLine("");
      setProposals([]);
      // What it fails with is in the log already.
      await bench.call(instrument, command, args, keywords).catch(() => {});
    });
  const recall = (by: number) => {
    place.current = Math.max(
      0,
      Math.min(said.current.length, place.current + by),
    );
    setLine(said.current[place.current] ?? "");
  };
  const complete = () => {
    const found = completions(bench, line);
    const common = commonStart(found);
    if (common.length > line.length || found.length === 1) setLine(common);
    setProposals(found.length > 1 ? found : []);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowUp") recall(-1);
    else if (event.key === "ArrowDown") recall(1);
    // An empty line, and one that is complete, lets the key leave the field.
    else if (
      event.key === "Tab" && !event.shiftKey &&
      completions(bench, line).some((each) => each !== line)
    ) {
      complete();
    } else return;
    event.preventDefault();
  };
  return (
    <>
      <ol
        class="log"
        ref={list}
        tabIndex={0}
        aria-label="What this page has asked"
      >
        {log.map(({ number, time, asked, answer, failed }) => (
          <li key={number} class={failed ? "failed" : ""}>
            <time>{time.toLocaleTimeString("sv-SE")}</time> <code>{asked}</code>
            <code class="answer">{answer ?? "…"}</code>
          </li>
        ))}
      </ol>
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <input
          type="text"
          aria-label="Command line"
          placeholder="instrument.command arguments"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={line}
          onInput={(event) => {
            setLine(event.currentTarget.value);
            setProposals([]);
          }}
          onKeyDown={onKeyDown}
        />
        <button type="submit" disabled={state !== "open" || line.trim() === ""}>
          Send
        </button>
      </form>
      {proposals.length === 0 ? null : <p class="proposals" role="status">{proposals.join("  ")}</p>}
      <Complaint text={complaint} />
    </>
  );
}

/** What a line that is an instrument, a dot and a command may go on to; none where it is empty. */
function completions(bench: Bench, line: string): string[] {
  const [, name, rest] = /^([\w-]+)(?:\.(\w*))?$/.exec(line) ?? [];
  if (name === undefined) return [];
  const instruments = bench.instruments.value;
  if (rest === undefined) {
    return instruments.map((each) => `${each.name}.`).filter((each) => each.startsWith(name)).sort();
  }
  const instrument = instruments.find((each) => each.name === name);
  if (instrument === undefined) return [];
  const commands = [
    ...new Set([
      ...instrument.commands.map((command) => command.name),
      ...everywhere,
    ]),
  ];
  return commands.filter((command) => command.startsWith(rest)).sort().map((
    command,
  ) => `${name}.${command}`);
}

function commonStart(texts: readonly string[]): string {
  let start = texts[0] ?? "";
  for (const text of texts) {
    while (!text.startsWith(start)) start = start.slice(0, -1);
  }
  return start;
}
