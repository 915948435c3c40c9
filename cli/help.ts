/**
 * The overview of the program: what to type first, then every subcommand by what it is for.
 *
 * @module
 */

import { version } from "../protocol/version.ts";

/** What a newcomer types, in this order, each with what it does. */
const first: readonly (readonly [line: string, what: string])[] = [
  ["server", "serve the demo bench, and let that run"],
  ["list", "then, in another terminal: what is on the bench"],
  ["describe tempcon", "an instrument's fields, values and commands"],
  ["get tempcon camtemp", "read a field"],
  ["set tempcon control_temperature -90", "set one"],
  ["watch tempcon", "show fields as they change"],
  ["call tempcon get_temperatures", "call a command"],
  ["init", "write a bench file of your own"],
];

/** The subcommands by what they are for. */
export const groups: Readonly<Record<string, readonly string[]>> = {
  "INSTRUMENTS": ["list", "describe", "get", "set", "confirm", "revert", "watch", "call", "status"],
  "A CAMERA AND ITS IMAGES": ["expose", "image"],
  "WHO DRIVES": ["take", "release", "off", "on"],
  "KEEPING IT SAFE": ["guards", "alarms", "safe", "watchdog", "messages"],
  "THROUGH THE NIGHT": ["run", "runs", "rehearse"],
  "LINES AND CODE": ["shell", "command", "eval", "exec"],
  "LOOKING BACK": ["journal", "history", "note", "datalog", "export", "notebook", "records"],
  "BRINGING AN INSTRUMENT UP": ["ports", "talk", "try", "trace"],
  "A SERVER AND ITS BENCH": ["server", "access", "init", "check", "schema", "types", "simulate"],
  "OTHER PCS": ["pair", "connect", "forward", "fleet"],
  "THIS PROGRAM": ["completions", "version"],
};

/**
 * The overview.
 *
 * @param program How people start this program.
 * @param commands The subcommands by name.
 */
export function overview(program: string, commands: Readonly<Record<string, { readonly brief: string }>>): string {
  const rows = (entries: readonly (readonly [string, string])[]) => {
    const width = Math.max(...entries.map(([word]) => word.length));
    return entries.map(([word, what]) => `  ${word.padEnd(width)}  ${what}\n`).join("");
  };
  const parts = [
    `heliograph ${version}: drives a lab's or an observatory's instruments from anywhere\n`,
    `TYPE FIRST\n${rows(first.map(([line, what]) => [`${program} ${line}`, what]))}`,
    ...Object.entries(groups).map(([title, names]) =>
      `${title}\n${rows(names.map((name) => [name, commands[name]?.brief ?? ""]))}`
    ),
    `"${program} SUBCOMMAND --help" tells its arguments and flags\n`,
  ];
  return parts.join("\n");
}
