/** `heliograph fleet join` and `fleet check`: each thing that can be wrong, with a real NATS server, and what to do. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { NatsConnectionImpl } from "npm:@nats-io/nats-core@3.4.0/internal";
import { protocolNumber, subjects } from "../../protocol/fleet.ts";
import { CertificateMaker } from "../../server/access/authority.ts";
import { run } from "../cli_fixture.ts";
import { localName as host } from "../fixture.ts";
import { hasNats, NatsServer } from "../nats.ts";
import { nameForOthers } from "../other_program.ts";
import { inFolder } from "../server/guards/lab.ts";

const bench = `{
  // Of the cold lab.
  "name": "Cold lab",
  "instruments": [{ "title": "Tempcon", "driver": "simulated-tempcon" }]
}
`;

Deno.test({
  name: "cli: fleet join puts the words into a bench file, and fleet check finds what is wrong and says what to do",
  ignore: !hasNats,
  fn: () =>
    inFolder(async (folder) => {
      const lab = join(folder, "lab-fleet");
      strictEqual((await run(["fleet", "init", lab, "--broker", `${host}:1`, "cold-lab", "warm-lab"])).code, 0);
      const configuration = join(lab, "nats-server.conf");
      await Deno.writeTextFile(configuration, (await Deno.readTextFile(configuration)).replace("port: 1\n", ""));
      const file = join(folder, "bench.json");
      await Deno.writeTextFile(file, bench);
      const check = async (...words: string[]) => {
        const { code, out, err } = await run(["fleet", "check", "--bench", file, ...words]);
        return { code, out: out + err };
      };
      match((await check()).out, /says nothing of a fleet: “heliograph fleet join FOLDER --bench/);
      match((await run(["fleet", "join", "--bench", file])).err, /give the folder that “fleet init” made for this PC/);
      match((await run(["fleet", "join", lab, "--bench", file])).err, /is not as “fleet init” writes it for a PC/);
      match((await run(["fleet", "join", join(folder, "no"), "--bench", file])).err, /There is no file .*fleet\.json/);

      await using broker = await NatsServer.start(["--config", "nats-server.conf"], lab);
      const address = `tls://${host}:${broker.port}`;
      const joined = await run(["fleet", "join", join(lab, "cold-lab"), address, "--bench", file]);
      strictEqual(joined.code, 0, joined.out + joined.err);
      match(joined.out, /is in the fleet as cold-lab once its server is started again\. Remove .* now/);
      match(
        joined.out,
        /well +tls:\/\/(?:localhost|127\.0\.0\.1):\d+ answers, and has proved itself, and lets this PC in/,
      );
      match(joined.out, /well +cold-lab may speak in its own name/);
      match(joined.out, /note +No other PC is there; where this broker is a site's own, its log says whether/);
      const text = await Deno.readTextFile(file);
      match(text, /\/\/ Of the cold lab\./, "the rest stays as it was written");
      const words = {
        broker: address,
        name: "cold-lab",
        credentials: "fleet.seed",
        authority: "fleet-authority.pem",
      };
      const set = async (changed: object) => {
        const fleet = Object.fromEntries(
          Object.entries({ ...words, ...changed }).filter(([, value]) => value !== undefined),
        );
        await Deno.writeTextFile(file, JSON.stringify({ ...JSON.parse(bench.replace(/\/\/.*/, "")), fleet }));
      };
      const wrong = async (changed: object, message: RegExp) => {
        await set(changed);
        const { code, out } = await check();
        match(out, message);
        match(out, /^wrong|\nwrong/);
        strictEqual(code, 1);
      };
      const own = JSON.parse(text.replace(/\/\/.*/, "")).fleet;
      deepStrictEqual(own, words);

      await wrong(
        { broker: "tls://no-such-host.invalid:4222" },
        /has a name that nobody knows: look how it is written/,
      );
      await wrong(
        { broker: `tls://${host}:1` },
        /nothing listens at tls:\/\/(?:localhost|127\.0\.0\.1):1: start nats-server there/,
      );
      await wrong(
        { authority: undefined },
        /did not prove itself by an authority that this PC trusts: say "authority"/,
      );
      await wrong({ credentials: undefined }, /lets nobody in without credentials: say "credentials"/);
      await wrong({ credentials: "none.seed" }, /Cannot read the fleet's credentials, .*none\.seed/);
      // Its own credentials, and the name of another.
      await wrong(
        { name: "warm-lab" },
        /Publish to "heliograph\.v1\.here\.warm-lab".* it is another PC's, or the broker's/,
      );
      // What the broker does not know.
      const other = join(folder, "other-fleet");
      strictEqual((await run(["fleet", "init", other, "--broker", `${host}:1`, "cold-lab"])).code, 0);
      await wrong(
        { credentials: join(other, "cold-lab", "fleet.seed") },
        /does not take the credentials in .*fleet\.seed: give the ones that were made for it, or have the broker read/,
      );
      const twice = await run(["fleet", "join", join(other, "cold-lab"), "--bench", file]);
      match(twice.err, /fleet\.seed is there already, and is another one: move it away first/);

      // Certificates: of another time, and of another name.
      const maker = await CertificateMaker.load();
      const began = Date.now() - 5 * 365 * 86_400_000;
      for (
        const [name, now, message] of [
          [host, began, /the certificate of .* has expired on 20\d\d-\d\d-\d\d: .*set this PC's clock/],
          ["nats.lab", Date.now(), /the certificate of .* is for nats\.lab: call it so in "broker"/],
        ] as const
      ) {
        const authority = await maker.authority("a fleet", now);
        const { cert, key } = await maker.certificate(authority, [name], now);
        const files = ["c.pem", "k.pem", "a.pem"].map((each) => join(folder, each)) as [string, string, string];
        for (const [at, each] of [cert, key, authority.certificate].entries()) {
          await Deno.writeTextFile(files[at]!, each);
        }
        await using dated = await NatsServer.start([
          "--tls",
          "--tlscert",
          nameForOthers(files[0]),
          "--tlskey",
          nameForOthers(files[1]),
        ]);
        await wrong({ broker: `tls://${host}:${dated.port}`, authority: files[2], credentials: undefined }, message);
      }

      // One that closes without a word.
      using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const serving = (async () => {
        using connection = await silent.accept();
        await connection.write(
          new TextEncoder().encode('INFO {"server_id":"x","version":"2.10.0","max_payload":1024}\r\n'),
        );
        await connection.read(new Uint8Array(1024));
      })();
      await wrong(
        {
          broker: `nats://127.0.0.1:${(silent.addr as Deno.NetAddr).port}`,
          authority: undefined,
          credentials: undefined,
        },
        /closed the connection as this PC came in: its log says why/,
      );
      await serving;

      // Without TLS; beside a PC whose clock is off, one that is newer, and one that has the name.
      await using plain = await NatsServer.start();
      await wrong({ broker: `tls://127.0.0.1:${plain.port}` }, /does not speak TLS, and tls:\/\/ was asked for/);
      const connection = await NatsConnectionImpl.connect({ servers: `127.0.0.1:${plain.port}` });
      try {
        const presence = (name: string, more: object = {}) =>
          JSON.stringify({
            ...{ name, instance: name, title: `${name} bench`, version: "0.0.1", started: "2026-01-01T00:00:00Z" },
            ...{ now: new Date().toISOString(), bench: 0, instruments: [], trouble: "", leaves: false, unknown: [1] },
            ...more,
          });
        connection.subscribe(subjects.who("*"), {
          callback: () => {
            const behind = new Date(Date.now() - 65_000).toISOString();
            connection.publish(subjects.here("late-lab"), presence("late-lab", { now: behind }));
            const protocol = protocolNumber + 1;
            connection.publish(subjects.here("newer-lab"), presence("newer-lab", { version: "9.0.0", protocol }));
          },
        });
        connection.subscribe(subjects.name("cold-lab"), {
          callback: (_, message) => void message.respond(presence("cold-lab")),
        });
        await connection.flush();
        const open = { broker: `nats://127.0.0.1:${plain.port}`, credentials: undefined, authority: undefined };
        await wrong(
          open,
          /The clock of late-lab is 6\d(?:\.\d)? s behind this PC's: let both be set by the network's time/,
        );
        const { out } = await check();
        match(out, /note +Whoever is on the way to the broker reads along/);
        match(out, /note +A PC is called cold-lab already: the one of cold-lab bench.*give this one another name/);
        match(out, /note +newer-lab knows more of fleets than this version/);
        match(out, /note +late-lab has heliograph 0\.0\.1, and this PC /);
        const told = JSON.parse((await check("--json")).out) as { state: string }[];
        ok(told.some(({ state }) => state === "wrong"));
      } finally {
        await connection.close();
      }
    }),
});
