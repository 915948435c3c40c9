/**
 * Bundles the page into `server/faces/web/page_assets.ts`, which the server embeds.
 *
 * `deno run --allow-read --allow-write --allow-run --allow-env client/page/build.ts` writes it.
 *
 * @module
 */

/** Where the page's sources are. */
const here = new URL("./", import.meta.url);

/** The module that this makes. */
export const generated: URL = new URL("../../server/faces/web/page_assets.ts", here);

/** The files that are taken as they are, by path on the server. */
const plain = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"],
} as const;

/** The style sheets, which are one for the browser. */
const styles = ["page.css", "camera.css", "image.css", "plot.css", "console.css", "arrange.css"];

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
async function source(file: string): Promise<string> {
  return (await Deno.readTextFile(new URL(file, here))).replaceAll("\r\n", "\n");
}

/** Style sheets without comments and indentation. */
function smaller(css: string): string {
  return css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s+/gm, "");
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
  const sheets = await Promise.all(styles.map(source));
  entries.push(["/page.css", "text/css; charset=utf-8", smaller(sheets.join(""))]);
  entries.push(["/page.js", "text/javascript; charset=utf-8", await bundle()]);
  const lines = entries.map(([path, type, body]) =>
    `  ${JSON.stringify(path)}: { type: ${JSON.stringify(type)}, body: ${JSON.stringify(body)} },`
  );
  return `// deno-fmt-ignore-file -- it is generated: what the build writes is compared with it byte for byte
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

if (import.meta.main) await Deno.writeTextFile(generated, await pageModule());
