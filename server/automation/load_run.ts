/**
 * Checks a run's file against the bench, and makes its steps: all that is wrong at once, with line and column.
 *
 * @module
 */

import { BenchFileError, type Path, type Source } from "../files/source.ts";
import type { LoadedRun, RunSurroundings } from "./loaded_run.ts";
import { BenchStepLoader } from "./loading/bench_steps.ts";
import { exposeStep } from "./loading/expose_step.ts";
import { RunProblems } from "./loading/run_problems.ts";
import { StepEntry } from "./loading/step_entry.ts";
import { WaitStepLoader } from "./loading/wait_steps.ts";
import { type Given, parametersOf, type Row, rowsOfCsv, Values } from "./parameters.ts";
import { problemsInOrder } from "./run_file.ts";
import { type RunWords, type Scalar, type StepKind, stepKinds, type StepWords } from "./run_schema.ts";
import { shortly } from "./step_text.ts";
import type { RunStep, StepBody } from "./steps.ts";

/** The most steps that the rows of all files make. */
const mostSteps = 100_000;

/**
 * Checks a run against the bench, and makes it ready.
 *
 * @throws {BenchFileError} With all that is wrong, in the order of the file.
 */
export function loadRun(
  { source, words }: { readonly source: Source; readonly words: RunWords },
  surroundings: RunSurroundings,
): LoadedRun {
  const problems = new RunProblems(source);
  const { given: told, onlyChecked = false } = surroundings;
  const declared = words.parameters ?? {};
  const given = parametersOf(declared, told, (name, message, word) => {
    problems.add(name === "" ? ["parameters"] : ["parameters", name, ...word === undefined ? [] : [word]], message);
  }, onlyChecked);
  const loader = new StepLoader(problems, surroundings, given);
  // What is not given would be told again wherever it is used.
  const lacking = Object.keys(declared).some((name) => given[name] === undefined);
  const loaded: LoadedRun = {
    title: words.title ?? titleOf(source.file),
    summary: words.summary ?? "",
    given,
    steps: lacking ? [] : loader.all(words.steps, ["steps"], new Values(given)),
    finally: lacking ? [] : loader.all(words.finally ?? [], ["finally"], new Values(given)),
    ifFails: words.ifFails ?? "pause",
    afterRestart: words.afterRestart ?? "ask",
    instruments: [...loader.driven],
    isScript: false,
  };
  if (problems.found.length > 0) throw new BenchFileError(problemsInOrder(problems.found));
  return loaded;
}

/** What a title is made of where a file has none: `night.run.json` is `night`. */
function titleOf(file: string): string {
  return file.replace(/^.*[\\/]/, "").replace(/\.(?:jsonc?|js|ts)$/, "").replace(/\.run$/, "");
}

/** Loads steps, and those within them. */
class StepLoader {
  /** The names of the instruments that they drive. */
  readonly driven = new Set<string>();
  readonly #problems: RunProblems;
  readonly #surroundings: RunSurroundings;
  readonly #given: Given;
  readonly #bench: BenchStepLoader;
  readonly #waits: WaitStepLoader;
  #steps = 0;

  constructor(problems: RunProblems, surroundings: RunSurroundings, given: Given) {
    this.#problems = problems;
    this.#surroundings = surroundings;
    this.#given = given;
    this.#bench = new BenchStepLoader(surroundings.instruments, this.driven);
    this.#waits = new WaitStepLoader(surroundings);
  }

  all(words: readonly StepWords[], at: Path, values: Values): RunStep[] {
    return words.flatMap((each, index) => {
      if (this.#steps++ > mostSteps) {
        this.#problems.add(at, `makes more than ${mostSteps} steps`);
        return [];
      }
      return this.#step(new StepEntry(each, [...at, index], values, this.#problems)) ?? [];
    });
  }

