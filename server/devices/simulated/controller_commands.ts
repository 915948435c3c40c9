/**
 * azcam's commands for the boards of a simulated controller: memories, voltages, tests.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { shown } from "../../bench/values.ts";
import {
  type ControllerBoards,
  largestWord,
  lastAddress,
  memories,
  type Memory,
  timingBoard,
} from "./controller_boards.ts";

const reading = { role: "observer", immediate: true } as const;
const word = { type: "int", minimum: 0, maximum: largestWord } as const;

/** An argument that is a board's number. */
export const boardNumber = { type: "int", minimum: 1, maximum: 3, summary: "1 PCI, 2 timing, 3 utility" } as const;

/** The bit of its status, the first word of its memory X, by which the shutter opens in an exposure. */
const shutterBit = 1 << 11;

/** The commands that tell a board one thing. */
export function boardCommands(boards: ControllerBoards): Record<string, Command> {
  const simple = (summary: string, letters: string) =>
    command({ summary, run: () => void boards.tell(letters, timingBoard) });
  return {
    set_boards: command({ summary: "Find the boards: PCI, timing and utility are there", run: () => {} }),
    start_idle: simple("Clock the detector while nothing is exposed", "IDL"),
    stop_idle: simple("Stop clocking the detector while nothing is exposed", "STP"),
    power_on: simple("Turn the detector's voltages on; images are the same without", "PON"),
    power_off: simple("Turn the detector's voltages off; images are the same without", "POF"),
    clear_switches: simple("Clear the switches", "CSW"),
    reset_controller: command({
      summary: "Reset the boards, as reset does",
      confirm: "The boards forget what they were told.",
      run: () => boards.reset(),
    }),
    load_application: command({
      summary: "Load an application that a board has; a simulated one has the same in all",
      arguments: { board_number: boardNumber, application_number: { type: "int", minimum: 0, maximum: 255 } },
      run: ({ board_number, application_number }) => void boards.tell("LDA", board_number, application_number),
    }),
  };
}

/** The commands for the boards' memories. */
export function memoryCommands(boards: ControllerBoards): Record<string, Command> {
  const place = {
    mem_type: { type: "choice", choices: memories, summary: "the memory" },
    board_number: boardNumber,
    address: { type: "int", minimum: 0, maximum: lastAddress },
  } as const;
  return {
    read_memory: command({
      ...reading,
      summary: "Tell a word of a board's memory",
      arguments: place,
      run: ({ mem_type, board_number, address }) => boards.read(mem_type as Memory, board_number, address),
    }),
    write_memory: command({
      summary: "Write a word of a board's memory",
      confirm: "What the board has in that place is lost.",
      arguments: { ...place, value: word },
      run: ({ mem_type, board_number, address, value }) =>
        boards.write(mem_type as Memory, board_number, address, value),
    }),
    set_shutter_state: command({
      summary: "Note whether the shutter opens in an exposure; the image type decides whether it does",
      arguments: { flag: { type: "switch", default: false } },
      run: ({ flag }) => {
        const status = boards.read("X", timingBoard, 0);
        boards.write("X", timingBoard, 0, flag ? status | shutterBit : status & ~shutterBit);
      },
    }),
    write_control: command({
      summary: "Write the control word; it changes no image",
      arguments: { word },
      run: ({ word }) => void boards.tell("WRC", timingBoard, word),
    }),
  };
}

