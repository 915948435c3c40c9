/**
 * The subcommands that keep the bench safe: `guards`, `safe`, `watchdog`.
 *
 * @module
 */

import { buildCommand, notOneOf } from "../usage.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type {
  GuardsDescription,
  InterlockDescription,
  LimitDescription,
  StepDescription,
  WatchdogDescription,
} from "../../protocol/guards.ts";
import { printable } from "../../protocol/printable.ts";
import { alarmsText, partText } from "../alarms_text.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { clock, duration, type Paint, painter, writeJson } from "../output.ts";

/** How long the safe state may take, in seconds. */
const safeTimeout = 125;

interface GuardsFlags extends ConnectionFlags {
  readonly for?: string;
  readonly reason?: string;
  readonly really: boolean;
  readonly yes: boolean;
}

/** Calls a command of the guards. */
export async function askGuards(
  context: CliContext,
  flags: ConnectionFlags,
  command: string,
  args: readonly unknown[],
  timeout?: number,
): Promise<unknown> {
  await using client = dashboardClient(context, flags);
  // Who does it is told in the journal.
  await client.hello();
  return await callGuards(client, command, args, timeout);
}

/** Calls a command of the guards of a client's bench; one without any is told how it gets some. */
export async function callGuards(
  client: ReturnType<typeof dashboardClient>,
  command: string,
  args: readonly unknown[],
  timeout?: number,
): Promise<unknown> {
  try {
    return await client.call("guards", command, args, {}, timeout === undefined ? {} : { timeout });
  } catch (error) {
    if (!(error instanceof HeliographError) || error.code !== "unknown_instrument") throw error;
    throw new HeliographError(
      "unavailable",
      'This bench has no guards: "interlocks", "limits", "alarms", "safeState" and "watchdogs" in its file are described in ' +
        "docs/guards.md",
    );
  }
}

/** `heliograph guards` */
export const guardsCommand = buildCommand({
  docs: {
    brief: "Show interlocks, alarms and watchdogs: each condition, its value now, and how far it is from tripping",
    fullDescription:
      "Show interlocks, watchdogs, and the alarms that are not normal. `guards test NAME` tells what one would do, and with --really does it on the " +
      "real instruments after asking; `guards reset NAME` lets " +
      "one go that has latched; `guards bypass NAME --for 30m --reason TEXT` leaves it out of force for a while, and " +
      "`guards end-bypass NAME` ends that.",
  },
  parameters: {
    flags: {
      ...dashboardFlags,
      for: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "For how long it is bypassed: 30m",
        placeholder: "TIME",
      },
      reason: { kind: "parsed", parse: String, optional: true, brief: "Why it is bypassed", placeholder: "TEXT" },
      really: { kind: "boolean", default: false, brief: "Of test: do it on the real instruments, after asking" },
      yes: { kind: "boolean", default: false, brief: "With --really: do not ask, for scripts" },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "ACTION",
        brief: "test, reset, bypass or end-bypass",
        parse: String,
        optional: true,
        proposeCompletions: () => ["test", "reset", "bypass", "end-bypass"],
      }, { placeholder: "NAME", brief: "The interlock or watchdog", parse: String, optional: true }],
    },
  },
  async func(this: CliContext, flags: GuardsFlags, action?: string, name?: string): Promise<void> {
    if (action === undefined) {
      const guards = await askGuards(this, flags, "list", []) as GuardsDescription;
      if (flags.json) return writeJson(this, guards);
      return void this.process.stdout.write(guardsText(guards, painter(this.colour)));
    }
    const said = await act(this, flags, action, name);
    if (flags.json) return writeJson(this, said ?? null);
    if (Array.isArray(said)) { for (const line of said) this.process.stdout.write(`${printable(String(line))}\n`); }
  },
});

async function act(
  context: CliContext,
  flags: GuardsFlags,
  action: string,
  name: string | undefined,
): Promise<unknown> {
  const actions = ["test", "reset", "bypass", "end-bypass"];
  if (!actions.includes(action)) throw notOneOf(action, "guards", actions);
  if (name === undefined) {
    throw new UsageError(`Cannot ${action} without a NAME: "${context.program} guards" lists them`);
  }
  if (action !== "test" && flags.really) throw new UsageError(`Cannot ${action} with --really: it is for test`);
  if (flags.yes && !flags.really) throw new UsageError("--yes has a meaning only with --really");
  if (flags.really) return await testReally(context, flags, name);
  if (action !== "bypass") return await askGuards(context, flags, action.replace("-", "_"), [name]);
  if (flags.for === undefined || flags.reason === undefined) {
    throw new UsageError(`Cannot bypass ${name} without an end and a reason: give --for 30m --reason TEXT`);
  }
  return await askGuards(context, flags, "bypass", [name, flags.for, flags.reason]);
}

/** Does what a guard does, once somebody has said yes to each of its steps. */
async function testReally(context: CliContext, flags: GuardsFlags, name: string): Promise<unknown> {
  if (!flags.yes) {
    const would = await askGuards(context, flags, "test", [name]) as string[];
    const steps = would.filter((each) => !each.startsWith("would forbid ")).map((each) => each.replace("would ", ""));
    // What does nothing, the server refuses.
    if (steps.length > 0) {
      const question = `This does, on the REAL instruments:\n${
        steps.map((each) => `  ${printable(each)}\n`).join("")
      }Type yes:`;
      const answer = flags.json ? null : context.ask?.(question) ?? null;
      if (answer === null) {
        throw new UsageError(`Cannot test ${name} for real without asking, and nobody is there: add --yes`);
      }
      if (answer.trim().toLowerCase() !== "yes") throw new UsageError("Nothing was done: that was no yes");
    }
  }
  return await askGuards(context, flags, "test_really", [name], flags.timeout ?? safeTimeout);
}

