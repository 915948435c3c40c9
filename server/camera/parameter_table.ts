/**
 * The parameters that azcam knows, and where each of them lives here.
 *
 * @module
 */

import type { CommandContext } from "../bench/command.ts";
import type { Instrument } from "../bench/instrument.ts";
import { Float, OneWord } from "../bench/values.ts";

/** The bench around the parameters. */
export interface ParameterSource {
  /** Calls a command of an instrument, in the name of whoever asks. */
  readonly call: CommandContext["call"];
  /** An instrument by its name, or `undefined`. */
  readonly find: (name: string) => Instrument | undefined;
}

/** A parameter that azcam knows. */
export interface Parameter {
  /** Tells it. @returns A value or a promise of it; `undefined` where it has none. */
  readonly get: (source: ParameterSource) => unknown;
  /** Sets it. @default it can only be read */
  readonly set?: (source: ParameterSource, value: string) => unknown;
  /** What setting it to some values does, where it can only be read otherwise. */
  readonly setTo?: ReadonlyMap<string, (source: ParameterSource) => unknown>;
  /** Why it can only be read, and what to do instead. */
  readonly hint?: string;
}

type Words = readonly [instrument: string, command: string, ...args: string[]];

/** Python's words for 1 and 0. */
const pythonFlags: Readonly<Record<string, string>> = { True: "1", False: "0" };

/** A parameter that one command tells and another sets. */
function byCommands(get: Words, set?: Words): Parameter {
  return {
    get: ({ call }) => call(...get),
    ...(set === undefined ? {} : { set: ({ call }, value) => call(...set, value) }),
  };
}

/** A field with its type, where there is one: azcam's pages take the text "0" for true. */
function fieldValue({ find }: ParameterSource, instrument: string, field: string): unknown {
  const holder = find(instrument)?.allFields.find(({ name }) => name === field);
  const value = holder?.value;
  if (typeof value === "number") return holder!.spec.type === "float" ? new Float(value) : value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return value === undefined ? undefined : new OneWord(value);
}

