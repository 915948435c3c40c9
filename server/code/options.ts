/**
 * The options of running code that clients send: languages, permissions and limits.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { HeliographError } from "../../protocol/errors.ts";
import { numberIn, type Setting, type Settings, settled } from "../../protocol/setting.ts";

/**
 * The options of a sandbox: limits on code, and how it is run.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer, type SandboxOptions } from "@heliograph/heliograph";
 *
 * const sandbox: Partial<SandboxOptions> = { languages: ["javascript"], deadline: 2 };
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, sandbox });
 * server.start();
 * console.log(await server.commandServer.command("eval 6 * 7")); // OK 42
 * ```
 */
export interface SandboxOptions {
  /** What code may be written in; none at all starts no sandbox. Python is MicroPython 1.27. @default both */
  readonly languages: readonly ("javascript" | "python")[];
  /** What of this PC code may touch, as Deno's permissions of the same names. @default nothing */
  readonly permissions: {
    /** Files and folders that JavaScript may read. @default none */
    readonly read?: readonly string[];
    /** Files and folders that JavaScript may write. @default none */
    readonly write?: readonly string[];
    /** `host:port` pairs, or hosts, that JavaScript may connect to. @default none */
    readonly net?: readonly string[];
  };
  /**
   * Within how many seconds the client has its answer. The code itself has half a second less; code of a PyOpticon
   * client, which waits for 5 s, never has more than 4.5 s. @default 5
   */
  readonly deadline: number;
  /** Memory of a sandbox in MiB, its own 100 to 150 MiB included. @default 256 */
  readonly memory: number;
  /** The most bytes of text that an evaluation may print. @default 65536 */
  readonly outputBytes: number;
  /** The longest result in bytes. @default 1048576 */
  readonly resultBytes: number;
  /** How many evaluations run at once, each in a process of its own; further ones wait. @default 4 */
  readonly atOnce: number;
  /**
   * Program and arguments that run a sandbox's process.
   *
   * @default this Deno on heliograph's source; in a program that was compiled there is none, and it must be given
   */
  readonly hostCommand?: readonly [program: string, ...args: string[]];
}

/** The languages of code. */
export type Language = SandboxOptions["languages"][number];

/** Every language, in the order in which they are offered. */
export const languages: readonly Language[] = ["javascript", "python"];

/** The permissions of code on this PC, as Deno's of the same names; none by default. */
export type CodePermissions = SandboxOptions["permissions"];

/** The settings of the operator for the code of clients, in the bench file and by flags. */
export type CodeSettings = Omit<SandboxOptions, "permissions" | "hostCommand"> & Required<CodePermissions>;

const texts: z.ZodType<readonly string[]> = z.array(z.string().min(1, "should not be empty"));

/** A setting for what of this PC code may touch. */
function grant(summary: string, name: string, placeholder: string, table: string): Setting<readonly string[]> {
  return {
    schema: texts,
    default: [],
    defaultWord: "nothing",
    summary,
    flag: { name, kind: "texts", placeholder },
    table,
  };
}

/** A setting for a number that code may not exceed. */
function limit(
  schema: z.ZodType<number>,
  value: number,
  name: string,
  { summary, unit, table }: { readonly summary: string; readonly unit?: string; readonly table: string },
): Setting<number> {
  const flag = { name, kind: "count", placeholder: "NUMBER" } as const;
  return { schema, default: value, summary, flag, table, ...(unit === undefined ? {} : { unit }) };
}

/** The settings for the code of clients. */
export const codeSettings: Settings<CodeSettings> = {
  languages: {
    schema: z.array(z.enum(languages)),
    default: languages,
    defaultWord: "both",
    summary: "What code clients may send",
    inHelp: ": none, javascript, python",
    inFile: ", [] for none",
    flag: { name: "eval", kind: "languages", placeholder: "LANGUAGES" },
    table: "the languages: `none`, `javascript`, `python`, `javascript,python`",
  },
  read: grant(
    "Files and folders that JavaScript code may read",
    "evalRead",
    "PATH",
    "files and folders that JavaScript may read, with `Deno.readTextFile`",
  ),
  write: grant(
    "Files and folders that JavaScript code may write",
    "evalWrite",
    "PATH",
    "files and folders that JavaScript may write",
  ),
  net: grant(
    "HOST:PORT pairs that JavaScript code may connect to",
    "evalNet",
    "HOST:PORT",
    "`HOST:PORT` pairs that JavaScript may connect to",
  ),
  deadline: {
    schema: numberIn(1, 3600, "s", false),
    default: 5,
    summary: "Within how many seconds the sender of code has the answer",
    flag: { name: "evalDeadline", kind: "seconds", placeholder: "SECONDS" },
    unit: "s",
    table: "within which the sender has the answer; the code has 0.5 s less",
  },
  memory: limit(numberIn(192, 65_536, "MiB"), 256, "evalMemory", {
    summary: "Memory of a sandbox in MiB",
    unit: "MiB",
    table: "a sandbox's memory, 100 to 150 MiB of which it needs itself",
  }),
  outputBytes: limit(numberIn(0, 16_777_216, "bytes"), 65_536, "evalOutput", {
    summary: "How many bytes an evaluation may print",
    unit: "bytes",
    table: "what an evaluation may print",
  }),
  resultBytes: limit(numberIn(1024, 16_777_216, "bytes"), 1_048_576, "evalResult", {
    summary: "The longest result in bytes",
    unit: "bytes",
    table: "the longest value",
  }),
  atOnce: limit(numberIn(1, 64, "evaluations"), 4, "evalAtOnce", {
    summary: "How many evaluations run at once",
    table: "evaluations at once; more wait, and no client takes all the places",
  }),
};

/**
 * Makes the options of a sandbox from the settings.
 *
 * @param settings The settings as they are settled.
 */
export function sandboxOf({ read, write, net, ...others }: CodeSettings): SandboxOptions {
  return { ...others, permissions: { read, write, net } };
}

/** The options of a sandbox where nothing else is said. */
export const defaultSandboxOptions: SandboxOptions = { ...sandboxOf(settled(codeSettings)), permissions: {} };

/** The time before the deadline at which code is stopped, so that the client still gets the answer, in seconds. */
export const answerMargin = 0.5;

/** The time that PyOpticon's client waits for a reply, in seconds. */
export const pyopticonPatience = 5;

const numbers = ["deadline", "memory", "outputBytes", "resultBytes", "atOnce"] as const;

/**
 * Options with the defaults for what is left out.
 *
 * @param given What was said.
 * @throws {HeliographError} `bad_argument` for a number out of its range or an unknown language.
 */
export function sandboxOptions(given: Partial<SandboxOptions> = {}): SandboxOptions {
  const options = { ...defaultSandboxOptions, ...given };
  for (const name of numbers) {
    const { error } = codeSettings[name].schema.safeParse(options[name]);
    if (error === undefined) continue;
    const words = error.issues[0]!.message;
    throw new HeliographError("bad_argument", `Cannot run evaluations with ${name} ${options[name]}: ${words}`);
  }
  const unknown = options.languages.find((language) => !languages.includes(language));
  if (unknown === undefined) return options;
  throw new HeliographError(
    "bad_argument",
    `Cannot run evaluations in ${unknown}: there is ${languages.join(" and ")}`,
  );
}
