/**
 * The files of the page. They are in this table and nowhere else, so that no path leads anywhere but to them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** The files of the page by path, as client/page/build.ts makes them. */
export type PageAssets = Readonly<Record<string, { readonly type: string; readonly body: string }>>;

/** The page that is served where the real one was not built. */
const unbuilt: PageAssets = {
  "/": {
    type: "text/html; charset=utf-8",
    body: `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>heliograph: the page is not built</title>
  </head>
  <body>
    <h1>The page is not built</h1>
    <p>The server runs from a source tree in which nobody has built the page yet. To build it, run in that tree:</p>
    <pre>deno task page</pre>
    <p>and start the server again. <code>deno task start</code> builds the page by itself.</p>
    <p>All else works: programs find the API at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
  </body>
</html>
`,
  },
};

/** The built page; it is loaded before the server gives up its right to read. */
async function builtPage(): Promise<PageAssets> {
  try {
    // With a name that Deno can read ahead, so that this needs no permission and executables embed the file.
    // @ts-ignore: the file is generated, and types are checked without it too
    const { pageAssets } = await import("./page_assets.ts") as { pageAssets: PageAssets };
    return pageAssets;
  } catch (error) {
    // What cannot be found or fetched; a file that is there and damaged is an error of its own.
    if (error instanceof TypeError) return unbuilt;
    throw error;
  }
}

/** A file of the page. */
export interface Asset {
  /** What it holds. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  readonly type: string;
  /** The SHA-256 of what it holds, in hexadecimal: browsers keep it as long as that is the same. */
  readonly hash: string;
  /** The same, compressed, where that is smaller. */
  readonly gzipped?: Uint8Array<ArrayBuffer>;
}

/**
 * Makes a file.
 *
 * @param type The media type, for example `text/css`.
 * @param content What it holds.
 */
export function asset(type: string, content: string | Uint8Array<ArrayBuffer>): Asset {
  const bytes = typeof content === "string" ? new Uint8Array(new TextEncoder().encode(content)) : content;
  return { bytes, type, hash: createHash("sha256").update(bytes).digest("hex") };
}

/** The files that the page names in its HTML. */
const named = ["/page.css", "/page.js"] as const;

/** How long a browser keeps what it has asked for by its hash, in seconds: a year. */
const longest = 31_536_000;

/** A file with its compressed form, which is made once. */
function compressed(file: Asset): Asset {
  const gzipped = new Uint8Array(gzipSync(file.bytes));
  return gzipped.length < file.bytes.length ? { ...file, gzipped } : file;
}

/** The page's files by their paths; its HTML asks for the others by what they hold, so that they are kept. */
function pageFiles(built: PageAssets): ReadonlyMap<string, Asset> {
  const files = new Map(Object.entries(built).map(([path, { type, body }]) => [path, asset(type, body)]));
  let html = built["/"]?.body ?? "";
  for (const path of named) {
    const file = files.get(path);
    if (file !== undefined) html = html.replaceAll(`"${path}"`, `"${path}?${file.hash.slice(0, 16)}"`);
  }
  files.set("/", asset(built["/"]?.type ?? "text/html; charset=utf-8", html));
  return new Map([...files].map(([path, file]) => [path, compressed(file)]));
}

/** The page's files by their paths. */
export const assets: ReadonlyMap<string, Asset> = pageFiles(await builtPage());

/** Whether a browser takes what is compressed by gzip. */
function takesGzip(headers: Headers): boolean {
  return (headers.get("accept-encoding") ?? "").split(",").some((each) => {
    const [coding = "", ...parameters] = each.trim().toLowerCase().split(/\s*;\s*/);
    return coding === "gzip" && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/**
 * The response with a file.
 *
 * @param headers The request's header.
 * @param query What was asked for with its path; the beginning of its hash where it is kept as long as it is the same.
 * @returns 200 with the file, compressed where the browser takes that, or 304 where the browser has it.
 */
export function assetResponse({ bytes, type, hash, gzipped }: Asset, headers: Headers, query = ""): Response {
  const isNamed = query.length === 16 && hash.startsWith(query);
  const kept: Record<string, string> = {
    "ETag": `"${hash}"`,
    "Cache-Control": isNamed ? `public, max-age=${longest}, immutable` : "no-cache",
  };
  const known = (headers.get("if-none-match") ?? "").split(",").some((tag) =>
    tag.trim().replace(/^W\//, "") === kept.ETag
  );
  if (gzipped !== undefined) kept.Vary = "Accept-Encoding";
  if (known) return new Response(null, { status: 304, headers: kept });
  const sent = gzipped !== undefined && takesGzip(headers) ? gzipped : undefined;
  if (sent !== undefined) kept["Content-Encoding"] = "gzip";
  return new Response(sent ?? bytes, { headers: { ...kept, "Content-Type": type } });
}
