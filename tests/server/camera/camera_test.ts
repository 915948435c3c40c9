/** The camera: exposures as azcam's clients take them, their states, their files, and what ends them early. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type Clock, SimulatedClock } from "../../../server/camera/clock.ts";
import { PixelStore } from "../../../server/camera/pixel_store.ts";
import { ImageServer } from "../../../server/faces/images/image_server.ts";
import { transitions } from "../../../server/camera/exposure_states.ts";
import { canRun, dashboardClient, eventually } from "../../fixture.ts";
import { CameraServer, fitsverify, quick, readImage } from "./camera.ts";

/** A camera whose time is advanced by hand, and the states it went through with the times at which it did. */
async function timed(options = {}) {
  const clock = new SimulatedClock(new Date("2026-11-21T22:30:00Z"));
  const camera = await CameraServer.start({ ...quick, readoutRate: 3584 / 8, flushSeconds: 2, ...options, clock });
  const states: [state: string, at: number][] = [];
  camera.server.bench.onChange((_, { name, value }) => {
    if (name === "state") states.push([String(value), Math.round(clock.now() * 1000) / 1000]);
  });
  /** Advances when the camera waits for the clock, and not for its files. */
  const advance = async (seconds: number) => {
    await eventually(() => clock.waiting > 0, "the camera waits for the clock");
    await clock.advance(seconds);
  };
  const reach = (state: string) => eventually(() => camera.field("state") === state, `the camera is ${state}`);
  const other = await camera.another();
  return { clock, camera, states, advance, reach, ask: (line: string) => other.ask(line) };
}

/** Random numbers from 0 to 1 that are the same on every run. */
function* random(seed: number): Generator<number, never> {
  for (;;) {
    seed = (seed * 48_271) % 2_147_483_647;
    yield seed / 2_147_483_647;
  }
}

const aborted = "ERROR AzcamError('Exposure aborted')";
const verifier = await canRun("fitsverify") || await canRun("/usr/bin/fitsverify");
if (!verifier) console.log("fitsverify is not installed: what it says about images is not tested");

Deno.test("camera: an exposure goes through its states, each in its time", async () => {
  const { camera, states, advance, reach, ask } = await timed();
  await using _ = camera;
  const done = camera.ask('expose 60 object "M51"');
  await advance(2);
  await reach("exposing");
  await advance(15);
  strictEqual(await ask("get_exposuretime_remaining"), "OK 45.0");
  match(
    await ask("get_status"),
    /"exposurelabel": "45\.0 sec remaining", "exposurecolor": "green", "exposurestate": "EXPOSING", "progressbar": 75\.0/,
  );
  await advance(45);
  await reach("reading out");
  await advance(2.05);
  // 72 × 48 pixels at 448 a second: two seconds of 7.7 are over.
  strictEqual(camera.field("pixelsremaining"), 3456 - 2 * 448);
  match(await ask("get_status"), /"exposurelabel": "74% readout", "exposurecolor": "red", "exposurestate": "READOUT"/);
  await advance(10);
  strictEqual(await done, "OK");
  deepStrictEqual(states.map(([state]) => state), [
    "setup",
    "ready",
    "exposing",
    "exposed",
    "reading out",
    "read",
    "writing",
    "idle",
  ]);
  deepStrictEqual(states.slice(0, 5).map(([, at]) => at), [0, 2, 2, 62, 62]);
  const image = await readImage(`${camera.folder}/test.fits`);
  deepStrictEqual(
    ["EXPREQ", "EXPTIME", "DARKTIME", "DATE-OBS", "OBJECT", "IMAGETYP"].map((keyword) => image.value(keyword)),
    [60, 60, 60, "2026-11-21T22:30:02.000", "M51", "object"],
  );
});

Deno.test("camera: a pause stops the exposure time, and not the dark time", async () => {
  const { camera, clock, advance, reach, ask } = await timed();
  await using _ = camera;
  const done = camera.ask("expose 10 object pause");
  await advance(2);
  await reach("exposing");
  await advance(4);
  strictEqual(await ask("exposure.pause"), "OK");
  strictEqual(await ask("get_exposureflag"), "OK 6 PAUSED");
  strictEqual(await ask("exposure.pause_exposure"), "OK", "a paused one stays paused");
  await clock.advance(100);
  strictEqual(await ask("get_exposuretime_remaining"), "OK 6.0");
  strictEqual(await ask("exposure.resume_exposure"), "OK");
  strictEqual(await ask("get_exposureflag"), "OK 1 EXPOSING");
  await advance(30);
  strictEqual(await done, "OK");
  const image = await readImage(`${camera.folder}/test.fits`);
  deepStrictEqual(["EXPREQ", "EXPTIME", "DARKTIME"].map((keyword) => image.value(keyword)), [10, 10, 110]);
});

