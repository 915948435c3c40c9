/**
 * The commands that every instrument has: `get`, `set`, `confirm`, `revert`, `describe` and `help`.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { type Caller, type Command, command, type CommandContext } from "./command.ts";
import { describeInstrument, helpCommand, helpInstrument } from "./describe.ts";
import type { Instrument } from "./instrument.ts";

/**
 * @param instrument The instrument they act on.
 * @returns The commands by name.
 */
export function standardCommands(instrument: Instrument): ReadonlyMap<string, Command> {
  return new Map(Object.entries({
    get: command({
      summary: "Read a field",
      arguments: { field: { type: "text", summary: "its title or name" } },
      role: "observer",
      immediate: true,
      run: ({ field }) => {
        const { title, value, text, reason } = instrument.field(field);
        const { contact } = instrument;
        if (value === undefined && contact !== undefined && contact.state !== "connected") {
          // Nobody tries to reach one that is switched off, or is not simulated.
          if (contact.state === "off") {
            const why = instrument.away === "" ? contact.reason || reason : `${instrument.title} is ${instrument.away}`;
            throw new HeliographError("not_connected", `Cannot read ${title} of ${instrument.title}: ${why}`);
          }
          throw new HeliographError(
            "not_connected",
            `Cannot read ${title} of ${instrument.title}: it has not been reached on ${contact.address}` +
              (contact.reason === "" ? "" : `: ${contact.reason}`),
          );
        }
        return text;
      },
    }),
    set: command({
      summary: "Set a field; a setting that needs it waits for confirm",
      arguments: { field: { type: "text", summary: "its title or name" }, value: { type: "text", asGiven: true } },
      beside: instrument.settingsBeside,
      // A guard waits for nobody's confirm.
      run: ({ field, value }, { signal, caller }: CommandContext & { readonly caller: Caller }) =>
        caller.guards ? instrument.apply(field, value, signal) : instrument.set(field, value, signal),
    }),
    confirm: command({
      summary: "Apply the settings that wait",
      run: (_, { signal }) => instrument.confirm(signal),
    }),
    revert: command({
      summary: "Put the settings that wait for confirm back to what they were",
      beside: instrument.settingsBeside,
      run: () => instrument.revert(),
    }),
    describe: command({
      summary: "Tell its fields and commands as JSON",
      role: "observer",
      immediate: true,
      run: () => describeInstrument(instrument),
    }),
    help: command({
      summary: "Tell what it can do, or how a command is called",
      arguments: { command: { type: "text", default: "" } },
      role: "observer",
      immediate: true,
      run: ({ command }) => command === "" ? helpInstrument(instrument) : helpCommand(instrument, command),
    }),
  }));
}
