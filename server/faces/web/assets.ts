/**
 * The files of the page. They are in this table and nowhere else, so that no path leads anywhere but to them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { pageAssets } from "./page_assets.ts";

/** One file. */
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
 * @param type Its media type.
 * @param content What it holds.
 */
export function asset(type: string, content: string | Uint8Array<ArrayBuffer>): Asset {
  const bytes = typeof content === "string" ? new Uint8Array(new TextEncoder().encode(content)) : content;
  return { bytes, type, hash: createHash("sha256").update(bytes).digest("hex") };
}

/** The page's files by their paths. */
export const assets: ReadonlyMap<string, Asset> = new Map(
  Object.entries(pageAssets).map(([path, { type, body }]) => [path, asset(type, body)]),
);

/**
 * The response with a file.
 *
 * @param file It.
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
