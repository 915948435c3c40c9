import { rights } from "../../../../protocol/vocabulary.ts";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { configure, type LogRecord, reset } from "npm:@logtape/logtape@2.4.2";
import fc from "npm:fast-check@4.10.2";
import { command, defineInstrument } from "../../../../mod.ts";
import type { Welcome } from "../../../../client/mod.ts";
import { eventually, RawClient, read, startServer } from "../../../fixture.ts";

Deno.test("dashboard: a script sets, confirms, and sees the readback follow", async () => {
  await using server = startServer();
  server.bench.start();
  using client = await RawClient.connect(server.dashboardServer.port);
  const ask = async (message: Record<string, unknown>) => {
    await client.send(JSON.stringify(message));
    return await client.until((text) => text !== "");
  };
  const light = { widget_nickname: "UV Light", printout: false };
  strictEqual(await ask({ cmd: "Set", ...light, field_name: "Status Selection", new_value: "On" }), "Success");
  strictEqual(await ask({ cmd: "Get", ...light, field_name: "Status Selection" }), "On");
  strictEqual(await ask({ cmd: "Get", ...light, field_name: "Actual Status" }), "Off");
  strictEqual(await ask({ cmd: "Confirm", ...light }), "Success");
  strictEqual(await ask({ cmd: "Get", ...light, field_name: "Actual Status" }), "On");
});

Deno.test("dashboard: a setting reads back as the text that was set, until something else changes it", async () => {
  let device = 0;
  const source = defineInstrument({
    title: "Source",
    fields: {
      Level: {
        type: "float",
        unit: "V",
        decimals: 1,
        initial: 0,
        needsConfirm: true,
        write: (to) => void (device = to),
      },
      // Written without a confirm, and read back.
      Rate: {
        type: "float",
        decimals: 2,
        read: () => device,
        write: (to) => Promise.resolve().then(() => void (device = to)),
      },
      Mode: { type: "choice", choices: ["Slow", "Fast"], initial: "Slow", access: "setting" },
      Shutter: { type: "switch", initial: false, access: "setting" },
    },
    commands: ({ Rate }) => ({ nudge: command({ summary: "Nudge the rate", run: () => Rate.update(8) }) }),
  });
  await using server = startServer({ instruments: [source] });
  using client = await RawClient.connect(server.dashboardServer.port);
  const ask = async (cmd: string, rest: Record<string, unknown> = {}) => {
    await client.send(JSON.stringify({ cmd, widget_nickname: "Source", printout: false, ...rest }));
    return await client.until((text) => text !== "");
  };
  const get = (field_name: string) => ask("Get", { field_name });
  const set = async (field_name: string, new_value: unknown) =>
    strictEqual(await ask("Set", { field_name, new_value }), "Success");
  const line = (text: string) => server.commandServer.command(`source.${text}`);

  await set("Level", "12.50");
  strictEqual(await get("Level"), "12.50");
  strictEqual(await ask("Confirm"), "Success");
  strictEqual(await get("Level"), "12.50", "confirming changes nothing of it");
  strictEqual(device, 12.5);
  // Everywhere else it is the value, as declared.
  strictEqual(await line("get Level"), "OK 12.5");
  const { value, text } = JSON.parse((await line("describe")).slice(3)).fields[0];
  deepStrictEqual([value, text], [12.5, "12.5"]);
  await set("Level", "1e1");
  strictEqual(await get("Level"), "1e1");
  strictEqual(await line("revert"), "OK");
  strictEqual(await get("Level"), "12.5");
  await set("Level", 30);
  strictEqual(await get("Level"), "30", "the original's entry shows a number as Python prints it");
  for (const [written, kept] of [["30.0", "30.0"], ["2.5", "2.5"], ["1E1", "10.0"], ["-0", "0"], ["30", "30"]]) {
    await client.send(`{"cmd":"Set","widget_nickname":"Source","field_name":"Level","new_value":${written}}`);
    strictEqual(await client.until((text) => text !== ""), "Success");
    strictEqual(await get("Level"), kept, written);
  }
  match(await ask("Set", { field_name: "Level", new_value: "3o" }), /^Error: .*not a number/);
  strictEqual(await get("Level"), "30", "a refused text changes nothing");

  await set("Rate", "30");
  strictEqual(await get("Rate"), "30");
  await read(source);
  strictEqual(await get("Rate"), "30", "the instrument reads back what was set");
  device = 30.25;
  await read(source);
  strictEqual(await get("Rate"), "30.25");
  device = 30;
  await read(source);
  strictEqual(await get("Rate"), "30.00");
  strictEqual(await line("set Rate 7"), "OK");
  strictEqual(await get("Rate"), "7", "set over another wire");
  strictEqual(await line("nudge"), "OK");
  strictEqual(await get("Rate"), "8.00", "a command has changed it");

  await set("Mode", "fast");
  strictEqual(await get("Mode"), "fast");
  strictEqual(source.fields.Mode.value, "Fast");
  await set("Shutter", true);
  strictEqual(await get("Shutter"), "On");
});

