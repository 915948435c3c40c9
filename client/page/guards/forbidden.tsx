/**
 * Says at a control that an interlock forbids it, and why, before anybody tries.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { CommandDescription, WireValue } from "../../../protocol/description.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { addressOf } from "../shell/address.ts";
import type { Forbids } from "./live_guards.ts";

/** All that drives an instrument is forbidden by this one. */
export function wholeForbidden(forbids: readonly Forbids[]): Forbids | undefined {
  return forbids.find(({ what }) => what.field === undefined && what.command === undefined);
}

function isLimited({ what: { above, below } }: Forbids): boolean {
  return above !== undefined || below !== undefined;
}

/** Whether a value is one that is forbidden. */
function covers({ what: { above, below } }: Forbids, value: unknown): boolean {
  if (above === undefined && below === undefined) return true;
  return typeof value === "number" && (above !== undefined && value > above || below !== undefined && value < below);
}

/** Those that forbid a setting: whatever its value, or only some. */
export function ofSetting(forbids: readonly Forbids[], field: string): {
  readonly any: Forbids | undefined;
  readonly some: readonly Forbids[];
} {
  const found = forbids.filter(({ what }) => what.field === field);
  return { any: wholeForbidden(forbids) ?? found.find((each) => !isLimited(each)), some: found.filter(isLimited) };
}

/** The one that forbids a value. */
export function forbidding(some: readonly Forbids[], value: WireValue | undefined): Forbids | undefined {
  return some.find((each) => covers(each, value));
}

/** Those that forbid a command: whatever its arguments, or only some values. */
export function ofCommand(
  forbids: readonly Forbids[],
  { name, role, stop }: Pick<CommandDescription, "name" | "role" | "stop">,
): { readonly any: Forbids | undefined; readonly some: readonly Forbids[] } {
  // What stops something, or only reads, is never forbidden.
  if (stop || role === "observer") return { any: undefined, some: [] };
  const found = forbids.filter(({ what }) => what.command === name);
  return {
    any: wholeForbidden(forbids) ?? found.find(({ what }) => what.argument === undefined),
    some: found.filter(({ what }) => what.argument !== undefined),
  };
}

/** Which values are forbidden: `above 20`. */
export function limitWords({ what: { above, below } }: Forbids): string {
  return [
    ...above === undefined ? [] : [`above ${above}`],
    ...below === undefined ? [] : [`below ${below}`],
  ].join(" or ");
}

/** Why, in a few words. */
export function whyOf({ by: { state, reason } }: Forbids): string {
  return state === "latched" ? `it tripped${reason === "" ? "" : ` (${reason})`}, and waits for a reset` : reason;
}

/** What is said at a control. */
export function Forbidden({ by, id, what = "this" }: {
  readonly by: Forbids;
  readonly id?: string;
  /** What of it is forbidden. @default this */
  readonly what?: string;
}): VNode {
  const { name, title, refusal } = by.by;
  return (
    <small class="forbidden" id={id} title={refusal}>
      <span class="no-entry" aria-hidden="true" />
      <span>
        <a href={addressOf("guards", [name])}>{title}</a> forbids {what}: {whyOf(by)}
      </span>
    </small>
  );
}

/** The interlock that forbids to confirm now: all settings that need it are sent, changed or not. */
export function useConfirmForbidden(
  forbids: readonly Forbids[],
  { fields }: LiveInstrument,
): Forbids | undefined {
  const [, drawAgain] = useState(0);
  const concerned = forbids.flatMap((each) => {
    const field = [...fields.values()].find(({ spec }) => spec.needsConfirm && spec.name === each.what.field);
    return field === undefined ? [] : [{ each, field }];
  });
  useEffect(() => {
    const ends = concerned.map(({ field }) => field.reading.subscribe(() => drawAgain((count) => count + 1)));
    return () => ends.forEach((end) => end());
  }, [forbids]);
  return wholeForbidden(forbids) ??
    concerned.find(({ each, field: { reading: { value: { value } } } }) => value !== null && covers(each, value))?.each;
}
