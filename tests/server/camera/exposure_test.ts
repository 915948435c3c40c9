/** Exposures as the detector is told of them, the images that come of them, and what happens when something goes wrong. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { SimulatedClock } from "../../../server/camera/clock.ts";
import { azcamExposure } from "../../../server/camera/exposure_instrument.ts";
import { defineInstrument } from "../../../server/bench/define_instrument.ts";
import type { Instrument } from "../../../server/bench/instrument.ts";
import { canRun, dashboardClient, eventually } from "../../fixture.ts";
import { fitsverify, readImage } from "./camera.ts";
import { type DetectorStep, exists, RecordingCamera, RecordingDetector, wrongSums } from "./recording_camera.ts";

const aborted = "ERROR AzcamError('Exposure aborted')";
const verifier = await canRun("fitsverify") || await canRun("/usr/bin/fitsverify");

/** What an image's primary header says. */
async function values(file: string, ...keywords: string[]): Promise<unknown[]> {
  const image = await readImage(file);
  return keywords.map((keyword) => image.value(keyword));
}

/** Takes an exposure that cannot be written, since its folder has gone meanwhile. */
async function loseFolder(camera: RecordingCamera, title: string): Promise<void> {
  await Deno.mkdir(`${camera.folder}/disk`);
  await camera.tell("set_par imagefolder disk", `begin 0 flat ${title}`, "integrate", "readout");
  await Deno.remove(`${camera.folder}/disk`);
  match(await camera.ask("exposure.end"), /^ERROR .*its folder does not exist\. Its pixels are kept in memory/);
}

Deno.test("exposure: pause, resume and abort are told to the detector, each at its time", async () => {
  await using camera = await RecordingCamera.start();
  const { done } = await camera.exposing("expose 10 object");
  await camera.advance(3);
  strictEqual(await camera.beside("pause"), "OK");
  await camera.clock.advance(5);
  strictEqual(await camera.beside("resume"), "OK");
  await camera.advance(2);
  strictEqual(await camera.beside("abort"), "OK");
  strictEqual(await done, aborted);
  deepStrictEqual(camera.detector.told, [["flush 1", 0], ["begin sky", 0], ["pause", 3], ["resume", 8], ["abort", 10]]);
  camera.detector.takes.begin = 2;
  const next = await camera.exposing("expose 10 object");
  await camera.advance(1);
  strictEqual(await camera.beside("get_exposuretime_remaining"), "OK 10.0", "nothing is left of the one before");
  await camera.advance(20);
  strictEqual(await next.done, "OK");
});

Deno.test("exposure: a resumed one goes on for the rest of its time, and is read out", async () => {
  await using camera = await RecordingCamera.start();
  const { done } = await camera.exposing("expose 10 object");
  await camera.advance(3);
  strictEqual(await camera.beside("pause"), "OK");
  await camera.clock.advance(5);
  strictEqual(await camera.beside("resume"), "OK");
  await camera.advance(20);
  strictEqual(await done, "OK");
  deepStrictEqual(camera.detector.told.slice(2), [["pause", 3], ["resume", 8], ["end", 15], ["readout", 15]]);
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "EXPREQ", "EXPTIME", "DARKTIME"), [10, 10, 15]);
});

Deno.test("exposure: the shutter stays closed for zero and dark, and opens for object and flat", async () => {
  await using camera = await RecordingCamera.start();
  for (const [type, light] of [["zero", "none"], ["dark", "none"], ["object", "sky"], ["flat", "flat"]]) {
    camera.detector.told.length = 0;
    await camera.tell(`expose 0 ${type}`);
    const told = camera.detector.told.map(([what]) => what);
    deepStrictEqual(told, ["flush 1", `begin ${light}`, "end", "readout"], type);
    deepStrictEqual(await values(`${camera.folder}/test.fits`, "IMAGETYP"), [type]);
  }
});

Deno.test("exposure: test exposes with the shutter or without it, into test.fits, and what is set stays", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_par imagetest 0", "set_image_type flat", "set_image_title mine", "set_exposuretime 7");
  for (const [line, light, type] of [["test 0.5 1", "sky", "object"], ["test 0.5 0", "none", "dark"]] as const) {
    camera.detector.told.length = 0;
    const { done } = await camera.exposing(line);
    await camera.advance(1);
    strictEqual(await done, "OK");
    strictEqual(camera.detector.told[1]![0], `begin ${light}`);
    deepStrictEqual(await values(`${camera.folder}/test.fits`, "OBJECT", "IMAGETYP", "EXPREQ", "EXPTIME"), [
      "test image",
      type,
      0.5,
      0.5,
    ]);
    deepStrictEqual(camera.files(), ["test.fits"]);
    const set = ["imagetype", "imagetitle", "exposuretime", "imagetest", "imagesequencenumber"];
    deepStrictEqual(set.map((name) => camera.field(name)), ["flat", "mine", 7, 0, 1]);
  }
});

Deno.test("exposure: set_shutter 1 opens the camera's shutter, and shutter 1 is the instrument's", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("exposure.set_shutter 1", "exposure.set_shutter 0");
  deepStrictEqual(camera.detector.told, [["open", 0], ["close", 0]]);
  await camera.tell("exposure.set_shutter 1 1");
  strictEqual(camera.detector.told.length, 2);
});

