/** Alarms over real sockets and real lines: raised, acknowledged, set aside, and kept over a restart. */
import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import type { AlarmDetails } from "../../../protocol/guards.ts";
import type { AlarmEvent } from "../../../server/bench/hub.ts";
import { BenchFileError, defineInstrument, loadBench } from "../../../mod.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { Alarms } from "../../../server/guards/alarms.ts";
import { compileGuards } from "../../../server/guards/compiled.ts";
import { run } from "../../cli_fixture.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { benchOf, Devices, inFolder, Lab, serve } from "./lab.ts";

type Served = Awaited<ReturnType<typeof serve>>;

async function alarms(lab: Served, state = "all"): Promise<AlarmDetails[]> {
  return JSON.parse((await lab.lines.ask(`guards.alarms ${state}`)).replace(/^OK /, "")).alarms;
}

async function alarm(lab: Served, name: string): Promise<AlarmDetails> {
  const all = await alarms(lab);
  const found = all.find((each) => each.name === name);
  ok(found !== undefined, `there is no ${name} among ${all.map((each) => each.name)}`);
  return found;
}

function until(lab: Served, name: string, state: string): Promise<void> {
  return eventually(async () => (await alarm(lab, name)).state === state, `${name} is ${state}`);
}

/** What the hub tells, as `NAME: FROM → STATE (BY)`. */
function told(lab: Served): string[] {
  const lines: string[] = [];
  lab.server.bench.hub.subscribe("alarm", ({ alarm: { name, state }, from, by }: AlarmEvent) => {
    lines.push(`${name}: ${from} → ${state}${by === "" ? "" : ` (${by})`}`);
  });
  return lines;
}

/** The bench with limits on its probe. */
function limited(devices: Devices, limits: unknown, guards: Record<string, unknown> = {}) {
  const bench = benchOf(devices, guards);
  Object.assign(bench.instruments[0]!.fields.Temperature!, { alarm: limits });
  return bench;
}

