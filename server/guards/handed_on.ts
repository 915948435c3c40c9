/**
 * Remembers of which instruments a bench file says guards: a program that serves them and hands on no guards has them all
 * the same, since what is forgotten there would be known only on the day that it is needed.
 *
 * @module
 */

import type { Instrument } from "../bench/instrument.ts";
import type { GuardsWords } from "./guards_schema.ts";

const known = new WeakMap<Instrument, GuardsWords>();

/** Remembers what a bench file says of guards of these instruments. */
export function handOn(instruments: readonly Instrument[], guards: GuardsWords | undefined): void {
  if (guards === undefined) return;
  for (const instrument of instruments) known.set(instrument, guards);
}

/** What the bench file of these instruments says of guards; `undefined` where it says nothing. */
export function handedOn(instruments: readonly Instrument[]): GuardsWords | undefined {
  return instruments.flatMap((each) => known.get(each) ?? [])[0];
}
