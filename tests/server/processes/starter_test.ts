/** Starting processes: what is kept of what they say. */
import { rejects, strictEqual } from "node:assert/strict";
import { type Command, DirectStarter } from "../../../server/processes/starter.ts";

/** What a process that runs a script says at its end, as its starter tells it. */
async function complaintOf(...args: string[]): Promise<string> {
  const command: Command = [Deno.execPath(), ...args];
  const { ended } = await new DirectStarter().start(command, "");
  return (await ended).complaint;
}

/** Runs a test in a terminal with colours, as far as processes that it starts see it. */
async function withColour(test: () => Promise<void>): Promise<void> {
  const before = { FORCE_COLOR: Deno.env.get("FORCE_COLOR"), NO_COLOR: Deno.env.get("NO_COLOR") };
  Deno.env.set("FORCE_COLOR", "1");
  Deno.env.delete("NO_COLOR");
  try {
    await test();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("processes: what a process says went wrong is found, and told without colours", () =>
  withColour(async () => {
    // The runtime's own words, with the place in the code after them.
    strictEqual(
      await complaintOf("eval", "console.error('first'); throw new Error('it is broken')"),
      "error: Uncaught (in promise) Error: it is broken",
    );
    // What paints its own words.
    const painted = String
      .raw`console.error("\x1b[31merror: \x1b[1mno such port\x1b[0m\r\n    at line 1"); Deno.exit(3)`;
    strictEqual(await complaintOf("eval", painted), "error: no such port");
    strictEqual(await complaintOf("eval", ""), "");
  }));

Deno.test("processes: one that cannot be started is told with its name", async () => {
  await rejects(new DirectStarter().start(["no-such-program-here"], ""), /no-such-program-here/);
});
