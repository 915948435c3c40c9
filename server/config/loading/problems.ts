/**
 * What is wrong with a bench file, collected so that all of it is told at once.
 *
 * @module
 */

import { BenchFileError, type Path, type Problem, type Source } from "../../files/source.ts";

/** What is wrong with a bench file, and with the files that it names. */
export class Problems {
  /** The bench file. */
  readonly source: Source;
  /** Files that are not there, without which the bench is served all the same. */
  readonly missing: Problem[] = [];
  readonly #found: Problem[];

  /** Begins. @param found What was wrong when it was read. @default nothing */
  constructor(source: Source, found: readonly Problem[] = []) {
    this.source = source;
    this.#found = [...found];
  }

  /** How many there are. */
  get count(): number {
    return this.#found.length;
  }

  /** A part of the bench file is wrong. */
  add(path: Path, message: string): void {
    this.#found.push(this.source.problem(path, message));
  }

  /** These are wrong, wherever they stand. */
  addAll(problems: readonly Problem[]): void {
    this.#found.push(...problems);
  }

  /** That a part of the bench file is wrong, to be thrown where the rest means nothing without it. */
  error(path: Path, message: string): BenchFileError {
    return new BenchFileError([this.source.problem(path, message)]);
  }

  /** Does something, and takes what is wrong. @returns `undefined` where something is. */
  async collect<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      this.addAll(error.problems);
      return undefined;
    }
  }

  /** Looks whether a file is there that a part of the bench file names. @param file Its absolute path. */
  async lookFor(path: Path, file: string): Promise<void> {
    const isThere = await Deno.stat(file).then(({ isFile }) => isFile, () => false);
    if (!isThere) this.missing.push(this.source.problem(path, `there is no file ${file}`));
  }

  /** Goes no further where something is wrong. @throws {BenchFileError} With all that is, as people go through the file. */
  stop(): void {
    if (this.#found.length === 0) return;
    throw new BenchFileError(
      this.#found.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
    );
  }
}
