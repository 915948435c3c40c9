/**
 * A command: a named action with declared arguments. Help, completion, checks and the page come from the declaration.
 *
 * @module
 */

import { checkArguments, checkWords, commandRules, type Rule } from "./declaration.ts";
import { usualDeadline } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { Tuple } from "../../protocol/python_text.ts";
import type { Role } from "../../protocol/vocabulary.ts";
import type { ValueDescription, WireValue } from "../../protocol/description.ts";
import { didYouMean } from "./names.ts";
import { Float, isScalar, parseValue, shown, type Value, type ValueOf, type ValueType } from "./values.ts";

export type { Role };

/** The caller of a command, as the bench sees it. */
export interface Caller {
  /** What they may do. */
  readonly role: Role;
  /** Whether they have gone: what of theirs still waits is then not started. @default false */
  readonly gone?: boolean;
  /** For whom they act, where that is somebody else: as a command that calls another does. */
  readonly for?: Caller | undefined;
  /**
   * Whether what they ask for puts back what was moved or lit before: whoever has taken control meanwhile does not keep
   * them from it. @default false
   */
  readonly putsBack?: boolean;
  /**
   * Whether a guard asks: nothing forbids that, it interrupts what runs on the instrument, and goes before what waits,
   * whoever has control. @default false
   */
  readonly guards?: boolean;
}

/**
 * The context of a command's handler, beside its arguments.
 *
 * @example
 * ```ts
 * import { command, type CommandContext, CommandServer, defineInstrument } from "@heliograph/heliograph";
 *
 * const hello = (_: unknown, { role, call }: CommandContext) => `${role} of ${call("dome", "name")}`;
 * const instruments = [
 *   defineInstrument({ title: "Guide", commands: { hello: command({ summary: "Say hello", run: hello }) } }),
 *   defineInstrument({ title: "Dome", commands: { name: command({ summary: "Say its name", run: () => "the dome" }) } }),
 * ];
 * await using server = new CommandServer({ port: 0, instruments });
 * console.log(await server.command("guide.hello")); // OK admin of the dome
 * ```
 */
export interface CommandContext {
  /** Aborted when the command's deadline passes: stop what you do, and throw. */
  readonly signal: AbortSignal;
  /** What the caller may do. */
  readonly role: Role;
  /** Who asked: a session, code, or the command that called this one; `gone` once nobody waits for the answer. */
  readonly caller: { readonly role: Role; readonly gone?: boolean };
  /** Positional arguments beyond the declared ones, where the command `takesMore`. */
  readonly more: readonly unknown[];
  /** Keyword arguments that are not declared, where the command `takesMore`. */
  readonly moreKeywords: ReadonlyMap<string, unknown>;
  /**
   * Calls a command of another instrument, with the caller's own role and in that instrument's queue.
   *
   * @param instrument Its name or title.
   * @param command The command's name.
   * @param args Positional arguments, text or typed.
   * @returns What it returned: at once where nothing had to be waited for, as a promise otherwise.
   */
  readonly call: (instrument: string, command: string, ...args: unknown[]) => unknown;
  /**
   * Calls a command that goes on after this one has answered: it is done also when the caller has gone, and waits its
   * turn like any other.
   *
   * @param instrument Its name or title.
   * @param command The command's name.
   * @param args Positional arguments, text or typed.
   * @returns What it returned; somebody has to look at whether it failed.
   */
  readonly callInBackground: (instrument: string, command: string, ...args: unknown[]) => unknown;
  /**
   * As `callInBackground`, for what puts an instrument back as it was: a lamp out, a focus where it stood. It is done
   * also when somebody else has taken control of that instrument meanwhile.
   *
   * @param instrument Its name or title.
   * @param command The command's name.
   * @param args Positional arguments, text or typed.
   * @returns What it returned; somebody has to look at whether it failed.
   */
  readonly putBack: (instrument: string, command: string, ...args: unknown[]) => unknown;
}

