/**
 * azcam's `parameters`: one name for each setting of the camera, wherever it lives.
 *
 * @module
 */

import { command } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean } from "../bench/names.ts";

const reading = { role: "observer", immediate: true } as const;

/** The route of a parameter: an instrument, a command, and what goes before the value. */
interface ParameterRoute {
  readonly get: readonly [instrument: string, command: string, ...args: string[]];
  readonly set?: readonly [instrument: string, command: string, ...args: string[]];
}

/** Python's words for 1 and 0. */
const pythonFlags: Readonly<Record<string, string>> = { True: "1", False: "0" };
const flags = new Set([
  "autotitle",
  "imagetest",
  "imageoverwrite",
  "imageautoname",
  "imageincludesequencenumber",
  "imageautoincrementsequencenumber",
  "flusharray",
]);

/** Settings and readouts of the camera by the names of its fields. */
const cameraSettings = [
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
  "exposuresequencetotal",
  "exposuresequencedelay",
  "exposuresequenceflush",
  "firstcol",
  "lastcol",
  "firstrow",
  "lastrow",
  "colbin",
  "rowbin",
];
const cameraReadouts = ["exposureflag", "exposuresequencenumber"];

const routes: ReadonlyMap<string, ParameterRoute> = new Map<string, ParameterRoute>([
  ["imagetitle", { get: ["exposure", "get_image_title"], set: ["exposure", "set_image_title"] }],
  ["imagetype", { get: ["exposure", "get_image_type"], set: ["exposure", "set_image_type"] }],
  ["exposuretime", { get: ["exposure", "get_exposuretime"], set: ["exposure", "set_exposuretime"] }],
  ["exposuretimeremaining", { get: ["exposure", "get_exposuretime_remaining"] }],
  ["pixelsremaining", { get: ["exposure", "get_pixels_remaining"] }],
  ["exposurecompleted", { get: ["exposure", "finished"] }],
  ["imagefilename", { get: ["exposure", "get_filename"], set: ["exposure", "set_filename"] }],
  ["temperatures", { get: ["tempcon", "get_temperatures"] }],
  ["camtemp", { get: ["tempcon", "get_temperature", "0"] }],
  ["dewtemp", { get: ["tempcon", "get_temperature", "1"] }],
  [
    "controltemperature",
    { get: ["tempcon", "get_control_temperature"], set: ["tempcon", "set_control_temperature"] },
  ],
  ...cameraSettings.map((name): [string, ParameterRoute] => [
    name,
    { get: ["exposure", "get", name], set: ["exposure", "set", name] },
  ]),
  ...cameraReadouts.map((name): [string, ParameterRoute] => [name, { get: ["exposure", "get", name] }]),
]);

/** Nobody fills the memory with parameters. */
const mostOwn = 1000;

/**
 * azcam's `parameters`.
 *
 * @param fixed Parameters that the program itself knows, such as its version.
 * @param title What people call it.
 */
export function azcamParameters(fixed: Readonly<Record<string, string>>, title = "parameters"): Instrument {
  /** Parameters in dictionaries of the clients' own, by dictionary and name. */
  const own = new Map<string, string>();
  const fixedNames = Object.keys(fixed);
  const known = [...routes.keys(), ...fixedNames];
  const subdict = { type: "text", default: "", summary: "a dictionary of your own" } as const;
  return defineInstrument({
    title,
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
          if (subdict !== "" && known.includes(name)) {
            throw new HeliographError(
              "bad_argument",
              `Cannot set ${name} to ${value} in ${subdict}: quote a value with spaces, as in set_par ${name} ` +
                `"${value} ${subdict}"`,
            );
          }
          if (subdict !== "") {
            const key = JSON.stringify([subdict, name]);
            if (own.size >= mostOwn && !own.has(key)) {
              throw new HeliographError(
                "command_failed",
                `Cannot set ${name} of ${subdict}: ${mostOwn} parameters of your own are set already`,
              );
            }
            own.set(key, value);
            return;
          }
          const set = routes.get(name)?.set;
          if (set !== undefined) return call(...set, flags.has(name) ? pythonFlags[value] ?? value : value);
          throw new HeliographError(
            known.includes(name) ? "not_a_setting" : "unknown_field",
            known.includes(name)
              ? `Cannot set the parameter ${name}: it can only be read`
              : `Cannot set the parameter ${name}: there is none of that name${didYouMean(name, known)}`,
          );
        },
      }),
    },
  });
}
