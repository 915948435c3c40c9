/** Pairing two PCs, driving one from the other, and forwarding its ports. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { AzcamClient, PyOpticonSocketClient } from "../../client/mod.ts";
import { pairWith } from "../../client/pairing.ts";
import { PixelStore } from "../../server/camera/pixel_store.ts";
import { sendImage } from "../../server/camera/image_sender.ts";
import { typedCode } from "../../protocol/pairing.ts";
import { Forwarder } from "../../cli/forwarder.ts";
import { Access } from "../../server/access/admit.ts";
import { AccessStore } from "../../server/access/access_store.ts";
import { CertificateMaker } from "../../server/access/authority.ts";
import { Doorkeeper } from "../../server/access/pairing.ts";
import { Doorway } from "../../server/network/first_byte.ts";
import { toldBy } from "../certificates.ts";
import { run } from "../cli_fixture.ts";
import { eventually, RawClient, startServer } from "../fixture.ts";

const maker = await CertificateMaker.load();
const wait = { timeout: 20 };

/** A server of another PC: nobody is served without TLS, or with TLS and without a token. */
async function otherPc(folder: string) {
  const authority = await maker.authority("the other PC");
  const certificate = await maker.certificate(authority, ["localhost"]);
  const store = new AccessStore({ file: join(folder, "lab.access.json") });
  await store.open();
  // What comes from this PC is taken for another's.
  const access = new Access({ store, loopback: "token" });
  const doorway: Doorway = new Doorway({
    certificate,
    authority: authority.certificate,
    servesPlain: () => false,
    answers: new Doorkeeper(access, authority.certificate, () => ({ title: "the lab", ports: server.ports })),
  });
  const images = { port: 0, folder: join(folder, "images") };
  const server = startServer({ host: "0.0.0.0", images }, { access, doorway });
  return { server, store };
}