/**
 * The declaration of a command.
 *
 * @example
 * ```ts
 * import { command, type CommandSpec, CommandServer, defineInstrument } from "@heliograph/heliograph";
 *
 * const wait: CommandSpec<{ seconds: "float" }> = {
 *   summary: "Wait",
 *   arguments: { seconds: { type: "float", unit: "s", minimum: 0, maximum: 60, default: 0.01 } },
 *   deadline: 61,
 *   run: ({ seconds }) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
 * };
 * const instruments = [defineInstrument({ title: "Clock", commands: { wait: command(wait) } })];
 * await using server = new CommandServer({ port: 0, instruments });
 * console.log(await server.command("clock.wait")); // OK
 * ```
 */
export interface CommandSpec<A extends Record<string, ValueType>> {
  /** What it does, in a line; ends without a full stop. */
  readonly summary: string;
  /** Its arguments, in order; each can also be given as `name=value`. @default none */
  readonly arguments?: {
    readonly [K in keyof A]: ValueDescription<A[K]> & {
      /**
       * What it is when left out (azcam's clients may also send `None`); without one it must be given. It may be beyond
       * the limits, where it stands for something else: `-1` for "as it is".
       */
      readonly default?: ValueOf<A[K]>;
      /**
       * Whether the handler of a `text` gets numbers and booleans as they came, to look at what each is; they would
       * become text otherwise. @default false
       *
       * @internal
       */
      readonly asGiven?: boolean;
    };
  };
  /** Takes any further positional and keyword arguments. @default false */
  readonly takesMore?: boolean;
  /** The least role that may call it. @default "operator" */
  readonly role?: Role;
  /**
   * Does not wait behind a running command: for status, and for reading what is in memory. It passes nobody who has
   * control: that takes `stop`.
   * @default false
   */
  readonly immediate?: boolean;
  /**
   * Stops or puts out something: every operator of the bench may call it, whoever has control and of whichever
   * instruments they are; it does not wait behind a running command either. @default false
   */
  readonly stop?: boolean;
  /**
   * Does not wait behind a running command either, since it drives nothing: it sets in memory what the next one uses.
   * @default false
   */
  readonly beside?: boolean;
  /**
   * Whatever else its caller has asked for of this instrument and what still waits is not started any more: for an abort.
   *
   * @default false
   */
  readonly dropsWaiting?: boolean;
  /** The time it may take in seconds, waiting included. @default 30 */
  readonly deadline?: number;
  /**
   * What people are asked on the page before they run it, for what cannot be undone: `The image in the detector is lost`.
   *
   * @default nothing
   */
  readonly confirm?: string;
  /**
   * `float`: numbers, also those in a list, read `1.0` rather than `1` on azcam's wire. `tuple`: a list is a tuple in
   * Python code, and reads `(1, 2)` on azcam's wire.
   */
  readonly returns?: "float" | "tuple";
  /**
   * Does it.
   *
   * @returns Nothing, text, a number, a boolean, a list of these, or a mapping; or a promise of it.
   */
  readonly run: (args: { readonly [K in keyof A]: ValueOf<A[K]> }, context: CommandContext) => unknown;
}

/** Arguments checked against their declaration. */
export interface BoundArguments {
  /** The declared ones by name. */
  readonly values: Readonly<Record<string, Value>>;
  /** Positional ones beyond the declared. */
  readonly more: readonly unknown[];
  /** Keyword ones that are not declared. */
  readonly moreKeywords: ReadonlyMap<string, unknown>;
}

/** The longest deadline, in seconds: a week, for a sequence of exposures. */
export const longestDeadline = 7 * 86_400;

const noMore: readonly unknown[] = [];
const noKeywords: ReadonlyMap<string, unknown> = new Map();

/**
 * A command as declared, whatever its arguments' types; made by {@linkcode command}.
 *
 * @example
 * ```ts
 * import { type Command, command, defineInstrument } from "@heliograph/heliograph";
 *
 * const commands: Record<string, Command> = {};
 * for (const side of ["east", "west"]) commands[side] = command({ summary: `Go ${side}`, run: () => side });
 * console.log([...defineInstrument({ title: "Dome", commands }).commands.keys()]); // [ "east", "west" ]
 * ```
 */
