import { deepStrictEqual, match, rejects, strictEqual, throws } from "node:assert/strict";
import { command, defineInstrument, demoInstruments, HeliographServer } from "../../mod.ts";
import { PyOpticonSocketClient, type WatchUpdate } from "../../client/mod.ts";
import { eventually, startServer } from "../fixture.ts";
import { originalDashboard } from "./original_servers.ts";

Deno.test("PyOpticonSocketClient: the original's vocabulary against heliograph, with typed values", async () => {
  await using server = startServer();
  await using client = new PyOpticonSocketClient({
    socketNumber: server.dashboardServer.port,
    handleErrors: "exception",
  });
  strictEqual(await client.getField("UV Light", "Actual Status"), "No Reading");
  strictEqual(await client.setField("Methane MFC", "Setpoint Entry", 30), "Success");
  strictEqual(await client.getField("Methane MFC", "Setpoint Entry"), 30);
  strictEqual(await client.setField("Methane MFC", "Setpoint Entry", "31.5", { printout: false }), "Success");
  strictEqual(await client.getField("Methane MFC", "Setpoint Entry"), 31.5);
  strictEqual(await client.doConfirm("Methane MFC"), "Success");
  strictEqual(await client.setField("instrument", "shutter", true), "Success");
  strictEqual(await client.getField("instrument", "shutter"), true);
});

Deno.test("PyOpticonSocketClient: works against an original dashboard, and finds out by itself", async () => {
  await using server = await originalDashboard();
  await using client = new PyOpticonSocketClient({ socketNumber: server.port, name: "unknown to it" });
  strictEqual(await client.getField("UV Light", "Actual Status"), "No Reading");
  strictEqual(await client.setField("UV Light", "Status Selection", "Off"), "Success");
  strictEqual(await client.getField("UV Light", "Status Selection", { printout: false }), "Off");
  strictEqual(await client.doConfirm("UV Light"), "Success");
  strictEqual(await client.doEval("str(get_dashboard().serial_connected)"), "False");
  strictEqual(await client.doExec("print('statement')"), "Success");
  strictEqual(await client.getField("UV Light", "zzz"), "Error: 'zzz'");
  await client.close();
  await eventually(() => server.received.length === 8, "the dashboard is told that the client goes");
  deepStrictEqual(JSON.parse(server.received.at(-1)!), { cmd: "Close" });
  deepStrictEqual(JSON.parse(server.received[1]!), {
    id: 2,
    cmd: "Set",
    widget_nickname: "UV Light",
    field_name: "Status Selection",
    new_value: "Off",
    printout: true,
  });
});

Deno.test("PyOpticonSocketClient: an original dashboard gets one request at a time, each with its own reply", async () => {
  await using server = await originalDashboard(5);
  await using client = new PyOpticonSocketClient({ socketNumber: server.port });
  const asked = ["Actual Status", "zzz", "Actual Status", "zzz"];
  const replies = await Promise.all(asked.map((field) => client.getField("UV Light", field)));
  deepStrictEqual(replies, ["No Reading", "Error: 'zzz'", "No Reading", "Error: 'zzz'"]);
});

Deno.test("PyOpticonSocketClient: an original dashboard's late reply, or missing one, harms no later request", async () => {
  for (const late of [150, -1]) {
    await using server = await originalDashboard(0, late, 0);
    await using client = new PyOpticonSocketClient({ socketNumber: server.port, timeout: 0.1 });
    strictEqual(await client.getField("UV Light", "Actual Status"), "No Reading");
    await rejects(client.getField("UV Light", "Actual Status"), { code: "no_reply" });
    strictEqual(await client.getField("UV Light", "zzz"), "Error: 'zzz'");
  }
});

Deno.test("PyOpticonSocketClient: what an original dashboard cannot do is refused without harm", async () => {
  await using server = await originalDashboard();
  await using client = new PyOpticonSocketClient({ socketNumber: server.port });
  await rejects(client.describe(), {
    code: "unavailable",
    message: "Cannot do Describe: an original PyOpticon dashboard knows only Get, Set, Confirm, Eval and Exec",
  });
  await rejects(client.doExec(() => 1), { code: "unavailable", message: /send Python source as text/ });
  await rejects(client.doEval("x".repeat(2000)), { code: "message_too_long", message: /at most 1024 bytes/ });
  strictEqual(await client.getField("UV Light", "Actual Status"), "No Reading");
});

