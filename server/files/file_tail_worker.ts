/**
 * Follows one file, as a Worker's program: a server that serves may not read files any more, and one on a network share
 * may keep whoever reads it waiting.
 *
 * @module
 */

import { type FileLook, FileTail } from "./file_tail.ts";
import { performTasks } from "./task_worker.ts";

/** A task: a look at the file, as at one that was never looked at where it is `fresh`; without a path none. */
export interface FileTailTask {
  readonly path: string;
  readonly fresh: boolean;
}

let tail: FileTail | undefined;

performTasks<FileTailTask, FileLook>(({ path, fresh }) => {
  if (path === "") return { there: false, reason: "nothing was asked for" };
  tail ??= new FileTail(path);
  if (fresh) tail.reset();
  return tail.look();
}, () => []);
