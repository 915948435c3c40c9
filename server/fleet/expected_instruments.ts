/**
 * What conditions name of other PCs: followed for as long as somebody looks at the conditions, and there also before the PC
 * was heard of.
 *
 * @module
 */

import { awaitedInstrument, type Expectations, type Expected, isElsewhere } from "../bench/elsewhere.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { Following } from "./following.ts";

/** What expecting needs of the fleet. */
export interface ExpectedParts extends Pick<Expectations, "whyNot"> {
  /** An instrument, where it is known. */
  readonly find: (name: string) => Instrument | undefined;
  /** How a PC is followed; `undefined` where none of that name was heard of. */
  readonly followingOf: (pc: string) => Following | undefined;
  /** Whether it is known that there is none of a name: its PC has described itself. */
  readonly isNone: (name: string) => boolean;
  /** Why an instrument is not known yet, for people. */
  readonly whyAwaited: (name: string) => string;
  /** What was named is known, or is another. */
  readonly changed: () => void;
  /** It is ended. */
  readonly ended: () => void;
}

/** The instruments of other PCs that some conditions name. */
export class ExpectedInstruments implements Expectations {
  readonly #parts: ExpectedParts;
  /** What ends that a PC is followed; `undefined` of one that was not heard of yet. */
  readonly #pcs = new Map<string, (() => void) | undefined>();
  /** What stands for instruments that are not known yet, by their names and fields. */
  readonly #awaited = new Map<string, { readonly name: string; readonly instrument: Instrument }>();
  #ended = false;

  /** Expects nothing yet. */
  constructor(parts: ExpectedParts) {
    this.#parts = parts;
  }

  expect(name: string, field: string): Expected | undefined {
    if (!isElsewhere(name)) return undefined;
    const pc = name.slice(0, name.indexOf("/"));
    const { followingOf, find, isNone, whyAwaited } = this.#parts;
    if (!this.#ended && this.#pcs.get(pc) === undefined) this.#pcs.set(pc, followingOf(pc)?.hold());
    const found = find(name);
    if (found !== undefined) return { instrument: found, known: true };
    if (isNone(name)) return undefined;
    const key = JSON.stringify([name, field]);
    let awaited = this.#awaited.get(key);
    if (awaited === undefined) {
      this.#awaited.set(key, awaited = { name, instrument: awaitedInstrument(name, field, whyAwaited(name)) });
    }
    return { instrument: awaited.instrument, known: false };
  }

  whyNot(name: string): ReturnType<Expectations["whyNot"]> {
    return this.#parts.whyNot(name);
  }

  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const release of this.#pcs.values()) release?.();
    this.#pcs.clear();
    this.#parts.ended();
  }

  /** A PC is heard of for the first time. */
  meet(pc: string): void {
    if (this.#pcs.has(pc)) this.#pcs.set(pc, this.#pcs.get(pc) ?? this.#parts.followingOf(pc)?.hold());
  }

  /** More is known of a PC's instruments, or they are others. */
  told(pc: string): void {
    if (!this.#pcs.has(pc)) return;
    for (const [key, { name }] of [...this.#awaited]) {
      if (this.#parts.find(name) !== undefined) this.#awaited.delete(key);
    }
    this.tellWhy();
    this.#parts.changed();
  }

  /** What stands for what is not known yet tells why it is not. */
  tellWhy(): void {
    for (const { name, instrument } of this.#awaited.values()) {
      instrument.allFields[0]!.mirror(undefined, "stale", this.#parts.whyAwaited(name), false);
    }
  }
}
