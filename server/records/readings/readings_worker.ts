/**
 * The Worker that writes the readings: it may touch their folder, and nothing else.
 *
 * @module
 */

import { join } from "node:path";
import { performTasks } from "../../files/task_worker.ts";
import { ReadingsKeeper } from "./readings_keeper.ts";
import type { ReadingsAnswer, ReadingsTask } from "./readings_messages.ts";
import { readingsFile } from "./readings_store.ts";
import { thinned } from "./thinned_frames.ts";

let keeper: ReadingsKeeper | undefined;

function opened(folder: string): Extract<ReadingsAnswer, { readonly kind: "opened" }> {
  keeper?.[Symbol.dispose]();
  keeper = undefined;
  keeper = new ReadingsKeeper(folder);
  const damaged = keeper.moveAll();
  return { kind: "opened", segment: keeper.lastSegment, damaged };
}

/** @returns The new name of the database. */
function setAside(folder: string): string {
  keeper?.[Symbol.dispose]();
  keeper = undefined;
  const aside = `readings.damaged-${new Date().toISOString().replace(/[-:]|\..*/g, "")}.sqlite`;
  for (const end of ["", "-wal", "-shm"]) {
    try {
      Deno.renameSync(join(folder, readingsFile + end), join(folder, aside + end));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return aside;
}

/** Opens the database. One that is damaged is set aside as it is, for whoever can mend it, and another is begun. */
function open(folder: string): ReadingsAnswer {
  try {
    return opened(folder);
  } catch (error) {
    const reason = (error as Error).message;
    if (!/not a database|malformed/i.test(reason)) throw error;
    const aside = setAside(folder);
    return { ...opened(folder), damage: { reason, aside } };
  }
}

function perform(task: ReadingsTask): ReadingsAnswer {
  if (task.kind === "open") return open(task.folder);
  if (task.kind === "close") {
    keeper?.[Symbol.dispose]();
    keeper = undefined;
    return { kind: "closed" };
  }
  if (task.kind === "thin") return { kind: "thinned", ...thinned(task.frames, task.span) };
  if (keeper === undefined) throw new Error("the readings are not open");
  if (task.kind === "move") return { kind: "moved", damaged: keeper.move(task.file) };
  if (task.kind === "forget") return { kind: "forgotten", forgotten: keeper.forget(task.limits, task.now) };
  if (task.kind === "room") return { kind: "room", ...keeper.makeRoom() };
  if (task.kind === "reserve") return { kind: "reserved", held: keeper.reserve(task.hold) };
  return { kind: "tidied", more: keeper.tidy(task.now) };
}

performTasks<ReadingsTask, ReadingsAnswer>((task) => {
  try {
    return perform(task);
  } catch (error) {
    return { kind: "failed", reason: (error as Error).message };
  }
}, () => []);
