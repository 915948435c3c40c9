/** What azcam's console and guiders send to the camera, beside the exposures themselves. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { HeliographError, loadBench } from "../../../mod.ts";
import { command } from "../../../server/bench/command.ts";
import { defineInstrument } from "../../../server/bench/define_instrument.ts";
import type { Instrument } from "../../../server/bench/instrument.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { eventually, startServer } from "../../fixture.ts";
import { ownCamera } from "../../own_camera.ts";
import { CameraServer, readImage, ServedCamera } from "./camera.ts";
import { RecordingCamera, type RecordingDetector } from "./recording_camera.ts";

const aborted = "ERROR AzcamError('Exposure aborted')";

/** What an image's primary header says. */
async function values(file: string, ...keywords: string[]): Promise<unknown[]> {
  const image = await readImage(file);
  return keywords.map((keyword) => image.value(keyword));
}

/** An instrument with two comparison lamps, which notes what it is told. */
function lampInstrument(told: string[], fails: { comps_on?: string; comps_off?: string } = {}): Instrument {
  let chosen: readonly unknown[] = [];
  const note = (name: "comps_on" | "comps_off" | "comps_delay") =>
    command({
      summary: name,
      run: () => {
        told.push(name);
        const failure = name === "comps_delay" ? undefined : fails[name];
        if (failure !== undefined) throw new HeliographError("command_failed", failure);
      },
    });
  return defineInstrument({
    title: "instrument",
    commands: {
      get_all_comps: command({
        summary: "lamps",
        role: "observer",
        immediate: true,
        run: () => ["HeNe", "Ar", "../x", "flat"],
      }),
      get_comps: command({ summary: "chosen", role: "observer", immediate: true, run: () => chosen }),
      set_comps: command({ summary: "choose", takesMore: true, run: (_, { more }) => void (chosen = more) }),
      comps_on: note("comps_on"),
      comps_off: note("comps_off"),
      comps_delay: note("comps_delay"),
    },
  });
}

Deno.test("console: -1 and None mean what is set, also where the original's console has no other way to say it", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell(
    "set_exposuretime 3",
    "set_image_type dark",
    "set_image_title mine",
    "set_par exposuresequencetotal 2",
  );
  for (const line of ["exposure.test -1 0", 'exposure.expose -1  ""', "expose None None None"]) {
    const { done } = await camera.exposing(line);
    await camera.advance(3);
    strictEqual(await done, "OK", line);
    deepStrictEqual(await values(`${camera.folder}/test.fits`, "EXPREQ", "IMAGETYP"), [3, "dark"], line);
  }
  await camera.tell("set_exposuretime 0");
  camera.detector.told.length = 0;
  await camera.tell("exposure.sequence -1 -1 -1");
  strictEqual(camera.detector.count("begin"), 2);
  match(await camera.ask("exposure.sequence 0"), /^ERROR .*Cannot take a sequence of 0 exposures: at least 1, or -1/);
  match(await camera.ask("exposure.sequence1 0"), /^ERROR .*Cannot take a sequence of 0 exposures/);
  await camera.tell("exposure.set_roi 2 9 3 8 2 2 0", "exposure.set_roi -1 -1 None None 1 1 0");
  strictEqual(await camera.ask("exposure.get_roi 0"), "OK 2 9 3 8 1 1");
});

