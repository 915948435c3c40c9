/**
 * The files of the page. They are in this table and nowhere else, so that no path leads anywhere but to them.
 *
 * @module
 */

import { createHash } from "node:crypto";

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

/** The page's files by their paths. */
export const assets: ReadonlyMap<string, Asset> = new Map(
  Object.entries(await builtPage()).map(([path, { type, body }]) => [path, asset(type, body)]),
);

/**
 * The response with a file.
 *
 * @param headers The request's header.
 * @returns 200 with the file, or 304 where the browser has it.
 */
export function assetResponse({ bytes, type, hash }: Asset, headers: Headers): Response {
  const kept = { "ETag": `"${hash}"`, "Cache-Control": "no-cache" };
  const known = (headers.get("if-none-match") ?? "").split(",").some((tag) =>
    tag.trim().replace(/^W\//, "") === kept.ETag
  );
  return known
    ? new Response(null, { status: 304, headers: kept })
    : new Response(bytes, { headers: { ...kept, "Content-Type": type } });
}
