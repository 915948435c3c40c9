/**
 * Takes the steps of a description apart into single questions and commands, as an instrument sees them.
 *
 * @module
 */

import type { DescribedField, Description } from "../described/schema.ts";
import { knownShapes, type SimulatedShape } from "./described_wire.ts";

/** Stands between a command and the question that asks what it meant. */
export const following = "\0";

/** A description of single questions and commands. */
export interface Flattened {
  readonly description: Description;
  /** Commands that are taken as they are, each with the pattern of its answer. */
  readonly accepted: readonly (readonly [command: string, answer: string | undefined])[];
  /** How answers end that do not end as the line's, by what is asked. */
  readonly shapes: ReadonlyMap<string, SimulatedShape>;
}

/** A step, or a question, or a command, with whatever is said of it. */
type Words = Readonly<Record<string, unknown>> & { readonly send?: string; readonly ask?: string };

/** Takes a description's steps apart. */
export function flattened(description: Description): Flattened {
  const accepted: [string, string | undefined][] = [];
  const shapes = new Map<string, SimulatedShape>();
  /** Notes how the answer to a text ends. @returns The rest of what is said of it. */
  const shaped = (words: Words): Words => {
    const { text, shape, rest } = withoutShape(words);
    if (Object.keys(shape).length > 0) shapes.set(text, shape);
    return rest;
  };
  const single = (given: unknown): unknown => isWords(given) ? shaped(given) : given;
  const listed = (given: unknown): Words[] =>
    (given === undefined ? [] : Array.isArray(given) ? given : [given]).map((step) =>
      typeof step === "string" ? { send: step } : step as Words
    ).filter(({ wait }) => wait === undefined);
  /** Takes steps as they are. */
  const accept = (steps: unknown) => {
    for (const step of listed(steps)) {
      const { send, ask, answer, pattern } = shaped(step);
      accepted.push([send ?? ask ?? "", (send === undefined ? pattern ?? "" : answer) as string | undefined]);
    }
  };
  const field = ({ read, write, select, ...rest }: DescribedField): DescribedField => {
    accept(select);
    return {
      ...rest,
      ...(read === undefined ? {} : { read: Array.isArray(read) ? lastOf(read as Words[]) : single(read) }),
      ...(write === undefined ? {} : { write: Array.isArray(write) ? settingOf(listed(write)) : single(write) }),
    } as DescribedField;
  };
  /** The last question of steps, which is known by what was said before it. */
  const lastOf = (steps: readonly Words[]): unknown => {
    const said = listed(steps);
    const [before, last] = [said.slice(0, -1), said.at(-1)!];
    accept(before);
    const { send, ask } = before.at(-1) ?? {};
    const previous = send ?? ask;
    return shaped(previous === undefined ? last : { ...last, ask: previous + following + last.ask });
  };
  /** The step that holds what is set. */
  const settingOf = (steps: readonly Words[]): unknown => {
    const setting = steps.find(({ send }) => send?.includes("{value")) ??
      steps.find(({ send }) => send?.includes("{")) ??
      steps[0]!;
    accept(steps.filter((step) => step !== setting));
    return shaped(setting);
  };
  const { fields = {}, commands = {}, initialize, shutdown, select } = description;
  for (const steps of [initialize, shutdown, select]) accept(steps);
  const flat = {
    ...description,
    fields: Object.fromEntries(Object.entries(fields).map(([title, each]) => [title, field(each)])),
    commands: Object.fromEntries(
      Object.entries(commands).map(([name, { send, ask, doneWhen, stop, select, ...rest }]) => {
        for (const steps of [select, stop]) accept(steps);
        if (doneWhen !== undefined) accepted.push([doneWhen.ask, doneWhen.pattern]);
        const steps = listed(send);
        const plain = steps.every((step) => Object.keys(step).length === 1 && step.send !== undefined);
        if (!plain) accept(steps);
        const asks = ask !== undefined && !plain && steps.length > 0 ? lastOf([...steps, wordsOf(ask)]) : single(ask);
        return [name, {
          ...rest,
          ...(plain && steps.length > 0 ? { send: steps.map((step) => step.send!) } : {}),
          ...(asks === undefined ? {} : { ask: asks }),
        }];
      }),
    ),
  } as Description;
  return { description: flat, accepted, shapes };
}

function isWords(given: unknown): given is Words {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

function wordsOf(ask: unknown): Words {
  return typeof ask === "string" ? { ask } : ask as Words;
}

function withoutShape(words: Words): { text: string; shape: SimulatedShape; rest: Words } {
  const entries = Object.entries(words);
  const isShape = (key: string) => (knownShapes as readonly string[]).includes(key);
  return {
    text: words.ask ?? words.send ?? "",
    shape: Object.fromEntries(entries.filter(([key]) => isShape(key))),
    rest: Object.fromEntries(entries.filter(([key]) => !isShape(key))),
  };
}
