/** The port of all wires by TLS, for heliograph's own programs on other PCs. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { AzcamClient, PyOpticonSocketClient } from "../../../../client/mod.ts";
import { secureConnect } from "../../../../client/secure.ts";
import { preambleProtocol } from "../../../../protocol/pairing.ts";
import { Access } from "../../../../server/access/admit.ts";
import { CertificateMaker } from "../../../../server/access/authority.ts";
import { Doorkeeper } from "../../../../server/access/pairing.ts";
import { Doorway, type DoorwayOptions } from "../../../../server/network/first_byte.ts";
import { within } from "../../../../server/network/within.ts";
import { addressKey, SocketEnder } from "../../../../server/network/socket_ender.ts";
import { secureClient, testCertificates, toldBy } from "../../../certificates.ts";
import { eventually, RawClient, startServer } from "../../../fixture.ts";

/** What Deno does not end there must be ended otherwise. */
const test = (name: string, fn: () => void | Promise<void>) => Deno.test({ name, ignore: !SocketEnder.possible, fn });

const { authority, certificate } = await testCertificates();
const host = "127.0.0.1";
const wait = { timeout: 20 };
const protocols = [preambleProtocol];

/** A server that is reached from everywhere, and knows one token. */
async function openServer(options: Partial<DoorwayOptions> = {}, limits = {}) {
  const access = new Access({ loopback: "token" });
  const token = await access.store.add({ name: "ana", role: "operator" });
  const doorway = new Doorway({ certificate, answers: new Doorkeeper(access), ...options });
  const server = startServer({ host: "0.0.0.0", limits }, { access, doorway });
  return { server, doorway, access, token, port: server.ports.tls! };
}

test("tls port: all wires are served on one port, by a token, without a connection within", async () => {
  const { server: made, token, port } = await openServer();
  await using server = made;
  const tls = { authority: authority.certificate };
  await using line = new AzcamClient({ port, tls, token });
  deepStrictEqual(await line.command("tempcon.get_control_temperature"), ["OK", "-100.0"]);
  await using dashboard = new PyOpticonSocketClient({ socketNumber: port, tls, token, handleErrors: "exception" });
  strictEqual(await dashboard.getField("UV Light", "Status Selection"), "Off");
  const first = { wire: "web", token };
  const { connection, answer } = await secureConnect(host, port, { authority: authority.certificate, first }, wait);
  deepStrictEqual(answer, { ok: true, name: "ana", role: "operator" });
  using web = new RawClient(connection);
  await web.send(
    `GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1:${server.webServer.port}\r\nConnection: close\r\n\r\n`,
  );
  const status = JSON.parse((await web.rest()).split("\r\n\r\n")[1]!);
  deepStrictEqual(
    status.sessions.map(({ protocol, person }: Record<string, string>) => [protocol, person]),
    [["line", "ana"], ["dashboard", "ana"]],
  );
  ok(status.sessions.every(({ address }: { address: string }) => /^127\.0\.0\.1:\d+$/.test(address)));
  ok(status.listeners.some((each: object) => "protocol" in each && each.protocol === "tls"));
});

test("tls port: whoever names no wire, gives a wrong token or speaks no TLS is told why, and serves nobody", async () => {
  const { server: made, token, port } = await openServer();
  await using server = made;
  const refused = async (first: object) => {
    using client = await secureClient(port, { protocols });
    await client.send(`${JSON.stringify(first)}\necho hello\n`);
    const { ok: taken, error } = JSON.parse(await client.rest());
    return [taken, error.code, error.message];
  };
  const told = await toldBy(async () => {
    const which = "line, dashboard, web";
    deepStrictEqual(await refused({ token }), [
      false,
      "bad_message",
      `Cannot serve what follows on this port: “wire” is one of ${which}`,
    ]);
    match((await refused({ token, wire: "telnet" }))[2], /Cannot serve "telnet" on this port/);
    deepStrictEqual((await refused({ token: "hg_wrong", wire: "line" })).slice(0, 2), [false, "no_credential"]);
  });
  ok(told.some((text) => /Refused .*wire/.test(text)) && !told.join().includes("hg_"), told.join("\n"));
  using nobody = await secureClient(port, { protocols });
  strictEqual(await nobody.ask('{"wire":"line"}'), '{"ok":true}');
  match(await nobody.ask("tempcon.get_temperatures"), /^ERROR/);
  await rejects(secureClient(port, { protocols: ["http/1.1"] }), /NoApplicationProtocol/);
  using plain = await RawClient.connect(port);
  await plain.send("echo\n");
  ok(!(await plain.rest()).includes("OK"));
  strictEqual(server.bench.instruments.length > 0, true);
});