/** The commands for voltages and video boards, none of which changes an image. */
export function voltageCommands(boards: ControllerBoards): Record<string, Command> {
  const slot = { type: "int", minimum: 0, maximum: 15, summary: "the board in the controller" } as const;
  const dac = { type: "int", minimum: 0, maximum: 31, summary: "the digital to analogue converter" } as const;
  const value = { type: "int", minimum: 0, maximum: 4095, summary: "what it is set to" } as const;
  return {
    set_bias_number: command({
      summary: "Set a bias or clock voltage; it changes no image",
      arguments: {
        board_number: slot,
        dac_number: dac,
        board_type: { type: "choice", choices: ["VID", "CLK"] },
        dac_value: value,
      },
      run: ({ board_number, dac_number, board_type, dac_value }) =>
        void boards.tell("SBN", timingBoard, board_number, dac_number, board_type, dac_value),
    }),
    set_bias_voltages: command({
      summary: "Turn the bias voltages on; it changes no image",
      run: () => void boards.tell("SBV", timingBoard),
    }),
    set_video_gain: command({
      summary: "Set the video gain; it changes no image, whose gain is the chip's",
      arguments: { gain: { type: "int", default: -1, summary: "1, 2, 5 or 10; -1 is as it is" } },
      run: ({ gain }) => {
        const wanted = gain < 0 ? boards.gain : gain;
        if (![1, 2, 5, 10].includes(wanted)) {
          throw new HeliographError("out_of_limits", `Cannot set the video gain to ${gain}: it is 1, 2, 5 or 10`);
        }
        boards.tell("SGN", timingBoard, wanted, boards.speed - 1);
      },
    }),
    set_video_speed: command({
      summary: "Set the video speed; it changes no image, which is read at the camera's readout rate",
      arguments: {
        speed: { type: "int", minimum: -1, maximum: 2, default: 0, summary: "1 slow, 2 fast; 0: as it is" },
      },
      run: ({ speed }) => {
        boards.tell("SGN", timingBoard, boards.gain, (speed > 0 ? speed : boards.speed) - 1);
      },
    }),
    set_video_offset: command({
      summary: "Set a video offset; it changes no image",
      arguments: { board_number: slot, dac_number: dac, dac_value: value },
      run: ({ board_number, dac_number, dac_value }) =>
        void boards.tell("SVO", timingBoard, board_number, dac_number, dac_value),
    }),
    select_video_outputs: command({
      summary: "Choose the video outputs of the utility board; it changes no image",
      arguments: { video_select: { type: "int", minimum: -1, maximum: 255, default: -1, summary: "-1: as it is" } },
      run: ({ video_select }) => {
        if (video_select >= 0) boards.write("Y", 3, 1, video_select);
      },
    }),
    set_mux: command({
      summary: "Set a board's multiplexers; it changes no image",
      arguments: { board_number: slot, mux1: value, mux2: value },
      run: ({ board_number, mux1, mux2 }) => void boards.tell("SMX", timingBoard, board_number, mux1, mux2),
    }),
    set_dc_mode: command({
      summary: "Set the DC mode; it changes no image",
      arguments: { mode: { type: "int", minimum: 0, maximum: 255 } },
      run: ({ mode }) => void boards.tell("SDC", timingBoard, mode),
    }),
  };
}

/** The commands that test the communication. */
export function testCommands(boards: ControllerBoards): Record<string, Command> {
  const loops = { type: "int", minimum: 1, maximum: 10_000, default: 10 } as const;
  const test = (numbers: readonly number[], value: number | undefined, loops: number) => {
    for (const number of numbers) {
      for (let loop = 0; loop < loops; loop++) {
        const sent = value ?? loop;
        if (boards.tell("TDL", number, sent) === sent) continue;
        throw new HeliographError("command_failed", `Communication with board ${number} failed in loop ${loop}`);
      }
    }
  };
  return {
    test_datalink: command({
      summary: "Test the communication with a board, or with all of them",
      arguments: {
        board_number: { type: "int", minimum: -1, maximum: 3, default: 0, summary: "1, 2 or 3; 0 or -1: all" },
        value: { type: "text", default: "counter", summary: "a number, or counter" },
        loops,
      },
      run: ({ board_number, value, loops }) => {
        if (value !== "counter" && !(/^\d+$/.test(value) && Number(value) <= largestWord)) {
          throw new HeliographError(
            "bad_argument",
            `Cannot test with ${shown(value)}: write counter, or a number up to ${largestWord}`,
          );
        }
        const numbers = board_number <= 0 ? boards.numbers : [board_number];
        test(numbers, value === "counter" ? undefined : Number(value), loops);
      },
    }),
    test: command({
      summary: "Reset the boards, and test the communication with all of them",
      arguments: { loops },
      run: ({ loops }) => {
        boards.reset();
        test(boards.numbers, undefined, loops);
      },
    }),
  };
}