Deno.test("dashboard: errors are told in the original's way, and the client stays connected", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.dashboardServer.port);
  const cases: [string, RegExp][] = [
    [
      '{"cmd":"Set","widget_nickname":"UV Light","field_name":"Actual Status","new_value":"On"}',
      /^Error: Cannot set Actual Status of UV Light: it is a readout; its settings are Status Selection$/,
    ],
    [
      '{"cmd":"Set","widget_nickname":"UV Light","field_name":"Status Selection","new_value":"Onn"}',
      /^Error: Cannot set Status Selection of UV Light to Onn: not one of Off, On \(did you mean On\?\)$/,
    ],
    [
      '{"cmd":"Set","widget_nickname":"Methane MFC","field_name":"Setpoint Entry","new_value":"200"}',
      /^Error: Cannot set Setpoint Entry of Methane MFC to 200: above its maximum of 100 sccm$/,
    ],
    [
      '{"cmd":"Set","widget_nickname":"Methane MFC","field_name":"Setpoint Entry"}',
      /^Error: Cannot run Set: "new_value" is missing$/,
    ],
    [
      '{"cmd":"Get","widget_nickname":"UV Ligth","field_name":"x"}',
      /^Error: No instrument is called UV Ligth \(did you mean UV Light\?\)/,
    ],
    ['{"cmd":"Get","widget_nickname":5,"field_name":"x"}', /^Error: Cannot run Get: "widget_nickname" must be text$/],
    ['{"cmd":"Describe"}', /^Error: Cannot run Describe without an "id"/],
    ['{"cmd":}', /^Error: Cannot read the message as JSON: /],
    // The end of these cannot be known; what a client that waits for its reply sends next is understood all the same.
    ["[1,2", /^Error: Cannot read the message: it must be a JSON object, \{"cmd": …\}$/],
    ["not json", /^Error: Cannot read the message: it must be a JSON object, \{"cmd": …\}$/],
    ["not json", /^Error: Cannot read the message: it must be a JSON object, \{"cmd": …\}$/],
    ['{"cmd":"Get",[}', /^Error: Cannot read the message: its brackets or quotes do not match$/],
  ];
  for (const [message, expected] of cases) {
    await client.send(message);
    match(await client.until((text) => text !== ""), expected);
  }
  await client.send('{"cmd":"Get","widget_nickname":"UV Light","field_name":"Status Selection"}');
  strictEqual(await client.until((text) => text !== ""), "Off");
});

