/**
 * Turns the source that PyOpticon's `do_exec` sends, that of a function, into code that calls it.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

const inline = "Ignoring do_exec() call: Not allowed to define exec functions inline (e.g. do_exec(lambda x: ...)); " +
  "please define the function elsewhere (l = lambda x: ..., or def l():...), then do_exec(l).";

/**
 * @param source What `inspect.getsource` gave the client: a `def`, the line of a lambda, or plain statements. One that
 * stood indented, in a function or a class, may stay so.
 * @returns Python that runs it: a function is called, without arguments.
 * @throws {HeliographError} `code_failed`, in PyOpticon's words, for the source of a call of `do_exec` itself.
 */
export function pyopticonSource(source: string): string {
  if (source.includes("do_exec")) throw new HeliographError("code_failed", inline);
  const indent = /^[ \t]*/.exec(source)![0];
  const text = indent === "" ? source : source.split("\n").map((line) => withoutStart(line, indent)).join("\n");
  const named = /^def\s+([^\s(]+)\s*\(/.exec(text);
  if (named !== null) return `${text}\n${named[1]}()\n`;
  // The original takes everything from the first "lambda" on; here statements that use one stay what they are.
  const lambda = /^[\w.]+\s*=\s*(lambda\b[\s\S]*)$/.exec(text);
  return lambda === null ? text : `to_exec = ${lambda[1]}\nto_exec()\n`;
}

function withoutStart(line: string, indent: string): string {
  return line.startsWith(indent) ? line.slice(indent.length) : line;
}
