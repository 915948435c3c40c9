/**
 * azcam's `get_focus` and `set_focus`, as `instrument` and `telescope` have them.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { toolId } from "./azcam_tool.ts";
import type { Mover } from "./physics.ts";

/**
 * The commands of a focus mechanism.
 *
 * @param focus What is moved.
 * @param minimum The lowest position.
 * @param maximum The highest position.
 */
export function focusCommands(focus: Mover, minimum: number, maximum: number): Record<string, Command> {
  return {
    get_focus: command({
      summary: "Tell the focus position",
      arguments: { focus_id: toolId("the focus mechanism") },
      role: "observer",
      immediate: true,
      returns: "float",
      run: () => focus.position,
    }),
    set_focus: command({
      summary: "Move the focus to a position, or by a step; answers when it is there",
      arguments: {
        focus_position: { type: "float" },
        focus_id: toolId("the focus mechanism"),
        focus_type: { type: "choice", choices: ["absolute", "step"], default: "absolute" },
      },
      run: ({ focus_position, focus_type }, { signal }) => {
        const target = focus_type === "step" ? focus.position + focus_position : focus_position;
        if (target >= minimum && target <= maximum) return focus.moveTo(target, signal);
        throw new HeliographError(
          "out_of_limits",
          `Cannot move the focus to ${target}: it goes from ${minimum} to ${maximum}`,
        );
      },
    }),
  };
}