Deno.test("camera: pause and resume at once lose nothing", async () => {
  const { camera, advance, reach, ask } = await timed();
  await using _ = camera;
  const done = camera.ask("expose 5 dark");
  await advance(2);
  await reach("exposing");
  await Promise.all([ask("pause\nresume\npause\nresume")]);
  await advance(30);
  strictEqual(await done, "OK");
  strictEqual((await readImage(`${camera.folder}/test.fits`)).value("EXPTIME"), 5);
});

Deno.test("camera: what cannot be done in a state is refused and says why", async () => {
  await using camera = await CameraServer.start();
  for (
    const [line, why] of [
      ["integrate", "Cannot integrate: no exposure has begun"],
      ["readout", "Cannot read out: no exposure has begun"],
      ["exposure.end", "Cannot end the exposure: no exposure has begun"],
      ["write_image", "Cannot write an image: none waits to be written"],
    ]
  ) strictEqual(await camera.ask(line!), `ERROR AzcamError('${why}')`);
  strictEqual(await camera.ask("abort"), "OK");
  await camera.tell("pause", "resume", "start_readout", "begin 0 zero");
  for (
    const [line, why] of [
      ["pause", "Cannot pause"],
      ["resume", "Cannot resume"],
      ["start_readout", "Cannot read out before the exposure time is over"],
    ]
  ) {
    const waits = "the exposure has begun and waits for integrate";
    strictEqual(await camera.ask(line!), `ERROR AzcamError('${why}: ${waits}')`, "there is one, but not to be paused");
  }
  match(
    await camera.ask("expose 0 zero"),
    /^ERROR .*Cannot begin an exposure: the exposure has begun and waits for integrate/,
  );
  match(
    await camera.ask("flush"),
    /^ERROR .*Cannot clear the detector: the exposure has begun and waits for integrate; abort gives it up/,
  );
  await camera.tell("abort", "expose 0 zero");
});

Deno.test("camera: begin, integrate, readout and end make the image that expose makes", async () => {
  await using camera = await CameraServer.start();
  await camera.tell("set_par imagetest 0", "begin 0.01 flat steps");
  strictEqual(await camera.ask("get_exposureflag"), "OK 8 SETUP");
  await camera.tell("integrate");
  strictEqual(await camera.ask("get_exposureflag"), "OK 5 READ");
  await camera.tell("readout");
  deepStrictEqual(camera.files(), []);
  strictEqual(await camera.ask("finished"), "OK 0");
  await camera.tell("exposure.end");
  strictEqual(await camera.ask("finished"), "OK 1");
  deepStrictEqual(camera.files(), ["image0001.fits"]);
  strictEqual(await camera.ask("get_par imagesequencenumber"), "OK 2");
  const image = await readImage(`${camera.folder}/image0001.fits`);
  deepStrictEqual([image.value("OBJECT"), image.value("IMAGETYP"), image.value("NAXIS1")], ["steps", "flat", 72]);
});

Deno.test("camera: an abort ends an exposure in every state, leaves nothing behind, and the next one is right", async () => {
  const abortable = Object.entries(transitions).filter(([, events]) => events.abort !== undefined).map(([name]) =>
    name
  );
  const { camera, advance, reach, ask, states } = await timed();
  await using _ = camera;
  // What has to be done for the camera to be in a state, and stay there.
  const ways: Record<string, () => Promise<{ done?: Promise<string> }>> = {
    flushing: async () => {
      const done = camera.ask("flush 100");
      await reach("flushing");
      return { done };
    },
    setup: async () => {
      const done = camera.ask("expose 20 object");
      await reach("setup");
      return { done };
    },
    ready: async () => {
      const done = camera.ask("begin 20 object");
      await advance(3);
      strictEqual(await done, "OK");
      return {};
    },
    exposing: async () => {
      const done = camera.ask("expose 20 object");
      await advance(2);
      await reach("exposing");
      await advance(7);
      return { done };
    },
    paused: async () => {
      const { done } = await ways.exposing!();
      strictEqual(await ask("pause"), "OK");
      return { done: done! };
    },
    exposed: async () => {
      await ways.ready!();
      const done = camera.ask("integrate");
      await advance(30);
      strictEqual(await done, "OK");
      return {};
    },
    "reading out": async () => {
      const done = camera.ask("expose 0 zero");
      await advance(2);
      await reach("reading out");
      await advance(1);
      return { done };
    },
    read: async () => {
      await ways.exposed!();
      const done = camera.ask("readout");
      await reach("reading out");
      await advance(30);
      strictEqual(await done, "OK");
      return {};
    },
  };
  // Writing takes the worker a millisecond: the hundred random aborts hit it.
  deepStrictEqual(abortable.filter((state) => ways[state] === undefined), ["writing"]);
  for (const [state, way] of Object.entries(ways)) {
    const { done } = await way();
    strictEqual(camera.field("state"), state);
    strictEqual(await ask("abort"), "OK");
    if (done !== undefined) strictEqual(await done, aborted, state);
    strictEqual(camera.field("state"), "idle", state);
    deepStrictEqual(states.slice(-2).map(([name]) => name), ["aborted", "idle"], state);
    deepStrictEqual(camera.files(), [], state);
    strictEqual(await ask("finished"), "OK 1");
  }
  const done = camera.ask("expose 1 dark");
  await advance(30);
  strictEqual(await done, "OK");
  strictEqual((await readImage(`${camera.folder}/test.fits`)).value("EXPTIME"), 1);
});