Deno.test("PyOpticonSocketClient: the three errors modes", async () => {
  await using server = startServer();
  const socketNumber = server.dashboardServer.port;
  const printed: string[] = [];
  const expected = 'Error: UV Light has no field "x"; it has Status Selection, Actual Status';
  await using none = new PyOpticonSocketClient({ socketNumber });
  strictEqual(await none.getField("UV Light", "x"), expected);
  await using print = new PyOpticonSocketClient({
    socketNumber,
    handleErrors: "print",
    print: (line) => printed.push(line),
  });
  strictEqual(await print.getField("UV Light", "x"), expected);
  deepStrictEqual(printed, [`In Get, ${expected}`]);
  await using exception = new PyOpticonSocketClient({ socketNumber, handleErrors: "exception" });
  await rejects(exception.getField("UV Light", "x"), { code: "unknown_field", message: `In Get, ${expected}` });
  throws(() => new PyOpticonSocketClient({ handleErrors: "loud" as never }), /must be "none", "print" or "exception"/);
});

Deno.test("PyOpticonSocketClient: a value that begins with Error is no failure", async () => {
  const notes = defineInstrument({ title: "notes", fields: { text: { type: "text", initial: "Error: not really" } } });
  await using server = startServer({ instruments: [notes] });
  await using client = new PyOpticonSocketClient({
    socketNumber: server.dashboardServer.port,
    handleErrors: "exception",
  });
  strictEqual(await client.getField("notes", "text"), "Error: not really");
});

Deno.test("PyOpticonSocketClient: describe, call, status, and many requests in flight", async () => {
  await using server = startServer();
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port, name: "tester" });
  const described = await client.describe("tempcon");
  deepStrictEqual([described.name, described.fields.map(({ name }) => name)], ["tempcon", [
    "camtemp",
    "dewtemp",
    "control_temperature",
  ]]);
  strictEqual((await client.describe()).length, server.bench.instruments.length);
  strictEqual(await client.call("exposure", "set_exposuretime", [], { exposure_time: 2.5 }), null);
  strictEqual(await client.call("api", "get_exposuretime"), 2.5);
  await rejects(client.call("tempcon", "get_temperatures", [1]), {
    code: "bad_argument",
    message: /takes none; usage: tempcon\.get_temperatures/,
  });
  const many = await Promise.all(Array.from({ length: 200 }, () => client.call("tempcon", "get_control_temperature")));
  deepStrictEqual(new Set(many), new Set([-100]));
  const [session] = (await client.status()).sessions;
  deepStrictEqual([session?.name, session?.protocol], ["tester", "dashboard"]);
});

Deno.test("PyOpticonSocketClient: getReading gives the value with its unit, quality and time", async () => {
  await using server = startServer();
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
  const { time, ...reading } = await client.getReading("Methane MFC", "Setpoint Entry");
  deepStrictEqual(reading, { value: 0, text: "0.0", unit: "sccm", quality: "good" });
  match(time!, /^\d{4}-\d\d-\d\dT/);
  strictEqual(await client.getField("Methane MFC", "Setpoint Entry"), 0);
  const { quality, reason } = await client.getReading("UV Light", "Actual Status");
  deepStrictEqual([quality, reason], ["stale", "not read yet"]);
  await rejects(client.getReading("UV Light", "x"), { code: "unknown_field" });
});

Deno.test("PyOpticonSocketClient: a client with a name says it before it drives, also to an original dashboard", async () => {
  await using server = await originalDashboard();
  await using client = new PyOpticonSocketClient({ socketNumber: server.port, name: "alice" });
  strictEqual(await client.setField("UV Light", "Status Selection", "Off"), "Success");
  // Such a dashboard drops whoever says what it does not know: it is asked what both know.
  deepStrictEqual(server.received.map((text) => JSON.parse(text).cmd), ["Get", "Set"]);
});

