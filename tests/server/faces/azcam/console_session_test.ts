/** A session of azcam's console, imitated: what its tools send, and what it makes of the replies. */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { split } from "npm:shlex@3.0.0";
import { eventually, RawClient } from "../../../fixture.ts";
import { CameraServer, quick, readImage } from "../../camera/camera.ts";

type Answer = string | string[] | undefined;

/** What azcam's console does with a line and its reply. */
class Console {
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
  }

  static async connect(port: number): Promise<Console> {
    const console = new Console(await RawClient.connect(port));
    await console.command("register console");
    return console;
  }

  /** Nothing, one text, or several; an error is thrown. */
  async command(line: string): Promise<Answer> {
    const [status, ...words] = split(await this.#client.ask(line));
    if (status !== "OK") throw new Error(`command error: ${line}: ${words.join(" ")}`);
    return words.length > 1 ? words : words[0];
  }

  /** A parameter as the console's own tool tells it: a number where it looks like one. */
  async getPar(name: string): Promise<string | number | undefined> {
    const answer = await this.command(`parameters.get_par ${name} azcamconsole`);
    const text = Array.isArray(answer) ? answer.join(" ") : answer;
    return text !== undefined && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  }

  async setPar(name: string, value: string | number | undefined): Promise<void> {
    await this.command(`parameters.set_par ${name} ${value ?? "None"} azcamconsole`);
  }

  async expose(command: "expose" | "expose1" | "begin", seconds: number, type: string, title: string): Promise<void> {
    strictEqual(await this.command(`exposure.${command} ${seconds} ${type} "${title}"`), undefined);
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

/** The parameters of azcam's table, and whether each is a number, a text, or nothing here. */
const allParameters: Readonly<Record<string, "number" | "text" | "nothing">> = {
  autotitle: "number",
  imagetype: "text",
  exposureflag: "number",
  exposuresequencedelay: "number",
  exposuresequencetotal: "number",
  exposuresequencenumber: "number",
  exposuresequenceflush: "number",
  exposureupdatingheader: "number",
  isexposuresequence: "number",
  displayimage: "number",
  sendimage: "number",
  savefile: "number",
  flusharray: "number",
  tdidelay: "number",
  tdimode: "number",
  pardelay: "number",
  guidemode: "number",
  exposureguidemode: "number",
  exposureguidestatus: "number",
  lastfilename: "text",
  imagefiletype: "number",
  imageheaderfile: "nothing",
  imagetest: "number",
  imagesequencenumber: "number",
  imageautoincrementsequencenumber: "number",
  imageincludesequencenumber: "number",
  imageautoname: "number",
  imageoverwrite: "number",
  imageroot: "text",
  imagefolder: "text",
  imagefilename: "text",
  imagetitle: "text",
  imagesizex: "number",
  imagesizey: "number",
  numpiximage: "number",
  colbin: "number",
  rowbin: "number",
  firstcol: "number",
  firstrow: "number",
  lastcol: "number",
  lastrow: "number",
  instrumentenabled: "number",
  instrumentfocus: "number",
  telescopeenabled: "number",
  telescopefocus: "number",
  controltemperature: "number",
  camtemp: "number",
  dewtemp: "number",
  temperatures: "text",
  exposuretime: "number",
  exposuretimeremaining: "number",
  exposurecompleted: "number",
  pixelsremaining: "number",
  utilityboardinstalled: "number",
  pciboardinstalled: "number",
  timingboardinstalled: "number",
  videogain: "number",
  videospeed: "number",
  usereadlock: "number",
  pcifile: "nothing",
  timingfile: "nothing",
  utilityfile: "nothing",
  timingboard: "nothing",
  videoboards: "nothing",
  clockboards: "nothing",
  systemname: "text",
  abortflag: "number",
  verbosity: "number",
  hostname: "nothing",
  version: "text",
  wd: "text",
  logcommands: "number",
  logdata: "nothing",
  nosuchparameter: "nothing",
};

/** What a script of the console saves before it changes how images are named. */
const imageParameters = [
  "imageroot",
  "imageincludesequencenumber",
  "imageautoname",
  "imageautoincrementsequencenumber",
  "imagetest",
  "imagetype",
  "imagetitle",
  "imageoverwrite",
  "imagefolder",
];

Deno.test("azcam's console: two biases under numbered names, every parameter, a pause and an abort", async () => {
  await using camera = await CameraServer.start(quick, true);
  using console = await Console.connect(camera.server.commandServer.port);
  const saved = new Map<string, string | number | undefined>();
  for (const name of imageParameters) saved.set(name, await console.getPar(name));

  const settings = { imageroot: "bias.", imageincludesequencenumber: 1, imageautoname: 0, imagetest: 0 };
  for (const [name, value] of Object.entries(settings)) await console.setPar(name, value);
  await console.setPar("imageautoincrementsequencenumber", 1);
  strictEqual(await console.command("exposure.test 0 0"), undefined);
  await console.setPar("imagetype", "zero");
  const names: Answer[] = [];
  for (let number = 1; number <= 2; number++) {
    names.push(await console.command("exposure.get_filename"));
    await console.expose("expose", 0, "zero", "bias image");
  }
  deepStrictEqual(names, ["bias.0001.fits", "bias.0002.fits"].map((name) => `${camera.folder}/${name}`));
  deepStrictEqual(camera.files(), ["bias.0001.fits", "bias.0002.fits", "test.fits"]);
  strictEqual((await readImage(`${camera.folder}/bias.0002.fits`)).value("OBJECT"), "bias image");
  strictEqual(await console.command("exposure.get_image_title"), "bias image");

  const kinds: Record<string, string> = {};
  for (const name of Object.keys(allParameters)) {
    const value = await console.getPar(name);
    kinds[name] = value === undefined ? "nothing" : typeof value === "number" ? "number" : "text";
  }
  deepStrictEqual(kinds, allParameters);
  strictEqual(await console.getPar("imagesequencenumber"), 3);
  for (const name of imageParameters) if (name !== "imagetitle") await console.setPar(name, saved.get(name));
  // A title of several words is refused, as by azcam; none leaves it as it is.
  await rejects(console.setPar("imagetitle", "two words"));
  await console.setPar("imagetitle", saved.get("imagetitle") || undefined);
  deepStrictEqual([await console.getPar("imageroot"), await console.getPar("imagetest")], ["image", 1]);
  strictEqual(await console.getPar("imagetitle"), "bias image");
  await console.setPar("scriptsown", "2.5");
  strictEqual(await console.getPar("scriptsown"), 2.5);

  const flag = async () => (await console.command("exposure.get_exposureflag") as string[])[1];
  await console.expose("expose1", 60, "object", "M 51");
  await eventually(async () => await flag() === "EXPOSING", "it exposes");
  await console.command("exposure.pause_exposure");
  await eventually(async () => await flag() === "PAUSED", "it is paused");
  await console.command("exposure.resume_exposure");
  await eventually(async () => await flag() === "EXPOSING", "it goes on");
  ok(Number(await console.command("exposure.get_exposuretime_remaining")) > 50);
  await console.command("exposure.abort");
  await eventually(async () => await flag() === "NONE", "it has ended");
});

Deno.test("azcam's console: a comparison, guide exposures and a focus sequence", async () => {
  await using camera = await CameraServer.start(quick, true);
  // The focus need not take its time.
  const time = setInterval(() => camera.server.bench.step(5), 5);
  try {
    using console = await Console.connect(camera.server.commandServer.port);
    const [lamp] = await console.command("instrument.get_all_comps") as string[];
    ok((await console.command("exposure.get_image_types") as string[]).includes(lamp!));
    await console.expose("expose", 0.1, lamp!, "lamp");
    strictEqual((await readImage(`${camera.folder}/test.fits`)).value("IMAGETYP"), "comp");
    strictEqual(camera.server.bench.find("instrument")!.field("lamps").value, false);

    await console.command("exposure.guide 2");
    await console.command("exposure.guide1 1");
    const flag = async () => (await console.command("exposure.get_exposureflag") as string[])[1];
    await eventually(async () => await flag() === "NONE", "the guide exposure has ended");

    await console.setPar("imagetest", 0);
    await console.setPar("imageroot", "focus.");
    const start = Number(await console.command("instrument.get_focus 0"));
    await console.expose("begin", 0.1, "object", "Focus");
    for (let exposure = 0; exposure < 3; exposure++) {
      if (exposure > 0) {
        await console.command(`instrument.set_focus ${start + 30 * exposure} 0 absolute`);
        await console.command("exposure.parshift 10");
      }
      await console.command("exposure.integrate");
    }
    await console.command(`instrument.set_focus ${start} 0 absolute`);
    await console.command("exposure.readout");
    await console.command("exposure.end");
    strictEqual((await readImage(`${camera.folder}/focus.0001.fits`)).value("OBJECT"), "Focus");
    // The same as one command of azcam's server.
    await console.command("focus_set_pars 0.1 2 10.0 5");
    await console.command("focus_run 0.1 2 10 5");
    strictEqual(Number(await console.command("instrument.get_focus 0")), start);
  } finally {
    clearInterval(time);
  }
});
