/**
 * Writes responses to a connection as HTTP/1.1.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import type { Connection } from "../../network/connection.ts";
import type { RequestHead } from "./request_parser.ts";

const encoder = new TextEncoder();

const done: Piece = { done: true };

/** The statuses that have no body. */
const bodiless = new Set([101, 204, 205, 304]);

/**
 * Writes the head of a response.
 *
 * @param connection Where to.
 * @param others Further fields.
 */
export function writeHead(
  connection: Connection,
  status: number,
  headers: Headers,
  others: readonly (readonly [name: string, value: string])[],
): void {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (const [name, value] of [...headers, ...others]) head += `${name}: ${value}\r\n`;
  connection.send(`${head}\r\n`);
}

/**
 * Writes a response, no faster than the client reads. What is all there gets a length; what comes piece by piece is sent
 * in chunks.
 *
 * @param connection Where to.
 * @param request What it answers.
 * @param keepAlive Whether another request may follow.
 * @returns Whether it may: the end of some responses can only be told by closing.
 * @throws {Error} When the connection ends first, or the response cannot be read.
 */
export async function writeResponse(
  connection: Connection,
  response: Response,
  request: Pick<RequestHead, "method" | "modern">,
  keepAlive: boolean,
): Promise<boolean> {
  const { status, headers } = response;
  const reader = response.body?.getReader();
  try {
    const first = await reader?.read() ?? done;
    const rest = first.done ? done : await atOnce(reader!);
    const body = first.done ? new Uint8Array() : first.value;
    const whole = "done" in rest && rest.done;
    const keeps = keepAlive && (whole || request.modern);
    const head = request.method === "HEAD";
    headers.delete("connection");
    const fields: [string, string][] = [["Date", new Date().toUTCString()]];
    if (!keeps) fields.push(["Connection", "close"]);
    else if (!request.modern) fields.push(["Connection", "keep-alive"]);
    const chunked = !whole && request.modern;
    if (chunked) fields.push(["Transfer-Encoding", "chunked"]);
    else if (whole && !bodiless.has(status)) fields.push(["Content-Length", String(body.length)]);
    writeHead(connection, status, headers, fields);
    if (!head && !bodiless.has(status)) {
      if (whole) connection.sendBytes(body);
      else await writePieces(connection, body, rest, reader!, chunked);
    }
    await connection.flush();
    return keeps;
  } finally {
    reader?.cancel().catch(() => {});
  }
}

/** The result of a body's reader. */
type Piece = { readonly done: true } | { readonly done: false; readonly value: Uint8Array };

/** The next piece, if it is there already; otherwise the promise of it. */
async function atOnce(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Piece | { readonly later: Promise<Piece> }> {
  const later = reader.read();
  later.catch(() => {});
  const turn = Promise.withResolvers<{ readonly later: Promise<Piece> }>();
  const timer = setTimeout(() => turn.resolve({ later }), 0);
  try {
    return await Promise.race([later, turn.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function writePieces(
  connection: Connection,
  first: Uint8Array,
  second: Piece | { readonly later: Promise<Piece> },
  reader: ReadableStreamDefaultReader<Uint8Array>,
  chunked: boolean,
): Promise<void> {
  const write = async (bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    if (chunked) connection.send(`${bytes.length.toString(16)}\r\n`);
    connection.sendBytes(bytes);
    if (chunked) connection.send("\r\n");
    await connection.flush();
  };
  await write(first);
  let piece = "later" in second ? await second.later : second;
  while (!piece.done) {
    await write(piece.value);
    piece = await reader.read();
  }
  if (chunked) connection.sendBytes(encoder.encode("0\r\n\r\n"));
}