Deno.test("dashboard: a message with a fault is lost whole, and nothing in it is run", async () => {
  await using server = startServer();
  const set = '{"cmd":"Set","widget_nickname":"UV Light","field_name":"Status Selection","new_value":"On"}';
  const get = '{"id":2,"cmd":"Get","instrument":"UV Light","field":"Status Selection"}';
  const cases: [string, RegExp][] = [
    [`{"cmd":"Get","x":${"[".repeat(205)}"a brace {",${set}${"]".repeat(205)}}`, /nested more than 200 deep/],
    [`{"cmd":"Get","x":"${"x".repeat(70_000)}","y":${set}}`, /over 65536 bytes/],
    [`[${set}]`, /must be a JSON object/],
    [`{"cmd":"Get","x":[},"y":${set}}\n`, /brackets or quotes/],
    [`{"cmd":"Get",\n  "x":[},\n  "y":\n  ${set}\n}\n`, /brackets or quotes/],
    [`{"cmd":"Get","x":{"y":1}\n`, /brackets or quotes/],
    [`data: ${set}\n`, /must be a JSON object/],
  ];
  for (const [message, expected] of cases) {
    // As one that sends no id is answered, and as one that takes lines.
    using raw = await RawClient.connect(server.dashboardServer.port);
    await raw.send(`${message}${get}`);
    match(
      await raw.until((text) => text.endsWith("}\n")),
      new RegExp(`^Error: Cannot [^{]*${expected.source}[^{]*(\\{"cmd": …\\})?\\{"id":2,"ok":true,"value":"Off"`),
    );
    using framed = await RawClient.connect(server.dashboardServer.port);
    await framed.request({ id: 1, cmd: "Ping" });
    await framed.send(`${message}${get}`);
    const [error, reply] = (await framed.lines(2)).map((line) => JSON.parse(line));
    deepStrictEqual([error.id, error.ok], [null, false]);
    match(error.error.message, expected);
    deepStrictEqual([reply.id, reply.value], [2, "Off"]);
  }
});

Deno.test("framed: what is wrong with a client's first message is told to its id", async () => {
  await using server = startServer({ limits: { unfinishedMessageSeconds: 0.1 } });
  const deep = `${"[".repeat(205)}"{"${"]".repeat(205)}`;
  const cases: [string, unknown, RegExp][] = [
    [`{"id":1,"cmd":"Ping","x":${deep}}`, 1, /200 deep/],
    [`{"cmd":"Ping","x":${deep},"id":"one"}`, "one", /200 deep/],
    [`{"cmd":"Ping","x":"${"x".repeat(70_000)}","id":1}`, 1, /over 65536 bytes/],
    ['{"id":1,"cmd":"Ping",}', 1, /as JSON/],
    ['{"id":1,"cmd":"Ping"]\n', 1, /brackets or quotes/],
    ['{"id":1,"cmd":"Ping\n', 1, /brackets or quotes/],
    ['{"id":1,"cmd":"Ping"', 1, /left unfinished for 0\.1 s/],
    [
      '{"id":[],"cmd":"Ping"}',
      null,
      /Cannot use "id": it must be text, or an integer that JSON keeps \(up to 2\^53\)$/,
    ],
    ['{"id":1791234567890123457,"cmd":"Ping"}', null, /Cannot use "id"/],
    ['{"id":1e999,"cmd":"Ping"}', null, /Cannot use "id"/],
    ['{"id":1.5,"cmd":"Ping"}', null, /Cannot use "id"/],
  ];
  for (const [message, id, expected] of cases) {
    using client = await RawClient.connect(server.dashboardServer.port);
    await client.send(message);
    const reply = JSON.parse((await client.lines(1))[0]!);
    deepStrictEqual([reply.id, reply.ok], [id, false]);
    match(reply.error.message, expected);
    await client.send("\n");
    strictEqual((await client.request({ id: 2, cmd: "Ping" })).ok, true);
  }
});