Deno.test("camera: a hundred aborts and pauses at random moments, and every image that was promised is right", async () => {
  await using camera = await CameraServer.start({ ...quick, readoutRate: 1e5, flushSeconds: 0.01 });
  const other = await camera.another();
  await camera.tell("set_par imagetest 0", "set_exposuretime 0.03");
  const next = random(5);
  let written = 0;
  const states = new Set<unknown>();
  for (let round = 0; round < 100; round++) {
    const done = camera.ask("expose 0.03 object");
    const wait = () => new Promise((resolve) => setTimeout(resolve, 70 * next.next().value));
    if (round % 3 === 0) {
      await wait();
      await other.ask("pause");
      await wait();
      await other.ask("resume");
    } else {
      await wait();
      states.add(camera.field("state"));
      strictEqual(await other.ask("abort"), "OK");
    }
    const reply = await done;
    if (reply === "OK") written++;
    else strictEqual(reply, aborted);
    strictEqual(camera.field("state"), "idle");
    // An abort is answered before what was begun of a file is removed.
    await eventually(() => camera.files().length === written, `there are ${written} files, and nothing beside them`);
  }
  ok(written > 30 && written < 90, `${written} of 100 images were written`);
  ok(states.size >= 3, [...states].join(", "));
  for (const file of camera.files()) {
    const image = await readImage(`${camera.folder}/${file}`);
    const { values } = await image.pixels();
    ok(Number(image.value("EXPTIME")) >= 0.03, file);
    strictEqual(values.length, 72 * 48);
    ok(values.every((value) => value > 900 && value <= 65_535), file);
  }
});

Deno.test("camera: a client that goes away in the middle of an exposure does not strand the camera", async () => {
  await using camera = await CameraServer.start();
  const leaving = await camera.another();
  await leaving.send("expose 0.2 dark gone\n");
  await eventually(() => camera.field("state") === "exposing", "it exposes");
  leaving[Symbol.dispose]();
  await camera.tell("expose 0 zero next");
  strictEqual((await readImage(`${camera.folder}/test.fits`)).value("OBJECT"), "next");
  strictEqual(camera.field("message"), "");
});

Deno.test("camera: two clients that expose at the same time get an image each, one after the other", async () => {
  await using camera = await CameraServer.start();
  const other = await camera.another();
  await camera.tell("set_par imagetest 0");
  const replies = await Promise.all([camera.ask("expose 0.05 dark first"), other.ask("expose 0.05 dark second")]);
  deepStrictEqual(replies, ["OK", "OK"]);
  const titles = await Promise.all(
    camera.files().map(async (file) => (await readImage(`${camera.folder}/${file}`)).value("OBJECT")),
  );
  deepStrictEqual(titles.sort(), ["first", "second"]);
});

Deno.test("camera: settings are answered at once during an exposure, and hold for the next one", async () => {
  const { camera, advance, reach, ask } = await timed();
  await using _ = camera;
  await camera.tell("set_par imagetest 0");
  const done = camera.ask("expose 10 object now");
  await advance(2);
  await reach("exposing");
  for (const line of ["set_image_title later", "set_roi 1 32 1 16 2 2", "set_exposuretime 3", "set_par imageroot b."]) {
    strictEqual(await ask(line), "OK");
  }
  strictEqual(await ask("exposure.set imagetitle afterwards"), "OK");
  await advance(100);
  strictEqual(await done, "OK");
  const first = await readImage(`${camera.folder}/image0001.fits`);
  deepStrictEqual(["OBJECT", "EXPREQ", "NAXIS1"].map((keyword) => first.value(keyword)), ["now", 10, 72]);
  const next = camera.ask("expose");
  await advance(2);
  await reach("exposing");
  await advance(100);
  strictEqual(await next, "OK");
  const second = await readImage(`${camera.folder}/b.0002.fits`);
  deepStrictEqual(
    ["OBJECT", "EXPREQ", "NAXIS1", "NAXIS2", "CCDSUM"].map((keyword) => second.value(keyword)),
    ["afterwards", 3, 16 + 8, 8, "2 2"],
  );
});

Deno.test("camera: whoever has control of it is the only one to set it, also during an exposure", async () => {
  await using camera = await CameraServer.start();
  const other = await camera.another();
  await camera.tell("set_image_title mine");
  await camera.tell("take exposure 1m");
  match(await other.ask("set_image_title theirs"), /^ERROR .*has control/);
  match(await other.ask("expose 0 zero"), /^ERROR .*has control/);
  strictEqual(await other.ask("abort"), "OK");
  strictEqual(await camera.ask("get_image_title"), "OK mine");
});

