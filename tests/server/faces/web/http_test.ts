/** HTTP/1.1 as it is spoken here: strictly, with an end to everything, and with its turn given up. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { command, defineInstrument, type HeliographServer } from "../../../../mod.ts";
import { Connection } from "../../../../server/network/connection.ts";
import { writeResponse } from "../../../../server/faces/web/response_writer.ts";
import { eventually, RawClient, startServer } from "../../../fixture.ts";
import { ask, parseReply } from "./web_fixture.ts";

const get = (path: string, server: HeliographServer, ...fields: readonly string[]) =>
  [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${server.webServer.port}`, ...fields, "", ""].join("\r\n");

const post = (server: HeliographServer, ...fields: readonly string[]) =>
  [
    "POST /api HTTP/1.1",
    `Host: 127.0.0.1:${server.webServer.port}`,
    "Content-Type: application/json",
    ...fields,
    "",
    "",
  ].join("\r\n");

/** A command that tells what it got. */
const body = '{"command":"tempcon.get_control_temperature"}';
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Sends bytes, and reads all that comes to the connection's end. */
async function all(server: HeliographServer, text: string): Promise<string> {
  using client = await RawClient.connect(server.webServer.port);
  await client.send(text);
  return await client.rest();
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

Deno.test("http: what can be read in two ways is refused, and nothing that follows it is run", async () => {
  await using server = startServer();
  const chunked = "Transfer-Encoding: chunked";
  const hidden = '{"command":"tempcon.set_control_temperature","args":[-42]}';
  const smuggled = post(server, `Content-Length: ${hidden.length}`) + hidden;
  const cases: [what: string, text: string, status: number, message: RegExp][] = [
    ["both lengths", post(server, chunked, "Content-Length: 4") + "0\r\n\r\n", 400, /present with/],
    ["both, the other way round", post(server, "Content-Length: 4", chunked) + "0\r\n\r\n", 400, /present with/],
    ["two lengths", post(server, "Content-Length: 2", "Content-Length: 3") + "{} ", 400, /Duplicate/],
    ["a length twice", post(server, "Content-Length: 2", "Content-Length: 2") + "{}", 400, /Duplicate/],
    ["a list of lengths", post(server, "Content-Length: 2, 2") + "{}", 400, /Content-Length/],
    ["a signed length", post(server, "Content-Length: +2") + "{}", 400, /Content-Length/],
    ["a negative length", post(server, "Content-Length: -2") + "{}", 400, /Content-Length/],
    ["a length in hexadecimal", post(server, "Content-Length: 0x2") + "{}", 400, /Content-Length/],
    ["a huge length", post(server, `Content-Length: ${"9".repeat(30)}`) + "{}", 400, /overflow/],
    ["another coding", post(server, "Transfer-Encoding: gzip, chunked") + "0\r\n\r\n", 501, /must be chunked/],
    ["chunked, but not last", post(server, "Transfer-Encoding: chunked, identity") + "0\r\n\r\n", 400, /Transfer/],
    ["nearly chunked", post(server, "Transfer-Encoding: xchunked") + "0\r\n\r\n", 501, /must be chunked/],
    ["a blank before the colon", post(server, "Transfer-Encoding : chunked") + "0\r\n\r\n", 400, /header field/],
    ["chunked in HTTP/1.0", post(server, chunked).replace("1.1", "1.0") + "0\r\n\r\n", 400, /HTTP\/1\.0 has no/],
    ["a chunk's size with 0x", post(server, chunked) + "0x2\r\n{}\r\n0\r\n\r\n", 400, /chunk size/],
    ["a negative chunk", post(server, chunked) + "-2\r\n{}\r\n0\r\n\r\n", 400, /chunk size/],
    ["a huge chunk", post(server, chunked) + "fffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400, /overflow/],
    ["a chunk that is longer than it says", post(server, chunked) + "2\r\n{}x\r\n0\r\n\r\n", 400, /chunk data/],
    ["chunks that end in LF", post(server, chunked) + "2\n{}\n0\n\n", 400, /CR/],
    ["lines that end in LF", `GET / HTTP/1.1\nHost: x\n\n`, 400, /CRLF/],
    ["a folded field", get("/healthz", server, "X-A: b", " Host: x"), 400, /whitespace/],
    ["a field without a colon", get("/healthz", server, "Host"), 400, /header/],
    ["a bare CR", get("/healthz", server, "X-A: b\rHost: x"), 400, /LF/],
    ["a NUL", get("/healthz", server, "X-A: \0"), 400, /header value/],
    ["HTTP/2", get("/healthz", server).replace("1.1", "2.0"), 505, /HTTP\/1\.1 is spoken here/],
    ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, /as HTTP\/1\.1/],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, /as HTTP\/1\.1/],
    ["a method that is none", get("/healthz", server).replace("GET", "get"), 400, /method/],
    ["a tunnel", get("/healthz", server).replace("GET /healthz", "CONNECT 127.0.0.1:22"), 501, /no proxy/],
    ["a trace", get("/healthz", server).replace("GET", "TRACE"), 501, /no proxy/],
    ["a target that is no path", get("healthz", server), 400, /HTTP|target/],
    ["a long head", get(`/${"x".repeat(20_000)}`, server), 431, /over 16384 bytes or 100 fields/],
    ["many fields", get("/healthz", server, ...new Array(120).fill("A: b")), 431, /over 16384 bytes or 100 fields/],
    ["empty lines for ever", "\r\n".repeat(10_000), 431, /over 16384/],
  ];
  for (const [what, text, status, message] of cases) {
    const replied = await all(server, text + smuggled);
    deepStrictEqual(statuses(replied), [status], what);
    const { headers, json } = parseReply(replied);
    match(json.error.message, message, what);
    strictEqual(headers.get("connection"), "close", what);
    strictEqual(headers.get("x-content-type-options"), "nosniff", what);
  }
  strictEqual(await server.commandServer.command("tempcon.get_control_temperature"), "OK -100.0");
});