Deno.test("alarms: one goes through the states of ISA-18.2, over every way in, and who did what is told", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { probe } = devices;
    const bench = benchOf(devices, {
      alarms: {
        "Too warm": {
          when: "probe.temperature > 250",
          until: "probe.temperature < 240",
          severity: "critical",
          text: "Open the door of the oven",
          latched: true,
        },
      },
    });
    {
      await using lab = await serve(folder, bench);
      const { lines, server } = lab;
      const lined = told(lab);
      await until(lab, "too_warm", "normal");
      probe.values.T = "260";
      await until(lab, "too_warm", "unacknowledged");
      const raised = await alarm(lab, "too_warm");
      match(raised.reason, /^Temperature of Probe is 260.* °C$/);
      strictEqual(raised.text, "Open the door of the oven");
      strictEqual(raised.active, true);
      deepStrictEqual(raised.fields, ["probe.temperature"]);
      strictEqual(raised.parts[0]!.distance, 10);
      strictEqual(JSON.parse((await lines.ask("status")).replace(/^OK /, "")).guards.alarms.critical, 1);
      match(await lines.ask("register ana"), /^OK/);
      strictEqual(
        await lines.ask("guards.acknowledge 'Too warm' 'I open it'"),
        "OK 'Too warm'",
      );
      const { acknowledged } = await alarm(lab, "too_warm");
      match(acknowledged!.by, /ana/);
      strictEqual(acknowledged!.reason, "I open it");
      probe.values.T = "245";
      await eventually(async () => (await alarm(lab, "too_warm")).parts[0]!.so === false, "it is below");
      strictEqual((await alarm(lab, "too_warm")).state, "acknowledged", "hysteresis");
      match(
        await lines.ask("guards.reset too_warm"),
        /^ERROR Cannot reset alarm Too warm: it is active: .*it returns when/,
      );
      probe.values.T = "20";
      await until(lab, "too_warm", "latched");
      probe.values.T = "260";
      await until(lab, "too_warm", "unacknowledged");
      strictEqual((await alarm(lab, "too_warm")).times, 2);
      probe.values.T = "20";
      await until(lab, "too_warm", "returned");
      using framed = await RawClient.connect(server.dashboardServer.port);
      const ask = (command: string, args: unknown[]) =>
        framed.request({ cmd: "Call", id: command, instrument: "guards", command, args });
      deepStrictEqual((await ask("acknowledge", ["all"])).value, ["Too warm"]);
      strictEqual((await alarm(lab, "too_warm")).state, "latched");
      match(
        JSON.stringify(await ask("shelve", ["too_warm", "30m", ""])),
        /Cannot shelve Too warm without a reason: say why/,
      );
      strictEqual((await ask("shelve", ["too_warm", "3d", "the probe is changed"])).ok, true);
      strictEqual((await alarm(lab, "too_warm")).state, "shelved");
      const web = await fetch(`http://127.0.0.1:${server.webServer.port}/api/v1/instruments/guards/commands/unshelve`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ args: ["too_warm"] }),
      });
      strictEqual(web.status, 200, await web.text());
      strictEqual(await lines.ask("guards.reset too_warm"), "OK");
      match(await lines.ask("guards.unshelve too_warm"), /^ERROR Alarm Too warm is not shelved: it is normal/);
      match(await lines.ask("guards.acknowledge nothing"), /^ERROR There is no alarm nothing/);
      match(
        await lines.ask("guards.alarms acknowleged"),
        /^ERROR There is no state acknowleged \(did you mean acknowledged\?\)/,
      );
      strictEqual(await lines.ask("guards.out_of_service too_warm 'no oven yet'"), "OK");
      const who = (text: string) => text.replace(/ \(.*ana.*/, " by ana").replace(/ \(.*/, " by another");
      deepStrictEqual(lined.map(who), [
        "too_warm: normal → unacknowledged",
        "too_warm: unacknowledged → acknowledged by ana",
        "too_warm: acknowledged → latched",
        "too_warm: latched → unacknowledged",
        "too_warm: unacknowledged → returned",
        "too_warm: returned → latched by another",
        "too_warm: latched → shelved by another",
        "too_warm: shelved → latched by another",
        "too_warm: latched → normal by ana",
        "too_warm: normal → out of service by ana",
      ]);
    }
    probe.values.T = "260";
    await using lab = await serve(folder, bench);
    await eventually(async () => (await alarm(lab, "too_warm")).active === true, "it is active");
    strictEqual((await alarm(lab, "too_warm")).state, "out of service", "also after a restart");
    strictEqual((await alarm(lab, "too_warm")).setAside!.reason, "no oven yet");
    strictEqual(await lab.lines.ask("guards.in_service too_warm"), "OK");
    strictEqual((await alarm(lab, "too_warm")).state, "unacknowledged", "it comes back");
  }));