Deno.test("exposure: a pause while the detector still opens the shutter closes it at once", async () => {
  await using camera = await RecordingCamera.start();
  camera.detector.takes.begin = 2;
  const { done } = await camera.exposing("expose 5 flat");
  await camera.advance(1);
  const paused = camera.beside("pause");
  await camera.reach("paused");
  await camera.advance(1);
  strictEqual(await paused, "OK");
  deepStrictEqual(camera.detector.told.slice(1), [["begin flat", 0], ["pause", 2]]);
  await camera.clock.advance(10);
  strictEqual(await camera.beside("get_exposuretime_remaining"), "OK 5.0");
  strictEqual(await camera.beside("resume"), "OK");
  await camera.advance(10);
  strictEqual(await done, "OK");
  deepStrictEqual(camera.detector.told.slice(3), [["resume", 12], ["end", 17], ["readout", 17]]);
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "EXPTIME", "DARKTIME", "DATE-OBS"), [
    5,
    15,
    "2026-11-21T22:30:02.000",
  ]);
});

Deno.test("exposure: a pause that comes when the shutter closes for good is refused, and the exposure goes on", async () => {
  await using camera = await RecordingCamera.start();
  camera.detector.takes.end = 2;
  const { done } = await camera.exposing("expose 3 flat");
  await camera.advance(4);
  deepStrictEqual(camera.detector.told.at(-1), ["end", 3]);
  match(await camera.beside("pause"), /^ERROR .*Cannot pause: /);
  await camera.advance(5);
  strictEqual(await done, "OK");
  deepStrictEqual(camera.detector.told.slice(2), [["end", 3], ["readout", 5]]);
});

Deno.test("exposure: a resume that comes when the shutter closes for good does not open it again", async () => {
  await using camera = await RecordingCamera.start();
  camera.detector.takes.end = 2;
  const { done } = await camera.exposing("expose 100 flat");
  await camera.advance(3);
  strictEqual(await camera.beside("pause"), "OK");
  strictEqual(await camera.beside("start_readout"), "OK");
  await camera.advance(1);
  deepStrictEqual(camera.detector.told.at(-1), ["end", 3]);
  const resumed = camera.beside("resume");
  // Until this is answered there is time enough to take the resume.
  await (await camera.another()).ask("get_exposureflag");
  await camera.clock.advance(5);
  strictEqual(await done, "OK");
  await resumed;
  strictEqual(camera.detector.count("resume"), 0);
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "EXPTIME", "DARKTIME"), [3, 5]);
});

Deno.test("exposure: a pause or a resume that fails says why, and the times stay right", async () => {
  await using camera = await RecordingCamera.start();
  const { detector, folder } = camera;
  detector.fails.pause = "the shutter sticks";
  const first = await camera.exposing("expose 10 flat");
  await camera.advance(3);
  match(await camera.beside("pause"), /^ERROR .*the shutter sticks/);
  await camera.clock.advance(5);
  strictEqual(await camera.beside("resume"), "OK");
  await camera.advance(20);
  strictEqual(await first.done, "OK");
  deepStrictEqual(detector.told.filter(([what]) => what === "end"), [["end", 10]], "it was open all the time");
  deepStrictEqual(await values(`${folder}/test.fits`, "EXPTIME", "DARKTIME"), [10, 10]);
  delete detector.fails.pause;
  detector.fails.resume = "the shutter is frozen";
  const begun = camera.clock.now();
  const second = await camera.exposing("expose 10 flat");
  await camera.advance(3);
  strictEqual(await camera.beside("pause"), "OK");
  await camera.clock.advance(5);
  match(await camera.beside("resume"), /^ERROR .*the shutter is frozen/);
  delete detector.fails.resume;
  await camera.clock.advance(1);
  strictEqual(await camera.beside("resume"), "OK");
  await camera.advance(20);
  strictEqual(await second.done, "OK");
  deepStrictEqual(detector.told.at(-1), ["readout", begun + 16]);
  deepStrictEqual(await values(`${folder}/test.fits`, "EXPTIME", "DARKTIME"), [10, 16]);
});

Deno.test("exposure: an abort ends whatever the detector is doing, and there is no image", async () => {
  await using camera = await RecordingCamera.start();
  const { detector } = camera;
  const steps: [DetectorStep, seconds: number, state: string, told: string[]][] = [
    ["flush", 0, "setup", ["flush 1", "flush called off", "abort"]],
    ["begin", 1, "exposing", ["flush 1", "begin none", "abort"]],
    ["end", 0, "exposing", ["flush 1", "begin none", "end", "abort"]],
    ["readout", 0, "reading out", ["flush 1", "begin none", "end", "readout", "readout called off", "abort"]],
  ];
  for (const [step, seconds, state, expected] of steps) {
    detector.told.length = 0;
    detector.takes[step] = 5;
    const done = camera.ask(`expose ${seconds} dark`);
    await camera.reach(state);
    await camera.advance(2);
    strictEqual(await camera.beside("finished"), "OK 0", step);
    strictEqual(await camera.beside("abort"), "OK");
    // Opening and closing a shutter cannot be called off.
    if (camera.clock.waiting > 0) await camera.clock.advance(3);
    strictEqual(await done, aborted, step);
    deepStrictEqual(detector.told.map(([what]) => what), expected);
    strictEqual(await camera.beside("finished"), "OK 1", step);
    deepStrictEqual([camera.field("state"), camera.files()], ["idle", []], step);
    delete detector.takes[step];
  }
  await camera.tell("expose 0 zero");
  deepStrictEqual(camera.files(), ["test.fits"]);
});