Deno.test("http: bodies come with a length or in chunks, cut anywhere, and requests follow one another", async () => {
  await using server = startServer();
  const chunked = post(server, "Transfer-Encoding: chunked");
  const requests = [
    post(server, `Content-Length: ${body.length}`) + body,
    chunked + [...body].map(chunk).join("") + "0\r\nTrailer: x\r\n\r\n",
    chunked + `${body.length.toString(16)};name="value"\r\n${body}\r\n0\r\n\r\n`,
    get("/healthz", server),
    get("/nothing", server),
    get("/healthz", server).replace("GET", "HEAD"),
    get(`http://127.0.0.1:${server.webServer.port}/healthz`, server),
    get("/healthz", server, "Connection: close"),
  ];
  const expected = [200, 200, 200, 200, 404, 200, 200, 200];
  const pipelined = await all(server, requests.join(""));
  deepStrictEqual(statuses(pipelined), expected);
  strictEqual(pipelined.match(/"data":-100\.0/g)!.length, 3);
  using client = await RawClient.connect(server.webServer.port);
  for (const byte of new TextEncoder().encode(requests.join(""))) await client.send(new Uint8Array([byte]));
  deepStrictEqual(statuses(await client.rest()), expected);
});

Deno.test("http: an answer tells its length, HEAD has it too, and the date", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.webServer.port);
  await client.send(get("/api/v1/openapi.json", server));
  const whole = await client.until((text) => text.endsWith("}"));
  const length = Number(parseReply(whole).headers.get("content-length"));
  strictEqual(new TextEncoder().encode(whole.slice(whole.indexOf("\r\n\r\n") + 4)).length, length);
  ok(Date.parse(parseReply(whole).headers.get("date")!) > 0);
  await client.send(get("/api/v1/openapi.json", server).replace("GET", "HEAD") + get("/", server, "Connection: close"));
  const [head] = (await client.rest()).split("\r\n\r\n");
  strictEqual(Number(parseReply(head!).headers.get("content-length")), length);
});

Deno.test("http: a client that asks whether to go on is told so, unless its request is refused", async () => {
  await using server = startServer();
  const fields = [`Content-Length: ${body.length}`, "Expect: 100-continue"];
  using client = await RawClient.connect(server.webServer.port);
  await client.send(post(server, ...fields));
  strictEqual(await client.until((text) => text.endsWith("\r\n\r\n")), "HTTP/1.1 100 Continue\r\n\r\n");
  await client.send(body);
  match(await client.until((text) => text.endsWith("}")), /^HTTP\/1\.1 200 OK\r\n/);
  const refused = await all(server, post(server, ...fields, "Origin: https://attacker.example"));
  deepStrictEqual(statuses(refused), [403]);
});

Deno.test("http: a client of HTTP/1.0 is served, and kept only if it asks for it", async () => {
  await using server = startServer();
  const old = get("/healthz", server).replace("1.1", "1.0");
  deepStrictEqual(statuses(await all(server, old)), [200]);
  const kept = old.replace("\r\n\r\n", "\r\nConnection: keep-alive\r\n\r\n");
  const replies = await all(server, kept + old);
  deepStrictEqual(statuses(replies), [200, 200]);
  match(replies, /\r\nConnection: keep-alive\r\n/);
});

