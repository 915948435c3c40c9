/**
 * Reads a bench file: JSON with comments, or a module that exports the same.
 *
 * @module
 */

import { driverApi } from "../devices/driver_process/driver_api.ts";
import { isModule, loadModule } from "../devices/driver_process/modules.ts";
import { BenchFileError, type Problem, Source } from "../files/source.ts";
import { type AccessWords, accessWordsOf } from "./access_words.ts";

/**
 * Reads a bench file, and checks nothing but that it can be read.
 *
 * @param twice Is given the keys that stand twice in it.
 * @throws {BenchFileError} Where it cannot be read.
 */
export async function readBench(file: string, twice: Problem[]): Promise<Source> {
  if (!isModule(file)) return Source.read(file, await readBytes(file), twice);
  const exported = await loadModule(file);
  if (typeof exported !== "function") return Source.ofValue(file, exported);
  try {
    return Source.ofValue(file, await exported(driverApi));
  } catch (error) {
    const { name, message } = error as Error;
    throw new BenchFileError([{ file, where: "", message: `its function failed: ${name}: ${message}` }]);
  }
}

/** Reads a file of the operator's. @throws {BenchFileError} Where that cannot be done. */
export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    const message = error instanceof Deno.errors.NotFound
      ? 'there is no such file; "heliograph init" writes one to begin with'
      : error instanceof Deno.errors.IsADirectory || (error as Error).message.includes("Is a directory")
      ? "is a folder; name the file in it"
      : `cannot be read: ${(error as Error).message}`;
    throw new BenchFileError([{ file, where: "", message }]);
  }
}

/**
 * What a bench file says of who may do what; nothing else of it is looked at.
 *
 * @param file The bench file.
 * @throws {BenchFileError} Where it cannot be read.
 */
export async function readAccessWords(file: string): Promise<AccessWords> {
  const words = accessWordsOf((await readBench(file, [])).value);
  if (words !== undefined) return words;
  const message = "what it says of roles or addresses is wrong; “heliograph check” tells what";
  throw new BenchFileError([{ file, where: "", message }]);
}
