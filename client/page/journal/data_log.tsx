/**
 * What is taken elsewhere: PyOpticon's data log is begun and ended here, and tables of readings are downloaded.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import { usualInterval } from "../../../protocol/data_log.ts";
import { nightOf } from "../../../protocol/moments.ts";
import { may } from "../live/may.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import { useLive } from "../live/live.tsx";
import type { LiveBench } from "../live/live_bench.ts";

/** The ranges of a table, and how far each goes back, in milliseconds; a night is from noon to noon. */
const ranges: Readonly<Record<string, number>> = {
  "The last night": 0,
  "The last hour": 3_600_000,
  "The last day": 86_400_000,
  "The last week": 604_800_000,
};

/** The path of a table. */
function tablePath(range: string, format: string, now: number): string {
  const back = ranges[range]!;
  const { since, until } = back === 0 ? nightOf("last", now)! : { since: now - back, until: now };
  return `/api/v1/export?since=${since}&until=${Math.min(until, now)}&format=${format}`;
}

/** The fold with the data log and the tables. */
export function DataLogFold({ bench }: { bench: LiveBench }): VNode {
  const datalog = useLive(bench.status)?.datalog;
  const [open, setOpen] = useState(false);
  useEffect(() => open ? bench.lookAtClients() : undefined, [bench, open]);
  const { running = false, file = "", rows = 0, problem = "" } = datalog ?? {};
  const name = file.replace(/^.*[\\/]/, "");
  const state = running ? `${name || "begun"}, ${rows} row${rows === 1 ? "" : "s"}` : "not written";
  return (
    <details class="keeping" open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        Data log: {problem === "" ? state : <strong class="complaint">cannot be written</strong>}; tables
      </summary>
      {open ? <DataLogForm bench={bench} /> : null}
      {open ? <TableForm /> : null}
    </details>
  );
}

function DataLogForm({ bench }: { bench: LiveBench }): VNode | null {
  const datalog = useLive(bench.status)?.datalog;
  const mayBegin = may(useLive(bench.welcome), "drive");
  const [name, setName] = useState("");
  const [every, setEvery] = useState<string>(usualInterval);
  const [work, complaint, busy] = useWork();
  if (datalog === undefined) return null;
  const { running, problem, folder } = datalog;
  const ask = (command: string, keywords: readonly (readonly [string, string])[] = []) =>
    void work(async () => {
      await bench.call("api", command, [], new Map(keywords));
      // What came of it is told at once.
      bench.lookAtClients()();
    });
  return (
    <form
      class="line"
      onSubmit={(event) => {
        event.preventDefault();
        if (running) ask("datalog_stop");
        else ask("datalog_start", [["name", name.trim()], ["every", every]]);
      }}
    >
      {running ? <span class="about">Into {datalog.file || folder}, a row every {datalog.every}</span> : (
        <>
          <input
            type="text"
            aria-label="Name of the data log"
            placeholder="Its name, or PyOpticon’s"
            value={name}
            disabled={!mayBegin}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <input
            type="text"
            class="interval"
            aria-label="How often a row is written, h:mm:ss"
            value={every}
            disabled={!mayBegin}
            onInput={(event) => setEvery(event.currentTarget.value)}
          />
        </>
      )}
      {mayBegin
        ? (
          <button type="submit" disabled={busy || (!running && folder === "")}>
            {running ? "End the log" : "Begin a log"}
          </button>
        )
        : null}
      <Complaint text={complaint || problem} />
    </form>
  );
}

function TableForm(): VNode {
  const [range, setRange] = useState("The last night");
  const [format, setFormat] = useState("csv");
  return (
    <div class="line">
      <select aria-label="Range of the table" value={range} onChange={(event) => setRange(event.currentTarget.value)}>
        {Object.keys(ranges).map((each) => <option key={each}>{each}</option>)}
      </select>
      <select aria-label="Form of the table" value={format} onChange={(event) => setFormat(event.currentTarget.value)}>
        <option value="csv">CSV</option>
        <option value="jsonl">Lines of JSON</option>
        <option value="parquet">Parquet</option>
      </select>
      <a
        class="button"
        download
        href={tablePath(range, format, Date.now())}
        onClick={({ currentTarget }) => currentTarget.href = tablePath(range, format, Date.now())}
      >
        Download the readings
      </a>
    </div>
  );
}
