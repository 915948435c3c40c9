/**
 * What the operator grants to code that clients send.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

/** What code can be written in. Python is MicroPython 1.27. */
export type Language = "javascript" | "python";

/** Every language, in the order in which they are offered. */
export const languages: readonly Language[] = ["javascript", "python"];

/** What of this PC code may touch, as Deno's permissions of the same names; nothing by default. */
export interface CodePermissions {
  /** Files and folders that JavaScript may read. @default none */
  readonly read?: readonly string[];
  /** Files and folders that JavaScript may write. @default none */
  readonly write?: readonly string[];
  /** `host:port` pairs, or hosts, that JavaScript may connect to. @default none */
  readonly net?: readonly string[];
}

/** What code may use, and how it is run. */
export interface SandboxOptions {
  /** What code may be written in; none at all starts no sandbox. @default both */
  readonly languages: readonly Language[];
  /** What of this PC code may touch. @default nothing */
  readonly permissions: CodePermissions;
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

/** What code may use where nothing else is said. */
export const defaultSandboxOptions: SandboxOptions = {
  languages,
  permissions: {},
  deadline: 5,
  memory: 256,
  outputBytes: 65_536,
  resultBytes: 1_048_576,
  atOnce: 4,
};

/** How many seconds before the deadline code is stopped, so that the client still gets the answer. */
export const answerMargin = 0.5;

/** How long PyOpticon's client waits for a reply, in seconds. */
export const pyopticonPatience = 5;

const ranges = {
  deadline: [1, 3600, "s"],
  memory: [192, 65_536, "MiB"],
  outputBytes: [0, 16_777_216, "bytes"],
  resultBytes: [1024, 16_777_216, "bytes"],
  atOnce: [1, 64, "evaluations"],
} as const;

/**
 * Options with the defaults for what is left out.
 *
 * @param given What was said.
 * @throws {HeliographError} `bad_argument` for a number out of its range or an unknown language.
 */
export function sandboxOptions(given: Partial<SandboxOptions> = {}): SandboxOptions {
  const options = { ...defaultSandboxOptions, ...given };
  for (const [name, [least, most, unit]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value >= least && value <= most) continue;
    throw new HeliographError(
      "bad_argument",
      `Cannot run evaluations with ${name} ${value}: it is a number of ${unit} from ${least} to ${most}`,
    );
  }
  const unknown = options.languages.find((language) => !languages.includes(language));
  if (unknown === undefined) return options;
  throw new HeliographError(
    "bad_argument",
    `Cannot run evaluations in ${unknown}: there is ${languages.join(" and ")}`,
  );
}
