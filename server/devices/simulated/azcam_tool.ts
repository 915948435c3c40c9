/**
 * The commands that every azcam tool has besides its own: `initialize`, `reset` and those for its header.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import { keywordCommands } from "../../bench/header_keywords.ts";
import type { Instrument } from "../../bench/instrument.ts";

/** The declaration of a mechanism's or a sensor's number: -1 is the first, as in azcam. */
export function toolId(summary: string) {
  return { type: "int", default: 0, minimum: -1, summary: `${summary}; -1 is the first` } as const;
}

/** Reads an instrument's fields now. */
async function readFields(tool: Instrument): Promise<void> {
  for (const step of tool.readings(true)) await step;
}

/** The options of {@linkcode azcamToolCommands}. */
export interface ToolOptions {
  /** Whether its header is read beside a running command, since no hardware is asked. @default false */
  readonly beside?: boolean;
}

/**
 * The commands that azcam's tools share.
 *
 * @param reset What `reset` does.
 * @param tool The tool.
 * @returns The commands, for an instrument's `commands`.
 */
export function azcamToolCommands(
  reset: () => void,
  tool: () => Instrument,
  { beside = false }: ToolOptions = {},
): Record<string, Command> {
  return {
    initialize: command({ summary: "Make it ready for use", run: () => {} }),
    reset: command({ summary: "Go back to the defaults", confirm: "What was set is lost.", run: () => reset() }),
    update_header: command({
      summary: "Read what its header keywords tell",
      beside,
      run: () => readFields(tool()),
    }),
    ...keywordCommands(() => tool().keywords),
  };
}
