/**
 * Rehearses a run: on the bench of a file whose instruments are all simulated, in virtual time.
 *
 * @module
 */

import { configureSync, type LogRecord } from "npm:@logtape/logtape@2.4.2";
import { basename, dirname, join } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import type { Rehearsal, RehearsalOrder, RehearsedEvent } from "../../protocol/rehearsal.ts";
import { Principal } from "../access/principal.ts";
import { Run } from "../automation/run.ts";
import { type FirstLoaded, RunLoader } from "../automation/run_loader.ts";
import { RunScript, Scripts } from "../automation/script_process.ts";
import { counted, placeOfStep } from "../automation/script_run.ts";
import type { Answer, Ask } from "../code/messages.ts";
import type { Site } from "../config/site.ts";
import { alarmCategory } from "../records/journal.ts";
import type { RunStep } from "../automation/steps.ts";
import type { KeptRun } from "../automation/run_store.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import type { BenchField } from "../bench/field.ts";
import { command } from "../bench/command.ts";
import type { Instrument } from "../bench/instrument.ts";
import { systemClock } from "../camera/clock.ts";
import type { NobodyElsewhere } from "../bench/elsewhere.ts";
import { loadBenchWith } from "../config/bench_file.ts";
import { Simulators } from "../config/simulators.ts";
import { DriverProcesses } from "../devices/driver_process/driver_processes.ts";
import { simulateWithin } from "../devices/simulators/within.ts";
import type { GuardsWords } from "../guards/guards_schema.ts";
import { answerOf } from "../requests/code_dashboard.ts";
import { Services } from "../services.ts";
import { guardedBy, plottedIn } from "./fields_of.ts";
import { guardsOfThisPc, nobodyRehearsed, runOfThisPc } from "./other_pcs.ts";
import { Pace } from "./pace.ts";
import type { RemoteCode } from "./remote_code.ts";
import { Series } from "./series.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** So many events are kept; of more, their number. */
const mostEvents = 20_000;
/** So many steps without any time between them go on for ever. */
const mostAtOnce = 100_000;
/** A script's condition is looked at the seldomer the longer it is awaited: so many times until as much time has passed again. */
const awaitedPerTime = 200;
/** But so often, in seconds. */
const mostAwaited = 60;
/** How long readings are waited for that are asked for at once, in seconds. */
const longestRead = 2;
/** How long instruments are waited for before the run begins, in seconds. */
const longestReach = 30;

/**
 * Rehearses a run.
 *
 * @param time The time of this Worker, which was installed before this was loaded.
 * @param code Runs what of it is code.
 * @throws {BenchFileError} With what is wrong with the bench or the run.
 */
export async function rehearse(order: RehearsalOrder, time: VirtualTime, code: RemoteCode): Promise<Rehearsal> {
  const simulators = new Simulators(simulateWithin);
  const drivers = new DriverProcesses({ hostCommand: order.hostCommand });
  const bench = await loadBenchWith(drivers, order.bench, simulators.redirect, [order.imageFolder]);
  simulators.leaveOut(bench.instruments, true);
  await bench.close();
  const missing = [...simulators.missing];
  const all = bench.guards as GuardsWords | undefined;
  // In no fleet there are no other PCs: a name of theirs is a mistake.
  const elsewhere = bench.fleet === undefined ? undefined : nobodyRehearsed();
  const guards = elsewhere === undefined
    ? all
    : all && guardsOfThisPc(all, bench.instruments, (text) => missing.push(text));
  const services = new Services(bench.instruments, { guards });
  const rehearsed = new RehearsedRun(order, services, { time, code, site: bench.site, missing, elsewhere });
  return await time.run(() => rehearsed.run(guards));
}

/** What a rehearsal is done with. */
interface RehearsedParts {
  readonly time: VirtualTime;
  readonly code: RemoteCode;
  readonly site: Site | undefined;
  /** What is not simulated. */
  readonly missing: string[];
  /** What stands for other PCs; `undefined` where there are none. */
  readonly elsewhere: NobodyElsewhere | undefined;
}

