/**
 * Starts a run: its file is chosen and looked at, and its parameters are given.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { RunCheck, RunDetails, RunParameter, RunProblem } from "../../../protocol/runs.ts";
import { ArgumentField } from "../bench/argument_field.tsx";
import { wireValue } from "../bench/value_control.tsx";
import { Complaint, onSingleClick, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { go } from "../shell/place.ts";
import { RehearsalShown, useRehearsal } from "./rehearsal.tsx";
import { sentence, timeLeft, whyNot } from "./run_words.ts";

/** A file that somebody looks at. */
interface Source {
  readonly file: string;
  /** Empty for one of the bench's folder, and for that of a run. */
  readonly text: string;
  /** The number of the run whose file it is; 0 for none. */
  readonly again: number;
}

/** The longest file that is sent, in bytes: a message has 64 KiB. */
const longestFile = 48_000;
/** After what is typed it is looked at so much later, in milliseconds. */
const lookAfter = 250;
const ownFile = "own";

/** The form. */
export function RunStart({ bench, again, busy }: {
  readonly bench: LiveBench;
  /** The number of a run that is to be done again; 0 for none. */
  readonly again: number;
  /** Whether another run is under way. */
  readonly busy: boolean;
}): VNode {
  const begun = useLive(bench.begun);
  const [files, setFiles] = useState<readonly string[]>([]);
  const [source, setSource] = useState<Source>();
  const [given, setGiven] = useState<Readonly<Record<string, string>>>({});
  const [complaint, setComplaint] = useState("");
  const [done, setDone] = useState("");
  const section = useRef<HTMLElement>(null);
  const own = useRef<HTMLInputElement>(null);
  const list = () =>
    bench.askRuns<{ readonly files: readonly string[] }>("files").then(({ files }) => setFiles(files), () => {});
  useEffect(() => void list(), [begun]);
  useEffect(() => {
    if (again === 0 || begun === 0) return;
    bench.askRuns<RunDetails>("show", [again]).then(({ file, parameters }) => {
      setSource({ file, text: "", again });
      setGiven(Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])));
      section.current?.scrollIntoView({ block: "start" });
      section.current?.focus({ preventScroll: true });
    }, (error: Error) => setComplaint(error.message));
  }, [begun > 0]);
  useEffect(() => {
    if (done === "") return;
    const timer = setTimeout(() => setDone(""), 10_000);
    return () => clearTimeout(timer);
  }, [done]);
  const choose = (next: Source | undefined) => {
    setSource(next);
    setGiven({});
    setComplaint("");
    setDone("");
    if (again > 0) go("runs");
  };
  const read = async (file: File | undefined) => {
    if (file === undefined) return;
    const text = await file.text();
    if (new TextEncoder().encode(JSON.stringify(text)).length > longestFile) {
      return setComplaint(
        `${file.name} is longer than ${longestFile} bytes: put it into the bench's folder on the server's PC, and choose it there.`,
      );
    }
    choose({ file: file.name, text, again: 0 });
  };
  const chosen = source === undefined ? "" : source.text !== "" || source.again > 0 ? ownFile : source.file;
  return (
    <section class="card run-start" aria-labelledby="run-start" ref={section} tabIndex={-1}>
      <h3 id="run-start">Start a run</h3>
      <div class="run-doings">
        <label class="run-file">
          <span>File</span>
          <select
            id="run-file"
            value={chosen}
            onFocus={() => void list()}
            onChange={({ currentTarget: { value } }) =>
              choose(value === "" ? undefined : { file: value, text: "", again: 0 })}
          >
            <option value="">{files.length === 0 ? "none in the bench's folder" : "choose…"}</option>
            {chosen === ownFile
              ? (
                <option value={ownFile}>
                  {source!.file}
                  {source!.again > 0 ? ` of run ${source!.again}` : ", of this PC"}
                </option>
              )
              : null}
            {files.map((file) => <option key={file} value={file}>{file}</option>)}
          </select>
        </label>
        <button type="button" onClick={() => own.current!.click()}>A file of this PC…</button>
        <input
          type="file"
          ref={own}
          hidden
          accept=".json,.jsonc,.py,.ts,.js"
          aria-label="A run's file of this PC"
          onChange={({ currentTarget }) => {
            void read(currentTarget.files?.[0]);
            currentTarget.value = "";
          }}
        />
      </div>
      <Complaint text={complaint} />
      <p role="status" class="run-done">{done}</p>
      {source === undefined
        ? (
          <p class="about">
            Run files, such as night.run.json or script.py, lie beside the bench file; what stands in them tells
            docs/runs.md.
          </p>
        )
        : (
          <Looked
            key={`${source.file} ${source.again} ${source.text.length}`}
            bench={bench}
            source={source}
            given={given}
            give={(name, value) => setGiven((before) => ({ ...before, [name]: value }))}
            busy={busy}
            started={(words) => {
              choose(undefined);
              setDone(words);
              scrollTo({ top: 0, behavior: "smooth" });
            }}
          />
        )}
    </section>
  );
}