Deno.test("exposure: flush is a state of its own, takes its cycles, and can be aborted", async () => {
  await using camera = await RecordingCamera.start();
  camera.detector.takes.flush = 5;
  const whole = camera.ask("flush 2");
  await camera.reach("flushing");
  strictEqual(await camera.beside("get_exposureflag"), "OK 8 SETUP");
  await camera.advance(9);
  strictEqual(camera.field("state"), "flushing");
  await camera.advance(1);
  strictEqual(await whole, "OK");
  strictEqual(camera.field("state"), "idle");
  deepStrictEqual(camera.detector.told, [["flush 2", 0]]);
  const cut = camera.ask("flush 100");
  await camera.reach("flushing");
  await camera.advance(7);
  strictEqual(await camera.beside("abort"), "OK");
  match(await cut, /^ERROR .*aborted/);
  deepStrictEqual(camera.detector.told.slice(1, 3), [["flush 100", 10], ["flush called off", 17]]);
  strictEqual(camera.field("state"), "idle");
  delete camera.detector.takes.flush;
  await camera.tell("expose 0 zero");
});

Deno.test("exposure: flusharray 0 skips the flush", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_par flusharray 0", "expose 0 zero");
  strictEqual(camera.detector.count("flush"), 0);
  await camera.tell("set_par flusharray 1", "expose 0 zero");
  strictEqual(camera.detector.count("flush"), 1);
});

Deno.test("exposure: a sequence flushes before each exposure, before the first, never, or as it is set", async () => {
  await using camera = await RecordingCamera.start();
  const each = ["flush", "begin", "flush", "begin", "flush", "begin"];
  const first = ["flush", "begin", "begin", "begin"];
  const never = ["begin", "begin", "begin"];
  for (
    const [lines, expected] of [
      [["sequence 3 0 0"], each],
      [["sequence 3 1 0"], first],
      [["sequence 3 2 0"], never],
      [["set_par exposuresequenceflush 0", "sequence 3 -1 0"], each],
      [["set_par exposuresequenceflush 1", "sequence 3 -1 0"], first],
      [["set_par exposuresequenceflush 2", "sequence 3"], never],
    ] as const
  ) {
    camera.detector.told.length = 0;
    await camera.tell(...lines);
    const told = camera.detector.told.map(([what]) => what.split(" ")[0]!);
    deepStrictEqual(told.filter((what) => what === "flush" || what === "begin"), expected, lines.join(", "));
  }
});

Deno.test("exposure: with autotitle the type is the title at once, a given title goes before, and an object keeps its own", async () => {
  await using camera = await RecordingCamera.start();
  const title = async () => (await values(`${camera.folder}/test.fits`, "OBJECT"))[0];
  await camera.tell("expose 0 flat");
  strictEqual(await title(), "");
  await camera.tell("set_auto_title 1");
  strictEqual(await camera.ask("get_image_title"), "OK flat");
  await camera.tell("set_image_type dark");
  strictEqual(await camera.ask("get_image_title"), "OK dark");
  await camera.tell("set_par imagetype flat", "set_auto_title", "expose 0");
  strictEqual(await title(), "flat");
  await camera.tell("expose 0 flat M51");
  strictEqual(await title(), "M51");
  await camera.tell("expose 0 object");
  strictEqual(await title(), "M51");
  await camera.tell("set_image_title", "set_image_title None");
  strictEqual(await camera.ask("get_image_title"), "OK M51");
  await camera.tell('set_image_title ""', "expose 0 object");
  strictEqual(await title(), "");
  await camera.tell("set_auto_title 0", "set_image_type dark");
  strictEqual(await camera.ask("get_image_title"), "OK");
});

Deno.test("exposure: a zero has no exposure time, and the one that is set stays", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_exposuretime 7", "set_image_type zero", "expose");
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "EXPREQ", "EXPTIME"), [0, 0]);
  strictEqual(await camera.ask("get_exposuretime"), "OK 7.0");
  const { done } = await camera.exposing("expose -1 dark");
  await camera.advance(10);
  strictEqual(await done, "OK");
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "EXPREQ", "EXPTIME"), [7, 7]);
});

Deno.test("exposure: start_readout ends the exposure time early, also while it is paused", async () => {
  await using camera = await RecordingCamera.start();
  const first = await camera.exposing("expose 100 flat");
  await camera.advance(4);
  strictEqual(await camera.beside("start_readout"), "OK");
  strictEqual(await first.done, "OK");
  const times = ["EXPREQ", "EXPTIME", "DARKTIME"];
  deepStrictEqual(await values(`${camera.folder}/test.fits`, ...times), [100, 4, 4]);
  const second = await camera.exposing("expose 100 flat");
  await camera.advance(3);
  strictEqual(await camera.beside("pause"), "OK");
  await camera.clock.advance(10);
  strictEqual(await camera.beside("start_readout"), "OK");
  strictEqual(await second.done, "OK");
  deepStrictEqual(await values(`${camera.folder}/test.fits`, ...times), [100, 3, 13]);
  strictEqual(camera.detector.count("resume"), 0, "the shutter does not open again");
  strictEqual(await camera.ask("get_exposuretime"), "OK 100.0");
});

