/**
 * azcam's `exposure` tool with its settings, and its `parameters`; the tool does not take exposures.
 *
 * @module
 */

import { command } from "../command.ts";
import { defineInstrument } from "../define_instrument.ts";
import { InstrumentError } from "../errors.ts";
import type { Instrument } from "../instrument.ts";
import { didYouMean } from "../names.ts";
import { Float } from "../values.ts";
import { azcamToolCommands } from "./azcam_tool.ts";
import { badTemperature } from "./azcam_tempcon.ts";

const imageTypes = ["zero", "object", "flat", "dark"];

/** What the command argument -1 means in azcam: keep what is set. */
const keep = -1;

const reading = { role: "observer", immediate: true } as const;

/** azcam's `exposure`: exposure time, image type and title, region of interest, detector format, file names. */
export function simulatedExposure(): Instrument {
  const wholeDetector = [1, 1, 1, 1, 1, 1];
  let region = wholeDetector;
  let format = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  const held = (field: string) => exposure.field(field).value;
  const hold = (field: string, value: unknown) =>
    exposure.field(field).update(exposure.field(field).parse(value, "exposure"));
  const setting = { access: "setting" } as const;
  const readout = { access: "readout" } as const;
  const flag = { ...setting, type: "int", minimum: 0, maximum: 1 } as const;
  const fileName = () => {
    const folder = `${held("imagefolder")}`.replace(/[\\/]+$/, "");
    if (held("imagetest") === 1) return `${folder}/test.fits`;
    const number = held("imageincludesequencenumber") === 1 ? String(held("imagesequencenumber")).padStart(4, "0") : "";
    return `${folder}/${held("imageroot")}${number}${held("imageautoname") === 1 ? held("imagetype") : ""}.fits`;
  };
  const regionArgument = (summary: string) => ({ type: "int", minimum: keep, default: keep, summary } as const);
  const formatArgument = (summary: string) => ({ type: "int", minimum: 0, summary } as const);

  const exposure: Instrument = defineInstrument({
    title: "exposure",
    summary: "camera exposure settings (simulated)",
    fields: {
      exposuretime: { ...setting, type: "float", unit: "s", minimum: 0, maximum: 86_400, initial: 1 },
      imagetype: { ...setting, type: "choice", choices: imageTypes, initial: "zero" },
      imagetitle: { ...setting, type: "text", initial: "" },
      autotitle: { ...flag, initial: 0 },
      imagefolder: { ...setting, type: "text", initial: "/" },
      imageroot: { ...setting, type: "text", initial: "image" },
      imagetest: { ...flag, initial: 1 },
      imageoverwrite: { ...flag, initial: 0 },
      imageautoname: { ...flag, initial: 0 },
      imageincludesequencenumber: { ...flag, initial: 1 },
      imageautoincrementsequencenumber: { ...flag, initial: 1 },
      imagesequencenumber: { ...setting, type: "int", minimum: 0, maximum: 9999, initial: 1 },
      exposureflag: { ...readout, type: "int", initial: 0, summary: "0 is NONE: no exposure is under way" },
      exposuretimeremaining: { ...readout, type: "float", unit: "s", initial: 0 },
      pixelsremaining: { ...readout, type: "int", initial: 0 },
      exposurecompleted: { ...readout, type: "int", initial: 0 },
    },
    commands: {
      get_exposuretime: command({
        ...reading,
        summary: "Tell the exposure time in seconds",
        returns: "float",
        run: () => held("exposuretime"),
      }),
      set_exposuretime: command({
        summary: "Set the exposure time",
        arguments: { exposure_time: { type: "float", unit: "s" } },
        run: ({ exposure_time }) => hold("exposuretime", exposure_time),
      }),
      get_exposuretime_remaining: command({
        ...reading,
        summary: "Tell how much of the exposure is left, in seconds",
        returns: "float",
        run: () => held("exposuretimeremaining"),
      }),
      get_pixels_remaining: command({
        ...reading,
        summary: "Tell how many pixels are still to be read out",
        run: () => held("pixelsremaining"),
      }),
      get_image_types: command({ ...reading, summary: "List the image types", run: () => imageTypes }),
      get_image_type: command({ ...reading, summary: "Tell the image type", run: () => held("imagetype") }),
      set_image_type: command({
        summary: "Set the image type",
        arguments: { imagetype: { type: "choice", choices: imageTypes, default: "zero" } },
        run: ({ imagetype }) => hold("imagetype", imagetype),
      }),
      get_image_title: command({ ...reading, summary: "Tell the image title", run: () => held("imagetitle") }),
      set_image_title: command({
        summary: "Set the image title; none clears it",
        arguments: { title: { type: "text", default: "" } },
        run: ({ title }) => hold("imagetitle", title),
      }),
      get_roi: command({
        ...reading,
        summary: "Tell the region of interest: first and last column, first and last row, column and row binning",
        run: () => region,
      }),
      set_roi: command({
        summary: "Set the region of interest; -1 keeps a value",
        arguments: {
          first_col: regionArgument("first column, from 1"),
          last_col: regionArgument("last column"),
          first_row: regionArgument("first row, from 1"),
          last_row: regionArgument("last row"),
          col_bin: regionArgument("column binning"),
          row_bin: regionArgument("row binning"),
        },
        run: (args) => {
          const wanted = Object.values(args).map((value, at) => value === keep ? region[at]! : value);
          const [firstColumn, lastColumn, firstRow, lastRow, columnBinning, rowBinning] = wanted as [
            number,
            number,
            number,
            number,
            number,
            number,
          ];
          if (Math.min(...wanted) < 1 || lastColumn < firstColumn || lastRow < firstRow) {
            throw new InstrumentError(
              `Cannot set the region to columns ${firstColumn} to ${lastColumn}, rows ${firstRow} to ${lastRow}, ` +
                `binned ${columnBinning} by ${rowBinning}: all count from 1, and no last comes before its first`,
              "out_of_limits",
            );
          }
          region = wanted;
        },
      }),
      roi_reset: command({
        summary: "Set the region of interest to the whole detector",
        run: () => void (region = wholeDetector),
      }),
      get_format: command({ ...reading, summary: "Tell the detector format, nine integers", run: () => format }),
      set_format: command({
        summary: "Set the detector format",
        arguments: {
          ns_total: formatArgument("columns"),
          ns_predark: formatArgument("dark columns before the image"),
          ns_underscan: formatArgument("underscan columns"),
          ns_overscan: formatArgument("overscan columns"),
          np_total: formatArgument("rows"),
          np_predark: formatArgument("dark rows before the image"),
          np_underscan: formatArgument("underscan rows"),
          np_overscan: formatArgument("overscan rows"),
          np_frametransfer: formatArgument("frame transfer rows"),
        },
        run: (args) => void (format = Object.values(args)),
      }),
      get_filename: command({ ...reading, summary: "Tell the name of the next image file", run: fileName }),
      get_exposureflag: command({
        ...reading,
        summary: "Tell the exposure's state as a number and a word",
        run: () => [held("exposureflag"), "NONE"],
      }),
      finished: command({
        ...reading,
        summary: "Tell whether an exposure was completed",
        run: () => held("exposurecompleted"),
      }),
      abort: command({ summary: "Abort the exposure, if one is under way", immediate: true, run: () => {} }),
      get_status: command({
        ...reading,
        summary: "Tell the camera's state as JSON",
        run: async (_, { call }) => {
          let temperatures: unknown[];
          try {
            temperatures = (await call("tempcon", "get_temperatures")) as unknown[];
          } catch {
            // A bench without tempcon, or one that fails: azcam's value for a bad reading says so.
            temperatures = [];
          }
          return {
            message: "",
            exposurelabel: "",
            exposurecolor: "transparent",
            exposurestate: "",
            progressbar: new Float(0),
            camtemp: temperatures[0] ?? badTemperature,
            dewtemp: temperatures[1] ?? badTemperature,
            filename: fileName(),
            seqcount: 0,
            seqtotal: 0,
            // Swedish writes dates the way azcam does: 2026-11-20 23:21:14, local time.
            timestamp: new Date().toLocaleString("sv-SE"),
            imagetitle: held("imagetitle"),
            imagetype: held("imagetype"),
            imagetest: held("imagetest"),
            exposuretime: new Float(Number(held("exposuretime"))),
            colbin: region[4],
            rowbin: region[5],
            systemname: "sim",
            mode: "",
          };
        },
      }),
      ...azcamToolCommands(() => {
        region = wholeDetector;
      }),
    },
  });
  return exposure;
}

