/**
 * Reads the drawing of a bench.
 *
 * @module
 */

import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Instrument } from "../../bench/instrument.ts";
import { textOf } from "../../files/text_encoding.ts";
import { readDrawing } from "../drawing.ts";
import { bindTo } from "../drawing_words.ts";
import type { LoadedBench } from "../loaded_bench.ts";
import type { Problems } from "./problems.ts";

/** A drawing that was read already. */
export interface KnownDrawing {
  /** It, as SVG; `undefined` where it is not to be looked at. */
  readonly svg: string | undefined;
}

/**
 * Reads the drawing, and checks what it names.
 *
 * @param name The name of its file, if the bench file has one.
 * @param known What is taken instead of the file. @default the file is read
 */
export async function readOverview(
  name: string | undefined,
  known: KnownDrawing | undefined,
  instruments: readonly Instrument[],
  problems: Problems,
): Promise<LoadedBench["overview"]> {
  if (name === undefined) return undefined;
  const wrongAlready = problems.count > 0;
  const folder = dirname(resolve(problems.source.file));
  const file = join(folder, name);
  if (isAbsolute(name) || dirname(file) !== folder || !/\.svg$/i.test(name)) {
    problems.add(["overview"], `is ${name}; it must be the name of an SVG file beside the bench file`);
    return undefined;
  }
  let svg: string | undefined;
  try {
    svg = known === undefined ? textOf(await Deno.readFile(file)) : known.svg;
  } catch (error) {
    const message = error instanceof Deno.errors.NotFound
      ? `there is no file ${file}`
      : `${file} cannot be read: ${(error as Error).message}`;
    problems.add(["overview"], message);
    return undefined;
  }
  if (svg === undefined) return undefined;
  const { drawing, problems: inDrawing } = readDrawing(svg, bindTo(instruments));
  // Of a bench that is wrong itself, not all is there that may be named.
  if (drawing === undefined || !wrongAlready) problems.addAll(inDrawing.map((each) => ({ file, ...each })));
  return { svg, file };
}