Deno.test("dashboard: a raw reply is never empty, and never longer than a PyOpticon client takes", async () => {
  const notes = defineInstrument({
    title: "notes",
    fields: { text: { type: "text", access: "setting", initial: "" } },
  });
  await using server = startServer({ instruments: [notes] });
  using client = await RawClient.connect(server.dashboardServer.port);
  const get = '{"cmd":"Get","widget_nickname":"notes","field_name":"text"}';
  await client.send(get);
  strictEqual(await client.until((text) => text !== ""), " ");
  for (
    const [length, expected] of [[1024, /^x{1024}$/], [1025, /^Error: the reply is over 1024 bytes, .*"id"/]] as const
  ) {
    notes.fields.text.update("x".repeat(length));
    await client.send(get);
    match(await client.until((text) => text.length >= 60), expected);
  }
});

Deno.test("dashboard: an unfinished message is answered after a while, and the next one is understood", async () => {
  await using server = startServer({ limits: { unfinishedMessageSeconds: 0.1 } });
  using client = await RawClient.connect(server.dashboardServer.port);
  await client.send('{"cmd":"Get","widget_nickname":"UV Light"');
  match(
    await client.until((text) => text !== ""),
    /^Error: Cannot read the message: it was left unfinished for 0\.1 s$/,
  );
  await client.send('{"cmd":"Get","widget_nickname":"UV Light","field_name":"Actual Status"}');
  strictEqual(await client.until((text) => text !== ""), "No Reading");
});

Deno.test("dashboard: HTTP is dropped, and nothing of it is run", async () => {
  await using server = startServer();
  using browser = await RawClient.connect(server.dashboardServer.port);
  const attack = '{"cmd":"Set","widget_nickname":"UV Light","field_name":"Status Selection","new_value":"On"}';
  await browser.send(`POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n${attack}`);
  strictEqual(await browser.rest(), "");
  using client = await RawClient.connect(server.dashboardServer.port);
  deepStrictEqual(
    (await client.request({ id: 1, cmd: "Get", instrument: "UV Light", field: "Status Selection" })).value,
    "Off",
  );
});