Deno.test("exposure: a detector that fails is told of in its own words, to watchers too, and the next image is right", async () => {
  await using camera = await RecordingCamera.start();
  await using dashboard = dashboardClient(camera.server);
  const flags: string[] = [];
  let watches = false;
  const watching = (async () => {
    for await (const update of dashboard.watch("exposure")) {
      if (update.event === "end-of-snapshot") watches = true;
      if (!watches || update.event !== "field") continue;
      if (update.field === "exposureflag") flags.push(update.text);
      if (update.field === "imagetitle" && update.text === "done") break;
    }
  })();
  await eventually(() => watches, "somebody watches");
  const steps: DetectorStep[] = ["flush", "begin", "end", "readout"];
  for (const step of steps) {
    const { detector, states } = camera;
    states.length = detector.told.length = 0;
    detector.fails[step] = `the ${step} of the controller failed`;
    strictEqual(await camera.ask("expose 0 flat"), `ERROR AzcamError('the ${step} of the controller failed')`);
    deepStrictEqual(states.slice(-2).map(([state]) => state), ["failed", "idle"], step);
    strictEqual(detector.told.at(-1)![0], "abort", "the shutter is closed and the charge forgotten");
    strictEqual(camera.field("message"), `the ${step} of the controller failed`);
    strictEqual(await camera.ask("finished"), "OK 1");
    deepStrictEqual(camera.files(), [], step);
    delete detector.fails[step];
    const { done } = await camera.exposing("expose 3 flat");
    strictEqual(await camera.beside("finished"), "OK 0");
    strictEqual(camera.field("message"), "");
    await camera.advance(5);
    strictEqual(await done, "OK");
    strictEqual(await camera.beside("finished"), "OK 1");
    deepStrictEqual(await values(`${camera.folder}/test.fits`, "EXPTIME", "DARKTIME"), [3, 3], step);
    await Deno.remove(`${camera.folder}/test.fits`);
  }
  await camera.tell("set_image_title done");
  await watching;
  strictEqual(flags.filter((flag) => flag === "11").length, steps.length, `11 is among ${flags.join(", ")}`);
});

Deno.test("exposure: where the detector cannot be aborted either, the first failure is told, and the next image is right", async () => {
  await using camera = await RecordingCamera.start();
  camera.detector.fails.begin = "the shutter does not answer";
  camera.detector.fails.abort = "nor does the controller";
  match(await camera.ask("expose 0 flat"), /^ERROR .*the shutter does not answer/);
  strictEqual(camera.field("state"), "idle");
  delete camera.detector.fails.begin;
  delete camera.detector.fails.abort;
  await camera.tell("expose 0 flat");
});

Deno.test("exposure: a command that passes its deadline aborts the exposure", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("expose 0 zero");
  camera.detector.told.length = 0;
  await Deno.remove(`${camera.folder}/test.fits`);
  (camera.server.bench.find("exposure")!.commands.get("expose") as { deadline: number }).deadline = 0.3;
  match(await camera.ask("expose 3600 flat"), /^ERROR .*Cannot finish expose of exposure within 0\.3 s/);
  await camera.reach("idle");
  strictEqual(camera.detector.told.at(-1)![0], "abort");
  strictEqual(camera.field("message"), "Exposure aborted: it took too long");
  deepStrictEqual(camera.files(), []);
  await camera.tell("begin 0 zero", "integrate", "readout", "exposure.end");
});

/** Counts the Workers that are started from now on. */
function countWorkers(): { readonly started: number } & Disposable {
  const Original = globalThis.Worker;
  let started = 0;
  globalThis.Worker = class extends Original {
    constructor(...options: ConstructorParameters<typeof Original>) {
      super(...options);
      started++;
    }
  };
  return {
    get started() {
      return started;
    },
    [Symbol.dispose]: () => void (globalThis.Worker = Original),
  };
}

Deno.test("exposure: the server's stop waits for an image that is being written, and ends the sequence", async () => {
  await using camera = await RecordingCamera.start({ columns: 2000, rows: 2000 });
  await camera.tell("set_par imagetest 0", "set_image_type flat");
  await camera.tell("begin 0 flat", "abort");
  camera.detector.told.length = 0;
  using workers = countWorkers();
  const stopped = camera.onState("writing", () => {
    strictEqual(exists(`${camera.folder}/image0001.fits`), false, "the image is not written yet");
    return camera.server.bench.stop();
  });
  const done = camera.ask("sequence 5 0 0");
  await stopped;
  deepStrictEqual(camera.files(), ["image0001.fits"]);
  deepStrictEqual(await wrongSums(`${camera.folder}/image0001.fits`), []);
  match(await done, /^ERROR .*the server is stopping/);
  strictEqual(camera.detector.count("begin"), 1);
  strictEqual(camera.detector.told.at(-1)![0], "stop");
  strictEqual(camera.field("imagesequencenumber"), 2);
  strictEqual(workers.started, 0);
});

Deno.test("exposure: the server's stop ends a sequence between two exposures, and begins no further one", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_par imagetest 0", "set_image_type flat", "set_exposuretime 0");
  const done = camera.ask("sequence 5 0 60");
  await eventually(() => camera.files().includes("image0001.fits"), "the first is written");
  await camera.advance(30);
  using workers = countWorkers();
  await camera.server.bench.stop();
  match(await done, /^ERROR .*the server is stopping/);
  await camera.clock.advance(300);
  deepStrictEqual(camera.files(), ["image0001.fits"]);
  strictEqual(camera.detector.count("begin"), 1);
  strictEqual(workers.started, 0);
});