Deno.test("alarms: limits of a field are alarms, and clients are told of them with the field; a pulled cable is one alarm and not many", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { probe, gas } = devices;
    const bench = limited(devices, { low: 5, high: 35, highHigh: 40, deadband: 2, text: "Look at the oven" }, {
      alarms: {
        "Pressure low": { when: "gas.pressure < 0.5", grace: "0s", severity: "critical" },
        "Pressure high": { when: "gas.pressure > 9", grace: "0s" },
        "Pressure odd": { when: "gas.pressure == 7.0", grace: "0s", enabled: "probe.temperature > 1000" },
      },
    });
    await using lab = await serve(folder, bench);
    const { server } = lab;
    await until(lab, "pressure_low", "normal");
    await eventually(() => server.bench.find("probe")!.field("Temperature").quality === "good", "it is read");
    // Without a grace, what is not reached yet is an alarm at once.
    strictEqual(await lab.lines.ask("guards.acknowledge all"), "OK 'Contact of Gas'");
    await until(lab, "contact_of_gas", "normal");
    using framed = await RawClient.connect(server.dashboardServer.port);
    const field = async () => {
      const described = (await framed.request({ cmd: "Describe", id: 1, instrument: "probe" })).value;
      return (described as { fields: { alarm: unknown; beyond?: string }[] }).fields[0]!;
    };
    deepStrictEqual((await field()).alarm, { low: 5, high: 35, highHigh: 40 });
    strictEqual((await field()).beyond, undefined);
    probe.values.T = "41";
    await until(lab, "temperature_of_probe_high_high", "unacknowledged");
    const [high, highHigh] = ["temperature_of_probe_high", "temperature_of_probe_high_high"];
    strictEqual((await alarm(lab, high!)).state, "unacknowledged");
    deepStrictEqual([(await alarm(lab, high!)).severity, (await alarm(lab, highHigh!)).severity], ["medium", "high"]);
    strictEqual((await alarm(lab, high!)).text, "Look at the oven");
    strictEqual((await field()).beyond, "highHigh");
    probe.values.T = "34";
    await until(lab, highHigh!, "returned");
    strictEqual((await field()).beyond, undefined);
    strictEqual((await alarm(lab, high!)).state, "unacknowledged", "it is within the dead band");
    probe.values.T = "20";
    await until(lab, high!, "returned");
    strictEqual(
      await lab.lines.ask("guards.acknowledge all"),
      "OK 'Temperature of Probe high' 'Temperature of Probe high high'",
    );

    const lines = told(lab);
    const { port } = gas;
    await gas[Symbol.asyncDispose]();
    await until(lab, "contact_of_gas", "unacknowledged");
    await until(lab, "pressure_high", "suppressed");
    const contact = await alarm(lab, "contact_of_gas");
    strictEqual(contact.severity, "critical", "as severe as the worst of those that it tells for");
    match(contact.reason, /^Gas does not answer: .*; not known therefore: Pressure (low|high)/);
    match((await alarm(lab, "pressure_low")).reason, /^Contact of Gas tells why it is not known$/);
    strictEqual((await alarm(lab, "pressure_low")).active, null);
    match((await alarm(lab, "pressure_odd")).reason, /it counts only when probe.temperature > 1000/);
    deepStrictEqual(lines.filter((each) => each.endsWith("unacknowledged")), [
      "contact_of_gas: normal → unacknowledged",
    ]);
    const at = ["--port", String(server.dashboardServer.port)];
    const shown = (await run(["alarms", ...at])).out;
    match(shown, /^CRITICAL Contact of Gas: unacknowledged since [\d:]+\n {2}Gas does not answer: /);
    match(shown, /\n {2}to do: See to its power and its cable; "heliograph trace gas" shows its line\n/);
    match(shown, /CRITICAL Pressure low: suppressed since .*\n {2}Contact of Gas tells why it is not known\n/);
    match(shown, /\nThe others are normal: \d+ alarms are normal\n$/);
    match((await run(["alarms", "--all", ...at])).out, /probe.temperature > 35: not so \(20.0 °C; 15 from the/);
    let followed = "";
    const stdout = { write: (text: string) => void (followed += text) };
    const following = run(["alarms", "--follow", ...at], { process: { stdout, stderr: stdout } });
    await eventually(() => followed.includes("The others are normal"), "it follows");
    const done = async (...words: string[]) => await run(["alarms", ...words, ...at]);
    strictEqual((await done("ack", "all", "--reason", "I go there")).out, "Acknowledged Contact of Gas\n");
    match((await run(["guards", ...at])).out, / {2}acknowledged by .* at [\d:]+: I go there\n/);
    match(
      (await done("shelve", "contact_of_gas", "--for", "1h")).err,
      /without an end and a reason: give --for 30m --reason/,
    );
    strictEqual((await done("shelve", "contact_of_gas", "--for", "1h", "--reason", "it is changed")).code, 0);
    match((await done()).out, / {2}shelved until [\d:]+ by .*: it is changed\n/);
    strictEqual((await done("unshelve", "contact_of_gas", "--json")).out, "null\n");
    match((await done("shut", "x")).err, /Cannot do shut with alarms: give acknowledge, ack/);
    deepStrictEqual(JSON.parse((await done("--json")).out).alarms[0].name, "contact_of_gas");
    devices.gas = new Lab({ B: "0.1" }, port);
    await until(lab, "contact_of_gas", "returned");
    await until(lab, "pressure_low", "unacknowledged");
    await eventually(() => /Pressure low: unacknowledged since/.test(followed), `it is followed: ${followed}`);
    match(followed, /Contact of Gas: acknowledged since/);
    match(followed, /Contact of Gas: shelved since/);
    strictEqual((await alarm(lab, "pressure_high")).state, "normal");
    await lab.server.stop();
    strictEqual((await following).code === 0, false, "it ends with the server");
  }));

