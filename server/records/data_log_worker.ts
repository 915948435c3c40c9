/**
 * The Worker that writes PyOpticon's data log: it may touch the folder of the logs, and nothing else.
 *
 * @module
 */

import { performTasks } from "../files/task_worker.ts";
import { inPeoplesWords } from "../files/part_file.ts";
import { appendRows, type DataLogAnswer, type DataLogTask } from "./data_log_file.ts";

function perform(task: DataLogTask): DataLogAnswer {
  switch (task.kind) {
    case "answer":
      return { kind: "written", count: 0, file: "" };
    case "make":
      try {
        Deno.mkdirSync(task.folder, { recursive: true });
        return { kind: "written", count: 0, file: "" };
      } catch (error) {
        return { kind: "failed", count: 0, file: "", reason: inPeoplesWords(error).message };
      }
    case "append":
      return appendRows(task.folder, task.name, task.rows);
  }
}

performTasks<DataLogTask, DataLogAnswer>(perform, () => []);
