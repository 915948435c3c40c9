import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { split } from "npm:shlex@3.0.0";
import { AzcamClient } from "../../../client/mod.ts";
import { command, defineInstrument, type HeliographError } from "../../../mod.ts";
import { admit } from "../../../server/access/admit.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { follow, Mover, Noise } from "../../../server/devices/simulated/physics.ts";
import { Services } from "../../../server/services.ts";
import { read, startServer } from "../../fixture.ts";

/** The demo bench without a clock: the test lets time pass, and reads when it wants to. */
function quietBench() {
  const server = startServer();
  const ask = (line: string) => server.commandServer.command(line);
  const pass = async (seconds: number) => {
    server.bench.step(seconds);
    for (const instrument of server.bench.instruments) await read(instrument);
  };
  return { server, ask, pass };
}

Deno.test("tempcon: cools towards its set point, holds it, and warms when told to", async () => {
  const { server, ask, pass } = quietBench();
  await using _ = server;
  strictEqual(await ask("tempcon.get_temperatures"), "OK -999.9 -999.9");
  await pass(0.1);
  const camtemp = async () => Number((await ask("tempcon.get_temperature 0")).slice(3));
  ok(Math.abs(await camtemp() - 20) < 1);
  let last = 20;
  for (let minute = 0; minute < 5; minute++) {
    await pass(60);
    ok(await camtemp() < last, "it goes on cooling");
    last = await camtemp();
  }
  for (let minute = 0; minute < 60; minute++) await pass(60);
  ok(Math.abs(await camtemp() + 100) < 0.2, "it holds its set point");
  await ask("tempcon.set_control_temperature -50");
  for (let minute = 0; minute < 10; minute++) await pass(60);
  ok(Math.abs(await camtemp() + 50) < 0.2, "it follows a new set point");
  match(
    await ask("tempcon.set_control_temperature 400"),
    /^ERROR Cannot call tempcon\.set_control_temperature with temperature 400: above its maximum of 50 °C$/,
  );
});

Deno.test("mass flow controllers: the flow follows mode and set point once they are confirmed", async () => {
  const { server, ask, pass } = quietBench();
  await using _ = server;
  for (const title of ["Methane MFC", "Argon MFC", "Oxygen MFC"]) {
    const flow = async () => Number((await ask(`"${title}".get "Actual Flow"`)).slice(3));
    await ask(`"${title}".set "Setpoint Entry" 30`);
    await ask(`"${title}".set "Mode Selection" Setpoint`);
    await pass(20);
    strictEqual(await flow(), 0, "a staged setting does nothing");
    strictEqual(await ask(`"${title}".confirm`), "OK");
    await pass(1.5);
    ok(await flow() > 15 && await flow() < 25, "the flow lags");
    await pass(20);
    ok(Math.abs(await flow() - 30) < 1);
    strictEqual(await ask(`"${title}".get "Device Setpoint"`), "OK 30.0");
    await ask(`"${title}".set "Mode Selection" Closed`);
    await ask(`"${title}".confirm`);
    await pass(60);
    strictEqual(await flow(), 0);
  }
});

Deno.test("UV Light, Reactor TC and Picarro: the lamp warms the reactor and oxidises methane", async () => {
  const { server, ask, pass } = quietBench();
  await using _ = server;
  await ask('"Methane MFC".set "Mode Selection" Open');
  await ask('"Methane MFC".confirm');
  for (let at = 0; at < 60; at++) await pass(1);
  const read = async (name: string) => Number((await ask(name)).slice(3));
  const [dark, cold] = [await read('Picarro.get "CH4 (ppm)"'), await read('"Reactor TC".get Temperature')];
  await ask('"UV Light".set "Status Selection" On');
  await ask('"UV Light".confirm');
  for (let at = 0; at < 300; at++) await pass(1);
  strictEqual(await ask('"UV Light".get "Actual Status"'), "OK On");
  ok(await read('Picarro.get "CH4 (ppm)"') < dark * 0.9);
  ok(await read('"Reactor TC".get Temperature') > cold + 10);
  match(await ask('"Reactor TC".get Temperature'), /^OK \d+$/, "whole degrees, as the original's thermocouple");
});