Deno.test("pairing: by one code, once, another PC gets a token, and drives by it until it is revoked", async () => {
  const folder = await Deno.makeTempDir();
  const home = { serversFile: join(folder, "home", "servers.json") };
  try {
    const { server, store } = await otherPc(folder);
    await using _server = server;
    const bench = join(folder, "lab.json");
    await Deno.writeTextFile(bench, '{"instruments": []}');
    const shown = await run(["pair", "notebook", "--bench", bench, "--json"]);
    strictEqual(shown.code, 0, shown.err);
    const { code, seconds } = JSON.parse(shown.out);
    match(code, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    strictEqual(seconds, 300);
    ok(!(await Deno.readTextFile(store.file!)).includes(code), "the code itself is kept nowhere");
    await eventually(() => store.invitations("pairing").length === 1, "the running server knows the code");
    const port = String(server.dashboardServer.port);
    const connect = (typed: string) => run(["connect", "127.0.0.1", typed, "--port", port, "--as", "lab"], home);
    const wrong = await connect(code.replace(/^./, code.startsWith("7") ? "8" : "7"));
    strictEqual(wrong.code !== 0, true);
    match(wrong.err, /The code is wrong, has been used or is too old/);
    await rejects(Deno.stat(home.serversFile), Deno.errors.NotFound);
    // As people type it.
    const paired = await connect(code.toLowerCase().replaceAll("-", " "));
    strictEqual(paired.code, 0, paired.err);
    match(paired.out, /Paired with the lab on 127\.0\.0\.1: this PC is notebook there, and may do what operator may/);
    match((await connect(code)).err, /has been used/);
    if (Deno.build.os !== "windows") strictEqual((await Deno.stat(home.serversFile)).mode! & 0o777, 0o600);
    const { lab } = JSON.parse(await Deno.readTextFile(home.serversFile));
    for (const text of [paired.out, paired.err, wrong.err]) ok(!text.includes(lab.token));

    const listed = await run(["list", "--server", "lab"], home);
    strictEqual(listed.code, 0, listed.err);
    match(listed.out, /tempcon/);
    const line = await run(["command", "tempcon.get_control_temperature", "--server", "lab"], home);
    match(line.out, /^OK -100/);
    match(
      (await run(["list", "--server", "lba"], home)).err,
      /Cannot reach .*By “heliograph connect”, this PC was paired with .*\(did you mean lab\?\)/,
    );
    match((await run(["list", "--server", "lab"])).err, /[Tt]his PC was paired with none yet/);
    const completed = await run(["__complete", "list", "--server", ""], home);
    ok(completed.code === 0);

    await store.revoke("notebook");
    match((await run(["list", "--server", "lab"], home)).err, /token is wrong, or is not valid any more/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("pairing: a code that is too old, and whoever stands between, are refused and told, and nothing is kept", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { server, store } = await otherPc(folder);
    await using _server = server;
    const { port } = server.dashboardServer;
    const [old, code] = ["AAAA-AAAA-AAAA-AAAA", "BBBB-BBBB-BBBB-BBBB"];
    const grant = { kind: "pairing", role: "operator" } as const;
    await store.invite({ ...grant, name: "late", seconds: 0 }, old);
    await store.invite({ ...grant, name: "notebook", seconds: 300 }, code);
    const told = await toldBy(async () => {
      await rejects(pairWith("127.0.0.1", port, old, wait), /too old/);
    });
    ok(told.some((line) => /^Refused .*pairing code.* from .*127\.0\.0\.1/.test(line)), told.join("\n"));
    ok(!told.join().includes("AAAA"), "no code in the log");

    // Somebody between: another authority, and every byte within TLS carried to the real one and back.
    const authority = await maker.authority("the other PC");
    const certificate = await maker.certificate(authority, ["localhost"]);
    const between = new Access({ store: new AccessStore() });
    await between.store.invite({ ...grant, name: "notebook", seconds: 300 }, "CCCC-CCCC-CCCC-CCCC");
    const doorway = new Doorway({
      certificate,
      authority: authority.certificate,
      servesPlain: () => false,
      answers: new Doorkeeper(between, authority.certificate),
    });
    await using stranger = startServer({ host: "0.0.0.0" }, { access: between, doorway });
    await rejects(pairWith("127.0.0.1", stranger.dashboardServer.port, code, wait), /another PC answers/);
    strictEqual(store.people.length, 0);

    const paired = await pairWith("127.0.0.1", port, code, wait);
    deepStrictEqual([paired.name, paired.role, paired.title], ["notebook", "operator", "the lab"]);
    // Whoever shows another authority later is not spoken with.
    await using client = new AzcamClient({
      port: stranger.commandServer.port,
      tls: { authority: paired.authority! },
      token: paired.token,
    });
    await rejects(client.command("echo"), /not of the server that was paired/);
    await using real = new AzcamClient({
      port: server.commandServer.port,
      tls: { authority: paired.authority! },
      token: paired.token,
    });
    deepStrictEqual(await real.command("echo 1"), ["OK", "1"]);
    await using dashboard = new PyOpticonSocketClient({
      socketNumber: port,
      tls: { authority: paired.authority! },
      token: paired.token,
      handleErrors: "exception",
    });
    strictEqual(await dashboard.getField("UV Light", "Status Selection"), "Off");
    strictEqual(typedCode("o1l i-abcd"), "0111-ABCD");
    await rejects(new AzcamClient({ token: paired.token }).command("echo"), /without TLS/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("forward: programs that know no TLS drive another PC, byte for byte as if it were here", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { server, store } = await otherPc(folder);
    await using _server = server;
    const code = "BBBB-BBBB-BBBB-BBBB";
    await store.invite({ kind: "pairing", name: "notebook", role: "operator", seconds: 300 }, code);
    const { authority, token } = await pairWith("127.0.0.1", server.webServer.port, code, wait);
    const target = ({ port }: { readonly port: number }) => ({
      host: "127.0.0.1",
      port,
      tls: { authority: authority! },
      token,
    });
    // Where there is a port of all wires, most of them go there.
    const all = server.ports.tls === undefined ? undefined : { port: server.ports.tls };
    const told: string[] = [];
    const forwarder = new Forwarder(20, (text) => told.push(text));
    forwarder.start([
      { wire: "line", port: 0, flag: "--command-port", target: target(all ?? server.commandServer) },
      { wire: "dashboard", port: 0, flag: "--dashboard-port", target: target(server.dashboardServer) },
      { wire: "web", port: 0, flag: "--web-port", target: target(all ?? server.webServer) },
      {
        wire: "image",
        port: 0,
        flag: "--image-port",
        target: target(all ?? server.imageServer!),
      },
    ]);
    // What azcam sends from here is written there.
    const file = join(folder, "m31.fits");
    await Deno.writeTextFile(file, "an image");
    const pixels = new PixelStore([folder]);
    await pixels.start();
    const image = { store: pixels, overwrite: false, kind: "fits", columns: 0, rows: 0, display: false } as const;
    const send = (name: string) =>
      sendImage({ ...image, host: "127.0.0.1", port: forwarder.port("image")!, file, name });
    await send("m31.fits");
    strictEqual(await Deno.readTextFile(join(folder, "images", "m31.fits")), "an image");
    const ports = (["line", "dashboard", "web"] as const).map((wire) => forwarder.port(wire)!);
    const [linePort, dashboardPort, webPort] = ports as [number, number, number];
    // What azcam's own console sends, and what PyOpticon's own client sends: one object, no line end, one piece back.
    using line = await RawClient.connect(linePort);
    strictEqual(await line.ask("tempcon.set_control_temperature -90"), "OK");
    strictEqual(await line.ask("tempcon.get_control_temperature"), "OK -90.0");
    using legacy = await RawClient.connect(dashboardPort);
    await legacy.send(
      '{"cmd": "Get", "widget_nickname": "UV Light", "field_name": "Status Selection", "printout": true}',
    );
    strictEqual(await legacy.until((text) => text !== ""), "Off");
    const page = await fetch(`http://127.0.0.1:${webPort}/`);
    strictEqual(page.status, 200);
    await page.body?.cancel();
    const status = await (await fetch(`http://localhost:${webPort}/api/v1/status`)).json();
    ok(status.sessions.every(({ name }: { name: string }) => name === "notebook"), "everybody is who the token says");
    const foreign = await fetch(`http://127.0.0.1:${webPort}/api/v1/status`, {
      headers: { Origin: "http://evil.example" },
    });
    strictEqual(foreign.status, 403);
    await foreign.body?.cancel();
    const socket = new WebSocket(`ws://127.0.0.1:${webPort}/ws`);
    const answered = Promise.withResolvers<string>();
    socket.onopen = () => socket.send('{"id":1,"cmd":"Ping"}');
    socket.onmessage = ({ data }) => answered.resolve(data);
    socket.onerror = () => answered.reject(new Error("the WebSocket failed"));
    match(await answered.promise, /"ok":true/);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
    // A role that may not stop the server may not do so from here either.
    match(await line.ask("exit"), /^ERROR/);
    await store.revoke("notebook");
    strictEqual(await line.rest(), "", "its connections end");
    using late = await RawClient.connect(linePort);
    match(await late.rest(), /^ERROR .*token is wrong, or is not valid any more.*\r\n$/);
    using lateLegacy = await RawClient.connect(dashboardPort);
    match(await lateLegacy.rest(), /^Error: .*token/);
    await rejects(send("m32.fits"));
    pixels.stop();
    strictEqual((await (await fetch(`http://127.0.0.1:${webPort}/`)).text()).includes("token"), true);
    ok(told.length >= 2 && told.every((text) => !text.includes(token)));
    legacy[Symbol.dispose]();
    await forwarder.stop();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