/** `heliograph safe` */
export const safeCommand = buildCommand({
  docs: { brief: "Make the bench safe: do the steps of its safe state, before everything that runs and waits" },
  parameters: { flags: dashboardFlags },
  async func(this: CliContext, flags: ConnectionFlags): Promise<void> {
    await askGuards(this, flags, "safe", [], flags.timeout ?? safeTimeout);
    if (flags.json) return writeJson(this, null);
    this.process.stdout.write("The bench is in its safe state\n");
  },
});

interface WatchdogFlags extends ConnectionFlags {
  readonly then?: string;
}

/** `heliograph watchdog NAME TIME` */
export const watchdogCommand = buildCommand({
  docs: {
    brief: "Begin a watchdog, or renew it: unless it is renewed in time, the bench goes to its safe state",
    fullDescription:
      '`watchdog NAME 10m` begins one, `watchdog NAME 10m --then "set oven.power 0; call valve.close"` one that does ' +
      "that instead of the safe state, `watchdog renew NAME` renews it, `watchdog NAME off` ends it. Only " +
      "a message renews it: an open connection is no sign of life.",
  },
  parameters: {
    flags: {
      ...dashboardFlags,
      then: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: 'What is done, with ; between steps: "set oven.power 0; call valve.close; safe state"; default the ' +
          "safe state, or what it did before",
        placeholder: "STEPS",
      },
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "NAME",
          brief: "What it is called; or renew",
          parse: String,
          proposeCompletions: () => ["renew"],
        },
        { placeholder: "TIME", brief: "10m, 90s or 2h; or off; or the NAME to be renewed", parse: String },
      ],
    },
  },
  async func(this: CliContext, flags: WatchdogFlags, first: string, second: string): Promise<void> {
    const { then } = flags;
    if (then !== undefined && (first === "renew" || second === "off")) {
      throw new UsageError(`Cannot ${first === "renew" ? "renew" : "end"} a watchdog with --then: leave it out`);
    }
    if (then?.trim() === "") throw new UsageError('Cannot do nothing: give --then "set oven.power 0", or leave it out');
    if (first === "renew") await askGuards(this, flags, "renew", [second]);
    else await askGuards(this, flags, "watchdog", [first, second, ...then === undefined ? [] : [then]]);
    if (flags.json) writeJson(this, null);
  },
});

/** The guards of a bench for people. */
export function guardsText(
  { interlocks, limits, alarms, normalAlarms, watchdogs, safeState, hint }: GuardsDescription,
  paint: Paint,
): string {
  const parts = [
    ...interlocks.map((each) => interlockText(each, paint)),
    ...limits.map((each) => limitText(each, paint)),
    ...watchdogs.map((each) => watchdogText(each, paint)),
    ...(safeState.length === 0 ? [] : [`${paint.bold("Safe state")}\n${stepsText(safeState, paint)}`]),
    ...(alarms.length + normalAlarms === 0 ? [] : [alarmsText(alarms, normalAlarms, paint)]),
    ...(hint === "" ? [] : [`${paint.yellow(printable(hint))}\n`]),
  ];
  return parts.join("\n");
}

function interlockText(interlock: InterlockDescription, paint: Paint): string {
  const { title, summary, state, must, when, until, reason, since, bypass } = interlock;
  const style = state === "clear" ? paint.green : state === "tripped" ? paint.red : paint.yellow;
  const lines = [
    `${paint.bold(printable(title))}: ${style(state)} since ${clock(since)}${
      summary === "" ? "" : `; ${printable(summary)}`
    }`,
    ...(reason === "" ? [] : [`  ${printable(reason)}`]),
    ...(bypass === null ? [] : [
      `  ${paint.yellow(printable(`bypassed by ${bypass.by} until ${clock(bypass.until)}: ${bypass.reason}`))}`,
    ]),
    must === null ? `  trips when ${printable(when ?? "")}` : `  must be: ${printable(must)}`,
    ...interlock.parts.map((each) => `    ${partText(each)}`),
    ...(until === null ? [] : [`  returns when ${printable(until)}`]),
    ...interlock.forbids.map((each) => `  forbids ${printable(each)}`),
  ];
  return `${lines.join("\n")}\n${stepsText(interlock.trips, paint)}`;
}

function limitText({ title, text, now, then }: LimitDescription, paint: Paint): string {
  const told = now === "" ? "" : `; ${printable(now)}`;
  return `${paint.bold(printable(title))}: ${printable(text)}${told}\n${stepsText(then, paint)}`;
}

function watchdogText(
  { title, state, within, left, renewed, renewedBy, trips }: WatchdogDescription,
  paint: Paint,
): string {
  const told = state === "expired" ? paint.red("expired") : `${duration(left)} left of ${duration(within)}`;
  const line = `${paint.bold(printable(title))}: watchdog, ${told}; renewed by ${printable(renewedBy)} at ${
    clock(renewed)
  }`;
  return `${line}\n${stepsText(trips, paint)}`;
}

function stepsText(steps: readonly StepDescription[], paint: Paint): string {
  return steps.map(({ text, state, reason }, at) => {
    const told = state === "not done" ? "" : `: ${state === "failed" ? paint.red("FAILED") : state}`;
    return `  ${at + 1}. ${printable(text)}${told}${reason === "" ? "" : `: ${printable(reason)}`}\n`;
  }).join("");
}