Deno.test("console: commands without a tool's name, and pauses of nothing, are answered as azcam answers them", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("initialize_exposure", "exposure.initialize", "exposure.reset", "set_roi 2 9 3 8 2 2");
  await camera.tell("reset_exposure", "pause", "resume", "start_readout", "exposure.pause_exposure", "abort");
  strictEqual(await camera.ask("get_roi"), "OK 1 16 1 12 1 1");
  await camera.tell("set_par imagetest 0", "increment_filenumber");
  strictEqual(camera.field("imagesequencenumber"), 2);
  await camera.tell("set_par imagetest 1", "increment_filenumber", "set_par imagetest 0");
  await camera.tell("set_par imageautoincrementsequencenumber 0", "increment_filenumber");
  strictEqual(camera.field("imagesequencenumber"), 2);
  strictEqual(await camera.ask("check_image_ready"), "OK 0");
  const { done } = await camera.exposing("expose 100 flat");
  await camera.advance(1);
  strictEqual(await camera.beside("start_readout"), "OK");
  strictEqual(await done, "OK");
  strictEqual(await camera.ask("check_image_ready"), "OK 1");
  strictEqual(await camera.ask("exposure.check_image_ready"), "OK 0", "an image is told of once");
  await camera.tell("exposure.set_focalplane 1 1 2 1 '[0, 1]'");
  strictEqual(await camera.ask("exposure.get_focalplane"), "OK 1 1 2 1 '[0, 1]'");
  await camera.tell("exposure.set_focalplane 1 1 1 1 '[0]'");
  strictEqual(await camera.ask("exposure.get_focalplane"), "OK 1 1 1 1 [0]");
});

Deno.test("console: a guider's exposures are objects with azcam's title, one after another, until an abort where it says so", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_exposuretime 0", "set_par imagetest 0", "set_image_type flat", "exposure.guide 2");
  deepStrictEqual(camera.files(), ["image0001.fits", "image0002.fits"]);
  deepStrictEqual(await values(`${camera.folder}/image0002.fits`, "OBJECT", "IMAGETYP"), ["guide image", "object"]);
  strictEqual(camera.detector.count("begin"), 2);
  strictEqual(camera.field("isexposuresequence"), 0);
  await camera.tell("exposure.guide1 1");
  await eventually(() => camera.files().length === 3, "the image of guide1");
  await camera.tell("guide1 -1");
  await eventually(() => camera.files().length > 6, "images without an end");
  strictEqual(await camera.beside("abort"), "OK");
  await eventually(() => camera.field("message") === "Exposure aborted", "the end of it");
  await camera.tell("set_par imageincludesequencenumber 0", "guide");
  match(await camera.ask("guide1"), /^ERROR .*a file of that name is there already/);
});

