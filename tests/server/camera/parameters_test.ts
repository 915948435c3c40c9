/** azcam's parameters: dictionaries of the clients' own, files, and the parameters that do something to an exposure. */
import { deepStrictEqual, doesNotMatch, match, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import { configure, reset } from "npm:@logtape/logtape@2.4.2";
import fc from "npm:fast-check@4.10.2";
import { loadBench } from "../../../mod.ts";
import { type Dictionaries, formatParameters, parseParameters } from "../../../server/camera/parameter_file.ts";
import { canRun, read, runProgram, startServer } from "../../fixture.ts";
import { ask as askWeb } from "../faces/web/web_fixture.ts";
import { CameraServer, readImage, ServedCamera } from "./camera.ts";

const plain = (dictionaries: Dictionaries) =>
  Object.fromEntries([...dictionaries].map(([name, own]) => [name, Object.fromEntries(own)]));

Deno.test("parameter files: what azcam writes is read, and a line that is none is named", () => {
  const file = "# a comment\r\n[azcamserver]\r\nImageFolder = /data/images\r\nimageroot: cmp.\r\nempty =\r\n" +
    'long = one\r\n\ttwo\r\n; another\r\n[detcal]\r\npercent = 50%%\r\nquoted = "two words"\r\n[DEFAULT]\r\nall = 1\r\n';
  deepStrictEqual(plain(parseParameters(file)), {
    azcamserver: { all: "1", imagefolder: "/data/images", imageroot: "cmp.", empty: "", long: "one\ntwo" },
    detcal: { all: "1", percent: "50%", quoted: "two words" },
  });
  const wrong = (line: number) => ({
    code: "bad_argument",
    message: `line ${line} is none of a parameter file, which has [SECTION] and below it NAME = VALUE`,
  });
  throws(() => parseParameters("a = 1\n[x]\n"), wrong(1));
  throws(() => parseParameters("[x]\nSIMPLE\n"), wrong(2));
});

/** Dictionaries whose texts are hard to keep. */
const hardText = fc.string({
  unit: fc.constantFrom("a", " ", '"', "'", "%", "=", "#", ";", "[", "\n", "\r", "ä", "\\"),
});
const names = fc.stringMatching(/^[a-z][a-z0-9_.]{0,8}$/);
const dictionaries = fc.array(fc.tuple(names, fc.array(fc.tuple(names, hardText), { maxLength: 5 })), { maxLength: 4 })
  .map((all) => new Map(all.map(([name, own]) => [name, new Map(own)])));

Deno.test("parameter files: what is written is read back as it was, whatever it holds", () => {
  fc.assert(fc.property(dictionaries, (all) => {
    deepStrictEqual(plain(parseParameters(formatParameters(all))), plain(all));
  }));
});

Deno.test({
  name: "parameter files: Python's configparser reads what is written, and writes what is read",
  ignore: !await canRun("python3"),
  fn: async () => {
    const file = await Deno.makeTempFile();
    try {
      const all = new Map([["azcamconsole", new Map([["a", "5"], ["b", '50% it\'s "here"'], ["c", ""]])]]);
      await Deno.writeTextFile(file, formatParameters(all));
      const program = "import configparser, sys\nc = configparser.ConfigParser()\nc.read(sys.argv[1])\n" +
        "c['more'] = {'d': 'one\\ntwo', 'e': '2.5'}\nprint(dict(c['azcamconsole']))\nc.write(open(sys.argv[1], 'w'))";
      const { stdout, stderr } = await runProgram("python3", ["-c", program, file]);
      strictEqual(stdout.trim(), `{'a': '5', 'b': '50% it\\'s "here"', 'c': ''}`, stderr);
      deepStrictEqual(plain(parseParameters(await Deno.readTextFile(file))), {
        ...plain(all),
        more: { d: "one\ntwo", e: "2.5" },
      });
    } finally {
      await Deno.remove(file);
    }
  },
});

/** A server with a bench file in a folder, whose camera writes into `images` beside it. */
async function benchIn(folder: string): Promise<ServedCamera> {
  const chip = { columns: 64, rows: 48, overscanColumns: 8, readoutRate: 1e8, flushSeconds: 0 };
  const instruments = [
    { title: "exposure", driver: "simulated-camera", options: chip },
    { title: "parameters", driver: "azcam-parameters" },
  ];
  await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify({ instruments }));
  const bench = await loadBench(join(folder, "lab.json"));
  return await new ServedCamera(startServer({ instruments: bench.instruments, poll: true }), folder, false).connected();
}

