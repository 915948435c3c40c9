/** Titles and texts that would steer a terminal are shown as they are written, by every subcommand and in the log. */
import { deepStrictEqual, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { run } from "../cli_fixture.ts";
import { eventually } from "../fixture.ts";
import { ProgramProcess, programs, ServerProcess } from "../server_process.ts";

const evil = "\x1b[2J\x07\u202egnp\u2066\u200f\x9b31m\u2028\0";
// deno-lint-ignore no-control-regex -- what must not reach a terminal
const steering = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

const bench = {
  name: `Lab ${evil}`,
  instruments: [{
    title: `Meter ${evil}`,
    summary: `Measures ${evil}`,
    port: "tcp://127.0.0.1:1",
    fields: {
      [`Volts ${evil}`]: { unit: `V${evil}`, summary: evil, read: "V?" },
      Mode: { type: "choice", choices: [`On ${evil}`, "Off"], write: "M {value}" },
    },
    commands: { reset: { summary: `Reset ${evil}`, send: "*RST" } },
  }],
};

/** What a subcommand has written, which must steer no terminal. */
function checked(what: string, text: string): string {
  deepStrictEqual(steering.exec(text.replaceAll("\r\n", "\n")), null, `${what}: ${JSON.stringify(text)}`);
  return text;
}

Deno.test("check: titles that would steer a terminal are shown as they are written", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "bench.json");
  await Deno.writeTextFile(file, JSON.stringify(bench));
  const { out, err } = await run(["check", file]);
  match(checked("check", out), /Meter \\u001b\[2J\\u0007\\u202egnp/);
  checked("check", err);
  await Deno.writeTextFile(file, JSON.stringify({ ...bench, [`no${evil}`]: 1 }));
  match(checked("check", (await run(["check", file])).err), /no\\u001b\[2J/);
  await Deno.remove(folder, { recursive: true });
});

for (const program of programs) {
  Deno.test(`${program.name}: titles that would steer a terminal steer none, in any subcommand or the log`, async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(join(folder, "bench.json"), JSON.stringify(bench));
    const benched = { ...program, server: [...program.client, "server"] };
    await using server = new ServerProcess(benched, ["--bench", join(folder, "bench.json"), "--log-level", "debug"]);
    const [, port] = await server.ports();
    await eventually(() => /is not connected on/.test(server.err), "the log tells that it does not answer");
    for (
      const command of [["list"], ["describe", "meter_2j_gnp_31m"], ["status"], ["get", "meter_2j_gnp_31m", "mode"]]
    ) {
      const asked = new ProgramProcess(program, [...program.client, ...command, "--port", String(port)]);
      await asked.end();
      checked(command[0]!, asked.out);
      checked(command[0]!, asked.err);
      ok(asked.out + asked.err !== "", command[0]);
    }
    const watching = new ProgramProcess(program, [...program.client, "watch", "--port", String(port)]);
    await eventually(() => watching.out.includes("Volts"), "it is watched");
    watching.kill("SIGTERM");
    await watching.end();
    checked("watch", watching.out);
    match(checked("the server", server.out), /Meter \\u001b/);
    checked("the log", server.err);
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("cli: words of the command line that would steer a terminal are shown as they are written", async () => {
  const cases = [["gte\x1b[31m"], ["list", "--port", "1\x1b[31m"], ["list", `--no${"\u202e"}such`]];
  for (const words of cases) {
    const { code, out, err } = await run(words);
    ok(code !== 0);
    checked(words.join(" "), out + err);
    match(err, /\\u(?:001b|202e)/);
  }
});

Deno.test("check: a line end inside a bench's text makes no line of its own", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "bench.json");
  await Deno.writeTextFile(file, JSON.stringify({ ...bench, "no\nwell formed: all is well": 1 }));
  const { err } = await run(["check", file]);
  ok(err.trimEnd().split("\n").every((line) => line.startsWith(file)), err);
  await Deno.remove(folder, { recursive: true });
});
