/** azcam's tools beside the camera, as its consoles drive them: headers, instrument, tempcon, telescope, controller. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { split } from "npm:shlex@3.0.0";
import { formatCommandLine } from "../../../protocol/command_line.ts";
import { loadBench } from "../../../server/config/bench_file.ts";
import { Simulators } from "../../../server/config/simulators.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { eventually, RawClient, read, startServer, top } from "../../fixture.ts";
import { ownCamera } from "../../own_camera.ts";
import { readImage } from "./camera.ts";
import { RecordingCamera } from "./recording_camera.ts";

/** The demo bench, or another one, without a clock; a client on a real socket. */
class Bench implements AsyncDisposable {
  readonly server: HeliographServer;
  readonly client: RawClient;
  readonly folder: string | undefined;

  private constructor(server: HeliographServer, client: RawClient, folder: string | undefined) {
    this.server = server;
    this.client = client;
    this.folder = folder;
  }

  static async start(server: HeliographServer = startServer(), folder?: string): Promise<Bench> {
    await server.ready;
    return new Bench(server, await RawClient.connect(server.commandServer.port), folder);
  }

  /** A bench file in a folder of its own, with what stands beside it. */
  static async ofFile(
    bench: string,
    beside: Readonly<Record<string, string>> = {},
    poll = false,
    redirect?: Parameters<typeof loadBench>[1],
  ): Promise<Bench> {
    const folder = await Deno.makeTempDir({ prefix: "heliograph-tools-" });
    for (const [name, text] of Object.entries({ ...beside, "bench.json": bench })) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    const { instruments } = await loadBench(join(folder, "bench.json"), redirect);
    return await Bench.start(startServer({ instruments, poll }), folder);
  }

  ask(line: string): Promise<string> {
    return this.client.ask(line);
  }

