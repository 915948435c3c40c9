/**
 * Loads drivers and benches of one's own: TypeScript and JavaScript from the disk, also into an executable.
 *
 * @module
 */

import { type Node, parse } from "npm:acorn@8.19.0";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { transform } from "npm:sucrase@3.35.1";
import { loadMessage } from "./load_message.ts";
import { BenchFileError } from "../../files/source.ts";

/** The modules of Node that a driver may import in an executable: nothing that makes code from text, or loads it. */
const nodeNames = [
  "assert",
  "buffer",
  "console",
  "crypto",
  "dgram",
  "dns",
  "events",
  "fs",
  "http",
  "https",
  "net",
  "os",
  "path",
  "perf_hooks",
  "process",
  "querystring",
  "stream",
  "string_decoder",
  "timers",
  "tls",
  "url",
  "util",
  "zlib",
];
const nodeModules = new RegExp(`^node:(?:${nodeNames.join("|")})(?:/\\w+)?$`);

/** The specifiers that are fetched from a registry or another server. */
const isPackage = /^(?:npm|jsr|https?):/;

/** Whether a file's name says that it holds code. */
export function isModule(file: string): boolean {
  return /\.[cm]?[jt]s$/.test(file);
}

/**
 * Loads a module from the disk.
 *
 * @param file Its path. TypeScript is not type-checked. It may import files beside it; in an executable, neither npm
 * packages nor addresses.
 * @returns What it exports by default.
 * @throws {BenchFileError} With what is wrong with it.
 */
export async function loadModule(file: string): Promise<unknown> {
  const path = resolve(file);
  let loaded: { default?: unknown };
  try {
    await Deno.stat(path);
    loaded = Deno.build.standalone ? await importTranspiled(path) : await import(pathToFileURL(path).href);
  } catch (error) {
    if (error instanceof BenchFileError) throw error;
    throw new BenchFileError([{ file, where: "", message: loadMessage(error) }]);
  }
  if (loaded.default === undefined) {
    throw new BenchFileError([{ file, where: "", message: "exports nothing by default: begin with export default" }]);
  }
  return loaded.default;
}

async function importTranspiled(path: string): Promise<{ default?: unknown }> {
  const { folder, top, file } = await transpiledCopy(path);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    const { name, message } = error as Error;
    // People know their own files, not the copies.
    throw Object.assign(new Error(message.replaceAll(pathToFileURL(folder).href, top).replaceAll(folder, top)), {
      name,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * An executable imports what is JavaScript already: the files go into a temporary folder under the same names.
 *
 * @param path The module's absolute path.
 * @param readable Paths that all of it is in. @default anywhere
 * @param prefix What the folder's name begins with.
 * @returns The folder, which is to be removed; what it is a copy of; and the module's copy.
 * @throws {BenchFileError} With what is wrong with it.
 */
export async function transpiledCopy(
  path: string,
  readable?: readonly string[],
  prefix = "heliograph-",
): Promise<{ folder: string; top: string; file: string }> {
  const files = await moduleTree(path, readable);
  const top = commonFolder([...files.keys()]);
  const folder = await Deno.makeTempDir({ prefix });
  for (const [file, text] of files) {
    const copy = join(folder, relative(top, file));
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.writeTextFile(copy, text);
  }
  return { folder, top, file: join(folder, relative(top, path)) };
}

/**
 * Whether a module, or a file that it imports, imports packages, which a program from source may.
 *
 * @param path The module's absolute path.
 * @returns `false` also where it cannot be read: that is said when it is loaded.
 */
export async function importsPackages(path: string): Promise<boolean> {
  let found = false;
  await moduleTree(path, undefined, () => found = true).catch(() => {});
  return found;
}

/**
 * A module and all that it imports, as JavaScript.
 *
 * @param readable Paths that all of it is in, for a driver. @default anywhere
 * @param foreign Told of what is no file and not Node's. @default that is an error
 */
async function moduleTree(
  start: string,
  readable?: readonly string[],
  foreign?: (specifier: string) => void,
): Promise<Map<string, string>> {
  const known = readable === undefined ? /^node:/ : nodeModules;
  const files = new Map<string, string>();
  const waiting: { path: string; from: string }[] = [{ path: start, from: "" }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, from } = next;
    if (files.has(path)) continue;
    if (readable?.some((folder) => isWithin(folder, path)) === false) {
      const message =
        `imports ${path}: a driver reads no file outside its folder unless the bench file says so for its ` +
        `instrument: "permissions": { "read": [${JSON.stringify(path)}] }`;
      throw new BenchFileError([{ file: from, where: "", message }]);
    }
    let text: string;
    try {
      text = await Deno.readTextFile(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || from === "") throw error;
      throw new BenchFileError([{ file: from, where: "", message: `imports ${path}, and there is no such file` }]);
    }
    const script = path.endsWith(".json") ? text : javascript(path, text);
    files.set(path, script);
    if (path.endsWith(".json")) continue;
    for (const specifier of importsOf(path, script, readable !== undefined)) {
      if (/^\.\.?\//.test(specifier)) waiting.push({ path: resolve(dirname(path), specifier), from: path });
      else if (foreign !== undefined && isPackage.test(specifier)) foreign(specifier);
      else if (!known.test(specifier)) {
        const message = specifier.includes("heliograph")
          ? loadMessage(new Error(`heliograph not found`))
          : `imports ${specifier}: in the executable a driver can import files beside it and these modules only: ${
            nodeNames.map((name) => `node:${name}`).join(", ")
          }`;
        throw new BenchFileError([{ file: path, where: "", message }]);
      }
    }
  }
  return files;
}

function javascript(path: string, text: string): string {
  if (!/\.[cm]?ts$/.test(path)) return text;
  try {
    return transform(text, { transforms: ["typescript"], disableESTransforms: true, filePath: path }).code;
  } catch (error) {
    throw new BenchFileError([{
      file: path,
      where: "",
      message: (error as Error).message.replace(/^Error transforming [^:]*: /, ""),
    }]);
  }
}

/**
 * The modules that a module imports, by `import()` too: an executable imports without asking for the permission to
 * read.
 *
 * @param named Whether what it computes is an error.
 */
function importsOf(path: string, script: string, named: boolean): string[] {
  const wrong = (message: string) => new BenchFileError([{ file: path, where: "", message }]);
  let program: Node;
  try {
    program = parse(script, { ecmaVersion: "latest", sourceType: "module", allowAwaitOutsideFunction: true });
  } catch (error) {
    throw wrong(`cannot be loaded: ${(error as Error).message}`);
  }
  const specifiers: string[] = [];
  const waiting: unknown[] = [program];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (typeof node !== "object" || node === null) continue;
    const { type, source } = node as { type?: unknown; source?: { type?: unknown; value?: unknown } | null };
    if (typeof type === "string" && /^(?:Import|Export\w*Declaration)/.test(type) && source) {
      if (source.type === "Literal" && typeof source.value === "string") specifiers.push(source.value);
      else if (named) {
        throw wrong("imports what it computes: in the executable a driver names what it imports, in quotes");
      }
    }
    waiting.push(...Object.values(node));
  }
  return specifiers;
}

/** Whether a file is in a folder, or is it. */
function isWithin(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way === "" || (!isAbsolute(way) && way.split(/[\\/]/)[0] !== "..");
}

function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0]!);
  while (files.some((file) => relative(folder, file).startsWith(".."))) folder = dirname(folder);
  return folder;
}
