/**
 * Rehearses a run: on the bench of a file whose instruments are all simulated, in virtual time.
 *
 * @module
 */

import { configureSync, type LogRecord } from "npm:@logtape/logtape@2.4.2";
import { dirname, join } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import type { Rehearsal, RehearsalOrder, RehearsedEvent } from "../../protocol/rehearsal.ts";
import { Principal } from "../access/principal.ts";
import { Run, type RunParts } from "../automation/run.ts";
import { filesOf, type LoadedRun, loadRun, readRun } from "../automation/run_file.ts";
import type { Site } from "../config/site.ts";
import { alarmCategory } from "../records/journal.ts";
import type { RunStep } from "../automation/steps.ts";
import type { KeptRun } from "../automation/run_store.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import type { BenchField } from "../bench/field.ts";
import { command } from "../bench/command.ts";
import type { Instrument } from "../bench/instrument.ts";
import { systemClock } from "../camera/clock.ts";
import { loadBenchWith } from "../config/bench_file.ts";
import { Simulators } from "../config/simulators.ts";
import { DriverProcesses } from "../devices/driver_process/driver_processes.ts";
import { simulateWithin } from "../devices/simulators/within.ts";
import { BenchEnvironment } from "../expressions/bench_environment.ts";
import { Condition } from "../expressions/condition.ts";
import { Windows } from "../expressions/windows.ts";
import { compileGuards } from "../guards/compiled.ts";
import type { GuardsWords } from "../guards/guards_schema.ts";
import { Services } from "../services.ts";
import { Pace } from "./pace.ts";
import { Series } from "./series.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** So many events are kept; of more, their number. */
const mostEvents = 20_000;
/** So many steps without any time between them go on for ever. */
const mostAtOnce = 100_000;
/** How long instruments are waited for before the run begins, in seconds. */
const longestReach = 30;

/** What further kinds of steps need, such as those of scripts; they are given to the run as they are. @default none */
export type FurtherParts = Omit<Partial<RunParts>, "bench" | "clock" | "act" | "note" | "keep" | "tell" | "begins">;

/**
 * Rehearses a run.
 *
 * @param time The time of this Worker, which was installed before this was loaded.
 * @param load Makes the run of its file. @default a native run's
 * @throws {BenchFileError} With what is wrong with the bench or the run.
 */
export async function rehearse(
  order: RehearsalOrder,
  time: VirtualTime,
  further: FurtherParts = {},
  load: typeof loadNative = loadNative,
): Promise<Rehearsal> {
  const simulators = new Simulators(simulateWithin);
  const drivers = new DriverProcesses({ hostCommand: order.hostCommand });
  const bench = await loadBenchWith(drivers, order.bench, simulators.redirect, [order.imageFolder]);
  simulators.leaveOut(bench.instruments);
  await bench.close();
  // From here on nothing reads a file, and no process is started.
  const services = new Services(bench.instruments, { guards: bench.guards as GuardsWords | undefined });
  const rehearsed = new RehearsedRun(order, services, further, simulators.missing);
  const loaded = await load(order, services.bench.instruments, bench.site);
  if (order.at > loaded.steps.length) {
    throw new HeliographError(
      "bad_argument",
      `Cannot begin at step ${order.at}: ${loaded.title} has ${loaded.steps.length}, counted from 1`,
    );
  }
  return await time.run(() => rehearsed.run(loaded, bench.guards as GuardsWords | undefined));
}

async function loadNative(
  order: RehearsalOrder,
  instruments: readonly Instrument[],
  site: Site | undefined,
): Promise<LoadedRun> {
  const read = readRun(order.file, order.text);
  const files = new Map<string, string | undefined>();
  for (const name of filesOf(read.words)) {
    files.set(name, await Deno.readTextFile(join(dirname(order.bench), name)).catch(() => undefined));
  }
  return loadRun(read, { instruments, site, now: new Date(), given: order.given, files });
}

class RehearsedRun {
  readonly #order: RehearsalOrder;
  readonly #services: Services;
  readonly #further: FurtherParts;
  readonly #missing: readonly string[];
  readonly #events: RehearsedEvent[] = [];
  #more = 0;
  #began: number | undefined;
  #acting = new Set<number>();
  #run: Run | undefined;
  #end: { readonly state: Rehearsal["state"]; readonly reason: string } | undefined;
  /** The text of a step that has just begun: the run tells it, too. */
  #expected: string | undefined;
  #atOnce = { at: 0, count: 0 };

  constructor(order: RehearsalOrder, services: Services, further: FurtherParts, missing: readonly string[]) {
    this.#order = order;
    this.#services = services;
    this.#further = further;
    this.#missing = missing;
    services.bench.add(this.#automation());
    services.bench.hub.subscribe("alarm", ({ alarm: { title, state, severity, reason }, by }) => {
      // An interlock tells of itself.
      if (by !== "" || state !== "unacknowledged" || title.startsWith("Interlock ")) return;
      this.#tell("alarm", `Alarm ${title} (${severity}): ${reason}`);
    }, { name: "the rehearsal" });
  }

  /** What stands for the queue of runs: guards pause and stop the run by it. */
  #automation(): Instrument {
    return defineInstrument({
      title: "automation",
      aside: true,
      fields: { State: { type: "text", initial: "running", log: false, keep: false } },
      commands: {
        guard: command({
          summary: "Pause or stop the run that is rehearsed",
          arguments: { what: { type: "choice", choices: ["pause", "stop"] } },
          stop: true,
          run: ({ what }) => this.#forGuard(what),
        }),
      },
    });
  }

