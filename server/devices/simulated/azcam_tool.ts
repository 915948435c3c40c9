/**
 * The commands that every azcam tool has besides its own: `initialize`, `reset` and the header keywords.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import { keywordCommands } from "../../bench/header_keywords.ts";
import type { Instrument } from "../../bench/instrument.ts";

/**
 * The commands that azcam's tools share.
 *
 * @param reset What `reset` does.
 * @param tool The tool.
 * @returns The commands, for an instrument's `commands`.
 */
export function azcamToolCommands(reset: () => void, tool: () => Instrument): Record<string, Command> {
  return {
    initialize: command({ summary: "Make it ready for use", run: () => {} }),
    reset: command({ summary: "Go back to the defaults", run: () => reset() }),
    ...keywordCommands(() => tool().keywords),
  };
}
