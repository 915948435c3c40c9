/** The framed dialect over WebSockets: what it says there is what it says over TCP. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { command, defineInstrument, type HeliographServer } from "../../mod.ts";
import { eventually, RawClient, startServer } from "../fixture.ts";
import { ask, rawRequest, RawWebSocket, upgradeFields, WebClient } from "./web_fixture.ts";

async function sessions(server: HeliographServer): Promise<Record<string, unknown>[]> {
  return (await ask(server, "GET", "/api/v1/clients")).json;
}

Deno.test("websocket: the same conversation gives the same replies as over TCP", async () => {
  const messages = [
    { id: 1, cmd: "Hello", name: "same" },
    { id: "two", cmd: "Get", instrument: "Methane MFC", field: "Setpoint Entry" },
    { id: 3, cmd: "Set", widget_nickname: "UV Light", field_name: "Status Selection", new_value: "On" },
    { id: 4, cmd: "Set", widget_nickname: "UV Light", field_name: "Actual Status", new_value: "On" },
    { id: 5, cmd: "Confirm", instrument: "UV Light" },
    { id: 6, cmd: "Call", instrument: "tempcon", command: "get_temperatures" },
    { id: 7, cmd: "Call", instrument: "tempcon", command: "set_control_temperature", kwargs: { temperature: "-90" } },
    { id: 8, cmd: "Describe", instrument: "tempcon" },
    { id: 9, cmd: "Describe", instrument: "tempcn" },
    { id: 10, cmd: "Take", instrument: "tempcon", seconds: 5 },
    { id: 11, cmd: "Release", instrument: "tempcon" },
    { id: 12, cmd: "Eval", code: "1" },
    { id: 13, cmd: "Unwatch", watch: 1 },
    { id: 14, cmd: "Disconnect", session: 99 },
    { id: 15, cmd: "Disconnect", session: "x" },
    { id: 16, cmd: "Disconnect", session: 1 },
    { id: 17, cmd: "Nonsense" },
    { id: 18 },
  ];
  /** What is not the same twice. */
  const timeless = (reply: unknown) => JSON.stringify(reply).replace(/"[\d-]+T[\d:.]+Z"/g, '"time"');
  const overTcp = async () => {
    await using server = startServer();
    using client = await RawClient.connect(server.dashboardServer.port);
    const replies: string[] = [];
    for (const message of messages) replies.push(timeless(await client.request(message)));
    return replies;
  };
  const overWebSocket = async () => {
    await using server = startServer();
    await using client = await WebClient.connect(server);
    const replies: string[] = [];
    for (const message of messages) replies.push(timeless(await client.request(message)));
    return replies;
  };
  const [tcp, web] = [await overTcp(), await overWebSocket()];
  deepStrictEqual(web, tcp);
  match(tcp[15]!, /"code":"bad_argument","message":"Cannot disconnect client 1: that is you/);
});

Deno.test("websocket: what is no message of the dialect is refused in a frame, and the client stays connected", async () => {
  await using server = startServer({ limits: { messageBytes: 200 } });
  await using client = await WebClient.connect(server);
  const get = '{"cmd":"Get","instrument":"tempcon","field":"camtemp"}';
  const cases: [string | ArrayBuffer, RegExp][] = [
    [get, /^Cannot run Get without an "id"/],
    ['{"cmd":"Close"}', /^Cannot run Close without an "id"/],
    ['{"cmd":"Describe"}', /^Cannot run Describe without an "id"/],
    ["", /must hold one message/],
    [" ", /must hold one message/],
    [`${get}${get}`, /must hold one message/],
    [`{"id":1,"cmd":"Hello"} x`, /must hold one message/],
    ['{"id":1,"cmd":"Hello"', /brackets or quotes do not match/],
    ["[1]", /must be a JSON object/],
    ["null", /must be a JSON object/],
    ["5", /must be a JSON object/],
    ['{"id":1,}', /as JSON/],
    [`{"id":1,"cmd":"Hello","name":"${"x".repeat(300)}"}`, /it is over 200 bytes/],
    [`{"id":1,"cmd":"Hello","name":"${"ü".repeat(90)}"}`, /it is over 200 bytes/],
    [`{"id":1,"cmd":${"[".repeat(150)}`, /brackets or quotes do not match/],
    [new TextEncoder().encode('{"id":1,"cmd":"Hello"}').buffer as ArrayBuffer, /it is binary; send text frames/],
  ];
  for (const [data, expected] of cases) {
    client.send(data);
    const [{ id, ok, error }] = await client.messages(1) as [{ id: unknown; ok: boolean; error: { message: string } }];
    // Its id goes with the error as far as it was read.
    const known = typeof data === "string" && data.length <= 200 && data.startsWith('{"id":1,') && !data.endsWith("x");
    deepStrictEqual([id, ok], [known ? 1 : null, false], String(data));
    match(error.message, expected);
  }
  strictEqual((await client.request({ id: 2, cmd: "Hello" })).ok, true);
});

