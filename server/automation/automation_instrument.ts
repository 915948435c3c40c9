/**
 * The instrument `automation`: the queue of runs on every wire. It is in no data log and on no dashboard.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { Rehearsal } from "../../protocol/rehearsal.ts";
import { afterFailed } from "../../protocol/runs.ts";
import { principalOf } from "../access/principal.ts";
import { automationFields } from "../bench/automation_fields.ts";
import { command, type CommandContext } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import type { Instrument } from "../bench/instrument.ts";
import { readSeconds } from "../expressions/over_time.ts";
import { BenchFileError } from "../files/source.ts";
import type { Given } from "./parameters.ts";
import type { Runs } from "./runs.ts";
import { wordsOf } from "./error_words.ts";

/** Within how many seconds a run is loaded: a script of PyOpticon's may take 30 s, and its sandbox has to start. */
export const loadDeadline = 60;
/** Within how many seconds a run is rehearsed. */
const rehearsalDeadline = 120;

/** How the journal calls who asks. */
function who({ caller }: CommandContext): string {
  return principalOf(caller).origin.label;
}

/** What is given for a run's parameters: as words of a line, or as JSON of a program. */
function givenOf(keywords: ReadonlyMap<string, unknown>, json: string): Given {
  let told: unknown;
  try {
    told = json === "" ? {} : JSON.parse(json);
  } catch {
    told = undefined;
  }
  const given = typeof told === "object" && told !== null ? { ...told, ...Object.fromEntries(keywords) } : undefined;
  const scalars = Object.values(given ?? { wrong: null });
  if (scalars.every((each) => ["number", "string", "boolean"].includes(typeof each))) return given as Given;
  throw new HeliographError("bad_argument", 'Cannot take these parameters: give a JSON object such as {"flow": 30}');
}

/** When a run is to begin, in milliseconds since 1970. */
function timeOf(text: string): number | undefined {
  if (text === "") return undefined;
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  const now = new Date();
  if (hour !== undefined && Number(hour) < 24 && Number(minute) < 60) {
    const then = new Date(now);
    then.setHours(Number(hour), Number(minute), 0, 0);
    if (then <= now) then.setDate(then.getDate() + 1);
    return then.getTime();
  }
  const seconds = readSeconds(text);
  if (seconds !== undefined) return now.getTime() + seconds * 1000;
  const moment = /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(moment)) return moment;
  throw new HeliographError("bad_argument", `${text} is no time to begin: give 22:30, 90m or 2026-05-01T22:30`);
}

interface Rehearsing {
  readonly file: string;
  readonly text: string;
  readonly given: Given;
  readonly at: number;
  readonly again: number;
}

async function rehearse(
  runs: Runs,
  { file, text, given, at, again }: Rehearsing,
  context: CommandContext,
): Promise<Rehearsal> {
  const { signal, caller } = context;
  const { rehearser } = runs;
  if (rehearser === undefined) {
    throw new HeliographError("unavailable", `Cannot rehearse ${file}: ${runs.describe().noRehearsal}`);
  }
  try {
    const found = await runs.intake.toRehearse({ file, text, again }, principalOf(caller));
    const gone = () => caller.gone ?? false;
    return await rehearser.rehearse({ ...found, given, at, who: who(context), gone, signal });
  } catch (error) {
    if (!(error instanceof BenchFileError)) throw error;
    throw new HeliographError("bad_argument", `Cannot rehearse the run: ${wordsOf(error)}`);
  }
}

