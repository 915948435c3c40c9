/**
 * azcam's `parameters`: one name for each setting of the camera, wherever it lives, and dictionaries of the clients' own.
 *
 * @module
 */

import { isAbsolute, join, relative, resolve } from "node:path";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { type Command, command } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { pythonText } from "../../protocol/python_text.ts";
import type { Instrument } from "../bench/instrument.ts";
import { OneWord, shown } from "../bench/values.ts";
import { FileKeeper } from "../files/file_keeper.ts";
import { defaultDictionary, OwnParameters } from "./own_parameters.ts";
import { formatParameters, parseParameters } from "./parameter_file.ts";
import { azcamTable, type Parameter, type ParameterSource } from "./parameter_table.ts";

const reading = { role: "observer", immediate: true } as const;
const log = getLogger(["heliograph", "parameters"]);

/** Python's word for no value. */
const nothing = "None";

/** The options of {@linkcode azcamParameters}. */
export interface ParametersOptions {
  /** What people call it. @default "parameters" */
  readonly title?: string;
  /** Parameters that the program itself knows, such as its version. */
  readonly fixed: Readonly<Record<string, string>>;
  /** The absolute path of the folder in which parameters are kept over a restart. @default they are kept in memory */
  readonly stateFolder?: string | undefined;
  /** Absolute paths of further folders that parameter files may be read from. @default none */
  readonly folders?: readonly string[];
}

/**
 * azcam's `parameters`.
 *
 * @param options What the program itself knows, and where files may be.
 */
export function azcamParameters(options: ParametersOptions): Instrument {
  return new Parameters(options).instrument;
}

class Parameters {
  readonly instrument: Instrument;
  readonly #known: ReadonlyMap<string, Parameter>;
  readonly #own = new OwnParameters();
  readonly #file: string | undefined;
  readonly #folders: readonly string[];
  #keeper: FileKeeper | undefined;
  /** Whether the file holds something that cannot be used, and that nobody has been deprived of yet. */
  #unusable = false;
  /** azcam's parameters that were kept and are not set yet: what the file says of them stays in it. */
  readonly #toRestore = new Set<string>();

  constructor({ title = "parameters", fixed, stateFolder, folders = [] }: ParametersOptions) {
    const own = Object.entries(fixed).map(([name, value]): [string, Parameter] => [name, {
      ...azcamTable.get(name),
      get: () => new OneWord(value),
    }]);
    this.#known = new Map([...azcamTable, ...own]);
    this.#file = stateFolder === undefined ? undefined : join(stateFolder, "parameters.ini");
    this.#folders = [...(stateFolder === undefined ? [] : [stateFolder]), ...folders];
    this.instrument = defineInstrument({
      title,
      summary: "azcam's parameters: one name for each setting of the camera, and dictionaries of your own",
      aside: true,
      commands: () => ({ ...this.#parameterCommands(), ...this.#fileCommands() }),
      start: () => this.#open(),
      stop: () => {
        this.#keeper?.stop();
        this.#keeper = undefined;
        return Promise.resolve();
      },
    });
  }

  #source(call: ParameterSource["call"]): ParameterSource {
    return { call, find: (name) => this.instrument.surroundings?.find(name) };
  }

  #parameterCommands(): Record<string, Command> {
    const subdict = {
      type: "text",
      default: defaultDictionary,
      summary: "the dictionary of a parameter of your own; for azcam's it does not matter",
    } as const;
    return {
      get_par: command({
        ...reading,
        summary: "Tell a parameter; an unknown one is nothing",
        arguments: { parameter: { type: "text" }, subdict },
        run: ({ parameter, subdict }, { call }) => {
          const name = parameter.toLowerCase();
          const known = this.#known.get(name);
          return known === undefined
            ? this.#own.get(subdict || defaultDictionary, name)
            : known.get(this.#source(call));
        },
      }),
      set_par: command({
        summary:
          "Set a parameter; one that azcam does not know is kept in a dictionary of your own, and removed by None",
        // The setting's own instrument queues it.
        immediate: true,
        arguments: { parameter: { type: "text" }, value: { type: "text", default: nothing }, subdict },
        run: ({ parameter, value, subdict }, { call }) => {
          const name = parameter.toLowerCase();
          const known = this.#known.get(name);
          const dictionary = subdict || defaultDictionary;
          if (known !== undefined) {
            const set = this.#set(name, known, value === nothing ? "" : value, this.#source(call));
            // What somebody has set counts for more than what was kept.
            const done = () => void this.#toRestore.delete(name);
            return set instanceof Promise ? set.then(done) : done();
          }
          return value === nothing ? this.#own.remove(dictionary, name) : this.#own.set(dictionary, name, value);
        },
      }),
    };
  }

  #set(name: string, { get, set, setTo, hint }: Parameter, value: string, source: ParameterSource): unknown {
    if (set !== undefined) return set(source, value);
    const only = setTo?.get(value);
    if (only !== undefined) return only(source);
    const why = hint === undefined ? "" : `; ${hint}`;
    const refused = new HeliographError("not_a_setting", `Cannot set the parameter ${name}: it can only be read${why}`);
    // To say what is so already does no harm.
    const is = (now: unknown) => {
      if (now === undefined || pythonText(now) !== value) throw refused;
    };
    const now = get(source);
    return now instanceof Promise ? now.then(is) : is(now);
  }

