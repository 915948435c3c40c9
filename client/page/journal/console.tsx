/**
 * The console: a line for azcam commands, and the journal of the bench: everybody's commands and the server's log.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { parseCommandLine } from "../../../protocol/command_line.ts";
import { type JournalLevel, standardCommandNames } from "../../../protocol/description.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { Copy, copyLines } from "../shell/copy.tsx";
import { clockText, dayText, useTimeZone } from "../shell/times.ts";
import type { JournalLine } from "./journal.ts";
import { useLive } from "../live/live.tsx";
import { addressOf, place } from "../shell/place.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import { thenAddress } from "../then/moments.ts";

/** How many lines the arrow keys reach back. */
const longestMemory = 100;

/** The levels of the journal that can be chosen, by the least that is shown. */
const levels: readonly [JournalLevel, string][] = [
  ["debug", "All, readings too"],
  ["info", "What was done"],
  ["warning", "What failed"],
  ["error", "Errors"],
];

/** The panel with the journal and the line. */
export function ConsolePanel({ bench }: { bench: LiveBench }): VNode {
  return (
    <>
      <Journal bench={bench} />
      <CommandEntry bench={bench} />
    </>
  );
}

/** The journal, from the chosen level on. */
function Journal({ bench }: { bench: LiveBench }): VNode {
  const lines = useLive(bench.journal.lines);
  const instruments = useLive(bench.instruments);
  const [level, setLevel] = useState<JournalLevel>("info");
  const [client, setClient] = useState("");
  const [sought, setSought] = useState(() => place.value.query.get("q") ?? "");
  const [instrument, setInstrument] = useState("");
  const [coming, setComing] = useState(false);
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  const scrolled = useRef(0);
  useEffect(() => bench.lookAtJournal(level), [bench, level]);
  const now = new Date(bench.now());
  const looksBack = (useLive(bench.status)?.records.folder ?? "") !== "";
  const title = instruments.find(({ name }) => name === instrument)?.title;
  // What is set names its field only; the rest says itself what it is about.
  const nameOf = ({ kind, instrument: of }: JournalLine) =>
    kind === "setting" ? instruments.find(({ name }) => name === of)?.caption ?? of : "";
  const words = sought.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const order = levels.map(([name]) => name);
  const shown = lines.filter((line) =>
    (coming || line.kind !== "client") &&
    (client === "" || line.client === client) &&
    (instrument === "" || line.instrument === instrument || line.instrument === title) &&
    order.indexOf(line.level) >= order.indexOf(level) &&
    words.every((word) =>
      `${line.client} ${nameOf(line)} ${line.text} ${line.answer ?? ""}`.toLowerCase().includes(word)
    )
  );
  useEffect(() => {
    // Whoever looks at older lines stays there.
    if (list.current !== null && atEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [shown]);
  const clients = [...new Set([client, ...lines.map((line) => line.client)])].filter((name) => name !== "").sort();
  return (
    <>
      <div class="filters">
        <input
          type="search"
          aria-label="Find in the journal"
          placeholder="Find in the journal"
          value={sought}
          onInput={(event) => {
            const { value } = event.currentTarget;
            setSought(value);
            // So that what is found can be sent to somebody else.
            history.replaceState(null, "", addressOf("journal", [], value === "" ? {} : { q: value }));
          }}
        />
        <Filter label="Level" value={level} choices={levels} choose={(value) => setLevel(value as JournalLevel)} />
        <Filter
          label="Client"
          value={client}
          choices={["", ...clients].map((name) => [name, name || "Everybody"])}
          choose={setClient}
        />
        <Filter
          label="Instrument"
          value={instrument}
          choices={[["", "Every instrument"], ...instruments.map((each): [string, string] => [each.name, each.title])]}
          choose={setInstrument}
        />
        <label class="coming">
          <input type="checkbox" checked={coming} onChange={(event) => setComing(event.currentTarget.checked)} />{" "}
          Who came and went
        </label>
      </div>
      <ol
        class="log"
        ref={list}
        tabIndex={0}
        aria-label="What happens"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          // Lines that have come since the last scrolling leave it short of the end, but only people scroll back.
          if (scrollTop + clientHeight >= scrollHeight - 8) atEnd.current = true;
          else if (scrollTop < scrolled.current) atEnd.current = false;
          scrolled.current = scrollTop;
        }}
        onCopy={(event) => copyLines(event, shown.map(scriptLine))}
      >
        {shown.map((line) => <Line key={line.key} line={line} now={now} of={nameOf(line)} looksBack={looksBack} />)}
        {shown.length === 0
          ? <li class="nothing">{lines.length === 0 ? "Nothing yet." : "Nothing of that kind."}</li>
          : null}
      </ol>
    </>
  );
}

/** A journal entry as a line of a script: a command as it is, and everything else as comments, line by line. */
/** Whether somebody asked for it; the rest is told. */
function isAsked(kind: JournalLine["kind"]): boolean {
  return kind === "command" || kind === "code" || kind === "image";
}

function scriptLine({ kind, text }: JournalLine): string {
  return kind === "command" ? text : text.replace(/^/gm, "# ");
}

function Line({ line, now, of, looksBack }: {
  readonly line: JournalLine;
  readonly now: Date;
  /** The instrument that is named before the text; empty for none. */
  readonly of: string;
  /** Whether its time leads to what everything was then. */
  readonly looksBack: boolean;
}): VNode {
  const { kind, time, level, client, text, answer, mine, seconds } = line;
  const zone = useTimeZone();
  const date = new Date(time);
  const day = dayText(date, now, zone);
  const when = `${day === "" ? "" : `${day} `}${clockText(date, zone)}`;
  return (
    <li class={`${isAsked(kind) ? "asked" : kind === "alarm" ? "told alarm" : "told"} ${level}`}>
      <time dateTime={time} title={looksBack ? `${time}: what everything was then` : time}>
        {looksBack ? <a href={thenAddress(date.getTime())}>{when}</a> : when}
      </time>{" "}
      {mine || client === "" ? null : <span class="who">{client}</span>}{" "}
      {!isAsked(kind) ? <span>{of === "" ? "" : `${of} `}{text}</span> : (
        <>
          <code>{text}</code>
          <code class="answer" title={seconds === undefined ? "" : `after ${seconds} s`}>{answer ?? "…"}</code>
        </>
      )}
      <Copy text={kind === "code" ? text : scriptLine(line)} />
    </li>
  );
}

function Filter({ label, value, choices, choose }: {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly (readonly [string, string])[];
  readonly choose: (value: string) => void;
}): VNode {
  return (
    <select aria-label={label} value={value} onChange={(event) => choose(event.currentTarget.value)}>
      {choices.map(([name, text]) => <option key={name} value={name}>{text}</option>)}
    </select>
  );
}

/** The line for commands. */
function CommandEntry({ bench }: { bench: LiveBench }): VNode {
  const { state } = useLive(bench.connection);
  const [line, setLine] = useState("");
  const [proposals, setProposals] = useState<readonly string[]>([]);
  const [work, complaint] = useWork();
  const said = useRef<string[]>([]);
  const place = useRef(0);
  /** The line that was typed before the arrow keys were used. */
  const draft = useRef("");
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
    if (place.current === said.current.length) draft.current = line;
    place.current = Math.max(
      0,
      Math.min(said.current.length, place.current + by),
    );
    setLine(said.current[place.current] ?? draft.current);
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

/** The completions of a line that is an instrument, a dot and a command; none for an empty line. */
function completions(bench: LiveBench, line: string): string[] {
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
      ...standardCommandNames,
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