Deno.test("exposure: the server's stop aborts what exposes and what waits behind it", async () => {
  await using camera = await RecordingCamera.start();
  const { done } = await camera.exposing("expose 3600 object");
  const waiting = camera.beside("expose 0 zero");
  await eventually(() => camera.server.bench.find("exposure")!.queue.waiting === 1, "the next one waits");
  await camera.advance(10);
  await camera.server.bench.stop();
  match(await done, /^ERROR .*the server is stopping/);
  match(await waiting, /^ERROR .*stopping/);
  deepStrictEqual(camera.detector.told.slice(1), [["begin sky", 0], ["abort", 10], ["stop", 10]]);
  deepStrictEqual([camera.files(), camera.field("state")], [[], "idle"]);
  match(await camera.ask("expose 0 zero"), /^ERROR .*stopping/);
  strictEqual(camera.detector.told.length, 4, "a later one is refused before the detector is told of it");
});

Deno.test("exposure: an image that is kept in memory is written when the server stops, if it can be", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_par imagetest 0");
  await loseFolder(camera, "precious");
  await Deno.mkdir(`${camera.folder}/disk`);
  await camera.server.bench.stop();
  deepStrictEqual(await values(`${camera.folder}/disk/image0001.fits`, "OBJECT"), ["precious"]);
  await using hopeless = await RecordingCamera.start();
  await hopeless.tell("set_par imagetest 0");
  await loseFolder(hopeless, "lost");
  await hopeless.server.bench.stop();
  using workers = countWorkers();
  match(await hopeless.ask("write_image"), /^ERROR /);
  deepStrictEqual([hopeless.files(), workers.started], [[], 0]);
});

Deno.test("exposure: discard_image gives up the image that could not be written", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_par imagetest 0");
  await loseFolder(camera, "worthless");
  await camera.tell("discard_image", `set_par imagefolder ${camera.folder}`);
  strictEqual(await camera.ask("write_image"), "ERROR AzcamError('Cannot write an image: none waits to be written')");
  await camera.tell("expose 0 zero next");
  deepStrictEqual(camera.files(), ["image0001.fits"]);
  deepStrictEqual(await values(`${camera.folder}/image0001.fits`, "OBJECT"), ["next"]);
});

Deno.test("exposure: the next test image takes the place of one that could not be written", async () => {
  await using camera = await RecordingCamera.start();
  await loseFolder(camera, "old");
  await camera.tell(`set_par imagefolder ${camera.folder}`, "begin 0 zero new");
  deepStrictEqual(camera.files(), [], "the old one is not written first");
  await camera.tell("integrate", "readout", "exposure.end");
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "OBJECT"), ["new"]);
  match(await camera.ask("write_image"), /none waits to be written/);
});

Deno.test("exposure: write_image counts the number up, unless another one was set meanwhile", async () => {
  for (const [set, after] of [[[], 2], [["set_par imagesequencenumber 7"], 7]] as const) {
    await using camera = await RecordingCamera.start();
    await camera.tell("set_par imagetest 0");
    await loseFolder(camera, "late");
    await camera.tell(...set, `set_par imagefolder ${camera.folder}`, "write_image");
    deepStrictEqual(camera.files(), ["image0001.fits"]);
    strictEqual(camera.field("imagesequencenumber"), after);
  }
});

Deno.test("exposure: a number that is set during an exposure is the next one's", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_par imagetest 0");
  const { done } = await camera.exposing("expose 5 flat");
  strictEqual(await camera.beside("set_par imagesequencenumber 40"), "OK");
  await camera.advance(10);
  strictEqual(await done, "OK");
  strictEqual(await camera.ask("get_par imagesequencenumber"), "OK 40");
  await camera.tell("expose 0 zero");
  deepStrictEqual(camera.files(), ["image0001.fits", "image0040.fits"]);
  strictEqual(await camera.ask("get_par imagesequencenumber"), "OK 41");
});

Deno.test("exposure: get_status and get_par tell the detector's temperature and the cold finger's, each as its own", async () => {
  await using camera = await RecordingCamera.start();
  const tempcon = camera.server.bench.find("tempcon")!;
  tempcon.field("camtemp").update(-100.04);
  tempcon.field("dewtemp").update(-180.26);
  const status = async () => JSON.parse((await camera.ask("get_status")).slice("OK ".length));
  const { camtemp, dewtemp } = await status();
  deepStrictEqual([camtemp, dewtemp], ["-100.0", "-180.3"]);
  strictEqual(await camera.ask("get_par camtemp"), "OK -100.04");
  strictEqual(await camera.ask("get_par dewtemp"), "OK -180.26");
  strictEqual(await camera.ask("get_par temperatures"), "OK -100.04 -180.26");
  tempcon.field("dewtemp").fail("the sensor is broken");
  deepStrictEqual([(await status()).camtemp, (await status()).dewtemp], ["-100.0", -999.9]);
});

Deno.test("exposure: reset ends the exposure at once, and binning and region are the whole detector's again", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_roi 3 10 2 9 2 4");
  strictEqual(await camera.ask("get_roi"), "OK 3 10 2 9 2 4");
  await camera.tell("exposure.reset");
  strictEqual(await camera.ask("get_roi"), "OK 1 16 1 12 1 1");
  await camera.tell("set_roi 3 10 2 9 2 4");
  const { done } = await camera.exposing("expose 100 flat");
  strictEqual(await camera.beside("exposure.reset"), "OK", "while the clock stands still");
  match(await done, /^ERROR .*Exposure aborted: the camera was reset/);
  strictEqual(await camera.ask("get_roi"), "OK 1 16 1 12 1 1");
  deepStrictEqual(["firstcol", "lastcol", "colbin", "rowbin"].map((name) => camera.field(name)), [1, 16, 1, 1]);
  deepStrictEqual([camera.field("state"), camera.files()], ["idle", []]);
});

