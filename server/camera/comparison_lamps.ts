/**
 * Comparison lamps: image types of their own, for which the lamp of `instrument` burns while the detector is exposed.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { didYouMean } from "../bench/names.ts";
import { shown } from "../bench/values.ts";
import { plainTypes } from "./camera_fields.ts";
import type { Lamps } from "./exposure.ts";
import { callIfThere, type Driving, type InstrumentCall, isHeld } from "./instrument_call.ts";

/** The instrument that has the lamps, as in azcam. */
const instrument = "instrument";

/** Names of lamps that may stand in the name of a file. */
const lampName = /^\w[\w.+-]*$/;

/** The comparison lamps of a bench, and the image types with them. */
export class ComparisonLamps implements Lamps {
  /** azcam's image types, and after them the lamps: always the same list, so that whoever shows it sees what is new. */
  readonly types: string[] = [...plainTypes];
  readonly #log = getLogger(["heliograph", "camera"]);
  readonly #tell: (message: string) => void;
  #driving: Driving | undefined;
  #lit: string | undefined;

  /** Knows of no lamp yet. @param tell Told of a lamp that could not be put out. */
  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  /** From now on lamps are lit and put out on behalf of a command. @param driving That command's ways to call others. */
  use(driving: Driving): void {
    this.#driving = driving;
  }

  /**
   * Asks for the lamps: one that is not there to be asked has those that it had.
   *
   * @param call Calls a command of another instrument.
   * @returns The image types.
   */
  async learn(call: InstrumentCall): Promise<readonly string[]> {
    try {
      const named = await call(instrument, "get_all_comps");
      const names = Array.isArray(named) ? named.map(String) : String(named ?? "").split(/\s+/);
      const lamps = new Set(names.filter((name) => lampName.test(name) && !plainTypes.includes(name)));
      this.types.splice(plainTypes.length, Infinity, ...lamps);
    } catch {
      // A bench without that instrument or its command, or one that cannot be reached now.
    }
    return this.types;
  }

  /**
   * An image type as it is spelt.
   *
   * @param wanted In any case.
   * @throws {HeliographError} `bad_argument`, with what there is.
   */
  type(wanted: string): string {
    const found = this.types.find((type) => type === wanted) ??
      this.types.find((type) => type.toLowerCase() === wanted.toLowerCase());
    if (found === undefined) throw this.#unknown(wanted);
    return found;
  }

  /** The same, once the lamps were asked for where it is none that is known. */
  async find(wanted: string, call: InstrumentCall): Promise<string> {
    if (!this.types.some((type) => type.toLowerCase() === wanted.toLowerCase())) await this.learn(call);
    return this.type(wanted);
  }

  /** Checks an image type that is spelt as it is to be. @throws {HeliographError} `bad_argument`, with what there is. */
  check(type: string): void {
    if (!this.types.includes(type)) throw this.#unknown(type);
  }

  #unknown(wanted: string): HeliographError {
    const there = this.types.join(", ");
    return new HeliographError(
      "bad_argument",
      `Cannot set the image type to ${shown(wanted)}: not one of ${there}${didYouMean(wanted, this.types)}`,
    );
  }

  /** Whether an image type is a lamp. */
  isLamp(type: string): boolean {
    return this.types.indexOf(type) >= plainTypes.length;
  }

  async light(lamp: string | undefined): Promise<void> {
    if (lamp === this.#lit) return;
    await this.putOut();
    if (lamp === undefined) return;
    const { callInBackground: call } = this.#driving!;
    // What fails half-way is put out too.
    this.#lit = lamp;
    try {
      await call(instrument, "set_comps", lamp);
    } catch (error) {
      // The lamps of whoever has control are theirs.
      if (isHeld(error)) this.#lit = undefined;
      throw error;
    }
    await call(instrument, "comps_on");
    // Lamps without it need no time to warm up.
    await callIfThere(call, instrument, "comps_delay");
  }

  async putOut(): Promise<void> {
    if (this.#lit === undefined) return;
    const lamp = this.#lit;
    this.#lit = undefined;
    const off = async (call: InstrumentCall) => {
      await call(instrument, "comps_off");
      await call(instrument, "set_comps");
    };
    const { callInBackground, putBack } = this.#driving!;
    try {
      await off(callInBackground).catch(async (error) => {
        // Whoever has taken control meanwhile does not know that it burns.
        if (!isHeld(error)) throw error;
        if (!await this.#othersChosen(lamp)) await off(putBack);
      });
    } catch (error) {
      const { message: reason } = error as Error;
      this.#tell(`The comparison lamp ${lamp} may still burn: ${reason}`);
      this.#log.error("The comparison lamp {lamp} may still burn: {reason}", { lamp, reason });
    }
  }

  /** Whether somebody has chosen other lamps meanwhile: then what burns is theirs. */
  async #othersChosen(lamp: string): Promise<boolean> {
    try {
      const chosen = await this.#driving!.callInBackground(instrument, "get_comps");
      const names = (Array.isArray(chosen) ? chosen : [chosen ?? ""]).flatMap((each) => String(each).split(/\s+/));
      return names.some((name) => name !== "") && !names.includes(lamp);
    } catch {
      // An instrument without that command, or one that cannot tell now.
      return false;
    }
  }
}
