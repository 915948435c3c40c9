/**
 * Checks a run's file against the bench, and makes its steps: all that is wrong at once, with line and column.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, identifierOf, listed } from "../bench/names.ts";
import { commandOf, placeOf, settingOf } from "../bench/places.ts";
import { BenchEnvironment } from "../expressions/bench_environment.ts";
import { Condition } from "../expressions/condition.ts";
import { ExpressionError } from "../expressions/expression_error.ts";
import { readSeconds } from "../expressions/over_time.ts";
import { Windows } from "../expressions/windows.ts";
import { BenchFileError, type Path, type Problem, type Source } from "../files/source.ts";
import { type Given, parametersOf, type Row, rowsOfCsv, Values } from "./parameters.ts";
import { type RunWords, type Scalar, type StepKind, stepKinds, type StepWords } from "./run_schema.ts";
import { cameraCalled, exposureSeconds, imageTitle, lampsOf } from "./expose.ts";
import type { LoadedRun, RunSurroundings } from "./loaded_run.ts";
import { problemsInOrder } from "./run_file.ts";
import { shortly, timeText, unitOf } from "./step_text.ts";
import { sunText, type SunWait } from "./sun.ts";
import type { Late, Place, Reach, RunStep, StepBody } from "./steps.ts";

/** The most steps that the rows of all files make. */
const mostSteps = 100_000;
/** The longest time of a step, in seconds: a month. */
const longest = 31 * 86_400;
/** How long a readback may take, in seconds, where nobody says it. */
const usualReach = 300;
/** Of how many heights of the sun it is said when that will be: a year is looked through for it. */
const mostSuns = 20;
/** The most problems that are told at once. */
const mostProblems = 200;
/**
 * Checks a run against the bench, and makes it ready.
 *
 * @throws {BenchFileError} With all that is wrong, in the order of the file.
 */
export function loadRun(
  { source, words }: { readonly source: Source; readonly words: RunWords },
  surroundings: RunSurroundings,
): LoadedRun {
  const loader = new Loader(source, surroundings);
  const loaded = loader.load(words);
  if (loader.problems.length > 0) throw new BenchFileError(problemsInOrder(loader.problems));
  return loaded;
}

/** What a title is made of where a file has none: `night.run.json` is `night`. */
function titleOf(file: string): string {
  return file.replace(/^.*[\\/]/, "").replace(/\.(?:jsonc?|js|ts)$/, "").replace(/\.run$/, "");
}

class Loader {
  readonly problems: Problem[] = [];
  readonly #source: Source;
  readonly #surroundings: RunSurroundings;
  readonly #environment: BenchEnvironment;
  readonly #told = new Set<string>();
  readonly #driven = new Set<string>();
  readonly #suns = new Map<string, string>();
  #given: Given = {};
  #steps = 0;
  /** In which row what is wrong was found: ` (in row 2 of rows.csv)`. */
  #inRow = "";

  constructor(source: Source, surroundings: RunSurroundings) {
    this.#source = source;
    this.#surroundings = surroundings;
    this.#environment = new BenchEnvironment(surroundings.instruments, surroundings.elsewhere);
  }