  /** Asks lines one after another, and compares their replies. */
  async expect(conversation: Readonly<Record<string, string | RegExp>>): Promise<void> {
    for (const [line, reply] of Object.entries(conversation)) {
      const said = await this.ask(line);
      if (typeof reply === "string") strictEqual(said, reply, line);
      else match(said, reply, line);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.server.stop();
    if (this.folder !== undefined) await Deno.remove(this.folder, { recursive: true });
  }
}

/** The parts of a reply, as azcam's client takes them. */
function parts(reply: string): string[] {
  return split(reply).slice(1);
}

Deno.test("azcam tools: every tool has its own header, in azcam's words", async () => {
  await using bench = await Bench.start();
  for (const tool of ["exposure", "tempcon", "instrument", "telescope", "controller"]) {
    await bench.expect({
      [`${tool}.initialize`]: "OK",
      [`${tool}.reset`]: "OK",
      [`${tool}.update_header`]: "OK",
      [`${tool}.set_keyword A1 hello none none`]: "OK",
      [`${tool}.get_keyword A1`]: "OK hello  none",
      [`${tool}.set_keyword A2 "hello there" "my comment" str`]: "OK",
      [`${tool}.get_keyword A2`]: "OK 'hello there' 'my comment' str",
      [`${tool}.set_keyword A3 5 five int`]: "OK",
      [`${tool}.get_keyword A3`]: "OK 5 five int",
      [`${tool}.set_keyword A4 2.5 c float`]: "OK",
      [`${tool}.get_keyword A4`]: "OK 2.5 c float",
      [`${tool}.set_keyword A5 bare`]: "OK",
      [`${tool}.get_keyword A5`]: "OK bare  none",
      [`${tool}.get_keywords`]: /^OK A1 A2 A3 A4 A5( [A-Z]+)*$/,
      [`${tool}.read_header`]: new RegExp(
        String.raw`^OK \['A1', 'hello', '', 'none'\] \['A2', 'hello there', 'my comment', 'str'\] ` +
          String.raw`\['A3', 5, 'five', 'int'\] \['A4', 2\.5, 'c', 'float'\] \['A5', 'bare', '', 'none'\]( \[.*\])?$`,
      ),
      // Who does not say the comment keeps it; "" takes it away.
      [`${tool}.set_keyword A2 other none str`]: "OK",
      [`${tool}.get_keyword  A2`]: "OK other 'my comment' str",
      [`${tool}.set_keyword A2 other "" str`]: "OK",
      [`${tool}.get_keyword   A2`]: "OK other  str",
      [`${tool}.delete_keyword A1`]: "OK",
      [`${tool}.get_keyword  A1`]: /^ERROR .*invalid keyword: A1/,
      [`${tool}.delete_keyword NOPE`]: "OK",
    });
  }
  match(await bench.ask("focus.initialize"), /^ERROR AzcamError\('remote call not allowed: focus/);
});

Deno.test("azcam tools: azcam's client gets a keyword's value and comment as they were set", async () => {
  await using bench = await Bench.start();
  for (const text of ["it's here", "O'HARA", 'say "hi"', "a\\b", `it's "both"`, "#5", "a=b", " ".repeat(3)]) {
    const [tool, keyword] = ["telescope", "TEXT"];
    strictEqual(await bench.ask(formatCommandLine(tool, "set_keyword", [keyword, text, text, "str"])), "OK");
    deepStrictEqual(parts(await bench.ask(`${tool}.get_keyword ${keyword}`)), [text, text, "str"]);
    // Its client splits the whole header as well, whatever stands in it.
    ok(parts(await bench.ask(`${tool}.read_header`)).length >= 4, text);
  }
});

Deno.test("azcam tools: update_header reads what the header tells, and what cannot be read has no value", async () => {
  await using bench = await Bench.start();
  await bench.expect({ "tempcon.read_header": /\['CAMTEMP', None, 'detector temperature', 'float'\]/ });
  bench.server.bench.step(0.1);
  await bench.expect({
    "tempcon.update_header": "OK",
    "tempcon.read_header": /\['CAMTEMP', (19|20)\.\d+, 'detector temperature', 'float'\]/,
    "tempcon.get_keyword CAMTEMP": /^OK (19|20)\.\d+ 'detector temperature' float$/,
  });
});

Deno.test("azcam tools: -1, None and nothing are the first one, or as it is", async () => {
  await using bench = await Bench.start();
  for (const id of ["", " -1", " 0", " None"]) {
    await bench.expect({
      [`tempcon.get_control_temperature${id}`]: "OK -100.0",
      [`get_control_temperature${id}`]: "OK -100.0",
      [`tempcon.get_temperature${id}`]: "OK -999.9",
      [`instrument.get_filters${id}`]: "OK u g r i z clear",
      [`instrument.get_filter${id}`]: "OK r",
      [`instrument.get_wavelength${id}`]: "OK 623.0",
      [`instrument.get_focus${id}`]: "OK 0.0",
      [`telescope.get_focus${id}`]: "OK 1200.0",
      [`instrument.get_pressure${id}`]: /^OK 2\.\d+e-06$/,
      [`instrument.set_filter None${id}`]: "OK",
      [`instrument.set_filter -1${id}`]: "OK",
      [`instrument.set_wavelength -1${id}`]: "OK",
      [`instrument.set_pressure -1${id}`]: "OK",
      [`controller.set_shutter 0${id}`]: "OK",
      [`set_shutter 0${id}`]: "OK",
    });
  }
  await bench.expect({
    "set_control_temperature None -1": "OK",
    "set_control_temperature": "OK",
    "get_control_temperature -1": "OK -100.0",
    // A temperature of -1 °C is one.
    "set_control_temperature -1 0": "OK",
    "get_control_temperature 0": "OK -1.0",
    "set_control_temperature -201 0": /below its minimum of -200 °C$/,
    "instrument.get_filter -2": /below its minimum of -1$/,
  });
});

Deno.test("azcam tools: comparison lamps are chosen, lit, waited for and put out, and the page sees it", async () => {
  await using bench = await Bench.start();
  const instrument = bench.server.bench.find("instrument")!;
  const lit = async () => {
    await read(instrument);
    return ["lamps", "HeNe", "Ar", "comps"].map((name) => instrument.field(name).value);
  };
  await bench.expect({ "instrument.get_all_comps": "OK HeNe Ar", "instrument.get_comps": "OK" });
  await bench.expect({ "instrument.set_comps None": "OK", "instrument.comps_on": "OK" });
  deepStrictEqual(await lit(), [false, false, false, ""]);
  await bench.expect({
    "instrument.set_comps hene": "OK",
    "instrument.get_comps": "OK HeNe",
    "instrument.comps_on": "OK",
    "instrument.comps_delay": "OK",
    "instrument.comps_delay 0": "OK",
  });
  deepStrictEqual(await lit(), [true, true, false, "HeNe"]);
  const waiting = bench.ask("instrument.comps_delay 3");
  // It waits in the instrument's own time.
  await eventually(() => instrument.queue.running?.name === "comps_delay", "it waits");
  bench.server.bench.step(2);
  strictEqual(instrument.queue.running?.name, "comps_delay");
  bench.server.bench.step(1);
  strictEqual(await waiting, "OK");
  await bench.expect({
    "instrument.set_comps HeNe Ar": "OK",
    "instrument.comps_on": "OK",
    "instrument.set_comps neon": /^ERROR Cannot choose the lamp neon: not one of HeNe, Ar.*set_comps HeNe Ar$/,
    // What azcam's console makes of a list in Python, and azcam refuses as well.
    "instrument.set_comps ['HeNe', 'Ar']": /^ERROR Cannot choose the lamp .*set_comps HeNe Ar$/,
    "instrument.get_comps": "OK HeNe Ar",
  });
  deepStrictEqual(await lit(), [true, true, true, "HeNe Ar"]);
  // A client with types sends the list itself.
  using typed = await RawClient.connect(bench.server.dashboardServer.port);
  const call = { cmd: "Call", instrument: "instrument", command: "set_comps", args: [["Ar", "HeNe"]] };
  deepStrictEqual(await typed.request({ id: 1, ...call }), { id: 1, ok: true, value: null });
  deepStrictEqual(await typed.request({ id: 2, ...call, command: "get_comps", args: [] }), {
    id: 2,
    ok: true,
    value: ["Ar", "HeNe"],
  });
  strictEqual(await bench.ask("instrument.set_comps HeNe Ar"), "OK");
  await bench.expect({ "instrument.comps_off": "OK" });
  deepStrictEqual(await lit(), [false, false, false, "HeNe Ar"]);
  // By hand, from the page.
  await bench.expect({ "instrument.set Ar on": "OK" });
  deepStrictEqual(await lit(), [true, false, true, "HeNe Ar"]);
  await bench.expect({ "instrument.set lamps off": "OK", "instrument.set_comps": "OK", "instrument.get_comps": "OK" });
  deepStrictEqual(await lit(), [false, false, false, ""]);
});

Deno.test("azcam tools: instrument has any wavelength, a pressure, a power meter and a diode behind its shutter", async () => {
  await using bench = await Bench.start();
  const number = async (line: string) => Number((await bench.ask(line)).slice(3));
  await bench.expect({
    "instrument.set_wavelength 500 0": "OK",
    "instrument.get_wavelength 0": "OK 500.0",
    "instrument.set_wavelength 500.5 0": "OK",
    "instrument.get_wavelength": "OK 500.5",
    "instrument.get_wavelengths": "OK 354.0 477.0 623.0 763.0 905.0 600.0",
    "instrument.set_wavelength 1300": /^ERROR Cannot set the wavelength to 1300: write 200 to 1200 nm, or one of u, g/,
    "instrument.set_wavelength dark": /^ERROR Cannot set the wavelength to dark: /,
    "instrument.set_filter nosuch": /^ERROR Cannot set the filter to nosuch: not one of u, g/,
  });
  // A filter's own wavelength moves it into the beam.
  const moving = bench.ask("instrument.set_wavelength 905");
  const wheel = bench.server.bench.find("instrument")!;
  await eventually(() => wheel.queue.running?.name === "set_wavelength", "the wheel turns");
  bench.server.bench.step(5);
  strictEqual(await moving, "OK");
  await bench.expect({ "instrument.get_filter": "OK z", "instrument.get_wavelength": "OK 905.0" });
  ok(await number("instrument.get_power 500 0") > 10 * await number("instrument.get_power 1100 0"));
  ok(await number("instrument.get_power") < await number("instrument.get_power 500"), "at the wavelength that is set");
  ok(await number("instrument.get_current 1 0") > 100 * await number("instrument.get_current  0 0"));
  // The shutter is as it was, and get_currents leaves it alone.
  const dark = await number("instrument.get_currents");
  await bench.expect({ "instrument.set_shutter 1 0": "OK" });
  ok(await number("instrument.get_currents") > 100 * dark);
  ok(await number("instrument.get_current 2") > 100 * dark);
  ok(await number("instrument.get_current 0") < 10 * dark);
  await bench.expect({
    "instrument.set_pressure 0.5 0": "OK",
    "instrument.get_pressures": /^OK 0\.[45]\d+$/,
    "instrument.set_pressure 2000": /above its maximum of 1100 mbar$/,
  });
});

Deno.test("azcam tools: telescope and instrument move their focus to a place or by a step", async () => {
  await using bench = await Bench.start();
  for (const [tool, first] of [["telescope", 1200], ["instrument", 0]] as const) {
    for (const [line, target] of [[`1510 0 absolute`, 1510], ["-10 0 step", 1500], ["1505 -1", 1505]] as const) {
      const moving = bench.ask(`${tool}.set_focus ${line}`);
      const { queue } = bench.server.bench.find(tool)!;
      await eventually(() => queue.running?.name === "set_focus", `it moves from ${first}`);
      bench.server.bench.step(10);
      strictEqual(await moving, "OK");
      strictEqual(await bench.ask(`${tool}.get_focus 0`), `OK ${target}.0`);
    }
  }
});

Deno.test("azcam tools: tempcon corrects its temperatures, and takes calibration curves", async () => {
  await using bench = await Bench.start();
  const tempcon = bench.server.bench.find("tempcon")!;
  const temperatures = async () => {
    await read(tempcon);
    return parts(await bench.ask("tempcon.get_temperatures")).map(Number);
  };
  const near = async (...wanted: number[]) => {
    const told = await temperatures();
    ok(wanted.every((each, at) => Math.abs(told[at]! - each) < 0.3), `${told} are not ${wanted}`);
  };
  await near(20, 20);
  await bench.expect({ "tempcon.set_corrections [10,-5] [2,1]": "OK" });
  await near(50, 15);
  match(await bench.ask("tempcon.get_keyword CAMTEMP"), /^OK (49|50)\./, "the header tells the same");
  await bench.expect({ "tempcon.set_corrections '[0, 0]'": "OK" });
  await near(40, 20);
  await bench.expect({ "tempcon.set_corrections": "OK" });
  await near(20, 20);
  await bench.expect({
    "tempcon.set_corrections None None": "OK",
    "tempcon.set_corrections [1, 2]":
      /^ERROR Cannot take \[1, for temperature offsets: write a list of numbers without/,
    "tempcon.set_corrections [1,x]": /^ERROR Cannot take \[1,x\] for temperature offsets: write a list of numbers/,
    "tempcon.set_corrections [1,2,3]": /there are 2 sensors, and 3 numbers$/,
    "tempcon.set_calibrations [0,3]": "OK",
    "tempcon.set_calibrations 1 2": "OK",
    "tempcon.set_calibrations [4]": /^ERROR Cannot set the calibration curves to 4: 0 DT670/,
  });
});

Deno.test("azcam tools: a real tempcon is corrected as well, before anybody is told", async () => {
  await using simulators = new Simulators();
  const tempcon = { title: "tempcon", driver: "cryocon-24", port: "udp://127.0.0.1:1", pollInterval: 0.05 };
  await using bench = await Bench.ofFile(JSON.stringify({ instruments: [tempcon] }), {}, true, simulators.redirect);
  const field = (name: string) => Number(bench.server.bench.find("tempcon")!.field(name).value);
  await eventually(() => Math.abs(field("camtemp") - 20) < 1 && Math.abs(field("dewtemp") - 20) < 1, "it is read");
  await bench.expect({ "tempcon.set_corrections [0,-50] [10,1]": "OK" });
  await eventually(() => field("camtemp") > 150 && field("dewtemp") < -20, "the readings are corrected");
  const [camtemp, dewtemp] = parts(await bench.ask("get_temperatures")).map(Number);
  ok(camtemp! > 150 && dewtemp! < -20, `${camtemp} ${dewtemp}`);
  await bench.expect({
    "get_control_temperature -1": "OK -999.9",
    "set_control_temperature None -1": "OK",
    "set_control_temperature -90 -1": "OK",
    "get_control_temperature -1 ": "OK -90.0",
    "tempcon.read_header": /^OK \['CAMTEMP', 1\d\d\./,
    "tempcon.update_header": "OK",
  });
});

Deno.test("controller: its shutter, its detector and its exposure time are the camera's", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("controller.set_shutter 1", "controller.set_shutter 0 0", "controller.flush 2");
  deepStrictEqual(camera.detector.told.map(([what]) => what), ["open", "close", "flush 2"]);
  await camera.tell("set_shutter 1 0", "controller.update_header");
  strictEqual(camera.field("shutter"), true);
  strictEqual(await camera.ask("controller.get shutter"), "OK On");
  await camera.tell("set_shutter 0 0");
  strictEqual(await camera.ask("controller.board_command OSH 2"), "OK DON");
  strictEqual(camera.field("shutter"), true);
  strictEqual(await camera.ask("controller.board_command CSH 2"), "OK DON");
  strictEqual(camera.field("shutter"), false);
  await camera.tell("controller.parshift -10", "controller.parshift 4");
  strictEqual(await camera.ask("controller.read_memory Y 2 19"), "OK 4");
  strictEqual(await camera.ask("controller.board_command RPX 2"), "OK DON");
  deepStrictEqual(camera.detector.told.slice(-3).map(([what]) => what), ["shift -10", "shift 4", "shift -4"]);
  await camera.tell("controller.set_exposuretime 60");
  strictEqual(await camera.ask("controller.get_exposuretime"), "OK 60.0");
  strictEqual(await camera.ask("get_exposuretime"), "OK 60.0");
  const { done } = await camera.exposing("expose 60 object");
  strictEqual(camera.field("shutter"), true);
  strictEqual(await camera.beside("controller.update_exposuretime_remaining"), "OK 60.0");
  // No header waits for the end of the exposure.
  strictEqual(await camera.beside("exposure.update_header"), "OK");
  match(await camera.beside("exposure.read_header"), /\['EXPREQ', 60\.0, /);
  strictEqual(await camera.beside("controller.exposure_pause"), "OK");
  await eventually(() => camera.field("shutter") === false, "the shutter closes");
  strictEqual(await camera.beside("controller.exposure_resume"), "OK");
  await eventually(() => camera.field("shutter") === true, "the shutter opens again");
  strictEqual(await camera.beside("controller.exposure_abort"), "OK");
  match(await done, /^(OK|ERROR AzcamError\('Exposure aborted'\))$/);
  strictEqual(camera.field("shutter"), false);
  strictEqual(await camera.beside("controller.get_pixels_remaining"), "OK 0");
  // For a dark the shutter stays closed.
  const { done: dark } = await camera.exposing("expose 60 dark");
  strictEqual(camera.field("shutter"), false);
  strictEqual(await camera.beside("controller.start_readout"), "OK");
  strictEqual(await dark, "OK");
});

Deno.test("controller: its boards keep what is written, answer tests, and say what they do not know", async () => {
  await using bench = await Bench.start();
  await bench.expect({
    "controller.write_memory Y 2 19 1234": "OK",
    "controller.read_memory Y 2 19": "OK 1234",
    "controller.read_memory X 2 19": "OK 0",
    "controller.board_command RDM 2 4194323": "OK 1234",
    "controller.board_command WRM 2 4194323 77 -1 -1": "OK DON",
    "controller.read_memory y 2 19": "OK 77",
    "controller.board_command TDL 1 99": "OK 99",
    "controller.board_command tdl 3 5 -1 -1 -1": "OK 5",
    "controller.board_command TDL 1 x": /^ERROR Cannot run TDL with x: no whole numbers$/,
    "controller.board_command RDM 2 19": /^ERROR Cannot tell which memory the address 19 is in: add 0x100000/,
    "controller.board_command XYZ 2": /^ERROR Cannot run XYZ on the timing board: the simulated boards know TDL, RDM/,
    "controller.read_memory Z 2 19": /not one of P, X, Y, R/,
    "controller.read_memory Y 4 19": /above its maximum of 3$/,
    "controller.write_memory Y 2 19 16777216": /above its maximum of 16777215$/,
    "controller.set_bias_number 2 3 VID 1000": "OK",
    "controller.update_header": "OK",
    "controller.get board_command": "OK SBN 2 2 3 VID 1000",
    "controller.set_bias_number 2 3 VIP 1000": /not one of VID, CLK/,
    "controller.set_bias_number 2 3 CLK 4096": /above its maximum of 4095$/,
    "controller.set_bias_voltages": "OK",
    "controller.set_video_gain 5": "OK",
    "controller.set_video_gain 3": /^ERROR Cannot set the video gain to 3: it is 1, 2, 5 or 10$/,
    "controller.set_video_speed 2": "OK",
    "controller.power_off": "OK",
    "controller.stop_idle": "OK",
    "controller.update_header ": "OK",
  });
  const controller = bench.server.bench.find("controller")!;
  const state = () => ["power", "idle", "video_gain", "video_speed"].map((name) => controller.field(name).value);
  deepStrictEqual(state(), [false, false, 5, 2]);
  await bench.expect({
    "set_roi 1 100 11 50 2 4": "OK",
    "controller.set_roi": "OK",
    "controller.read_memory Y 2 1": "OK 50",
    "controller.read_memory Y 2 2": "OK 10",
    "controller.read_memory Y 2 4": "OK 4",
    "controller.set_shutter_state 1": "OK",
    "controller.read_memory X 2 0": "OK 2048",
    "controller.set_video_offset 2 3 1000": "OK",
    "controller.set_mux 2 1 3": "OK",
    "controller.set_dc_mode 1": "OK",
    "controller.select_video_outputs 3": "OK",
    "controller.select_video_outputs": "OK",
    "controller.read_memory Y 3 1": "OK 3",
    "controller.clear_switches": "OK",
    "controller.write_control 5": "OK",
    "controller.load_application 2 1": "OK",
    "controller.set_boards": "OK",
    "controller.test_datalink": "OK",
    "controller.test_datalink 2 99 5": "OK",
    "controller.test_datalink 2 none": /^ERROR Cannot test with none: write counter, or a number/,
    "controller.test": "OK",
    "controller.read_memory   Y 2 19": "OK 0",
    "controller.upload_file /data/code/tim.lod": "OK tim.lod",
    "controller.upload_dsp_file 2 /data/code/tim.lod": "OK",
    "controller.load_file 3 C:\\code\\util.lod": "OK",
    "controller.get_keyword TIMFILE": "OK tim.lod 'program of the board; simulated' str",
    "controller.get_keyword UTILFILE": "OK util.lod 'program of the board; simulated' str",
    "controller.start_exposure": /^ERROR Cannot start an exposure with a simulated controller: take exposures with/,
    "controller.read_image": /^ERROR Cannot read an image with a simulated controller: /,
    "controller.set_synthetic_data real": /: all its images are simulated$/,
    "controller.ioctl 5": /board_command speaks with the boards$/,
    "controller.reset": "OK",
    "controller.update_header": "OK",
  });
  deepStrictEqual(state(), [true, true, 1, 1]);
});

Deno.test("controller: a bench without a camera says so", async () => {
  await using bench = await Bench.ofFile(
    `{ "instruments": [{ "title": "controller", "driver": "simulated-controller" }] }`,
  );
  await bench.expect({
    "controller.set_shutter 1": /^ERROR .*Cannot run set_shutter: no camera called exposure stands on the bench/,
    "controller.update_header": "OK",
    "controller.get shutter": "OK Off",
    "controller.test_datalink": "OK",
  });
});

/** What a console asks of the tools of any bench. */
const everyBench: Readonly<Record<string, string | RegExp>> = {
  "exposure.set_keyword A1 hello none none": "OK",
  "exposure.get_keyword A1": "OK hello  none",
  "exposure.set_keyword A2 'two words'": "OK",
  "exposure.get_keyword A2": "OK 'two words'  none",
  "exposure.read_header": /^OK \['A1', 'hello', '', 'none'\] \['A2', 'two words', '', 'none'\]/,
  "exposure.update_header": "OK",
  "exposure.delete_keyword A1": "OK",
  "exposure.delete_keyword NOPE": "OK",
  "controller.set_shutter 1": "OK",
  "exposure.set_shutter 0 0": "OK",
  "exposure.set_shutter 1 1": "OK",
  "controller.flush 1": "OK",
  "controller.set_roi": "OK",
  "controller.test_datalink": "OK",
  "controller.parshift 3": /^(OK|ERROR .*the detector own CCD has no such function.*)$/,
  "controller.get_exposuretime": "OK 1.0",
  "controller.exposure_abort": "OK",
  "controller.get_pixels_remaining": "OK 0",
  "controller.set_keyword RUN 7 'the run' int": "OK",
  "instrument.set_comps HeNe": "OK",
  "instrument.comps_on": "OK",
  "instrument.comps_off": "OK",
  "instrument.get_power 500 0": /^OK 1\.[45]\d+e-09$/,
  "tempcon.set_corrections [1,0] [1,1]": "OK",
  "telescope.get_focus -1": "OK 1200.0",
  "exposure.expose 0 zero": "OK",
};

Deno.test("azcam tools: the bench file of the examples has them all", async () => {
  await using bench = await Bench.ofFile(await Deno.readTextFile(new URL("examples/benches/camera.json", top)));
  await bench.expect(everyBench);
  const image = await readImage(join(bench.folder!, "images", "test.fits"));
  deepStrictEqual(["A2", "RUN"].map((keyword) => image.value(keyword)), ["two words", 7]);
});

Deno.test("azcam tools: a camera with a driver of one's own has the same header, shutter and controller", async () => {
  const others = ["controller", "tempcon", "instrument", "telescope"].map((tool) => ({
    title: tool,
    driver: `simulated-${tool}`,
  }));
  const permissions = { read: ["images"], write: ["images"] };
  const instruments = [{ title: "exposure", driver: "./camera.js", permissions }, ...others];
  await using bench = await Bench.ofFile(JSON.stringify({ instruments }), { "camera.js": ownCamera }, true);
  const camera = bench.server.bench.find("exposure")!;
  await eventually(() => camera.contact!.state === "connected", "contact with the camera");
  await bench.expect(everyBench);
  strictEqual(await bench.ask("controller.set_shutter 1"), "OK");
  await eventually(() => camera.field("shutter").value === true, "the shutter's field is told");
  const { allFields } = bench.server.bench.find("controller")!;
  await eventually(
    () => allFields.find(({ name }) => name === "shutter")!.value === true,
    "the controller tells it too",
  );
  const image = await readImage(join(bench.folder!, "images", "test.fits"));
  deepStrictEqual(["A2", "RUN"].map((keyword) => image.value(keyword)), ["two words", 7]);
});
