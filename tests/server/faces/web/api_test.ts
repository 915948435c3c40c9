/** The HTTP API, azcam's web API and monitoring, asked by real requests. */
import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { type IncomingHttpHeaders, request } from "node:http";
import { gunzipSync } from "node:zlib";
import { command, defineInstrument, errorCodes } from "../../../../mod.ts";
import { statusOfCode } from "../../../../server/faces/web/http_error.ts";
import { AccessStore } from "../../../../server/access/access_store.ts";
import { Access } from "../../../../server/access/admit.ts";
import { eventually, RawClient, read, startServer } from "../../../fixture.ts";
import { ask, base, problems, rawRequest } from "./web_fixture.ts";

// deno-lint-ignore no-explicit-any -- a schema is any JSON
type Schema = any;

Deno.test("web: the description tells of every route, and every path in it answers as it says", async () => {
  const folder = Deno.makeTempDirSync();
  await using _folder = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  const store = new AccessStore();
  await using server = startServer({ records: { folder } }, { access: new Access({ store }) });
  await server.ready;
  const document = (await ask(server, "GET", "/api/v1/openapi.json")).json;
  strictEqual(document.openapi, "3.1.0");
  using other = await RawClient.connect(server.commandServer.port);
  await other.ask("register leaver");
  const bodies: Record<string, unknown> = {
    "PUT /api/v1/instruments/{instrument}/fields/{field}": { value: "On" },
    "PUT /api/v1/arrangement": { groups: [{ title: "Cold", instruments: ["tempcon"] }] },
    "PUT /api/v1/plots/{name}": { plot: "f=tempcon.camtemp&last=1h" },
    "POST /api": { command: "tempcon.get_temperatures", args: [], kwargs: {} },
    "POST /api/v1/eval": { code: "1" },
    "PUT /api/v1/instruments/{instrument}/control": { session: 1 },
    "POST /api/v1/access/people": { name: "bob", role: "observer" },
    "POST /api/v1/session": { token: await store.add({ name: "ana", role: "admin" }) },
    "POST /prometheus/api/v1/query": { query: "1+1" },
    "POST /prometheus/api/v1/query_range": { query: "1+1", start: 0, end: "60", step: "30s" },
    "POST /prometheus/api/v1/series": { "match[]": ["heliograph_field_value"] },
  };
  const parameters: Record<string, string> = {
    instrument: "UV%20Light",
    field: "Status%20Selection",
    command: "help",
    tool: "tempcon",
    session: "1",
    name: "bob",
    label: "instrument",
    passkey: "none",
  };
  const queries: Record<string, string> = {
    "/api/v1/history": "?field=tempcon.camtemp&field=argon_mfc.device_setpoint&points=9",
    "/prometheus/api/v1/query": "?query=heliograph_field_value",
    "/prometheus/api/v1/query_range": "?query=heliograph_field_value&start=0&end=60&step=30",
    "/prometheus/api/v1/series": "?match[]=heliograph_field_value",
  };
  const asked: string[] = [];
  for (const [path, operations] of Object.entries<Schema>(document.paths)) {
    for (const [method, operation] of Object.entries<Schema>(operations)) {
      const name = `${method.toUpperCase()} ${path}`;
      asked.push(name);
      // Only numbers have a history.
      const given = path.endsWith("/history")
        ? { ...parameters, instrument: "argon_mfc", field: "device_setpoint" }
        : parameters;
      const query = method === "get" ? queries[path] ?? "" : "";
      const real = path.replace(/\{(\w+)\}/g, (_, key: string) => given[key]!) + query;
      const inPath = operation.parameters.filter((each: Schema) => each.in === "path").map((each: Schema) => each.name);
      deepStrictEqual(inPath, [...path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key), name);
      const body = operation.requestBody === undefined ? undefined : bodies[name] ?? {};
      const reply = await ask(server, method.toUpperCase(), real, body, { "X-Heliograph-Name": "tester" });
      // A plain request opens no WebSocket, this server has no sandbox and no institute, and a simulated lamp has no line
      // and no images.
      const without = ["POST /api/v1/eval", "GET /api/v1/instruments/{instrument}/trace"].includes(name) ||
        path === "/api/v1/session/openid";
      // Nobody has signed in with a browser here, and no page asks.
      const expected = name === "POST /api/v1/session/passkey/options"
        ? 501
        : path.includes("passkey")
        ? 400
        : name === "DELETE /api/v1/access/sessions/{session}"
        ? 400
        : real.includes("/image")
        ? 404
        : name === "GET /ws"
        ? 426
        : without
        ? 501
        : 200;
      strictEqual(reply.status, expected, `${name}: ${reply.text}`);
      if (expected !== 200) continue;
      const [[type, { schema }]] = Object.entries<Schema>(operation.responses["200"].content) as [[string, Schema]];
      strictEqual(reply.headers.get("content-type"), type, name);
      if (type === "application/json") deepStrictEqual(problems(reply.json, schema, document), [], name);
    }
  }
  deepStrictEqual(asked.sort(), [
    "DELETE /api/v1/access/people/{name}",
    "DELETE /api/v1/access/people/{name}/passkeys/{passkey}",
    "DELETE /api/v1/access/sessions/{session}",
    "DELETE /api/v1/clients/{session}",
    "DELETE /api/v1/instruments/{instrument}/control",
    "DELETE /api/v1/plots/{name}",
    "DELETE /api/v1/session",
    "DELETE /api/v1/session/passkeys/{passkey}",
    "GET /api/v1/access",
    "GET /api/v1/arrangement",
    "GET /api/v1/clients",
    "GET /api/v1/export",
    "GET /api/v1/history",
    "GET /api/v1/history/fields",
    "GET /api/v1/instruments",
    "GET /api/v1/instruments/{instrument}",
    "GET /api/v1/instruments/{instrument}/fields/{field}",
    "GET /api/v1/instruments/{instrument}/fields/{field}/history",
    "GET /api/v1/instruments/{instrument}/image",
    "GET /api/v1/instruments/{instrument}/image/file",
    "GET /api/v1/instruments/{instrument}/image/header",
    "GET /api/v1/instruments/{instrument}/image/histogram",
    "GET /api/v1/instruments/{instrument}/image/pixels",
    "GET /api/v1/instruments/{instrument}/image/statistics",
    "GET /api/v1/instruments/{instrument}/images",
    "GET /api/v1/instruments/{instrument}/trace",
    "GET /api/v1/journal",
    "GET /api/v1/journal/records",
    "GET /api/v1/moment",
    "GET /api/v1/openapi.json",
    "GET /api/v1/overview",
    "GET /api/v1/session",
    "GET /api/v1/session/openid",
    "GET /api/v1/session/passkeys",
    "GET /api/v1/status",
    "GET /api/v1/whoami",
    "GET /api/{command}",
    "GET /api/{tool}/{command}",
    "GET /healthz",
    "GET /metrics",
    "GET /prometheus/api/v1/label/{label}/values",
    "GET /prometheus/api/v1/labels",
    "GET /prometheus/api/v1/metadata",
    "GET /prometheus/api/v1/query",
    "GET /prometheus/api/v1/query_range",
    "GET /prometheus/api/v1/series",
    "GET /ws",
    "POST /api",
    "POST /api/v1/access/people",
    "POST /api/v1/access/people/{name}/link",
    "POST /api/v1/access/people/{name}/renew",
    "POST /api/v1/eval",
    "POST /api/v1/instruments/{instrument}/commands/{command}",
    "POST /api/v1/instruments/{instrument}/confirm",
    "POST /api/v1/instruments/{instrument}/control",
    "POST /api/v1/instruments/{instrument}/revert",
    "POST /api/v1/session",
    "POST /api/v1/session/openid",
    "POST /api/v1/session/passkey",
    "POST /api/v1/session/passkey/options",
    "POST /api/v1/session/passkeys",
    "POST /api/v1/session/passkeys/options",
    "POST /prometheus/api/v1/labels",
    "POST /prometheus/api/v1/query",
    "POST /prometheus/api/v1/query_range",
    "POST /prometheus/api/v1/series",
    "PUT /api/v1/arrangement",
    "PUT /api/v1/instruments/{instrument}/control",
    "PUT /api/v1/instruments/{instrument}/fields/{field}",
    "PUT /api/v1/plots/{name}",
  ]);
  // What is asked for and is not in the description is no route.
  for (const path of ["/api/v1", "/api/v1/instruments/tempcon/fields", "/api/v1/clients/1/x", "/metrics/"]) {
    strictEqual((await ask(server, "GET", path)).status, 404, path);
  }
});