Deno.test("framed: any messages, cut anywhere, are each answered once with their own id", async () => {
  await using server = startServer();
  const message = fc.constantFrom(
    { cmd: "Get", widget_nickname: "UV Light", field_name: "Status Selection" },
    { cmd: "Get", widget_nickname: "Nöpe", field_name: "x" },
    { cmd: "Set", widget_nickname: "UV Light", field_name: "Status Selection", new_value: "Off" },
    { cmd: "Call", instrument: "tempcon", command: "get_temperatures" },
    { cmd: "Describe", instrument: "Reactor TC" },
    { cmd: "Bogus 😀" },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(600), { maxLength: 5 }),
      async (sent, places) => {
        const ask = async (cuts: readonly number[]) => {
          using client = await RawClient.connect(server.dashboardServer.port);
          const all = new TextEncoder().encode(sent.map((each, id) => JSON.stringify({ id, ...each })).join(""));
          let from = 0;
          for (const place of [...cuts.map((each) => each % all.length).sort((a, b) => a - b), all.length]) {
            await client.send(all.subarray(from, place));
            await new Promise((resolve) => setTimeout(resolve, 0));
            from = place;
          }
          // When a value was set, and whether it waits for a confirm, is not the same twice.
          const changing = { time: undefined, staged: undefined, applied: undefined };
          const replies = (await client.lines(sent.length)).map((line) => ({ ...JSON.parse(line), ...changing }));
          return replies.sort((a, b) => a.id - b.id);
        };
        deepStrictEqual(await ask(places), await ask([]));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("framed: values keep their types, and errors have codes", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.dashboardServer.port);
  const { ok: said, value } = await client.request({ id: 1, cmd: "Hello", name: "test" });
  const { started, ...welcome } = value as Welcome;
  deepStrictEqual([said, welcome], [
    true,
    {
      server: "heliograph",
      version: "0.2.0",
      session: 1,
      name: "test",
      person: "",
      role: "admin",
      roleName: "admin",
      rights: [...rights],
      instruments: null,
      open: false,
      simulated: false,
      title: "heliograph",
    },
  ]);
  ok(Date.parse(started) <= Date.now() && started.endsWith("Z"));
  const get = (instrument: string, field: string) => client.request({ id: "g", cmd: "Get", instrument, field });
  const values = [
    await get("Methane MFC", "Setpoint Entry"),
    await get("instrument", "shutter"),
    await get("uv_light", "actual_status"),
  ].map(({ id, ok, value }) => [id, ok, value]);
  deepStrictEqual(values, [["g", true, 0], ["g", true, false], ["g", true, "No Reading"]]);
  const code = async (message: Record<string, unknown>) =>
    ((await client.request({ id: 2, ...message })).error as { code: string }).code;
  strictEqual(await code({ cmd: "Get", instrument: "nope", field: "x" }), "unknown_instrument");
  strictEqual(await code({ cmd: "Get", instrument: "tempcon", field: "x" }), "unknown_field");
  strictEqual(await code({ cmd: "Call", instrument: "tempcon", command: "x" }), "unknown_command");
  strictEqual(
    await code({ cmd: "Call", instrument: "tempcon", command: "get_temperature", args: [5] }),
    "out_of_limits",
  );
  strictEqual(
    await code({ cmd: "Call", instrument: "tempcon", command: "get_temperature", kwargs: { x: 5 } }),
    "bad_argument",
  );
  strictEqual(await code({ cmd: "Set", instrument: "tempcon", field: "camtemp", new_value: 1 }), "not_a_setting");
  strictEqual(await code({ cmd: "Eval", code: "1" }), "unavailable");
  strictEqual(await code({ cmd: "Nope" }), "bad_message");
  strictEqual(await code({ cmd: "Unwatch", watch: 9 }), "bad_argument");
});

Deno.test("framed: beside a field's value stand its unit, quality and time, and why it is not good", async () => {
  const gauge = defineInstrument({
    title: "gauge",
    fields: {
      pressure: { type: "float", unit: "mbar", decimals: 2, initial: 5 },
      flow: { type: "float", unit: "sccm" },
      target: { type: "float", unit: "mbar", needsConfirm: true, initial: 1 },
    },
  });
  await using server = startServer({ instruments: [gauge] });
  using client = await RawClient.connect(server.dashboardServer.port);
  const get = (field: string) => client.request({ id: 1, cmd: "Get", instrument: "gauge", field });
  const before = Date.now();
  gauge.fields.pressure.update(7);
  const { time, ...good } = await get("pressure");
  deepStrictEqual(good, { id: 1, ok: true, value: 7, text: "7.00", unit: "mbar", quality: "good" });
  const age = new Date(time as string).getTime() - before;
  ok(age >= 0 && age < 5000, `${time}`);
  const unread = { quality: "stale", reason: "not read yet", unit: "sccm", time: null };
  deepStrictEqual(await get("flow"), { id: 1, ok: true, value: "No Reading", text: "No Reading", ...unread });
  gauge.field("pressure").fail("the cable is out");
  deepStrictEqual(await get("pressure"), {
    id: 1,
    ok: true,
    value: "Read Error",
    text: "Read Error",
    unit: "mbar",
    quality: "error",
    reason: "the cable is out",
    time,
  });
  await client.request({ id: 2, cmd: "Set", instrument: "gauge", field: "target", new_value: 2 });
  strictEqual((await get("target")).staged, true);
  await client.send('{"id":3,"cmd":"Watch","instrument":"gauge"}');
  const events = (await client.lines(5)).map((line) => JSON.parse(line)).filter(({ event }) => event === "field");
  deepStrictEqual(events.map(({ field, unit, quality }) => [field, unit, quality]), [
    ["pressure", "mbar", "error"],
    ["flow", "sccm", "stale"],
    ["target", "mbar", "good"],
  ]);
  // PyOpticon's own clients get the text alone, as ever.
  await client.send('{"cmd":"Get","widget_nickname":"gauge","field_name":"flow"}');
  strictEqual(await client.until((text) => text !== ""), "No Reading");
});

Deno.test("framed: a fault is told in a line of JSON, to its id or to none", async () => {
  await using server = startServer({ limits: { messageBytes: 200 } });
  using client = await RawClient.connect(server.dashboardServer.port);
  await client.request({ id: 1, cmd: "Hello" });
  for (const id of [2, null]) {
    deepStrictEqual(await client.request({ id, cmd: "Hello", name: "x".repeat(300) }), {
      id,
      ok: false,
      error: { code: "message_too_long", message: "Cannot take the message: it is over 200 bytes" },
    });
  }
  strictEqual((await client.request({ id: 3, cmd: "Hello" })).ok, true);
});

Deno.test("framed: a slow instrument delays no other, and too many requests in flight are refused", async () => {
  const release = Promise.withResolvers<void>();
  const slow = defineInstrument({
    title: "slow",
    commands: { work: command({ summary: "Works", run: () => release.promise }) },
  });
  const quick = defineInstrument({ title: "quick", commands: { now: command({ summary: "Answers", run: () => 7 }) } });
  await using server = startServer({ instruments: [slow, quick], limits: { requestsInFlight: 2 } });
  using client = await RawClient.connect(server.dashboardServer.port);
  const call = (id: number, instrument: string, name: string) =>
    client.send(JSON.stringify({ id, cmd: "Call", instrument, command: name }));
  await call(1, "slow", "work");
  await call(2, "quick", "now");
  deepStrictEqual(JSON.parse((await client.lines(1))[0]!), { id: 2, ok: true, value: 7 });
  await call(3, "slow", "work");
  await call(4, "slow", "work");
  strictEqual(JSON.parse((await client.lines(1))[0]!).error.code, "too_many_requests");
  release.resolve();
  deepStrictEqual((await client.lines(2)).map((line) => JSON.parse(line).id), [1, 3]);
});

Deno.test("watch: a snapshot, its end, then changes only", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.dashboardServer.port);
  const parse = (lines: string[]) => lines.map((line) => JSON.parse(line));
  await client.send('{"id":1,"cmd":"Watch","instrument":"UV Light"}');
  const [reply, first, second, end] = parse(await client.lines(4));
  deepStrictEqual(reply, { id: 1, ok: true, value: null });
  deepStrictEqual([first.field, first.value, second.field, second.value, second.quality, second.reason], [
    "Status Selection",
    "Off",
    "Actual Status",
    null,
    "stale",
    "not read yet",
  ]);
  deepStrictEqual(end, { event: "end-of-snapshot", id: 1 });
  await server.commandServer.command('"UV Light".set "Status Selection" On');
  const [staged] = parse(await client.lines(1));
  deepStrictEqual([staged.field, staged.value, staged.staged], ["Status Selection", "On", true]);
  await server.commandServer.command('"Argon MFC".set "Mode Selection" Open');
  await server.commandServer.command('"UV Light".confirm');
  const [applied] = parse(await client.lines(1));
  deepStrictEqual([applied.instrument, applied.field, applied.staged], ["uv_light", "Status Selection", undefined]);
  deepStrictEqual((await client.request({ id: 2, cmd: "Unwatch", watch: 1 })).ok, true);
  await server.commandServer.command('"UV Light".set "Status Selection" Off');
  deepStrictEqual((await client.request({ id: 3, cmd: "Hello" })).id, 3);
});

