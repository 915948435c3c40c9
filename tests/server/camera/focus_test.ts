/** azcam's focus sequences: one image of several exposures, between which the focus moves and the charge is shifted. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { eventually } from "../../fixture.ts";
import { CameraServer, quick, readImage } from "./camera.ts";
import { RecordingCamera } from "./recording_camera.ts";

Deno.test("focus: exposures in one image, the focus moved and the charge shifted in between, and everything as it was", async () => {
  await using camera = await RecordingCamera.start({ poll: true });
  const settings = ["imagetype", "imagetitle", "exposuretime", "imagetest", "imageroot", "imageoverwrite"];
  await camera.tell(
    "set_image_type flat",
    "set_image_title mine",
    "set_exposuretime 7",
    "set_par imagesequencenumber 7",
  );
  await camera.tell("set_par imageautoincrementsequencenumber 0", "instrument.set_focus 100");
  const before = settings.map((name) => camera.field(name));
  const run = camera.ask("focus_run 2 3 25 4");
  for (let exposure = 1; exposure <= 3; exposure++) {
    await eventually(() => camera.detector.count("begin") === exposure, `exposure ${exposure}`);
    strictEqual(await camera.beside("instrument.get_focus"), `OK ${75 + 25 * exposure}.0`);
    await camera.advance(2);
  }
  strictEqual(await run, "OK");
  deepStrictEqual(camera.detector.told.map(([what]) => what), [
    "flush 1",
    "begin sky",
    "end",
    "shift 4",
    "begin sky",
    "end",
    "shift 8",
    "begin sky",
    "end",
    "readout",
  ]);
  strictEqual(await camera.ask("instrument.get_focus"), "OK 100.0");
  deepStrictEqual(camera.files(), ["focus.0007.fits"]);
  const image = await readImage(`${camera.folder}/focus.0007.fits`);
  const keywords = ["OBJECT", "IMAGETYP", "FOCSTART", "FOCSTEP", "FOCSHIFT", "FOCSTEPS", "EXPTIME", "DARKTIME"];
  deepStrictEqual(keywords.map((keyword) => image.value(keyword)), ["Focus", "object", "100.0", 25, 4, 3, 2, 6]);
  deepStrictEqual(settings.map((name) => camera.field(name)), before);
  strictEqual(camera.field("imagesequencenumber"), 8, "the next one has another name");
});

Deno.test("focus: what focus_set_pars sets goes before what focus_run is told, until focus_initialize", async () => {
  await using camera = await RecordingCamera.start({ poll: true });
  const shifts = () => camera.detector.told.flatMap(([what]) => what.startsWith("shift") ? [what] : []);
  const take = async (line: string, exposures: number) => {
    camera.detector.told.length = 0;
    const run = camera.ask(line);
    for (let exposure = 1; exposure <= exposures; exposure++) {
      await eventually(() => camera.detector.count("begin") === exposure, `exposure ${exposure}`);
      await camera.advance(1);
    }
    strictEqual(await run, "OK");
    return shifts();
  };
  await camera.tell("focus_initialize", "focus_set_pars 0.5 2 10 3");
  deepStrictEqual(await take("focus_run 0.1 4 20 9", 2), ["shift 6"]);
  await camera.tell(
    "focus_initalize",
    "exposure.set focuscomponent telescope",
  );
  deepStrictEqual(await take("exposure.focus_run 0.1 2 20 9", 2), ["shift 18"]);
  strictEqual((await readImage(`${camera.folder}/focus.0002.fits`)).value("FOCSTART"), "1200.0");
  match(await camera.ask("focus_run 0"), /^ERROR .*exposure_time/, "what is not exposed shows no focus");
  match(await camera.ask("focus_set_pars"), /^ERROR .*exposure_time is missing/);
});

Deno.test("focus: an abort, a focus that cannot go so far, and a charge that cannot be shifted end it, and the focus goes back", async () => {
  await using camera = await RecordingCamera.start({ poll: true });
  await camera.tell("instrument.set_focus 50");
  const run = camera.ask("focus_run 5 3 10 4");
  await eventually(() => camera.clock.waiting > 0, "the first exposure");
  await camera.advance(5);
  await eventually(() => camera.detector.count("begin") === 2, "the second exposure");
  strictEqual(await camera.beside("focus_abort"), "OK");
  strictEqual(await run, "ERROR AzcamError('Exposure aborted')");
  strictEqual(await camera.ask("instrument.get_focus"), "OK 50.0");
  deepStrictEqual([camera.files(), camera.field("state")], [[], "idle"]);
  await camera.tell("focus_abort");

  const far = camera.ask("focus_run 1 2 1000000 4");
  await eventually(() => camera.clock.waiting > 0, "the first exposure");
  await camera.advance(1);
  match(await far, /^ERROR .*Cannot move the focus to 1000050: it goes from -5000 to 5000/);
  deepStrictEqual([camera.files(), camera.field("state")], [[], "idle"]);

  camera.detector.fails.shift = "the clocks stopped";
  const stuck = camera.ask("focus_run 1 2 10 4");
  await eventually(() => camera.clock.waiting > 0, "the first exposure");
  await camera.advance(1);
  match(await stuck, /^ERROR .*the clocks stopped/);
  strictEqual(await camera.ask("instrument.get_focus"), "OK 50.0");
  deepStrictEqual([camera.files(), camera.field("state")], [[], "idle"]);
  delete camera.detector.fails.shift;
  await camera.tell("expose 0 flat");
});

Deno.test("focus: on the simulated sky each star stands there once for each exposure, the sharpest where the focus is best", async () => {
  const chip = { ...quick.chip, skyRate: 0, faintestStar: 200_000, brightestStar: 200_000, starsPerMegapixel: 600 };
  await using camera = await CameraServer.start({ ...quick, chip: { ...chip, rows: 128, readNoise: 0 } }, true);
  await camera.tell("telescope.set_focus 1500", "set_par imagetest 0", "expose 0.1 object");
  const sharp = await (await readImage(`${camera.folder}/image0001.fits`)).pixels();
  await camera.tell("focus_run 0.1 2 400 20");
  const both = await (await readImage(`${camera.folder}/focus.0002.fits`)).pixels();
  strictEqual(await camera.ask("telescope.get_focus"), "OK 1500.0");
  // A star in the upper part: its first image has been shifted by twice 20 rows, the second one is where it was.
  const bias = 1000;
  const at = (values: Float64Array, column: number, row: number) => values[row * both.columns + column]! - bias;
  let star = { column: 0, row: 0, level: 0 };
  for (let row = 60; row < 120; row++) {
    for (let column = 4; column < 60; column++) {
      const level = at(sharp.values, column, row);
      if (level > star.level) star = { column, row, level };
    }
  }
  ok(star.level > 500, `a star: ${star.level}`);
  const first = at(both.values, star.column, star.row - 40);
  const second = at(both.values, star.column, star.row);
  ok(first > 0.8 * star.level && first < 1.3 * star.level, `${first} where ${star.level} was shifted to`);
  ok(
    second > 0.05 * star.level && second < 0.6 * star.level,
    `${second} of ${star.level}: out of focus it is wide and faint`,
  );
});
