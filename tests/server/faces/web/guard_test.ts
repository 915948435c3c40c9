/** Who is let in over HTTP: browsers of other sites are not, nor is anything that is too long or too slow. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { command, defineInstrument, type HeliographServer } from "../../../../mod.ts";
import { onlyReads, ownHosts } from "../../../../server/faces/web/request_guard.ts";
import { canRun, RawClient, runProgram, startServer } from "../../../fixture.ts";
import { ask, base, parseReply, rawRequest, upgradeFields } from "./web_fixture.ts";

/** What everybody may read by other ways, to see that a refused request changed nothing. */
async function setpoint(server: HeliographServer): Promise<string> {
  return await server.commandServer.command('"Methane MFC".get "Setpoint Entry"');
}

Deno.test("web: a request whose Host is not this server's is refused, whatever it asks (DNS rebinding)", async () => {
  await using server = startServer();
  const { port } = server.webServer;
  const foreign = [
    "Host: attacker.example",
    `Host: attacker.example:${port}`,
    `Host: localhost.attacker.example:${port}`,
    `Host: 127.0.0.1.attacker.example:${port}`,
    `Host: 127.0.0.1:${port + 1}`,
    "Host: 127.0.0.1",
    `Host: localhost.:${port}`,
    `Host: user@localhost:${port}`,
    `Host: 192.168.1.5:${port}`,
    "Host: ev il<>",
    "Host:",
    "X: 1",
  ];
  for (const host of foreign) {
    for (const first of ["GET /", "GET /healthz", "GET /api/v1/instruments", "DELETE /api/v1/clients/1"]) {
      const { status, json } = await rawRequest(server, [`${first} HTTP/1.1`, host]);
      strictEqual(status, 403, `${first} ${host}`);
      match(json.error.message, /^Refused: the Host header is /);
    }
    const upgrade = await rawRequest(server, ["GET /ws HTTP/1.1", host, ...upgradeFields]);
    strictEqual(upgrade.status, 403, host);
    const body = '{"value": 7}';
    const set = "PUT /api/v1/instruments/methane_mfc/fields/setpoint_entry HTTP/1.1";
    const fields = [set, host, "Content-Type: application/json", `Content-Length: ${body.length}`];
    strictEqual((await rawRequest(server, fields, body)).status, 403, host);
  }
  const two = await rawRequest(server, ["GET / HTTP/1.1", `Host: localhost:${port}`, "Host: attacker.example"]);
  ok(two.status === 400 || two.status === 403, `${two.status}`);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
    strictEqual((await rawRequest(server, ["GET /api/v1/status HTTP/1.1", `Host: ${host}`])).status, 200, host);
  }
  strictEqual(await setpoint(server), "OK 0.0");
});

Deno.test("web: a server that listens everywhere takes addresses, which nobody can rebind, but no strange names", () => {
  const everywhere = ownHosts("0.0.0.0", 2403);
  const named = ownHosts("LabPC.example", 80);
  const called = ownHosts("0.0.0.0", 2403, ["LabPC", "labpc.physics.example"]);
  deepStrictEqual(
    ["labpc:2403", "LABPC.physics.example:2403", "labpc.attacker.example:2403"].map((host) => called(host)),
    [
      true,
      true,
      false,
    ],
  );
  const six = ownHosts("fe80::1", 2403);
  deepStrictEqual(
    ["192.168.1.5:2403", "[fe80::1]:2403", "localhost:2403", "attacker.example:2403", "192.168.1.5", ""].map(
      (host) => everywhere(host),
    ),
    [true, true, true, false, false, false],
  );
  deepStrictEqual(["labpc.example", "labpc.example:80", "other.example", "192.168.1.5"].map((host) => named(host)), [
    true,
    true,
    false,
    false,
  ]);
  deepStrictEqual(["[fe80::1]:2403", "[fe80::2]:2403", "fe80::1:2403"].map((host) => six(host)), [true, false, false]);
});

