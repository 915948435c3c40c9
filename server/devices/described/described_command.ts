/**
 * Makes the commands of a described instrument.
 *
 * @module
 */

import { usualDeadline } from "../../../protocol/description.ts";
import { type Command, command, type CommandContext } from "../../bench/command.ts";
import type { Value } from "../../bench/values.ts";
import { decode } from "./conversation.ts";
import { inPart } from "./description_error.ts";
import { LongCommand } from "./long_command.ts";
import type { DescribedCommand } from "./schema.ts";
import type { Speaking } from "./speaking.ts";
import { Steps } from "./steps.ts";
import type { Filling } from "./template.ts";
import { heldBy } from "./together.ts";
import { checkAt, valueIn } from "./value_place.ts";

/** A command, and how long it may delay another immediate one, in seconds. */
export interface MadeCommand {
  readonly command: Command;
  readonly delays: number;
}

/**
 * Makes a command.
 *
 * @param each As described.
 * @param speaking The instrument.
 * @throws {DescriptionError} Where it is wrong.
 */
export function describedCommand(each: DescribedCommand, speaking: Speaking): MadeCommand {
  const { conversation, contact } = speaking;
  const { summary, role, deadline, send, ask, doneWhen } = each;
  const stops = each.stop === true;
  const stop = typeof each.stop === "boolean" ? undefined : each.stop;
  const immediate = each.immediate ?? stops;
  const codecs = new Map(
    Object.entries(each.arguments ?? {}).map(([name, spec]) =>
      [name, inPart(["arguments", name], () => conversation.codec(spec))] as const
    ),
  );
  const names = [...codecs.keys()];
  if (send === undefined && ask === undefined) throw new TypeError('does nothing: it needs "send" or "ask"');
  if (ask === undefined && each.returns !== undefined) {
    inPart("returns", () => wrong('has a meaning only beside "ask"'));
  }
  if (stop !== undefined && doneWhen === undefined) {
    inPart(
      "stop",
      () => wrong('has a meaning only beside "doneWhen": a command that stops something says "stop": true'),
    );
  }
  if (stops && doneWhen !== undefined) {
    inPart("stop", () => wrong('is what is sent where "doneWhen" is not reached: say what that is'));
  }
  if (stops && each.immediate === false) {
    inPart("immediate", () => wrong('is true of a command that says "stop": true'));
  }
  if (doneWhen !== undefined && immediate) {
    inPart("immediate", () => wrong('is for what is over at once, and "doneWhen" for what takes long'));
  }
  // An argument stands before a field of its name.
  const places = [...names, ...[...speaking.places.keys()].filter((name) => !codecs.has(name))];
  const steps = inPart("send", () => new Steps(conversation, send, places));
  if (steps.sends && role === "observer") {
    inPart("role", () => wrong("lets those send who may only read: leave it out, or only ask"));
  }
  const select = inPart("select", () => new Steps(conversation, each.select, names));
  const reading = ask === undefined ? undefined : inPart("ask", () => conversation.reading(ask, names));
  const long = doneWhen && new LongCommand(speaking, doneWhen, stop, names);
  if (long !== undefined && deadline !== undefined && deadline < long.within) {
    inPart("deadline", () => wrong(`is less than the ${long.within} s within which it is to be done ("doneWhen")`));
  }
  const limit = deadline ?? usualDeadline;
  if (long === undefined && steps.pauses >= limit) {
    inPart(
      "send",
      () => wrong(`waits ${steps.pauses} s in all, and the command has ${limit} s: say a longer "deadline"`),
    );
  }
  const sent = steps.names;
  const used = new Set([...select.names, ...sent, ...reading?.template.names ?? [], ...long?.names ?? []]);
  const unused = names.find((name) => !used.has(name));
  if (unused !== undefined) {
    inPart(["arguments", unused], () => wrong(`is used nowhere: write {${unused}} where it belongs`));
  }
  const others = sent.filter((name) => !codecs.has(name) && speaking.places.has(name));
  const returns = inPart("returns", () => conversation.codec(each.returns ?? { type: "text" }));
  inPart(["ask", "at"], () => checkAt(reading?.at, returns));
  const urgency = immediate ? "immediate" : "command";

  const run = async (args: Readonly<Record<string, Value>>, { signal }: CommandContext): Promise<unknown> => {
    const fillings: Record<string, Filling> = {};
    for (const [name, codec] of codecs) fillings[name] = codec.encode(args[name]!);
    const filled = others.length === 0 ? steps.fill(fillings) : undefined;
    const question = reading === undefined ? "" : conversation.fill(reading.template, fillings);
    const selected = select.none ? [] : [select.fill(fillings, false)];
    speaking.forget();
    if (immediate && steps.sends) speaking.underWay.forEach((other) => other.interrupt(filled?.key ?? ""));
    const say = (then: "ask" | "end") =>
      contact.use(urgency, signal, async (turn) => {
        if (!steps.none) {
          const said = filled ?? steps.fill({ ...fillings, ...await heldBy(speaking, turn, others, false) });
          await conversation.say(turn, said, selected);
        }
        return then === "ask" ? await answered(turn) : undefined;
      });
    const answered = async (turn: Parameters<Parameters<typeof contact.use>[2]>[0]): Promise<unknown> => {
      if (reading === undefined) return undefined;
      const among = selected.length === 0 ? undefined : { select: selected, before: undefined, after: undefined };
      const whole = among === undefined ? reading : { ...reading, among };
      const answer = await conversation.ask(turn, question, whole, returns, false);
      return decode(valueIn(answer, reading, returns), returns, reading.bad);
    };
    if (long === undefined) return await say("ask");
    await long.run(() => say("end").then(() => {}), selected, fillings, signal);
    return reading === undefined ? undefined : await contact.use(urgency, signal, answered);
  };

  return {
    command: command({
      summary,
      arguments: Object.fromEntries(
        Object.entries(each.arguments ?? {}).map(([name, { default: fallback }]) => [name, {
          ...codecs.get(name)!.spec,
          ...(fallback === undefined ? {} : {
            default: inPart(["arguments", name, "default"], () => codecs.get(name)!.own(fallback)),
          }),
        }]),
      ) as never,
      immediate,
      stop: stops,
      ...(role === undefined ? {} : { role }),
      ...(each.confirm === undefined ? {} : { confirm: each.confirm }),
      ...(long === undefined ? {} : { deadline: long.within + usualDeadline }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(returns.spec.type === "float" ? { returns: "float" as const } : {}),
      run,
    }),
    delays: immediate ? steps.longest + select.longest : steps.longestDeafness,
  };
}

function wrong(message: string): never {
  throw new TypeError(message);
}