Deno.test("http: half-sent requests are answered with 408 and closed, and silent connections are closed", async () => {
  await using server = startServer({
    limits: { unfinishedHeadSeconds: 0.2, unfinishedMessageSeconds: 0.2, idleSeconds: 0.2 },
  });
  const half = await all(server, get("/healthz", server).slice(0, 20));
  strictEqual(parseReply(half).status, 408);
  match(parseReply(half).json.error.message, /its head was left unfinished for 0.2 s/);
  // Dripped, it has no more time.
  using dripping = await RawClient.connect(server.webServer.port);
  const dripped = dripping.rest();
  for (const byte of get("/healthz", server)) {
    await dripping.send(byte).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  deepStrictEqual(statuses(await dripped), [408]);
  const halfBody = await all(server, post(server, "Content-Length: 10") + "{");
  match(parseReply(halfBody).json.error.message, /its body was left unfinished for 0.2 s/);
  strictEqual(await all(server, ""), "");
  deepStrictEqual(statuses(await all(server, get("/healthz", server))), [200]);
});

Deno.test("http: a body that is refused is answered and not swallowed", async () => {
  await using server = startServer();
  const piece = new TextEncoder().encode(chunk("x".repeat(60_000)));
  for (const head of [post(server, "Transfer-Encoding: chunked"), post(server, "Content-Length: 6442450944")]) {
    using client = await RawClient.connect(server.webServer.port);
    await client.send(head);
    let sent = 0;
    // 6 GiB at most; the server closes long before.
    while (sent < 6 * 2 ** 30) {
      try {
        sent += await client.connection.write(piece);
      } catch {
        break;
      }
    }
    // What the system keeps for a connection, and what a refused client may still send.
    ok(sent < 64 * 2 ** 20, `${sent} bytes were taken`);
  }
  // A client that sends no more than fits reads the answer.
  const reply = await all(server, post(server, "Content-Length: 100000") + "x".repeat(100_000));
  strictEqual(parseReply(reply).status, 413);
  const framing = post(server, "Transfer-Encoding: chunked") + `2;${"x".repeat(60_000)}\r\n{}\r\n0\r\n\r\n`;
  match(parseReply(await all(server, framing)).json.error.message, /hardly more than the framing of its chunks/);
});

Deno.test("http: what was asked is not begun when the client has gone before its turn", async () => {
  const release = Promise.withResolvers<void>();
  let begun = 0;
  const slow = defineInstrument({
    title: "slow",
    commands: {
      work: command({
        summary: "Works",
        run: () => {
          begun++;
          return release.promise;
        },
      }),
    },
  });
  await using server = startServer({ instruments: [slow] });
  const work = post(server, "Content-Length: 23") + '{"command":"slow.work"}';
  using first = await RawClient.connect(server.webServer.port);
  await first.send(work);
  await eventually(() => begun === 1, "the first runs");
  const waiting = async () => (await ask(server, "GET", "/api/v1/status")).json.instruments[0].waiting;
  for (const pieces of [[work], [work.slice(0, -5), work.slice(-5)]]) {
    using gone = await RawClient.connect(server.webServer.port);
    for (const piece of pieces) {
      await gone.send(piece);
      await waiting();
    }
    await eventually(async () => await waiting() > 0, "another one waits");
  }
  // That they have gone is seen before what is asked afterwards.
  for (let count = 0; count < 5; count++) await waiting();
  release.resolve();
  await first.until((text) => text.includes("Finished"));
  await eventually(async () => await waiting() === 0, "nothing waits");
  strictEqual(begun, 1);
});

Deno.test("http: requests are counted by who asks, a name at an address", async () => {
  const release = Promise.withResolvers<void>();
  let begun = 0;
  const slow = defineInstrument({
    title: "slow",
    commands: {
      work: command({
        summary: "Works",
        immediate: true,
        run: () => {
          begun++;
          return release.promise;
        },
      }),
    },
  });
  await using server = startServer({ instruments: [slow], limits: { requestsInFlight: 2 } });
  const work = (name: string) => ask(server, "POST", "/api", { command: "slow.work" }, { "X-Heliograph-Name": name });
  const running = [work("Anna"), work("Anna"), work("Ben")];
  await eventually(() => begun === 3, "three run");
  const { status, json } = await work("Anna");
  deepStrictEqual([status, json.error.code], [429, "too_many_requests"]);
  strictEqual(json.error.message, "Cannot take the request: there are 2 of Anna at one address already");
  release.resolve();
  deepStrictEqual((await Promise.all(running)).map((reply) => reply.status), [200, 200, 200]);
  strictEqual((await work("Anna")).status, 200);
});

Deno.test("http: evaluations of one name never take every sandbox from the others", async () => {
  await using server = startServer({ sandbox: { languages: ["javascript"], atOnce: 2 } });
  const evaluate = (name: string, code: string) =>
    ask(server, "POST", "/api/v1/eval", { code, language: "javascript" }, { "X-Heliograph-Name": name });
  const busy = "(() => { const until = Date.now() + 400; while (Date.now() < until); return 1; })()";
  const order: string[] = [];
  const greedy = Array.from({ length: 12 }, () => evaluate("Greedy", busy).then(() => order.push("Greedy")));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const other = evaluate("Other", "6 * 7").then(({ json }) => {
    order.push("Other");
    return json.value;
  });
  strictEqual(await other, 42);
  await Promise.all(greedy);
  ok(order.indexOf("Other") <= 3, `Other came after ${order.indexOf("Other")}`);
});

Deno.test("http: a flood of requests leaves the other wires their turns", async () => {
  await using server = startServer();
  // A process of its own: this one's event loop is the server's.
  const source = `
    const requests = new TextEncoder().encode(${JSON.stringify(get("/api/v1/instruments", server).repeat(200))});
    const connection = await Deno.connect({ port: ${server.webServer.port} });
    const sink = new Uint8Array(1 << 20);
    (async () => { while (await connection.read(sink) !== null); })();
    console.log("flooding");
    for (;;) for (let at = 0; at < requests.length;) at += await connection.write(requests.subarray(at));`;
  await using flood = new Deno.Command(Deno.execPath(), { args: ["eval", source], stdout: "piped", stderr: "null" })
    .spawn();
  const reader = flood.stdout.getReader();
  await reader.read();
  using client = await RawClient.connect(server.commandServer.port);
  const waits: number[] = [];
  for (let count = 0; count < 50; count++) {
    const asked = performance.now();
    strictEqual(await client.ask("echo"), "OK");
    waits.push(performance.now() - asked);
  }
  flood.kill();
  await reader.cancel();
  waits.sort((one, other) => one - other);
  // Measured: some milliseconds. Without turns: seconds.
  ok(waits[45]! < 500, `${waits[45]} ms`);
});

Deno.test("http: a port whose listener has ended listens again", async () => {
  const listeners: Deno.TcpListener[] = [];
  const { listen } = Deno;
  Deno.listen = ((options: Deno.ListenOptions & { transport?: "tcp" }) => {
    const listener = listen(options);
    listeners.push(listener);
    return listener;
  }) as typeof Deno.listen;
  try {
    await using server = startServer();
    const ports = [server.commandServer, server.dashboardServer, server.webServer].map(({ port }) => port);
    const theirs = () => listeners.filter(({ addr }) => ports.includes(addr.port));
    for (const listener of theirs()) listener.close();
    await eventually(() => theirs().length === 6, "all of them listen again");
    using client = await RawClient.connect(ports[0]!);
    strictEqual(await client.ask("echo"), "OK");
    strictEqual((await ask(server, "GET", "/healthz")).status, 200);
    deepStrictEqual([server.commandServer, server.dashboardServer, server.webServer].map(({ port }) => port), ports);
  } finally {
    Deno.listen = listen;
  }
});

Deno.test("http: idle connections of an address give way to one that asks, and others are told that there is no room", async () => {
  await using server = startServer({ limits: { connectionsPerAddress: 2 } });
  using silent = await RawClient.connect(server.webServer.port);
  using half = await RawClient.connect(server.webServer.port);
  await half.send("GET / HT");
  // Neither may be asked to go yet: the one has just come, the other is in the middle of its request.
  await eventually(async () => {
    const { status, json } = parseReply(await all(server, ""));
    return status === 503 && /there are 2 from one address already/.test(json.error.message);
  }, "a third one is refused");
  await eventually(async () => {
    using client = await RawClient.connect(server.webServer.port);
    await client.send(get("/healthz", server, "Connection: close"));
    return statuses(await client.rest())[0] === 200;
  }, "the silent one gives way");
  strictEqual(await silent.rest(), "");
  await half.send(`TP/1.1\r\nHost: 127.0.0.1:${server.webServer.port}\r\n\r\n`);
  match(await half.until((text) => text.includes("\r\n\r\n")), /^HTTP\/1\.1 200 /);
});

Deno.test("http: a response that comes piece by piece is sent in chunks, or to the end of the connection", async () => {
  const sent = async (modern: boolean): Promise<[text: string, kept: boolean]> => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using client = await RawClient.connect(listener.addr.port);
    const connection = new Connection(await listener.accept(), { queuedBytes: 1000, stuckSeconds: 1 });
    const released = Promise.withResolvers<void>();
    const response = new Response(
      new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("one"));
          await released.promise;
          controller.enqueue(new TextEncoder().encode("three"));
          controller.close();
        },
      }),
    );
    const writing = writeResponse(connection, response, { method: "GET", modern }, true);
    // The first piece does not wait for the second.
    const first = await client.until((text) => text.includes("one"));
    released.resolve();
    const kept = await writing;
    connection.close();
    return [first + await client.rest(), kept];
  };
  const [chunked, kept] = await sent(true);
  match(chunked, /\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n$/);
  const [plain, keptPlain] = await sent(false);
  match(plain, /\r\nConnection: close\r\n\r\nonethree$/);
  deepStrictEqual([kept, keptPlain], [true, false]);
});