Deno.test("PyOpticonSocketClient: doEval and doExec with values, functions and errors", async () => {
  await using server = startServer({ sandbox: {} });
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
  deepStrictEqual(await client.doEval("[1 + 1]"), [2]);
  strictEqual(await client.doEval("missing"), "Error: ReferenceError: missing is not defined (line 1)");
  type Namespace = { getDashboard(): { setField(nickname: string, field: string, value: unknown): void } };
  const switchOn = () => {
    (globalThis as unknown as Namespace).getDashboard().setField("UV Light", "Status Selection", "On");
  };
  strictEqual(await client.doExec(switchOn), "Success");
  strictEqual(await client.getField("UV Light", "Status Selection"), "On");
  match(await client.doExec(() => JSON.parse("{")), /^Error: SyntaxError: /);
  await rejects(client.doExec(Math.max as () => unknown), { code: "bad_argument", message: /its source is not known/ });
});

Deno.test("PyOpticonSocketClient: doExec sends source that runs by itself, however the function is written", async () => {
  const sent: { code: string; language: string }[] = [];
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const connection = await listener.accept();
    const buffer = new Uint8Array(65_536);
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      const message = JSON.parse(new TextDecoder().decode(buffer.subarray(0, count)));
      if (message.cmd === "Close") break;
      if (message.cmd === "Exec") sent.push(message);
      await connection.write(new TextEncoder().encode(`{"id":${message.id},"ok":true,"value":"Success"}\n`));
    }
    connection.close();
  })();
  const client = new PyOpticonSocketClient({ socketNumber: listener.addr.port });
  const ran = (globalThis as unknown as { ran: string[] }).ran = [];
  const object = {
    method() {
      (globalThis as unknown as { ran: string[] }).ran.push("method");
    },
  };
  function declared() {
    (globalThis as unknown as { ran: string[] }).ran.push("declared");
  }
  strictEqual(await client.doExec(() => (globalThis as unknown as { ran: string[] }).ran.push("arrow")), "Success");
  await client.doExec(async () => void (globalThis as unknown as { ran: string[] }).ran.push(await "async arrow"));
  await client.doExec(declared);
  await client.doExec(object.method);
  await client.doExec("globalThis.ran.push('text')");
  await client.doExec("print('python')", { language: "python" });
  await client.close();
  await serving;
  deepStrictEqual(sent.map(({ language }) => language), [...Array(5).fill("javascript"), "python"]);
  const AsyncFunction = (async () => {}).constructor as new (code: string) => () => Promise<void>;
  for (const { code } of sent.slice(0, 5)) await new AsyncFunction(code)();
  deepStrictEqual(ran, ["arrow", "async arrow", "declared", "method", "text"]);
});

Deno.test("PyOpticonSocketClient: watch gives a snapshot, its end, and changes", async () => {
  await using server = startServer();
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
  const abort = new AbortController();
  const seen: string[] = [];
  for await (const update of client.watch("UV Light", undefined, { signal: abort.signal })) {
    seen.push(update.event === "field" ? `${update.field}=${update.text}` : update.event);
    if (update.event === "end-of-snapshot") await client.setField("UV Light", "Status Selection", "On");
    if (seen.length === 4) abort.abort();
  }
  deepStrictEqual(seen, ["Status Selection=Off", "Actual Status=No Reading", "end-of-snapshot", "Status Selection=On"]);
  await rejects(client.watch("nope").next(), { code: "unknown_instrument" });
});

