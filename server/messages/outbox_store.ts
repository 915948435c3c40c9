/**
 * Keeps over a restart what is still to be told.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import * as z from "npm:zod@4.6.7";
import { type AlarmDescription, alarmStates, severities } from "../../protocol/alarms.ts";
import { messageStates } from "../../protocol/messages.ts";
import { FileKeeper } from "../files/file_keeper.ts";
import { StateWriter } from "../files/state_writer.ts";
import { days } from "./messages_schema.ts";

const log = getLogger(["heliograph", "messages"]);

const moment = z.iso.datetime();
const deed = z.object({ by: z.string(), at: moment, reason: z.string() }).nullable();

const alarm: z.ZodType<AlarmDescription> = z.object({
  name: z.string(),
  title: z.string(),
  severity: z.enum(severities),
  text: z.string(),
  state: z.enum(alarmStates),
  active: z.boolean().nullable(),
  reason: z.string(),
  since: moment,
  raised: moment.nullable(),
  times: z.number(),
  fields: z.array(z.string()),
  acknowledged: deed,
  setAside: deed,
  shelvedUntil: moment.nullable(),
});

const values = z.strictObject({
  subject: z.string(),
  message: z.string(),
  title: z.string(),
  severity: z.string(),
  priority: z.string(),
  state: z.string(),
  text: z.string(),
  reason: z.string(),
  bench: z.string(),
  since: z.string(),
  times: z.string(),
});

const keptSchema = z.strictObject({
  last: z.int(),
  messages: z.array(z.strictObject({
    number: z.int(),
    id: z.string(),
    way: z.string(),
    label: z.string(),
    values,
    made: moment,
    state: z.enum(messageStates),
    tries: z.int(),
    refusals: z.int(),
    reason: z.string(),
    told: z.boolean(),
    perhapsSent: z.boolean(),
  })),
  gathering: z.array(z.strictObject({
    name: z.string(),
    notice: z.strictObject({ alarm, times: z.int(), unacknowledged: z.number() }),
  })),
  escalations: z.array(z.strictObject({
    alarm,
    to: z.array(z.string()),
    after: z.number(),
    /** When it is due. */
    at: moment,
    between: z.tuple([z.number(), z.number()]).optional(),
    days: z.array(z.enum(days)).optional(),
  })),
  /** Who is told the end of which alarm. */
  returns: z.record(z.string(), z.array(z.string())),
});

/** What is kept. */
export type KeptMessages = z.output<typeof keptSchema>;

/** Keeps it in a file, or in memory where there is none. */
export class OutboxStore {
  readonly #keeper: FileKeeper | undefined;
  readonly #writer: StateWriter | undefined;

  /** Reads nothing yet. @param file The absolute path of the file. @default nothing is kept */
  constructor(file: string | undefined) {
    if (file === undefined) return;
    this.#keeper = new FileKeeper(file, { ownFolder: true });
    this.#writer = new StateWriter(this.#keeper, {
      failed: (reason) => `Messages that wait are NOT kept over a restart: cannot write ${file}: ${reason}`,
      logFailed: (hint) => log.error("{hint}", { hint }),
      logAgain: (file) => log.warning("Messages are kept again, in {file}", { file }),
    });
  }

  /** Why nothing is kept; empty where it is. */
  get hint(): string {
    return this.#writer?.hint ?? "Messages that wait are kept until the server stops.";
  }

  /** Whether what waits should be kept, and could not be written the last time. */
  get failed(): boolean {
    return this.#writer !== undefined && this.hint !== "";
  }

  /** Reads the file, before the server gives up its permissions. @returns What was kept; `undefined` for nothing. */
  async open(): Promise<KeptMessages | undefined> {
    const keeper = this.#keeper;
    if (keeper === undefined) return undefined;
    try {
      keeper.start();
      const text = await keeper.read();
      if (text === undefined) {
        await keeper.check();
        return undefined;
      }
      return keptSchema.parse(JSON.parse(text));
    } catch (error) {
      const { file, aside } = keeper;
      const reason = (error as Error).message;
      this.#writer!.hint =
        `Messages that waited before the start are lost: ${file} cannot be used; it is kept as ${aside}`;
      log.error("Messages that waited before the start are lost: {file} cannot be used: {reason}", { file, reason });
      // What cannot be read is replaced, but not thrown away.
      await keeper.setAside().catch(() => {});
      return undefined;
    }
  }

  /** Keeps this. What cannot be written is told loudly, and tried again with the next call. @param make Makes it. */
  keep(make: () => KeptMessages): void {
    void this.#writer?.write(() => `${JSON.stringify(make())}\n`);
  }

  /** Waits until it is written, and ends. */
  async stop(): Promise<void> {
    await this.#writer?.stop();
  }
}
