/**
 * The Worker that keeps one file which only its owner may read, and tells when another program has changed it.
 *
 * @module
 */

import type { FromSecretKeeper, ToSecretKeeper } from "./secret_keeper.ts";
import { exchangeSecretFile, readSecretFile } from "./secret_file.ts";

/** This Worker's own scope, which Deno's types for a window do not know. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToSecretKeeper>) => void;
  postMessage(message: FromSecretKeeper): void;
};

/**
 * How often it is looked whether the file is another one, in milliseconds. A watch of the system's own would need the
 * right to read the whole folder, and tells nothing on a network disk.
 */
const lookEvery = 250;

/** What tells one state of the file from another. */
function stateOf(file: string): string {
  try {
    const { mtime, size, ino } = Deno.statSync(file);
    return `${mtime?.getTime()} ${size} ${ino}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "none" : `${error}`;
  }
}

let watched: string | undefined;

function watch(file: string): void {
  if (watched !== undefined) return;
  watched = stateOf(file);
  setInterval(() => {
    const state = stateOf(file);
    if (state === watched) return;
    watched = state;
    scope.postMessage({ kind: "changed" });
  }, lookEvery);
}

scope.onmessage = ({ data: { file, task } }) => {
  try {
    if (task.kind === "read") {
      watch(file);
      scope.postMessage({ kind: "read", text: readSecretFile(file) });
    } else {
      scope.postMessage({ kind: "exchanged", done: exchangeSecretFile(file, task.expected, task.text) });
    }
  } catch (error) {
    scope.postMessage({ kind: "failed", reason: (error as Error).message });
  }
};
