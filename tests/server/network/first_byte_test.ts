/** Ports that other PCs reach: TLS and plain bytes on one port, told apart by the first byte. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { Admission, Capacity } from "../../../server/network/admission.ts";
import { Doorway, type DoorwayOptions } from "../../../server/network/first_byte.ts";
import { preambleProtocol } from "../../../protocol/pairing.ts";
import { Access } from "../../../server/access/admit.ts";
import { clientDescriptors, defaultLimits, limitsWithin } from "../../../server/access/limits.ts";
import { Doorkeeper } from "../../../server/access/pairing.ts";
import { CertificateMaker } from "../../../server/access/authority.ts";
import { secureClient, testCertificates } from "../../certificates.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";

const { certificate } = await testCertificates();

/** A server that is reached from everywhere; what comes from this PC may be taken for another's. */
function openServer(options: Partial<DoorwayOptions> = {}, limits = {}) {
  const doorway = new Doorway({ certificate, ...options });
  return { server: startServer({ host: "0.0.0.0", limits }, { doorway }), doorway };
}

const nobodyPlain = { servesPlain: () => false };

Deno.test("first byte: every wire is served by TLS, and without it to this PC alone", async () => {
  const { server: made } = openServer();
  await using server = made;
  const { commandServer, dashboardServer, webServer } = server;
  for (const connect of [RawClient.connect, secureClient]) {
    using line = await connect(commandServer.port);
    strictEqual(await line.ask("echo hello"), "OK hello");
    // Long enough for several records of TLS, both ways.
    const long = "x".repeat(60_000);
    strictEqual(await line.ask(`echo ${long}`), `OK ${long}`);
    using framed = await connect(dashboardServer.port);
    deepStrictEqual((await framed.request({ id: 1, cmd: "Ping" })).ok, true);
    using web = await connect(webServer.port);
    await web.send(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${webServer.port}\r\n\r\n`);
    match(await web.until((text) => text.includes("\r\n\r\n")), /^HTTP\/1\.1 200/);
  }
  const { sessions } = await (await fetch(`http://127.0.0.1:${webServer.port}/api/v1/status`)).json();
  ok(sessions.every(({ address }: { address: string }) => /^127\.0\.0\.1:\d+$/.test(address)), "the true address");
});

Deno.test("first byte: whoever may not come without TLS is told in the words of the wire, and nothing is run", async () => {
  const { server: made } = openServer(nobodyPlain);
  await using server = made;
  const { commandServer, dashboardServer, webServer } = server;
  const answers = async (port: number, text: string) => {
    using client = await RawClient.connect(port);
    await client.send(text);
    return await client.rest();
  };
  match(
    await answers(commandServer.port, "exit\n"),
    /^ERROR Refused: without TLS only this PC .*heliograph connect.*\r\n$/,
  );
  match(await answers(dashboardServer.port, '{"cmd":"Get"}'), /^Error: Refused: without TLS/);
  const host = `lab-pc:${webServer.port}`;
  const sent = await answers(webServer.port, `GET /?view=a&b HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  match(sent, /^HTTP\/1\.1 307 /);
  ok(sent.includes(`\r\nLocation: https://${host}/?view=a&b\r\n`), sent);
  ok(sent.endsWith(`<a href="https://${host}/?view=a&amp;b">https://${host}/?view=a&amp;b</a>`), sent);
  match(
    await answers(webServer.port, `GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer hg_x\r\n\r\n`),
    /^HTTP\/1\.1 426 [\s\S]*"not_allowed"/,
  );
  match(await answers(webServer.port, "POST / HTTP/1.1\r\nHost: a\r\n\r\n"), /^HTTP\/1\.1 426 /);
  match(await answers(webServer.port, 'GET / HTTP/1.1\r\nHost: a"><b\r\n\r\n'), /^HTTP\/1\.1 426 /);
  strictEqual(server.bench.instruments.length > 0 && commandServer.port > 0, true);
  using line = await secureClient(commandServer.port);
  strictEqual(await line.ask("echo still there"), "OK still there");
});

Deno.test("first byte: another server's name, another authority and a client that wants another protocol do not connect", async () => {
  const { server: made } = openServer();
  await using server = made;
  const { port } = server.commandServer;
  const stranger = await (await CertificateMaker.load()).authority("another PC");
  await rejects(secureClient(port, { authority: stranger.certificate }), /invalid peer certificate/);
  await rejects(secureClient(port, { name: "other.example" }), /not valid for name/i);
  await rejects(secureClient(port, { protocols: ["smtp"] }), /NoApplicationProtocol/);
  using line = await secureClient(port, { protocols: ["h2", "http/1.1"] });
  strictEqual(await line.ask("echo"), "OK");
});

Deno.test("first byte: a handshake that is never finished counts among the connections, and ends", async () => {
  const { server: made } = openServer({ ...nobodyPlain, seconds: 1 }, { connectionsPerAddress: 3 });
  await using server = made;
  const { port } = server.commandServer;
  using silent = await RawClient.connect(port);
  using half = await RawClient.connect(port);
  await half.send(new Uint8Array([0x16, 0x03, 0x01]));
  using line = await secureClient(port);
  strictEqual(await line.ask("echo"), "OK");
  using fourth = await RawClient.connect(port);
  match(await fourth.rest(), /3 from one address/);
  // Both are ended, and their places are free again.
  strictEqual(await silent.rest(), "");
  await half.rest();
  using fifth = await secureClient(port);
  strictEqual(await fifth.ask("echo"), "OK");
});

Deno.test("first byte: whoever dials the TLS listener within is dropped", async () => {
  const { listenTls } = Deno;
  let inner = 0;
  Deno.listenTls = ((options: Parameters<typeof listenTls>[0]) => {
    const listener = listenTls(options);
    if (inner === 0) inner = listener.addr.port;
    return listener;
  }) as typeof listenTls;
  let opened: ReturnType<typeof openServer>;
  try {
    opened = openServer();
  } finally {
    Deno.listenTls = listenTls;
  }
  await using server = opened.server;
  using stranger = await secureClient(inner);
  strictEqual(await stranger.rest(), "", "it ends without a word");
  using line = await secureClient(server.commandServer.port);
  strictEqual(await line.ask("echo"), "OK");
});

Deno.test("first byte: what a client has said last is served, and a connection that breaks runs nothing of half a line", async () => {
  const { server: made } = openServer();
  await using server = made;
  const { port } = server.commandServer;
  using finished = await secureClient(port);
  await finished.send("echo 1\necho 2\n");
  await finished.connection.closeWrite();
  strictEqual(await finished.rest(), "OK 1\r\nOK 2\r\n");
  using said = await secureClient(port);
  await said.send("closeconnection\n");
  match(await said.rest(), /^OK/);
  const sessions = async () => {
    using asking = await RawClient.connect(port);
    return JSON.parse((await asking.ask("status")).slice(3)).sessions.length as number;
  };
  const broken = await Promise.all(Array.from({ length: 8 }, () => secureClient(port)));
  for (const client of broken) await client.ask("echo");
  strictEqual(await sessions(), 9);
  for (const client of broken) client[Symbol.dispose]();
  await eventually(async () => await sessions() === 1, "those who left are forgotten");
});

Deno.test({
  name: "first byte: a client that reads nothing is not read from, and is dropped in the end",
  // On Deno 2.4 a blocked write stays pending when its connection is closed.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const { server: made } = openServer({}, { queuedBytes: 100_000, stuckSeconds: 1 });
    await using server = made;
    const { port } = server.commandServer;
    const client = await secureClient(port);
    strictEqual(await client.ask("echo"), "OK");
    const line = `echo ${"x".repeat(60_000)}\n`;
    let sent = 0;
    // The replies are left unread: what is sent is not taken for ever.
    const sending = (async () => {
      for (; sent < 2000; sent++) await client.send(line);
    })().catch(() => {});
    await eventually(async () => {
      using asking = await RawClient.connect(port);
      return JSON.parse((await asking.ask("status")).slice(3)).sessions.length === 1;
    }, "it was dropped");
    ok(sent < 2000);
    client[Symbol.dispose]();
    void sending;
  },
});

Deno.test("first byte: a new certificate is shown to those who come, and those who are there stay", async () => {
  const { server: made, doorway } = openServer();
  await using server = made;
  const { port } = server.commandServer;
  using before = await secureClient(port);
  const maker = await CertificateMaker.load();
  const other = await maker.authority("the same PC, later");
  doorway.show(await maker.certificate(other, ["localhost"]));
  using after = await secureClient(port, { authority: other.certificate });
  strictEqual(await after.ask("echo after"), "OK after");
  strictEqual(await before.ask("echo before"), "OK before");
  await rejects(secureClient(port), /invalid peer certificate/);
});

Deno.test("first byte: a token is given before any wire's first byte, and an unknown one is refused", async () => {
  const access = new Access();
  const token = await access.store.add({ name: "ana", role: "operator" });
  const doorway = new Doorway({ certificate, ...nobodyPlain, answers: new Doorkeeper(access) });
  await using server = startServer({ host: "0.0.0.0" }, { access, doorway });
  const protocols = [preambleProtocol];
  for (const { port } of [server.commandServer, server.webServer]) {
    using client = await secureClient(port, { protocols });
    deepStrictEqual(JSON.parse(await client.ask(`{"token":"${token}"}`)), { ok: true, name: "ana", role: "operator" });
  }
  using line = await secureClient(server.commandServer.port, { protocols });
  // Both lines in one piece: what follows the first is the wire's own.
  await line.send(`{"token":"${token}"}\necho hello\n`);
  deepStrictEqual((await line.lines(2)).slice(1), ["OK hello"]);
  using wrong = await secureClient(server.commandServer.port, { protocols });
  await wrong.send('{"token":"hg_wrong"}\necho hello\n');
  const { ok: taken, error } = JSON.parse(await wrong.rest());
  deepStrictEqual([taken, error.code], [false, "no_credential"]);
  ok(!error.message.includes("hg_"), "no token in an error");
  using strange = await secureClient(server.commandServer.port, { protocols });
  await strange.send("echo hello\n");
  match(await strange.rest(), /"bad_message"/);
  using long = await secureClient(server.commandServer.port, { protocols });
  await long.send("x".repeat(20_000));
  match(await long.rest(), /"message_too_long"/);
  using nameless = await secureClient(server.commandServer.port, { protocols });
  deepStrictEqual(JSON.parse(await nameless.ask("{}")), { ok: true });
});

Deno.test("first byte: clients that take three descriptors each, and one each, have no more together than there are", () => {
  strictEqual(clientDescriptors(20_000, 10), 20_000 - 96 - 20);
  strictEqual(limitsWithin({}, 40_000).connections, defaultLimits.connections);
  strictEqual(limitsWithin({}, 900, 3).connections, 900);
  strictEqual(limitsWithin({}, 900, 3).connectionsPerAddress, 100, "a third of what there may be of the dear ones");
  strictEqual(limitsWithin({ connections: 100 }, 19_884, 3).connections, 100);
  const capacity = new Capacity(100, 10);
  const dear = new Admission({ what: "the connection", mostPerAddress: 100, capacity, descriptors: 3 });
  const cheap = new Admission({ what: "the connection", mostPerAddress: 100, capacity });
  for (let count = 0; count < 3; count++) strictEqual(dear.enter("10.0.0.1"), undefined);
  match(dear.enter("10.0.0.1")!.message, /already/);
  strictEqual(cheap.enter("10.0.0.1"), undefined);
  match(cheap.enter("10.0.0.1")!.message, /already/);
  dear.leave("10.0.0.1");
  for (let count = 0; count < 3; count++) strictEqual(cheap.enter("10.0.0.1"), undefined);
});