Deno.test("watch: a subscriber that is too slow gets the newest value and costs a bounded amount", async () => {
  const counter = defineInstrument({
    title: "counter",
    fields: { count: { type: "int", initial: 0 }, pad: { type: "text", initial: "" } },
  });
  await using server = startServer({ instruments: [counter] });
  using client = await RawClient.connect(server.dashboardServer.port);
  await client.send('{"id":1,"cmd":"Watch"}');
  await client.lines(4);
  const pad = "x".repeat(20_000);
  // Far more than the socket's buffers and the server's limit hold.
  for (let count = 1; count <= 2000; count++) {
    counter.fields.count.update(count);
    counter.fields.pad.update(pad + count);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  let counts = 0;
  for (let newest = 0; newest < 2000;) {
    const event = JSON.parse((await client.lines(1))[0]!);
    if (event.field !== "count") continue;
    ok(event.value > newest, "values come in order");
    newest = event.value;
    counts++;
  }
  ok(counts < 2000, `${counts} of 2000 changes came one by one`);
});

Deno.test("watch: a field that cannot be told is shown with the reason and logged once, and the rest is told", async () => {
  const first = { type: "int", initial: 1 } as const;
  const counter = defineInstrument({ title: "counter", fields: { first, broken: first, last: first } });
  const holder = counter.fields.broken;
  const fault = () => {
    throw new Error("no such text");
  };
  Object.defineProperty(holder, "text", { get: fault, configurable: true });
  const log: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { log: (record) => void log.push(record) },
    loggers: [
      { category: ["heliograph", "watch"], lowestLevel: "debug", sinks: ["log"] },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    await using server = startServer({ instruments: [counter] });
    using client = await RawClient.connect(server.dashboardServer.port);
    await client.send('{"id":1,"cmd":"Watch","instrument":"counter"}');
    const told = async (count: number) =>
      (await client.lines(count)).map((line) => JSON.parse(line)).map(({ event, field, quality, reason }) =>
        [event, field, quality, reason].join(" ").trim()
      );
    const shown = "field broken error it cannot be told: no such text";
    deepStrictEqual((await told(5)).slice(1), [
      "field first good",
      shown,
      "field last good",
      "end-of-snapshot",
    ]);
    holder.update(2);
    counter.fields.last.update(2);
    deepStrictEqual(await told(2), [shown, "field last good"]);
    const lines = () => log.map(({ message }) => message.join(""));
    match(lines().join("\n"), /^Cannot tell a watcher of counter's broken: .*no such text$/);
    delete (holder as unknown as Record<string, unknown>).text;
    holder.update(3);
    deepStrictEqual(await told(1), ["field broken good"]);
    // A client that goes is no fault.
    const before = log.length;
    client.connection.close();
    for (let count = 4; count < 100; count++) holder.update(count);
    const sessions = async () => JSON.parse((await server.commandServer.command("status")).slice(3)).sessions.length;
    await eventually(async () => await sessions() === 0, "it has gone");
    strictEqual(log.length, before);
  } finally {
    await reset();
  }
});

Deno.test({
  name: "framed: a client that leaves too many replies unread is dropped; one long reply is no reason",
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
    using greedy = await RawClient.connect(server.dashboardServer.port);
    for (let id = 1; id <= 200; id++) {
      await greedy.send(JSON.stringify({ id, cmd: "Call", instrument: "talker", command: "talk" }));
    }
    using client = await RawClient.connect(server.dashboardServer.port);
    const sessions = async () =>
      ((await client.request({ id: 1, cmd: "Status" })).value as { sessions: unknown[] }).sessions.length;
    strictEqual(await sessions(), 2);
    release.resolve();
    await eventually(async () => await sessions() === 1, "the client that reads nothing is dropped");
    strictEqual(
      String((await client.request({ id: 2, cmd: "Call", instrument: "talker", command: "talk" })).value).length,
      200_000,
    );
  },
});

Deno.test("framed: a client may pipeline as many requests as it likes, as long as it reads", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.dashboardServer.port);
  const ids = Array.from({ length: 300 }, (_, id) => id);
  await client.send(ids.map((id) => JSON.stringify({ id, cmd: "Describe" })).join(""));
  deepStrictEqual((await client.lines(300)).map((line) => JSON.parse(line).id), ids);
});

