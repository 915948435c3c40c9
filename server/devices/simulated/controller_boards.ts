/**
 * Simulates the boards of a CCD controller such as ARC's: memories, and commands of three letters.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { didYouMean } from "../../bench/names.ts";
import { shown } from "../../bench/values.ts";

/** The boards by their numbers. */
const boardNames: ReadonlyMap<number, string> = new Map([[1, "PCI"], [2, "timing"], [3, "utility"]]);

/** The number of the timing board, which does most of the work. */
export const timingBoard = 2;

/** The memories of a board, and the bits by which a board command says which is meant. */
export const memories = ["P", "X", "Y", "R"] as const;

/** One of a board's memories. */
export type Memory = typeof memories[number];

const memoryBits: Readonly<Record<Memory, number>> = { P: 0x100000, X: 0x200000, Y: 0x400000, R: 0x800000 };

/** The largest number of a memory's word, which has 24 bits. */
export const largestWord = 0xffffff;

/** The last address of a memory. */
export const lastAddress = 0xffff;

/** Where ARC's timing board has what is read out, in its memory Y. */
const regionAddresses = { columns: 0x1, rows: 0x2, columnBinning: 0x3, rowBinning: 0x4 } as const;

/** Where it has how far rows are shifted. */
const shiftAddress = 0x13;

/** Board commands that answer DON and change nothing of the boards. */
const silent = ["SBV", "SBN", "SVO", "SMX", "SDC", "CSW", "WRC", "LDA", "FPX", "RPX", "OSH", "CSH", "CLR"];
/** Those that do. */
const working = ["TDL", "RDM", "WRM", "PON", "POF", "IDL", "STP", "SGN"];

/** The boards of a controller. */
export class ControllerBoards {
  /** Whether the detector's voltages are on. */
  power = true;
  /** Whether it clocks the detector while nothing is exposed. */
  idle = true;
  /** The last board command, as it was given. */
  last = "";
  /** The video gain. */
  gain = 1;
  /** The video speed: 1 slow, 2 fast. */
  speed = 1;
  readonly #memory = new Map<string, Uint32Array>();

  /** Puts everything back to what it is after switching on. */
  reset(): void {
    this.power = this.idle = true;
    this.last = "";
    this.gain = this.speed = 1;
    this.#memory.clear();
  }

  /** The numbers of the boards. */
  get numbers(): number[] {
    return [...boardNames.keys()];
  }

  /** A word of a memory. @throws {HeliographError} When there is no such board. */
  read(memory: Memory, board: number, address: number): number {
    boardName(board);
    return this.#memory.get(`${board} ${memory}`)?.[address] ?? 0;
  }

  /** Writes a word of a memory. @throws {HeliographError} When there is no such board. */
  write(memory: Memory, board: number, address: number, value: number): void {
    boardName(board);
    const key = `${board} ${memory}`;
    let words = this.#memory.get(key);
    if (words === undefined) this.#memory.set(key, words = new Uint32Array(lastAddress + 1));
    words[address] = value;
  }

  /** How far the board commands FPX and RPX shift rows. */
  get shift(): number {
    return this.read("Y", timingBoard, shiftAddress);
  }

  set shift(rows: number) {
    this.write("Y", timingBoard, shiftAddress, rows);
  }

  /** Takes over what the camera reads out, in binned pixels. */
  takeRegion(region: Readonly<Record<keyof typeof regionAddresses, number>>): void {
    for (const [name, address] of Object.entries(regionAddresses)) {
      this.write("Y", timingBoard, address, region[name as keyof typeof regionAddresses]);
    }
  }

  /**
   * Runs a board command.
   *
   * @param word Its three letters.
   * @param board The board's number.
   * @param given Its arguments; -1 is none.
   * @returns What the board answers: `DON`, or a number.
   * @throws {HeliographError} For what these boards do not know.
   */
  tell(word: string, board: number, ...given: readonly (number | string)[]): number | string {
    const letters = word.toUpperCase();
    const args = given.filter((arg) => arg !== -1);
    const name = boardName(board);
    const known = [...working, ...silent];
    if (!known.includes(letters)) {
      throw new HeliographError(
        "bad_argument",
        `Cannot run ${shown(word)} on the ${name} board: the simulated boards know ${known.join(", ")}` +
          didYouMean(letters, known),
      );
    }
    const answer = silent.includes(letters) ? "DON" : this.#work(letters, board, args);
    this.last = [letters, board, ...args.map(shown)].join(" ");
    return answer;
  }

  #work(word: string, board: number, args: readonly (number | string)[]): number | string {
    const [first = 0, second = 0] = args.map(Number);
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second)) {
      throw new HeliographError(
        "bad_argument",
        `Cannot run ${word} with ${args.map(shown).join(" ")}: no whole numbers`,
      );
    }
    switch (word) {
      case "TDL":
        return first;
      case "RDM":
        return this.read(memoryOf(first), board, first & lastAddress);
      case "WRM":
        this.write(memoryOf(first), board, first & lastAddress, second & largestWord);
        break;
      case "SGN":
        this.gain = first;
        this.speed = second + 1;
        break;
      case "PON":
      case "POF":
        this.power = word === "PON";
        break;
      default:
        this.idle = word === "IDL";
    }
    return "DON";
  }
}

/** The memory that a board command's address is in. */
function memoryOf(address: number): Memory {
  const memory = memories.find((each) => (address & memoryBits[each]) !== 0);
  if (memory !== undefined) return memory;
  const bits = memories.map((each) => `0x${memoryBits[each].toString(16)} (${memoryBits[each]}) for ${each}`).join(
    ", ",
  );
  throw new HeliographError(
    "bad_argument",
    `Cannot tell which memory the address ${address} is in: add ${bits}; read_memory and write_memory do it themselves`,
  );
}

function boardName(board: number): string {
  const name = boardNames.get(board);
  if (name !== undefined) return name;
  const there = [...boardNames].map(([number, name]) => `${number} ${name}`).join(", ");
  throw new HeliographError("bad_argument", `Cannot reach board ${board}: there are ${there}`);
}