Deno.test("camera: expose1 and sequence1 answer at once, refuse what cannot be, and tell what goes wrong later", async () => {
  await using camera = await CameraServer.start();
  await camera.tell("expose1 0.1 dark background");
  strictEqual(camera.field("imagetitle") === "background" || camera.field("state") === "idle", true);
  await eventually(() => camera.field("exposurecompleted") === 1, "it is done");
  strictEqual(camera.field("lastfile"), `${camera.folder}/test.fits`);
  match(await camera.ask("expose1 1 nosuch"), /^ERROR .*not one of zero, object, flat, dark/);
  await camera.tell("set_par imagetest 0", "set_par imageautoincrementsequencenumber 0", "expose 0 zero");
  match(await camera.ask("expose1 0 zero"), /^ERROR .*image0001\.fits: a file of that name is there already/);
  match(await camera.ask("sequence1 2"), /^ERROR .*image0001\.fits: a file of that name is there already/);
  await camera.tell("set_par imageautoincrementsequencenumber 1", "set_par imagesequencenumber 2", "expose1 5 dark");
  await eventually(() => camera.field("state") === "exposing", "it exposes");
  await camera.tell("abort");
  await eventually(() => camera.field("message") === "Exposure aborted", "it tells of the abort");
  match(await camera.ask("get_status"), /"message": "Exposure aborted"/);
});

Deno.test("camera: a sequence is numbered, waits between its exposures, and ends with an abort", async () => {
  const { camera, advance, ask, reach } = await timed({ readoutRate: 1e8 });
  await using _ = camera;
  await camera.tell(
    "set_par imagetest 0",
    "set_exposuretime 5",
    "set_image_type dark",
    "set_par exposuresequencedelay 50",
  );
  const done = camera.ask("sequence 3 1 7");
  await advance(2);
  await reach("exposing");
  match(await ask("get_status"), /"message": "EXPOSING - 1 of 3".*"seqcount": 1, "seqtotal": 3/);
  await advance(5.5);
  await eventually(() => camera.files().includes("image0001.fits"), "the first is written");
  await advance(7.2);
  await reach("exposing");
  strictEqual(await ask("get_par exposuresequencenumber"), "OK 2");
  await advance(5.5);
  await eventually(
    () => camera.files().includes("image0002.fits") && camera.field("state") === "idle",
    "so is the second",
  );
  strictEqual(await ask("abort"), "OK", "also between two exposures");
  strictEqual(await done, aborted);
  deepStrictEqual(camera.files(), ["image0001.fits", "image0002.fits"]);
  strictEqual(await ask("get_par exposuresequencenumber"), "OK 1");
});

Deno.test("camera: imageoverwrite 0 refuses before exposing; 1 takes the place of the file", async () => {
  await using camera = await CameraServer.start();
  const states: unknown[] = [];
  await camera.tell("set_par imagetest 0", "set_par imageautoincrementsequencenumber 0", "expose 0 zero one");
  camera.server.bench.onChange((_, { name, value }) => void (name === "state" && states.push(value)));
  strictEqual(
    await camera.ask("expose 3600 object two"),
    `ERROR AzcamError('Cannot write ${camera.folder}/image0001.fits: a file of that name is there already; ` +
      "the next number that is free is 2 (set_par imagesequencenumber 2)')",
  );
  ok(!states.includes("exposing"));
  strictEqual(camera.field("state"), "idle");
  strictEqual((await readImage(`${camera.folder}/image0001.fits`)).value("OBJECT"), "one");
  await camera.tell("set_par imageroot test", "set_par imageincludesequencenumber 0", "expose 0 zero no-test-image");
  match(await camera.ask("expose 0 zero"), /test\.fits: a file of that name is there already/);
  await Deno.remove(`${camera.folder}/test.fits`);
  await camera.tell("set_par imageroot image", "set_par imageincludesequencenumber 1");
  await camera.tell("set_par imageoverwrite 1", "expose 0 zero three");
  strictEqual((await readImage(`${camera.folder}/image0001.fits`)).value("OBJECT"), "three");
  deepStrictEqual(camera.files(), ["image0001.fits"]);
});

Deno.test("camera: a missing folder is refused before exposing, and folders that were not named always", async () => {
  await using camera = await CameraServer.start();
  await camera.tell("set_par imagefolder tonight");
  strictEqual(
    await camera.ask("expose 3600 object"),
    `ERROR AzcamError('Cannot write ${camera.folder}/tonight/test.fits: its folder does not exist')`,
  );
  await Deno.mkdir(`${camera.folder}/tonight`);
  await camera.tell("expose 0 zero");
  deepStrictEqual([...Deno.readDirSync(`${camera.folder}/tonight`)].map(({ name }) => name), ["test.fits"]);
  for (const folder of ["/etc", "..", "tonight/../..", "/", `${camera.folder}-2`]) {
    match(await camera.ask(`set_par imagefolder ${folder}`), /^ERROR .*images may only be written in .*--image-folder/);
  }
  match(await camera.ask("exposure.set_filename /etc/passwd"), /^ERROR .*images may only be written in/);
  strictEqual(await camera.ask("get_filename"), `OK ${camera.folder}/tonight/test.fits`);
});