Deno.test("dashboard: values that are none are refused, and harm nobody else", async () => {
  await using server = startServer();
  using hostile = await RawClient.connect(server.dashboardServer.port);
  using client = await RawClient.connect(server.dashboardServer.port);
  const trap = { toString: 1, valueOf: 1 };
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ cmd: trap }, /"cmd" must be text/],
    [
      { cmd: "Set", instrument: "tempcon", field: "control_temperature", new_value: trap },
      /"new_value" must be text, a number or a boolean/,
    ],
    [
      { cmd: "Call", instrument: "tempcon", command: "set_control_temperature", args: [trap] },
      /with temperature a value of type object: not a number/,
    ],
    [
      { cmd: "Call", instrument: "instrument", command: "set_shutter", args: [[1]] },
      /with state a list: neither on nor off/,
    ],
    [
      { cmd: "Set", instrument: "tempcon", field: "control_temperature", new_value: "9".repeat(5000) },
      /Cannot set control_temperature of tempcon to 9{100}…: not a number/,
    ],
  ];
  for (const [message, expected] of cases) {
    match(((await hostile.request({ id: 1, ...message })).error as { message: string }).message, expected);
    strictEqual((await client.request({ id: 2, cmd: "Status" })).ok, true);
    if (message.cmd === "Call") continue;
    using raw = await RawClient.connect(server.dashboardServer.port);
    await raw.send(JSON.stringify(message));
    match(await raw.until((text) => text !== ""), /^Error: /);
  }
});