/** Makes it. @param runs What it tells of. */
export function automationInstrument(runs: Runs): Instrument {
  const reading = { role: "observer", immediate: true } as const;
  const id = { type: "int", default: 0, minimum: 0, summary: "the run's number; 0 for the one under way" } as const;
  const needed = { type: "int", minimum: 1, summary: "the run's number" } as const;
  const text = { type: "text", default: "", summary: "what the file holds; that of the bench's folder where left out" };
  const parameters = { type: "text", default: "", summary: "what is given, as JSON" } as const;
  const file = { type: "text", summary: "the name of the run's file" } as const;
  const again = {
    type: "int",
    default: 0,
    minimum: 0,
    summary: "the number of a run whose file is taken, as it was then",
  } as const;
  const load = { file, text: { ...text, type: "text" }, parameters } as const;
  const step = { type: "int", default: 1, minimum: 1, summary: "the step at which it begins" } as const;
  const instrument = defineInstrument({
    title: "automation",
    summary: "runs: steps that are done one after the other, through the night",
    aside: true,
    fields: automationFields,
    commands: {
      list: command({ ...reading, summary: "Tell the queue of runs, as JSON", run: () => runs.describe() }),
      history: command({
        ...reading,
        summary: "Tell the runs that have ended, as JSON",
        run: () => ({ runs: runs.history() }),
      }),
      show: command({
        ...reading,
        summary: "Tell a run with its steps and what it has told, as JSON",
        arguments: {
          id,
          after: { type: "int", default: 0, summary: "the last line that is known already" },
          steps: { type: "switch", default: true, summary: "whether its steps are told, which may be many" },
        },
        run: ({ id, after, steps }) => runs.show(id, after, steps),
      }),
      check: command({
        ...reading,
        summary:
          "Tell what a run's file says, and what is wrong with it, as JSON: an empty list of problems where nothing is",
        arguments: { ...load, again },
        takesMore: true,
        deadline: loadDeadline,
        run: ({ file, text, parameters, again }, context) =>
          runs.intake.check(
            { file, text, again },
            givenOf(context.moreKeywords, parameters),
            principalOf(context.caller),
          ),
      }),
      files: command({
        ...reading,
        summary: "Tell the run files in the bench's folder, as JSON",
        run: async () => ({ files: await runs.files() }),
      }),
      load: command({
        summary: "Add a run to the queue, and tell its number: load night.run.json flow=30; a script.py may take 30 s",
        arguments: {
          ...load,
          step,
          again,
        },
        takesMore: true,
        immediate: true,
        deadline: loadDeadline,
        run: ({ file, text, parameters, step, again }, context) =>
          runs.load(file, text, givenOf(context.moreKeywords, parameters), step, principalOf(context.caller), again),
      }),
      rehearse: command({
        summary: "Do a run in fast time on the simulated bench, and tell what came of it as JSON; one at a time",
        arguments: { ...load, step, again },
        takesMore: true,
        immediate: true,
        deadline: rehearsalDeadline,
        run: ({ file, text, parameters, step, again }, context) =>
          rehearse(runs, { file, text, given: givenOf(context.moreKeywords, parameters), at: step, again }, context),
      }),
      cancel_rehearsal: command({
        summary: "End the rehearsal that is under way, whoever asked for it; nothing where there is none",
        stop: true,
        run: (_, context) => runs.rehearser?.cancel(who(context)),
      }),
      start: command({
        summary: "Let a run begin when it is its turn, or at a time",
        arguments: { id, time: { type: "text", default: "", summary: "22:30, 90m or 2026-05-01T22:30" } },
        immediate: true,
        run: ({ id, time }, { caller }) => runs.start(id, timeOf(time), principalOf(caller)),
      }),
      pause: command({
        summary:
          "Let the run stand still: at once in waits, ramps and exposures, otherwise after the step that is under way",
        arguments: { id },
        stop: true,
        run: ({ id }, context) => runs.underWay.pause(id, who(context)),
      }),
      resume: command({
        summary: "Let a run go on; a step that has failed is done again",
        arguments: { id },
        immediate: true,
        run: ({ id }, { caller }) => runs.underWay.resume(id, principalOf(caller)),
      }),
      skip: command({
        summary: "Leave the step that is under way, or that has failed, and go on with the next",
        arguments: { id },
        immediate: true,
        run: ({ id }, { caller }) => runs.underWay.skip(id, principalOf(caller)),
      }),
      stop: command({
        summary: "End the run; its finally is done",
        arguments: { id },
        stop: true,
        run: ({ id }, context) => runs.underWay.stop(id, who(context)),
      }),
      abort: command({
        summary: "End the run at once; its finally is NOT done",
        arguments: { id },
        stop: true,
        confirm: "What the run does at its end, such as closing a gas, is not done",
        run: ({ id }, context) => runs.underWay.abort(id, who(context)),
      }),
      answer: command({
        summary: "Answer what the run asks",
        arguments: { text: { type: "text", default: "yes" }, id },
        immediate: true,
        run: ({ text, id }, context) => runs.underWay.answer(id, text, who(context)),
      }),
      move: command({
        summary: "Move a run that waits to another place of the queue",
        arguments: { id: needed, to: { type: "int", minimum: 1, summary: "its place, from 1" } },
        immediate: true,
        run: ({ id, to }) => runs.move(id, to),
      }),
      remove: command({
        summary: "Take a run that waits from the queue",
        arguments: { id: needed },
        immediate: true,
        run: ({ id }, context) => runs.remove(id, who(context)),
      }),
      repeat: command({
        summary: "Add a run to the queue anew, with what it was given, and tell its number",
        arguments: { id: needed },
        immediate: true,
        deadline: loadDeadline,
        run: ({ id }, { caller }) => runs.repeat(id, principalOf(caller)),
      }),
      edit: command({
        summary: "Put other steps in the place of those that are still to come, checked as those of a file are",
        arguments: { id: needed, steps: { type: "text", summary: 'as a JSON list: [{"wait": "10m"}]' } },
        immediate: true,
        run: ({ id, steps }, { caller }) => runs.edit(id, steps, principalOf(caller)),
      }),
      after_failed: command({
        summary: "Say what becomes of the runs that wait when one has not got to its end",
        arguments: {
          what: {
            type: "choice",
            choices: afterFailed,
            summary: "stop: they wait for a start; skip: they are left out; go on: the next begins",
          },
        },
        immediate: true,
        run: ({ what }) => runs.setAfterFailed(what as (typeof afterFailed)[number]),
      }),
      guard: command({
        summary: "Pause or stop the run that is under way, if any: what guards do",
        arguments: { what: { type: "choice", choices: ["pause", "stop"] } },
        stop: true,
        run: ({ what }, context) => runs.underWay.forGuard(what as "pause" | "stop", who(context)),
      }),
    },
  });
  const { fields } = instrument;
  runs.changed = () => {
    const now = runs.summary;
    fields.State.update(now?.state ?? "idle");
    fields.Reason.update(now?.reason ?? "");
    fields.Step.update(now === undefined ? 0 : Math.min(now.done + 1, now.of));
    fields.Of.update(now?.of ?? 0);
    fields["Time Left"].update(Math.round(now?.left.seconds ?? 0));
    runs.feed.changed();
  };
  return instrument;
}