Deno.test("console: a comparison lamp is an image type, and burns while it is exposed and no longer, however that ends", async () => {
  const lamps: string[] = [];
  const fails: { comps_on?: string; comps_off?: string } = {};
  await using camera = await RecordingCamera.start({ others: () => [lampInstrument(lamps, fails)] });
  const burns = ["comps_on", "comps_delay"];
  const whole = [...burns, "comps_off"];
  const told = async () => {
    strictEqual(await camera.beside("instrument.get_comps"), lamps.at(-1) === "comps_off" ? "OK" : "OK HeNe");
    return lamps.splice(0);
  };
  const file = `${camera.folder}/test.fits`;
  strictEqual(await camera.ask("exposure.get_image_types"), "OK zero object flat dark HeNe Ar", "what can name a file");
  const { done } = await camera.exposing('exposure.expose 5 hene "x"');
  deepStrictEqual(await told(), burns);
  await camera.advance(5);
  strictEqual(await done, "OK");
  deepStrictEqual(await told(), ["comps_off"]);
  deepStrictEqual(await values(file, "IMAGETYP", "COMPLAMP", "OBJECT"), ["comp", "HeNe", "x"]);
  strictEqual(camera.detector.told[1]![0], "begin flat", "the shutter is open");
  strictEqual(await camera.ask("get_image_type"), "OK HeNe");
  await camera.tell("expose 0 dark", "set_par imagetype HeNe", "set_exposuretime 0", "set_par imageautoname 1");
  deepStrictEqual(await values(file, "IMAGETYP", "COMPLAMP"), ["dark", undefined]);
  deepStrictEqual(lamps.splice(0), []);

  // An abort in the middle, and between two steps; a detector and a lamp that fail.
  const second = await camera.exposing("expose 5");
  strictEqual(await camera.beside("abort"), "OK");
  strictEqual(await second.done, aborted);
  deepStrictEqual(await told(), whole);
  await camera.tell("set_exposuretime 0", "begin");
  deepStrictEqual(await told(), burns);
  strictEqual(await camera.beside("abort"), "OK");
  deepStrictEqual(await told(), ["comps_off"]);
  camera.detector.fails.begin = "the shutter sticks";
  match(await camera.ask("expose"), /^ERROR .*the shutter sticks/);
  deepStrictEqual(await told(), whole);
  delete camera.detector.fails.begin;
  const begun = camera.detector.count("begin");
  fails.comps_on = "the fuse has blown";
  match(await camera.ask("expose"), /^ERROR .*the fuse has blown/);
  deepStrictEqual(await told(), ["comps_on", "comps_off"]);
  delete fails.comps_on;
  fails.comps_off = "the relay sticks";
  await camera.tell("expose");
  strictEqual(
    camera.field("message"),
    "The comparison lamp HeNe may still burn: the relay sticks",
    "but the image is there",
  );
  delete fails.comps_off;
  deepStrictEqual(lamps.splice(0), whole);
  await camera.tell("take instrument 10m");
  match(await camera.beside("expose"), /^ERROR .*has control/);
  await camera.tell("release instrument");
  deepStrictEqual([lamps.splice(0), camera.detector.count("begin")], [[], begun + 1]);

  // Whoever takes control meanwhile gets a lamp that is out, unless they have chosen others.
  for (const [choice, last] of [["get_comps", "comps_off"], ["set_comps Ar", "comps_delay"]] as const) {
    const taken = await camera.exposing("expose 5");
    deepStrictEqual(lamps.splice(0), burns);
    strictEqual(await camera.beside("take instrument 10m"), "OK");
    match(await camera.beside(`instrument.${choice}`), /^OK/);
    await camera.advance(5);
    strictEqual(await taken.done, "OK");
    strictEqual(lamps.splice(0).at(-1) ?? "comps_delay", last);
    strictEqual(await camera.beside("release instrument"), "OK");
  }
  await camera.tell("instrument.set_comps", "set_exposuretime 0");

  // Step by step it burns until the exposure time is over; in a sequence until the last one has ended.
  await camera.tell("begin", "integrate");
  deepStrictEqual(await told(), whole);
  await camera.tell("readout", "exposure.end");
  const sequence = camera.ask("sequence 2 0 5");
  await eventually(() => camera.clock.waiting > 0, "the camera waits between the two");
  deepStrictEqual(await told(), burns);
  await camera.clock.advance(5);
  strictEqual(await sequence, "OK");
  deepStrictEqual(await told(), ["comps_off"]);
  await camera.tell("set_par imagetest 0", "expose");
  deepStrictEqual(camera.files(), ["image.HENE.0001.fits", "test.fits"]);

  match(
    await camera.ask("expose 0 HeNx"),
    /Cannot set the image type to HeNx: not one of zero, object, flat, dark, HeNe, Ar/,
  );
  match(await camera.ask("set_image_type drak"), /^ERROR .*not one of zero, .*did you mean dark/);
  match(await camera.ask("exposure.set imagetype drak"), /^ERROR .*not one of zero, .*did you mean dark/);
  await camera.tell("set_image_type FLAT");
  strictEqual(await camera.ask("get_image_type"), "OK flat");
});