/** What the entered texts are for the server; what is left empty is not given. */
function valuesOf(parameters: readonly RunParameter[], given: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    parameters.flatMap((parameter) => {
      const text = given[parameter.name] ?? "";
      return text === "" ? [] : [[parameter.name, wireValue(parameter, text)]];
    }),
  );
}

/** Whether a problem only says that something has to be given. */
function isMissing({ message }: RunProblem): boolean {
  return message.startsWith("is not given");
}

function Looked({ bench, source, given, give, busy, started }: {
  readonly bench: LiveBench;
  readonly source: Source;
  readonly given: Readonly<Record<string, string>>;
  readonly give: (name: string, value: string) => void;
  readonly busy: boolean;
  readonly started: (words: string) => void;
}): VNode {
  const [look, setLook] = useState<RunCheck | string>();
  const [at, setAt] = useState("1");
  const [when, setWhen] = useState("");
  const [tried, setTried] = useState(false);
  const [work, complaint, works] = useWork();
  const begun = useLive(bench.begun);
  const welcome = useLive(bench.welcome);
  const connected = useLive(bench.connection).state === "open";
  const known = typeof look === "object" ? look : undefined;
  const { file, text, again } = source;
  const entered = JSON.stringify(given);
  const rehearsing = useRehearsal(
    bench,
    () => [file, text, JSON.stringify(valuesOf(known?.parameters ?? [], given)), Number(at) || 1, again],
    JSON.stringify([entered, at]),
  );
  const noRehearsal = useLive(bench.runs.queue)?.noRehearsal ?? "";
  const ask = (values: object) => bench.askRuns<RunCheck>("check", [file, text, JSON.stringify(values), again]);
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(async () => {
      try {
        // What the parameters are is known once the file was looked at.
        const first = known ?? await ask({});
        const found = known === undefined && entered === "{}" ? first : await ask(valuesOf(first.parameters, given));
        if (!gone) setLook(found);
      } catch (error) {
        if (!gone) setLook((error as Error).message);
      }
    }, known === undefined ? 0 : lookAfter);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [entered, begun]);
  if (look === undefined) return <p class="about">Looking…</p>;
  if (known === undefined) return <p class="complaint" role="alert">{String(look)}</p>;
  const { parameters, problems, title, summary, steps, instruments, time } = known;
  const ofParameter = (name: string) => problems.find(({ where }) => where.startsWith(`parameters.${name}`));
  const others = problems.filter(({ where }) => !parameters.some(({ name }) => where.startsWith(`parameters.${name}`)));
  const mayNot = whyNot(welcome, { instruments }, true);
  const off = works || !connected || mayNot !== "" || others.length > 0;
  /** Whether all that is needed is given; otherwise what is missing is said. */
  const isGiven = () => {
    setTried(true);
    const first = problems[0];
    if (first === undefined) return true;
    const { name } = parameters.find(({ name }) => first.where.startsWith(`parameters.${name}`)) ?? {};
    document.getElementById(`run-parameter-${name}`)?.focus();
    return false;
  };
  const load = async (how: "start" | "add" | "at") => {
    if (!isGiven()) return;
    await work(async () => {
      const values = JSON.stringify(valuesOf(parameters, given));
      const id = await bench.call("automation", "load", [file, text, values, Number(at) || 1, again]);
      if (how !== "add") await bench.call("automation", "start", [id, how === "at" ? when.trim() : ""]);
      started(
        how === "start"
          ? busy ? `Run ${id} waits for its turn.` : `Run ${id} was started.`
          : `Run ${id} was added to the queue.`,
      );
    });
  };
  return (
    <form
      class="run-look"
      aria-label={`Start ${title}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!off) void load("start");
      }}
    >
      <h4>{title === "" ? file : title}</h4>
      {summary === "" ? null : <p>{summary}</p>}
      {others.length === 0 ? null : (
        <div role="alert">
          <p class="complaint">
            {others.length === 1 ? "It cannot be started:" : `${others.length} things are wrong:`}
          </p>
          <ul class="run-problems">
            {others.map((each) => (
              <li key={JSON.stringify(each)}>
                {each.line === undefined ? null : <span class="about">line {each.line}, column {each.column}:</span>}
                {" "}
                {each.where === "" ? null : <code>{each.where}</code>} {each.message}
              </li>
            ))}
          </ul>
        </div>
      )}
      {parameters.length === 0 ? null : (
        <div class="command-form run-parameters">
          {parameters.map((parameter) => {
            const problem = ofParameter(parameter.name);
            const told = problem !== undefined && (tried || !isMissing(problem)) ? problem.message : "";
            return (
              <Parameter
                key={parameter.name}
                parameter={parameter}
                text={given[parameter.name] ?? (parameter.default === undefined ? "" : String(parameter.default))}
                problem={problem !== undefined && isMissing(problem) && told !== "" ? "must be given" : told}
                change={(value) => give(parameter.name, value)}
                enter={() => void (off || load("start"))}
              />
            );
          })}
        </div>
      )}
      {steps.length === 0 ? null : (
        <details class="folded" open={steps.length <= 12}>
          <summary>
            Steps <span class="count">{steps.length}</span>, {timeLeft(time)}
            {problems.length === 0 ? "" : "; with an example for what is not given"}
          </summary>
          <ol class="run-steps">
            {steps.map((each, index) => (
              <li key={index} class="run-step to-come">
                <span class="step-line">
                  <span class="step-number">{index + 1}</span>
                  <span class="step-text">{sentence(each)}</span>
                </span>
              </li>
            ))}
          </ol>
          {known.finally.length === 0 ? null : <p class="about">Finally: {known.finally.join("; ")}</p>}
        </details>
      )}
      <div class="run-doings">
        <button type="submit" class="strong" disabled={off}>{busy ? "Start in its turn" : "Start now"}</button>
        {!may(welcome, "drive")
          ? null
          : rehearsing.busy
          ? (
            <button type="button" class="run-rehearse" onClick={onSingleClick(rehearsing.cancel)}>
              Cancel the rehearsal
            </button>
          )
          : (
            <button
              type="button"
              class="run-rehearse"
              disabled={works || !connected || others.length > 0 || noRehearsal !== ""}
              onClick={onSingleClick(() => isGiven() && rehearsing.begin())}
            >
              Rehearse
            </button>
          )}
        <button type="button" disabled={off} onClick={() => void load("add")}>Only add to the queue</button>
        <span class="run-at">
          <label>
            at{" "}
            <input
              type="text"
              size={9}
              placeholder="22:30 or 90m"
              value={when}
              onInput={(event) => setWhen(event.currentTarget.value)}
            />
          </label>
          <button type="button" disabled={off || when.trim() === ""} onClick={() => void load("at")}>Start then</button>
        </span>
        {steps.length < 2 ? null : (
          <label class="run-at">
            from step{" "}
            <input
              type="text"
              inputMode="numeric"
              class="number"
              size={3}
              value={at}
              onInput={(event) => setAt(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      {mayNot === "" ? null : <p class="about">{mayNot}</p>}
      {noRehearsal === "" || !may(welcome, "drive")
        ? null
        : <p class="about">No run can be rehearsed here: {noRehearsal}.</p>}
      <Complaint text={complaint} />
      <p role="status" class="run-rehearsing">
        {rehearsing.busy ? "Rehearsing on simulated instruments: this takes some seconds…" : ""}
      </p>
      <Complaint text={rehearsing.complaint} />
      {rehearsing.rehearsal === undefined ? null : <RehearsalShown bench={bench} rehearsal={rehearsing.rehearsal} />}
    </form>
  );
}

function Parameter({ parameter, text, problem, change, enter }: {
  readonly parameter: RunParameter;
  readonly text: string;
  readonly problem: string;
  readonly change: (value: string) => void;
  readonly enter: () => void;
}): VNode {
  const { name, summary = "", type } = parameter;
  const required = parameter.default === undefined;
  return (
    <ArgumentField
      id={`run-parameter-${name}`}
      argument={{ ...parameter, summary: sentence(summary) }}
      required={required}
      text={text === "" && type === "choice" && !required ? String(parameter.default) : text}
      problem={sentence(problem)}
      disabled={false}
      change={change}
      enter={enter}
      clear={() => change("")}
    />
  );
}
