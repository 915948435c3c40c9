/**
 * `heliograph alarms`: what a person should see to, and saying that one does.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { AlarmDetails } from "../../protocol/guards.ts";
import { printable } from "../../protocol/printable.ts";
import { alarmsText, alarmText } from "../alarms_text.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { type Paint, painter, writeJson } from "../output.ts";
import { buildCommand, notOneOf } from "../usage.ts";
import { askGuards, callGuards } from "./guards.ts";

interface AlarmsFlags extends ConnectionFlags {
  readonly all: boolean;
  readonly follow: boolean;
  readonly for?: string;
  readonly reason?: string;
}

/** What can be done with an alarm: the command, and what it needs besides the name. */
const actions: Readonly<Record<string, { readonly command: string; readonly needs: readonly ("for" | "reason")[] }>> = {
  "acknowledge": { command: "acknowledge", needs: [] },
  "ack": { command: "acknowledge", needs: [] },
  "shelve": { command: "shelve", needs: ["for", "reason"] },
  "unshelve": { command: "unshelve", needs: [] },
  "out-of-service": { command: "out_of_service", needs: ["reason"] },
  "in-service": { command: "in_service", needs: [] },
  "reset": { command: "reset", needs: [] },
};

/** `heliograph alarms` */
export const alarmsCommand = buildCommand({
  docs: {
    brief: "Show alarms: how severe, what to do, since when; acknowledge and shelve them",
    fullDescription:
      "Show the alarms that are not normal. `alarms ack NAME` (or all) says that you know; `alarms shelve NAME --for 30m " +
      "--reason TEXT` sets one aside for a while, `alarms unshelve NAME` ends that; `alarms out-of-service NAME --reason " +
      "TEXT` and `alarms in-service NAME` do so without an end; `alarms reset NAME` lets one go that has latched.",
  },
  parameters: {
    flags: {
      ...dashboardFlags,
      all: { kind: "boolean", default: false, brief: "Those too that are normal, with their conditions" },
      follow: { kind: "boolean", default: false, brief: "Show each that changes its state, until it is ended" },
      for: { kind: "parsed", parse: String, optional: true, brief: "For how long it is shelved", placeholder: "TIME" },
      reason: { kind: "parsed", parse: String, optional: true, brief: "Why, for everybody", placeholder: "TEXT" },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "ACTION",
        brief: "ack, shelve, unshelve, out-of-service, in-service or reset",
        parse: String,
        optional: true,
        proposeCompletions: () => Object.keys(actions),
      }, { placeholder: "NAME", brief: "The alarm; or all, to acknowledge", parse: String, optional: true }],
    },
  },
  async func(this: CliContext, flags: AlarmsFlags, action?: string, name?: string): Promise<void> {
    if (action !== undefined) return await act(this, flags, action, name);
    const paint = painter(this.colour);
    await using client = dashboardClient(this, flags);
    await client.hello();
    const list = async () => await callGuards(client, "alarms", flags.all ? ["all"] : []) as Listed;
    const { alarms, normalAlarms } = await list();
    if (flags.json) writeJson(this, flags.follow ? alarms : { alarms, normalAlarms });
    else this.process.stdout.write(alarmsText(alarms, normalAlarms, paint));
    if (flags.follow) await follow(this, flags.json, client, alarms, paint);
  },
});

interface Listed {
  readonly alarms: readonly AlarmDetails[];
  readonly normalAlarms: number;
}

/** Shows each that becomes another, until the connection ends; one that is told no more is normal. */
async function follow(
  context: CliContext,
  json: boolean,
  client: ReturnType<typeof dashboardClient>,
  before: readonly AlarmDetails[],
  paint: Paint,
): Promise<void> {
  const key = ({ state, since, times }: AlarmDetails) => `${state} ${since} ${times}`;
  const known = new Map(before.filter(({ state }) => state !== "normal").map((each) => [each.name, each]));
  for await (const update of client.watch("guards")) {
    if (update.event === "disconnected") throw new HeliographError("connection_lost", update.reason);
    if (update.event !== "guard" || update.kind !== "alarm") continue;
    const last = known.get(update.name);
    const since = new Date().toISOString();
    const now = update.guard as AlarmDetails | null ?? (last && { ...last, state: "normal", active: false, since });
    if (now === undefined || (last !== undefined && key(last) === key(now))) continue;
    if (update.guard === null) known.delete(update.name);
    else known.set(update.name, now);
    context.process.stdout.write(json ? `${JSON.stringify(now)}\n` : alarmText(now, paint, false));
  }
}

async function act(context: CliContext, flags: AlarmsFlags, action: string, name: string | undefined): Promise<void> {
  const known = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (known === undefined) {
    throw notOneOf(action, "alarms", Object.keys(actions));
  }
  if (name === undefined) {
    throw new UsageError(`Cannot ${action} without a NAME: "${context.program} alarms --all" lists them`);
  }
  const given = known.needs.map((flag) => flags[flag]);
  if (given.includes(undefined)) {
    const wanted = known.needs.map((flag) => flag === "for" ? "--for 30m" : "--reason TEXT").join(" ");
    throw new UsageError(
      `Cannot ${action} ${name} ${
        known.needs.includes("for") ? "without an end and" : "without"
      } a reason: give ${wanted}`,
    );
  }
  const more = known.command === "acknowledge" && flags.reason !== undefined ? [flags.reason] : given;
  const said = await askGuards(context, flags, known.command, [name, ...more]);
  if (flags.json) return writeJson(context, said ?? null);
  if (!Array.isArray(said)) return;
  const titles = said.map((each) => printable(String(each)));
  context.process.stdout.write(
    titles.length === 0 ? "Nothing was to be acknowledged\n" : `Acknowledged ${titles.join(", ")}\n`,
  );
}
