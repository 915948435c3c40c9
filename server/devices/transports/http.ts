/**
 * Lines to instruments with a web API.
 *
 * A request is written as HTTP has it: `GET /api/temp`, with headers in further lines, and a body after an empty one.
 * The answer is the status with the body behind it: `200 {"temp": 21.5}`, or `404 Not Found: …`.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { unreachedBy } from "../../network/unreached.ts";
import { type HttpAddress, httpAnswerEnd } from "./http_address.ts";
import type { Line } from "./line.ts";

/** The largest body that is read. */
const longestBody = 1 << 20;

/** A request as a text says it. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * How long a request may take to be on the wire, in milliseconds, a connection and a sleeping device included: what is
 * asked meanwhile does not call it off before, since it may be a stop.
 */
const onTheWire = 300;

/** What requests may do. */
export const httpMethods = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"] as const;

/**
 * Reads a request.
 *
 * @param text `METHOD /path`, then lines of headers, an empty line and the body, where there are such.
 * @throws {TypeError} With what is wrong, and what would be right.
 */
export function parseHttpRequest(text: string): HttpRequest {
  const [head = "", ...rest] = text.split("\n\n");
  const [first = "", ...lines] = head.trimEnd().split("\n");
  const [, method = "", path = ""] = /^([A-Z]+) (\/\S*)$/.exec(first.trim()) ?? [];
  if (!(httpMethods as readonly string[]).includes(method)) {
    throw new TypeError(`should begin with ${httpMethods.join(", ")} and a path, for example "GET /api/temperature"`);
  }
  const headers = lines.map((line) => {
    const [, name, value] = /^([\w-]+): *(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new TypeError(`has "${line}" where a header should be`);
    return [name, value] as const;
  });
  return { method, path, headers, body: rest.join("\n\n") };
}

/**
 * Makes the line. Nothing is sent yet.
 *
 * @param address Where the API is.
 */
// Async, so that whatever is wrong comes as a rejection.
// deno-lint-ignore require-await
export async function openHttp(address: HttpAddress): Promise<Line> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });
  const closing = new AbortController();
  /** Those under way: one whose answer is waited for, and those that nobody waits for any more. */
  const exchanges = new Set<Exchange>();
  let asking: Exchange | undefined;
  const answers: string[] = [];
  const encoder = new TextEncoder();
  let failure: unknown;
  let wake = () => {};
  const exchange = async (own: Exchange, text: string) => {
    exchanges.add(own);
    try {
      const answer = await fetched(address, text, client, own.signal);
      if (own === asking) answers.push(answer);
    } catch (error) {
      if (own === asking) failure = error;
    }
    own.end();
    exchanges.delete(own);
    wake();
  };
  return {
    whole: true,
    onlyLatest: true,
    async read() {
      for (;;) {
        if (closing.signal.aborted) return null;
        const answer = answers.shift();
        if (answer !== undefined) return encoder.encode(answer.replaceAll(httpAnswerEnd, " ") + httpAnswerEnd);
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    // deno-lint-ignore require-await -- what is wrong comes as a rejection
    async write(bytes) {
      if (closing.signal.aborted) throw new HeliographError("not_connected", `${address.base} is closed`);
      // Nobody waits any more for what was asked before.
      asking?.leave();
      answers.length = 0;
      asking = new Exchange();
      void exchange(asking, new TextDecoder().decode(bytes));
    },
    close() {
      if (closing.signal.aborted) return;
      closing.abort();
      asking = undefined;
      for (const each of exchanges) each.callOff();
      client.close();
      wake();
    },
  };
}

/** A request under way. */
class Exchange {
  readonly #abort = new AbortController();
  readonly #begunAt = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** Aborted when it is called off. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Nobody waits for its answer any more: it is called off once it is certainly on the wire. */
  leave(): void {
    if (this.#ended) return;
    const rest = onTheWire - (performance.now() - this.#begunAt);
    if (rest > 0) this.#timer ??= setTimeout(() => this.callOff(), rest);
    else this.callOff();
  }

  /** Calls it off, wherever it is. */
  callOff(): void {
    this.end();
    this.#abort.abort();
  }

  /** It is over. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }
}

async function fetched(
  { base, credentials, headers: always = {} }: HttpAddress,
  text: string,
  client: Deno.HttpClient,
  signal: AbortSignal,
): Promise<string> {
  const { method, path, headers, body } = parseHttpRequest(text);
  const sent = new Headers({ accept: "application/json, */*" });
  if (credentials !== undefined) {
    const bytes = new TextEncoder().encode(credentials);
    sent.set("authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`);
  }
  for (const [name, value] of [...Object.entries(always), ...headers]) sent.set(name, value);
  let response: Response;
  try {
    response = await fetch(base + path, {
      method,
      headers: sent,
      // An instrument sends nobody elsewhere.
      redirect: "manual",
      signal,
      client,
      ...(body === "" ? {} : { body }),
    });
  } catch (error) {
    throw new HeliographError("not_connected", `cannot reach ${base}: ${reasonOf(error as Error)}`, { cause: error });
  }
  const said = await bodyOf(response);
  if (response.ok) return `${response.status} ${said}`;
  const name = response.statusText === "" ? "" : ` ${response.statusText}`;
  const moved = response.headers.get("location");
  return `${response.status}${name}: ${moved === null ? said.trim().slice(0, 500) : `it has moved to ${moved}`}`;
}

/** @throws {HeliographError} Where it is longer than instruments' answers are, or ends before its end. */
async function bodyOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > longestBody) break;
    }
  } catch (error) {
    throw new HeliographError("not_connected", `its answer ends in the middle: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (text.length > longestBody) throw new HeliographError("not_connected", "its answer is longer than 1 MiB");
  return text + decoder.decode();
}

function reasonOf(error: Error): string {
  const text = `${error.message} ${(error.cause as Error | undefined)?.message ?? ""}`;
  const why = unreachedBy(error);
  if (why === "refused") return "nothing listens there";
  if (/certificate|UnknownIssuer/i.test(text)) {
    return `its certificate is not trusted (${
      /invalid peer certificate: ?(\w+)/.exec(text)?.[1] ?? "of its own making"
    }); ` +
      `start the server with DENO_CERT=FILE, or use http://`;
  }
  if (why === "name") return "there is no PC of that name";
  return error.message.replace(/^error sending request for url \([^)]*\):? ?/, "") || "the connection failed";
}
