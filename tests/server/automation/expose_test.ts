/** The step `expose` on a served camera: its checks, progress, pause, stop, and what a restart makes of it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { simulatedCamera, type SimulatedCameraOptions } from "../../../server/camera/simulated/camera.ts";
import { simulatedInstrument } from "../../../server/devices/simulated/simulated_instrument.ts";
import { run } from "../../cli_fixture.ts";
import { codeBlocks } from "../../documents.ts";
import { eventually } from "../../fixture.ts";
import { quick } from "../camera/camera.ts";
import { inFolder } from "../guards/lab.ts";
import { serve } from "./lab.ts";

const camera = (folder: string, options: SimulatedCameraOptions = {}) =>
  simulatedCamera({ ...quick, imageFolders: [folder], ...options });

async function images(folder: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".fits")) names.push(name);
  return names.sort();
}

/** What the run does now, and how the exposure under way stands. */
const now = async (lab: Awaited<ReturnType<typeof serve>>) => (await lab.show()).now.join();

Deno.test("runs: expose takes images of a type and title; pause closes the shutter at once, and resume goes on with the image", () =>
  inFolder(async (folder) => {
    await using lab = await serve(folder, { instruments: [camera(folder)] });
    strictEqual(await lab.lines.ask("exposure.set imagetest 0"), "OK");
    const id = await lab.run({
      steps: [
        { expose: 0.05, type: "dark", title: "warm up", count: 2 },
        { forEach: [1.5, 60], steps: [{ expose: "${row.value}", type: "object", title: "M31" }] },
      ],
    });
    await eventually(
      async () => /^expose 1.5s, object “M31”: image 1 of 2, exposing, .*s left$/.test(await now(lab)),
      "it is exposed",
    );
    ok((await lab.show()).left.seconds > 60, "the second is still to come");
    strictEqual(await lab.lines.ask("automation.pause"), "OK");
    await eventually(async () => await lab.lines.ask("exposure.get state") === "OK paused", "the camera is paused");
    match(await lab.lines.ask("exposure.get shutter"), /^OK (?:0|off|False)$/i);
    const left = (await lab.show()).left.seconds;
    await new Promise((resolve) => setTimeout(resolve, 200));
    strictEqual((await lab.show()).left.seconds, left, "time stands still");
    deepStrictEqual(await images(folder), ["image0001.fits", "image0002.fits"]);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await eventually(async () => /image 2 of 2, exposing/.test(await now(lab)), "the second is exposed");
    // Somebody aborts it at the camera: it is no image, and a person decides.
    strictEqual(await lab.lines.ask("exposure.abort"), "OK");
    await lab.is("paused");
    match((await lab.show()).reason, /^“expose 1m, object “M31”” failed: Exposure aborted; resume tries it again/);
    strictEqual(await lab.lines.ask("automation.skip"), "OK");
    await lab.ended(id, "done");
    strictEqual((await images(folder)).length, 3, "there is no image of what was aborted");
    strictEqual(await lab.lines.ask("exposure.get imagetitle"), "OK M31");
  }));

Deno.test("runs: stop, abort and skip end the exposure that is under way, before finally asks anything of the camera", () =>
  inFolder(async (folder) => {
    await using lab = await serve(folder, { instruments: [camera(folder)] });
    const night = {
      steps: [{ expose: 600, type: "object", count: 3, otherwise: [{ set: "oven.setpoint", to: 2 }] }, {
        set: "oven.setpoint",
        to: 1,
      }],
      finally: [{ call: "exposure.test", arguments: [0, 0] }, { set: "oven.flow", to: 0 }],
    };
    const exposing = () => eventually(async () => /exposing, /.test(await now(lab)), "it exposes");
    for (const [word, state] of [["stop", "stopped"], ["abort", "aborted"]] as const) {
      const id = await lab.run(night);
      await exposing();
      strictEqual(await lab.lines.ask(`automation.${word}`), "OK");
      await lab.ended(id, state);
      await eventually(async () => await lab.lines.ask("exposure.get state") === "OK idle", "the exposure has ended");
      deepStrictEqual(lab.told, ["flow 0"], "finally is done, and not after abort");
    }
    deepStrictEqual(await images(folder), ["test.fits"], "only that of finally");
    const told = (await lab.show(2)).lines.map(({ text }) => text);
    ok(
      told.some((text) => /^these are test images, .* set exposure.imagetest to 0 before$/.test(text)),
      told.join("\n"),
    );
    const id = await lab.run(night);
    for (const image of [1, 2, 3]) {
      await eventually(
        async () => new RegExp(`image ${image} of 3, exposing`).test(await now(lab)),
        `${image} is exposed`,
      );
      strictEqual(await lab.lines.ask("automation.skip"), "OK");
    }
    await lab.ended(id, "done");
    deepStrictEqual(lab.told, ["flow 0", "setpoint 1", "flow 0"], "what is skipped has not failed");
  }));