Deno.test("camera: names of files and folders are plain on every system, and azcam's own ones are", async () => {
  await using camera = await CameraServer.start();
  await camera.tell("set_par imagetest 0", "set_par imageautoname 1", "set_par imagesequencenumber 7");
  for (const root of ["cmp.", "test.", "image", "_x", "a b(1)", "2026-01+1.", "conical", "com"]) {
    await camera.tell(`set_par imageroot '${root}'`);
    const next = `${camera.folder}/${root.replace(/\.$/, "")}.ZERO.0007.fits`;
    // What has blanks is in quotes, so that a client gets it back as one text.
    strictEqual(await camera.ask("get_filename"), next.includes(" ") ? `OK '${next}'` : `OK ${next}`);
  }
  const kept = await camera.ask("get_par imageroot");
  const refused: readonly (readonly [string, RegExp])[] = [
    ["", /it is empty/],
    [" ", /it may not begin with a full stop, a hyphen or a blank, nor end with a blank/],
    ["a ", /nor end with a blank/],
    ["-x", /may not begin with a full stop, a hyphen/],
    [".x", /may not begin/],
    ["..", /may not begin/],
    ["../x", /use letters, digits, blanks and \. _ \+ - \( \); the folder is set by imagefolder/],
    ["a/b", /the folder is set by imagefolder/],
    ["a\\b", /the folder is set by imagefolder/],
    ["c:x", /use letters, digits/],
    ["a*", /use letters, digits/],
    ["a;b", /use letters, digits/],
    ["$HOME", /use letters, digits/],
    ["con", /on Windows that is a device/],
    ["CON.", /on Windows that is a device/],
    ["Lpt1.x", /on Windows that is a device/],
  ];
  for (const [root, why] of refused) {
    const reply = await camera.ask(`set_par imageroot '${root}'`);
    match(reply, /^ERROR .*Cannot begin file names with/, root);
    match(reply, why, root);
  }
  strictEqual(await camera.ask("get_par imageroot"), kept);
  // Names of files are set by their beginning, which stands before the first full stop.
  for (const name of ["-x.fits", ".x.fits", "nul.fits"]) {
    match(
      await camera.ask(`set_par imagefilename ${camera.folder}/${name}`),
      /^ERROR .*Cannot begin file names with/,
      name,
    );
  }
  await Deno.mkdir(`${camera.folder}/Run 2 (b)`);
  await camera.tell("set_par imagefolder 'Run 2 (b)'", "set_par imageroot cmp.", "expose 0 flat");
  deepStrictEqual([...Deno.readDirSync(`${camera.folder}/Run 2 (b)`)].map(({ name }) => name), ["cmp.FLAT.0007.fits"]);
  for (const folder of ["", " ", "-x", ".x", "a/.git", "a/-rf", "nul", "a/Con.b/c", "a.", "a ", "a:b", "a$b", "~"]) {
    const reply = await camera.ask(`set_par imagefolder '${folder}'`);
    match(reply, /^ERROR .*Cannot name a folder for images "/, folder);
  }
  strictEqual(await camera.ask("get_par imagefolder"), "OK 'Run 2 (b)'");
});

Deno.test("camera: a server without an image folder says what it needs", async () => {
  await using camera = await CameraServer.start({ ...quick, imageFolders: [] });
  match(
    await camera.ask("expose 1 object"),
    /^ERROR .*This server may write no images: start it with --image-folder FOLDER/,
  );
  strictEqual(await camera.ask("get_filename"), "OK /test.fits");
});

Deno.test("camera: an image that cannot be written is kept, told of, and written later; the next exposure is right", async () => {
  await using camera = await CameraServer.start();
  await Deno.mkdir(`${camera.folder}/disk`);
  await camera.tell(
    "set_par imagetest 0",
    "set_par imagefolder disk",
    "begin 0.01 flat precious",
    "integrate",
    "readout",
  );
  await Deno.remove(`${camera.folder}/disk`);
  match(
    await camera.ask("exposure.end"),
    /^ERROR .*disk\/image0001\.fits: its folder does not exist\. Its pixels are kept in memory: .*write_image/,
  );
  strictEqual(camera.field("state"), "idle");
  match(await camera.ask("write_image"), /^ERROR .*its folder does not exist\. Its pixels are kept/);
  match(await camera.ask("expose 0 zero"), /^ERROR .*image0001\.fits: its folder does not exist\. Its pixels are kept/);
  await camera.tell(`set_par imagefolder ${camera.folder}`, "expose 0 zero next");
  deepStrictEqual(camera.files(), ["image0001.fits", "image0002.fits"]);
  const image = await readImage(`${camera.folder}/image0001.fits`);
  deepStrictEqual([image.value("OBJECT"), image.value("IMAGETYP")], ["precious", "flat"]);
  ok((await image.pixels()).values.some((value) => value > 1020), "it has its light");
  strictEqual((await readImage(`${camera.folder}/image0002.fits`)).value("OBJECT"), "next");
});

Deno.test("camera: file names have root, number and type as azcam's parameters say", async () => {
  await using camera = await CameraServer.start();
  const { folder } = camera;
  strictEqual(await camera.ask("get_par imagefilename"), `OK ${folder}/test.fits`);
  for (
    const [settings, name] of [
      [["imagetest 0"], "image0001.fits"],
      [["imageautoname 1", "imagetype flat"], "image.FLAT.0001.fits"],
      [["imageincludesequencenumber 0"], "image.FLAT.fits"],
      [["imageautoname 0"], "image.fits"],
      [["imageroot a.", "imageincludesequencenumber 1", "imagesequencenumber 12345"], "a.12345.fits"],
      [["imagefilename n7.fits"], "n712345.fits"],
    ] as const
  ) {
    await camera.tell(...settings.map((setting) => `set_par ${setting}`));
    strictEqual(await camera.ask("get_filename"), `OK ${folder}/${name}`);
  }
});

Deno.test("camera: fitsverify finds nothing wrong with what any amplifiers, region, binning and keywords make", {
  ignore: !verifier,
}, async () => {
  await using camera = await CameraServer.start(quick, true);
  await eventually(() => camera.server.bench.find("tempcon")!.field("dewtemp").quality === "good", "all is read");
  await camera.tell(
    "exposure.set_keyword OBSERVER 'Annie J. Cannon' 'who observes'",
    "exposure.set_keyword LONGTEXT '" + "a long text ".repeat(20) + "' 'a comment'",
    "exposure.set_keyword SMALL 1e-30 'a number' float",
    "exposure.set_keyword WHOLE 7 'a number' float",
    "telescope.set_keyword AIRMASS 1.05 'air mass' float",
    `set_image_title "a 'quoted' title & 100 %"`,
  );
  const clean = /Verification found 0 warning\(s\) and 0 error\(s\)/;
  for (
    const lines of [
      ["expose 0.01 object"],
      ["set_roi 3 41 5 30 2 3", "expose 0 zero"],
      ["roi_reset", "set_focalplane 1 1 2 2", "expose 0.01 flat"],
      ["set_focalplane 1 1 1 2 31", "set_roi 1 64 1 48 1 1", "expose 0.01 dark"],
      ["set_focalplane 1 1 4 1", "set_roi 20 33 1 48 1 1", "expose 0.01 dark"],
      ["set_format 30 4 3 10 20 2 2 5 0", "set_focalplane 1 1 1 1 2", "expose 0 zero"],
      ["set_format 1 0 0 0 1 0 0 0 0", "set_focalplane 1 1 1 1 0", "expose 0 zero"],
    ]
  ) {
    await camera.tell(...lines);
    match(await fitsverify(`${camera.folder}/test.fits`), clean, lines.join(", "));
  }
});

Deno.test("camera: the header says what every instrument of the bench contributes", async () => {
  await using camera = await CameraServer.start(quick, true);
  const tempcon = camera.server.bench.find("tempcon")!;
  await eventually(() => tempcon.field("dewtemp").quality === "good", "the temperatures are read");
  await camera.tell(
    "instrument.set_filter g",
    "telescope.set_keyword RA 13:29:52.7 'right ascension'",
    "exposure.set_keyword OBSERVER Leavitt",
    "telescope.set_keyword EXPTIME 99 'not its to say' float",
    'expose 0.05 object "M51"',
  );
  strictEqual(await camera.ask("exposure.get_keyword OBJECT"), "OK M51 'image title' str");
  const image = await readImage(`${camera.folder}/test.fits`);
  const value = (keyword: string) => image.value(keyword);
  deepStrictEqual(
    [value("FILTER"), value("TELFOCUS"), value("FOCUS"), value("RA"), value("OBSERVER"), value("OBJECT")],
    ["g", 1200, 0, "13:29:52.7", "Leavitt", "M51"],
  );
  const card = image.hdus[0]!.cards.find(({ keyword }) => keyword === "CAMTEMP")!;
  deepStrictEqual([card.unit, card.comment], ["deg C", "detector temperature"]);
  ok(Math.abs(Number(value("CAMTEMP")) - 20) < 2, "the cryostat is still warm");
  ok(Math.abs(Number(value("EXPTIME")) - 0.05) < 0.1, "nobody else's word for the exposure time counts");
  match(String(value("SWCREATE")), /^heliograph \d/);
  ok(Math.abs(Date.parse(`${value("DATE-OBS")}Z`) - Date.now()) < 60_000);
  deepStrictEqual(
    [value("GAIN"), value("RDNOISE"), value("DATASEC"), value("BIASSEC"), value("CCDSEC")],
    [1.7, 4.2, "[1:64,1:48]", "[65:72,1:48]", "[1:64,1:48]"],
  );
});

Deno.test("camera: an instrument that cannot be read has no value in the header", async () => {
  await using camera = await CameraServer.start();
  camera.server.bench.find("tempcon")!.field("camtemp").fail("the sensor is broken");
  await camera.tell("expose 0 zero");
  const card = (await readImage(`${camera.folder}/test.fits`)).hdus[0]!.cards.find(({ keyword }) =>
    keyword === "CAMTEMP"
  );
  deepStrictEqual([card!.value, card!.comment], [undefined, "no reading: detector temperature"]);
  match(await camera.ask("tempcon.get_keyword CAMTEMP"), /^ERROR .*CAMTEMP has no value: the sensor is broken/);
});

Deno.test("camera: what a header cannot hold is refused when it is set", async () => {
  await using camera = await CameraServer.start();
  for (
    const [line, why] of [
      ["set_image_title Löwe", /the character ö/],
      ['expose 1 object "Löwe"', /the character ö/],
      ["exposure.set_keyword OBSERVER Müller", /the character ü/],
      ["exposure.set_keyword NAXIS1 5 '' int", /NAXIS1/],
      ["exposure.set_keyword BZERO 5 '' int", /BZERO/],
      ["exposure.set_keyword TOO-LONG-A 5", /1 to 8/],
      ["exposure.set_keyword X nan '' float", /not a number of that type/],
      ["exposure.set_keyword X inf '' float", /not a number of that type/],
    ] as const
  ) {
    const reply = await camera.ask(line);
    match(reply, /^ERROR /, line);
    match(reply, why, line);
  }
  strictEqual(camera.field("state"), "idle");
});

Deno.test("camera: amplifiers of a multi-extension file tell their own gain, and which part of the chip they are", async () => {
  await using camera = await CameraServer.start();
  await camera.tell("set_focalplane 1 1 2 2", "expose 0 zero");
  const image = await readImage(`${camera.folder}/test.fits`);
  deepStrictEqual(image.hdus.map(({ name }) => name), ["", "im1", "im2", "im3", "im4"]);
  const cards = [1, 2, 3, 4].map((hdu) =>
    ["GAIN", "DETSEC", "DATASEC", "NAXIS1"].map((word) => image.value(word, hdu))
  );
  deepStrictEqual(cards, [
    [1.7, "[1:32,1:24]", "[1:32,1:24]", 40],
    [1.73, "[64:33,1:24]", "[1:32,1:24]", 40],
    [1.68, "[1:32,48:25]", "[1:32,1:24]", 40],
    [1.71, "[64:33,48:25]", "[1:32,1:24]", 40],
  ]);
  deepStrictEqual([image.value("NEXTEND"), image.value("NAMPS"), image.value("DETSIZE")], [4, 4, "[1:64,1:48]"]);
});

/** Mean and variance of a part of an image's columns. */
async function statistics(file: string, first: number, last: number, hdu = 0, other?: string) {
  const { columns, values } = await (await readImage(file)).pixels(hdu);
  const others = other === undefined ? undefined : (await (await readImage(other)).pixels(hdu)).values;
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < values.length; at++) {
    const column = at % columns;
    if (column < first || column > last) continue;
    const value = values[at]! - (others === undefined ? 0 : others[at]!);
    count++;
    sum += value;
    squares += value * value;
  }
  const mean = sum / count;
  return { mean, variance: squares / count - mean * mean };
}