Deno.test("web: a body that is not as described is answered with what it must be, and does nothing", async () => {
  await using server = startServer();
  const lamp = "/api/v1/instruments/UV%20Light";
  const force = 'Cannot take the request: "force" must be true or false';
  const wrong: [method: string, path: string, body: unknown, message: string][] = [
    [
      "PUT",
      `${lamp}/fields/Status%20Selection`,
      {},
      'Cannot set the field: "value" must be text, a number or a boolean',
    ],
    [
      "PUT",
      `${lamp}/fields/Status%20Selection`,
      { value: ["On"] },
      'Cannot set the field: "value" must be text, a number or a boolean',
    ],
    ["POST", `${lamp}/commands/help`, { args: "set" }, 'Cannot run the command: "args" must be a list'],
    ["POST", `${lamp}/commands/help`, { kwargs: ["set"] }, 'Cannot run the command: "kwargs" must be an object'],
    ["POST", `${lamp}/control`, { seconds: "60" }, 'Cannot take control: "seconds" must be a number'],
    ["POST", `${lamp}/control`, { force: 1 }, force],
    ["PUT", `${lamp}/control`, { session: "1" }, 'Cannot hand over: "session" must be the number of a client'],
    ["PUT", `${lamp}/control`, { session: 1, force: "yes" }, force],
    ["POST", "/api/v1/eval", {}, 'Cannot take the request: "code" must be text'],
    ["POST", "/api/v1/eval", { code: "1", mode: "run" }, 'Cannot run the code: "mode" must be eval or exec'],
    ["POST", "/api/v1/eval", { code: "1", language: 3 }, 'Cannot run the code: "language" must be text'],
    ["POST", "/api", { command: "" }, 'Cannot run the command: "command" must be text, for example "set_filter"'],
    ["POST", "/api", { command: "help", tool: null }, 'Cannot run the command: "tool" must be text'],
    ["POST", "/api", { command: "help", args: {} }, 'Cannot run the command: "args" must be a list'],
    ["POST", "/api", { command: "help", kwargs: null }, 'Cannot run the command: "kwargs" must be an object'],
  ];
  for (const [method, path, body, message] of wrong) {
    const { status, json } = await ask(server, method, path, body, { "X-Heliograph-Name": "tester" });
    deepStrictEqual([status, json], [400, { error: { code: "bad_message", message } }], `${method} ${path}`);
  }
  // What nobody declared is refused under every name, also one that JavaScript has a meaning for.
  const kwargs = JSON.parse('{"__proto__": 1}');
  match((await ask(server, "POST", `${lamp}/commands/confirm`, { kwargs })).json.error.message, /__proto__/);
  const { holder } = (await ask(server, "GET", lamp)).json;
  strictEqual(holder, null);
});

