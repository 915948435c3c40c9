/**
 * Reads and writes the registers of a Modbus device as the fields of an instrument.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Turn } from "../transports/port.ts";
import type { Conversation } from "./conversation.ts";
import { blocksOf, type RegisterBlock, type RegisterPlace } from "./register_words.ts";
import { bytesOf, paddedText, wordsOf } from "./registers.ts";
import { type Filling, Template } from "./template.ts";
import type { ValueCodec } from "./value_codec.ts";
import type { Reading } from "./wording.ts";

/** A field in registers, as far as reading it goes. */
interface Placed extends RegisterPlace {
  readonly title: string;
}

/** The fields of one instrument that are registers. */
export class RegisterFields {
  readonly #conversation: Conversation;
  readonly #blocks = new Map<string, readonly [RegisterPlace, RegisterBlock]>();

  /**
   * Plans the requests.
   *
   * @param conversation How the instrument is asked.
   * @param fields Where each is, and how often it is read.
   * @param most How many registers one request reads at the most. @default as many as Modbus allows
   */
  constructor(
    conversation: Conversation,
    fields: readonly { title: string; place: RegisterPlace; poll: number | undefined }[],
    most: number | undefined,
  ) {
    this.#conversation = conversation;
    const together = new Map<number | undefined, Placed[]>();
    for (const { title, place, poll } of fields) {
      together.set(poll, [...together.get(poll) ?? [], { ...place, title }]);
    }
    for (const placed of together.values()) {
      for (const [place, block] of blocksOf(placed, most)) this.#blocks.set(place.title, [place, block]);
    }
  }

  /** How a field is read. @param bad Values that mean that there is none. */
  reading(title: string, bad: Readonly<Record<string, string>> = {}): Reading {
    const [place, block] = this.#blocks.get(title)!;
    return {
      ...this.#asked(block),
      bad: new Map(Object.entries(bad)),
      text: (answer) => {
        const words = this.#wordsIn(answer, block)?.slice(place.address - block.address);
        return words && textOf(words.slice(0, place.count), place);
      },
    };
  }

  /** How a field is set; `undefined` where it is only read. */
  writer(title: string): ((turn: Turn, value: Filling, codec: ValueCodec) => Promise<void>) | undefined {
    const [place] = this.#blocks.get(title)!;
    const { table, address, many, bits } = place;
    if (!place.writable) return undefined;
    const conversation = this.#conversation;
    const sending = conversation.sending(`${table} ${address} = ${table === "coil" ? "0" : "0000"}`);
    const write = async (turn: Turn, words: readonly number[]) => {
      const said = words.map((word) => table === "coil" ? String(word) : word.toString(16).padStart(4, "0")).join(" ");
      const text = conversation.request(`${table} ${address}${many ? " many" : ""} = ${said}`);
      await conversation.say(turn, { key: text, run: (turn) => conversation.sendOnce(turn, text, sending, true) });
    };
    return async (turn, value, codec) => {
      const said = typeof value === "object" ? "own" in value ? value.own : String(value.number) : String(value);
      if (place.kind === undefined) await write(turn, [Number(said) === 0 ? 0 : 1]);
      else if (place.kind === "text") await write(turn, wordsOf(paddedText(said, place.count)));
      else if (typeof value === "object" && "written" in value) await write(turn, wordsOf(value.written));
      else if (bits === undefined) {
        throw new HeliographError("bad_argument", `${said} is no number, as its registers hold`);
      } else {
        // The other bits of the register stay as they are.
        const block = { table, address, count: 1 };
        const reading = { ...this.#asked(block), bad: new Map(), text: () => "" };
        const answer = await this.#conversation.ask(
          turn,
          this.#conversation.fill(reading.template),
          reading,
          codec,
          false,
        );
        const [word = 0] = this.#wordsIn(answer, block) ?? [];
        await write(turn, [withBits(word, Number(said), bits, codec.bits?.signed ?? false)]);
      }
    };
  }

  #asked(block: RegisterBlock): Omit<Reading, "bad" | "text"> {
    const { table, address, count } = block;
    return {
      template: new Template(`${table} ${address} ${count}`, []),
      timeout: this.#conversation.timeout,
      pattern: undefined,
      group: undefined,
      shape: undefined,
      shared: {
        accepts: (answer) => this.#wordsIn(answer, block) !== undefined,
        expected: `been ${count} ${table} ${table === "coil" || table === "discrete" ? "bits" : "registers"}`,
      },
    };
  }

  /** The registers or coils in the answer to a block's question; `undefined` where it is another one. */
  #wordsIn(answer: string, { table, count }: RegisterBlock): number[] | undefined {
    const [, said, list = ""] = /^(unit \d+ \w+) ([0-9a-f ]+)$/.exec(answer) ?? [];
    if (said !== this.#conversation.request(`${table} 0`).replace(/ 0$/, "")) return undefined;
    const words = list.split(" ").map((word) => parseInt(word, 16));
    return words.length === count ? words : undefined;
  }
}

/** What the value of a field is said in: a bit, characters, or bytes. */
function textOf(words: readonly number[], { kind }: RegisterPlace): string {
  if (kind === undefined) return String(words[0]);
  return kind === "text" ? bytesOf(words).replace(/\0.*$/s, "") : bytesOf(words);
}

/** A register with some of its bits changed. @throws {HeliographError} `bad_argument` where the number has more. */
function withBits(word: number, number: number, [low, high]: readonly [number, number], signed: boolean): number {
  const mask = (1 << high - low + 1) - 1;
  const [least, most] = signed ? [-((mask + 1) / 2), mask >> 1] : [0, mask];
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new HeliographError("bad_argument", `${number} does not fit the bits ${low} to ${high}`);
  }
  return word & ~(mask << low) | (number & mask) << low;
}
