/** PCs that drive one another's instruments, by a real NATS server. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { NatsConnectionImpl } from "npm:@nats-io/nats-core@3.4.0/internal";
import { demoInstruments } from "../../../mod.ts";
import { type FleetDescription, subjects } from "../../../protocol/fleet.ts";
import { benchSchema } from "../../../server/config/schema.ts";
import { codeBlocks } from "../../documents.ts";
import { run } from "../../cli_fixture.ts";
import { canRun, eventually, RawClient, runProgram } from "../../fixture.ts";
import { hasNats, NatsServer } from "../../nats.ts";
import { gauge, Pc } from "./pc.ts";

const options = { ignore: !hasNats };

Deno.test(
  "fleet: another PC's instruments are read, set, called and taken on every wire as one's own",
  options,
  async () => {
    await using broker = await NatsServer.start();
    const { instrument, told } = gauge();
    await using cold = new Pc(broker, "cold-lab", [...demoInstruments(), instrument]);
    // Its title goes before a PC that would be called so.
    await using warm = new Pc(broker, "warm-lab", [gauge("cold-lab/Gauge 2").instrument]);
    await warm.knows("cold-lab/gauge", "pressure");

    strictEqual(await warm.line("cold-lab/gauge.set valve 7"), "OK");
    strictEqual(await warm.line("cold-lab/gauge.get valve"), "OK 7.0", "what was set is known at once");
    deepStrictEqual(told, [7]);
    strictEqual(
      await warm.line("cold-lab/gauge.set valve 70"),
      "ERROR cold-lab: Cannot set Valve of Gauge to 70: above its maximum of 10",
    );
    // A float that is whole stays one.
    const ask = "tempcon.get_temperatures";
    await cold.line("tempcon.set_control_temperature -90");
    match(await warm.line(`cold-lab/${ask}`), /^OK -?\d+\.\d+ -?\d+\.\d+/);
    strictEqual(await warm.line('"cold-lab/Gauge 2".get pressure'), "OK 3.00", "a title of this bench goes first");

    const there = await warm.framed({ cmd: "Get", instrument: "cold-lab/gauge", field: "Pressure" });
    deepStrictEqual([there.value, there.unit, there.quality], [3, "mbar", "good"]);
    {
      await using client = warm.client();
      await client.setField("cold-lab/UV Light", "Status Selection", "On");
      await client.doConfirm("cold-lab/UV Light");
      await eventually(
        async () => await client.getField("cold-lab/UV Light", "Actual Status") === "On",
        "the light is on",
      );
      const changes = client.watch("cold-lab/gauge", "Pressure")[Symbol.asyncIterator]();
      const next = async (): Promise<unknown> => {
        for (;;) {
          const { value } = await changes.next();
          if (value?.event === "field") return value.value;
        }
      };
      strictEqual(await next(), 3);
      instrument.fields.Pressure.update(4.5);
      strictEqual(await next(), 4.5);
      await changes.return?.();
    }

    strictEqual(await warm.line("take cold-lab/gauge 5m"), "OK");
    match(await cold.line("gauge.set valve 1"), /^ERROR Cannot set gauge: warm-lab has control of it/);
    strictEqual(await warm.line("release cold-lab/gauge"), "OK");
    strictEqual(await cold.line("gauge.set valve 1"), "OK");

    match(
      await warm.line("cold-lab/gage.get valve"),
      /^ERROR cold-lab has no instrument called gage \(did you mean gauge\?\)/,
    );
    match(
      await warm.line("cold-leb/gauge.get valve"),
      /^ERROR No PC of the fleet is called cold-leb \(did you mean cold-lab\?\)/,
    );
    const names = (await (await warm.client()).describe()).map(({ name }) => name);
    ok(!names.some((name) => name.includes("tempcon")), "they stand on no bench but their own");
  },
);

Deno.test("fleet: who has control of an instrument, and what alarm stands, is told to other PCs", options, async () => {
  await using broker = await NatsServer.start();
  const cold = gauge();
  const guards = { alarms: { "Not pumped": { when: "gauge.pressure > 10" } } };
  await using coldLab = new Pc(broker, "cold-lab", [cold.instrument], {}, { guards });
  await using warm = new Pc(broker, "warm-lab", [gauge().instrument]);
  await using third = new Pc(broker, "third-lab", [gauge().instrument]);
  for (const pc of [warm, third]) await pc.knows("cold-lab/gauge", "pressure");
  const told: unknown[] = [];
  await using watching = third.client();
  const watched = (async () => {
    for await (const update of watching.watch("cold-lab/gauge")) {
      if (update.event === "control") told.push(update.holder?.name ?? null);
    }
  })();
  const holder = async (pc: Pc, instrument: string) => {
    const { value } = await pc.framed({ cmd: "Describe", instrument });
    return (value as { readonly holder: { readonly name: string; readonly address: string } | null }).holder;
  };
  {
    using ana = await RawClient.connect(warm.server.dashboardServer.port);
    await ana.request({ id: 1, cmd: "Hello", name: "ana" });
    await ana.request({ id: 2, cmd: "Take", instrument: "cold-lab/gauge", seconds: 300 });
    await eventually(async () => (await holder(third, "cold-lab/gauge"))?.name === "ana (of warm-lab)", "it is said");
    await eventually(() => told.includes("ana (of warm-lab)"), "to whoever watches");
    strictEqual((await holder(warm, "cold-lab/gauge"))?.name, "ana", "on her own PC by her name alone");
    strictEqual((await holder(coldLab, "gauge"))?.name, "ana");
    const list = JSON.parse(JSON.stringify(
      await third.framed({
        ...{ cmd: "Call", instrument: "fleet", command: "instruments", args: ["cold-lab"], kwargs: {} },
      }),
    )).value as { name: string; holder: { name: string; until: string } | null }[];
    const listed = list.find(({ name }) => name === "cold-lab/gauge")!.holder!;
    deepStrictEqual([listed.name, Date.parse(listed.until) > Date.now()], ["ana (of warm-lab)", true]);
    const { out } = await run(["describe", "cold-lab/gauge", "--port", String(third.server.dashboardServer.port)]);
    match(out, /held by ana \(of warm-lab\) until \d\d:\d\d/);
    strictEqual((await ana.request({ id: 3, cmd: "Release", instrument: "cold-lab/gauge" })).ok, true);
  }
  await eventually(() => told.at(-1) === null, "nobody has it");
  {
    using bob = await RawClient.connect(coldLab.server.dashboardServer.port);
    await bob.request({ id: 1, cmd: "Hello", name: "bob" });
    await bob.request({ id: 2, cmd: "Take", instrument: "gauge", seconds: 300 });
    await eventually(() => told.at(-1) === "bob (of cold-lab)", "of that PC itself");
  }
  cold.instrument.fields.Pressure.update(11);
  await eventually(async () => /Not pumped/.test(await warm.line("fleet.list")), "the alarm is told");
  await watching[Symbol.asyncDispose]();
  await watched.catch(() => {});
});

Deno.test("docs/fleet.md: the program in Python asks a PC, and the bench is one", {
  ignore: !hasNats || !await canRun("python3"),
}, async () => {
  const blocks = await codeBlocks("docs/fleet.md");
  const bench = blocks.find(({ language }) => language === "json")!;
  strictEqual(benchSchema.safeParse(JSON.parse(bench.code)).error, undefined);
  await using broker = await NatsServer.start();
  await using cold = new Pc(broker, "cold-lab", demoInstruments());
  await eventually(async () => /"connected": true/.test(await cold.line("fleet.list")), "it is in");
  const { code } = blocks.find(({ language }) => language === "python")!;
  const { stdout, stderr } = await runProgram("python3", ["-c", code.replace("4222", String(broker.port))]);
  match(stdout, /^-?\d+\.\d+\n$/, stderr);
});

Deno.test("fleet: what another PC may do, for whom, is what both allow", options, async () => {
  await using broker = await NatsServer.start();
  const { instrument, told } = gauge();
  await using _cold = new Pc(broker, "cold-lab", [instrument], { roles: { "warm-lab": "operator" } });
  await using warm = new Pc(broker, "warm-lab", [gauge().instrument]);
  await using other = new Pc(broker, "other-lab", [gauge().instrument]);
  await warm.knows("cold-lab/gauge", "pressure");
  await other.knows("cold-lab/gauge", "pressure");
  strictEqual(await warm.line("cold-lab/gauge.set valve 1"), "OK");
  match(
    await other.line("cold-lab/gauge.set valve 2"),
    /^ERROR cold-lab: Cannot do set: it needs the role operator, and you are observer/,
  );
  // All may do on this PC what they like; what they may do there, cold-lab says.
  match(await warm.line("cold-lab/api.exit"), /^ERROR /);
  {
    await using client = warm.client("cold-lab");
    strictEqual((await client.status()).sessions.length >= 0, true);
    await rejects(client.request({ cmd: "BenchFile" }), /cold-lab: .*needs the role admin/);
    await rejects(client.request({ cmd: "Follow" }), /Follow is not there between PCs/);
  }
  deepStrictEqual(told, [1]);
  // A program that says of itself that it is an admin has the role of its PC all the same.
  const connection = await NatsConnectionImpl.connect({ servers: `127.0.0.1:${broker.port}` });
  try {
    const say = async (text: string) =>
      (await connection.request(subjects.ask("other-lab", "cold-lab"), text, { timeout: 5000 })).json() as {
        readonly ok: boolean;
        readonly error: { readonly message: string };
      };
    const message = { id: 1, cmd: "Set", instrument: "gauge", field: "Valve", new_value: 3 };
    const rights = ["read", "drive", "administer", "evaluate", "shutdown"];
    match(
      (await say(JSON.stringify({ for: { name: "root", rights }, seconds: 5, message }))).error.message,
      /needs the role operator/,
    );
    for (const wrong of ["", "{", "[]", '{"for":{}}', '{"for":{"name":"x","rights":[]},"seconds":1,"message":{}}']) {
      strictEqual((await say(wrong)).ok, false);
    }
    connection.publish(subjects.here("cold-lab"), "{");
    const gone = { name: "cold-lab", instance: "x", title: "", version: "0", started: "2026-01-01", now: "2026-01-01" };
    const leaves = { ...gone, bench: 0, instruments: [], trouble: "", leaves: true };
    connection.publish(subjects.here("evil"), JSON.stringify(leaves));
    connection.publish(subjects.here("evil"), JSON.stringify({ name: "../evil", instance: 1 }));
    connection.publish(subjects.readings("cold-lab", "gauge"), '{"number": 1, "changed": {"pressure": {"value": []}}}');
    await connection.flush();
  } finally {
    await connection.close();
  }
  deepStrictEqual(told, [1]);
  strictEqual(await warm.line("cold-lab/gauge.get pressure"), "OK 3.00");
  strictEqual(await warm.line("cold-lab/gauge.set valve 4"), "OK", "nobody else says that it leaves");
});

Deno.test(
  "fleet: a PC that goes is said at once, its values are stale, and it is there again when it comes back",
  options,
  async () => {
    await using broker = await NatsServer.start();
    await using warm = new Pc(broker, "warm-lab", [gauge().instrument]);
    const first = gauge();
    {
      await using _cold = new Pc(broker, "cold-lab", [first.instrument]);
      await warm.knows("cold-lab/gauge", "pressure");
    }
    const gone = /cold-lab is not connected, last seen \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
    await eventually(async () => gone.test(await warm.line("cold-lab/gauge.set valve 2")), "it is gone");
    const stale = await warm.framed({ cmd: "Get", instrument: "cold-lab/gauge", field: "Pressure" });
    deepStrictEqual([stale.value, stale.quality], [3, "stale"], "its last value stays, and is not to be trusted");
    match(String(stale.reason), gone);
    const second = gauge();
    await using _back = new Pc(broker, "cold-lab", [second.instrument, gauge("Lamp").instrument]);
    await warm.knows("cold-lab/gauge", "pressure");
    await warm.knows("cold-lab/lamp", "pressure");
    strictEqual(await warm.line("cold-lab/gauge.set valve 2"), "OK");
    deepStrictEqual([first.told, second.told], [[], [2]]);
  },
);

Deno.test(
  "fleet: without its broker a PC does all that it does alone; back, nothing is done twice",
  options,
  async () => {
    await using broker = await NatsServer.start();
    const { instrument, told } = gauge();
    await using cold = new Pc(broker, "cold-lab", [instrument]);
    await using warm = new Pc(broker, "warm-lab", [gauge().instrument]);
    await warm.knows("cold-lab/gauge", "pressure");
    // It is under way when the broker is lost.
    const slow = warm.line("cold-lab/gauge.slowly");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await broker.kill();
    match(await slow, /^ERROR Cannot ask cold-lab: .*whether it was done is not known$/);
    match(
      await warm.line("cold-lab/gauge.set valve 5"),
      /^ERROR Cannot ask cold-lab: this PC is not in its fleet: .* is lost$/,
    );
    strictEqual(await cold.line("gauge.set valve 6"), "OK");
    const { reason, quality } = await warm.framed({ cmd: "Get", instrument: "cold-lab/gauge", field: "Pressure" });
    deepStrictEqual([quality, String(reason).includes("not in its fleet")], ["stale", true]);
    await broker.start();
    await warm.knows("cold-lab/gauge", "pressure");
    strictEqual(await warm.line("cold-lab/gauge.set valve 7"), "OK");
    deepStrictEqual(told, [-1, 6, 7]);
  },
);

Deno.test(
  "fleet: of two PCs of one name the second stays out, says why, and comes in when the first has gone",
  options,
  async () => {
    await using broker = await NatsServer.start();
    const first = new Pc(broker, "cold-lab", [gauge().instrument]);
    await eventually(async () => /"connected": true/.test(await first.line("fleet.list")), "it is in");
    await using second = new Pc(broker, "cold-lab", [gauge().instrument]);
    await eventually(
      async () => /is called cold-lab already: give this one another name/.test(await second.line("fleet.list")),
      "the second says why it is not",
    );
    strictEqual(await second.line("gauge.set valve 1"), "OK", "it works on alone");
    await first[Symbol.asyncDispose]();
    await eventually(async () => /"connected": true/.test(await second.line("fleet.list")), "it comes in");
  },
);

Deno.test(
  "fleet: a PC of another version, whose clock is wrong and whose words are strange, harms nobody",
  options,
  async () => {
    await using broker = await NatsServer.start();
    await using warm = new Pc(broker, "warm-lab", [gauge().instrument]);
    await warm.line("fleet.list");
    const connection = await NatsConnectionImpl.connect({ servers: `127.0.0.1:${broker.port}` });
    try {
      const hour = 3_600_000;
      const there = () => new Date(Date.now() + hour).toISOString();
      const presence = (more: object = {}) =>
        JSON.stringify({
          ...{ name: "new-lab", instance: "1", title: "New lab", version: "9.0.0", protocol: 99, started: there() },
          ...{ now: there(), bench: 0, instruments: ["probe", "broken"], trouble: "", leaves: false, mood: "fine" },
          ...more,
        });
      const field = (name: string, more: object) => ({
        ...{
          name,
          title: name,
          access: "readout",
          needsConfirm: false,
          log: true,
          quality: "good",
          text: "",
          colour: "red",
        },
        ...more,
      });
      const description = {
        ...{ name: "probe", title: "Probe", caption: "Probe", summary: "", aura: 3, contact: null, hasImages: false },
        holder: null,
        fields: [
          field("level", {
            type: "float",
            value: 4,
            unit: "mm",
            time: new Date(Date.now() + hour - 30_000).toISOString(),
          }),
          field("picture", { type: "hologram", value: "x", time: null }),
          { name: "nonsense" },
        ],
        commands: [{ name: "dance" }, "what"],
      };
      connection.subscribe(subjects.ask("*", "new-lab"), {
        callback: (_, message) => {
          const { instrument } = (message.json() as { message: { instrument: string } }).message;
          const value = instrument === "probe" ? description : { name: "../broken", fields: 7 };
          message.respond(JSON.stringify({ id: 1, ok: true, value, more: true }));
        },
      });
      const say = () => connection.publish(subjects.here("new-lab"), presence());
      connection.subscribe(subjects.who("*"), { callback: say });
      await connection.flush();
      say();
      await warm.knows("new-lab/probe", "level");
      const known = await warm.framed({ cmd: "Get", instrument: "new-lab/probe", field: "level" });
      deepStrictEqual([known.value, known.unit], [4, "mm"]);
      // It was read half a minute ago, whatever that PC's clock shows.
      const age = Date.now() - Date.parse(String(known.time));
      ok(age > 25_000 && age < 60_000, `${age} ms`);
      match(await warm.line("new-lab/probe.get picture"), /^ERROR .*no field/);
      match(await warm.line("new-lab/broken.get x"), /^ERROR new-lab has no instrument called broken/);
      const list = JSON.parse((await warm.line("fleet.list")).slice(3)) as FleetDescription;
      const member = list.members.find(({ name }) => name === "new-lab")!;
      ok(Math.abs(member.clockAhead! - 3600) < 5, String(member.clockAhead));
      // Messages of kinds that this version does not know, and one with more words.
      connection.publish("heliograph.v1.future.new-lab", "{}");
      connection.publish(subjects.readings("new-lab", "probe"), "not JSON");
      const changed = {
        level: { value: 5, text: "5", quality: "good", time: there(), glow: true },
        ghost: field("g", {}),
      };
      connection.publish(subjects.readings("new-lab", "probe"), JSON.stringify({ number: 1, changed, same: ["x"] }));
      connection.publish(
        subjects.readings("new-lab", "probe"),
        JSON.stringify({ number: 2, changed: { level: changed.level }, same: [], sparkle: [] }),
      );
      await eventually(
        async () => (await warm.framed({ cmd: "Get", instrument: "new-lab/probe", field: "level" })).value === 5,
        "its readings are followed",
      );
      const answer = (await connection.request(
        subjects.ask("new-lab", "warm-lab"),
        JSON.stringify({
          for: { name: "x", rights: ["read", "levitate"] },
          seconds: 5,
          message: { id: 1, cmd: "Levitate" },
        }),
        { timeout: 5000 },
      )).json() as { readonly ok: boolean };
      strictEqual(answer.ok, false);
      strictEqual(await warm.line("gauge.get valve"), "OK 0.0");
    } finally {
      await connection.close();
    }
  },
);