Deno.test("web: pages of other origins can ask for nothing but what is harmless, and open no WebSocket", async () => {
  await using server = startServer();
  const { port } = server.webServer;
  const host = `Host: 127.0.0.1:${port}`;
  const body = '{"value": 7}';
  const requests: [lines: string[], body?: string][] = [
    [["GET /api/v1/instruments HTTP/1.1", host]],
    [["HEAD /api/v1/status HTTP/1.1", host]],
    [["GET /metrics HTTP/1.1", host]],
    [["GET /api/tempcon/get_temperatures HTTP/1.1", host]],
    [["GET /ws HTTP/1.1", host, ...upgradeFields]],
    [["DELETE /api/v1/instruments/tempcon/control HTTP/1.1", host]],
    [[
      "PUT /api/v1/instruments/methane_mfc/fields/setpoint_entry HTTP/1.1",
      host,
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
    ], body],
  ];
  const strange = [
    "Origin: https://attacker.example",
    "Origin: null",
    `Origin: http://127.0.0.1:${port + 1}`,
    `Origin: https://127.0.0.1:${port}`,
    `Origin: http://localhost:${port}`,
    "Sec-Fetch-Site: cross-site",
    // Another port of this PC.
    "Sec-Fetch-Site: same-site",
  ];
  for (const [lines, sent] of requests) {
    for (const field of strange) {
      const { status } = await rawRequest(server, [...lines, field], sent);
      strictEqual(status, 403, `${lines[0]} with ${field}`);
    }
  }
  // Browsers that send no more than a Referer drive nothing either.
  const driving = requests.filter(([[first]]) => !/^(GET|HEAD)/.test(first!));
  for (const [lines, sent] of driving) {
    const { status, json } = await rawRequest(server, [...lines, "Referer: http://attacker.example/page"], sent);
    deepStrictEqual([status, json.error.message], [
      403,
      'Refused: a page of "http://attacker.example/page" asked for this; only this server\'s own page may',
    ]);
  }
  strictEqual(await setpoint(server), "OK 0.0");
  const own = [[`Origin: http://127.0.0.1:${port}`, "Sec-Fetch-Site: same-origin"], ["Sec-Fetch-Site: none"], []];
  for (const fields of own) {
    strictEqual((await rawRequest(server, ["GET /metrics HTTP/1.1", host, ...fields])).status, 200);
  }
  // A link to the page works from everywhere.
  const link = ["GET / HTTP/1.1", host, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
  strictEqual((await rawRequest(server, link)).status, 200);
});

/** Bodies that scripts send without saying that they are JSON, and what a page's form could send as well. */
const undeclared: readonly (readonly [type: string, body: string])[] = [
  ["", '{"command":"tempcon.set_control_temperature","args":[-90]}'],
  ["text/plain", '{"command":"set_control_temperature","kwargs":{"temperature":-90}}'],
  [
    "application/x-www-form-urlencoded",
    '{"tool":"tempcon","command":"set_control_temperature","args":["-90"],"kwargs":{}}',
  ],
  ["application/x-www-form-urlencoded", "command=tempcon.set_control_temperature&temperature=-90"],
  [
    "application/x-www-form-urlencoded; charset=UTF-8",
    "tool=tempcon&command=set_control_temperature&temperature=%2D90",
  ],
];

Deno.test("azcam's web API: a script's body need not be declared as JSON, a browser's drives nothing that way", async () => {
  await using server = startServer();
  const post = async (type: string, body: string, ...fields: string[]) => {
    const first = ["POST /api HTTP/1.1", `Host: 127.0.0.1:${server.webServer.port}`, `Content-Length: ${body.length}`];
    return await rawRequest(server, [...first, ...(type === "" ? [] : [`Content-Type: ${type}`]), ...fields], body);
  };
  const control = () => server.commandServer.command("tempcon.get_control_temperature");
  const own = `http://127.0.0.1:${server.webServer.port}`;
  const browsers: readonly (readonly [field: string, status: number])[] = [
    ["Origin: https://attacker.example", 403],
    ["Origin: null", 403],
    ["Referer: https://attacker.example/page", 403],
    ["Sec-Fetch-Site: cross-site", 403],
    ["Sec-Fetch-Site: none", 415],
    ["Sec-Fetch-Mode: navigate", 415],
    [`Origin: ${own}`, 415],
    [`Referer: ${own}/`, 415],
  ];
  for (const [type, body] of undeclared) {
    for (const [field, status] of browsers) {
      strictEqual((await post(type, body, field)).status, status, `${type} ${field}`);
    }
    strictEqual(await control(), "OK -100.0");
    const { status, json } = await post(type, body);
    deepStrictEqual([status, json.message, json.data], [200, "Finished", null], body);
    strictEqual(await control(), "OK -90.0");
    await server.commandServer.command("tempcon.set_control_temperature -100");
  }
  // What only reads is read that way too.
  const reads = await post("text/plain", '{"command":"tempcon.get_control_temperature"}', "Sec-Fetch-Mode: cors");
  deepStrictEqual([reads.status, reads.json.data], [200, -100]);
  match(
    (await post("text/plain", undeclared[0]![1], "Sec-Fetch-Mode: cors")).json.message,
    /^Cannot do tempcon\.set_control_temperature by a body of text\/plain from a browser, .*: send it as application\/json/,
  );
  const wrong: readonly (readonly [type: string, body: string])[] = [
    ["", "nothing"],
    ["", "[]"],
    ["", ""],
    ["application/x-www-form-urlencoded", "temperature=-90"],
    ["application/x-www-form-urlencoded", "command=tempcon.set_control_temperature&temperature=-90&nosuch=1"],
    [
      "multipart/form-data; boundary=x",
      '--x\r\nContent-Disposition: form-data; name="command"\r\n\r\nstatus\r\n--x--\r\n',
    ],
  ];
  for (const [type, body] of wrong) strictEqual((await post(type, body)).status, 400, `${type} ${body}`);
  // heliograph's own API is asked by programs that were written for it.
  strictEqual((await ask(server, "POST", "/api/v1/instruments/uv_light/confirm")).status, 415);
  strictEqual(await control(), "OK -100.0");
});

Deno.test({
  name: "azcam's web API: curl and Python's own client ask as they do by themselves",
  ignore: !await canRun("curl") || !await canRun("python3"),
  fn: async () => {
    await using server = startServer();
    const url = `${base(server)}/api`;
    const json = '{"command":"tempcon.set_control_temperature","args":[-91]}';
    const python = "import json, sys, urllib.request as u\n" +
      "print(u.urlopen(u.Request(sys.argv[1], json.dumps(json.loads(sys.argv[2])).encode(), *eval(sys.argv[3]))).read().decode())";
    const asked: readonly (readonly [program: string, args: readonly string[], temperature: string])[] = [
      ["curl", ["-sS", "-d", json, url], "-91.0"],
      ["curl", ["-sS", "-d", "command=set_control_temperature", "-d", "temperature=-92", url], "-92.0"],
      ["curl", ["-sS", "-G", "-d", "temperature=-93", `${url}/tempcon/set_control_temperature`], "-93.0"],
      ["curl", ["-sS", "-H", "Content-Type:", "-d", json, url], "-91.0"],
      // As requests.post(json=…) does, and as urllib does without a word about the type.
      ["python3", ["-c", python, url, json.replace("-91", "-94"), '({"Content-Type": "application/json"},)'], "-94.0"],
      ["python3", ["-c", python, url, json.replace("-91", "-95"), "()"], "-95.0"],
    ];
    for (const [program, args, temperature] of asked) {
      const { stdout, stderr } = await runProgram(program, args);
      strictEqual(JSON.parse(stdout || "{}").message, "Finished", `${args.join(" ")}: ${stdout}${stderr}`);
      strictEqual(await server.commandServer.command("tempcon.get_control_temperature"), `OK ${temperature}`);
    }
  },
});

Deno.test("web: every response forbids what the page does not need, and lets nobody else read or frame it", async () => {
  await using server = startServer();
  const replies = [
    await ask(server, "GET", "/"),
    await ask(server, "HEAD", "/"),
    await ask(server, "GET", "/metrics"),
    await ask(server, "GET", "/api/tempcon/get_temperatures"),
    await ask(server, "GET", "/nothing"),
    await ask(server, "PATCH", "/api"),
    await ask(server, "GET", "/api/v1/status", undefined, { Origin: "https://attacker.example" }),
  ];
  for (const { headers } of replies) {
    match(headers.get("content-security-policy")!, /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/);
    deepStrictEqual(
      ["x-content-type-options", "referrer-policy", "cross-origin-resource-policy", "x-frame-options"]
        .map((name) => headers.get(name)),
      ["nosniff", "no-referrer", "same-origin", "DENY"],
    );
    strictEqual(headers.get("access-control-allow-origin"), null);
    ok(headers.has("cache-control"));
  }
  deepStrictEqual(replies.map(({ status }) => status), [200, 200, 200, 200, 404, 405, 403]);
  strictEqual(replies[1]!.text, "");
});

Deno.test("web: a body that is too long, unfinished or no JSON object is refused, and the next request is answered", async () => {
  await using server = startServer({ limits: { messageBytes: 200, unfinishedMessageSeconds: 0.1 } });
  const head = ["POST /api HTTP/1.1", `Host: 127.0.0.1:${server.webServer.port}`, "Content-Type: application/json"];
  const cases: [name: string, fields: string[], body: string, status: number, code: string][] = [
    ["declared", ["Content-Length: 201"], "x".repeat(201), 413, "message_too_long"],
    ["not declared", ["Transfer-Encoding: chunked"], `c9\r\n${"x".repeat(201)}\r\n0\r\n\r\n`, 413, "message_too_long"],
    ["unfinished", ["Content-Length: 100"], '{"command":', 408, "bad_message"],
    ["unfinished, in pieces", ["Transfer-Encoding: chunked"], "1\r\n{\r\n", 408, "bad_message"],
    ["not JSON", ["Content-Length: 1"], "{", 400, "bad_message"],
    ["a list", ["Content-Length: 2"], "[]", 400, "bad_message"],
    ["no command", ["Content-Length: 2"], "{}", 400, "bad_message"],
  ];
  for (const [name, fields, body, status, code] of cases) {
    const reply = await rawRequest(server, [...head, ...fields], body);
    deepStrictEqual([reply.status, reply.json.error.code], [status, code], name);
    strictEqual((await ask(server, "GET", "/healthz")).status, 200);
  }
  const invalid = await fetch(`${base(server)}/api`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: new Uint8Array([0x7b, 0xff, 0x7d]),
  });
  strictEqual(invalid.status, 400);
  await invalid.body?.cancel();
});