Deno.test("console: parshift shifts the charge before and within an exposure, and not while it is exposed", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("exposure.parshift 10", "parshift -10.0", "begin 0 flat", "integrate", "parshift 3", "integrate");
  await camera.tell("readout", "exposure.end");
  deepStrictEqual(camera.detector.told.map(([what]) => what), [
    "shift 10",
    "shift -10",
    "flush 1",
    "begin flat",
    "end",
    "shift 3",
    "begin flat",
    "end",
    "readout",
  ]);
  camera.detector.takes.shift = 5;
  const shifting = camera.ask("parshift 1");
  await eventually(() => camera.clock.waiting > 0, "the charge is being shifted");
  strictEqual(await camera.beside("abort"), "OK");
  strictEqual(await shifting, aborted);
  await camera.tell("begin 0 flat", "integrate");
  camera.detector.takes.shift = 0;
  camera.detector.fails.shift = "the clocks stopped";
  match(await camera.ask("parshift 1"), /^ERROR .*the clocks stopped/);
  strictEqual(await camera.ask("get_exposureflag"), "OK 0 NONE", "what it had collected is not to be trusted");
  (camera.detector as { shift?: RecordingDetector["shift"] }).shift = undefined!;
  match(
    await camera.ask("parshift 1"),
    /Cannot shift the charge: the detector recording detector has no such function/,
  );
});

Deno.test("console: read_header_file takes keywords from a file of the image folders, all of them or none", async () => {
  await using camera = await CameraServer.start();
  const file = `${camera.folder}/template.txt`;
  const lines = [
    "OBSERVER Grace Hopper / who observes",
    "COMMENT just so",
    "DETID 7",
    "PIXSCALE 0.25 / arcsec / pixel",
  ];
  await Deno.writeTextFile(file, [...lines, "", "IGNORED 1"].join("\r\n"));
  await camera.tell("read_header_file template.txt", `exposure.read_header_file ${file}`, "expose 0 zero");
  const keywords = ["OBSERVER", "DETID", "PIXSCALE", "IGNORED"];
  deepStrictEqual(await values(`${camera.folder}/test.fits`, ...keywords), ["Grace Hopper", 7, 0.25, undefined]);
  strictEqual(await camera.ask("exposure.get_keyword PIXSCALE"), "OK 0.25 'arcsec / pixel' float");
  await Deno.writeTextFile(`${camera.folder}/bad.txt`, "DETID 8\nTOO_LONG_A_KEYWORD 1\n");
  match(await camera.ask("read_header_file bad.txt"), /^ERROR .*Cannot read the header file .*bad\.txt: .*TOO_LONG/);
  match(await camera.ask("exposure.get_keyword DETID"), /^OK 7 /, "nothing of it was taken");
  await Deno.writeTextFile(`${camera.folder}/none.txt`, "# nothing\nDETID 8\n");
  match(await camera.ask("read_header_file none.txt"), /has no keyword before its first empty line or comment/);
  match(await camera.ask("read_header_file gone.txt"), /^ERROR .*Cannot read .*gone\.txt/);
  for (const path of ["/etc/hostname", "../hostname", "a/../../hostname"]) {
    match(await camera.ask(`read_header_file ${path}`), /^ERROR .*images may only be written in|^ERROR .*Cannot name/);
  }
  await Deno.writeTextFile(`${camera.folder}/long.txt`, "DETID 9\n".repeat(20_000));
  match(await camera.ask("read_header_file long.txt"), /it is longer than 131072 bytes/);
});

