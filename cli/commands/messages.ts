/**
 * The subcommand `messages`: who is told of alarms, and what could not be told.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { MessagesDescription } from "../../protocol/messages.ts";
import { printable } from "../../protocol/printable.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { clock, duration, type Paint, painter, table, writeJson } from "../output.ts";

/** How long a test may take, in seconds: a mail server that is slow has its time. */
const testTimeout = 105;

async function ask(context: CliContext, flags: ConnectionFlags, command: string, args: readonly unknown[]) {
  await using client = dashboardClient(context, flags);
  try {
    // Who does it is told in the journal.
    await client.hello();
    const timeout = flags.timeout ?? (command === "test" ? testTimeout : undefined);
    return await client.call("messages", command, args, {}, timeout === undefined ? {} : { timeout });
  } catch (error) {
    if (!(error instanceof HeliographError) || error.code !== "unknown_instrument") throw error;
    throw new HeliographError(
      "unavailable",
      'This bench tells nobody of its alarms: "messages" in its file is described in docs/messages.md',
    );
  }
}

/** What can be done, and what each is given. */
const actions: Readonly<Record<string, string | undefined>> = {
  list: undefined,
  test: "NAME",
  retry: undefined,
  forget: "NUMBER",
};

/** `heliograph messages` */
export const messagesCommand = buildCommand({
  docs: {
    brief: "Show what people were told of alarms, what waits and why; or test whether somebody is reached",
    fullDescription:
      "Show what people were told of alarms, what waits and why. `messages test NAME` sends somebody a message that " +
      "is no alarm; `messages retry` tries at once whatever waits or was given up; `messages forget NUMBER`, or " +
      "`forget all`, forgets it.",
  },
  parameters: {
    flags: dashboardFlags,
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "ACTION",
        brief: "list, test, retry or forget",
        parse: String,
        optional: true,
        proposeCompletions: () => Object.keys(actions),
      }, { placeholder: "NAME", brief: "Who is tested, or the number of a message", parse: String, optional: true }],
    },
  },
  async func(this: CliContext, flags: ConnectionFlags, given?: string, name?: string): Promise<void> {
    const action = given ?? "list";
    if (!Object.hasOwn(actions, action)) {
      throw new UsageError(`Cannot ${action} messages: give ${Object.keys(actions).join(", ")}, or nothing`);
    }
    const wanted = actions[action];
    if (wanted !== undefined && name === undefined) {
      throw new UsageError(`Cannot ${action} without a ${wanted}: "${this.program} messages" lists them`);
    }
    if (wanted === undefined && name !== undefined) throw new UsageError(`messages ${action} takes nothing more`);
    const said = await ask(this, flags, action, name === undefined ? [] : [name]);
    if (flags.json) return writeJson(this, said ?? null);
    const { write } = this.process.stdout;
    if (action === "list") write(messagesText(said as MessagesDescription, painter(this.colour)));
    else if (action === "retry") write(`${said} tried again\n`);
    else if (Array.isArray(said)) { for (const line of said) write(`${printable(String(line))}\n`); }
  },
});

/** The messages of a bench for people. */
export function messagesText(
  { names, messages, gathering, problem, hint, heartbeat }: MessagesDescription,
  paint: Paint,
): string {
  const rows = messages.map(({ number, to, subject, state, made, reason, again }) => [
    String(number),
    clock(made),
    printable(to),
    state === "failed" ? paint.red(state) : state === "sent" ? paint.green(state) : state,
    again === null || again === 0 ? "" : duration(again),
    printable(subject),
    printable(reason),
  ]);
  return [
    ...(problem === "" ? [] : [`${paint.red("Messages cannot be sent")}: ${printable(problem)}\n`]),
    ...(hint === "" ? [] : [`${paint.yellow(printable(hint))}\n`]),
    `Can be told: ${printable(names.join(", "))}\n`,
    ...(heartbeat === null ? [] : [
      `Heartbeat: ${heartbeat.at === null ? "not taken yet" : `last taken at ${clock(heartbeat.at)}`}${
        heartbeat.reason === "" ? "" : `; ${paint.red(printable(heartbeat.reason))}`
      }\n`,
    ]),
    ...(gathering === 0 ? [] : [`${gathering} more alarms are gathered for the next message\n`]),
    rows.length === 0
      ? "Nobody was told of anything yet\n"
      : table(["", "made", "to", "state", "again in", "what", "said"], rows, paint),
  ].join("");
}