  #fileCommands(): Record<string, Command> {
    return {
      save_pars: command({
        summary: "Keep the parameters of your own over a restart",
        run: (_, { call }) => this.#save(this.#source(call)),
      }),
      read_parfile: command({
        summary: "Read a parameter file of azcam: its sections become dictionaries; update_pars sets what they say",
        arguments: {
          parfilename: {
            type: "text",
            default: "",
            summary: "in a folder that the operator named; none: what was saved",
          },
        },
        run: ({ parfilename }) => this.#read(parfilename),
      }),
      ...(this.#file === undefined ? {} : {
        restore_pars: command({
          summary: "Set azcam's parameters that were kept and are not set yet; the server does that when it starts",
          run: (_, { call }) => this.#restore(this.#source(call)),
        }),
      }),
      update_pars: command({
        summary: "Set the parameters that azcam knows as a dictionary says",
        arguments: { par_dictname: { type: "text", default: defaultDictionary } },
        run: ({ par_dictname }, { call }) => this.#update(par_dictname, this.#source(call)),
      }),
    };
  }

  /** Makes ready to keep and read files, before the server gives up its permissions, and reads what was kept. */
  async #open(): Promise<void> {
    const [folder] = this.#folders;
    if (folder === undefined) return;
    const ownFolder = this.#file !== undefined;
    // Without a place of its own it only reads.
    const file = this.#file ?? join(folder, "parameters.ini");
    const keeper = new FileKeeper(file, { ownFolder, reads: this.#folders });
    try {
      keeper.start();
    } catch (error) {
      log.warning("Parameter files can be neither read nor kept: {file}: {reason}", {
        file,
        reason: (error as Error).message,
      });
      return;
    }
    this.#keeper = keeper;
    if (!ownFolder) return;
    try {
      const text = await keeper.read();
      if (text !== undefined) this.#own.replace(parseParameters(text));
      for (const [name] of this.#settable(defaultDictionary)) this.#toRestore.add(name);
    } catch (error) {
      this.#unusable = true;
      log.error(
        "Cannot use the parameters that were kept: {file}: {reason}. There are none; save_pars renames that file to {aside}",
        { file, reason: (error as Error).message, aside: keeper.aside },
      );
    }
  }

  async #save(source: ParameterSource): Promise<void> {
    if (this.#file === undefined) {
      throw new HeliographError(
        "command_failed",
        "Cannot save the parameters: there is no bench file to keep them beside; start the server with --bench FILE",
      );
    }
    const keeper = this.#kept();
    // What a parameter file said of azcam's own parameters is kept as they are now.
    for (const name of this.#own.dictionaries.get(defaultDictionary)?.keys() ?? []) {
      if (this.#toRestore.has(name)) continue;
      const now = await this.#known.get(name)?.get(source);
      if (now !== undefined && !Array.isArray(now)) this.#own.set(defaultDictionary, name, pythonText(now));
    }
    const text = formatParameters(this.#own.dictionaries);
    try {
      if (this.#unusable) await keeper.setAside();
      this.#unusable = false;
      await keeper.write(text);
    } catch (error) {
      throw new HeliographError("command_failed", `Cannot write ${keeper.file}: ${(error as Error).message}`);
    }
  }

  /** @throws {HeliographError} Where no file can be touched. */
  #kept(): FileKeeper {
    if (this.#keeper !== undefined) return this.#keeper;
    throw new HeliographError(
      "command_failed",
      `Cannot read or write parameter files: this server has no permission for ${this.#folders.join(" and ")}`,
    );
  }

  /** The path of a parameter file, which is in one of the folders. */
  #locate(wanted: string): string {
    const [first] = this.#folders;
    if (first === undefined) {
      throw new HeliographError(
        "command_failed",
        "Cannot read a parameter file: this server may read none; start it with --bench FILE or --image-folder FOLDER",
      );
    }
    if (wanted.includes("\0")) throw new HeliographError("bad_argument", "a path holds no NUL character");
    const path = wanted === "" ? this.#file ?? "parameters.ini" : wanted;
    const file = isAbsolute(path) ? resolve(path) : resolve(first, path);
    const inside = this.#folders.some((folder) => {
      const way = relative(folder, file);
      return way !== "" && !isAbsolute(way) && way.split(/[\\/]/)[0] !== "..";
    });
    if (inside) return file;
    throw new HeliographError(
      "out_of_limits",
      `Cannot read ${shown(wanted)}: parameter files may only be read in ${this.#folders.join(" or ")}`,
    );
  }

  async #read(wanted: string): Promise<void> {
    const file = this.#locate(wanted);
    const keeper = this.#kept();
    let text: string | undefined;
    try {
      text = await keeper.readOther(file);
    } catch (error) {
      throw new HeliographError("command_failed", `Cannot read ${file}: ${(error as Error).message}`);
    }
    if (text === undefined) throw new HeliographError("command_failed", `Cannot read ${file}: there is no such file`);
    try {
      this.#own.replace(parseParameters(text));
      this.#toRestore.clear();
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      throw new HeliographError(error.code, `Cannot read ${file}: ${error.message}`);
    }
  }

  /** azcam's parameters that a dictionary has and that can be set; its files have wd and others too, which cannot. */
  #settable(dictionary: string): [name: string, value: string][] {
    return [...this.#own.dictionaries.get(dictionary) ?? []].filter(([name]) =>
      this.#known.get(name)?.set !== undefined
    );
  }

  /** Sets parameters one after another. @returns Those that could not be, and why. */
  async #setAll(wanted: Iterable<readonly [string, string]>, source: ParameterSource): Promise<Map<string, string>> {
    const failures = new Map<string, string>();
    for (const [name, value] of wanted) {
      try {
        await this.#known.get(name)!.set!(source, value === nothing ? "" : value);
        this.#toRestore.delete(name);
      } catch (error) {
        if (!(error instanceof HeliographError)) throw error;
        failures.set(name, error.message);
      }
    }
    return failures;
  }

  async #restore(source: ParameterSource): Promise<void> {
    const kept = this.#settable(defaultDictionary).filter(([name]) => this.#toRestore.has(name));
    const failures = await this.#setAll(kept, source);
    if (failures.size === 0) return;
    const reasons = [...failures].map(([name, reason]) => `${name}: ${reason}`).join("; ");
    log.warning("Cannot set parameters as they were kept: {reasons}. They stay in {file}; restore_pars tries again", {
      reasons,
      file: this.#file,
    });
    throw new HeliographError("command_failed", `Cannot set parameters as they were kept: ${reasons}`);
  }

  async #update(dictionary: string, source: ParameterSource): Promise<void> {
    const failures = await this.#setAll(this.#settable(dictionary), source);
    if (failures.size === 0) return;
    throw new HeliographError(
      "command_failed",
      `${failures.size} of the parameters of ${dictionary} could not be set, the others were: ${
        [...failures.values()].join("; ")
      }`,
    );
  }
}
