/**
 * The addresses of web APIs: `http://10.0.0.5/api`, `https://name:password@host`.
 *
 * @module
 */

import { connectsFor, type Way } from "./address_parts.ts";

/** The address of a web API. */
export interface HttpAddress<K extends "http" | "https" = "http" | "https"> {
  readonly kind: K;
  /** `http://host:port`, with the path that all requests begin with. */
  readonly base: string;
  /** `user:password`, for basic authentication. */
  readonly credentials?: string;
  /** Headers of every request: they may be secrets, and are not in the requests' texts. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What ends an answer, of which lines are a part. */
export const httpAnswerEnd = "\0";

/** The way to a web API. */
export function httpWay<K extends "http" | "https">(kind: K): Way<HttpAddress<K>> {
  return {
    forms: `${kind}://HOST/PATH`,
    parse(url, wrong) {
      if (url.search !== "" || url.hash !== "") {
        throw wrong('what follows ? belongs into what is asked: "GET /status?channel=1"');
      }
      const credentials = [url.username, url.password].map((part) => decodeURIComponent(part)).join(":");
      return {
        kind,
        base: url.origin + url.pathname.replace(/\/+$/, ""),
        ...(url.username === "" ? {} : { credentials }),
      };
    },
    name: ({ base }) => base,
    settled: { sendEnd: "", receiveEnd: httpAnswerEnd, encoding: "utf8" },
    nobody: { kind, base: `${kind}://127.0.0.1:1` },
    words: ["headers"],
    waitsFor: connectsFor,
  };
}