Deno.test("web: a setting is staged and confirmed, by name or title, and the readback follows", async () => {
  await using server = startServer();
  const light = "/api/v1/instruments/UV%20Light";
  const set = await ask(server, "PUT", `${light}/fields/Status%20Selection`, { value: "On" });
  deepStrictEqual([set.status, set.json.value, set.json.staged], [200, "On", true]);
  strictEqual((await ask(server, "POST", "/api/v1/instruments/uv_light/confirm", {})).status, 200);
  await read(server.bench.find("uv_light")!);
  const actual = (await ask(server, "GET", `${light}/fields/actual_status`)).json;
  deepStrictEqual([actual.value, actual.quality, actual.access], ["On", "good", "readout"]);
  const commands = "/api/v1/instruments/tempcon/commands";
  const cool = await ask(server, "POST", `${commands}/set_control_temperature`, { kwargs: { temperature: -90 } });
  deepStrictEqual([cool.status, cool.json], [200, { value: null }]);
  strictEqual((await ask(server, "POST", `${commands}/get_control_temperature`, { args: [0] })).json.value, -90);
});

Deno.test("web: errors have the framed dialect's codes, and a status that says the same", async () => {
  const odd = defineInstrument({
    title: "odd",
    fields: { level: { type: "float", access: "setting", minimum: 0, maximum: 5, initial: 0 } },
    commands: {
      refuse: command({
        summary: "Refuses",
        run: () => {
          throw new Error("no");
        },
      }),
      hang: command({ summary: "Hangs", deadline: 0.05, run: () => new Promise<void>(() => {}) }),
    },
  });
  await using server = startServer({ instruments: [odd] });
  const put = (path: string, body: unknown) => ask(server, "PUT", `/api/v1/instruments/${path}`, body);
  const post = (path: string, body: unknown = {}) => ask(server, "POST", `/api/v1/instruments/${path}`, body);
  const replies = [
    await put("nope/fields/x", { value: 1 }),
    await put("odd/fields/x", { value: 1 }),
    await put("odd/fields/level", { value: 6 }),
    await put("odd/fields/level", { value: "x" }),
    await put("odd/fields/level", { value: null }),
    await post("odd/commands/x"),
    await post("odd/commands/refuse", { args: {} }),
    await post("odd/commands/refuse", { args: [1] }),
    await post("odd/commands/refuse"),
    await post("odd/commands/hang"),
    await ask(server, "DELETE", "/api/v1/clients/99"),
    await ask(server, "DELETE", "/api/v1/clients/x"),
    await ask(server, "DELETE", "/api/v1/instruments/odd/control?force=yes"),
  ];
  deepStrictEqual(replies.map(({ status, json }) => [status, json.error.code]), [
    [404, "unknown_instrument"],
    [404, "unknown_field"],
    [400, "out_of_limits"],
    [400, "bad_argument"],
    [400, "bad_message"],
    [404, "unknown_command"],
    [400, "bad_message"],
    [400, "bad_argument"],
    [502, "command_failed"],
    [504, "deadline_exceeded"],
    [404, "unknown_client"],
    [400, "bad_message"],
    [400, "bad_message"],
  ]);
  deepStrictEqual(Object.keys(statusOfCode), Object.keys(errorCodes));
  const method = await ask(server, "DELETE", "/api/v1/status");
  deepStrictEqual([method.status, method.headers.get("allow")], [405, "GET, HEAD"]);
});