Deno.test("exposure: an abort that comes when the image has its name is too late: the image is there and counted", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_par imagetest 0", "set_image_type flat", "set_exposuretime 0");
  /** Aborts when the Worker has given the file its name, and the server does not know of it yet. */
  const abortLate = (name: string) =>
    camera.onState("writing", () => {
      const end = performance.now() + 5000;
      while (!exists(`${camera.folder}/${name}`) && performance.now() < end);
      return camera.server.commandServer.command("abort");
    });
  const late = abortLate("image0001.fits");
  strictEqual(await camera.ask("expose"), "OK");
  strictEqual(await late, "OK");
  deepStrictEqual([camera.field("imagesequencenumber"), camera.field("message")], [2, ""]);
  const inSequence = abortLate("image0002.fits");
  match(await camera.ask("sequence 3 0 0"), /^ERROR .*aborted/);
  strictEqual(await inSequence, "OK");
  deepStrictEqual(camera.files(), ["image0001.fits", "image0002.fits"]);
  strictEqual(camera.field("imagesequencenumber"), 3, "what is written of a sequence is counted");
});

Deno.test("exposure: however aborts hit the writing, OK means that the image is there, whole and counted", async () => {
  await using camera = await RecordingCamera.start({ columns: 200, rows: 200 });
  await camera.tell("set_par imagetest 0", "set_image_type flat", "set_exposuretime 0");
  let written = 0;
  for (let round = 0; round < 300; round++) {
    const late = camera.onState("writing", () => {
      const end = performance.now() + (round % 30) / 10;
      while (performance.now() < end);
      return camera.server.commandServer.command("abort");
    });
    const reply = await camera.ask("expose");
    strictEqual(await late, "OK");
    if (reply === "OK") written++;
    else strictEqual(reply, aborted);
    strictEqual(camera.field("imagesequencenumber"), written + 1);
    // What was called off goes a moment later.
    strictEqual(camera.files().filter((name) => name.endsWith(".fits")).length, written, reply);
  }
  await eventually(() => camera.files().length === written, "nothing is left of what was aborted");
  for (const file of camera.files()) deepStrictEqual(await wrongSums(`${camera.folder}/${file}`), [], file);
});

Deno.test("exposure: what expose1 and sequence1 have promised is taken although their client has gone", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_par imagetest 0");
  const { done } = await camera.exposing("expose 10 dark first");
  const sessions = async () => JSON.parse((await camera.beside("status")).slice("OK ".length)).sessions.length;
  const before = await sessions();
  const leaving = await camera.another();
  strictEqual(await leaving.ask("expose1 0 zero second"), "OK");
  strictEqual(await leaving.ask("sequence1 2 0 0"), "OK");
  leaving[Symbol.dispose]();
  await eventually(async () => await sessions() === before, "the client has gone");
  await camera.advance(20);
  strictEqual(await done, "OK");
  await eventually(() => camera.files().includes("image0004.fits"), "all of them are taken");
  await camera.reach("idle");
});

Deno.test("exposure: a keyword that is set during an exposure is set at once, and in the next image", async () => {
  await using camera = await RecordingCamera.start();
  const { done } = await camera.exposing("expose 5 flat");
  strictEqual(await camera.beside("exposure.set_keyword OBSERVER Leavitt"), "OK");
  await camera.advance(10);
  strictEqual(await done, "OK");
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "OBSERVER"), [undefined]);
  await camera.tell("expose 0 zero");
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "OBSERVER"), ["Leavitt"]);
});

Deno.test("exposure: where two instruments have the same keyword, the camera's own goes before", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("telescope.set_keyword SITE there", "exposure.set_keyword SITE here", "expose 0 zero");
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "SITE"), ["here"]);
});

/** Takes a zero while the telescope says 99 of keywords that are the camera's to say. */
async function withForeign(camera: RecordingCamera, ...keywords: string[]) {
  for (const keyword of keywords) {
    // It may be refused as well.
    match(await camera.ask(`telescope.set_keyword ${keyword}`), /^(OK|ERROR .*)$/);
  }
  await camera.tell("expose 0 zero");
  const image = await readImage(`${camera.folder}/test.fits`);
  const foreign = image.hdus.flatMap(({ cards }) =>
    cards.filter(({ value }) => /\b99\b/.test(String(value?.valueOf())))
  );
  return { image, foreign: foreign.map(({ keyword }) => keyword) };
}

Deno.test("exposure: what other instruments say of the amplifier is not in an image of one amplifier", async () => {
  await using camera = await RecordingCamera.start();
  const { image, foreign } = await withForeign(
    camera,
    "GAIN 99 '' float",
    "DATASEC [99:99,99:99]",
    "IMAGEID 99 '' int",
  );
  deepStrictEqual(foreign, []);
  deepStrictEqual(["GAIN", "DATASEC"].map((word) => image.value(word)), [2.1, "[1:16,1:12]"]);
});

Deno.test("exposure: what other instruments say of amplifiers is not in an image of several", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("set_focalplane 1 1 2 1");
  const { image, foreign } = await withForeign(
    camera,
    "GAIN 99 '' float",
    "DATASEC [99:99,99:99]",
    "NEXTEND 99 '' int",
  );
  deepStrictEqual(foreign, []);
  deepStrictEqual(["GAIN", "DATASEC", "NEXTEND"].map((word) => image.value(word)), [undefined, undefined, 2]);
  deepStrictEqual([1, 2].map((hdu) => image.value("GAIN", hdu)), [2.1, 2.2]);
  deepStrictEqual([1, 2].map((hdu) => image.value("DATASEC", hdu)), ["[1:8,1:12]", "[1:8,1:12]"]);
});

