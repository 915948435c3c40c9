/**
 * Gathers the records of all PCs of a fleet in one place. Each PC's own records are what is kept, and what has to come is
 * what is in them after what has come: so nothing is lost while one is cut off, and nothing comes twice.
 *
 * @module
 */

import { join } from "node:path";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { GatheredRecords } from "../../protocol/fleet.ts";
import { startFileWorker } from "../files/file_worker.ts";
import { TaskWorker } from "../files/task_worker.ts";
import { within } from "../network/within.ts";
import { type CopyCursor, type CopyPart, copyPart } from "../records/copying.ts";
import type { DiskRoom } from "../records/disk_room.ts";

const log = getLogger(["heliograph", "fleet"]);

/** How long a PC is left alone that had nothing more to tell, in milliseconds. */
const gatherEvery = 5000;
/** How long the end waits for what is being written, in milliseconds. */
const closeFor = 5000;
/** How often it is looked how much room the disk has, in milliseconds. */
const roomEvery = 30_000;

/** A task of the Worker that writes them down. */
export type GatheringTask =
  /** Writes down what came; without a part, it only tells how far its copy has come. */
  | { readonly kind: "copy"; readonly folder: string; readonly pc: string; readonly part?: CopyPart }
  /** Looks how much room the disk has. */
  | { readonly kind: "room"; readonly folder: string }
  | { readonly kind: "close" };

/** What came of it. */
export type GatheringAnswer =
  | {
    readonly kind: "copied";
    readonly cursor: CopyCursor;
    readonly records: number;
    readonly last: string | null;
  }
  | { readonly kind: "room"; readonly room: DiskRoom | undefined }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly reason: string };

/** What gathering needs of the fleet. */
export interface GatheringParts {
  /** The PCs that are there now. */
  readonly here: () => readonly string[];
  /** Asks a PC what came after a cursor. */
  readonly ask: (pc: string, after: CopyCursor) => Promise<unknown>;
}

/** A PC whose records are gathered. */
interface Gathered {
  cursor: CopyCursor | undefined;
  records: number;
  last: string | null;
  /** When all that it had told was written down. */
  whole: number | undefined;
  reason: string;
  working: boolean;
  due: number;
}

/** Gathers the records of other PCs. */
export class Gathering {
  readonly #folder: string;
  readonly #parts: GatheringParts;
  readonly #worker: TaskWorker<GatheringTask, GatheringAnswer>;
  readonly #pcs = new Map<string, Gathered>();
  #stopped = false;
  /** When it was looked last how much room the disk has, by `performance.now()`. */
  #lookedForRoom = -Infinity;
  #crowded = "";

  /** Makes it. @param folder An absolute path, in which each PC has a folder of its own. */
  constructor(folder: string, parts: GatheringParts) {
    this.#folder = folder;
    this.#parts = parts;
    this.#worker = new TaskWorker<GatheringTask, GatheringAnswer>({
      start: (failed) =>
        startFileWorker(
          new URL("./gathering_worker.ts", import.meta.url),
          "gathered records",
          [folder],
          failed,
          [],
          true,
        ),
      stopping: () => new Error("the server is stopping"),
      failed: (reason) => new Error(reason),
    });
  }

  /** Takes its folder, before the server gives up its permissions. */
  async open(): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    this.#worker.start();
  }

  /** That the disk is nearly full; empty where it is not. */
  get crowded(): string {
    return this.#crowded;
  }

  /** Asks whoever has not been asked for some time. */
  look(): void {
    if (performance.now() - this.#lookedForRoom > roomEvery) void this.#lookForRoom().catch(() => {});
    for (const pc of this.#parts.here()) {
      let gathered = this.#pcs.get(pc);
      if (gathered === undefined) {
        gathered = { cursor: undefined, records: 0, last: null, whole: undefined, reason: "", working: false, due: 0 };
        this.#pcs.set(pc, gathered);
      }
      if (gathered.working || performance.now() < gathered.due) continue;
      gathered.working = true;
      void this.#gather(pc, gathered).finally(() => {
        gathered.working = false;
        gathered.due = performance.now() + gatherEvery;
      });
    }
  }

  /** What was gathered, by PC. */
  describe(): GatheredRecords {
    return {
      folder: this.#folder,
      pcs: [...this.#pcs].sort(([one], [other]) => one < other ? -1 : 1).map(([name, gathered]) => ({
        name,
        folder: join(this.#folder, name),
        records: gathered.records,
        last: gathered.last,
        whole: gathered.whole === undefined ? null : new Date(gathered.whole).toISOString(),
        reason: gathered.reason,
      })),
    };
  }

  /** Ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await within(closeFor, this.#worker.ask({ kind: "close" }).catch(() => {}));
    this.#worker.stop();
  }

  /** What is gathered stays: a person has to make room. */
  async #lookForRoom(): Promise<void> {
    this.#lookedForRoom = performance.now();
    const answer = await this.#worker.ask({ kind: "room", folder: this.#folder });
    if (answer.kind !== "room" || answer.room === undefined) return;
    const { free, little } = answer.room;
    const crowded = free < little;
    if (crowded === (this.#crowded !== "")) return;
    this.#crowded = crowded
      ? `The disk of the gathered records, in ${this.#folder}, is nearly full: ${Math.floor(free / 1e6)} MB were free.`
      : "";
    if (crowded) log.warning("{what}", { what: this.#crowded });
    else log.info("The disk of the gathered records has room again");
  }

  async #gather(pc: string, gathered: Gathered): Promise<void> {
    try {
      gathered.cursor ??= await this.#write(pc, gathered);
      for (;;) {
        const asked = performance.now();
        const part = copyPart.parse(await this.#parts.ask(pc, gathered.cursor));
        if (this.#stopped) return;
        if (part.other) {
          throw new Error(
            `its records are others than those in ${
              join(this.#folder, pc)
            }: move that folder away, and they begin anew`,
          );
        }
        const isNothing = JSON.stringify(part.cursor) === JSON.stringify(gathered.cursor);
        if (!isNothing) gathered.cursor = await this.#write(pc, gathered, part);
        if (part.more) continue;
        gathered.whole = Date.now() - Math.round(performance.now() - asked);
        gathered.reason = "";
        return;
      }
    } catch (error) {
      if (this.#stopped) return;
      const reason = error instanceof Error ? error.message.split("\n")[0]! : String(error);
      // What was written is asked of the copy itself.
      gathered.cursor = undefined;
      if (reason !== gathered.reason) log.warning("The records of {pc} do not come: {reason}", { pc, reason });
      gathered.reason = reason;
    }
  }

  async #write(pc: string, gathered: Gathered, part?: CopyPart): Promise<CopyCursor> {
    const answer = await this.#worker.ask({
      kind: "copy",
      folder: this.#folder,
      pc,
      ...part === undefined ? {} : { part },
    });
    if (answer.kind === "failed") throw new Error(answer.reason);
    if (answer.kind !== "copied") throw new Error(`the Worker answered ${answer.kind}`);
    gathered.records = answer.records;
    gathered.last = answer.last;
    return answer.cursor;
  }
}