/** Where a parameter is read and, unless it is fixed, set: an instrument, a command, and what goes before the value. */
interface ParameterRoute {
  readonly get: readonly [instrument: string, command: string, ...args: string[]];
  readonly set?: readonly [instrument: string, command: string, ...args: string[]];
}

const settings = [
  "autotitle",
  "imagefolder",
  "imageroot",
  "imagetest",
  "imageoverwrite",
  "imageautoname",
  "imageincludesequencenumber",
  "imageautoincrementsequencenumber",
  "imagesequencenumber",
];

const routes: ReadonlyMap<string, ParameterRoute> = new Map<string, ParameterRoute>([
  ["imagetitle", { get: ["exposure", "get_image_title"], set: ["exposure", "set_image_title"] }],
  ["imagetype", { get: ["exposure", "get_image_type"], set: ["exposure", "set_image_type"] }],
  ["exposuretime", { get: ["exposure", "get_exposuretime"], set: ["exposure", "set_exposuretime"] }],
  ["exposuretimeremaining", { get: ["exposure", "get_exposuretime_remaining"] }],
  ["pixelsremaining", { get: ["exposure", "get_pixels_remaining"] }],
  ["exposurecompleted", { get: ["exposure", "finished"] }],
  ["exposureflag", { get: ["exposure", "get", "exposureflag"] }],
  ["imagefilename", { get: ["exposure", "get_filename"] }],
  ["temperatures", { get: ["tempcon", "get_temperatures"] }],
  ["camtemp", { get: ["tempcon", "get_temperature", "0"] }],
  ["dewtemp", { get: ["tempcon", "get_temperature", "1"] }],
  [
    "controltemperature",
    { get: ["tempcon", "get_control_temperature"], set: ["tempcon", "set_control_temperature"] },
  ],
  ...settings.map((name): [string, ParameterRoute] => [
    name,
    { get: ["exposure", "get", name], set: ["exposure", "set", name] },
  ]),
]);