Deno.test("web: control is held by a name, over HTTP and the other wires alike", async () => {
  await using server = startServer();
  const control = "/api/v1/instruments/tempcon/control";
  const as = (name: string) => ({ "X-Heliograph-Name": encodeURIComponent(name) });
  const anna = as("Anna Müller");
  const refused = await ask(server, "POST", control, {});
  deepStrictEqual([refused.status, refused.json.error.code], [400, "bad_argument"]);
  match(refused.json.error.message, /X-Heliograph-Name/);
  const lease = (await ask(server, "POST", control, { seconds: 60 }, anna)).json;
  deepStrictEqual([lease.instrument, lease.holder.name, lease.holder.session], ["tempcon", "Anna Müller", 0]);
  const set = { command: "set_control_temperature", args: [-80] };
  const path = "/api/v1/instruments/tempcon/commands/set_control_temperature";
  const held = await ask(server, "POST", path, set, as("Bob"));
  deepStrictEqual([held.status, held.json.error.code], [409, "held"]);
  match(held.json.error.message, /Anna Müller has control of it until/);
  strictEqual((await ask(server, "POST", "/api", set)).status, 409);
  strictEqual((await ask(server, "POST", "/api", set, anna)).status, 200);
  using line = await RawClient.connect(server.dashboardServer.port);
  await line.request({ id: 1, cmd: "Hello", name: "Anna Müller" });
  const call = { cmd: "Call", instrument: "tempcon", command: "set_control_temperature", args: [-81] };
  strictEqual((await line.request({ id: 2, ...call })).ok, true);
  strictEqual((await ask(server, "DELETE", control, undefined, as("Bob"))).status, 409);
  strictEqual((await ask(server, "DELETE", `${control}?force=true`, undefined, as("Bob"))).status, 200);
  strictEqual((await ask(server, "POST", path, { args: [-82] })).status, 200);
  for (const name of ["%ff", "x".repeat(65), "a%0Ab"]) {
    strictEqual((await ask(server, "GET", "/api/v1/status", undefined, { "X-Heliograph-Name": name })).status, 400);
  }
});