Deno.test("PyOpticonSocketClient: reconnects by itself, and watch takes a new snapshot", async () => {
  let server = startServer();
  const { port } = server.dashboardServer;
  await using client = new PyOpticonSocketClient({ socketNumber: port, handleErrors: "exception" });
  const updates: WatchUpdate[] = [];
  const abort = new AbortController();
  const watching = (async () => {
    for await (const update of client.watch("UV Light", "Status Selection", { signal: abort.signal })) {
      updates.push(update);
    }
  })();
  await eventually(() => updates.length === 2, "the first snapshot comes");
  await server.stop();
  server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: port, poll: false });
  const asking = client.setField("UV Light", "Status Selection", "On").catch((error) => error.code);
  setTimeout(() => server.start(), 300);
  // A request that went out on the dying connection is told as lost, not repeated: it may have been done.
  match(String(await asking), /^(Success|connection_lost)$/);
  strictEqual(await client.setField("UV Light", "Status Selection", "On"), "Success");
  await eventually(
    () => updates.filter(({ event }) => event === "end-of-snapshot").length === 2,
    "the second snapshot comes",
  );
  abort.abort();
  await watching;
  const lost = updates.map(({ event }) => event).indexOf("disconnected");
  deepStrictEqual([lost, updates.filter(({ event }) => event === "disconnected").length], [2, 1]);
  await client.close();
  await server.stop();
});

Deno.test("PyOpticonSocketClient: calls at the same time share one connection, also after it was lost", async () => {
  let server = startServer();
  const { port } = server.dashboardServer;
  await using client = new PyOpticonSocketClient({ socketNumber: port });
  const calls = () => Promise.all(Array.from({ length: 5 }, () => client.getField("UV Light", "Actual Status")));
  await calls();
  strictEqual((await client.status()).sessions.length, 1);
  await server.stop();
  server = startServer({ dashboardPort: port });
  // The one that meets the lost connection is told so; it may have been done.
  await client.getField("UV Light", "Actual Status").catch(({ code }) => strictEqual(code, "connection_lost"));
  await calls();
  strictEqual((await client.status()).sessions.length, 1);
  await client.close();
  await server.stop();
});

Deno.test("PyOpticonSocketClient: aborting one call leaves the others alone", async () => {
  await using server = startServer();
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
  const abort = new AbortController();
  const connecting = [
    client.getField("UV Light", "Actual Status", { signal: abort.signal }),
    client.getField("UV Light", "Actual Status"),
  ];
  abort.abort();
  await rejects(connecting[0]!, { code: "aborted" });
  strictEqual(await connecting[1], "No Reading");
  await using original = await originalDashboard(50);
  await using raw = new PyOpticonSocketClient({ socketNumber: original.port });
  await raw.getField("UV Light", "Actual Status");
  const running = raw.getField("UV Light", "Actual Status");
  const waiting = raw.getField("UV Light", "zzz", { signal: AbortSignal.timeout(5) });
  await rejects(waiting, { code: "aborted" });
  strictEqual(await running, "No Reading");
  strictEqual(await raw.getField("UV Light", "Actual Status"), "No Reading");
  deepStrictEqual(original.received.filter((text) => text.includes("zzz")), [], "it was not sent");
});

Deno.test("PyOpticonSocketClient: a server that was never there is told at once", async () => {
  await using client = new PyOpticonSocketClient({ socketNumber: 1 });
  await rejects(client.getField("a", "b"), {
    code: "connection_failed",
    message: /nothing listens there; is the server running\?/,
  });
});

Deno.test("PyOpticonSocketClient: a deadline and an AbortSignal end the wait, and the connection goes on", async () => {
  const release = Promise.withResolvers<string>();
  const slow = defineInstrument({
    title: "slow",
    commands: { work: command({ summary: "Works", run: () => release.promise }) },
  });
  await using server = startServer({ instruments: [slow] });
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port, timeout: 0.2 });
  strictEqual((await client.hello()).server, "heliograph");
  await rejects(client.call("slow", "work"), {
    code: "no_reply",
    message: "No reply to Call within 0.2 s; it may or may not have run",
  });
  const signal = AbortSignal.timeout(10);
  await rejects(client.call("slow", "work", [], {}, { signal }), { code: "aborted" });
  release.resolve("late");
  strictEqual((await client.hello()).session, 1);
});

Deno.test("PyOpticonSocketClient: a closed client says so", async () => {
  const client = new PyOpticonSocketClient({ socketNumber: 1 });
  await client.close();
  await rejects(client.getField("a", "b"), { code: "aborted", message: "The client has been closed" });
});