/** Nobody fills the memory with parameters. */
const mostOwn = 1000;

/** The part of `get_roi` that a parameter reads. */
const regionParameters = ["firstcol", "lastcol", "firstrow", "lastrow", "colbin", "rowbin"];

/**
 * azcam's `parameters`: one name for each setting, wherever it lives.
 *
 * @param fixed Parameters that the program itself knows, such as its version.
 */
export function azcamParameters(fixed: Readonly<Record<string, string>>): Instrument {
  /** Parameters in dictionaries of the clients' own, by dictionary and name. */
  const own = new Map<string, string>();
  const fixedNames = Object.keys(fixed);
  const known = [...routes.keys(), ...regionParameters, ...fixedNames];
  const subdict = { type: "text", default: "", summary: "a dictionary of your own" } as const;
  return defineInstrument({
    title: "parameters",
    summary: "azcam's parameters: one name for each setting of the camera",
    commands: {
      get_par: command({
        ...reading,
        summary: "Tell a parameter; an unknown one is nothing",
        arguments: { parameter: { type: "text" }, subdict },
        run: ({ parameter, subdict }, { call }) => {
          const name = parameter.toLowerCase();
          if (subdict !== "") return own.get(JSON.stringify([subdict, name]));
          const route = routes.get(name);
          if (route !== undefined) return call(...route.get);
          const at = regionParameters.indexOf(name);
          if (at >= 0) return Promise.resolve(call("exposure", "get_roi")).then((region) => (region as number[])[at]);
          return fixedNames.includes(name) ? fixed[name] : undefined;
        },
      }),
      set_par: command({
        summary: "Set a parameter",
        // The setting's own instrument queues it.
        immediate: true,
        arguments: { parameter: { type: "text" }, value: { type: "text", default: "" }, subdict },
        run: ({ parameter, value, subdict }, { call }) => {
          const name = parameter.toLowerCase();
          if (subdict !== "") {
            const key = JSON.stringify([subdict, name]);
            if (own.size >= mostOwn && !own.has(key)) {
              throw new InstrumentError(
                `Cannot set ${name} of ${subdict}: ${mostOwn} parameters of your own are set already`,
              );
            }
            own.set(key, value);
            return;
          }
          const set = routes.get(name)?.set;
          if (set !== undefined) return call(...set, value);
          const at = regionParameters.indexOf(name);
          if (at >= 0) {
            return call(
              "exposure",
              "set_roi",
              ...regionParameters.map((_, each) => each === at ? value : keep),
            );
          }
          throw new InstrumentError(
            known.includes(name)
              ? `Cannot set the parameter ${name}: it can only be read`
              : `Cannot set the parameter ${name}: there is none of that name${didYouMean(name, known)}`,
            known.includes(name) ? "not_a_setting" : "unknown_field",
          );
        },
      }),
    },
  });
}