  #within(entry: StepEntry, words: readonly StepWords[], ...path: (string | number)[]): RunStep[] {
    return this.all(words, [...entry.at, ...path], entry.values);
  }

  #step(entry: StepEntry): RunStep | undefined {
    const { words } = entry;
    const kinds = Object.keys(stepKinds) as StepKind[];
    const [kind, ...more] = kinds.filter((each) => words[each] !== undefined);
    if (kind === undefined) {
      entry.wrong(undefined, `does nothing: a step is one of ${kinds.join(", ")}`);
      return undefined;
    }
    const [second] = more;
    if (second !== undefined) {
      entry.wrong(second, `cannot stand beside ${kind}: write a step of its own for each`);
      return undefined;
    }
    const beside: readonly string[] = [kind, "title", "otherwise", ...stepKinds[kind]];
    for (const word of Object.keys(words) as (keyof StepWords)[]) {
      if (beside.includes(word)) continue;
      const may = stepKinds[kind].length === 0 ? "" : `; there may stand ${stepKinds[kind].join(", ")}`;
      entry.wrong(word, `has no meaning beside ${kind}${may}`);
    }
    const made = this.#made(kind, entry);
    const otherwise = this.#within(entry, words.otherwise ?? [], "otherwise");
    if (made === undefined) return undefined;
    // Of an image it is the image's.
    const text = words.title === undefined || kind === "expose"
      ? made.text
      : entry.try("title", () => entry.text("title"));
    return text === undefined ? undefined : { ...made, text, otherwise };
  }

  #made(kind: StepKind, entry: StepEntry): StepBody | undefined {
    const { words } = entry;
    switch (kind) {
      case "set":
        return this.#bench.set(entry);
      case "call":
        return this.#bench.call(entry);
      case "ramp":
        return this.#bench.ramp(entry);
      case "expose":
        return exposeStep(entry, this.#surroundings.instruments, this.driven);
      case "wait":
        return this.#waits.wait(entry);
      case "waitUntil":
        return this.#waits.until(entry);
      case "repeat":
        return this.#repeat(entry);
      case "forEach":
        return this.#forEach(entry);
      case "parallel": {
        const branches = words.parallel!.map((steps, index) => this.#within(entry, steps, "parallel", index));
        return { kind, branches, text: `${branches.length} things side by side` };
      }
      case "note": {
        const note = entry.try("note", () => entry.text("note"));
        return note === undefined ? undefined : { kind, note, text: `note: ${note}` };
      }
      case "datalog":
        return dataLog(entry);
      case "askPerson": {
        if (entry.isInFinally) {
          entry.wrong(kind, "cannot stand in finally: nobody may be there to answer");
          return undefined;
        }
        const question = entry.try("askPerson", () => entry.text("askPerson"));
        return question === undefined ? undefined : { kind: "ask", question, text: `ask: ${question}` };
      }
    }
  }

  #repeat(entry: StepEntry): StepBody | undefined {
    const { words, values } = entry;
    const times = words.repeat === "forever" ? Infinity : entry.number("repeat");
    if (times !== undefined && times !== Infinity && !(Number.isInteger(times) && times >= 1 && times <= 1e7)) {
      entry.wrong("repeat", `is ${times}, and should be a whole number from 1 to 10000000, or forever`);
    }
    return this.#rounds(entry, [values], times, times === Infinity ? "again and again" : `${times} times`);
  }

  #forEach(entry: StepEntry): StepBody | undefined {
    const { words } = entry;
    const rows = entry.try("forEach", () => this.#rows(words.forEach!));
    if (rows === undefined) return undefined;
    const each = rows.map((row) => new Values(this.#given, row));
    return this.#rounds(entry, each, rows.length, `for each of ${rows.length} rows${ofFile(entry)}`);
  }

  #rows(given: NonNullable<StepWords["forEach"]>): Row[] {
    if (typeof given !== "string") {
      return given.map((each) => typeof each === "object" ? each : { value: each });
    }
    const text = this.#surroundings.files.get(given);
    if (text === undefined) throw new TypeError(`there is no file ${given} in the bench's folder`);
    return rowsOfCsv(text);
  }

  #rounds(
    entry: StepEntry,
    values: readonly Values[],
    times: number | undefined,
    text: string,
  ): StepBody | undefined {
    const { words: { steps, every: given, forEach, repeat }, at } = entry;
    if (steps === undefined) entry.wrong(undefined, 'says not what is done: give it "steps"');
    const every = given === undefined ? 0 : new StepEntry(entry.words, at, values[0]!, this.#problems).time("every");
    if (steps === undefined || times === undefined || every === undefined) return undefined;
    const rounds = values.map((each, index) => {
      const load = () => this.all(steps, [...at, "steps"], each);
      return forEach === undefined ? load() : this.#problems.inRow(`${index + 1}${ofFile(entry)}`, load);
    });
    const what = repeat === undefined ? "" : `: ${shortly(rounds[0]!)}`;
    return { kind: "rounds", rounds, times, every, text: `${text}${what}` };
  }
}

/** Which file the rows are of, in words. */
function ofFile({ words: { forEach } }: StepEntry): string {
  return typeof forEach === "string" ? ` of ${forEach}` : "";
}

/** A data log begins, or ends. */
function dataLog(entry: StepEntry): StepBody | undefined {
  const { words } = entry;
  const call = { kind: "call", instrument: "api" } as const;
  if (words.datalog === "stop") {
    entry.without(stepKinds.datalog, "has a meaning only where one begins");
    return { ...call, command: "datalog_stop", arguments: [], text: "end the data log" };
  }
  return entry.try(undefined, (): StepBody => {
    const text = (word: "name" | "every") => words[word] === undefined ? "" : entry.text(word);
    const args: Scalar[] = [text("name"), text("every") || "0:00:10", (words.fields ?? []).join(",")];
    return { ...call, command: "datalog_start", arguments: args, text: "begin a data log" };
  });
}
