/**
 * The Worker that writes down the records of other PCs: it may touch their folders, and nothing else.
 *
 * @module
 */

import { join } from "node:path";
import { performTasks } from "../files/task_worker.ts";
import { type CopyPart, RecordsCopy } from "../records/copying.ts";
import { diskRoom } from "../records/disk_room.ts";
import type { GatheringAnswer, GatheringTask } from "./gathering.ts";

const copies = new Map<string, RecordsCopy>();

function perform({ folder, pc, part }: Extract<GatheringTask, { readonly kind: "copy" }>): GatheringAnswer {
  let copy = copies.get(pc);
  if (copy === undefined) copies.set(pc, copy = new RecordsCopy(join(folder, pc)));
  if (part !== undefined) copy.add(part as CopyPart);
  return { kind: "copied", cursor: copy.cursor, ...copy.state };
}

performTasks<GatheringTask, GatheringAnswer>((task) => {
  try {
    if (task.kind === "copy") return perform(task);
    if (task.kind === "room") return { kind: "room", room: diskRoom(task.folder) };
    for (const copy of copies.values()) copy[Symbol.dispose]();
    copies.clear();
    return { kind: "closed" };
  } catch (error) {
    return { kind: "failed", reason: (error as Error).message };
  }
}, () => []);