Deno.test("parameters: dictionaries of one's own are kept over a restart, typed and apart from one another", async () => {
  const folder = await Deno.makeTempDir();
  try {
    {
      await using camera = await benchIn(folder);
      await camera.tell(
        "set_par last 5 azcamconsole",
        "parameters.set_par last 2.50 None",
        `set_par note "it's 50%  here" azcamconsole`,
        "set_par serial 007 azcamconsole",
        "set_par empty '' azcamconsole",
        "set_par imageroot cmp. azcamconsole",
        "set_par gone 1 azcamconsole",
        "set_par gone None azcamconsole",
        "set_par alone 1 other",
        "set_par alone None other",
        "set_par never None other",
        "save_pars",
      );
      strictEqual(await camera.ask("get_par gone azcamconsole"), "OK");
      const told = [];
      for (const word of ["", " None", " azcamserver", " azcamconsole", " other"]) {
        told.push(await camera.ask(`get_par last${word}`));
      }
      deepStrictEqual(told, ["OK 2.5", "OK 2.5", "OK 2.5", "OK 5", "OK"]);
      const typed = async (query: string) =>
        (await askWeb(camera.server, "GET", `/api/get_par?parameter=${query}`)).text;
      match(await typed("last&subdict=azcamconsole"), /"data":5\}$/);
      match(await typed("last"), /"data":2\.5\}$/);
      match(await typed("serial&subdict=azcamconsole"), /"data":"007"\}$/);
      match(await typed("imageautoname"), /"data":0\}$/);
      match(await typed("exposuretime"), /"data":1\.0\}$/);
      match(await typed("imageroot"), /"data":"cmp\."\}$/);
    }
    await using camera = await benchIn(folder);
    strictEqual(await camera.ask("get_par last azcamconsole"), "OK 5");
    strictEqual(await camera.ask("get_par note azcamconsole"), `OK "it's 50%  here"`);
    strictEqual(await camera.ask("get_par serial azcamconsole"), "OK 007");
    strictEqual(await camera.ask("get_par gone azcamconsole"), "OK");
    const file = await Deno.readTextFile(join(folder, "lab.state", "parameters.ini"));
    doesNotMatch(file, /gone|other/);
    // It is the camera's, and what nobody saved in its dictionary is not restored.
    strictEqual(await camera.ask("get_par imageroot azcamconsole"), "OK image");
    deepStrictEqual([...Deno.readDirSync(join(folder, "lab.state"))].map(({ name }) => name), ["parameters.ini"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parameters: as much as can be set is read back after a restart, whatever it is made of", async () => {
  const folder = await Deno.makeTempDir();
  // As long as a text is when it is written: each of its characters takes six.
  const text = `" ${"\u0001".repeat(9_900)}`;
  try {
    {
      await using camera = await benchIn(folder);
      for (let number = 1; number <= 50; number++) await camera.tell(`set_par long${number} '${text}' hard`);
      match(
        await camera.ask(`set_par long51 '${text}' hard`),
        /^ERROR AzcamError\('Cannot keep 505\d+ characters of parameters of your own: at most 500000, in all .*None DICT/,
      );
      await camera.tell("save_pars");
    }
    await using camera = await benchIn(folder);
    const { json } = await askWeb(camera.server, "GET", "/api/get_par?parameter=long50&subdict=hard");
    strictEqual(json.data, text);
    await camera.tell("set_par long1 None hard", `set_par long51 '${text}' hard`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parameters: azcam's own files are read where the operator allows it, and update_pars sets what they say", async () => {
  const folder = await Deno.makeTempDir();
  const saved = join(folder, "lab.state", "parameters.ini");
  try {
    await Deno.mkdir(join(folder, "images", "night"), { recursive: true });
    await Deno.writeTextFile(
      join(folder, "images", "night", "parameters.ini"),
      `[azcamserver]\nwd = /data\nimagefolder = night\nimageroot = cmp.\nimageautoname = 1\nexposuretime = 2.5\n` +
        "imagetitle = None\n[qe]\ngain = 1.5\n[bad]\ncolbin = x\nimagetest = 0\n",
    );
    await Deno.writeTextFile(join(folder, "secret.ini"), "[a]\nb = 1\n");
    await Deno.mkdir(join(folder, "lab.state"));
    await Deno.writeTextFile(saved, "damaged");
    {
      await using camera = await benchIn(folder);
      strictEqual(
        await camera.ask("read_parfile"),
        `ERROR Cannot read ${saved.replaceAll("\\", "/")}: line 1 is none of a parameter file, ` +
          "which has [SECTION] and below it NAME = VALUE",
      );
      for (const file of ["../secret.ini", join(folder, "secret.ini"), "/etc/passwd", join(folder, "images")]) {
        match(
          await camera.ask(`read_parfile ${file}`),
          /^ERROR Cannot read .*: parameter files may only be read in .*lab\.state or .*images$/,
        );
      }
      if (Deno.build.os !== "windows") {
        await Deno.symlink(join(folder, "secret.ini"), join(folder, "images", "link.ini"));
        match(
          await camera.ask(`read_parfile ${join(folder, "images", "link.ini")}`),
          /^ERROR .*it is a symbolic link out of the folders that the operator named, to .*secret\.ini/,
        );
        strictEqual(await camera.ask("get_par b a"), "OK");
      }
      match(
        await camera.ask("read_parfile none.ini"),
        /^ERROR AzcamError\(['’]Cannot read .*none\.ini: there is no such file['’]\)$/,
      );
      await camera.tell(`read_parfile ${join(folder, "images", "night", "parameters.ini")}`, "set_par imagetitle kept");
      strictEqual(await camera.ask("get_par gain qe"), "OK 1.5");
      strictEqual(await camera.ask("get_par imageroot"), "OK image");
      await camera.tell("update_pars", "update_pars nosuch");
      deepStrictEqual(["imageroot", "imageautoname", "exposuretime", "imagetitle"].map((name) => camera.field(name)), [
        "cmp.",
        1,
        2.5,
        "kept",
      ]);
      await camera.tell("set_par exposuretime 3.5", "save_pars");
      strictEqual(
        await camera.ask("update_pars bad"),
        "ERROR AzcamError('1 of the parameters of bad could not be set, the others were: Cannot set colbin of exposure to x: " +
          "not a number')",
      );
      strictEqual(camera.field("imagetest"), 0);
      match(await Deno.readTextFile(`${saved}.damaged`), /^damaged$/);
    }
    const kept = async () => plain(parseParameters(await Deno.readTextFile(saved)));
    strictEqual((await kept()).azcamserver!.exposuretime, "3.5");
    deepStrictEqual((await kept()).qe, { gain: "1.5" });
    // At the next start they are set, as azcam's start script does; what cannot be is told, and stays in the file.
    await Deno.remove(join(folder, "images", "night"), { recursive: true });
    await Deno.writeTextFile(saved, (await Deno.readTextFile(saved)).replace("imageautoname = 1", "imageautoname = 7"));
    const said: string[] = [];
    await configure({
      reset: true,
      sinks: { said: ({ message }) => void said.push(message.join("")) },
      loggers: [
        { category: ["logtape", "meta"], lowestLevel: null },
        { category: ["heliograph", "parameters"], sinks: ["said"] },
      ],
    });
    await using camera = await benchIn(folder);
    await reset();
    deepStrictEqual(["imageroot", "exposuretime", "imageautoname"].map((name) => camera.field(name)), ["cmp.", 3.5, 0]);
    match(
      said.join("\n"),
      /Cannot set parameters as they were kept: imageautoname: .*7.*They stay in .*parameters\.ini/,
    );
    await camera.tell("set_par exposuretime 4", "save_pars");
    const { imageroot, exposuretime, imageautoname } = (await kept()).azcamserver!;
    deepStrictEqual({ imageroot, exposuretime, imageautoname }, {
      imageroot: "cmp.",
      exposuretime: "4.0",
      imageautoname: "7",
    });
    match(await camera.ask("restore_pars"), /^ERROR .*as they were kept: imageautoname: /);
    await camera.tell("set_par imageautoname 1", "restore_pars", "save_pars");
    strictEqual((await kept()).azcamserver!.imageautoname, "1");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parameters: what cannot be kept is refused, and there are not too many", async () => {
  await using camera = await CameraServer.start();
  const refused: [string, RegExp][] = [
    ["save_pars", /^ERROR AzcamError\('Cannot save the parameters: there is no bench file to keep them beside; /],
    ["set_par a=b 1", /^ERROR /],
    ["set_par '[x]' 1", /^ERROR Cannot call a parameter "\[x\]": use up to 100 letters/],
    ["set_par a 1 DEFAULT", /^ERROR Cannot call a dictionary of parameters "DEFAULT"/],
    ["set_par wd /tmp", /^ERROR Cannot set the parameter wd: it can only be read; the operator names the folders/],
    ["set_par version 1", /^ERROR Cannot set the parameter version: it can only be read$/],
    ["set_par tdimode 1", /^ERROR Cannot set the parameter tdimode: it can only be read; this camera takes no TDI/],
    ["set_par telescopefocus 1", /^ERROR Cannot set the parameter telescopefocus: .*; telescope\.set_focus moves it$/],
    ["set_par sendimage 1", /^ERROR AzcamError\('Cannot send images: no server is set; call set_remote_imageserver/],
    [`set_par long ${"x".repeat(10_001)}`, /^ERROR Cannot set long of azcamserver to a text of 10001 characters/],
  ];
  for (const [line, reply] of refused) match(await camera.ask(line), reply, line);
  await camera.tell("set_par videogain 2 azcamconsole", "controller.load_file 2 /dsp/tim.lod");
  await read(camera.server.bench.find("controller")!);
  const controller = ["videogain", "timingfile", "pcifile", "timingboardinstalled", "usereadlock"];
  const told = [];
  for (const name of controller) told.push(await camera.ask(`get_par ${name}`));
  deepStrictEqual(told, ["OK 2", "OK tim.lod", "OK", "OK 1", "OK 0"]);
  // What is so already may be said.
  await camera.tell(
    "set_par tdimode 0",
    "set_par logcommands 0 azcamconsole",
    "set_par imagefiletype 0",
    "set_par __proto__ 1 constructor",
  );
  strictEqual(await camera.ask("get_par __proto__ constructor"), "OK 1");
  strictEqual(await camera.ask("get_par toString __proto__"), "OK");
  for (let number = 0; number < 999; number++) await camera.tell(`set_par p${number} 1`);
  match(
    await camera.ask("set_par onemore 1"),
    /^ERROR AzcamError\('Cannot keep 1001 parameters of your own: at most 1000/,
  );
  await camera.tell("set_par p5 2");
});

Deno.test("parameters: savefile, displayimage, flusharray and instrumentenabled do what they say", async () => {
  await using camera = await CameraServer.start();
  const shown = async () => (await askWeb(camera.server, "GET", "/api/v1/instruments/exposure/image")).json;
  await camera.tell("set_par imagetest 0 azcamconsole", "set_par savefile 0 azcamconsole", "expose 0 zero");
  deepStrictEqual([camera.files(), await camera.ask("get_par imagesequencenumber")], [[], "OK 1"]);
  strictEqual(await camera.ask("get_par lastfilename"), "OK");
  await camera.tell("set_par savefile 1", "expose 0 zero", "set_par displayimage 0", "expose 0 zero");
  deepStrictEqual(camera.files(), ["image0001.fits", "image0002.fits"]);
  match((await shown()).file, /image0001\.fits$/);
  strictEqual(await camera.ask("get_par lastfilename azcamconsole"), `OK ${camera.folder}/image0002.fits`);
  await camera.tell(
    "set_par displayimage 1",
    "set_par instrumentenabled 0",
    "set_par telescopeenabled 0",
    "expose 0 zero",
  );
  match((await shown()).file, /image0003\.fits$/);
  const keywords = async (number: number) => {
    const { hdus } = await readImage(`${camera.folder}/image000${number}.fits`);
    return ["FILTER", "TELFOCUS", "CAMTEMP"].map((name) => hdus[0]!.cards.some(({ keyword }) => keyword === name));
  };
  deepStrictEqual([await keywords(2), await keywords(3)], [[true, true, true], [false, false, true]]);
  const told = [];
  for (const name of ["imagesizex", "imagesizey", "numpiximage", "isexposuresequence"]) {
    told.push(await camera.ask(`get_par ${name}`));
  }
  deepStrictEqual(told, ["OK 72", "OK 48", "OK 3456", "OK 0"]);
});
