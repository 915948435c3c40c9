/**
 * The instrument `guards`: interlocks, alarms, watchdogs and the safe state, on every wire. It has no fields, so that it is in no
 * data log and on no dashboard.
 *
 * @module
 */

import { parseDuration, periodInDays } from "../../protocol/duration.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { principalOf } from "../access/principal.ts";
import { command, type CommandContext } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import type { Instrument } from "../bench/instrument.ts";
import { type Guards, safeDeadline } from "./guards.ts";

/** How the journal calls who asks. */
function who({ caller }: CommandContext): string {
  return principalOf(caller).origin.label;
}

function secondsOf(given: unknown, most = "24h"): number {
  const days = most === "24h" || typeof given !== "string" ? undefined : periodInDays(given);
  if (days !== undefined) return days * 86_400;
  try {
    return parseDuration(typeof given === "number" ? given : String(given));
  } catch (error) {
    if (!(error instanceof HeliographError)) throw error;
    throw new HeliographError("bad_argument", `${given} is no time: give 90, 90s, 10m or 2h, at most ${most}`);
  }
}

/** Makes it. @param guards What it tells of. */
export function guardsInstrument(guards: Guards): Instrument {
  const reading = { role: "observer", immediate: true } as const;
  const name = { type: "text", summary: "of the interlock, as list tells it" } as const;
  const alarm = { type: "text", summary: "of the alarm, as alarms tells it" } as const;
  const why = { type: "text", summary: "why, for everybody to see" } as const;
  const watchdog = { type: "text", summary: "of the watchdog" } as const;
  return defineInstrument({
    title: "guards",
    summary: "interlocks, alarms, watchdogs, and the safe state",
    aside: true,
    commands: {
      list: command({
        ...reading,
        summary: "Tell all guards, with their conditions, as JSON",
        run: () => guards.describe(),
      }),
      test: command({
        ...reading,
        summary: "Tell what a guard would do, without doing it",
        arguments: { name: { type: "text", summary: "of an interlock or a watchdog, or: safe state" } },
        run: ({ name }) => guards.test(name),
      }),
      test_really: command({
        summary: "Do what a guard does, once and for real, whatever it says now; nothing trips or latches",
        arguments: { name: { type: "text", summary: "of an interlock or a watchdog, or: safe state" } },
        deadline: safeDeadline,
        confirm: "This drives the real instruments",
        run: ({ name }, { caller, signal }) => guards.testReally(name, principalOf(caller), signal),
      }),
      safe: command({
        summary: "Make the bench safe: do the steps of the safe state, before everything that runs and waits",
        stop: true,
        deadline: safeDeadline,
        run: async (_, context) => {
          const failed = await guards.safe(who(context));
          if (failed.length === 0) return undefined;
          throw new HeliographError(
            "command_failed",
            `The safe state is NOT reached: ${failed.map(({ text }) => text).join(", ")} failed or is not done yet, ` +
              `and is tried again; "guards.list" tells why`,
          );
        },
      }),
      alarms: command({
        ...reading,
        summary: "Tell the alarms that are not normal, the most severe first, as JSON",
        arguments: {
          state: { type: "text", default: "", summary: "only those in this state, as out_of_service; or all" },
        },
        run: ({ state }) => ({ alarms: guards.alarms.list(state), normalAlarms: guards.alarms.normal }),
      }),
      acknowledge: command({
        summary: "Say that you know of an alarm, or of all",
        arguments: { name: { ...alarm, summary: "of the alarm; or all" }, reason: { ...why, default: "" } },
        immediate: true,
        run: ({ name, reason }, context) => guards.alarms.acknowledge(name, reason, who(context)),
      }),
      shelve: command({
        summary: "Set an alarm aside for a while; then it comes back",
        arguments: {
          name: alarm,
          time: { type: "text", asGiven: true, summary: "90s, 30m, 2h or 3d, at most 7d" },
          reason: why,
        },
        immediate: true,
        run: ({ name, time, reason }, context) =>
          guards.alarms.shelve(name, secondsOf(time, "7d"), reason, who(context)),
      }),
      unshelve: command({
        summary: "Take a shelved alarm back before its time",
        arguments: { name: alarm },
        immediate: true,
        run: ({ name }, context) => guards.alarms.unshelve(name, who(context)),
      }),
      out_of_service: command({
        summary: "Set an alarm aside until somebody takes it back",
        role: "admin",
        arguments: { name: alarm, reason: why },
        immediate: true,
        run: ({ name, reason }, context) => guards.alarms.outOfService(name, reason, who(context)),
      }),
      in_service: command({
        summary: "Take an alarm back that was out of service",
        arguments: { name: alarm },
        immediate: true,
        run: ({ name }, context) => guards.alarms.inService(name, who(context)),
      }),
      reset: command({
        summary: "Let an interlock or an alarm go that has latched, once its condition is as it should be",
        arguments: { name: { type: "text", summary: "of the interlock or alarm" } },
        immediate: true,
        run: ({ name }, context) => guards.reset(name, who(context)),
      }),
      bypass: command({
        summary: "Leave an interlock out of force for a while: it neither forbids nor acts",
        role: "admin",
        arguments: {
          name,
          time: { type: "text", asGiven: true, summary: "90s, 30m or 2h, at most 24h" },
          reason: why,
        },
        immediate: true,
        run: ({ name, time, reason }, context) => guards.bypass(name, secondsOf(time), reason, who(context)),
      }),
      end_bypass: command({
        summary: "Put an interlock into force again before its bypass ends",
        arguments: { name },
        immediate: true,
        run: ({ name }, context) => guards.endBypass(name, who(context)),
      }),
      watchdog: command({
        summary: "Begin a watchdog: its steps, unless it is renewed in time, again and again; off ends it",
        arguments: {
          name: watchdog,
          time: { type: "text", asGiven: true, summary: "90s, 10m or 2h; or off" },
          then: {
            type: "text",
            default: "",
            summary: 'its steps: "set oven.power 0; call valve.close"; default the safe state, or what it did before',
          },
        },
        immediate: true,
        run: ({ name, time, then }, context) => {
          if (time !== "off") return guards.watchdogs.begin(name, secondsOf(time), then, principalOf(context.caller));
          if (then !== "") throw new HeliographError("bad_argument", `Cannot end ${name} with steps: leave them out`);
          return guards.watchdogs.end(name, who(context));
        },
      }),
      renew: command({
        summary: "Renew a watchdog: its time begins anew",
        arguments: { name: watchdog },
        immediate: true,
        run: ({ name }, context) => guards.watchdogs.renew(name, who(context)),
      }),
    },
  });
}