class RehearsedRun {
  readonly #order: RehearsalOrder;
  readonly #services: Services;
  readonly #parts: RehearsedParts;
  readonly #scripts: Scripts;
  readonly #principal: Principal;
  /** What every number was; those that are plotted are told. */
  readonly #series = new Map<BenchField, Series>();
  readonly #plotted = new Set<BenchField>();
  /** The fields that code has asked for during the step that is under way. */
  readonly #asked = new Set<BenchField>();
  /** Whether everything was read when the step began. */
  #fresh = false;
  /** The names of the instruments that it drives. */
  readonly #driven = new Set<string>();
  #pace: Pace | undefined;
  readonly #events: RehearsedEvent[] = [];
  #more = 0;
  #began: number | undefined;
  #acting = new Set<number>();
  #run: Run | undefined;
  #end: { readonly state: Rehearsal["state"]; readonly reason: string } | undefined;
  /** The text of a step that has just begun: the run tells it, too. */
  #expected: string | undefined;
  #atOnce = { at: 0, count: 0 };

  constructor(order: RehearsalOrder, services: Services, parts: RehearsedParts) {
    this.#order = order;
    this.#services = services;
    this.#parts = parts;
    const { bench } = services;
    const { load, evaluate } = parts.code;
    this.#scripts = new Scripts({ bench, load, evaluate, answer: (ask, principal) => this.#answer(ask, principal) });
    const name = basename(order.file);
    this.#principal = new Principal({ by: "program", name: `run ${name}`, yields: true }, "admin");
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

  async run(words: GuardsWords | undefined): Promise<Rehearsal> {
    const { bench, guards, requests } = this.#services;
    configureSync({
      reset: true,
      sinks: { timeline: (record: LogRecord) => this.#log(record) },
      loggers: [
        { category: "heliograph", lowestLevel: "info", sinks: ["timeline"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["timeline"] },
      ],
    });
    const guarded = words === undefined ? [] : guardedBy(words, bench.instruments);
    const pace = this.#pace = new Pace({
      bench,
      watched: () => [...guarded, ...this.#run?.watches ?? []],
      acting: () => this.#acting.values().next().value,
    });
    bench.hub.subscribe("reading", ({ field }) => {
      const { value, quality } = field;
      if (typeof value === "number" && quality === "good") this.#series.get(field)?.add(this.#at, value);
    }, { name: "a rehearsal" });
    await bench.start(pace.refresh);
    await guards?.open();
    const waits = systemClock.now() + longestReach;
    const away = () => bench.instruments.some(({ contact }) => contact?.state === "connecting");
    while (away() && systemClock.now() < waits) await systemClock.wait(0.1);
    await this.#readAll();
    this.#renewWatchdogs();

    const first = await this.#load();
    const loaded = this.#parts.elsewhere === undefined
      ? first.loaded
      : runOfThisPc(first.loaded, bench.instruments, (text) => this.#parts.missing.push(text));
    const at = placeOfStep(loaded, this.#order.at);
    if (at === undefined) {
      throw new HeliographError(
        "bad_argument",
        `Cannot begin at step ${this.#order.at}: ${loaded.title} has ${counted(loaded)}, counted from 1`,
      );
    }
    for (const name of loaded.instruments) this.#driven.add(name);
    const script = await this.#scriptOf(first);
    const began = new Date().toISOString();
    this.#began = performance.now();
    for (const field of bench.instruments.flatMap(({ allFields }) => allFields)) {
      if (field.spec.type !== "float" && field.spec.type !== "int") continue;
      const series = new Series();
      this.#series.set(field, series);
      if (typeof field.value === "number") series.add(0, field.value);
    }
    for (const field of plottedIn(loaded, bench.instruments)) this.#plot(field);
    pace.begins();
    const kept: Pick<KeptRun, "place" | "last" | "outcome"> = { place: { at }, last: { at: 0 } };
    const run = this.#run = new Run(loaded, kept, {
      script: script && {
        printTo: (print) => script.printTo(print),
        call: async (number) => {
          // What nothing has looked at was read long ago.
          await this.#read(this.#fresh ? this.#asked : this.#readable());
          this.#fresh = true;
          return await script.call(number);
        },
      },
      awaitEvery: (gone) => Math.min(mostAwaited, Math.max(1, gone / awaitedPerTime)),
      bench,
      clock: systemClock,
      act: ({ instrument, command, args }) => {
        // A data log is written by nobody here.
        if (instrument === "api" && command.startsWith("datalog_")) return undefined;
        const done = requests.run({ cmd: "Call", instrument, command, args, keywords: new Map() }, this.#principal);
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
    await script?.stop();
    await this.#readAll();
    pace.stop();
    return {
      title: loaded.title,
      ...outcome,
      step: outcome.state === "done" ? null : Math.min(counted(loaded, kept.place.at) + 1, counted(loaded)),
      began,
      seconds,
      events: this.#events,
      more: this.#more,
      series: bench.instruments.flatMap((instrument) =>
        instrument.allFields.flatMap((field) => {
          const columns = this.#plotted.has(field) ? this.#series.get(field)?.columns : undefined;
          if (columns === undefined || columns.times.length === 0) return [];
          return [{ instrument: instrument.name, field: field.name, unit: field.spec.unit ?? "", ...columns }];
        })
      ),
      values: [...this.#driven].flatMap((name) =>
        bench.find(name)!.allFields.map((field) => ({
          instrument: name,
          field: field.name,
          text: field.text,
          unit: field.spec.unit ?? "",
          quality: field.quality,
        }))
      ),
      notSimulated: this.#parts.missing,
    };
  }

  /** Loads its file as a server does: a script or a program is evaluated, and sees the readings of the bench. */
  async #load(): Promise<FirstLoaded> {
    const { bench, file, text, files = {}, given } = this.#order;
    const { time, site } = this.#parts;
    const beside = (name: string) => time.hold(Deno.readTextFile(join(dirname(bench), name))).catch(() => undefined);
    const read = async (name: string) =>
      name === file ? text : Object.hasOwn(files, name) ? files[name] : await beside(name);
    const { instruments } = this.#services.bench;
    const loader = new RunLoader(
      { instruments, elsewhere: this.#parts.elsewhere },
      { read },
      this.#scripts,
      () => new Date(),
      site,
    );
    return await loader.first(file, text, given, this.#principal, () => {});
  }

  /** A script whose functions are called; `undefined` where there are none to call. */
  async #scriptOf({ loaded, text, script }: FirstLoaded): Promise<RunScript | undefined> {
    if (script === undefined || !loaded.steps.some(({ kind }) => kind === "script")) return undefined;
    const made = new RunScript(this.#scripts, {
      file: this.#order.file,
      source: text,
      principal: this.#principal,
      steps: () => script,
      use: (instrument) => void this.#driven.add(instrument),
    });
    await made.present();
    return made;
  }

  async #readAll(): Promise<void> {
    await this.#read(this.#readable());
  }

  /** The fields that can be read now. */
  #readable(): Set<BenchField> {
    const there = this.#services.bench.instruments.filter(({ contact }) =>
      (contact?.state ?? "connected") === "connected"
    );
    return new Set(there.flatMap(({ allFields }) => allFields));
  }

  /** Reads fields, and waits until they are read. */
  async #read(fields: ReadonlySet<BenchField>): Promise<void> {
    const since = performance.now();
    const reads = this.#pace!.readNow(fields);
    const isRead = () => reads.every(({ readAt }) => readAt >= since);
    while (!isRead() && performance.now() - since < longestRead * 1000) await systemClock.wait(0.01);
  }

  #plot(field: BenchField): void {
    if (!this.#series.has(field) || this.#plotted.has(field)) return;
    this.#plotted.add(field);
    this.#pace!.plot(field);
  }

  /** Answers what code asks: what it reads is looked at, and what it drives is told. */
  async #answer(ask: Ask, principal: Principal): Promise<Answer> {
    const { evaluator, requests, bench } = this.#services;
    const answer = await answerOf(() => evaluator.dashboard.answer(ask, principal, requests));
    if ("error" in answer || this.#run === undefined) return answer;
    if (ask.ask !== "get" && ask.ask !== "set" && ask.ask !== "call") return answer;
    const instrument = bench.find(ask.instrument)!;
    if (ask.ask === "call") this.#tell("told", `calls ${ask.command} of ${instrument.title}`);
    else {
      const field = instrument.field(ask.field);
      if (ask.ask === "get") this.#asked.add(field);
      else this.#tell("told", `sets ${field.title} of ${instrument.title} to ${ask.value}`);
      this.#plot(field);
    }
    return answer;
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
    this.#asked.clear();
    this.#fresh = false;
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