Deno.test("runs: an image that may have been taken when the server ended is not taken again until a person says so", () =>
  inFolder(async (folder) => {
    const night = { steps: [{ expose: 5, type: "dark", count: 2 }], afterRestart: "continue" };
    {
      await using lab = await serve(folder, { instruments: [camera(folder)] });
      await lab.run(night);
      await eventually(async () => /image 1 of 2, exposing/.test(await now(lab)), "it exposes");
    }
    await using lab = await serve(folder, { instruments: [camera(folder)] });
    await lab.is("paused");
    match((await lab.show()).reason, /not known whether “expose 5s, dark” was done before the server ended/);
    strictEqual(await lab.lines.ask("exposure.get state"), "OK idle");
    strictEqual(await lab.lines.ask("automation.skip"), "OK");
    await eventually(async () => /image 2 of 2, exposing/.test(await now(lab)), "the second is exposed");
    strictEqual(await lab.lines.ask("automation.abort"), "OK");
  }));

Deno.test("runs: the night of the page is a run of a bench with a camera, by check and without a server", () =>
  inFolder(async (folder) => {
    const night = (await codeBlocks("docs/runs.md")).find(({ code }) => /M31 tonight/.test(code))!.code;
    const site = { latitude: 31.96, longitude: -111.6 };
    const bench = { site, instruments: [{ title: "exposure", driver: "simulated-camera" }] };
    await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(bench));
    await Deno.writeTextFile(join(folder, "night.run.json"), night);
    const { out, err } = await run(["check", join(folder, "night.run.json")]);
    strictEqual(err, "");
    match(out, /^well formed: M31 tonight, 5 steps, at least 35m; it drives exposure of /);
    match(out, /1\. wait until the sun is below -12° \((?:so now|about \d\d:\d\d)\)\n[^]* 3\. 5 × expose 0s, zero\n/);
  }));

Deno.test("runs: expose is checked against the bench: its camera, type, time, title and count", () =>
  inFolder(async (folder) => {
    const check = async (lab: Awaited<ReturnType<typeof serve>>, ...steps: object[]) => {
      await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify({ steps, finally: steps.slice(0, 1) }));
      const answer = await lab.lines.ask("automation.check night.run.json");
      return JSON.parse(answer.replace(/^OK /, "")).problems.map(({ message }: { message: string }) => message);
    };
    {
      await using lab = await serve(folder, { instruments: [] });
      deepStrictEqual(await check(lab, { note: "a" }, { expose: 1 }, { expose: 1, camera: "oven" }), [
        "needs a camera, and the bench has none: an instrument whose driver makes one, such as simulated-camera",
        "Oven is no camera; the bench has none",
      ]);
    }
    await using lab = await serve(folder, { instruments: [camera(folder), camera(folder, { title: "guider" })] });
    deepStrictEqual(
      await check(
        lab,
        { expose: 1, camera: "guider" },
        { expose: 1 },
        { expose: 100_000, type: "objekt", title: "Löwe", count: 1.5, camera: "guider" },
        { expose: "soon", camera: "guider", every: "1s" },
      ),
      [
        'says not by which camera: give "camera", one of exposure, guider',
        "Cannot set exposuretime of guider to 100000: above its maximum of 86400 s",
        'is "objekt", and should be one of zero, object, flat, dark (did you mean object?)',
        'the image title "Löwe": the character ö (U+00F6) at position 2 cannot be written in a FITS header, which holds only ' +
        "the ASCII characters from the space to ~",
        "is 1.5, and should be a whole number from 1 to 1000000",
        'is "soon", and should be seconds, 30, or a time such as 5m',
        "has no meaning beside expose; there may stand type, count, camera",
        "cannot stand in finally: after a restart it could be taken twice",
      ],
    );
    await using lit = await serve(folder, { instruments: [camera(folder), simulatedInstrument()] });
    deepStrictEqual(
      await check(lit, { note: "a" }, { expose: 1, type: "Ne" }),
      [],
      "a lamp is known when its instrument was asked",
    );
    const id = await lit.run({ steps: [{ expose: 0, type: "fog" }] });
    deepStrictEqual((await lit.show(id)).instruments, ["instrument", "exposure"]);
    await lit.is("paused");
    match((await lit.show()).reason, /Cannot set the image type to fog: not one of zero, object/);
  }));
