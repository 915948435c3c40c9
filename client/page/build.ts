/**
 * Bundles the page into `server/faces/web/page_assets.ts`, which the server embeds.
 *
 * `deno task page` runs it, and so do the tasks that start, test, compile or publish the server. Where the sources are
 * those of the file that is there, it leaves that alone. Deno fetches its bundler when it first needs it.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** The folder of the page's sources. */
const here = new URL("./", import.meta.url);

/** The module that this makes. */
export const generated: URL = new URL("../../server/faces/web/page_assets.ts", here);

/** The files that are taken as they are, by path on the server. */
const plain = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"],
} as const;

/** The text of the bundled program. @throws {Error} With what the bundler says where it fails. */
async function bundle(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // Without a lock: these packages are the page's own, and not the executable's.
    args: [
      "bundle",
      "--quiet",
      "--no-lock",
      "--platform",
      "browser",
      "--minify",
      "main.tsx",
    ],
    cwd: here,
    env: { NO_COLOR: "1" },
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(
    `Cannot bundle the page: ${new TextDecoder().decode(stderr)}`,
  );
}

/** The text of one of the sources, with the same line ends everywhere. */
async function source(file: string | URL): Promise<string> {
  return (await Deno.readTextFile(new URL(file, here))).replaceAll("\r\n", "\n");
}

/** Style sheets without comments and indentation. */
function smaller(css: string): string {
  return css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s+/gm, "");
}

/** The paths of all files in a folder, sorted, so that they are the same on every PC. */
async function filesIn(folder: URL): Promise<URL[]> {
  const found: URL[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) found.push(...await filesIn(new URL(`${name}/`, folder)));
    else found.push(new URL(name, folder));
  }
  return found.sort(({ href: a }, { href: b }) => a < b ? -1 : 1);
}

/** The first line of the module that the sources give: it names them by their SHA-256. */
async function firstLine(): Promise<string> {
  const hash = createHash("sha256");
  // The page imports nothing of ours but protocol/.
  for (const folder of [here, new URL("../../protocol/", here)]) {
    for (const file of await filesIn(folder)) {
      hash.update(`${file.href.slice(folder.href.length)}\0`).update(await source(file)).update("\0");
    }
  }
  return `// Made from sources whose SHA-256 is ${hash.digest("hex")}\n`;
}

/** The beginning of the module that is there; nothing where none is. */
async function beginning(length: number): Promise<string> {
  try {
    return (await Deno.readTextFile(generated)).slice(0, length);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Writes the module where the one that is there was made from other sources. */
async function build(): Promise<void> {
  const first = await firstLine();
  if (await beginning(first.length) === first) return;
  // Whole or not at all: another task may build or read it now.
  const part = new URL(`${generated.href}.${crypto.randomUUID()}.part`);
  try {
    await Deno.writeTextFile(part, first + await pageModule());
    await Deno.rename(part, generated);
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

/**
 * Makes the text of the module from the page's sources.
 *
 * @returns The text of `page_assets.ts`.
 * @throws {Error} Where this Deno cannot bundle.
 */
export async function pageModule(): Promise<string> {
  const entries: [path: string, type: string, body: string][] = [];
  for (const [path, [file, type]] of Object.entries(plain)) {
    entries.push([path, type, await source(file)]);
  }
  // One sheet for the browser: what holds for all of the page first, then each room's.
  const rooms = (await filesIn(here)).filter(({ pathname }) =>
    /[^/]\.css$/.test(pathname) && !pathname.endsWith("/page.css")
  );
  const sheets = await Promise.all([new URL("page.css", here), ...rooms].map(source));
  entries.push(["/page.css", "text/css; charset=utf-8", smaller(sheets.join(""))]);
  entries.push(["/page.js", "text/javascript; charset=utf-8", await bundle()]);
  const lines = entries.map(([path, type, body]) =>
    `  ${JSON.stringify(path)}: { type: ${JSON.stringify(type)}, body: ${JSON.stringify(body)} },`
  );
  return `// deno-fmt-ignore-file -- it is generated
// deno-lint-ignore-file -- it is generated
/**
 * The files of the page by path; made from client/page/ by its build.ts, and not to be edited.
 *
 * @module
 */

/** The files of the page by path. */
export const pageAssets: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
${lines.join("\n")}
};
`;
}

if (import.meta.main) await build();