Deno.test("websocket: it is a session like the others, known while it lasts", async () => {
  await using server = startServer();
  {
    await using client = await WebClient.connect(server);
    await client.request({ id: 1, cmd: "Hello", name: "page" });
    const [session] = await sessions(server);
    const { name, protocol, role, lastRequest } = session!;
    deepStrictEqual([name, protocol, role, lastRequest], ["page", "web", "admin", "Hello"]);
    match(String(session!.address), /^127\.0\.0\.1:\d+$/);
    await client.request({ id: 2, cmd: "Take", instrument: "tempcon" });
    client.send('{"id":3,"cmd":"Close"}');
    strictEqual((await client.closed).code, 1000);
  }
  await eventually(async () => (await sessions(server)).length === 0, "the session is gone");
});

Deno.test("websocket: a watcher gets the snapshot, its end, then changes, each in a frame", async () => {
  await using server = startServer();
  await using client = await WebClient.connect(server);
  client.send('{"id":1,"cmd":"Watch","instrument":"UV Light"}');
  const [reply, first, second, end] = await client.messages(4);
  deepStrictEqual(reply, { id: 1, ok: true, value: null });
  deepStrictEqual([first!.field, second!.field, end!.event], ["Status Selection", "Actual Status", "end-of-snapshot"]);
  await ask(server, "PUT", "/api/v1/instruments/uv_light/fields/status_selection", { value: "On" });
  const [changed] = await client.messages(1);
  deepStrictEqual([changed!.field, changed!.value, changed!.staged], ["Status Selection", "On", true]);
  strictEqual((await client.request({ id: 2, cmd: "Unwatch", watch: 1 })).ok, true);
});

Deno.test("websocket: one client disconnects another, who is told why", async () => {
  await using server = startServer();
  await using admin = await WebClient.connect(server);
  await using other = await WebClient.connect(server);
  await admin.request({ id: 1, cmd: "Hello", name: "Anna" });
  const { session } = (await other.request({ id: 1, cmd: "Hello" })).value as { session: number };
  strictEqual((await admin.request({ id: 2, cmd: "Disconnect", session })).ok, true);
  const { code, reason } = await other.closed;
  deepStrictEqual([code, reason], [1008, "Anna (client 1) disconnected it"]);
  await eventually(async () => (await sessions(server)).length === 1, "the session is gone");
});

Deno.test("websocket: stopping answers what runs, then says goodbye", async () => {
  const release = Promise.withResolvers<void>();
  const slow = defineInstrument({
    title: "slow",
    commands: { work: command({ summary: "Works", run: () => release.promise.then(() => 7) }) },
  });
  const server = startServer({ instruments: [slow] });
  const client = await WebClient.connect(server);
  await client.request({ id: 1, cmd: "Hello" });
  client.send('{"id":2,"cmd":"Call","instrument":"slow","command":"work"}');
  await eventually(async () => (await sessions(server))[0]?.lastRequest === "Call slow.work", "it runs");
  const stopped = server.stop();
  release.resolve();
  deepStrictEqual(await client.messages(1), [{ id: 2, ok: true, value: 7 }]);
  const { code, reason } = await client.closed;
  deepStrictEqual([code, reason], [1001, "the server is stopping"]);
  await stopped;
});

