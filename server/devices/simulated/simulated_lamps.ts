/**
 * Simulates comparison lamps: chosen first, then switched on and off together, as azcam's `instrument` does it.
 *
 * @module
 */

import { type Command, command } from "../../bench/command.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { FieldSpec } from "../../bench/field.ts";
import { didYouMean } from "../../bench/names.ts";
import { Mover } from "./physics.ts";

/** The longest time that lamps are waited for, in seconds. */
const longestDelay = 3600;

/** The comparison lamps of a simulated instrument. */
export class SimulatedLamps {
  readonly #names: readonly string[];
  #chosen: readonly string[] = [];
  readonly #lit = new Set<string>();
  /** Counts the simulated seconds that somebody waits. */
  readonly #warmUp = new Mover(0, 1);

  /** Makes them, all off. @param names What they are called, without spaces. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Whether any is lit. */
  get lit(): boolean {
    return this.#lit.size > 0;
  }

  /** A switch for each lamp, one for those that are chosen, and which these are. */
  fields() {
    const lamp = (name: string): FieldSpec<"switch"> => ({
      type: "switch",
      initial: false,
      summary: `the comparison lamp ${name}`,
      read: () => this.#lit.has(name),
      write: (lit) => void (lit ? this.#lit.add(name) : this.#lit.delete(name)),
    });
    return {
      lamps: {
        type: "switch",
        initial: false,
        summary: "whether a comparison lamp is lit; on: those that are chosen",
        read: () => this.lit,
        write: (lit: boolean) => lit ? this.#light() : this.off(),
      },
      comps: {
        type: "text",
        initial: "",
        summary: "the comparison lamps chosen for comps_on",
        read: () => this.#chosen.join(" "),
      },
      ...Object.fromEntries(this.#names.map((name) => [name, lamp(name)])),
    } as const;
  }

  /** azcam's commands for them. */
  commands(): Record<string, Command> {
    const reading = { role: "observer", immediate: true } as const;
    return {
      get_all_comps: command({ ...reading, summary: "List the comparison lamps", run: () => this.#names }),
      get_comps: command({
        ...reading,
        summary: "List the comparison lamps chosen for comps_on",
        run: () => this.#chosen,
      }),
      set_comps: command({
        summary: "Choose the comparison lamps for comps_on, one or more; None or nothing: no lamp",
        takesMore: true,
        run: (_, { more, moreKeywords }) => this.#choose([...more, ...moreKeywords.values()]),
      }),
      comps_on: command({ summary: "Turn the chosen comparison lamps on", run: () => this.#light() }),
      comps_off: command({ summary: "Turn the comparison lamps off", run: () => this.off() }),
      comps_delay: command({
        summary: "Wait until the comparison lamps are warm; answers then",
        arguments: {
          delay_time: {
            type: "float",
            unit: "s",
            minimum: 0,
            maximum: longestDelay,
            default: -1,
            summary: "-1, None or nothing: no time, these lamps are warm at once",
          },
        },
        deadline: longestDelay + 60,
        run: ({ delay_time }, { signal }) =>
          delay_time <= 0 ? undefined : this.#warmUp.moveTo(this.#warmUp.position + delay_time, signal),
      }),
    };
  }

  /** Turns them off. */
  off(): void {
    this.#lit.clear();
  }

  /** Turns them off, and chooses none. */
  reset(): void {
    this.off();
    this.#chosen = [];
  }

  /** Lets time pass. @param seconds How much. */
  step(seconds: number): void {
    this.#warmUp.step(seconds);
  }

  #light(): void {
    this.off();
    for (const name of this.#chosen) this.#lit.add(name);
  }

  /** @param given Names, or lists of names, or texts with several of them. */
  #choose(given: readonly unknown[]): void {
    const words = given.flat().flatMap((names) => String(names ?? "").split(/\s+/)).filter((name) => name !== "");
    const wanted = words.length === 1 && words[0] === "None" ? [] : words;
    this.#chosen = wanted.map((word) => {
      const name = this.#names.find((each) => each.toLowerCase() === word.toLowerCase());
      if (name !== undefined) return name;
      throw new HeliographError(
        "bad_argument",
        `Cannot choose the lamp ${word}: not one of ${this.#names.join(", ")}${didYouMean(word, this.#names)}; ` +
          `write their names with spaces between, as in set_comps ${this.#names.join(" ")}`,
      );
    });
  }
}
