/** azcam's focus sequences: one image of several exposures, between which the focus moves and the charge is shifted. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { SimulatedClock } from "../../../server/camera/clock.ts";
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
  const take = async (line: string, exposures: number, seconds: number) => {
    camera.detector.told.length = 0;
    const run = camera.ask(line);
    for (let exposure = 1; exposure <= exposures; exposure++) {
      await eventually(() => camera.detector.count("begin") === exposure, `exposure ${exposure}`);
      // Less than two exposures take: the next one may begin within it, and must not end.
      await camera.advance(1.2 * seconds);
    }
    strictEqual(await run, "OK");
    return shifts();
  };
  await camera.tell("focus_initialize", "focus_set_pars 0.5 2 10 3");
  deepStrictEqual(await take("focus_run 0.1 4 20 9", 2, 0.5), ["shift 6"]);
  await camera.tell(
    "focus_initalize",
    "exposure.set focuscomponent telescope",
  );
  deepStrictEqual(await take("exposure.focus_run 0.1 2 20 9", 2, 0.1), ["shift 18"]);
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

Deno.test("focus: a focus that somebody else takes control of ends the sequence, and goes back unless they have moved it", async () => {
  await using camera = await RecordingCamera.start({ poll: true });
  await camera.tell("instrument.set_focus 50");
  for (const moved of [false, true]) {
    camera.detector.told.length = 0;
    const run = camera.ask("focus_run 5 4 10 4");
    await camera.advance(5);
    await eventually(() => camera.detector.count("begin") === 2, "the second exposure");
    strictEqual(await camera.beside("take instrument 10m"), "OK");
    if (moved) strictEqual(await camera.beside("instrument.set_focus 80"), "OK");
    await camera.advance(5);
    const ended = /^ERROR .*Cannot call instrument\.set_focus: .* has control of it until [^.]*/.source;
    const left =
      "\\. The focus of instrument is left at 80, and was not put back to 50: Cannot call .*has control of it";
    match(await run, new RegExp(ended + (moved ? left : "[^.]*$")));
    strictEqual(await camera.beside("instrument.get_focus"), moved ? "OK 80.0" : "OK 50.0");
    strictEqual(await camera.beside("release instrument"), "OK");
    deepStrictEqual([camera.files(), camera.field("state")], [[], "idle"]);
  }
});

Deno.test("focus: on the simulated sky each exposure is in the image, as sharp as the focus was and as far away as it was shifted", async () => {
  const clock = new SimulatedClock();
  const bias = 1000;
  const stars = { faintestStar: 200_000, brightestStar: 200_000, starsPerMegapixel: 1000, skyRate: 0, darkCurrent: 0 };
  const chip = { ...quick.chip, ...stars, bias, rows: 128, readNoise: 0 };
  await using camera = await CameraServer.start({ ...quick, chip, clock }, true);
  const take = async (line: string, file: string) => {
    let ended = false;
    const reply = camera.ask(line).finally(() => ended = true);
    await eventually(async () => {
      if (clock.waiting > 0) await clock.advance(1);
      return ended;
    }, line);
    strictEqual(await reply, "OK");
    return await (await readImage(`${camera.folder}/${file}`)).pixels();
  };
  const focusAt = (position: number) => camera.tell(`telescope.set_focus ${position}`, "telescope.update_header");
  await camera.tell("set_par imagetest 0");
  await focusAt(1900);
  const blurred = await take("expose 0.1 object", "image0001.fits");
  await focusAt(1500);
  const sharp = await take("expose 0.1 object", "image0002.fits");
  const both = await take("focus_run 0.1 2 400 20", "focus.0003.fits");
  strictEqual(await camera.ask("telescope.get_focus"), "OK 1500.0");
  // The first exposure has been shifted by twice 20 rows, since the second one is the last.
  const at = ({ values, columns }: typeof both, column: number, row: number) =>
    (values[row * columns + column] ?? bias) - bias;
  let [light, wrong] = [0, 0];
  for (let row = 0; row < 128; row++) {
    for (let column = 0; column < 64; column++) {
      const expected = at(sharp, column, row + 40) + at(blurred, column, row);
      light += expected;
      wrong += Math.abs(at(both, column, row) - expected);
    }
  }
  ok(light > 50_000, `stars: ${light}`);
  ok(wrong < 0.15 * light, `${wrong} of ${light} are elsewhere, and not for noise alone`);
  const peak = (image: typeof both) => Math.max(...image.values) - bias;
  ok(peak(blurred) < 0.7 * peak(sharp), `out of focus they are faint: ${peak(blurred)}, in focus ${peak(sharp)}`);
});