/** A parameter that is a field of an instrument. */
function readout(instrument: string, field: string, hint?: string): Parameter {
  return {
    get: (source) => fieldValue(source, instrument, field),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** A parameter that is a setting of the camera. */
function setting(field: string): Parameter {
  return {
    ...readout("exposure", field),
    set: ({ call, find }, value) => {
      const flag = find("exposure")?.field(field).spec.type === "int" ? pythonFlags[value] : undefined;
      return call("exposure", "set", field, flag ?? value);
    },
  };
}

/** One of the numbers that `get_image_size` tells. */
function imageSize(of: (size: readonly number[]) => number, hint: string): Parameter {
  return {
    get: ({ call }) => {
      const size = call("exposure", "get_image_size");
      return size instanceof Promise ? size.then(of) : of(size as number[]);
    },
    hint,
  };
}

/** Whether a controller stands on the bench: it has all its boards. */
const boardInstalled: Parameter = {
  get: ({ find }) => find("controller") === undefined ? 0 : 1,
  hint: "a controller has all its boards",
};

/** The program of one of the controller's boards, as its header has it. */
function boardProgram(keyword: string): Parameter {
  return {
    get: ({ find }) => {
      const [, program] = find("controller")?.keywords.stored.find(([name]) => name === keyword) ?? [];
      return program === undefined ? undefined : new OneWord(String(program[0]));
    },
    hint: "controller.load_file notes it",
  };
}

/** A parameter that means nothing here: it has azcam's value, and no other. */
function always(value: number | undefined, hint: string): Parameter {
  return { get: () => value, hint };
}

const noController = "controllers here have no such setting";
const noTdi = "this camera takes no TDI images";
const geometry = "set_format, set_focalplane and set_roi change it";

/** azcam's parameters by their names. */
export const azcamTable: ReadonlyMap<string, Parameter> = new Map<string, Parameter>([
  ["imagetitle", {
    ...byCommands(["exposure", "get_image_title"]),
    // Without a text, and with Python's None, it stays as it is.
    set: ({ call }, value) => value === "" ? undefined : call("exposure", "set_image_title", value),
  }],
  ["imagetype", byCommands(["exposure", "get_image_type"], ["exposure", "set_image_type"])],
  ["exposuretime", byCommands(["exposure", "get_exposuretime"], ["exposure", "set_exposuretime"])],
  ["exposuretimeremaining", byCommands(["exposure", "get_exposuretime_remaining"])],
  ["pixelsremaining", byCommands(["exposure", "get_pixels_remaining"])],
  ["exposurecompleted", byCommands(["exposure", "finished"])],
  ["imagefilename", byCommands(["exposure", "get_filename"], ["exposure", "set_filename"])],
  ["temperatures", byCommands(["tempcon", "get_temperatures"])],
  ["camtemp", byCommands(["tempcon", "get_temperature", "0"])],
  ["dewtemp", byCommands(["tempcon", "get_temperature", "1"])],
  [
    "controltemperature",
    byCommands(["tempcon", "get_control_temperature"], ["tempcon", "set_control_temperature"]),
  ],
  ...[
    "autotitle",
    "imagefolder",
    "imageroot",
    "imagetest",
    "imageoverwrite",
    "imageautoname",
    "imageincludesequencenumber",
    "imageautoincrementsequencenumber",
    "imagesequencenumber",
    "flusharray",
    "displayimage",
    "sendimage",
    "savefile",
    "instrumentenabled",
    "telescopeenabled",
    "exposuresequencetotal",
    "exposuresequencedelay",
    "exposuresequenceflush",
    "firstcol",
    "lastcol",
    "firstrow",
    "lastrow",
    "colbin",
    "rowbin",
  ].map((name): [string, Parameter] => [name, setting(name)]),
  ["exposureflag", {
    ...readout("exposure", "exposureflag", "0 gives up an exposure that waits for its next step, abort ends any"),
    // azcam's console leaves a focus sequence so.
    setTo: new Map([["0", ({ call }) => call("exposure", "give_up")]]),
  }],
  ...["exposuresequencenumber", "isexposuresequence"].map((name): [string, Parameter] => [
    name,
    readout("exposure", name),
  ]),
  ["lastfilename", readout("exposure", "lastfile")],
  ["imagesizex", imageSize(([columns]) => columns!, geometry)],
  ["imagesizey", imageSize(([, rows]) => rows!, geometry)],
  ["numpiximage", imageSize(([, , pixels]) => pixels!, geometry)],
  [
    "imagefiletype",
    imageSize(
      ([, , , amplifiers]) => amplifiers! > 1 ? 1 : 0,
      "images of several amplifiers are 1 (MEF), others 0 (FITS)",
    ),
  ],
  ["instrumentfocus", readout("instrument", "focus", "instrument.set_focus moves it")],
  ["telescopefocus", readout("telescope", "focus", "telescope.set_focus moves it")],
  ["abortflag", { get: () => 0, set: ({ call }, value) => value === "0" ? undefined : call("exposure", "abort") }],
  ["wd", { get: () => undefined, hint: "the operator names the folders; imagefolder is where images go" }],
  ["logcommands", always(0, "the journal has every command; --log-level debug logs them")],
  ["logdata", byCommands(["api", "get_logdata"])],
  ["verbosity", always(1, "--log-level says how much is logged")],
  ["tdimode", always(0, noTdi)],
  ["tdidelay", always(5, noTdi)],
  ["pardelay", always(5, noTdi)],
  ...["guidemode", "exposureguidemode", "exposureguidestatus"].map((name): [string, Parameter] => [
    name,
    always(0, "an exposure for a guider is one like others"),
  ]),
  ["exposureupdatingheader", always(0, "a header is made when its image is written")],
  ["imageheaderfile", always(undefined, "headers are made of keywords: set_keyword sets one")],
  ...["utilityboardinstalled", "pciboardinstalled", "timingboardinstalled"].map((name): [string, Parameter] => [
    name,
    boardInstalled,
  ]),
  ["videogain", {
    ...readout("controller", "video_gain"),
    set: ({ call }, value) => call("controller", "set_video_gain", value),
  }],
  ["videospeed", {
    ...readout("controller", "video_speed"),
    set: ({ call }, value) => call("controller", "set_video_speed", value),
  }],
  ["pcifile", boardProgram("PCIFILE")],
  ["timingfile", boardProgram("TIMFILE")],
  ["utilityfile", boardProgram("UTILFILE")],
  ["usereadlock", always(0, noController)],
  ...["timingboard", "videoboards", "clockboards"].map((name): [string, Parameter] => [
    name,
    always(undefined, noController),
  ]),
]);
