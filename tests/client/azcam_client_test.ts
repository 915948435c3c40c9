import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { AzcamClient } from "../../client/mod.ts";
import { command, defineInstrument } from "../../mod.ts";
import { startServer } from "../fixture.ts";
import { originalCommandServer } from "./original_servers.ts";

Deno.test("AzcamClient: the original's vocabulary against heliograph", async () => {
  await using server = startServer();
  await using client = new AzcamClient({ port: server.commandServer.port });
  strictEqual(await client.open(), true);
  deepStrictEqual(await client.command("exposure.set_image_title 'two words'"), ["OK"]);
  deepStrictEqual(await client.command("exposure.get_image_title"), ["OK", "two words"]);
  deepStrictEqual(await client.command("get_image_types"), ["OK", "zero", "object", "flat", "dark", "HeNe", "Ar"]);
  deepStrictEqual(await client.test(), ["OK", "this is a test message string"]);
  const [status, json] = await client.command("exposure.get_status");
  deepStrictEqual([status, JSON.parse(json!).imagetitle], ["OK", "two words"]);
  const [error, ...words] = await client.command("nosuch.x");
  deepStrictEqual([error, words.join(" ")], ["ERROR", "AzcamError(remote call not allowed: nosuch)"]);
  await client.send("echo one");
  strictEqual(await client.recv(), "OK one");
  strictEqual(client.lastCommand, "echo one");
  client.close();
  strictEqual(client.connected, false);
});

Deno.test("AzcamClient: works against an original server, with and without a welcome", async () => {
  for (const welcome of [undefined, "Welcome to azcam"]) {
    await using server = await originalCommandServer(welcome);
    await using client = new AzcamClient({ port: server.port });
    deepStrictEqual(await client.command("probe.lst"), ["OK", "a b", "1", "2.5", "c"]);
    deepStrictEqual(await client.test(), ["OK", "this is a test message string"]);
    deepStrictEqual(await client.command("nosuch.method"), ["ERROR", "AzcamError(remote call not allowed: nosuch)"]);
    deepStrictEqual(server.received.map((text) => text.endsWith("\n")), [true, true, true]);
  }
});

Deno.test("AzcamClient: calls at the same time take turns, and each gets its own reply", async () => {
  await using server = await originalCommandServer();
  await using client = new AzcamClient({ port: server.port });
  const replies = await Promise.all(Array.from({ length: 20 }, (_, at) => client.command(`echo ${at}`)));
  deepStrictEqual(replies.map(([, text]) => text), Array.from({ length: 20 }, (_, at) => String(at)));
});

Deno.test("AzcamClient: a late reply is never taken for the next command's", async () => {
  const release = Promise.withResolvers<string>();
  const slow = defineInstrument({
    title: "slow",
    commands: { work: command({ summary: "Works", run: () => release.promise }) },
  });
  await using server = startServer({ instruments: [slow] });
  await using client = new AzcamClient({ port: server.commandServer.port, timeout: 0.1 });
  await rejects(client.command("slow.work"), {
    code: "no_reply",
    message: "No reply to slow.work within 0.1 s; it may or may not have run",
  });
  release.resolve("late");
  client.setTimeout(5);
  deepStrictEqual(await client.command("echo next"), ["OK", "next"]);
});

Deno.test("AzcamClient: an AbortSignal ends the wait", async () => {
  await using server = await originalCommandServer();
  await using client = new AzcamClient({ port: server.port });
  const abort = new AbortController();
  const waiting = client.command("hang", { signal: abort.signal });
  setTimeout(() => abort.abort(), 20);
  await rejects(waiting, { code: "aborted" });
  deepStrictEqual(await client.command("echo next"), ["OK", "next"]);
});

Deno.test("AzcamClient: a command that is aborted before its turn is never sent, and opening twice opens once", async () => {
  await using server = await originalCommandServer();
  await using client = new AzcamClient({ port: server.port });
  await Promise.all([client.open(), client.command("echo one"), client.open()]);
  const first = client.command("echo two");
  const second = client.command("tempcon.set_control_temperature -55", { signal: AbortSignal.abort() });
  await rejects(second, { code: "aborted" });
  deepStrictEqual(await first, ["OK", "two"]);
  deepStrictEqual(await client.command("echo three"), ["OK", "three"]);
  deepStrictEqual(server.received, ["echo one\n", "echo two\n", "echo three\n"]);
});

Deno.test("AzcamClient: a server that is not there, or goes, is told", async () => {
  const server = await originalCommandServer();
  const { port } = server;
  await using client = new AzcamClient({ port });
  await client.open();
  const waiting = client.command("hang");
  await Promise.all([
    rejects(waiting, { code: "connection_lost" }),
    new Promise((resolve) => setTimeout(resolve, 20)).then(() => server[Symbol.asyncDispose]()),
  ]);
  strictEqual(await client.open(), false);
  await rejects(client.command("echo"), {
    code: "connection_failed",
    message: `Cannot reach 127.0.0.1:${port}: nothing listens there; is the server running?`,
  });
});

Deno.test("AzcamClient: a command that holds a line break is refused before it is sent", async () => {
  await rejects(new AzcamClient({ port: 1 }).command("a.b\nexit"), { code: "bad_argument", message: /line break/ });
});