Deno.test("console: a camera of one's own in a process of its own takes guide exposures, comparisons and focus sequences", async () => {
  const folder = await Deno.makeTempDir({ prefix: "heliograph-own-" });
  const shift = "let moved = 0; const shift = async (rows) => { moved += rows; };\n  return azcamExposure(";
  const able = ownCamera.replace("return azcamExposure(", shift).replace("flush: nothing,", "flush: nothing, shift,")
    .replace("fill(1000 + focus)", "fill(1000 + moved)");
  ok(able.includes("shift,") && able.includes("+ moved"));
  await Deno.writeTextFile(join(folder, "camera.js"), ownCamera);
  await Deno.writeTextFile(join(folder, "able.js"), able);
  const permissions = { read: ["images"], write: ["images"] };
  const bench = {
    instruments: [
      { title: "exposure", driver: "./camera.js", permissions },
      { title: "Able", driver: "./able.js", permissions },
    ],
  };
  await Deno.writeTextFile(join(folder, "bench.json"), JSON.stringify(bench));
  const { instruments } = await loadBench(join(folder, "bench.json"));
  const others = demoInstruments().filter(({ name }) => name !== "exposure");
  await using camera = new ServedCamera(startServer({ instruments: [...instruments, ...others], poll: true }), folder);
  await camera.connected();
  await eventually(async () => /^OK/.test(await camera.ask("able.get_exposureflag")), "the cameras");
  await camera.tell("exposure.set_exposuretime 0", "exposure.pause", "exposure.start_readout");
  await camera.tell("exposure.guide 2", "exposure.test -1 0", "exposure.sequence -1 -1 -1");
  strictEqual(camera.field("imagetitle"), "guide image");
  match(await camera.ask("exposure.parshift 10"), /Cannot shift the charge: the detector own CCD has no such function/);
  const lamp = (await camera.ask("instrument.get_all_comps")).split(" ")[1]!;
  await camera.tell(`exposure.expose 0.05 ${lamp} x`);
  deepStrictEqual(await values(String(camera.field("lastfile")), "IMAGETYP", "COMPLAMP"), ["comp", lamp]);
  match(await camera.ask("exposure.get_image_types"), new RegExp(`dark ${lamp}\\b`));
  strictEqual(camera.field("imagetype"), lamp);
  const exposing = camera.ask(`exposure.expose 60 ${lamp}`);
  await eventually(async () => /EXPOSING/.test(await camera.beside("exposure.get_exposureflag")), "the lamp burns");
  const chosen = () => camera.beside("instrument.get_comps");
  strictEqual(await chosen(), `OK ${lamp}`);
  strictEqual(await camera.beside("take instrument 10m"), "OK");
  strictEqual(await camera.beside("exposure.abort"), "OK");
  strictEqual(await exposing, aborted);
  strictEqual(await chosen(), "OK", "although somebody else has control");
  strictEqual(await camera.beside("release instrument"), "OK");
  await camera.tell(`exposure.begin 0 ${lamp}`);
  strictEqual(await chosen(), `OK ${lamp}`);
  strictEqual(await camera.beside("exposure.abort"), "OK");
  strictEqual(await chosen(), "OK", "nothing runs that would put it out");
  match(await camera.ask("exposure.focus_run 0.01 2 10 5"), /Cannot shift the charge/);
  strictEqual(await camera.ask("instrument.get_focus"), "OK 0.0", "the focus is back");
  await camera.tell("able.parshift 1", "able.focus_run 0.01 3 10 5");
  const image = await readImage(join(folder, "images", "focus.0001.fits"));
  deepStrictEqual([...new Set((await image.pixels()).values)], [1000 + 1 + 5 + 10]);
});

Deno.test("exposureflag 0 gives up an exposure that waits for its next step, as the console leaves a focus sequence", async () => {
  await using camera = await RecordingCamera.start({ poll: true });
  const giveUp = "parameters.set_par exposureflag 0 azcamconsole";
  await camera.tell(giveUp);
  const integrate = camera.ask("exposure.begin 5 HeNe focus").then(() => camera.ask("exposure.integrate"));
  await eventually(() => camera.detector.count("begin") === 1, "it exposes");
  strictEqual(
    await camera.beside(giveUp),
    `ERROR AzcamError('Cannot give the exposure up: a command drives the camera, its state is "exposing"; abort ends it')`,
  );
  await camera.advance(5);
  strictEqual(await integrate, "OK");
  strictEqual(await camera.ask("get_exposureflag"), "OK 5 READ");
  match(
    await camera.ask("set_par exposureflag 3"),
    /^ERROR .*exposureflag: it can only be read; 0 gives up an exposure that waits for its next step, abort ends any/,
  );
  await camera.tell(giveUp);
  deepStrictEqual([camera.field("state"), await camera.ask("instrument.get HeNe"), camera.files()], [
    "idle",
    "OK Off",
    [],
  ]);
  await camera.tell("exposure.begin 0 dark", giveUp, "expose 0 zero");
});
