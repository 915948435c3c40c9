/**
 * Marks a field for which an alarm stands.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { FieldReading } from "../../../protocol/description.ts";
import type { AlarmDetails } from "../../../protocol/guards.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { addressOf } from "../shell/address.ts";
import { beyondWords } from "./alarm_words.ts";

/** The worst alarm that stands of a field. */
export function useAlarm({ guards }: LiveBench, { instrument, spec }: LiveField): AlarmDetails | undefined {
  return useLive(guards.alarmed(`${instrument}.${spec.name}`));
}

/** The class of a field's place. */
export function alarmClass(alarm: AlarmDetails | undefined): string {
  return alarm === undefined ? "" : `alarmed severity-${alarm.severity}`;
}

/** Says what is the matter, and leads to the alarm. */
export function AlarmMark({ alarm, reading: { beyond } }: {
  readonly alarm: AlarmDetails | undefined;
  readonly reading: FieldReading;
}): VNode | null {
  if (alarm === undefined) return null;
  const { name, title, text } = alarm;
  return (
    <a class="alarm-mark" href={addressOf("guards", ["alarm", name])} title={text === "" ? title : `${title}: ${text}`}>
      <span class="unseen">alarm:</span> {beyond === undefined ? "alarm" : beyondWords[beyond]}
    </a>
  );
}
