/**
 * Lines that another program writes into a file: each line of the file comes when it is whole.
 *
 * The first line of a file, which may be its header, comes before the others, with a {@linkcode headingMark} in front.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { FileLook } from "../../files/file_tail.ts";
import type { FileTailTask } from "../../files/file_tail_worker.ts";
import { startFileWorker } from "../../files/file_worker.ts";
import { TaskWorker } from "../../files/task_worker.ts";
import { delay } from "./delay.ts";
import type { Line } from "./line.ts";

/** Stands before the first line of a file: the character for the start of a heading. */
export const headingMark = "\x01";

/** The pause between two looks, in seconds. */
const lookSeconds = 0.25;

/** For how long a file may be away, as it is while another takes its place, in seconds. */
const awaySeconds = 1;

type Tail = TaskWorker<FileTailTask, FileLook>;

/** Those that were started before the server gave up its permissions: they stay. */
const prepared = new Map<string, Tail>();

/**
 * Starts what reads a file: before a server gives up its permissions.
 *
 * @param path Its absolute path.
 * @throws {Deno.errors.NotCapable} Where this program may not read it.
 */
export async function prepareFile(path: string): Promise<void> {
  if (prepared.has(path)) return;
  const tail = makeTail(path);
  prepared.set(path, tail);
  // It has its own permissions once it has answered, for which it need not touch the file.
  await tail.ask({ path: "", fresh: true });
}

/**
 * Opens a file to follow it.
 *
 * @param path Its absolute path.
 * @returns The line, to which nothing can be sent.
 * @throws {HeliographError} `not_connected` where it is not there, or may not be read.
 */
export async function openFile(path: string): Promise<Line> {
  const known = prepared.get(path);
  const tail = known ?? makeTail(path);
  const end = () => known === undefined ? tail.stop() : undefined;
  const closing = new AbortController();
  const look = async (fresh: boolean): Promise<FileLook> => {
    try {
      return await tail.ask({ path, fresh });
    } catch (error) {
      if (closing.signal.aborted) return { there: false, reason: "" };
      const reason = error instanceof Deno.errors.NotCapable
        ? `this program was not started with permission to read it: --allow-read=${path}`
        : (error as Error).message;
      throw new HeliographError("not_connected", `cannot read ${path}: ${reason}`, { cause: error });
    }
  };
  let found: FileLook;
  try {
    found = await look(true);
    if (!found.there) throw new HeliographError("not_connected", `cannot read ${path}: ${found.reason}`);
  } catch (error) {
    end();
    throw error;
  }
  let first: FileLook | undefined = found;
  let seenAt = performance.now();
  return {
    async read() {
      for (;;) {
        if (closing.signal.aborted) return null;
        if (first === undefined) await delay(lookSeconds, closing.signal).catch(() => {});
        if (closing.signal.aborted) return null;
        const looked: FileLook = first ?? await look(false);
        first = undefined;
        if (closing.signal.aborted) return null;
        if (looked.there) {
          seenAt = performance.now();
          const bytes = bytesOf(looked);
          if (bytes.length > 0) return bytes;
        } else if (performance.now() - seenAt > awaySeconds * 1000) {
          throw new HeliographError("not_connected", `${path} is gone: ${looked.reason}`);
        }
      }
    },
    write() {
      return Promise.reject(new HeliographError("bad_argument", `nothing can be sent to the file ${path}`));
    },
    close() {
      if (closing.signal.aborted) return;
      closing.abort();
      end();
    },
  };
}

function bytesOf({ first, lines }: FileLook & { there: true }): Uint8Array {
  if (first === undefined) return lines;
  const bytes = new Uint8Array(1 + first.length + lines.length);
  bytes.set([headingMark.charCodeAt(0)]);
  bytes.set(first, 1);
  bytes.set(lines, 1 + first.length);
  return bytes;
}

function makeTail(path: string): Tail {
  return new TaskWorker({
    start: (failed) =>
      startFileWorker(new URL("../../files/file_tail_worker.ts", import.meta.url), "file", [], failed, [path]),
    stopping: () => new Error("it is not followed any more"),
    failed: (reason) => new Error(reason),
  });
}