Deno.test("web: a client is disconnected by its number, and the log says by whom", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.commandServer.port);
  await client.ask("register leaver");
  const [{ session, name, protocol }] = (await ask(server, "GET", "/api/v1/clients")).json;
  deepStrictEqual([name, protocol], ["leaver", "line"]);
  strictEqual((await ask(server, "DELETE", `/api/v1/clients/${session}`)).status, 200);
  strictEqual(await client.rest(), "");
  await eventually(async () => (await ask(server, "GET", "/api/v1/clients")).json.length === 0, "the client is gone");
});

Deno.test("web: code is run in the sandbox, and what it prints comes with its value", async () => {
  await using server = startServer({ sandbox: { languages: ["javascript"] } });
  const run = (body: unknown) => ask(server, "POST", "/api/v1/eval", body);
  deepStrictEqual((await run({ code: "6 * 7" })).json, { value: 42, text: "42", output: "" });
  deepStrictEqual((await run({ code: "console.log('hi')", mode: "exec" })).json.output, "hi\n");
  const failed = await run({ code: "nope" });
  deepStrictEqual([failed.status, failed.json.error.code], [422, "code_failed"]);
  for (const body of [{}, { code: 5 }, { code: "1", mode: "x" }, { code: "1", language: "perl" }]) {
    strictEqual((await run(body)).status, 400);
  }
});

Deno.test("azcam's web API: commands by path and by JSON are answered with message, command and data", async () => {
  await using server = startServer();
  // As scripts ask: fetch alone adds no field that a browser would.
  const get = async (path: string) => (await ask(server, "GET", path)).text;
  const finished = (called: string, data: string) => `{"message":"Finished","command":"${called}","data":${data}}`;
  strictEqual(
    await get("/api/set_control_temperature?temperature=-110.0&temperature_id=0"),
    finished("set_control_temperature", "null"),
  );
  strictEqual(
    await get("/api/tempcon/get_control_temperature"),
    finished("tempcon/get_control_temperature", "-110.0"),
  );
  strictEqual(
    await get("/api/tempcon.get_control_temperature"),
    finished("tempcon.get_control_temperature", "-110.0"),
  );
  strictEqual(
    await get("/api/parameters/set_par?parameter=imagetitle&value=M%2051"),
    finished("parameters/set_par", "null"),
  );
  strictEqual(await get("/api/get_par?parameter=imagetitle"), finished("get_par", '"M 51"'));
  const post = async (body: unknown) => (await ask(server, "POST", "/api", body)).json;
  deepStrictEqual(await post({ command: "get_par", args: ["imagetitle"], kwargs: {} }), {
    message: "Finished",
    command: "api.get_par",
    data: "M 51",
  });
  deepStrictEqual(await post({ tool: "tempcon", command: "get_temperatures" }), {
    message: "Finished",
    command: "tempcon.get_temperatures",
    data: [-999.9, -999.9],
  });
  strictEqual(typeof (await post({ command: "exposure.get_status" })).data, "object");
});

Deno.test("azcam's web API: errors have the same three keys, and are told apart by message and status", async () => {
  await using server = startServer();
  const replies = [
    await ask(server, "GET", "/api/nosuch"),
    await ask(server, "GET", "/api/nosuch/x"),
    await ask(server, "GET", "/api/tempcon.__class__"),
    await ask(server, "GET", "/api/set_control_temperature?temperature=warm"),
    await ask(server, "POST", "/api", { command: "tempcon.nosuch" }),
  ];
  deepStrictEqual(replies.map(({ status, json }) => [status, json.command, json.data]), [
    [404, "nosuch", null],
    [404, "nosuch/x", null],
    [404, "tempcon.__class__", null],
    [400, "set_control_temperature", null],
    [404, "tempcon.nosuch", null],
  ]);
  for (const { json } of replies) ok(json.message !== "Finished" && json.message.length > 10, json.message);
});