test("tls port: what is never finished is ended, counts as a connection, and one too many is told so by TLS", async () => {
  const { server: made, token, port } = await openServer({ seconds: 1 }, { connectionsPerAddress: 3 });
  await using _server = made;
  using silent = await RawClient.connect(port);
  using half = await secureClient(port, { protocols });
  const tls = { authority: authority.certificate };
  await using line = new AzcamClient({ port, tls, token });
  deepStrictEqual(await line.command("echo 1"), ["OK", "1"]);
  await rejects(new AzcamClient({ port, tls, token }).command("echo"), /3 from one address/);
  strictEqual(await half.rest(), "");
  await silent.rest();
  await using next = new AzcamClient({ port, tls, token });
  deepStrictEqual(await next.command("echo 2"), ["OK", "2"]);
});

test("tls port: of handshakes that nobody finishes the oldest give way, and others are served meanwhile", async () => {
  const { server: made, token, port } = await openServer({ seconds: 600 });
  await using _server = made;
  const silent = await Promise.all(Array.from({ length: 80 }, () => RawClient.connect(port)));
  await using line = new AzcamClient({ port, tls: { authority: authority.certificate }, token, timeout: 30 });
  deepStrictEqual(await line.command("echo 1"), ["OK", "1"]);
  strictEqual(await silent[0]!.rest(), "");
  for (const client of silent) client[Symbol.dispose]();
});

test("tls port: a client that reads nothing is ended with its token, and keeps no descriptor", async () => {
  const { server: made, access, token, port } = await openServer();
  await using _server = made;
  const tls = { authority: authority.certificate };
  const first = { wire: "line", token };
  const { connection } = await secureConnect(host, port, { ...tls, first }, wait);
  using stuck = new RawClient(connection);
  const line = `echo ${"x".repeat(60_000)}\n`;
  // The replies are left unread, until nothing more is taken.
  let sending = Promise.resolve(true);
  while (await within(500, sending)) sending = stuck.send(line).then(() => true);
  await access.store.revoke("ana");
  // Sending to what is only closed, and not ended, would wait for ever.
  await rejects(sending);
});

test("tls port: addresses are told apart in whichever way they are written", () => {
  strictEqual(addressKey("10.1.2.3"), "00000000000000000000ffff0a010203");
  strictEqual(addressKey("::ffff:10.1.2.3"), addressKey("10.1.2.3"));
  strictEqual(addressKey("::ffff:a01:203"), addressKey("10.1.2.3"));
  strictEqual(addressKey("::1"), "0".repeat(31) + "1");
  strictEqual(addressKey("fe80::1%eth0"), "fe80" + "0".repeat(27) + "1");
  strictEqual(addressKey("2001:db8:1:2:3:4:5:60"), "20010db8000100020003000400050060");
});

test("tls port: a new certificate is shown to those who come, again and again, and those who are there stay", async () => {
  const { server: made, doorway, token, port } = await openServer();
  await using server = made;
  await using before = new AzcamClient({ port, tls: { authority: authority.certificate }, token });
  await before.command("echo");
  const maker = await CertificateMaker.load();
  for (let count = 0; count < 3; count++) {
    const other = await maker.authority("the same PC, later");
    doorway.show(await maker.certificate(other, ["localhost"]));
    const reached = async () => {
      await using after = new AzcamClient({ port, tls: { authority: other.certificate }, token });
      return (await after.command("echo"))[0];
    };
    // Whoever was waiting at the old one tries again.
    await eventually(() => reached().then((word) => word === "OK", () => false), "the new one is shown");
    deepStrictEqual(await before.command("echo 1"), ["OK", "1"]);
    strictEqual(server.ports.tls, port);
  }
  await rejects(
    new AzcamClient({ port, tls: { authority: authority.certificate }, token }).command("echo"),
    /not of the server that was paired/,
  );
  // Stopping in the middle of a change is no error.
  doorway.show(certificate);
});
