/**
 * Checks what a bench file says of messages.
 *
 * @module
 */

import { resolve } from "node:path";
import type { MessagesWords } from "../../messages/messages_schema.ts";
import { checkMessages, secretFilesOf, withFiles } from "../../messages/ways.ts";
import type { Problems } from "./problems.ts";

/**
 * Checks who is told of alarms.
 *
 * @param beside The absolute path of the file's folder.
 * @param lookForFiles Whether files are looked for; one with a secret that is not there keeps no bench from being served.
 * @returns What it says, with absolute paths.
 */
export async function readMessages(
  given: MessagesWords | undefined,
  beside: string,
  lookForFiles: boolean,
  problems: Problems,
): Promise<MessagesWords | undefined> {
  if (given === undefined) return undefined;
  checkMessages(given, (path, message) => problems.add(["messages", ...path], message));
  for (const { path, file } of lookForFiles ? secretFilesOf(given) : []) {
    await problems.lookFor(["messages", ...path], resolve(beside, file));
  }
  return withFiles(given, (file) => resolve(beside, file));
}

/** Checks that nobody is told by a broker that the bench does not have. */
export function checkReached(given: MessagesWords | undefined, hasBroker: boolean, problems: Problems): void {
  for (const [name, person] of Object.entries(given?.people ?? {})) {
    if (person.mqtt === undefined || hasBroker) continue;
    problems.add(["messages", "people", name, "mqtt"], 'needs a broker: say "mqtt" in the bench file');
  }
}
