/**
 * azcam's `controller`, simulated, in the words of its ARC controllers: boards with memories and settings that change
 * no image, beside a camera that has the shutter, the detector and the exposure time.
 *
 * @module
 */

import { type Command, command, type CommandContext } from "../../bench/command.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { azcamToolCommands, toolId } from "./azcam_tool.ts";
import { ControllerBoards, timingBoard } from "./controller_boards.ts";
import { boardCommands, boardNumber, memoryCommands, testCommands, voltageCommands } from "./controller_commands.ts";

/** The camera that the controller belongs to, as azcam's tools know each other. */
const camera = "exposure";

const reading = { role: "observer", immediate: true } as const;

/** The most rows that a camera shifts. */
const mostRows = 16_384;

/** The keywords that tell the boards' programs. */
const programKeywords: ReadonlyMap<number, string> = new Map([[1, "PCIFILE"], [2, "TIMFILE"], [3, "UTILFILE"]]);

/** A simulated controller. */
class Controller {
  readonly instrument: Instrument;
  readonly #boards = new ControllerBoards();

  constructor(title: string) {
    this.instrument = defineInstrument({
      title,
      summary: "detector controller (simulated)",
      main: ["power"],
      fields: {
        shutter: {
          type: "switch",
          initial: false,
          summary: "whether the camera's shutter is open",
          read: () => this.#camera()?.allFields.find(({ name }) => name === "shutter")?.value === true,
        },
        power: {
          type: "switch",
          initial: true,
          summary: "whether the detector's voltages are on",
          read: () => this.#boards.power,
        },
        idle: {
          type: "switch",
          initial: true,
          summary: "whether the detector is clocked while nothing is exposed",
          read: () => this.#boards.idle,
        },
        video_gain: { type: "int", initial: 1, summary: "the gain that is set", read: () => this.#boards.gain },
        video_speed: { type: "int", initial: 1, summary: "1 slow, 2 fast", read: () => this.#boards.speed },
        board_command: {
          type: "text",
          initial: "",
          log: false,
          summary: "what the boards were told last",
          read: () => this.#boards.last,
        },
      },
      commands: () => ({
        ...this.#cameraCommands(),
        ...this.#boardCommands(),
        ...boardCommands(this.#boards),
        ...memoryCommands(this.#boards),
        ...voltageCommands(this.#boards),
        ...testCommands(this.#boards),
        ...refusedCommands(),
        ...azcamToolCommands(() => this.#boards.reset(), () => this.instrument),
      }),
    });
  }

  #camera(): Instrument | undefined {
    return this.instrument.surroundings?.find(camera);
  }

  /** Has the camera do it: it has the detector and the shutter, and does one thing after another. */
  #ask(call: CommandContext["call"], name: string, ...args: unknown[]): unknown {
    if (this.#camera() !== undefined) return call(camera, name, ...args);
    throw new HeliographError(
      "command_failed",
      `Cannot run ${name}: no camera called ${camera} stands on the bench of ${this.instrument.title}`,
    );
  }

  /** What the camera does when azcam's controller is asked for it. */
  #cameraCommands(): Record<string, Command> {
    const told = (summary: string, name: string) =>
      command({ ...reading, summary, run: (_, { call }) => this.#ask(call, name) });
    const abort = (summary: string) => command({ summary, stop: true, run: (_, { call }) => this.#ask(call, "abort") });
    return {
      set_shutter: command({
        summary: "Open (1) or close (0) the camera's shutter",
        arguments: { state: { type: "switch", default: false }, shutter_id: toolId("the camera's shutter") },
        run: ({ state }, { call }) => this.#ask(call, "set_shutter", state),
      }),
      flush: command({
        summary: "Clear the detector",
        arguments: { cycles: { type: "int", minimum: 1, maximum: 1000, default: 1 } },
        deadline: 3600,
        run: ({ cycles }, { call }) => this.#ask(call, "flush", cycles),
      }),
      parshift: command({
        summary: "Shift the detector's rows: positive towards the readout, negative away from it",
        arguments: { rows: { type: "int", minimum: -mostRows, maximum: mostRows, default: 1 } },
        deadline: 600,
        run: ({ rows }, { call }) => {
          const letters = rows > 0 ? "FPX" : "RPX";
          this.#boards.shift = Math.abs(rows);
          this.#boards.tell(letters, timingBoard);
          return this.#move(letters, call);
        },
      }),
      set_roi: command({
        summary: "Take over the region that the camera reads out",
        run: async (_, { call }) => {
          const [first = 1, last = 1, low = 1, high = 1, columnBinning = 1, rowBinning = 1] =
            (await this.#ask(call, "get_roi") as unknown[]).map(Number);
          const columns = Math.floor((last - first + 1) / columnBinning);
          const rows = Math.floor((high - low + 1) / rowBinning);
          this.#boards.takeRegion({ columns, rows, columnBinning, rowBinning });
        },
      }),
      get_exposuretime: told("Tell the exposure time in seconds", "get_exposuretime"),
      set_exposuretime: command({
        summary: "Set the exposure time",
        arguments: { exposure_time: { type: "float", unit: "s" } },
        beside: true,
        run: ({ exposure_time }, { call }) => this.#ask(call, "set_exposuretime", exposure_time),
      }),
      update_exposuretime_remaining: told("Tell how much of the exposure is left, in s", "get_exposuretime_remaining"),
      get_pixels_remaining: told("Tell how many pixels are still to be read out", "get_pixels_remaining"),
      exposure_abort: abort("Abort the exposure; there is no image"),
      readout_abort: abort("Abort the readout; there is no image"),
      exposure_pause: command({
        summary: "Pause the exposure: the shutter closes",
        stop: true,
        run: (_, { call }) => this.#ask(call, "pause"),
      }),
      exposure_resume: command({
        summary: "Resume a paused exposure",
        beside: true,
        run: (_, { call }) => this.#ask(call, "resume"),
      }),
      start_readout: command({
        summary: "End the exposure time now, and read out",
        beside: true,
        run: (_, { call }) => this.#ask(call, "start_readout"),
      }),
    };
  }

  #boardCommands(): Record<string, Command> {
    const arg = { type: "text", default: "-1", summary: "a number or a word; -1 is none" } as const;
    return {
      board_command: command({
        summary: "Send a command of three letters to a board; tells its answer",
        arguments: {
          command: { type: "text", summary: "such as TDL, RDM or PON" },
          board_number: boardNumber,
          arg1: arg,
          arg2: arg,
          arg3: arg,
          arg4: arg,
        },
        run: ({ command, board_number, ...args }, { call }) => this.#boardCommand(command, board_number, args, call),
      }),
      ...this.#programCommands(),
    };
  }

  /** Runs a board command; those that move something of the camera's have the camera do it. */
  async #boardCommand(
    letters: string,
    number: number,
    args: Readonly<Record<string, string>>,
    call: CommandContext["call"],
  ): Promise<number | string> {
    const given = Object.values(args).map((arg) => arg === "-1" ? -1 : /^\d+$/.test(arg) ? Number(arg) : arg);
    const answer = this.#boards.tell(letters, number, ...given);
    await this.#move(letters.toUpperCase(), call);
    return answer;
  }

  /** Has the camera do what a board command moves of it. */
  async #move(letters: string, call: CommandContext["call"]): Promise<void> {
    const { shift } = this.#boards;
    switch (letters) {
      case "OSH":
      case "CSH":
        await this.#ask(call, "set_shutter", letters === "OSH");
        break;
      case "CLR":
        await this.#ask(call, "flush", 1);
        break;
      case "FPX":
      case "RPX":
        await this.#ask(call, "parshift", letters === "FPX" ? shift : -shift);
    }
  }

  /** The boards' programs: their names are noted, for the header. No file is read. */
  #programCommands(): Record<string, Command> {
    const load = (summary: string) =>
      command({
        summary,
        arguments: { board_number: boardNumber, filename: { type: "text" } },
        run: ({ board_number, filename }) => {
          const keyword = programKeywords.get(board_number)!;
          this.instrument.keywords.set(keyword, baseName(filename), "program of the board; simulated", "str");
        },
      });
    return {
      upload_dsp_file: load("Note a board's program in the header; a simulated board runs none, and no file is read"),
      load_file: load("Note a board's program in the header; a simulated board runs none, and no file is read"),
      upload_file: command({
        summary: "Tell what a program's file would be called on the controller; no file is read",
        arguments: { filename: { type: "text" } },
        run: ({ filename }) => baseName(filename),
      }),
    };
  }
}

/** The name of a file without its folders, on whatever system. */
function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** Commands that have no meaning here: they say so, and what to do instead. */
function refusedCommands(): Record<string, Command> {
  const steps = "take exposures with exposure.expose, or with begin, integrate, readout and end";
  const refused = (what: string, why: string) =>
    command({
      summary: `Refused: ${why}`,
      takesMore: true,
      run: () => {
        throw new HeliographError("unavailable", `Cannot ${what} with a simulated controller: ${why}`);
      },
    });
  return {
    start_exposure: refused("start an exposure", steps),
    read_image: refused("read an image", steps),
    set_synthetic_data: refused("choose between real and synthetic data", "all its images are simulated"),
    ioctl: refused("control the interface", "there is no interface card; board_command speaks with the boards"),
  };
}

/**
 * A detector controller: azcam's `controller`, in the words of its ARC controllers.
 *
 * Shutter, clearing, exposure time, abort and the like are those of the camera `exposure` on the same bench, whatever
 * detector it has. The boards keep what is written to them and answer tests; nothing of it changes an image.
 *
 * @param title What people call it.
 */
export function simulatedController(title = "controller"): Instrument {
  return new Controller(title).instrument;
}