Deno.test("GC FID: a scan takes its time, and is read as the sensitivity that it was written with", async () => {
  const { server, ask, pass } = quietBench();
  await using _ = server;
  const parts = async () => {
    const replies = [await ask('"GC FID".get "CH4 (ppm)"'), await ask('"GC FID".get "CO2 (ppm)"')];
    for (const reply of replies) match(reply, /^OK \d+\.\d$/, "one decimal, as the original's");
    return replies.map((reply) => Number(reply.slice(3)));
  };
  strictEqual(await ask('"GC FID".get "CH4 (ppm)"'), "OK No Reading");
  strictEqual(await ask('"GC FID".get Sensitivity'), "OK Low");
  await pass(1);
  const before = await parts();
  await ask('"Methane MFC".set "Mode Selection" Open');
  await ask('"Methane MFC".confirm');
  strictEqual(await ask('"GC FID".set Sensitivity high'), "OK", "there is nothing to confirm");
  for (let at = 0; at < 25; at++) await pass(1);
  deepStrictEqual(await parts(), before, "the scan is under way");
  for (let at = 0; at < 120; at++) await pass(1);
  const [methane, carbonDioxide] = await parts();
  ok(Math.abs(methane! - 32) < 1, "of what flows in the lamp has burnt nothing");
  ok(Math.abs(carbonDioxide! - 420) < 1);
  match(await ask('"GC FID".set Sensitivity Hgh'), /^ERROR .*not one of Low, Medium, High \(did you mean High\?\)/);
  const { caption } = JSON.parse((await ask('"Reactor TC".describe')).slice(3));
  strictEqual(caption, "Reactor Thermocouple");
});

Deno.test("instrument: a filter is in the beam when set_filter answers, and a deadline stops the wheel", async () => {
  const { server, ask } = quietBench();
  await using _ = server;
  const moving = ask("instrument.set_filter z");
  strictEqual(await ask("instrument.get_filter"), "OK r");
  server.bench.step(0.5);
  strictEqual(await ask("instrument.get_filter"), "OK i");
  server.bench.step(0.5);
  strictEqual(await moving, "OK");
  strictEqual(await ask("instrument.get_filter"), "OK z");
  strictEqual(await ask("instrument.get_wavelength"), "OK 905.0");
  match(
    await ask("instrument.set_filter zz"),
    /^ERROR Cannot set the filter to zz: not one of u, g, r, i, z, clear \(did you mean z\?\)$/,
  );
  const focusing = ask("instrument.set_focus 250 0 step");
  server.bench.step(1);
  strictEqual(await focusing, "OK");
  strictEqual(await ask("instrument.get_focus"), "OK 250.0");
  match(await ask("instrument.set_focus 9999"), /^ERROR Cannot move the focus to 9999: it goes from -5000 to 5000$/);
  strictEqual(await ask("instrument.set_comps HeNe Ar"), "OK");
  strictEqual(await ask("instrument.get_comps"), "OK HeNe Ar");
  strictEqual(await ask("instrument.set_shutter 1"), "OK");
  strictEqual(await ask("instrument.get_pressures").then((reply) => /^OK 2\.\d+e-06$/.test(reply)), true);
});

Deno.test("azcam tools: keywords are set, read, listed and deleted", async () => {
  const { server, ask } = quietBench();
  await using _ = server;
  strictEqual(await ask("telescope.set_keyword AIRMASS 1.5 'air mass at start' float"), "OK");
  strictEqual(await ask("telescope.get_keyword airmass"), "OK 1.5 'air mass at start' float");
  strictEqual(await ask("telescope.get_keywords"), "OK AIRMASS TELFOCUS");
  strictEqual(await ask("telescope.delete_keyword AIRMASS"), "OK");
  match(await ask("telescope.get_keyword AIRMASS"), /^ERROR AzcamError\('invalid keyword: AIRMASS'\)$/);
  match(await ask("telescope.set_keyword AIRMASS one c float"), /^ERROR Cannot set a keyword of type float to one/);
  match(
    await ask("telescope.set_keyword AIRMASSES 1"),
    /^ERROR the FITS keyword "AIRMASSES" is not made of 1 to 8 of A-Z 0-9 - _$/,
  );
});

