/** Instruments with a web API, as a real HTTP server plays them. */
import assert from "node:assert/strict";
import { loadBench } from "../../../server/config/bench_file.ts";
import { JsonPointer } from "../../../server/devices/described/json_pointer.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { ServedBench } from "./devices.ts";

/** What was asked of the server: method, path with query, and body. */
interface Asked {
  readonly what: string;
  readonly body: string;
  readonly headers: Headers;
}

function webDevice(answer: (asked: Asked) => Response | Promise<Response>) {
  const asked: Asked[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const one = {
      what: `${request.method} ${pathname}${search}`,
      body: await request.text(),
      headers: request.headers,
    };
    asked.push(one);
    return await answer(one);
  });
  return {
    host: `127.0.0.1:${server.addr.port}`,
    asked,
    count: (what: string) => asked.filter((each) => each.what === what).length,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("a web API: fields of one answer are asked for once, settings go as query, JSON and form, refusals in plain words", async () => {
  const state = { temp: 21.5, lamp: false, mode: "slow", label: null as string | null };
  await using device = webDevice(({ what, headers, body }) => {
    if (headers.get("authorization") !== `Basic ${btoa("lab:pass word")}`) return new Response("", { status: 401 });
    if (headers.get("x-key") !== "secret") return new Response("no key", { status: 403 });
    switch (what) {
      case "GET /api/status":
        return Response.json({
          data: [{ temp: state.temp }],
          "a/b": { lamp: state.lamp, mode: state.mode },
          label: null,
        });
      case "GET /api/plain?channel=2":
        return new Response("level:\n 7 mm\n");
      case "PUT /api/setpoint?value=22.50":
        state.temp = 22.5;
        return new Response(null, { status: 204 });
      case "PATCH /api/lamp":
        state.lamp = JSON.parse(body).lamp.on;
        return Response.json({});
      case "POST /api/mode":
        state.mode = new URLSearchParams(body).get("mode")!;
        return new Response("ok");
      case "POST /api/name%2F..%2F%3Fx%3D1":
        return new Response("ok", { status: 201 });
      case "POST /api/query":
        return Response.json({ result: JSON.parse(body).params.n * 2 });
      case "GET /api/moved":
        return new Response(null, { status: 302, headers: { location: "https://elsewhere/" } });
      case "POST /api/busy":
        return new Response("the shutter is moving", { status: 503 });
    }
    return new Response("no such thing", { status: 404 });
  });
  const status = (pointer: string) => ({ ask: "GET /api/status", pointer });
  await using bench = await ServedBench.one({
    title: "Box",
    port: `http://lab:pass%20word@${device.host}/api-of-nobody/../`,
    line: { headers: { "X-Key": "secret" }, timeout: 5 },
    pollInterval: 0.1,
    parameters: { channel: "2" },
    fields: {
      Temperature: { unit: "°C", read: status("/data/0/temp"), write: "PUT /api/setpoint?value={value:.2f}" },
      Lamp: {
        type: "switch",
        read: status("/a~1b/lamp"),
        write: { send: "PATCH /api/lamp", body: { lamp: { on: "{value}" } } },
      },
      Mode: {
        type: "choice",
        choices: { Slow: "slow", Fast: "fast & loud" },
        read: status("/a~1b/mode"),
        write: { send: "POST /api/mode", body: "mode={value}" },
      },
      Label: { type: "text", read: { ...status("/label"), bad: { null: "no label" } } },
      Note: { type: "text", read: status("/label") },
      Missing: { read: status("/data/1/temp") },
      Level: { read: { ask: "GET /api/plain?channel={channel}", pattern: "level:\\s+(\\d+) mm" } },
      Gone: { read: "GET /api/gone", poll: 60 },
      Moved: { read: "GET /api/moved", poll: 60 },
    },
    commands: {
      name: { summary: "Name", arguments: { name: { type: "text", allow: ".*" } }, send: "POST /api/{name}" },
      double: {
        summary: "Double",
        arguments: { n: { type: "int" } },
        ask: { ask: "POST /api/query", body: { params: { n: "{n}", note: "for {n}" } }, pointer: "/result" },
        returns: { type: "int" },
      },
      busy: { summary: "Busy", send: "POST /api/busy" },
    },
  });
  await eventually(() => bench.field("box", "Moved").reason.startsWith("Box"), "the first poll");
  const polls = device.count("GET /api/status");
  const values = async () => {
    const got = [];
    for (const field of ["Temperature", "Lamp", "Mode", "Level"]) got.push(await bench.ask(`box.get ${field}`));
    return got.join(" ");
  };
  assert.equal(await values(), "OK 21.5 OK Off OK Slow OK 7.0");
  assert.match(bench.field("box", "Label").reason, /"null" means no label/);
  assert.equal(bench.field("box", "Note").quality, "error");
  assert.match(
    bench.field("box", "Note").reason,
    /the answer has null at \/label, which is no reading; "bad": \{ "null": /,
  );
  assert.match(bench.field("box", "Missing").reason, /the answer has nothing at \/data\/1\/temp/);
  assert.match(
    bench.field("box", "Gone").reason,
    /refused "GET \/api\/gone": it has no such path.*404 Not Found: no such/,
  );
  assert.match(bench.field("box", "Moved").reason, /it has moved: give the new address.*https:\/\/elsewhere/);
  assert.ok(polls <= device.count("GET /api/plain?channel=2") + 1, "five fields are one question");
  for (const [field, value] of [["Temperature", "22.5"], ["Lamp", "On"], ["Mode", "Fast"]]) {
    assert.equal(await bench.ask(`box.set ${field} ${value}`), "OK");
  }
  await eventually(async () => await values() === "OK 22.5 OK On OK Fast OK 7.0", "the settings");
  assert.equal(await bench.ask("box.name name/../?x=1"), "OK", "an argument cannot become another path");
  assert.equal(await bench.ask("box.double 21"), "OK 42");
  assert.equal(
    device.asked.find(({ what }) => what === "POST /api/query")!.body,
    '{"params":{"n":21,"note":"for 21"}}',
  );
  assert.match(
    await bench.ask("box.busy"),
    /^ERROR .*it failed while it did that.*503 Service Unavailable: the shutter/,
  );
  assert.ok(!bench.server.bench.find("box")!.contact!.address.includes("pass"), "no password is shown");
});

Deno.test("a web API that answers late: its question ends in time, a stop goes at once, and the next answer is its own", async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  await using device = webDevice(async ({ what }) => {
    if (what === "GET /slow") await released;
    if (what === "GET /large") return Response.json({ many: Array(20_000).fill("line\nend\0"), last: 9 });
    return new Response(what === "GET /slow" ? "late" : "7");
  });
  await using bench = await ServedBench.one({
    title: "Box",
    port: `http://${device.host}`,
    pollInterval: 3600,
    line: { timeout: 0.3 },
    reconnect: { first: 0.02, longest: 0.1 },
    fields: { Level: { read: "GET /level" }, Last: { read: { ask: "GET /large", pointer: "/last", timeout: 10 } } },
    commands: {
      slow: { summary: "Slow", ask: { ask: "GET /slow", timeout: 30 } },
      soon: { summary: "Soon", ask: "GET /slow" },
      stop: { summary: "Stop", send: "POST /stop", immediate: true },
    },
  });
  await eventually(() => bench.field("box", "Level").quality === "good", "contact");
  using other = await RawClient.connect(bench.server.commandServer.port);
  const waiting = bench.ask("box.slow");
  await eventually(() => device.count("GET /slow") === 1, "the question");
  assert.equal(await other.ask("box.stop"), "OK");
  assert.match(await waiting, /^ERROR .*interrupted/);
  assert.match(await bench.ask("box.soon"), /^ERROR .*no answer to "GET \/slow" within 0\.3 s/);
  await eventually(() => bench.server.bench.find("box")!.contact!.state === "connected", "contact");
  release();
  await eventually(() => bench.field("box", "Last").value === 9, "an answer of many lines, longer than lines may be");
  assert.equal(await bench.ask("box.get Level"), "OK 7.0");
});

Deno.test("a description of a web API, a Modbus device or a file that is wrong is told at its place", async () => {
  const folder = await Deno.makeTempDir();
  const problemsOf = async (instrument: Record<string, unknown>) => {
    const file = `${folder}/bench.json`;
    await Deno.writeTextFile(file, JSON.stringify({ instruments: [{ title: "It", ...instrument }] }));
    try {
      await loadBench(file);
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing";
  };
  const web = { port: "http://host" };
  const modbus = { port: "modbus+tcp://host" };
  const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ ...web, fields: { A: { read: "/api" } } }, /fields\.A\.read: .*should begin with GET, PUT/],
    [
      { ...web, fields: { A: { read: { ask: "GET /a", pointer: "data.x" } } } },
      /pointer: begins with a slash: "\/data\/x"/,
    ],
    [{ ...web, line: { sendEnd: "\r" }, fields: { A: { read: "GET /" } } }, /line\.sendEnd: is settled for http:\/\//],
    [
      { port: "http://a:secret@host/?x=1", fields: { A: { read: "GET /" } } },
      /"http:\/\/…@host\/\?x=1": what follows \?/,
    ],
    [{ ...web, fields: { A: { register: 40001 } } }, /A\.register: has a meaning only where "port" is modbus\+tcp/],
    [{ port: "tcp://h:1", fields: { A: { read: { ask: "A", body: {} } } } }, /has a meaning only where "port" is http/],
    [{ ...modbus, fields: { A: { register: 1 } } }, /A\.register: is 1, which does not say of which table; give 40001/],
    [{ ...modbus, fields: { A: { register: "coils 1" } } }, /A\.register: is "coils 1"; give 40001 .*"coil 0"/],
    [{ ...modbus, fields: { A: { register: 30001, writable: true } } }, /A\.writable: cannot be: input registers/],
    [{ ...modbus, fields: { A: { register: "coil 1", kind: "int16" } } }, /A\.kind: has no meaning for a coil/],
    [{ ...modbus, fields: { A: { register: 40001, type: "text" } } }, /\.A: needs "registers" beside "register"/],
    [{ ...modbus, fields: { A: { register: 40001, registers: 2 } } }, /A\.registers: .* only beside "type": "text"/],
    [
      { ...modbus, fields: { A: { register: 40001, bits: 16 } } },
      /A\.bits: uint16 has 16 bits, counted from 0, and 16/,
    ],
    [{ ...modbus, fields: { A: { register: 40001, bits: 1, kind: "uint32" } } }, /A\.bits: are those of one register/],
    [
      { ...modbus, fields: { A: { register: 40001, kind: "int24" } } },
      /A\.kind: int24 is no whole number of registers/,
    ],
    [{ ...modbus, fields: { A: { register: 40001, base: "octal" } } }, /A\.base: has no meaning beside "register"/],
    [
      { ...modbus, fields: { A: { register: 40001, function: 15, writable: true } } },
      /A\.function: is 15, and a holding/,
    ],
    [{ ...modbus, fields: { A: { register: 40001, write: "x" } } }, /A\.write: has no meaning beside "register"/],
    [{ ...modbus, fields: { A: { read: "holding" } } }, /A\.read: .*should be a request such as "holding 0 2"/],
    [
      { ...modbus, commands: { a: { summary: "A", send: "input 1 = 0001" } } },
      /send: input registers can only be read/,
    ],
    [
      { ...modbus, commands: { a: { summary: "A", send: "unit 0 coil 1 = 1" } } },
      /unit 0 is a broadcast, which nobody/,
    ],
    [
      { ...modbus, commands: { a: { summary: "A", send: "unit 3 coil 1 = 1" } } },
      /is for unit 3, and this instrument is/,
    ],
    [{ port: "modbus+tcp://host?unit=0", fields: { A: { register: 40001 } } }, /unit 0 is a broadcast/],
    [{ port: "modbus+rtu://host", fields: { A: { register: 40001 } } }, /its port is missing; give modbus\+rtu:\/\//],
    [{ port: "modbus+tcp://h?unit=2", line: { unit: 3 }, fields: { A: { register: 40001 } } }, /line\.unit: is 3, and/],
    [{ port: "file:///C:/a/log.csv", fields: { A: { read: "x" } } }, /A\.read: .*is for nobody: a file is only read/],
    [{ port: "file:///C:/a/log.csv", fields: { A: { listen: {} } } }, /A\.listen: needs "pattern", or "column"/],
    [{ port: "file:///C:/a/", fields: { A: { listen: { column: 1 } } } }, /it is a folder; name the file in it/],
    [
      { port: "tcp://h:1", fields: { A: { listen: { column: 1 } } } },
      /column: has a meaning only where "port" is file/,
    ],
    [
      { port: "tcp://h:1", line: { separator: ";" }, fields: { A: { read: "x" } } },
      /line\.separator: .*"port" is file:\/\//,
    ],
  ];
  for (const [instrument, expected] of wrong) {
    assert.match(await problemsOf(instrument), expected, JSON.stringify(instrument));
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a JSON pointer finds what RFC 6901 says, and nothing of objects' own", () => {
  const json = JSON.stringify({ foo: ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, o: { deep: [1, { x: true }] } });
  const found = ["", "/foo/0", "/", "/a~1b", "/m~0n", "/o/deep/1", "/o/deep/1/x"].map((p) =>
    new JsonPointer(p).textIn(json)
  );
  assert.deepEqual(found, [json, "bar", "0", "1", "8", '{"x":true}', "true"]);
  for (const pointer of ["/foo/2", "/foo/01", "/foo/length", "/o/constructor", "/foo/0/x", "/none"]) {
    assert.equal(new JsonPointer(pointer).textIn(json), undefined, pointer);
  }
  assert.equal(new JsonPointer("/a").textIn("<html>"), undefined);
  assert.throws(() => new JsonPointer("/a~2"), /a ~ is written ~0/);
});
