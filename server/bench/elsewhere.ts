/**
 * The instruments of other PCs, for whoever names them on this one.
 *
 * @module
 */

import type { HeliographError } from "../../protocol/errors.ts";
import { fleetName } from "../../protocol/fleet.ts";
import type { Hub } from "./hub.ts";
import { Instrument } from "./instrument.ts";

/** An instrument of another PC, as a condition names it. */
export interface Expected {
  /** It; where it is not known yet, one with nothing but the field that was named, whose reason tells why. */
  readonly instrument: Instrument;
  /** Whether it is known what it is. */
  readonly known: boolean;
}

/** Finds what conditions name of other PCs, for as long as somebody looks at them. */
export interface Expectations extends Pick<Elsewhere, "expect" | "whyNot"> {
  /** Nobody looks at the conditions any more: what they named is followed no longer than whatever is asked for. */
  [Symbol.dispose](): void;
}

/** Finds what a condition names of other PCs. */
export interface Elsewhere {
  /**
   * An instrument that a condition names which is only checked: it is followed as one that somebody asks for.
   *
   * @param name As it is written: `cold-lab/tempcon`.
   * @param field The field that is named, by title or name.
   * @returns `undefined` where the name is no other PC's, or that PC is there and has none of that name.
   */
  expect(name: string, field: string): Expected | undefined;
  /** The PC of a name, where it is one of the fleet: `cold-lab` of `cold-lab/tempcon`. */
  pcOf(name: string): string | undefined;
  /**
   * Somebody asks for an instrument: from now on it is followed, until nobody has asked for some minutes.
   *
   * @returns When it is known, or why not; `undefined` where nothing is to be waited for.
   */
  follow(name: string): Promise<void> | undefined;
  /** Follows all PCs whose instruments a text names. @returns When they are known, or why not. */
  followNamed(text: string): Promise<void>;
  /** Follows an instrument at least until the returned function is called: somebody watches it. */
  hold(name: string): () => void;
  /** Why there is none of a name, where it is said to be another PC's. */
  whyNot(name: string): HeliographError | undefined;
  /**
   * Follows what conditions name until that is ended.
   *
   * @param changed Called when what they named is known, or is another: they have to be compiled anew.
   */
  expecting(changed: () => void): Expectations;
  /** Where the changes of these instruments are told. */
  readonly hub: Hub;
}

/** Stands for an instrument of another PC that is not known yet. @param reason Why it is not. */
export function awaitedInstrument(name: string, field: string, reason: string): Instrument {
  const instrument = new Instrument({ title: name, aside: true, fields: { [field]: { type: "text" } } });
  instrument.allFields[0]!.mirror(undefined, "stale", reason, false);
  return instrument;
}

/** The other PCs where none can be asked: as a file is checked, and in a rehearsal. */
export class NobodyElsewhere implements Pick<Elsewhere, "expect" | "whyNot"> {
  readonly #reason: string;
  readonly #named = new Set<string>();

  /** Makes it. @param reason Why nothing of them is known, for people. */
  constructor(reason: string) {
    this.#reason = reason;
  }

  /** What was named: `field("cold-lab/tempcon", "camtemp")`. */
  get named(): readonly string[] {
    return [...this.#named];
  }

  expect(name: string, field: string): Expected | undefined {
    if (!isElsewhere(name)) return undefined;
    this.#named.add(`field(${JSON.stringify(name)}, ${JSON.stringify(field)})`);
    return { instrument: awaitedInstrument(name, field, this.#reason), known: false };
  }

  whyNot(): undefined {
    return undefined;
  }
}

/** Whether a name can be one of another PC's instruments: `cold-lab/tempcon`. */
export function isElsewhere(name: string): boolean {
  const slash = name.indexOf("/");
  return slash > 0 && fleetName.test(name.slice(0, slash)) && name.length > slash + 1;
}
