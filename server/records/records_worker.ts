/**
 * The Worker that keeps the records, and another one that looks for something in them: each may touch their folder, and
 * nothing else.
 *
 * @module
 */

import { performTasks } from "../files/task_worker.ts";
import { lookInto, RecordsKeeper } from "./records_keeper.ts";
import { isLook, type RecordsAnswer, type RecordsTask } from "./records_messages.ts";

let keeper: RecordsKeeper | undefined;

performTasks<RecordsTask, RecordsAnswer>((task) => {
  if (isLook(task)) return lookInto(task);
  if (task.kind === "close") {
    keeper?.[Symbol.dispose]();
    keeper = undefined;
    return { kind: "closed" };
  }
  if (task.kind !== "open") {
    return keeper?.perform(task) ?? { kind: "failed", reason: "the records are not open" };
  }
  try {
    keeper?.[Symbol.dispose]();
    keeper = undefined;
    keeper = new RecordsKeeper(task.folder);
  } catch (error) {
    return { kind: "failed", reason: (error as Error).message };
  }
  return keeper.opened();
}, () => []);