Deno.test("alarms: of one field that is not known one alarm tells, or the next where that is set aside; others stay what they were", () => {
  const instrument = defineInstrument({
    title: "Oven",
    fields: {
      Temperature: {
        type: "float",
        access: "readout",
        alarm: { low: 5, high: 35, highHigh: 40, delay: 2, severity: "critical" },
      },
    },
  });
  const bench = new Bench([instrument]);
  const field = instrument.field("Temperature");
  let now = 0;
  const alarms = new Alarms(bench, {}, { now: () => now * 1000, changed: () => {} });
  alarms.compile(compileGuards({}, bench.instruments).alarms);
  alarms.resume(undefined);
  const states = (seconds = 1) => {
    now += seconds;
    alarms.look();
    const all = new Map(alarms.list("all").map((each) => [each.name.replace("temperature_of_oven_", ""), each]));
    deepStrictEqual(all.get("high_high")!.severity, "critical", "there is nothing more severe");
    return ["high", "low", "high_high"].map((each) => all.get(each)!.state);
  };
  deepStrictEqual(states(), ["normal", "normal", "normal"], "after a start it may not be read yet");
  field.update(37);
  deepStrictEqual(states(), ["normal", "normal", "normal"], "not for long enough");
  deepStrictEqual(states(2), ["unacknowledged", "normal", "normal"]);
  field.update(20);
  deepStrictEqual(states(), ["returned", "normal", "normal"]);
  alarms.acknowledge("temperature_of_oven_high", "", "ana");
  field.fail("overload");
  deepStrictEqual(states(40), ["normal", "suppressed", "suppressed"], "it has a delay");
  deepStrictEqual(states(2), ["unacknowledged", "suppressed", "suppressed"]);
  match(alarms.list()[0]!.reason, /^Temperature of Oven is not known: overload$/);
  strictEqual(alarms.list("suppressed")[0]!.reason, "Temperature of Oven high tells why it is not known");
  alarms.shelve("temperature_of_oven_high", 60, "it is changed", "ana");
  states(2);
  deepStrictEqual(states(2), ["shelved", "unacknowledged", "suppressed"]);
  field.update(50);
  deepStrictEqual(states(), ["shelved", "returned", "normal"]);
  deepStrictEqual(states(2), ["shelved", "returned", "unacknowledged"]);
  field.fail("overload");
  deepStrictEqual(
    states(),
    ["shelved", "returned", "unacknowledged"],
    "what is raised is not over because nothing is known",
  );
  deepStrictEqual(states(60)[0], "unacknowledged", "it comes back");
  throws(() => alarms.shelve("temperature_of_oven_high", 8 * 86_400, "why", "ana"), /at most 7 days/);
  alarms.stop();
});

Deno.test("alarms: a bench file is told what is wrong with its alarms, and where", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const file = join(folder, "lab.json");
    const problems = async (limits: unknown, alarms: Record<string, unknown> = {}) => {
      await Deno.writeTextFile(file, JSON.stringify(limited(devices, limits, { alarms })));
      const error = await loadBench(file).then(() => undefined, (error) => error);
      ok(error instanceof BenchFileError, `${JSON.stringify([limits, alarms])} is taken`);
      return error.problems.map(({ where, message }) => `${where}: ${message}`);
    };
    const at = "instruments[0].fields.Temperature.alarm";
    match((await problems({}))[0]!, /alarm: says no limit: lowLow, low, high, highHigh$/);
    strictEqual(
      (await problems({ high: 40, highHigh: 35 }))[0],
      `${at}.highHigh: is 35, and should be above high, which is 40`,
    );
    match((await problems({ hihg: 40 }))[0]!, /hihg/);
    match((await problems({ high: 40, delay: "soon" }))[0]!, /alarm.delay: must be a time such as 0.5s/);
    const one = (words: unknown) => problems({ high: 35 }, { Warm: words });
    match((await one({}))[0]!, /^alarms.Warm: says no condition: "when" is what raises it/);
    match(
      (await one({ when: "probe.temprature > 3" }))[0]!,
      /^alarms.Warm.when: Probe has no field temprature \(did you/,
    );
    match(
      (await one({ when: "probe.temperature > 3", enabled: "water.flow" }))[0]!,
      /^alarms.Warm.enabled: its value is a number/,
    );
    match(
      (await one({ when: "probe.temperature > 3", count: { times: 1, within: "1h" } }))[0]!,
      /^alarms.Warm.count.times/,
    );
    match(
      (await problems({ high: 35 }, { "Temperature of probe: high": { when: "probe.temperature > 3" } }))[0]!,
      /are both called temperature_of_probe_high$/,
    );
  }));