Deno.test("web: no path leads out of the table", async () => {
  await using server = startServer();
  const paths = [
    "/../deno.json",
    "/%2e%2e/deno.json",
    "/..%2fdeno.json",
    "/assets/..%5c..%5cdeno.json",
    "//deno.json",
    "/%00",
    "/index.html",
    "/__proto__",
    "/constructor",
    "/api/v1/instruments/__proto__",
    "/api/v1/instruments/tempcon/fields/constructor",
    "/api/v1/nothing",
  ];
  for (const path of paths) {
    const { status, json } = await rawRequest(server, [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${server.webServer.port}`,
    ]);
    strictEqual(status, 404, path);
    ok(typeof json.error.message === "string");
  }
  const broken = ["GET /%ff HTTP/1.1", `Host: 127.0.0.1:${server.webServer.port}`];
  strictEqual((await rawRequest(server, broken)).status, 400);
});

Deno.test("web: more requests at once than a client may have are refused, and the others are answered", async () => {
  const release = Promise.withResolvers<void>();
  const slow = defineInstrument({
    title: "slow",
    commands: { work: command({ summary: "Works", immediate: true, run: () => release.promise.then(() => 7) }) },
  });
  await using server = startServer({ instruments: [slow], limits: { requestsInFlight: 2 } });
  const work = () => ask(server, "POST", "/api/v1/instruments/slow/commands/work", {});
  using first = await RawClient.connect(server.webServer.port);
  using second = await RawClient.connect(server.webServer.port);
  for (const client of [first, second]) {
    await client.send(
      `POST /api/v1/instruments/slow/commands/work HTTP/1.1\r\nHost: 127.0.0.1:${server.webServer.port}\r\n` +
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    );
  }
  let refused = await work();
  // The other two may not have been read yet.
  while (refused.status === 200) refused = await work();
  deepStrictEqual([refused.status, refused.json.error.code], [429, "too_many_requests"]);
  release.resolve();
  for (const client of [first, second]) {
    strictEqual(parseReply(await client.until((text) => text.includes("value"))).status, 200);
  }
  strictEqual((await work()).status, 200);
});

Deno.test("web: a GET changes something only for a script on this PC, whatever it calls itself", () => {
  const from = (address: string, fields: Record<string, string>) => onlyReads(new Headers(fields), address);
  for (const agent of ["curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64)", "python-requests/2.32"]) {
    strictEqual(from("127.0.0.1", { "User-Agent": agent }), undefined, agent);
    match(from("192.168.1.5", { "User-Agent": agent })!, /^another PC/);
  }
  const browsers: Record<string, string>[] = [
    { "Sec-Fetch-Site": "none" },
    { "Sec-Fetch-Dest": "image" },
    { Referer: "http://attacker.example/" },
    { Origin: "http://127.0.0.1:2403" },
  ];
  for (const fields of browsers) match(from("127.0.0.1", fields)!, /^a browser/, JSON.stringify(fields));
});
