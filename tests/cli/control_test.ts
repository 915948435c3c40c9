/** Taking and releasing on the command line: each call is a program of its own, and a name binds them together. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { watch } from "../../cli/commands/bench.ts";
import { ShellCompleter } from "../../cli/shell_words.ts";
import { denoContext } from "../../cli/context.ts";
import { PyOpticonSocketClient } from "../../client/mod.ts";
import { contextOf, run } from "../cli_fixture.ts";
import { eventually, startServer } from "../fixture.ts";

const done = { code: 0, out: "", err: "" };

Deno.test("cli: take, set and release are one-shot calls under one name", async () => {
  await using server = startServer();
  const port = String(server.dashboardServer.port);
  const cli = (name: string, ...words: string[]) => run([...words, "--port", port], { clientName: name });
  const taken = await cli("alice", "take", "tempcon", "2h");
  deepStrictEqual([taken.code, taken.err], [0, ""]);
  match(taken.out, /^alice has control of tempcon until \d\d:\d\d:\d\d, or longer: each request renews it\n$/);
  deepStrictEqual(await cli("alice", "set", "tempcon", "control_temperature", "-90"), done);
  const refused = await cli("bob", "set", "tempcon", "control_temperature", "-91");
  deepStrictEqual([refused.code, refused.out], [1, ""]);
  match(refused.err, /^Cannot set tempcon: alice \(client \d+, 127\.0\.0\.1\) has control of it until .*\n$/);
  const json = JSON.parse((await cli("bob", "set", "--json", "tempcon", "control_temperature", "-91")).err);
  strictEqual(json.error.code, "held");
  // The flag comes before the environment.
  deepStrictEqual(await cli("bob", "set", "tempcon", "control_temperature", "-92", "--name", "alice"), done);
  deepStrictEqual(await cli("bob", "get", "tempcon", "control_temperature"), { ...done, out: "-92.00\n" });
  match((await cli("bob", "release", "tempcon")).err, /^Cannot release tempcon: alice/);
  match((await cli("bob", "take", "tempcon", "--force")).out, /^bob has control/);
  deepStrictEqual(await cli("alice", "release", "tempcon", "--force"), done);
  deepStrictEqual(await cli("alice", "release", "tempcon"), done);
  const lease = JSON.parse((await cli("alice", "take", "--json", "UV Light", "90s")).out);
  deepStrictEqual([lease.instrument, lease.holder.name, lease.until], ["uv_light", "alice", lease.holder.until]);
});

Deno.test("cli: list, status, describe and watch show who has control, where somebody has", async () => {
  await using server = startServer();
  const port = String(server.dashboardServer.port);
  const cli = (...words: string[]) => run([...words, "--port", port, "--name", "alice"]);
  match((await cli("list")).out, /^name +title +caption +fields +commands +what it is\n/);
  await cli("take", "tempcon");
  const { out } = await cli("list");
  match(out, /^name +title +caption +fields +commands +held by +what it is\n/);
  match(out, /\ntempcon +tempcon +\d+ +\d+ +alice \(127\.0\.0\.1\) until \d\d:\d\d:\d\d +cryostat/);
  strictEqual(out.split("alice").length, 2, "of one instrument only");
  const listed = JSON.parse((await cli("list", "--json")).out) as { name: string; holder: { name: string } | null }[];
  deepStrictEqual(listed.filter(({ holder }) => holder !== null).map(({ name }) => name), ["tempcon"]);
  match((await cli("status")).out, /\nheld +by\ntempcon +alice \(127\.0\.0\.1\) until /);
  match((await cli("describe", "tempcon")).out, /^tempcon: .*\nheld by alice \(127\.0\.0\.1\) until /);
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port, name: "alice" });
  const abort = new AbortController();
  let seen = "";
  const write = (text: string) => void (seen += text);
  const context = { ...contextOf(), process: { stdout: { write }, stderr: { write } } };
  const watching = watch(context, client, false, "tempcon", undefined, abort.signal);
  await eventually(() => seen.includes("held by"), "the snapshot tells of it");
  await client.release("tempcon");
  await eventually(() => seen.includes("nobody"), "the change is told");
  abort.abort();
  await watching;
  match(
    seen,
    /\n {10}tempcon {2}held by alice \(127\.0\.0\.1\) until [\d:]{8}\n {10}tempcon {2}nobody has control of it\n$/,
  );
});

Deno.test("cli: taking without a name, for a wrong time or under a wrong name is a usage error", async () => {
  await using server = startServer();
  const port = String(server.dashboardServer.port);
  deepStrictEqual(await run(["take", "tempcon", "--port", port]), {
    code: 2,
    out: "",
    err: "Cannot take tempcon without a name: control would end with this program. " +
      "Give --name NAME, or set HELIOGRAPH_NAME\n",
  });
  const late = await run(["take", "tempcon", "2d", "--port", port, "--name", "alice"]);
  strictEqual(late.code, 2);
  match(late.err, /Cannot take control for 2d: give a time such as 90, 90s, 10m or 2h, more than 0 and at most 24h/);
  strictEqual((await run(["take", "tempcon", "10", "minutes", "--port", port, "--name", "dave"])).code, 0);
  strictEqual((await run(["release", "tempcon", "--port", port, "--name", "dave"])).code, 0);
  const spaced = await run(["take", "tempcon", "--port", port, "--name", "alice b"]);
  strictEqual(spaced.code, 2);
  match(spaced.err, /a name is 1 to 64 printable characters without spaces/);
  // A name of the environment that the server does not take is told as well.
  const overlong = await run(["take", "tempcon", "--port", port], { clientName: "x".repeat(65) });
  deepStrictEqual([overlong.code, overlong.err], [
    1,
    "Cannot register that name: give 1 to 64 printable characters\n",
  ]);
  strictEqual((await run(["list", "--port", port])).out.includes("held by"), false);
});

Deno.test("cli: the name comes from HELIOGRAPH_NAME, or else from the user's", () => {
  const names = ["HELIOGRAPH_NAME", "USER", "USERNAME"];
  const before = names.map((name) => Deno.env.get(name));
  const nameOf = (...values: (string | undefined)[]) => {
    for (const [index, value] of values.entries()) {
      if (value === undefined) Deno.env.delete(names[index]!);
      else Deno.env.set(names[index]!, value);
    }
    return denoContext().clientName;
  };
  try {
    strictEqual(nameOf("alice", "bob", "carol"), "alice");
    strictEqual(nameOf(undefined, "bob", "carol"), "bob");
    strictEqual(nameOf(undefined, undefined, "carol"), "carol");
    strictEqual(nameOf(undefined, undefined, undefined), undefined);
    strictEqual(nameOf("", "bob", "carol"), "", "set to nothing: no name is wanted");
  } finally {
    nameOf(...before);
  }
});

Deno.test("cli: command registers a name that is given, and only that", async () => {
  await using server = startServer();
  const port = String(server.commandServer.port);
  const command = (line: string, ...words: string[]) =>
    run(["command", line, "--port", port, ...words], { clientName: "somebody" });
  strictEqual((await command("take tempcon", "--name", "alice")).out, "OK\n");
  strictEqual((await command("tempcon.set control_temperature -90", "--name", "alice")).out, "OK\n");
  const refused = await command("tempcon.set control_temperature -91");
  strictEqual(refused.code, 1);
  match(refused.out, /^ERROR Cannot set tempcon: alice/);
  strictEqual((await command("take telescope")).out, "OK\n");
  // Nameless: it ended with the program that took it.
  await eventually(
    async () => (await command("telescope.confirm", "--name", "bob")).out === "OK\n",
    "the telescope is free again",
  );
});

Deno.test("cli: take and release are completed, by shells and by our own", async () => {
  strictEqual((await run(["__complete", "tak"])).out, "take\n");
  match((await run(["__complete", "take", "--fo"])).out, /^--force\n/);
  await using server = startServer();
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
  const completer = new ShellCompleter(() => client.describe());
  deepStrictEqual(await completer.complete("tak"), [["take"], "tak"]);
  deepStrictEqual(await completer.complete("rel"), [["release"], "rel"]);
  deepStrictEqual(await completer.complete("take temp"), [["tempcon"], "temp"]);
  deepStrictEqual(await completer.complete("release uv"), [["uv_light"], "uv"]);
  deepStrictEqual(await completer.complete("take tempcon "), [[], ""]);
});
