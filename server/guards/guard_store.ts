/**
 * Keeps what guards must know after a restart: what is latched, what is bypassed, when watchdogs end, and the
 * alarms that are not normal.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import type { TripDescription } from "../../protocol/guards.ts";
import { type AlarmDeed, type AlarmState, alarmStates } from "../../protocol/alarms.ts";
import { FileKeeper } from "../files/file_keeper.ts";
import { StateWriter } from "../files/state_writer.ts";

const log = getLogger(["heliograph", "guards"]);

const moment = z.iso.datetime();
const deed = z.strictObject({ by: z.string(), at: moment, reason: z.string() });

/** What is kept of an alarm. */
export interface KeptAlarm {
  readonly on: boolean;
  readonly unacknowledged: boolean;
  readonly latched: boolean;
  /** The state that was told last. */
  readonly state: AlarmState;
  readonly since: string;
  readonly raised: string | null;
  readonly reason: string;
  readonly times: number;
  readonly acknowledged: AlarmDeed | null;
  /** Until when it is shelved; `null` where it is out of service. */
  readonly setAside: (AlarmDeed & { readonly until: string | null }) | null;
}

const alarmSchema: z.ZodType<KeptAlarm> = z.strictObject({
  on: z.boolean(),
  unacknowledged: z.boolean(),
  latched: z.boolean(),
  state: z.enum(alarmStates),
  since: moment,
  raised: moment.nullable(),
  reason: z.string(),
  times: z.int(),
  acknowledged: deed.nullable(),
  setAside: deed.extend({ until: moment.nullable() }).nullable(),
});

/** What is kept of a limit; moments in milliseconds since 1970. */
export interface KeptLimit {
  /** When this was written. */
  readonly at: number;
  /** When it was on; `null` for until now. */
  readonly on: readonly { readonly from: number; readonly to: number | null }[];
  /** What it was set to, and when. */
  readonly values: readonly { readonly at: number; readonly value: number }[];
  /** When it was called. */
  readonly done: readonly number[];
}

const limitSchema: z.ZodType<KeptLimit> = z.strictObject({
  at: z.number(),
  on: z.array(z.strictObject({ from: z.number(), to: z.number().nullable() })),
  values: z.array(z.strictObject({ at: z.number(), value: z.number() })),
  done: z.array(z.number()),
});

/** What is kept of a watchdog. */
export interface KeptWatchdog {
  /** In seconds. */
  readonly within: number;
  /** When somebody has renewed it last, ISO 8601 in UTC, and who. */
  readonly renewed: string;
  readonly renewedBy: string;
  readonly expired: boolean;
  /** Whether its steps had been done, or had failed, when this was written. */
  readonly acted: boolean;
  /** Its steps as somebody typed them; empty for those of the bench file, or the safe state. */
  readonly then: string;
}

const watchdogSchema: z.ZodType<KeptWatchdog> = z.strictObject({
  within: z.number().positive(),
  renewed: moment,
  renewedBy: z.string(),
  expired: z.boolean(),
  acted: z.boolean(),
  // A file of an earlier version has none.
  then: z.string().default(""),
});

const tripSchema = z.strictObject({
  name: z.string(),
  interlock: z.string(),
  title: z.string(),
  time: moment,
  reason: z.string(),
  first: z.array(z.string()),
  parts: z.array(z.strictObject({
    text: z.string(),
    so: z.boolean().nullable(),
    value: z.string(),
    distance: z.number().optional(),
  })),
  fields: z.array(z.string()),
});

const keptSchema = z.strictObject({
  interlocks: z.record(
    z.string(),
    z.strictObject({
      latched: z.boolean(),
      /** When it tripped last, and why. */
      tripped: moment,
      reason: z.string(),
      /** Whether its steps had been done, or had failed, when this was written. */
      acted: z.boolean(),
    }),
  ),
  bypasses: z.record(z.string(), z.strictObject({ by: z.string(), reason: z.string(), since: moment, until: moment })),
  watchdogs: z.record(z.string(), watchdogSchema),
  /** The interlocks that have tripped. A file of an earlier version has none. */
  trips: z.array(tripSchema).default([]),
  /** Those that are not normal, or were set aside. A file of an earlier version has none. */
  alarms: z.record(z.string(), alarmSchema).default({}),
  limits: z.record(z.string(), limitSchema).default({}),
});

/** What is kept. */
export type KeptGuards = Omit<z.output<typeof keptSchema>, "trips"> & { readonly trips: readonly TripDescription[] };

/** Keeps the state of guards in a file, or in memory where there is none. */
export class GuardStore {
  readonly #keeper: FileKeeper | undefined;
  readonly #writer: StateWriter | undefined;
  /** What the file holds, or will when it is written; `undefined` where that is not known. */
  #text: string | undefined;

  /** Reads nothing yet. @param file The absolute path of the file. @default nothing is kept */
  constructor(file: string | undefined) {
    if (file === undefined) return;
    this.#keeper = new FileKeeper(file, { ownFolder: true });
    this.#writer = new StateWriter(this.#keeper, {
      failed: (reason) => `What is latched is NOT kept over a restart: cannot write ${file}: ${reason}`,
      logFailed: (hint) => log.error("{hint}", { hint }),
      logAgain: (file) => log.warning("The state of the guards is kept again, in {file}", { file }),
    });
  }

  /** Why nothing is kept; empty where it is. */
  get hint(): string {
    return this.#writer?.hint ?? "Latches, bypasses, watchdogs and alarms are kept until the server stops.";
  }

  /** Whether what was to be written could not be. */
  get failed(): boolean {
    return this.#writer !== undefined && this.hint !== "";
  }

  /**
   * Reads the file, before the server gives up its permissions.
   *
   * @returns What was kept; `undefined` where there is nothing, `"lost"` where there is something that cannot be used.
   */
  async open(): Promise<KeptGuards | "lost" | undefined> {
    const keeper = this.#keeper;
    if (keeper === undefined) return undefined;
    try {
      keeper.start();
      const text = await keeper.read();
      if (text === undefined) {
        await keeper.check();
        return undefined;
      }
      const kept = keptSchema.parse(JSON.parse(text)) as KeptGuards;
      this.#text = text;
      return kept;
    } catch (error) {
      const reason = (error as Error).message;
      log.error("The state of the guards in {file} cannot be used: {reason}. What latches is latched", {
        file: keeper.file,
        reason,
      });
      // What cannot be read is replaced, but not thrown away.
      await keeper.setAside().catch(() => {});
      return "lost";
    }
  }

  /** Keeps this. What cannot be written is told loudly, and tried again with the next call. */
  keep(kept: KeptGuards): void {
    const text = `${JSON.stringify(kept, null, 2)}\n`;
    if (this.#writer === undefined || text === this.#text) return;
    this.#text = text;
    this.#writer.write(() => text).catch(() => this.#text = undefined);
  }

  /** Waits until it is written, and ends. */
  async stop(): Promise<void> {
    await this.#writer?.stop();
  }
}
