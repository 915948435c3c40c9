/**
 * The instrument `messages`: what waits to be told, and a test of each way, on every wire. It has no fields, so that it is
 * in no data log and on no dashboard.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { principalOf } from "../access/principal.ts";
import { command } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { Messages } from "./messages.ts";

/** How long a test may take, in seconds: longer than any way has. */
const testDeadline = 100;

/** Makes it. @param messages What it tells of. */
export function messagesInstrument(messages: Messages): Instrument {
  return defineInstrument({
    title: "messages",
    summary: "who is told of alarms, and what could not be told",
    aside: true,
    commands: {
      list: command({
        role: "observer",
        immediate: true,
        summary: "Tell what waits to be sent, what was sent and what could not be, as JSON",
        run: () => messages.describe(),
      }),
      test: command({
        summary: "Send somebody a message that is no alarm, by each of their ways, and tell what was said to it",
        arguments: { name: { type: "text", summary: "of a person, a webhook or a command" } },
        deadline: testDeadline,
        run: ({ name }, { caller }) => messages.test(name, principalOf(caller).origin.label),
      }),
      retry: command({
        summary: "Try at once whatever waits or was given up; tells how many",
        immediate: true,
        run: () => messages.retry(),
      }),
      forget: command({
        summary: "Forget a message that waits or was given up",
        arguments: { number: { type: "text", asGiven: true, summary: "as list tells it; or all" } },
        immediate: true,
        run: ({ number }) => {
          if (number === "all") return messages.forget("all");
          const given = Number(number);
          if (Number.isInteger(given)) return messages.forget(given);
          throw new HeliographError(
            "bad_argument",
            `${number} is no number of a message: "list" tells them; or give all`,
          );
        },
      }),
    },
  });
}