/** A clock by which every wait takes exactly what it was to take, and is over at once: flats are as bright as each other. */
function exactClock(): Clock {
  let now = 0;
  const wait = async (seconds: number, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve));
    now += Math.max(0, seconds);
  };
  return { now: () => now, date: () => new Date(Date.UTC(2026, 10, 21) + now * 1000), wait };
}

Deno.test("camera: the photon transfer gain of flats on the disk is what their headers say, within 2 %", async () => {
  const chip = { columns: 512, rows: 400, cosmicRays: 0, flatRate: 40_000 };
  await using camera = await CameraServer.start({ ...quick, chip, clock: exactClock() });
  await camera.tell("set_par imagetest 0", "set_focalplane 1 1 2 1");
  await camera.tell("expose 0 zero", "expose 0 zero", "expose 0.5 flat", "expose 0.5 flat");
  const file = (number: number) => `${camera.folder}/image000${number}.fits`;
  for (const hdu of [1, 2]) {
    const gain = Number((await readImage(file(1))).value("GAIN", hdu));
    const noise = Number((await readImage(file(1))).value("RDNOISE", hdu));
    const bias = await statistics(file(1), 0, 255, hdu);
    const biases = await statistics(file(1), 0, 255, hdu, file(2));
    const flat = await statistics(file(3), 0, 255, hdu);
    const flats = await statistics(file(3), 0, 255, hdu, file(4));
    const signal = flat.mean - bias.mean;
    const measured = signal / ((flats.variance - biases.variance) / 2);
    ok(Math.abs(measured / gain - 1) < 0.02, `amplifier ${hdu}: ${measured} e-/adu, and ${gain} was asked for`);
    const readNoise = gain * Math.sqrt(biases.variance / 2 - 1 / 12);
    ok(Math.abs(readNoise / noise - 1) < 0.02, `amplifier ${hdu}: ${readNoise} e-, and ${noise} was asked for`);
  }
});