  #forGuard(what: string): void {
    const run = this.#run;
    if (run === undefined || run.finishing) return;
    if (what === "pause") run.pause("a guard paused it");
    else run.end({ state: "stopped", reason: "a guard stopped it" });
  }

  get #at(): number {
    return this.#began === undefined ? 0 : Math.round(performance.now() - this.#began) / 1000;
  }

  #tell(kind: RehearsedEvent["kind"], text: string): RehearsedEvent {
    const event = { at: this.#at, kind, text };
    if (this.#events.length < mostEvents) this.#events.push(event);
    else this.#more++;
    return event;
  }

  async run(loaded: LoadedRun, words: GuardsWords | undefined): Promise<Rehearsal> {
    const { bench, guards, requests } = this.#services;
    configureSync({
      reset: true,
      sinks: { timeline: (record: LogRecord) => this.#log(record) },
      loggers: [
        { category: "heliograph", lowestLevel: "info", sinks: ["timeline"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["timeline"] },
      ],
    });
    const plotted = plottedIn(loaded, bench.instruments);
    const guarded = words === undefined ? [] : guardedBy(words, bench.instruments);
    const pace = new Pace({
      bench,
      plotted,
      watched: () => [...guarded, ...this.#run?.watches ?? []],
      acting: () => this.#acting.values().next().value,
    });
    const series = new Map([...plotted].map((field) => [field, new Series()]));
    bench.hub.subscribe("reading", ({ field }) => {
      const { value, quality } = field;
      if (typeof value === "number" && quality === "good") series.get(field)?.add(this.#at, value);
    }, { name: "a rehearsal" });
    await bench.start(pace.refresh);
    await guards?.open();
    const waits = systemClock.now() + longestReach;
    const away = () => bench.instruments.some(({ contact }) => contact?.state === "connecting");
    while (away() && systemClock.now() < waits) await systemClock.wait(0.1);
    pace.readAll();
    this.#renewWatchdogs();

    const began = new Date().toISOString();
    this.#began = performance.now();
    for (const [field, each] of series) if (typeof field.value === "number") each.add(0, field.value);
    pace.begins();
    const principal = new Principal({ by: "program", name: `run ${loaded.title}`, yields: true }, "admin");
    const kept: Pick<KeptRun, "place" | "last" | "outcome"> = { place: { at: this.#order.at - 1 }, last: { at: 0 } };
    const run = this.#run = new Run(loaded, kept, {
      ...this.#further,
      bench,
      clock: systemClock,
      act: ({ instrument, command, args }) => {
        // A data log is written by nobody here.
        if (instrument === "api" && command.startsWith("datalog_")) return undefined;
        const done = requests.run({ cmd: "Call", instrument, command, args, keywords: new Map() }, principal);
        return done instanceof Promise ? this.#act(done, pace) : done;
      },
      note: () => {},
      keep: () => {
        this.#countAtOnce();
        return Promise.resolve();
      },
      tell: (text) => this.#told(text),
      begins: (step) => {
        const ends = this.#begins(step);
        pace.begins();
        return ends;
      },
    });
    const late = setTimeout(() => this.#endNow("under way", ""), this.#order.most * 1000);
    let outcome: Pick<Rehearsal, "state" | "reason">;
    try {
      outcome = await run.run();
    } catch (error) {
      if (this.#end === undefined) throw error;
      outcome = this.#end;
    }
    clearTimeout(late);
    const seconds = this.#at;
    pace.readAll();
    await systemClock.wait(0.05);
    pace.stop();
    return {
      title: loaded.title,
      ...outcome,
      step: outcome.state === "done" ? null : Math.min(kept.place.at + 1, loaded.steps.length),
      began,
      seconds,
      events: this.#events,
      more: this.#more,
      series: bench.instruments.flatMap((instrument) =>
        instrument.allFields.flatMap((field) => {
          const columns = series.get(field)?.columns;
          if (columns === undefined || columns.times.length === 0) return [];
          return [{ instrument: instrument.name, field: field.name, unit: field.spec.unit ?? "", ...columns }];
        })
      ),
      values: loaded.instruments.flatMap((name) =>
        bench.find(name)!.allFields.map((field) => ({
          instrument: name,
          field: field.name,
          text: field.text,
          unit: field.spec.unit ?? "",
          quality: field.quality,
        }))
      ),
      notSimulated: this.#missing,
    };
  }

  /** Nothing else is done. */
  #endNow(state: Rehearsal["state"], reason: string): void {
    this.#end ??= { state, reason };
    this.#run?.freeze();
  }

  async #act(done: Promise<unknown>, pace: Pace): Promise<unknown> {
    const since = performance.now();
    this.#acting.add(since);
    pace.soon();
    try {
      return await done;
    } finally {
      this.#acting.delete(since);
    }
  }

  /** A run that waits for nothing would never let time pass. */
  #countAtOnce(): void {
    const at = performance.now();
    if (at !== this.#atOnce.at) this.#atOnce = { at, count: 0 };
    if (++this.#atOnce.count < mostAtOnce) return;
    this.#endNow("failed", `it does ${mostAtOnce} steps without any time between them: have it wait in each round`);
  }

  #begins(step: RunStep): (failure?: unknown) => void {
    this.#expected = step.text;
    const event = this.#tell("step", step.text);
    return (failure) => {
      event.took = Math.round((this.#at - event.at) * 1000) / 1000;
      if (failure === undefined || this.#end !== undefined) return;
      const text = failure instanceof Error ? failure.message : String(failure);
      const waits = step.kind === "condition" || (step.kind === "set" && step.reach !== undefined);
      if (failure instanceof HeliographError) this.#tell(failure.code === "forbidden" ? "refused" : "failed", text);
      else if (waits && failure instanceof Error && / within /.test(text)) this.#tell("timeout", text);
    };
  }

  /** What the run tells. */
  #told(text: string): void {
    const expected = this.#expected;
    this.#expected = undefined;
    if (text === expected) return;
    const run = this.#run!;
    if (run.pausedBecause !== undefined) {
      this.#endNow("paused", run.pausedBecause);
      return;
    }
    this.#tell(/ was not so within /.test(text) && !text.startsWith("“") ? "timeout" : "told", text);
    if (run.asks !== null) queueMicrotask(() => run.answer("yes", "the rehearsal"));
  }

  /** What guards, and what else goes wrong, tell in the log. */
  #log({ category, level, message }: LogRecord): void {
    const text = message.map((part) => typeof part === "string" ? part : String(part)).join("");
    // Alarms are heard of by themselves.
    if (category[1] === alarmCategory) return;
    if (category[1] !== "guards") {
      if (level === "warning" || level === "error" || level === "fatal") this.#tell("problem", text);
      return;
    }
    if (text.startsWith("Interlock ")) this.#tell("interlock", text);
    else if (text.includes(", its limit: ")) this.#tell("limit", text);
    else this.#tell("guard", text);
  }

  /** Whoever renews them at night does it in a rehearsal, too. */
  #renewWatchdogs(): void {
    const { guards } = this.#services;
    for (const { name, within } of guards?.describe().watchdogs ?? []) {
      guards!.watchdogs.renew(name, "the rehearsal");
      setInterval(() => guards!.watchdogs.renew(name, "the rehearsal"), within * 1000 / 2);
    }
  }
}

/** The numbers of a bench that a run sets or waits for, with their readbacks. */
function plottedIn(loaded: LoadedRun, instruments: readonly Instrument[]): Set<BenchField> {
  const found = new Set<BenchField>();
  const environment = new BenchEnvironment(instruments).of(undefined, new Windows());
  const add = (field: BenchField | undefined) => {
    if (field?.spec.type === "float" || field?.spec.type === "int") found.add(field);
  };
  const addPlace = (place: { readonly instrument: string; readonly field: string }) => {
    const instrument = instruments.find(({ name }) => name === place.instrument);
    const field = instrument?.field(place.field);
    add(field);
    const readback = field?.spec.readback?.field;
    if (readback !== undefined) add(instrument!.field(readback));
  };
  const visited = new Set<readonly RunStep[]>();
  const visit = (steps: readonly RunStep[]) => {
    if (visited.has(steps)) return;
    visited.add(steps);
    for (const step of steps) {
      if (step.kind === "set" || step.kind === "ramp") addPlace(step.setting);
      if (step.kind === "set" && step.reach !== undefined) addPlace(step.reach.readback);
      if (step.kind === "condition") new Condition(step.condition, environment).fields.forEach(add);
      if (step.kind === "rounds") step.rounds.forEach(visit);
      if (step.kind === "parallel") step.branches.forEach(visit);
      visit(step.otherwise);
    }
  };
  visit(loaded.steps);
  visit(loaded.finally);
  return found;
}

/** The fields that guards look at. */
function guardedBy(words: GuardsWords, instruments: readonly Instrument[]): BenchField[] {
  const { interlocks, alarms, limits } = compileGuards(words, instruments);
  const conditions = [
    ...[...interlocks.values()].flatMap(({ condition, until }) => [condition, until]),
    ...[...alarms.alarms.values()].flatMap(({ condition, until, enabled }) => [condition, until, enabled]),
  ];
  return [
    ...new Set([
      ...conditions.flatMap((condition) => condition?.fields ?? []),
      ...alarms.limits.map(({ place }) => place.field),
      ...[...limits.values()].flatMap(({ field, follow }) => [field, follow?.field]).filter((each) =>
        each !== undefined
      ),
    ]),
  ];
}