Deno.test("websocket: more connections, requests or watches than a client may have are refused", async () => {
  const release = Promise.withResolvers<void>();
  const slow = defineInstrument({
    title: "slow",
    commands: { work: command({ summary: "Works", run: () => release.promise.then(() => 7) }) },
  });
  const limits = { connectionsPerAddress: 1, requestsInFlight: 2, watches: 1 };
  await using server = startServer({ instruments: [slow], limits });
  await using client = await WebClient.connect(server);
  const host = `Host: 127.0.0.1:${server.webServer.port}`;
  const second = await rawRequest(server, ["GET /ws HTTP/1.1", host, ...upgradeFields]);
  deepStrictEqual([second.status, second.json.error.code], [429, "too_many_requests"]);
  match(second.json.error.message, /there are 1 from one address already/);
  for (const id of [1, 2, 3]) client.send(`{"id":${id},"cmd":"Call","instrument":"slow","command":"work"}`);
  const [refused] = await client.messages(1);
  deepStrictEqual([refused!.id, (refused!.error as { code: string }).code], [3, "too_many_requests"]);
  release.resolve();
  deepStrictEqual((await client.messages(2)).map(({ id }) => id), [1, 2]);
  client.send('{"id":4,"cmd":"Watch","instrument":"slow"}');
  await client.messages(2);
  const third = await client.request({ id: 5, cmd: "Watch", instrument: "slow" });
  strictEqual((third.error as { code: string }).code, "too_many_requests");
});

Deno.test("websocket: a client may pipeline as many requests as it likes, as long as it reads", async () => {
  await using server = startServer();
  await using client = await WebClient.connect(server);
  const ids = Array.from({ length: 300 }, (_, id) => id);
  for (const id of ids) client.send(JSON.stringify({ id, cmd: "Describe" }));
  deepStrictEqual((await client.messages(300)).map(({ id }) => id), ids);
});

Deno.test("websocket: a subscriber that is too slow gets the newest value and costs a bounded amount", async () => {
  const counter = defineInstrument({
    title: "counter",
    fields: { count: { type: "int", initial: 0 }, pad: { type: "text", initial: "" } },
  });
  await using server = startServer({ instruments: [counter] });
  using client = await RawWebSocket.connect(server);
  await client.send('{"id":1,"cmd":"Watch"}');
  for (let event = 0; event < 4; event++) await client.read();
  const pad = "x".repeat(60_000);
  for (let count = 1; count <= 500; count++) {
    counter.fields.count.update(count);
    counter.fields.pad.update(pad + count);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  let counts = 0;
  for (let newest = 0; newest < 500;) {
    const event = JSON.parse(await client.read());
    if (event.field !== "count") continue;
    ok(event.value > newest, "values come in order");
    newest = event.value;
    counts++;
  }
  ok(counts < 500, `${counts} of 500 changes came one by one`);
});

Deno.test({
  name: "websocket: a client that leaves too many replies unread is dropped; one long reply is no reason",
  // On Deno 2.4 a blocked write stays pending after its connection is closed.
  sanitizeOps: !Deno.version.deno.startsWith("2.4."),
  sanitizeResources: !Deno.version.deno.startsWith("2.4."),
  fn: async () => {
    const release = Promise.withResolvers<void>();
    const talker = defineInstrument({
      title: "talker",
      commands: {
        talk: command({
          summary: "Talks",
          immediate: true,
          run: () => release.promise.then(() => "x".repeat(200_000)),
        }),
      },
    });
    await using server = startServer({ instruments: [talker], limits: { queuedBytes: 1000 } });
    using greedy = await RawWebSocket.connect(server);
    for (let id = 1; id <= 200; id++) {
      await greedy.send(JSON.stringify({ id, cmd: "Call", instrument: "talker", command: "talk" }));
    }
    await eventually(async () => (await sessions(server)).length === 1, "it is connected");
    release.resolve();
    await eventually(async () => (await sessions(server)).length === 0, "the client that reads nothing is dropped");
    await using client = await WebClient.connect(server);
    const reply = await client.request({ id: 2, cmd: "Call", instrument: "talker", command: "talk" });
    strictEqual(String(reply.value).length, 200_000);
  },
});