Deno.test("exposure: an image of one amplifier tells of no extensions, whatever an instrument says", async () => {
  await using camera = await RecordingCamera.start();
  deepStrictEqual((await withForeign(camera, "NEXTEND 99 '' int")).foreign, []);
});

Deno.test("exposure: a stale reading, and none, is marked so within its card, however long its summary is", async () => {
  const lengths = [0, 10, 25, 35, 40, 47, 60, 200];
  const summary = "humidity ".repeat(25);
  const specs = lengths.flatMap((length) =>
    [undefined, "kg/m3"].map((unit) => ({ length, unit, name: `h${length}${unit === undefined ? "" : "u"}` }))
  );
  const weather = defineInstrument({
    title: "weather",
    fields: Object.fromEntries(specs.map(({ length, unit, name }) => [name, {
      type: "float" as const,
      summary: summary.slice(0, length).trim(),
      // As many digits as a number can have.
      initial: -1.2345678901234567e-100,
      keyword: name.toUpperCase(),
      ...(unit === undefined ? {} : { unit }),
    }])),
  });
  await using camera = await RecordingCamera.start({ others: () => [weather] });
  const comments = async () => {
    await camera.tell("expose 0 zero");
    const { cards } = (await readImage(`${camera.folder}/test.fits`)).hdus[0]!;
    return specs.map(({ name }) => cards.find(({ keyword }) => keyword === name.toUpperCase())!.comment!);
  };
  const isMarked = (comment: string, mark: string, { name, length }: (typeof specs)[number]) => {
    match(comment, new RegExp(`\\b${mark}\\b`), `${name}: ${comment}`);
    ok(comment.includes(summary.slice(0, Math.min(20, length)).trim()), `${name}: ${comment}`);
  };
  for (const { name } of specs) weather.field(name).doubt("nobody answers");
  for (const [index, comment] of (await comments()).entries()) isMarked(comment, "stale", specs[index]!);
  for (const { name } of specs) weather.field(name).fail("the sensor is broken");
  for (const [index, comment] of (await comments()).entries()) isMarked(comment, "no reading", specs[index]!);
});

Deno.test("exposure: fitsverify finds nothing wrong with keywords that FITS gives a type, whatever they are set to", {
  ignore: !verifier,
}, async () => {
  await using camera = await RecordingCamera.start();
  for (const [instrument, field] of [["tempcon", "camtemp"], ["tempcon", "dewtemp"], ["instrument", "pressure"]]) {
    camera.server.bench.find(instrument!)!.field(field!).update(1);
  }
  const clean = /Verification found 0 warning\(s\) and 0 error\(s\)/;
  const words = ["CRVAL1", "CRPIX1", "CDELT1", "CROTA2", "PC1_1", "CD1_1", "PV1_1", "LONPOLE", "WCSAXES", "RESTFRQ"];
  const dates = ["DATE-END", "DATE-BEG", "DATE-AVG"];
  const texts = ["CTYPE1", "CUNIT1", "WCSNAME", "TELESCOP", "OBSERVER", "INSTRUME", "AUTHOR"];
  const others = ["ORIGIN", "REFERENC"];
  const lines = [
    ...[...words, ...dates, "MJD-OBS", "DATAMAX", "EQUINOX"].map((keyword) => `${keyword} evil`),
    ...[...texts, ...others, ...dates].map((keyword) => `${keyword} 5 '' int`),
    ...texts.map((keyword) => `${keyword} 7.5 '' float`),
    "EQUINOX 2000.0",
    "DATAMAX 60000",
    "MJD-OBS 61000.5",
    "DATE-END 2026-11-21T22:30:05",
  ];
  const unclean: string[] = [];
  for (const line of lines) {
    // Each may be converted or refused.
    match(await camera.ask(`telescope.set_keyword ${line}`), /^(OK|ERROR .*)$/);
    await camera.tell("expose 0 zero");
    const verified = await fitsverify(`${camera.folder}/test.fits`);
    if (!clean.test(verified)) unclean.push(`${line}: ${/\*\*\* (?:Error|Warning):.*/.exec(verified)}`);
    await camera.ask(`telescope.delete_keyword ${line.split(" ")[0]}`);
  }
  deepStrictEqual(unclean, []);
});

Deno.test("exposure: a number that was set as text is a number in the image, and a text that was set as a number a text", async () => {
  await using camera = await RecordingCamera.start();
  await camera.tell("telescope.set_keyword EQUINOX 2000.0", "telescope.set_keyword TELESCOP 60 '' int");
  await camera.tell("telescope.set_keyword DATE-END 2026-11-21T22:30:05", "expose 0 zero");
  deepStrictEqual(await values(`${camera.folder}/test.fits`, "EQUINOX", "TELESCOP", "DATE-END"), [
    2000,
    "60",
    "2026-11-21T22:30:05",
  ]);
});

/** Reads a file again and again until it is told to stop: each time it must be whole, and of one exposure. */
async function keepReading(file: string, levels: ReadonlyMap<string, number>, isDone: () => boolean): Promise<number> {
  let count = 0;
  for (; !isDone() || count === 0; await new Promise((resolve) => setTimeout(resolve))) {
    if (!exists(file)) continue;
    const image = await readImage(file);
    deepStrictEqual(await wrongSums(file), []);
    const level = levels.get(String(image.value("OBJECT")));
    ok((await image.pixels()).values.every((value) => value === level), `${image.value("OBJECT")} is of one exposure`);
    count++;
  }
  return count;
}

