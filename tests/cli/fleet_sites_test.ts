/** A fleet of several sites as the document sets it up: brokers that are leaf nodes of the main one, by real NATS servers. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { NatsConnectionImpl, nkeyAuthenticator } from "npm:@nats-io/nats-core@3.4.0/internal";
import { type FleetDescription, subjects } from "../../protocol/fleet.ts";
import { run } from "../cli_fixture.ts";
import { codeBlocks } from "../documents.ts";
import { eventually } from "../fixture.ts";
import { hasNats, NatsServer } from "../nats.ts";
import { gauge, Pc } from "../server/fleet/pc.ts";
import { inFolder } from "../server/guards/lab.ts";

const host = "127.0.0.1";

/** A port that nobody has. */
function freePort(): number {
  using listener = Deno.listen({ hostname: host, port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

async function change(file: string, from: string, to: string): Promise<void> {
  const text = await Deno.readTextFile(file);
  ok(text.includes(from), `${file} has ${from}`);
  await Deno.writeTextFile(file, text.replace(from, to));
}

/** Runs what the document says, with addresses of this machine. */
async function init(lab: string, line: string): Promise<string> {
  const words = line.trim().split(" ").slice(1)
    .map((word) => word === "lab-fleet" ? lab : /^(?:dome-)?nats\.lab$/.test(word) ? host : word);
  const { code, out, err } = await run(words);
  strictEqual(code, 0, `${line}: ${err}`);
  return out;
}

/** Three sites: the main one, dome, and base. */
async function sites(folder: string) {
  const lab = join(folder, "fleet");
  const blocks = (await codeBlocks("docs/fleet.md")).filter(({ language }) => language === "sh").map(({ code }) =>
    code
  );
  const [main, dome, more] = blocks as [string, string, string];
  await init(lab, main);
  const told = await init(lab, dome);
  await init(lab, "heliograph fleet init lab-fleet --site base --broker nats.lab base-lamp");
  const leaf = freePort();
  const useLeaf = async () => {
    await change(join(lab, "nats-server.conf"), "port: 7422", `port: ${leaf}`);
    await change(join(lab, "nats-server.conf"), ":7422", `:${leaf}`);
  };
  await useLeaf();
  for (const site of ["dome", "base"]) await change(join(lab, site, "main-broker.conf"), ":7422", `:${leaf}`);
  const start = (own: string) => NatsServer.start(["--config", "nats-server.conf"], own);
  const pc = async (name: string, broker: NatsServer, instrument = gauge().instrument) => {
    const own = join(lab, name);
    const { fleet } = JSON.parse(await Deno.readTextFile(join(own, "fleet.json")));
    deepStrictEqual(fleet.broker, `tls://${host}:4222`);
    return new Pc(broker, name, [instrument], {
      ...fleet,
      broker: `tls://${host}:${broker.port}`,
      credentials: join(own, "fleet.seed"),
      authority: join(own, "fleet-authority.pem"),
    });
  };
  return { lab, told, more, leaf, useLeaf, start, pc };
}

Deno.test({
  name: "cli: fleet init --site writes a site's broker, and says what cannot be",
  ignore: !hasNats,
  fn: () =>
    inFolder(async (folder) => {
      const { lab, told, more } = await sites(folder);
      match(told, /For the broker of dome: carry .*dome to it, and in that folder\n {2}nats-server --config/);
      match(
        told,
        /A main broker that runs has to be started anew; a site's reads it by nats-server --signal reload\.\n/,
      );
      match(told, /Whoever has a main-broker\.conf is that site/);
      for (const own of [lab, join(lab, "dome"), join(lab, "base")]) {
        const { success, stderr } = await new Deno.Command("nats-server", {
          args: ["--config", "nats-server.conf", "-t"],
          cwd: own,
        }).output();
        ok(success, new TextDecoder().decode(stderr));
      }
      for await (const { name, isFile } of Deno.readDir(join(lab, "dome"))) {
        if (isFile) {
          strictEqual((await Deno.stat(join(lab, "dome", name))).mode! & 0o077, 0, `${name} is for its owner`);
        }
      }
      const secret = /tls:\/\/dome:(\w{64})@/.exec(await Deno.readTextFile(join(lab, "dome", "main-broker.conf")))![1]!;
      for (const file of ["nats-server.conf", "fleet.json"]) {
        ok(!(await Deno.readTextFile(join(lab, file))).includes(secret), `${file} does not have the site's password`);
      }
      // More PCs: the site's broker is who it was.
      const before = await Deno.readTextFile(join(lab, "dome", "broker.pem"));
      await init(lab, more);
      match(await Deno.readTextFile(join(lab, "dome", "nats-server.conf")), /here\.dome-weather/);
      strictEqual(await Deno.readTextFile(join(lab, "dome", "broker.pem")), before);
      ok((await Deno.readTextFile(join(lab, "dome", "main-broker.conf"))).includes(secret));
      await init(lab, "heliograph fleet init lab-fleet --site dome --broker nats.lab");
      ok(
        !(await Deno.readTextFile(join(lab, "dome", "main-broker.conf"))).includes(secret),
        "said again, it is another",
      );
      await init(lab, "heliograph fleet init lab-fleet --broker nats.lab:4333 newer-lab");
      match(await Deno.readTextFile(join(lab, "nats-server.conf")), /^port: 4333$[\s\S]*ask\.dome-weather\.newer-lab/m);
      const moved = await run(["fleet", "init", lab, "--broker", "main.example", "newest-lab"]);
      match(moved.out, /For the broker of dome: carry[\s\S]*For the broker of base: carry/);
      match(await Deno.readTextFile(join(lab, "base", "main-broker.conf")), /@main\.example:7422"/);

      const wrong = async (words: readonly string[], message: RegExp) => {
        const { code, err } = await run(["fleet", "init", ...words]);
        match(err, message);
        ok(code !== 0);
      };
      await wrong(
        [join(folder, "none"), "--site", "dome", "x"],
        /there is no fleet in .*none yet; begin with its main broker/,
      );
      await wrong([lab, "--site", "roof", "x"], /which name its PCs reach its own broker, --broker roof-nats\.lab/);
      await wrong(
        [lab, "--site", "cold-lab", "--broker", host, "x"],
        /Cannot call a site cold-lab: a PC of this fleet is/,
      );
      await wrong([lab, "--site", "Dome", "--broker", host, "x"], /Cannot call a site Dome: give 1 to 63 lower-case/);
      await wrong([lab, "--site", "roof", "--broker", host, "roof"], /Cannot call a PC roof: its site is called so/);
      await wrong([lab, "base"], /Cannot call a PC base: a site of this fleet is called so/);
      await wrong([lab, "--site", "base", "dome-camera"], /dome-camera is in this fleet already/);
      await wrong(
        [lab, "--site", "base"],
        /give the fleet's folder and the site's PCs, fleet init lab-fleet --site base/,
      );
    }),
});

Deno.test({
  name:
    "cli: PCs of three sites drive one another; without the main broker those of a site do, and say so of the others",
  ignore: !hasNats,
  fn: () =>
    inFolder(async (folder) => {
      const { lab, more, useLeaf, start, pc } = await sites(folder);
      await using main = await start(lab);
      await using dome = await start(join(lab, "dome"));
      await using base = await start(join(lab, "base"));
      const [cold, camera, lamp] = [gauge(), gauge(), gauge()];
      await using coldLab = await pc("cold-lab", main, cold.instrument);
      await using domeCamera = await pc("dome-camera", dome, camera.instrument);
      await using domeMount = await pc("dome-mount", dome);
      await using baseLamp = await pc("base-lamp", base, lamp.instrument);
      const all = { "cold-lab": coldLab, "dome-camera": domeCamera, "dome-mount": domeMount, "base-lamp": baseLamp };
      for (const [name, each] of Object.entries(all)) {
        for (const other of Object.keys(all)) if (other !== name) await each.knows(`${other}/gauge`, "pressure");
      }
      strictEqual(await domeMount.line("cold-lab/gauge.set valve 1"), "OK");
      strictEqual(await coldLab.line("dome-camera/gauge.set valve 2"), "OK");
      strictEqual(await baseLamp.line("dome-camera/gauge.set valve 3"), "OK");
      strictEqual(await domeCamera.line("base-lamp/gauge.set valve 4"), "OK");
      // Readings come as they are published.
      camera.instrument.fields.Pressure.update(8);
      await eventually(
        async () => await coldLab.line("dome-camera/gauge.get pressure") === "OK 8.00",
        "it is followed",
      );

      // One that says nothing as it goes: nobody takes what it is asked, and that is said at once, on every site.
      {
        const seed = new TextEncoder().encode((await Deno.readTextFile(join(lab, "reactor-lab", "fleet.seed"))).trim());
        const ca = await Deno.readTextFile(join(lab, "authority.pem"));
        const killed = await NatsConnectionImpl.connect({
          servers: `${host}:${main.port}`,
          authenticator: nkeyAuthenticator(seed),
          tls: { ca },
        });
        const now = new Date().toISOString();
        const presence = { name: "reactor-lab", instance: "1", title: "", version: "0", started: now, now, bench: 0 };
        killed.publish(
          subjects.here("reactor-lab"),
          JSON.stringify({ ...presence, instruments: ["gauge"], trouble: "", leaves: false }),
        );
        await killed.flush();
        await eventually(async () => /reactor-lab/.test(await domeMount.line("fleet.list")), "it is heard of");
        await killed.close();
        match(
          await domeMount.line("reactor-lab/gauge.get pressure"),
          /^ERROR .*reactor-lab is not connected, last seen \S+ \S+$/,
        );
      }

      // The line breaks, and something is under way on either side of it.
      const slow = [domeMount.line("cold-lab/gauge.slowly"), coldLab.line("dome-camera/gauge.slowly")];
      for (const each of slow) each.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
      await main.kill();
      const gone = /^ERROR Cannot ask cold-lab: cold-lab is not connected, last seen \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
      await eventually(async () => gone.test(await domeMount.line("cold-lab/gauge.set valve 5")), "it is said");
      match(
        await slow[0]!,
        /^ERROR Cannot ask cold-lab: cold-lab is not connected, .*; whether it was done is not known$/,
      );
      match(await slow[1]!, /^ERROR Cannot ask dome-camera: .*whether it was done is not known$/);
      match(await domeMount.line("base-lamp/gauge.set valve 5"), /base-lamp is not connected, last seen/);
      strictEqual(await domeMount.line("dome-camera/gauge.set valve 6"), "OK", "the site works on");
      const list = JSON.parse((await domeMount.line("fleet.list")).slice(3)) as FleetDescription;
      deepStrictEqual(
        list.members.map(({ name, here }) => `${name} ${here}`).sort(),
        ["base-lamp false", "cold-lab false", "dome-camera true", "dome-mount true", "reactor-lab false"],
      );
      strictEqual(list.connected, true);

      await main.start();
      await domeMount.knows("cold-lab/gauge", "pressure");
      await coldLab.knows("dome-camera/gauge", "pressure");
      await baseLamp.knows("dome-camera/gauge", "pressure");
      strictEqual(await domeMount.line("cold-lab/gauge.set valve 7"), "OK");
      strictEqual(await baseLamp.line("dome-camera/gauge.set valve 8"), "OK");
      deepStrictEqual([cold.told, camera.told, lamp.told], [[1, -1, 7], [2, 3, -1, 6, 8], [4]], "nothing twice");

      // A break that is over before anybody counts as gone: what was told meanwhile, and is not told again, is known.
      // Nothing is under way by then: that would be told as lost, and all of it asked anew.
      await new Promise((resolve) => setTimeout(resolve, 500));
      await main.kill();
      camera.instrument.fields.Pressure.update(5);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await main.start();
      await eventually(
        async () =>
          (await baseLamp.framed({ cmd: "Get", instrument: "dome-camera/gauge", field: "Pressure" })).value === 5,
        "it is known",
      );

      // One more PC on a site: its broker reads it as it runs, the main one as it starts.
      await init(lab, more);
      await useLeaf();
      await main.kill();
      await main.start();
      await dome.reload();
      await using domeWeather = await pc("dome-weather", dome);
      await baseLamp.knows("dome-weather/gauge", "pressure");
      await domeWeather.knows("cold-lab/gauge", "pressure");
      strictEqual(await coldLab.line("dome-weather/gauge.set valve 9"), "OK");
    }),
});

Deno.test({
  name: "cli: a site speaks in the names of its own PCs only, and hears no question to others",
  ignore: !hasNats,
  fn: () =>
    inFolder(async (folder) => {
      const { lab, leaf, start, pc } = await sites(folder);
      await using main = await start(lab);
      await using base = await start(join(lab, "base"));
      const [cold, lamp] = [gauge(), gauge()];
      await using coldLab = await pc("cold-lab", main, cold.instrument);
      await using baseLamp = await pc("base-lamp", base, lamp.instrument);
      await coldLab.knows("base-lamp/gauge", "pressure");
      await baseLamp.knows("cold-lab/gauge", "pressure");

      // With dome's password, and a broker that heeds nothing that the main one tells it.
      const [, password] = /dome:(\w+)@/.exec(await Deno.readTextFile(join(lab, "dome", "main-broker.conf")))!;
      const plain = await Deno.connect({ hostname: host, port: leaf });
      let heard = new TextDecoder().decode((await readSome(plain)) ?? new Uint8Array());
      match(heard, /^INFO \{.*"tls_required":true/);
      const caCerts = [await Deno.readTextFile(join(lab, "dome", "fleet-authority.pem"))];
      using liar = await Deno.startTls(plain, { hostname: host, caCerts });
      const say = async (text: string) => {
        const bytes = new TextEncoder().encode(text);
        for (let sent = 0; sent < bytes.length;) sent += await liar.write(bytes.subarray(sent));
      };
      const listening = (async () => {
        for (let some; (some = await readSome(liar)) !== undefined;) {
          const text = new TextDecoder().decode(some);
          heard += text;
          if (text.includes("PING")) await say("PONG\r\n");
        }
      })().catch(() => {});
      const message = (subject: string, payload: object, reply = "") => {
        const text = JSON.stringify(payload);
        return `LMSG ${subject} ${reply}${text.length}\r\n${text}\r\n`;
      };
      const presence = (name: string) => {
        const now = new Date().toISOString();
        const words = { name, instance: "liar", title: "a liar", version: "0", started: now, now, bench: 0 };
        return message(subjects.here(name), { ...words, instruments: [], trouble: "", leaves: true });
      };
      const asked = {
        for: { name: "liar", rights: ["read", "drive"] },
        seconds: 5,
        message: { id: 1, cmd: "Set", instrument: "gauge", field: "Valve", new_value: 9 },
      };
      const own = { ...asked, message: { ...asked.message, new_value: 3 } };
      const connect = {
        version: "2.9.10",
        user: "dome",
        pass: password,
        server_id: "LIAR",
        name: "liar",
        headers: true,
      };
      await say(
        `CONNECT ${
          JSON.stringify(connect)
        }\r\nLS+ heliograph.v1.ask.>\r\nLS+ _INBOX_base-lamp.>\r\nLS+ liar.answer\r\n`,
      );
      await eventually(() => heard.includes("LS+ heliograph.v1.here.dome-camera"), "it is let in");
      await say(
        presence("cold-lab") + presence("base-lamp") +
          message(subjects.ask("base-lamp", "cold-lab"), asked, "liar.answer ") +
          message(subjects.ask("cold-lab", "base-lamp"), asked, "liar.answer ") +
          message(subjects.ask("dome-camera", "cold-lab"), own, "_INBOX_dome-camera.x ") + presence("dome-camera"),
      );
      // What dome's own PC says comes through, after all that.
      await eventually(async () => /dome-camera/.test(await coldLab.line("fleet.list")), "dome-camera is heard of");
      await eventually(async () => /dome-camera/.test(await baseLamp.line("fleet.list")), "and on the other site");
      await eventually(() => cold.told.length > 0, "it may ask in its own name");
      deepStrictEqual([cold.told, lamp.told], [[3], []], "in no other's");
      for (const each of [coldLab, baseLamp]) {
        const { members } = JSON.parse((await each.line("fleet.list")).slice(3)) as FleetDescription;
        deepStrictEqual(
          members.map(({ name, here, title }) => `${name} ${here} ${title}`).sort(),
          ["base-lamp true base-lamp bench", "cold-lab true cold-lab bench", "dome-camera false a liar"],
        );
      }
      strictEqual(await coldLab.line("base-lamp/gauge.set valve 4"), "OK");
      ok(!heard.includes("LMSG heliograph.v1.ask.cold-lab.base-lamp"), "what others ask of others it does not hear");
      liar.close();
      await listening;
    }),
});

async function readSome(connection: Deno.Conn): Promise<Uint8Array | undefined> {
  const buffer = new Uint8Array(65_536);
  const count = await connection.read(buffer);
  return count === null ? undefined : buffer.subarray(0, count);
}