Deno.test("camera: the dark current follows the cryostat, the stars the focus, the light the filter", async () => {
  const chip = { columns: 128, rows: 128, cosmicRays: 0, hotPixels: 0, starsPerMegapixel: 0, skyRate: 5000 };
  await using camera = await CameraServer.start({ ...quick, chip });
  const { folder } = camera;
  const mean = async () => (await statistics(`${folder}/test.fits`, 0, 127)).mean;
  const tempcon = camera.server.bench.find("tempcon")!;
  await camera.tell("expose 0 zero");
  const bias = await mean();
  const dark = async (temperature: number) => {
    tempcon.field("camtemp").update(temperature);
    await camera.tell("expose 0.2 dark");
    return (await mean() - bias) / Number((await readImage(`${folder}/test.fits`)).value("DARKTIME"));
  };
  const cold = await dark(10);
  const warm = await dark(23);
  ok(Math.abs(warm / cold - 4) < 0.2, `13 K are two doublings: ${warm} and ${cold}`);
  tempcon.field("camtemp").update(-100);
  const sky = async (filter: string) => {
    camera.server.bench.find("instrument")!.field("filter").update(filter);
    await camera.tell("expose 0.2 object");
    return (await mean() - bias) / Number((await readImage(`${folder}/test.fits`)).value("EXPTIME"));
  };
  const share = await sky("u") / await sky("clear");
  ok(Math.abs(share - 0.25) < 0.01, `the u filter lets a quarter through: ${share}`);
});

