/** The framed dialect over WebSockets: what it says there is what it says over TCP. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { command, defineInstrument, type HeliographServer } from "../../../../mod.ts";
import { eventually, RawClient, startServer } from "../../../fixture.ts";
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

Deno.test("websocket: a message that is too long ends the connection before it has come", async () => {
  await using server = startServer({ limits: { messageBytes: 200 } });
  const long = `{"id":1,"cmd":"Hello","name":"${"x".repeat(300)}"}`;
  for (const text of [long, `{"id":1,"cmd":"Hello","name":"${"ü".repeat(90)}"}`]) {
    await using client = await WebClient.connect(server);
    client.send(text);
    const { code, reason } = await client.closed;
    deepStrictEqual([code, reason], [1009, "Cannot read the frame: a message is over 200 bytes"]);
  }
  // Nothing but the head of a frame of 60 MiB, and a message in pieces of which each is short enough.
  const pieces = [0x01, 0x80 | 100, 0, 0, 0, 0, ...new Array(100).fill(0x20)];
  for (
    const bytes of [[0x81, 0x80 | 127, 0, 0, 0, 0, 3, 0xc0, 0, 0, 0, 0, 0, 0], [
      ...pieces,
      0,
      ...pieces.slice(1),
      0,
      ...pieces.slice(1),
    ]]
  ) {
    using client = await RawWebSocket.connect(server);
    await client.sendBytes(new Uint8Array(bytes));
    strictEqual(await client.closeCode(), 1009);
  }
});

Deno.test("websocket: frames that break the protocol end the connection with the code that says how", async () => {
  await using server = startServer();
  const cases: [what: string, bytes: number[], code: number][] = [
    ["not masked", [0x81, 1, 0x20], 1002],
    ["a reserved bit", [0xc1, 0x80, 0, 0, 0, 0], 1002],
    ["an unknown opcode", [0x83, 0x80, 0, 0, 0, 0], 1002],
    ["an unknown control opcode", [0x8b, 0x80, 0, 0, 0, 0], 1002],
    ["nothing to continue", [0x80, 0x80, 0, 0, 0, 0], 1002],
    ["a message within a message", [0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0], 1002],
    ["a ping in pieces", [0x09, 0x80, 0, 0, 0, 0], 1002],
    ["a long ping", [0x89, 0x80 | 126, 0, 126, 0, 0, 0, 0], 1002],
    ["text that is no UTF-8", [0x81, 0x81, 0, 0, 0, 0, 0xff], 1007],
    ["half a close code", [0x88, 0x81, 0, 0, 0, 0, 3], 1002],
    ["a close code that is none", [0x88, 0x82, 0, 0, 0, 0, 3, 0xed], 1002],
    ["a close reason that is no UTF-8", [0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff], 1007],
    ["a close", [0x88, 0x82, 0, 0, 0, 0, 3, 0xe9], 1001],
    ["a close without a code", [0x88, 0x80, 0, 0, 0, 0], 1000],
  ];
  for (const [what, bytes, code] of cases) {
    using client = await RawWebSocket.connect(server);
    // Byte by byte is the same as in one piece.
    for (const byte of bytes) await client.sendBytes(new Uint8Array([byte]));
    strictEqual(await client.closeCode(), code, what);
  }
});

Deno.test("websocket: a message may come in pieces, split anywhere, with pings between them", async () => {
  await using server = startServer();
  using client = await RawWebSocket.connect(server);
  const text = new TextEncoder().encode('{"id":"ü","cmd":"Hello"}');
  const mask = [1, 2, 3, 4];
  const masked = (first: number, payload: Uint8Array) => [
    first,
    0x80 | payload.length,
    ...mask,
    ...payload.map((byte, index) => byte ^ mask[index & 3]!),
  ];
  // The first piece ends in the middle of a character.
  const frames = [
    ...masked(0x01, text.subarray(0, 8)),
    ...masked(0x89, new Uint8Array([7, 8])),
    ...masked(0x00, new Uint8Array()),
    ...masked(0x80, text.subarray(8)),
  ];
  for (const byte of frames) await client.sendBytes(new Uint8Array([byte]));
  deepStrictEqual(await client.frame(), { opcode: 10, payload: new Uint8Array([7, 8]) });
  strictEqual(JSON.parse(await client.read()).id, "ü");
});

Deno.test("websocket: an opening that is none is refused", async () => {
  await using server = startServer();
  const lines = ["GET /ws HTTP/1.1", `Host: 127.0.0.1:${server.webServer.port}`];
  const without = (name: string) => upgradeFields.filter((field) => !field.startsWith(name));
  const version = await rawRequest(server, [...lines, ...without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 8"]);
  deepStrictEqual([version.status, version.headers.get("sec-websocket-version")], [426, "13"]);
  match(version.json.error.message, /its version is 8, and 13 is spoken here/);
  const key = await rawRequest(server, [...lines, ...without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: abc"]);
  strictEqual(key.status, 400);
  match(key.json.error.message, /Sec-WebSocket-Key is not 16 bytes/);
  strictEqual((await rawRequest(server, [...lines, ...without("Upgrade")])).status, 426);
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
  const limits = { webSocketsPerAddress: 1, requestsInFlight: 2, watches: 1 };
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
    let begun = 0;
    const talker = defineInstrument({
      title: "talker",
      commands: {
        talk: command({
          summary: "Talks",
          immediate: true,
          run: () => {
            begun++;
            return release.promise.then(() => "x".repeat(200_000));
          },
        }),
      },
    });
    await using server = startServer({ instruments: [talker], limits: { queuedBytes: 1000 } });
    using greedy = await RawWebSocket.connect(server);
    for (let id = 1; id <= 200; id++) {
      await greedy.send(JSON.stringify({ id, cmd: "Call", instrument: "talker", command: "talk" }));
    }
    await eventually(() => begun === 200, "all of them wait for their replies");
    release.resolve();
    await eventually(async () => (await sessions(server)).length === 0, "the client that reads nothing is dropped");
    await using client = await WebClient.connect(server);
    const reply = await client.request({ id: 2, cmd: "Call", instrument: "talker", command: "talk" });
    strictEqual(String(reply.value).length, 200_000);
  },
});