Deno.test("framed: what a command returns that JSON cannot hold is an error, now or later", async () => {
  const odd = defineInstrument({
    title: "odd",
    commands: {
      now: command({ summary: "Returns at once", run: () => 10n }),
      later: command({ summary: "Returns later", run: () => Promise.resolve(10n) }),
    },
  });
  await using server = startServer({ instruments: [odd] });
  using client = await RawClient.connect(server.dashboardServer.port);
  for (const name of ["now", "later"]) {
    const reply = await client.request({ id: 1, cmd: "Call", instrument: "odd", command: name });
    strictEqual((reply.error as { code: string }).code, "command_failed");
  }
});

Deno.test("framed: the rest of a message that was given up is not run when it comes", async () => {
  await using server = startServer({ limits: { unfinishedMessageSeconds: 0.1 } });
  using client = await RawClient.connect(server.dashboardServer.port);
  await client.request({ id: 1, cmd: "Hello" });
  await client.send('{"id":2,"cmd":"Call","instrument":"tempcon","command":"reset","kwargs":');
  strictEqual(JSON.parse((await client.lines(1))[0]!).ok, false);
  await client.send('{"cmd":"Set","widget_nickname":"tempcon","field_name":"control_temperature","new_value":"-20"}}');
  const reply = await client.request({ id: 3, cmd: "Get", instrument: "tempcon", field: "control_temperature" });
  deepStrictEqual([reply.id, reply.ok, reply.value], [3, true, -100]);
});

Deno.test("watch: more than a client may have are refused", async () => {
  await using server = startServer({ limits: { watches: 2 } });
  using client = await RawClient.connect(server.dashboardServer.port);
  const watch = async (id: number) => {
    await client.send(JSON.stringify({ id, cmd: "Watch", instrument: "Reactor TC" }));
    const [reply] = await client.lines(1);
    return JSON.parse(reply!);
  };
  for (const id of [1, 2]) {
    strictEqual((await watch(id)).ok, true);
    await client.lines(2);
  }
  strictEqual((await watch(3)).error.code, "too_many_requests");
});

Deno.test("dashboard: watches end with their connection", async () => {
  const counter = defineInstrument({ title: "counter", fields: { count: { type: "int", initial: 0 } } });
  await using server = startServer({ instruments: [counter] });
  const client = await RawClient.connect(server.dashboardServer.port);
  await client.request({ id: 1, cmd: "Watch" });
  client[Symbol.dispose]();
  using other = await RawClient.connect(server.dashboardServer.port);
  await eventually(async () => {
    const status = (await other.request({ id: 1, cmd: "Status" })).value as { sessions: unknown[] };
    return status.sessions.length === 1;
  }, "the session is gone");
  counter.fields.count.update(1);
});