Deno.test("parameters: one name for each setting, whatever dictionary is named after it", async () => {
  const { server, ask } = quietBench();
  await using _ = server;
  strictEqual(await ask("set_par ExposureTime 3"), "OK");
  strictEqual(await ask("get_par exposuretime"), "OK 3.0");
  strictEqual(await ask("set_par imagetest 0 azcamconsole"), "OK");
  strictEqual(await ask("get_par imagefilename azcamconsole"), "OK /image0001.fits");
  strictEqual(await ask("set_par colbin 4"), "OK");
  strictEqual(await ask("get_roi"), "OK 1 1024 1 1024 4 1");
  strictEqual(await ask("get_par controltemperature"), "OK -100.0");
  match(await ask("set_par camtemp 3"), /^ERROR Cannot set the parameter camtemp: it can only be read$/);
  match(await ask("exposure.set_roi 5 1"), /^ERROR Cannot set the region to columns 5 to 1/);
});

Deno.test("help and list: what there is, what it does, how it is called", async () => {
  const { server, ask } = quietBench();
  await using _ = server;
  match(await ask("help"), /^OK commands: echo .*uv_light \(UV Light\).*tempcon/);
  match(
    await ask("help tempcon"),
    /^OK tempcon: .*camtemp \(readout, float, °C\).*set_control_temperature \[TEMPERATURE\] \[TEMPERATURE_ID\]/,
  );
  match(await ask("help UV\u00a0Light"), /^OK UV Light: /);
  match(
    await ask("help tempcon.set_control_temperature"),
    /temperature: None or nothing keeps it, float, °C, -200 to 50, .*needs the role operator$/,
  );
  match(await ask("help get_exposuretime"), /^OK exposure\.get_exposuretime/);
  match(await ask("help tempcn"), /^ERROR Cannot help with tempcn: .*did you mean tempcon\?/);
  strictEqual(
    await ask("list"),
    "OK reactor_tc methane_mfc argon_mfc oxygen_mfc uv_light picarro gc_fid exposure controller tempcon instrument telescope parameters",
  );
  match(await ask('"UV Light".describe'), /^OK \{"name": "uv_light", "title": "UV Light"/);
});

Deno.test("unknown names: a forgotten quote is told, and a long name does not flood the reply", async () => {
  const { server, ask } = quietBench();
  await using _ = server;
  strictEqual(
    await ask('UV Light.get "Actual Status"'),
    'ERROR Cannot take UV for a command: quote a title with spaces, as in "UV Light".help, or write uv_light.help',
  );
  const long = "x".repeat(5000);
  for (const line of [long, `tempcon.${long}`, `${long}.get`, `tempcon.get ${long}`]) {
    const reply = await ask(line);
    match(reply, /^ERROR .*x{100}…/);
    ok(reply.length < 300, reply);
  }
});

Deno.test("help: an azcam client can split whatever help says with its shlex", async () => {
  const { server } = quietBench();
  await using _ = server;
  await using client = new AzcamClient({ port: server.commandServer.port });
  for (const instrument of server.bench.instruments) {
    const names = ["", ...instrument.commandNames().map((name) => `.${name}`)];
    for (const name of names) {
      const reply = await client.exchange(`help ${instrument.name}${name}`);
      match(reply, /^OK /);
      strictEqual(split(reply)[0], "OK");
    }
  }
  strictEqual(split(await client.exchange("help"))[0], "OK");
});

Deno.test("bench: two of one name, and one instrument on two benches, are refused", () => {
  const [first] = demoInstruments();
  const bench = new Bench([first!]);
  throws(() => bench.add(defineInstrument({ title: "reactor tc" })), /two instruments called reactor_tc/);
  throws(() => new Bench([first!]), /two benches/);
});

Deno.test("bench: a reading that fails turns the field to error with its reason, and back when it works again", async () => {
  let broken = true;
  const gauge = defineInstrument({
    title: "gauge",
    fields: {
      pressure: {
        type: "float",
        unit: "mbar",
        read: () => {
          if (broken) throw new Error("no answer from the gauge");
          return 1.5;
        },
      },
    },
  });
  await using server = startServer({ instruments: [gauge] });
  await read(gauge);
  strictEqual(await server.commandServer.command("gauge.get pressure"), "OK Read Error");
  match(
    await server.commandServer.command("gauge.describe"),
    /"quality": "error".*"reason": "no answer from the gauge"/,
  );
  broken = false;
  await read(gauge);
  strictEqual(await server.commandServer.command("gauge.get pressure"), "OK 1.5");
});

Deno.test("bench: a poll does not undo a staged setting, and takes over once it is confirmed", async () => {
  let device = 1;
  const source = defineInstrument({
    title: "source",
    fields: {
      level: { type: "int", needsConfirm: true, read: () => device, write: (level) => void (device = level) },
    },
  });
  await using server = startServer({ instruments: [source] });
  const ask = (line: string) => server.commandServer.command(line);
  await read(source);
  await ask("source.set level 5");
  await read(source);
  strictEqual(await ask("source.get level"), "OK 5");
  strictEqual(device, 1);
  await ask("source.confirm");
  strictEqual(device, 5);
  device = 7;
  await read(source);
  strictEqual(await ask("source.get level"), "OK 7");
});

Deno.test("bench: a reading that has not been renewed for too long is stale", async () => {
  const gauge = defineInstrument({ title: "gauge", fields: { value: { type: "int", read: () => 1 } } });
  await using server = startServer({ instruments: [gauge] });
  await read(gauge);
  gauge.markStale();
  strictEqual(gauge.fields.value.quality, "good");
  gauge.field("value").readAt -= 6000;
  gauge.markStale();
  match(
    await server.commandServer.command("gauge.describe"),
    /"value": 1, .*"quality": "stale", .*"reason": "not read for more than 5 s"/,
  );
  await read(gauge);
  strictEqual(gauge.fields.value.quality, "good");
});

Deno.test("bench: polls do not pile up on an instrument that is slow to read", async () => {
  let reading = 0;
  let most = 0;
  const release = Promise.withResolvers<number>();
  const slow = defineInstrument({
    title: "slow",
    pollInterval: 0.01,
    fields: {
      value: {
        type: "float",
        read: () => {
          most = Math.max(most, ++reading);
          return release.promise.finally(() => reading--);
        },
      },
    },
  });
  await using server = startServer({ instruments: [slow], poll: true });
  await new Promise((resolve) => setTimeout(resolve, 100));
  strictEqual(most, 1);
  release.resolve(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  strictEqual(await server.commandServer.command("slow.get value"), "OK 1.0");
});

Deno.test("defineInstrument: names that cannot be used are refused with what is wrong", () => {
  const nothing = command({ summary: "nothing", run: () => {} });
  throws(() => defineInstrument({ title: "—" }), /it needs a letter or a digit/);
  throws(
    () => defineInstrument({ title: "x", fields: { "A b": { type: "int" }, "a_b": { type: "int" } } }),
    /two fields are called a_b/,
  );
  throws(
    () => defineInstrument({ title: "x", commands: { get: nothing } }),
    /Cannot declare get of x: every instrument has it/,
  );
  throws(() => defineInstrument({ title: "x", commands: { "a b": nothing } }), /letters, digits and _ only/);
  throws(() => defineInstrument({ title: "x", fields: { c: { type: "choice" } } }), /a choice needs "choices"/);
  throws(() => command({ summary: "x", deadline: 0, run: () => {} }), /deadline of 0 s/);
});

Deno.test("command arguments: what is wrong, and how it would be right", async () => {
  const instrument = defineInstrument({
    title: "stage",
    commands: {
      move: command({
        summary: "Moves",
        arguments: {
          to: { type: "int", unit: "mm", minimum: 0 },
          how: { type: "choice", choices: ["fast", "slow"], default: "fast" },
        },
        run: ({ to, how }) => `${to} ${how}`,
      }),
    },
  });
  await using server = startServer({ instruments: [instrument] });
  const ask = (line: string) => server.commandServer.command(line);
  deepStrictEqual(
    await Promise.all(["stage.move 3", "stage.move how=slow to=4", "stage.move 5 None", "stage.move 6 SLOW"].map(ask)),
    [
      "OK 3 fast",
      "OK 4 slow",
      "OK 5 fast",
      "OK 6 slow",
    ],
  );
  const wrong: [string, RegExp][] = [
    ["stage.move", /to is missing; usage: stage\.move TO \[HOW\]$/],
    ["stage.move 1.5", /with to 1\.5: not a whole number$/],
    ["stage.move x", /with to x: not a number; give it in mm$/],
    ["stage.move 0x10", /not a number/],
    ["stage.move -1", /with to -1: below its minimum of 0 mm$/],
    ["stage.move 1 fats", /with how fats: not one of fast, slow \(did you mean fast\?\)$/],
    ["stage.move 1 to=2", /to is given twice/],
    ["stage.move 1 fast 3", /with 3 arguments: it takes 2; .*\(quote an argument that holds spaces\)$/],
    ["stage.move 1 hov=fast", /with hov=: it has no such argument \(did you mean how\?\)/],
    ["stage.__proto__", /has no command/],
    ["stage.constructor", /has no command/],
    ["constructor.name", /remote call not allowed: constructor/],
    ["stage.move 1 __proto__=2", /no such argument/],
  ];
  for (const [line, expected] of wrong) match(await ask(line), expected);
});

Deno.test("roles: an observer reads but does not drive, and only an admin stops the server", () => {
  const { requests } = new Services(demoInstruments());
  const observer = admit({ by: "program" }).deputy({ role: "observer" });
  const keywords = new Map();
  const run = (command: string, args: unknown[] = [], instrument = "tempcon") =>
    requests.run({ cmd: "Call", instrument, command, args, keywords }, observer);
  strictEqual(Number(run("get_control_temperature")), -100);
  throws(() => run("set_control_temperature", [-50]), (error: HeliographError) => {
    strictEqual(error.message, "Cannot do set_control_temperature: it needs the role operator, and you are observer");
    return true;
  });
  // A setting that a command of another instrument would reach is closed as well.
  throws(() => run("set_par", ["imagetitle", "x"], "parameters"));
  throws(() => requests.run({ cmd: "Exit" }, observer), {
    code: "not_allowed",
    message: "Cannot do exit: it needs the role admin, and you are observer",
  });
});

Deno.test("physics: lags are exact for any step, noise repeats, movers arrive", async () => {
  let byOnes = 10;
  for (let at = 0; at < 60; at++) byOnes = follow(byOnes, 50, 7, 1);
  ok(Math.abs(byOnes - follow(10, 50, 7, 60)) < 1e-9);
  const [a, b] = [new Noise(1), new Noise(1)];
  const normals = Array.from({ length: 10_000 }, () => a.normal(2));
  deepStrictEqual(normals.slice(0, 5), Array.from({ length: 5 }, () => b.normal(2)));
  const variance = normals.reduce((sum, each) => sum + each * each, 0) / normals.length;
  ok(Math.abs(Math.sqrt(variance) - 2) < 0.1);
  const mover = new Mover(0, 10);
  const abort = new AbortController();
  const moving = mover.moveTo(100, abort.signal);
  mover.step(3);
  strictEqual(mover.position, 30);
  abort.abort(new Error("stop"));
  strictEqual(await moving.catch((error) => error.message), "stop");
  mover.step(5);
  strictEqual(mover.position, 30, "it stays where it was stopped");
});
