/** The keys of a server: made once, kept for its owner alone, renewed before they end, or given and read again. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { certifiable, CertificateMaker } from "../../../server/access/authority.ts";
import { GivenKeys, OwnKeys } from "../../../server/access/keys.ts";
import type { Certificate } from "../../../server/network/inner_tls.ts";
import { Doorway } from "../../../server/network/first_byte.ts";
import { secureClient, toldBy } from "../../certificates.ts";
import { run } from "../../cli_fixture.ts";
import { preambleProtocol } from "../../../protocol/pairing.ts";
import { eventually, startServer } from "../../fixture.ts";

const day = 86_400_000;
const names = ["lab-pc", "localhost", "127.0.0.1", "::1"];
const maker = await CertificateMaker.load();

Deno.test("keys: made at the first start, the same at the next, and their owner's alone", async () => {
  const folder = join(await Deno.makeTempDir(), "lab.keys");
  try {
    const first = await OwnKeys.open(folder, names);
    const { from, until, names: has } = maker.describe(first.certificate.cert);
    deepStrictEqual([...has].sort(), ["heliograph.internal", ...names].sort());
    ok(from < Date.now() && until > Date.now() + 300 * day && until < Date.now() + 398 * day);
    const second = await OwnKeys.open(folder, names);
    deepStrictEqual(second.certificate, first.certificate);
    // Another name makes another certificate, by the same authority.
    const third = await OwnKeys.open(folder, [...names, "lab-pc.example"]);
    strictEqual(third.authority, first.authority);
    ok(maker.describe(third.certificate.cert).names.includes("lab-pc.example"));
    strictEqual(await Deno.readTextFile(join(folder, "authority.pem")), first.authority);
    const file = join(folder, "keys.pem");
    if (Deno.build.os !== "windows") {
      strictEqual((await Deno.stat(folder)).mode! & 0o777, 0o700);
      strictEqual((await Deno.stat(file)).mode! & 0o777, 0o600);
      await Deno.chmod(file, 0o644);
      await OwnKeys.open(folder, names);
      strictEqual((await Deno.stat(file)).mode! & 0o777, 0o600);
    }
    await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replace(/-----END CERTIFICATE-----/, ""));
    await rejects(OwnKeys.open(folder, names), (error: Error) => {
      match(error.message, /Cannot use the keys in .*keys\.pem.*Put back a copy.*paired anew/);
      ok(!error.message.includes("BEGIN"));
      return true;
    });
  } finally {
    await Deno.remove(join(folder, ".."), { recursive: true });
  }
});

Deno.test("keys: a certificate is renewed before it ends, also while the server runs, by the same authority", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const keys = await OwnKeys.open(folder, names);
    const doorway = new Doorway({ certificate: keys.certificate, authority: keys.authority });
    keys.follow((next) => doorway.show(next));
    await using server = startServer({ host: "0.0.0.0" }, { doorway });
    using before = await secureClient(server.commandServer.port, { authority: keys.authority });
    const { cert } = keys.certificate;
    await keys.look();
    strictEqual(keys.certificate.cert, cert, "it is good for long");
    await keys.look(Date.now() + 300 * day);
    ok(keys.certificate.cert !== cert);
    strictEqual(maker.describe(keys.certificate.cert).until > maker.describe(cert).until, true);
    strictEqual(await before.ask("echo before"), "OK before");
    // By the clock of this PC it is not good yet.
    await rejects(secureClient(server.commandServer.port, { authority: keys.authority }), /invalid peer certificate/);
    keys.stop();
    // A start that late makes one that is good then.
    const later = await OwnKeys.open(folder, names, Date.now() + 300 * day);
    strictEqual(later.authority, keys.authority);
    later.stop();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("keys: those that the operator gives are read again when they change, and only whole", async () => {
  const folder = await Deno.makeTempDir();
  const [cert, key] = [join(folder, "fullchain.pem"), join(folder, "privkey.pem")];
  const write = async (made: Partial<Certificate>) => {
    if (made.cert !== undefined) await Deno.writeTextFile(cert, made.cert);
    if (made.key !== undefined) await Deno.writeTextFile(key, made.key);
  };
  try {
    await rejects(GivenKeys.open(cert, key), /Cannot use the certificate: .*fullchain\.pem is not there/);
    await write({ cert: "hello", key: "hello" });
    await rejects(GivenKeys.open(cert, key), /fullchain\.pem holds no certificate as PEM/);
    const [institute, other] = [await maker.authority("an institute"), await maker.authority("another")];
    await write(await maker.certificate(institute, ["localhost"]));
    const keys = await GivenKeys.open(cert, key);
    strictEqual(keys.authority, undefined);
    const doorway = new Doorway({ certificate: keys.certificate });
    keys.follow((next) => doorway.show(next));
    await using server = startServer({ host: "0.0.0.0" }, { doorway });
    const reaches = async (authority: string) => {
      using client = await secureClient(server.commandServer.port, { authority, name: "localhost" });
      return await client.ask("echo");
    };
    strictEqual(await reaches(institute.certificate), "OK");
    // The port of all wires shows it too, and every later one.
    const reachesAll = async (authority: string) => {
      if (server.ports.tls === undefined) return '{"ok":true}';
      const options = { authority, name: "localhost", protocols: [preambleProtocol] };
      using client = await secureClient(server.ports.tls, options);
      return await client.ask('{"wire":"line"}');
    };
    strictEqual(await reachesAll(institute.certificate), '{"ok":true}');
    const next = await maker.certificate(other, ["localhost"]);
    await write({ cert: "-----BEGIN CERTIFICATE-----\nhalf" });
    await keys.look();
    strictEqual(await reaches(institute.certificate), "OK");
    // One of the two files is still the old one, or the other one's.
    await write({ cert: next.cert });
    await keys.look();
    strictEqual(await reaches(institute.certificate), "OK");
    await write({ key: next.key });
    await keys.look();
    strictEqual(await reaches(other.certificate), "OK");
    await eventually(
      () => reachesAll(other.certificate).then((answer) => answer === '{"ok":true}', () => false),
      "the port of all wires shows it",
    );
    await rejects(reaches(institute.certificate), /invalid peer certificate/);
    keys.stop();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("keys: only what can be a name or an address stands in a certificate", () => {
  deepStrictEqual(certifiable(["Lab-PC", "lab-pc", "10.1.2.3", "fd00::1", "a b", "", "-x", "lab_pc.local", "x."]), [
    "lab-pc",
    "10.1.2.3",
    "fd00::1",
    "lab_pc.local",
  ]);
});

Deno.test("keys: a clock that is set wrong is told at the start, with what to do", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const now = Date.now();
    strictEqual(
      (await toldBy(async () => void await OwnKeys.open(folder, names, now))).join().includes("clock"),
      false,
    );
    for (const wrong of [now - 3000 * day, now + 9000 * day]) {
      const told = await toldBy(async () => void await OwnKeys.open(folder, names, wrong));
      ok(told.some((line) => /The clock of this PC says .*Set the clock right/.test(line)), told.join("\n"));
      ok(!told.join().includes("PRIVATE"));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "keys: a certificate of one's own that cannot be used is told at the start, on this PC alone too",
  // The system's library for serial ports stays loaded.
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const authority = await maker.authority("an institute");
      const [one, other] = [await maker.certificate(authority, names), await maker.certificate(authority, names)];
      const [cert, key, wrong] = ["cert.pem", "key.pem", "wrong.pem"].map((name) => join(folder, name));
      await Deno.writeTextFile(cert!, one.cert);
      await Deno.writeTextFile(key!, one.key);
      await Deno.writeTextFile(wrong!, other.key);
      const start = async (...flags: string[]) => {
        const { code, err } = await run(["server", "--records", "none", ...flags]);
        ok(code !== 0 && !err.includes("BEGIN"), err);
        return err;
      };
      match(await start("--tls-cert", cert!), /--tls-cert and --tls-key belong together/);
      match(await start("--tls-key", key!), /--tls-cert and --tls-key belong together/);
      match(await start("--tls-cert", cert!, "--tls-key", join(folder, "no.pem")), /no\.pem is not there/);
      match(await start("--tls-cert", key!, "--tls-key", key!), /key\.pem holds no certificate as PEM/);
      match(await start("--tls-cert", cert!, "--tls-key", wrong!), /wrong\.pem does not belong to .*cert\.pem/);
      await Deno.writeTextFile(
        join(folder, "lab.json"),
        JSON.stringify({
          instruments: [{ title: "Thermometer", driver: "omega-usb-utc", port: "serial:///dev/ttyUSB0?baud=38400" }],
          tls: { cert: "cert.pem", key: "wrong.pem" },
        }),
      );
      match(await start("--bench", join(folder, "lab.json")), /wrong\.pem does not belong to .*cert\.pem/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
