/**
 * azcam's focus sequence: one image of several exposures, between which the focus is moved and the charge shifted.
 *
 * @module
 */

import { type Command, command } from "../bench/command.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { HeaderCard } from "../bench/header_card.ts";
import { Float } from "../bench/values.ts";
import type { CameraSettings } from "./camera_settings.ts";
import type { Exposure } from "./exposure.ts";
import { longest } from "./exposure_commands.ts";
import type { Exposures } from "./exposures.ts";
import { callIfThere, type Driving, type InstrumentCall, isHeld } from "./instrument_call.ts";

/** The plan of a focus sequence. */
export interface FocusPlan {
  /** How long each exposure takes, in seconds. */
  readonly exposure_time: number;
  /** How many there are. */
  readonly number_exposures: number;
  /** How far the focus moves from one to the next, in its own unit. */
  readonly focus_step: number;
  /** How many rows the charge is shifted from one to the next; before the last one twice as many. */
  readonly detector_shift: number;
}

/** The parts of a camera that a focus sequence needs. */
export interface FocusParts {
  /** What is set. */
  readonly settings: CameraSettings;
  /** The exposure that is under way. */
  readonly exposure: Exposure;
  /** What takes exposures. */
  readonly exposures: Exposures;
}

/** A focus mechanism of the bench: azcam's `get_focus` and `set_focus`. */
class FocusMechanism {
  readonly #component: string;
  readonly #driving: Driving;
  /** Where it was moved to last. */
  #at: number | undefined;

  constructor(component: string, driving: Driving) {
    this.#component = component;
    this.#driving = driving;
  }

  async position(): Promise<number> {
    const told = await this.#driving.callInBackground(this.#component, "get_focus");
    const position = Number(told);
    if (!Number.isFinite(position)) {
      throw new HeliographError("command_failed", `${this.#component} does not tell its focus: it says ${told}`);
    }
    return position;
  }

  /** Moves it; it has arrived when this returns. */
  async move(position: number): Promise<void> {
    const before = this.#at;
    // What fails half-way may have moved it; what was refused has not.
    this.#at = position;
    try {
      await this.#move(position, this.#driving.callInBackground);
    } catch (error) {
      if (isHeld(error)) this.#at = before;
      throw error;
    }
  }

  /**
   * Moves it to where it was, where it was moved: past somebody who has taken control meanwhile, unless they have moved
   * it too.
   *
   * @throws {HeliographError} Where it cannot be, with where it was left.
   */
  async putBack(position: number): Promise<void> {
    if (this.#at === undefined) return;
    const { callInBackground, putBack } = this.#driving;
    try {
      await this.#move(position, callInBackground).catch(async (error) => {
        if (!isHeld(error) || await this.position() !== this.#at) throw error;
        await this.#move(position, putBack);
      });
    } catch (error) {
      const where = await this.position().then((now) => `is left at ${now}`, () => "is left where it is");
      throw new HeliographError(
        "command_failed",
        `The focus of ${this.#component} ${where}, and was not put back to ${position}: ${(error as Error).message}`,
      );
    }
  }

  async #move(position: number, call: InstrumentCall): Promise<void> {
    await call(this.#component, "set_focus", position, 0, "absolute");
    // What the bench and the image's header say of it is read anew.
    await callIfThere(call, this.#component, "update_header");
  }
}

/** What the header says of a focus sequence, in azcam's words. */
function focusCards(start: number, plan: FocusPlan): HeaderCard[] {
  const startText = Number.isInteger(start) ? start.toFixed(1) : String(start);
  return [
    { keyword: "FOCSTART", value: startText, comment: "starting focus value" },
    { keyword: "FOCSTEP", value: new Float(plan.focus_step), comment: "focus step size" },
    { keyword: "FOCSHIFT", value: plan.detector_shift, comment: "focus detector shift pixels" },
    { keyword: "FOCSTEPS", value: plan.number_exposures, comment: "focus number of exposures" },
  ];
}

/** Takes a focus sequence; whatever comes, the focus goes back to where it was. */
async function runFocus(
  { exposure, exposures }: FocusParts,
  mechanism: FocusMechanism,
  plan: FocusPlan,
): Promise<void> {
  const { number_exposures: count, exposure_time: seconds, focus_step: step, detector_shift: rows } = plan;
  const start = await mechanism.position();
  const take = async () => {
    const overrides = { seconds, type: "object", title: "Focus", test: false, root: "focus." };
    const image = await exposures.next({ ...overrides, cards: focusCards(start, plan) });
    await exposure.begin(image);
    try {
      for (let taken = 0; taken < count; taken++) {
        if (taken > 0) {
          await mechanism.move(start + taken * step);
          exposure.throwIfAborted();
          // The last one stands apart, so that everybody sees which it is.
          await exposure.shift(taken === count - 1 ? 2 * rows : rows);
        }
        exposure.throwIfAborted();
        await exposure.integrate();
      }
      exposure.throwIfAborted();
      await exposure.readOut();
      exposure.throwIfAborted();
      await exposure.end();
      await exposures.written(image);
    } catch (error) {
      // What went wrong with the focus ends the exposure that waits for it.
      await exposure.abort(error as HeliographError);
      throw error;
    }
  };
  await exposure.series(async () => {
    let failed: Error | undefined;
    await take().catch((error) => void (failed = error));
    await mechanism.putBack(start).catch((error: Error) => {
      // What ended the sequence is said first.
      throw failed === undefined ? error : new HeliographError("command_failed", `${failed.message}. ${error.message}`);
    });
    if (failed !== undefined) throw failed;
  });
}

/** azcam's commands for focus sequences. @param parts What they drive. */
export function focusCommands(parts: FocusParts): Record<string, Command> {
  /** What `focus_set_pars` has set: then it goes before what `focus_run` is told, as in azcam. */
  let set: FocusPlan | undefined;
  const planArguments = {
    number_exposures: { type: "int", minimum: 1, maximum: 1000, default: 7 },
    focus_step: { type: "float", default: 30, summary: "from one exposure to the next, in the unit of the focus" },
    detector_shift: {
      type: "int",
      unit: "rows",
      minimum: -1000,
      maximum: 1000,
      default: 10,
      summary: "from one exposure to the next; twice as many before the last one",
    },
  } as const;
  const exposureTime = { type: "float", unit: "s", minimum: 0.001, maximum: 86_400 } as const;
  const initialize = command({
    summary: "Forget what focus_set_pars has set",
    beside: true,
    run: () => void (set = undefined),
  });
  return {
    focus_set_pars: command({
      summary: "Set what focus_run does, whatever that is told then",
      arguments: { exposure_time: exposureTime, ...planArguments },
      beside: true,
      run: (plan) => void (set = plan),
    }),
    focus_run: command({
      summary: "Take a focus sequence: exposures in one image, between which the focus is moved and the charge shifted",
      arguments: { exposure_time: { ...exposureTime, default: 1 }, ...planArguments },
      deadline: longest,
      run: (plan, context) => {
        const { settings, exposures } = parts;
        // It goes back to where it was also when whoever asked has gone.
        const mechanism = new FocusMechanism(settings.held("focuscomponent"), context);
        return exposures.run(context, () => runFocus(parts, mechanism, set ?? plan));
      },
    }),
    focus_abort: command({
      summary: "Abort the focus sequence; there is no image, and the focus goes back to where it was",
      stop: true,
      dropsWaiting: true,
      run: (_, context) => parts.exposures.abort("Exposure aborted", context),
    }),
    focus_initialize: initialize,
    // As azcam's console spells its method.
    focus_initalize: initialize,
  };
}