Deno.test("azcam's web API: a browser reads by GET, and drives nothing that way", async () => {
  await using server = startServer();
  const host = `Host: 127.0.0.1:${server.webServer.port}`;
  const browsers = [
    ["Sec-Fetch-Mode: navigate"],
    ["Sec-Fetch-Site: none", "User-Agent: script/1.0"],
    ["Referer: http://mail.example/"],
    [`Origin: http://127.0.0.1:${server.webServer.port}`],
  ];
  for (const fields of browsers) {
    const set = "GET /api/set_control_temperature?temperature=-50 HTTP/1.1";
    const refused = await rawRequest(server, [set, host, ...fields]);
    deepStrictEqual([refused.status, refused.headers.get("allow"), refused.json.data], [405, "POST", null]);
    match(refused.json.message, /POST to \/api with \{"command": "api\.set_control_temperature"/);
    const got = await rawRequest(server, ["GET /api/tempcon/get_control_temperature HTTP/1.1", host, ...fields]);
    deepStrictEqual([got.status, got.json.data], [200, -100]);
  }
  strictEqual((await ask(server, "HEAD", "/api/set_control_temperature?temperature=-50")).status, 405);
  strictEqual(await server.commandServer.command("tempcon.get_control_temperature"), "OK -100.0");
});

Deno.test("web: metrics tell of fields, commands, sessions and contact, with their labels escaped", async () => {
  const gauge = defineInstrument({
    title: 'Odd "gauge" \\',
    fields: {
      Pressure: { type: "float", unit: 'm"\\\nbar' },
      Flow: { type: "int" },
      Name: { type: "text", initial: "x" },
    },
    commands: { go: command({ summary: "Goes", run: () => 1 }) },
    contact: { address: "nowhere", state: "lost", reason: "off", start: () => {}, stop: () => Promise.resolve() },
  });
  await using server = startServer({ instruments: [gauge] });
  gauge.fields.Pressure.update(7.5);
  await ask(server, "POST", "/api/v1/instruments/odd_gauge/commands/go", {});
  await ask(server, "POST", "/api/v1/instruments/odd_gauge/commands/go", { args: [1] });
  using line = await RawClient.connect(server.commandServer.port);
  await line.ask("echo");
  const { text, headers } = await ask(server, "GET", "/metrics");
  match(headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  for (
    const sample of [
      'heliograph_field_value{instrument="odd_gauge",field="pressure",unit="m\\"\\\\\\nbar"} 7.5',
      'heliograph_field_quality{instrument="odd_gauge",field="flow",unit=""} 1',
      'heliograph_commands_total{instrument="odd_gauge",outcome="succeeded"} 1',
      'heliograph_commands_total{instrument="odd_gauge",outcome="failed"} 1',
      'heliograph_sessions{protocol="line"} 1',
      'heliograph_sessions{protocol="web"} 0',
      'heliograph_instrument_connected{instrument="odd_gauge"} 0',
      'heliograph_instrument_waiting{instrument="odd_gauge"} 0',
    ]
  ) ok(text.includes(`${sample}\n`), `${sample} is not in ${text}`);
  ok(!/field_value\{[^}]*field="(?:flow|name)"/.test(text), "nothing is told that is no number or not there");
  match(text, /^process_resident_memory_bytes \d{6,}$/m);
  for (const lineOfText of text.trimEnd().split("\n")) {
    match(lineOfText, /^(?:# (?:HELP|TYPE) \w+ .+|[a-z_]+(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? -?[\d.e+-]+)$/);
  }
  const health = (await ask(server, "GET", "/healthz")).json;
  deepStrictEqual([health.status, health.notConnected], ["ok", 1]);
  // Pages of other origins may ask for it.
  ok(!JSON.stringify(health).includes("odd"), "it names no instrument");
});

Deno.test("web: stopping finishes what runs, refuses what is new, and says so to monitoring", async () => {
  const release = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const slow = defineInstrument({
    title: "slow",
    commands: {
      work: command({
        summary: "Works",
        run: () => {
          began.resolve();
          return release.promise.then(() => 7);
        },
      }),
    },
  });
  const server = startServer({ instruments: [slow] });
  const { port } = server.webServer;
  const running = ask(server, "POST", "/api/v1/instruments/slow/commands/work", {});
  await began.promise;
  const stopped = server.stop();
  const [health, refused] = [await ask(server, "GET", "/healthz"), await ask(server, "GET", "/metrics")];
  deepStrictEqual([health.status, health.json.status], [503, "stopping"]);
  deepStrictEqual([refused.status, refused.json.error.code], [503, "stopping"]);
  release.resolve();
  const { status, json } = await running;
  deepStrictEqual([status, json.value], [200, 7]);
  await stopped;
  await Deno.connect({ hostname: "127.0.0.1", port }).then(
    (connection) => {
      connection.close();
      throw new Error("it still listens");
    },
    (error) => ok(error instanceof Deno.errors.ConnectionRefused, `${error}`),
  );
});

Deno.test("web: it is a listener like the others: in status, on the command port + 1, and clear where it cannot be", async () => {
  await using server = startServer();
  const { port } = server.webServer;
  const { listeners } = (await ask(server, "GET", "/api/v1/status")).json;
  deepStrictEqual(listeners.at(-1), { protocol: "web", host: "127.0.0.1", port });
  throws(() => startServer({ webPort: port }), {
    code: "cannot_listen",
    message: new RegExp(`another program uses port ${port}\\. .*--web-port`),
  });
  throws(() => startServer({ host: "0.0.0.0" }), { code: "cannot_listen" });
  const usual = await import("../../../../server/server.ts");
  deepStrictEqual([2402, 2412, 0, 65_535].map(usual.usualWebPort), [2403, 2413, 0, 0]);
});

Deno.test("web: a browser that has a file of the page is not sent it again", async () => {
  await using server = startServer();
  const first = await fetch(`${base(server)}/`);
  match(await first.text(), /^<!DOCTYPE html>/);
  const tag = first.headers.get("etag")!;
  const again = await ask(server, "GET", "/", undefined, { "If-None-Match": tag });
  deepStrictEqual([again.status, again.text], [304, ""]);
  strictEqual((await ask(server, "GET", "/", undefined, { "If-None-Match": '"other"' })).status, 200);
});

Deno.test("web: the page's files are sent compressed, and kept for as long as they are the same", async () => {
  const { asset, assetResponse, assets } = await import("../../../../server/faces/web/assets.ts");
  await using server = startServer();
  const get = (path: string, encoding: string) =>
    // What is asked for so is not unpacked by the way.
    new Promise<{ headers: IncomingHttpHeaders; body: Uint8Array }>((resolve, reject) =>
      request(`${base(server)}${path}`, { headers: { "accept-encoding": encoding }, agent: false }, (response) => {
        const parts: Uint8Array[] = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
      }).on("error", reject).end()
    );
  const html = (await get("/", "br, identity")).body.toString();
  const paths = [...html.matchAll(/"(\/page\.\w+\?[0-9a-f]{16})"/g)].map(([, path]) => path!);
  deepStrictEqual(paths.map((path) => path.split("?")[0]), ["/page.css", "/page.js"]);
  for (const path of paths) {
    const plain = await get(path, "gzip;q=0, br");
    const packed = await get(path, "deflate, gzip;q=0.8");
    deepStrictEqual([plain.headers["content-encoding"], packed.headers["content-encoding"]], [undefined, "gzip"]);
    strictEqual(packed.headers.vary, "Accept-Encoding");
    match(packed.headers["cache-control"]!, /max-age=31536000, immutable/);
    ok(packed.body.length < plain.body.length / 2, `${packed.body.length} of ${plain.body.length} bytes`);
    deepStrictEqual(new Uint8Array(gunzipSync(packed.body)), new Uint8Array(plain.body));
    // Who asks for it by what it held before must ask again.
    match((await get(`${path.split("?")[0]}?0123456789abcdef`, "")).headers["cache-control"]!, /^no-cache$/);
  }
  const total = [...assets.values()].reduce((sum, { gzipped, bytes }) => sum + (gzipped ?? bytes).length, 0);
  ok(total < 150_000, `all of the page is ${total} bytes`);
  // What does not become smaller is sent as it is.
  const small = assetResponse(asset("text/plain", "x"), new Headers({ "Accept-Encoding": "gzip" }));
  strictEqual(small.headers.get("content-encoding"), null);
});