  load(words: RunWords): LoadedRun {
    const { given, onlyChecked = false } = this.#surroundings;
    const declared = words.parameters ?? {};
    this.#given = parametersOf(declared, given, (name, message, word) => {
      this.#wrong(name === "" ? ["parameters"] : ["parameters", name, ...word === undefined ? [] : [word]], message);
    }, onlyChecked);
    // What is not given would be told again wherever it is used.
    const lacking = Object.keys(declared).some((name) => this.#given[name] === undefined);
    const values = new Values(this.#given);
    return {
      title: words.title ?? titleOf(this.#source.file),
      summary: words.summary ?? "",
      given: this.#given,
      steps: lacking ? [] : this.#all(words.steps, ["steps"], values),
      finally: lacking ? [] : this.#all(words.finally ?? [], ["finally"], values),
      ifFails: words.ifFails ?? "pause",
      afterRestart: words.afterRestart ?? "ask",
      instruments: [...this.#driven],
      isScript: false,
    };
  }

  #wrong(path: Path, message: string): void {
    const problem = this.#source.problem(path, message);
    const key = `${problem.line}:${problem.column}:${problem.where}:${message}`;
    // Each row may say the same.
    if (this.#told.has(key) || this.problems.length >= mostProblems) return;
    this.#told.add(key);
    this.problems.push({ ...problem, message: `${message}${this.#inRow}` });
  }

  /** Tells what is wrong with a part; `undefined` then. */
  #try<T>(path: Path, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof ExpressionError || error instanceof HeliographError)) {
        throw error;
      }
      this.#wrong(path, error.message);
      return undefined;
    }
  }

  #all(words: readonly StepWords[], at: Path, values: Values): RunStep[] {
    return words.flatMap((each, index) => {
      if (this.#steps++ > mostSteps) {
        this.#wrong(at, `makes more than ${mostSteps} steps`);
        return [];
      }
      return this.#step(each, [...at, index], values) ?? [];
    });
  }

  #step(words: StepWords, at: Path, values: Values): RunStep | undefined {
    const kinds = Object.keys(stepKinds) as StepKind[];
    const [kind, ...more] = kinds.filter((each) => words[each] !== undefined);
    if (kind === undefined) {
      this.#wrong(at, `does nothing: a step is one of ${kinds.join(", ")}`);
      return undefined;
    }
    const [second] = more;
    if (second !== undefined) {
      this.#wrong([...at, second], `cannot stand beside ${kind}: write a step of its own for each`);
      return undefined;
    }
    const beside: readonly string[] = [kind, "title", "otherwise", ...stepKinds[kind]];
    for (const word of Object.keys(words)) {
      if (beside.includes(word)) continue;
      const may = stepKinds[kind].length === 0 ? "" : `; there may stand ${stepKinds[kind].join(", ")}`;
      this.#wrong([...at, word], `has no meaning beside ${kind}${may}`);
    }
    const made = this.#made(kind, words, at, values);
    const otherwise = this.#all(words.otherwise ?? [], [...at, "otherwise"], values);
    if (made === undefined) return undefined;
    // Of an image it is the image's.
    const text = words.title === undefined || kind === "expose"
      ? made.text
      : this.#try([...at, "title"], () => values.text(words.title!));
    return text === undefined ? undefined : { ...made, text, otherwise };
  }

  #made(kind: StepKind, words: StepWords, at: Path, values: Values): StepBody | undefined {
    switch (kind) {
      case "set":
        return this.#set(words, at, values);
      case "call":
        return this.#call(words, at, values);
      case "expose":
        return this.#expose(words, at, values);
      case "wait": {
        const seconds = this.#time(words, "wait", at, values);
        return seconds === undefined ? undefined : { kind, seconds, text: `wait ${timeText(seconds)}` };
      }
      case "waitUntil":
        return this.#waitUntil(words, at, values);
      case "ramp":
        return this.#ramp(words, at, values);
      case "repeat":
        return this.#repeat(words, at, values);
      case "forEach":
        return this.#forEach(words, at);
      case "parallel": {
        const branches = words.parallel!.map((steps, index) => this.#all(steps, [...at, "parallel", index], values));
        return { kind, branches, text: `${branches.length} things side by side` };
      }
      case "note": {
        const note = this.#try([...at, "note"], () => values.text(words.note!));
        return note === undefined ? undefined : { kind, note, text: `note: ${note}` };
      }
      case "datalog":
        return this.#dataLog(words, at, values);
      case "askPerson": {
        if (at[0] === "finally") {
          this.#wrong([...at, kind], "cannot stand in finally: nobody may be there to answer");
          return undefined;
        }
        const question = this.#try([...at, "askPerson"], () => values.text(words.askPerson!));
        return question === undefined ? undefined : { kind: "ask", question, text: `ask: ${question}` };
      }
    }
  }

  /** A time of a step, in seconds. */
  #time(
    words: StepWords,
    word: "wait" | "held" | "timeout" | "over" | "every",
    at: Path,
    values: Values,
  ): number | undefined {
    return this.#try([...at, word], () => {
      const text = values.text(words[word]!);
      const seconds = readSeconds(text);
      if (seconds === undefined || seconds > longest) {
        throw new TypeError(`is ${text}, and should be a time such as 90s, 10m or 8h, at most 744h`);
      }
      return seconds;
    });
  }

  #number(
    words: StepWords,
    word: "within" | "from" | "to" | "repeat" | "count",
    at: Path,
    values: Values,
  ): number | undefined {
    return this.#try([...at, word], () => {
      const value = values.of(words[word]!);
      if (typeof value === "number") return value;
      throw new TypeError(`should be a number, and is ${JSON.stringify(value)}`);
    });
  }

  #setting(word: "set" | "ramp", words: StepWords, at: Path, values: Values): [Instrument, BenchField] | undefined {
    return this.#try([...at, word], () => {
      const [instrument, name] = this.#place(values.text(words[word]!));
      const field = settingOf(instrument, name);
      this.#driven.add(instrument.name);
      return [instrument, field];
    });
  }

  #place(text: string): [Instrument, string] {
    if (!/^[^.]*[a-z0-9][^.]*\.[^.]*[a-z0-9][^.]*$/i.test(text)) {
      throw new TypeError(`is ${JSON.stringify(text)}, and should be INSTRUMENT.NAME: mfc.flow`);
    }
    return placeOf(text, this.#surroundings.instruments);
  }

  #set(words: StepWords, at: Path, values: Values): StepBody | undefined {
    const found = this.#setting("set", words, at, values);
    if (words.to === undefined) this.#wrong([...at, "set"], 'says not to what it is set: give it "to"');
    const value = words.to === undefined ? undefined : this.#try([...at, "to"], () => values.of(words.to!));
    if (found === undefined || value === undefined) return undefined;
    const [instrument, field] = found;
    const fits = this.#try([...at, "to"], () => field.parse(value, instrument.title) !== undefined);
    const reach = this.#reach(words, instrument, field, at, values);
    if (!fits) return undefined;
    const close = reach === undefined ? "" : ` and wait until it is within ${reach.tolerance}`;
    return {
      kind: "set",
      setting: { instrument: instrument.name, field: field.name },
      value,
      confirm: field.spec.needsConfirm === true && words.confirm !== false,
      reach,
      text: `set ${field.title} of ${instrument.title} to ${value}${unitOf(field)}${close}`,
    };
  }

  #reach(words: StepWords, instrument: Instrument, field: BenchField, at: Path, values: Values): Reach | undefined {
    if (words.within === undefined) {
      for (const word of ["readback", "timeout"] as const) {
        if (words[word] !== undefined) this.#wrong([...at, word], 'has a meaning only beside "within"');
      }
      return undefined;
    }
    const tolerance = this.#number(words, "within", at, values);
    const timeout = words.timeout === undefined ? usualReach : this.#time(words, "timeout", at, values);
    const readback = this.#readback(words, instrument, field, at, values);
    if (tolerance !== undefined && tolerance < 0) this.#wrong([...at, "within"], "should be at least 0");
    return tolerance === undefined || timeout === undefined || readback === undefined
      ? undefined
      : { tolerance, timeout, readback };
  }

  #readback(words: StepWords, instrument: Instrument, field: BenchField, at: Path, values: Values): Place | undefined {
    const given = words.readback;
    if (given === undefined) {
      const named = field.spec.readback?.field;
      if (named !== undefined) return { instrument: instrument.name, field: instrument.field(named).name };
      const why = `${field.title} of ${instrument.title} has no readback in the bench file`;
      this.#wrong([...at, "within"], `needs a field to look at: ${why}; give "readback": "INSTRUMENT.FIELD"`);
      return undefined;
    }
    return this.#try([...at, "readback"], () => {
      const [of, name] = this.#place(values.text(given));
      const found = of.allFields.find((each) => each.name === identifierOf(name));
      const names = of.allFields.map((each) => each.name);
      if (found === undefined) {
        throw new TypeError(`${of.title} has no field ${name}${didYouMean(name, names)}; it has ${listed(names)}`);
      }
      if (found.spec.type !== "float" && found.spec.type !== "int") {
        throw new TypeError(`${found.title} of ${of.title} is no number`);
      }
      return { instrument: of.name, field: found.name };
    });
  }

  #call(words: StepWords, at: Path, values: Values): StepBody | undefined {
    return this.#try([...at, "call"], (): StepBody | undefined => {
      const [instrument, name] = this.#place(values.text(words.call!));
      const command = commandOf(instrument, name);
      this.#driven.add(instrument.name);
      return this.#try([...at, "arguments"], (): StepBody => {
        const args = (words.arguments ?? []).map((each) => values.of(each));
        command.bind(instrument.name, name, args, new Map());
        const text = `call ${[name, ...args].join(" ")} of ${instrument.title}`;
        return { kind: "call", instrument: instrument.name, command: name, arguments: args, text };
      });
    });
  }

  #expose(words: StepWords, at: Path, values: Values): StepBody | undefined {
    const { instruments } = this.#surroundings;
    const word = <T>(word: "expose" | "type" | "title" | "camera", make: (text: string) => T) =>
      words[word] === undefined ? undefined : this.#try([...at, word], () => make(values.text(String(words[word]))));
    if (at[0] === "finally") {
      this.#wrong([...at, "expose"], "cannot stand in finally: after a restart it could be taken twice");
      return undefined;
    }
    const camera = words.camera === undefined
      ? this.#try([...at, "expose"], () => cameraCalled(undefined, instruments))
      : word("camera", (name) => cameraCalled(name, instruments));
    const times = words.count === undefined ? 1 : this.#number(words, "count", at, values);
    if (times !== undefined && !(Number.isInteger(times) && times >= 1 && times <= 1e6)) {
      this.#wrong([...at, "count"], `is ${times}, and should be a whole number from 1 to 1000000`);
    }
    if (camera === undefined) return undefined;
    const seconds = this.#try([...at, "expose"], () => exposureSeconds(values.of(words.expose!), camera));
    const title = words.title === undefined ? "" : word("title", imageTitle);
    const type = words.type === undefined ? "" : word("type", (type) => {
      for (const name of lampsOf(type, camera, instruments)) this.#driven.add(name);
      return type;
    });
    this.#driven.add(camera.name);
    if (seconds === undefined || title === undefined || type === undefined || times === undefined) return undefined;
    const what = [type, ...title === "" ? [] : [`“${title}”`]].filter((each) => each !== "").join(" ");
    const by = words.camera === undefined ? "" : ` with ${camera.title}`;
    const text = `expose ${seconds < 60 ? `${seconds}s` : timeText(seconds)}${what === "" ? "" : `, ${what}`}${by}`;
    const image = { kind: "expose", camera: camera.name, seconds, arguments: [seconds, type, title], text } as const;
    if (times === 1) return image;
    return { kind: "rounds", rounds: [[{ ...image, otherwise: [] }]], times, every: 0, text: `${times} × ${text}` };
  }

  #waitUntil(words: StepWords, at: Path, values: Values): StepBody | undefined {
    const text = this.#try([...at, "waitUntil"], () => values.text(words.waitUntil!));
    if (text === undefined) return undefined;
    const time = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
    if (time !== null) {
      for (const word of stepKinds.waitUntil) {
        if (words[word] !== undefined) this.#wrong([...at, word], "has a meaning only with a condition");
      }
      const [hour, minute, second] = time.slice(1).map((each) => Number(each ?? 0)) as [number, number, number];
      if (hour > 23 || minute > 59 || second > 59) {
        this.#wrong([...at, "waitUntil"], `is ${text}, and should be a time of day such as 06:30`);
        return undefined;
      }
      return { kind: "time of day", hour, minute, second, text: `wait until ${text}` };
    }
    if (/^sun\b(?!\s*\.)/i.test(text)) return this.#sun(text, words, at, values);
    const fine = this.#try([...at, "waitUntil"], () => {
      const fields = new Condition(text, this.#environment.of(undefined, new Windows())).fields;
      if (fields.length > 0) return true;
      throw new TypeError("speaks of no field, and would never change");
    });
    const held = words.held === undefined ? 0 : this.#time(words, "held", at, values);
    const late = this.#late(words, at, values);
    if (!fine || held === undefined) return undefined;
    const forTime = held === 0 ? "" : ` for ${timeText(held)}`;
    return { kind: "condition", condition: text, held, ...late, text: `wait until ${text}${forTime}` };
  }

  /** For how long something is waited for, and what is done then. */
  #late(words: StepWords, at: Path, values: Values): { readonly timeout: number | undefined; readonly then: Late } {
    const timeout = words.timeout === undefined ? undefined : this.#time(words, "timeout", at, values);
    if (words.then !== undefined && words.timeout === undefined) {
      this.#wrong([...at, "then"], 'has a meaning only beside "timeout"');
    }
    return { timeout, then: words.then ?? "fail" };
  }

  /** A wait for the sun: `sun below -12`, `sun above -18`. */
  #sun(text: string, words: StepWords, at: Path, values: Values): StepBody | undefined {
    if (words.held !== undefined) this.#wrong([...at, "held"], "has a meaning only with a condition");
    const late = this.#late(words, at, values);
    return this.#try([...at, "waitUntil"], (): StepBody => {
      const [, where, degrees] = /^sun\s+(below|above)\s+([+-]?\d+(?:\.\d+)?)\s*°?$/i.exec(text) ?? [];
      const altitude = Number(degrees);
      if (where === undefined || !(Math.abs(altitude) <= 90)) {
        throw new TypeError(`is ${text}, and should be such as sun below -12 or sun above -18, in degrees`);
      }
      const { site, now = new Date() } = this.#surroundings;
      if (site === undefined) {
        throw new TypeError(
          "needs to know where the bench stands: add to the bench file, with its own numbers, " +
            '"site": {"latitude": 31.96, "longitude": -111.6}',
        );
      }
      const wait = { site, altitude, below: where.toLowerCase() === "below" };
      return {
        kind: "sun",
        ...wait,
        ...late,
        text: `wait until the sun is ${where.toLowerCase()} ${altitude}°${this.#when(wait, now)}`,
      };
    });
  }

  /** When the sun will be there; of very many heights nobody reads it. */
  #when(wait: SunWait, now: Date): string {
    const key = `${wait.altitude} ${wait.below}`;
    if (!this.#suns.has(key) && this.#suns.size < mostSuns) this.#suns.set(key, ` (${sunText(wait, now)})`);
    return this.#suns.get(key) ?? "";
  }

  #ramp(words: StepWords, at: Path, values: Values): StepBody | undefined {
    const found = this.#setting("ramp", words, at, values);
    for (const word of ["to", "over"] as const) {
      if (words[word] === undefined) {
        this.#wrong(
          at,
          `says not ${word === "to" ? "where it ends" : "how long it takes"}` +
            `: give it "${word}"`,
        );
      }
    }
    if (words.to === undefined || words.over === undefined) return undefined;
    const to = this.#number(words, "to", at, values);
    const from = words.from === undefined ? undefined : this.#number(words, "from", at, values);
    const over = this.#time(words, "over", at, values);
    const every = words.every === undefined ? 1 : this.#time(words, "every", at, values);
    if (found === undefined || to === undefined || over === undefined || every === undefined) return undefined;
    const [instrument, field] = found;
    if (field.spec.type !== "float" && field.spec.type !== "int") {
      this.#wrong([...at, "ramp"], `${field.title} of ${instrument.title} is no number`);
      return undefined;
    }
    if (every < 0.05) this.#wrong([...at, "every"], "should be at least 0.05s");
    for (const [word, value] of [["from", from], ["to", to]] as const) {
      if (value !== undefined) this.#try([...at, word], () => field.parse(value, instrument.title));
    }
    const begin = from === undefined ? "" : ` from ${from}${unitOf(field)}`;
    return {
      kind: "ramp",
      setting: { instrument: instrument.name, field: field.name },
      from,
      to,
      over,
      every: Math.max(every, 0.05),
      confirm: field.spec.needsConfirm === true,
      text: `ramp ${field.title} of ${instrument.title}${begin} to ${to}${unitOf(field)} over ${timeText(over)}`,
    };
  }

  #repeat(words: StepWords, at: Path, values: Values): StepBody | undefined {
    const times = words.repeat === "forever" ? Infinity : this.#number(words, "repeat", at, values);
    if (times !== undefined && times !== Infinity && !(Number.isInteger(times) && times >= 1 && times <= 1e7)) {
      this.#wrong([...at, "repeat"], `is ${times}, and should be a whole number from 1 to 10000000, or forever`);
    }
    return this.#rounds(words, at, [values], times, times === Infinity ? "again and again" : `${times} times`);
  }

  #forEach(words: StepWords, at: Path): StepBody | undefined {
    const rows = this.#try([...at, "forEach"], () => this.#rows(words.forEach!));
    if (rows === undefined) return undefined;
    const each = rows.map((row) => new Values(this.#given, row));
    const of = typeof words.forEach === "string" ? ` of ${words.forEach}` : "";
    return this.#rounds(words, at, each, rows.length, `for each of ${rows.length} rows${of}`);
  }

  #rows(given: NonNullable<StepWords["forEach"]>): Row[] {
    if (typeof given !== "string") {
      return given.map((each) => typeof each === "object" ? each : { value: each });
    }
    const { files } = this.#surroundings;
    const text = files.get(given);
    if (text === undefined) throw new TypeError(`there is no file ${given} in the bench's folder`);
    return rowsOfCsv(text);
  }

  #rounds(
    words: StepWords,
    at: Path,
    values: readonly Values[],
    times: number | undefined,
    text: string,
  ): StepBody | undefined {
    if (words.steps === undefined) this.#wrong(at, 'says not what is done: give it "steps"');
    const every = words.every === undefined ? 0 : this.#time(words, "every", at, values[0]!);
    if (words.steps === undefined || times === undefined || every === undefined) return undefined;
    const steps = words.steps;
    const outer = this.#inRow;
    const rounds = values.map((each, index) => {
      const of = typeof words.forEach === "string" ? ` of ${words.forEach}` : "";
      if (words.forEach !== undefined) this.#inRow = ` (in row ${index + 1}${of})`;
      return this.#all(steps, [...at, "steps"], each);
    });
    this.#inRow = outer;
    const what = words.repeat === undefined ? "" : `: ${shortly(rounds[0]!)}`;
    return { kind: "rounds", rounds, times, every, text: `${text}${what}` };
  }

  #dataLog(words: StepWords, at: Path, values: Values): StepBody | undefined {
    if (words.datalog === "stop") {
      for (const word of stepKinds.datalog) {
        if (words[word] !== undefined) this.#wrong([...at, word], "has a meaning only where one begins");
      }
      return {
        kind: "call",
        instrument: "api",
        command: "datalog_stop",
        arguments: [],
        text: "end the data log",
      };
    }
    return this.#try(at, (): StepBody => {
      const text = (word: "name" | "every") => words[word] === undefined ? "" : values.text(words[word]);
      const args: Scalar[] = [text("name"), text("every") || "0:00:10", (words.fields ?? []).join(",")];
      return {
        kind: "call",
        instrument: "api",
        command: "datalog_start",
        arguments: args,
        text: "begin a data log",
      };
    });
  }
}