Deno.test("exposure: two servers with the same folder never leave a damaged file, nor a part of one", async () => {
  await using one = await RecordingCamera.start({ columns: 300, rows: 200 });
  await using other = await RecordingCamera.start({ folder: one.folder });
  const levels = new Map([["one", 1111], ["other", 2222]]);
  one.detector.level = 1111;
  other.detector.level = 2222;
  let running = 2;
  const take = async (camera: RecordingCamera, title: string) => {
    for (let round = 0; round < 40; round++) await camera.tell(`expose 0 zero ${title}`);
    running--;
  };
  const reading = keepReading(`${one.folder}/test.fits`, levels, () => running === 0);
  await Promise.all([take(one, "one"), take(other, "other"), reading]);
  deepStrictEqual(one.files(), ["test.fits"]);
});

Deno.test("exposure: two cameras on one server with the same folder never leave a damaged file, nor a part of one", async () => {
  const clock = new SimulatedClock();
  const second = new RecordingDetector(clock, 40, 30);
  second.level = 2222;
  await using camera = await RecordingCamera.start({
    columns: 300,
    rows: 200,
    others: (folder): Instrument[] => [
      azcamExposure({ title: "guider", summary: "another", detector: second, clock, imageFolders: [folder] }),
    ],
  });
  camera.detector.level = 1111;
  const levels = new Map([["one", 1111], ["other", 2222]]);
  let running = 2;
  const take = async (ask: (line: string) => Promise<string>, line: string) => {
    for (let round = 0; round < 40; round++) strictEqual(await ask(line), "OK");
    running--;
  };
  const reading = keepReading(`${camera.folder}/test.fits`, levels, () => running === 0);
  await Promise.all([
    take((line) => camera.ask(line), "exposure.expose 0 zero one"),
    take((line) => camera.beside(line), "guider.expose 0 zero other"),
    reading,
  ]);
  deepStrictEqual(camera.files(), ["test.fits"]);
});

Deno.test("exposure: a file that comes while an image is being written is not overwritten, and the image is kept", async () => {
  await using camera = await RecordingCamera.start({ columns: 2000, rows: 2000 });
  await camera.tell("set_par imagetest 0");
  const come = camera.onState("writing", () => {
    const end = performance.now() + 5000;
    while (!camera.files().some((name) => name.endsWith(".part")) && performance.now() < end);
    Deno.writeTextFileSync(`${camera.folder}/image0001.fits`, "somebody's", { createNew: true });
  });
  match(await camera.ask("expose 0 flat"), /^ERROR .*a file of that name .*Its pixels are kept in memory/);
  await come;
  strictEqual(await Deno.readTextFile(`${camera.folder}/image0001.fits`), "somebody's");
  await camera.tell("set_par imageroot other", "discard_image");
  deepStrictEqual(camera.files(), ["image0001.fits"]);
});

Deno.test("exposure: of two servers that write the same number only one is told that it did", async () => {
  await using one = await RecordingCamera.start();
  await using other = await RecordingCamera.start({ folder: one.folder });
  for (const camera of [one, other]) {
    await camera.tell("set_par imagetest 0", "set_par imageautoincrementsequencenumber 0");
  }
  for (let round = 1; round <= 60; round++) {
    const names: readonly (readonly [RecordingCamera, string])[] = [[one, `one${round}`], [other, `other${round}`]];
    for (const [camera, title] of names) {
      await camera.tell(`set_par imagesequencenumber ${round}`, `begin 0 zero ${title}`, "integrate", "readout");
    }
    const replies = await Promise.all(names.map(([camera]) => camera.ask("exposure.end")));
    const winners = names.filter((_, index) => replies[index] === "OK").map(([, title]) => title);
    const file = `${one.folder}/image${String(round).padStart(4, "0")}.fits`;
    deepStrictEqual(winners, await values(file, "OBJECT"), `round ${round}: ${replies.join(" and ")}`);
    for (const [camera] of names) await camera.tell("discard_image");
  }
  strictEqual(one.files().length, 60);
});

Deno.test("exposure: an abort also drops what the same client has waiting, and its message does not stand over the next one", async () => {
  await using camera = await RecordingCamera.start();
  const shown = async () => JSON.parse((await camera.beside("get_status")).slice(3)).message;
  const first = await camera.exposing("expose 5 dark");
  const other = await camera.another();
  for (const line of ["expose1 7 dark mine", "sequence1 3", "guide1 -1"]) strictEqual(await other.ask(line), "OK");
  const next = camera.beside("expose 6 dark others");
  await eventually(() => camera.server.bench.find("exposure")!.queue.waiting === 4, "four wait");
  strictEqual(await other.ask("abort"), "OK");
  strictEqual(await first.done, aborted);
  await camera.reach("exposing");
  strictEqual(await camera.ask("get_par exposuretimeremaining"), "OK 6.0");
  deepStrictEqual([await camera.ask("get_par imagetitle"), camera.field("message")], ["OK others", ""]);
  await camera.advance(6);
  strictEqual(await next, "OK");
  deepStrictEqual([camera.field("state"), camera.detector.count("begin")], ["idle", 2]);
  strictEqual(await shown(), "");
});