Deno.test("camera: watchers are told of every state and of the progress", async () => {
  const { camera, advance, reach } = await timed();
  await using _ = camera;
  await using dashboard = dashboardClient(camera.server);
  const seen: string[] = [];
  const watching = (async () => {
    for await (const update of dashboard.watch("exposure")) {
      if (update.event === "end-of-snapshot") seen.length = 0;
      if (update.event === "field" && update.field !== "timestamp") seen.push(`${update.field} ${update.text}`);
      if (update.event === "field" && update.field === "lastfile" && update.text !== "") break;
    }
  })();
  await eventually(() => camera.server.dashboardServer.port > 0, "it listens");
  await dashboard.getField("exposure", "state");
  const done = camera.ask("expose 4 dark");
  await advance(2);
  await reach("exposing");
  await advance(2);
  await advance(50);
  strictEqual(await done, "OK");
  await watching;
  for (
    const what of [
      "state setup",
      "state exposing",
      "progress 50",
      "exposuretimeremaining 2.0",
      "state reading out",
      "state writing",
      "state idle",
    ]
  ) {
    ok(seen.includes(what), `${what} is among ${seen.join(", ")}`);
  }
});

Deno.test("camera: while somebody's code has the bench for itself, nobody else sets the camera", async () => {
  await using camera = await CameraServer.start();
  const open = await camera.server.bench.gate.hold({}, 60);
  const done = camera.ask("set_image_title later");
  const other = await camera.another();
  strictEqual(await other.ask("get_image_title"), "OK");
  open();
  strictEqual(await done, "OK");
  strictEqual(await other.ask("get_image_title"), "OK later");
});

Deno.test("camera: each image is sent to a remote image server, and the last one again on demand", async () => {
  await using camera = await CameraServer.start();
  const folder = await Deno.makeTempDir();
  const store = new PixelStore([folder]);
  const receiver = new ImageServer({ port: 0, store, folder });
  receiver.start();
  const received = (name: string) => Deno.readFile(`${folder}/${name}`);
  try {
    match(await camera.ask("send_image"), /^ERROR .*no server is set; call set_remote_imageserver HOST first/);
    await camera.tell(
      "set_par imagetest 0",
      "set_focalplane 1 1 2 1",
      `set_remote_imageserver 127.0.0.1 ${receiver.port} dataserver guide`,
      "expose 0.01 flat",
      "send_image",
    );
    strictEqual(await camera.ask("get_remote_imageserver"), `OK 127.0.0.1 ${receiver.port} dataserver guide`);
    const written = await Deno.readFile(`${camera.folder}/image0001.fits`);
    deepStrictEqual(await received("image0001.fits"), written);
    deepStrictEqual(await received("guide.fits"), written);
    match(await camera.ask("send_image"), /^ERROR .*guide\.fits/);
    await camera.tell("set_remote_imageserver", "expose 0 zero");
    deepStrictEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["guide.fits", "image0001.fits"]);
    await camera.tell(`set_remote_imageserver 127.0.0.1 ${receiver.port}`);
    await receiver.stop();
    match(
      await camera.ask("expose 0 zero"),
      /^ERROR .*nothing listens there.*The image itself is on the disk, in .*image0003\.fits/,
    );
    strictEqual(await camera.ask("get_par imagesequencenumber"), "OK 4");
    strictEqual((await readImage(`${camera.folder}/image0003.fits`)).value("IMAGETYP"), "zero");
  } finally {
    await receiver.stop();
    store.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