export class Command {
  /** What it does, in a line. */
  readonly summary: string;
  /** Its arguments by name, in order. */
  readonly arguments: ReadonlyMap<
    string,
    ValueDescription & { readonly default?: WireValue; readonly asGiven?: boolean }
  >;
  /** Whether it takes any further arguments. */
  readonly takesMore: boolean;
  /** The least role that may call it. */
  readonly role: Role;
  /** Whether it waits behind no other command. */
  readonly immediate: boolean;
  /** Whether it stops something, and passes whoever has control. */
  readonly stop: boolean;
  /** Whether it runs beside a running command. */
  readonly beside: boolean;
  /** Whether what its caller has waiting for the same instrument is not started any more. */
  readonly dropsWaiting: boolean;
  /** The time it may take in seconds, waiting included. */
  readonly deadline: number;
  /** What people are asked before they run it; `undefined` for nothing. */
  readonly confirm: string | undefined;
  readonly #convert: ((value: unknown) => unknown) | undefined;
  /** What it is called with when nothing is given; `undefined` where something must be. */
  readonly #defaults: BoundArguments | undefined;
  // deno-lint-ignore no-explicit-any -- the declaration's own type is checked where `command` is called
  readonly #run: (args: any, context: CommandContext) => unknown;

  /** Makes it; `command` is how to declare one. @param spec The declaration. */
  constructor(spec: CommandSpec<Record<string, ValueType>>) {
    const { summary } = (spec ?? {}) as { summary?: unknown };
    const what = typeof summary === "string" ? `the command "${shown(summary)}"` : "a command";
    checkWords(what, spec, commandRules satisfies Record<keyof typeof spec, Rule>, ["summary", "run"]);
    checkArguments(what, spec.arguments ?? {});
    this.summary = spec.summary;
    this.arguments = new Map(Object.entries(spec.arguments ?? {}));
    this.takesMore = spec.takesMore ?? false;
    this.role = spec.role ?? "operator";
    this.stop = spec.stop ?? false;
    this.immediate = this.stop || (spec.immediate ?? false);
    this.beside = spec.beside ?? false;
    this.dropsWaiting = spec.dropsWaiting ?? false;
    this.confirm = spec.confirm;
    this.deadline = spec.deadline ?? usualDeadline;
    if (!(this.deadline > 0 && this.deadline <= longestDeadline)) {
      throw new TypeError(
        `Cannot give a command a deadline of ${this.deadline} s: more than 0 and at most ${longestDeadline}`,
      );
    }
    this.#convert = spec.returns === undefined ? undefined : conversions[spec.returns];
    const needed = [...this.arguments.values()].some((argument) => argument.default === undefined);
    this.#defaults = needed ? undefined : this.#bind("", [], noKeywords);
    this.#run = spec.run;
  }

  /**
   * Checks arguments against the declaration.
   *
   * @param instrument The instrument's name, for the error.
   * @param name The command's name, for the error.
   * @param args Positional arguments, text or typed.
   * @param keywords Keyword arguments, text or typed.
   * @throws {HeliographError} `bad_argument` or `out_of_limits`.
   * @internal
   */
  bind(
    instrument: string,
    name: string,
    args: readonly unknown[],
    keywords: ReadonlyMap<string, unknown>,
  ): BoundArguments {
    if (this.#defaults !== undefined && args.length === 0 && keywords.size === 0) return this.#defaults;
    return this.#bind(`${instrument}.${name}`, args, keywords);
  }

  #bind(called: string, args: readonly unknown[], keywords: ReadonlyMap<string, unknown>): BoundArguments {
    const values: Record<string, Value> = Object.create(null);
    const moreKeywords = this.#further(keywords);
    // Before what is missing: the one is often the other, misspelt.
    const [unknown] = this.takesMore ? [] : moreKeywords.keys();
    if (unknown !== undefined) throw this.#unknownKeyword(called, unknown);
    let position = 0;
    for (const [name, spec] of this.arguments) {
      const positional = position < args.length;
      if (positional && keywords.has(name)) {
        throw new HeliographError(
          "bad_argument",
          `Cannot call ${called}: ${name} is given twice; ${this.usage(called)}`,
        );
      }
      const given = positional ? args[position++] : keywords.get(name);
      if (given === undefined || given === null || standsForDefault(spec, given)) {
        if (spec.default === undefined) {
          throw new HeliographError("bad_argument", `Cannot call ${called}: ${name} is missing; ${this.usage(called)}`);
        }
        values[name] = spec.default;
        continue;
      }
      try {
        values[name] = spec.asGiven && isScalar(given) ? given : parseValue(spec, given);
      } catch (error) {
        if (!(error instanceof HeliographError)) throw error;
        throw new HeliographError(error.code, `Cannot call ${called} with ${name} ${shown(given)}: ${error.message}`);
      }
    }
    const more = position < args.length ? args.slice(position) : noMore;
    if (more.length > 0 && !this.takesMore) {
      throw new HeliographError(
        "bad_argument",
        `Cannot call ${called} with ${args.length} arguments: it takes ${this.arguments.size || "none"}; ` +
          `${this.usage(called)} (quote an argument that holds spaces)`,
      );
    }
    return { values, more, moreKeywords };
  }

  #unknownKeyword(called: string, unknown: string): HeliographError {
    return new HeliographError(
      "bad_argument",
      `Cannot call ${called} with ${unknown}=: it has no such argument${
        didYouMean(unknown, [...this.arguments.keys()])
      }; ${this.usage(called)} (quote a text that holds =)`,
    );
  }

  #further(keywords: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
    if (keywords.size === 0) return noKeywords;
    return new Map([...keywords].filter(([name]) => !this.arguments.has(name)));
  }

  /**
   * Runs the handler.
   *
   * @internal
   */
  call(bound: BoundArguments, context: CommandContext): unknown {
    const result = this.#run(bound.values, context);
    if (this.#convert === undefined) return result;
    return result instanceof Promise ? result.then(this.#convert) : this.#convert(result);
  }

  /** The usage of the command: `usage: tempcon.set_control_temperature TEMPERATURE [TEMPERATURE_ID]`. */
  usage(called: string): string {
    const words = [...this.arguments].map(([name, spec]) =>
      spec.default === undefined ? name.toUpperCase() : `[${name.toUpperCase()}]`
    );
    if (this.takesMore) words.push("…");
    return ["usage:", called, ...words].join(" ");
  }
}

/** The declaration of a command's argument, whatever its type. */
export type ArgumentSpec = Command["arguments"] extends ReadonlyMap<string, infer Spec> ? Spec : never;

/** Whether what was given is what the argument is by default: azcam's consoles send it, or Python's word for nothing. */
function standsForDefault({ default: fallback }: ArgumentSpec, given: unknown): boolean {
  if (fallback === undefined || typeof given === "object") return false;
  return given === "None" || String(given) === String(fallback);
}

function asFloat(value: unknown): unknown {
  if (typeof value === "number") return new Float(value);
  return Array.isArray(value) ? value.map(asFloat) : value;
}

function asTuple(value: unknown): unknown {
  return Array.isArray(value) ? Tuple.from(value) : value;
}

const conversions = { float: asFloat, tuple: asTuple } as const;

/**
 * Declares a command; the handler's arguments are typed by their declarations.
 *
 * @example
 * ```ts
 * import { command } from "@heliograph/heliograph";
 *
 * const move = command({
 *   summary: "Move the stage",
 *   arguments: { position: { type: "float", unit: "mm", minimum: 0, maximum: 25 } },
 *   run: ({ position }) => `moved to ${position.toFixed(2)} mm`,
 * });
 * ```
 *
 * @param spec The declaration.
 * @returns The command, for an instrument's `commands`.
 * @throws {TypeError} When the deadline is not between 0 and a week, or a word of the declaration is not what it should be.
 */
export function command<A extends Record<string, ValueType>>(spec: CommandSpec<A>): Command {
  return new Command(spec as unknown as CommandSpec<Record<string, ValueType>>);
}
