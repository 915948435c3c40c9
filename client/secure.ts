/**
 * Connects to a heliograph by TLS, and says who connects before the port's own wire begins.
 *
 * @module
 */

import { type ErrorCode, errorCodes, HeliographError } from "../protocol/errors.ts";
import { longestFirstLine, ownName, preambleProtocol } from "../protocol/pairing.ts";
import { connect, inTime, type Wait, writeText } from "./waiting.ts";

/** A connection with or without TLS. */
export type LinkConnection = Deno.TcpConn | Deno.TlsConn;

/** How a client comes. */
export interface SecureOptions {
  /** The certificate of the server's authority, as PEM. @default what this PC trusts, for the name that is dialled */
  readonly authority?: string | undefined;
  /** What is said first, as one line of JSON. */
  readonly first: Readonly<Record<string, unknown>>;
}

const decoder = new TextDecoder();

/**
 * Connects by TLS.
 *
 * @returns The connection, and what the server answered to the first line.
 * @throws {HeliographError} `connection_failed`, or what the server says.
 */
export async function secureConnect(
  host: string,
  port: number,
  { authority, first }: SecureOptions,
  wait: Wait,
): Promise<{ connection: Deno.TlsConn; answer: Readonly<Record<string, unknown>> }> {
  const where = `${host}:${port}`;
  const socket = await connect(host, port, wait);
  let connection: Deno.TlsConn;
  try {
    connection = await Deno.startTls(socket, {
      // Of our own authority, the name is always the same: a server may be called by any address.
      hostname: authority === undefined ? host : ownName,
      ...(authority === undefined ? {} : { caCerts: [authority] }),
      alpnProtocols: [preambleProtocol],
    });
  } catch (error) {
    throw new HeliographError("connection_failed", `Cannot reach ${where} by TLS: ${(error as Error).message}`);
  }
  try {
    await inTime(connection.handshake(), wait, `the TLS handshake with ${where}`);
    await writeText(connection, `${JSON.stringify(first)}\n`);
    return { connection, answer: await inTime(firstAnswer(connection), wait, `who this is, told to ${where}`) };
  } catch (error) {
    connection.close();
    throw error instanceof HeliographError ? error : failed(where, authority, error as Error);
  }
}

/** The server's next line. @throws {HeliographError} What it says is wrong. */
export async function firstAnswer(connection: Deno.TlsConn): Promise<Readonly<Record<string, unknown>>> {
  const bytes = new Uint8Array(longestFirstLine);
  // Byte by byte: what follows is the port's own wire.
  for (let length = 0; length < bytes.length;) {
    const count = await connection.read(bytes.subarray(length, length + 1));
    if (count === null) throw new Error("it ended before it answered");
    length += count;
    if (bytes[length - 1] !== 0x0a) continue;
    const answer = JSON.parse(decoder.decode(bytes.subarray(0, length)));
    if (answer.ok === true) return answer;
    const { code, message } = answer.error as { code: string; message: string };
    throw new HeliographError(Object.hasOwn(errorCodes, code) ? code as ErrorCode : "command_failed", message);
  }
  throw new Error("it answered with more than a line");
}

function failed(where: string, authority: string | undefined, cause: Error): HeliographError {
  const { message } = cause;
  const why = /peer certificate/i.test(message)
    ? authority === undefined
      ? `this PC does not trust its certificate (${message})`
      : "its certificate is not of the server that was paired. Either another PC answers, or that server has new " +
        "keys: then pair anew (heliograph pair there, heliograph connect here)"
    : /corrupt message|InvalidContentType|wrong version/i.test(message)
    ? "it does not speak TLS there"
    : /NoApplicationProtocol/i.test(message)
    ? "it speaks TLS, but is no heliograph"
    : message;
  return new HeliographError("connection_failed", `Cannot reach ${where} by TLS: ${why}`, { cause });
}

/** How a client's options say that it comes by TLS. */
export interface ClientSecurity {
  /**
   * Comes by TLS, as other PCs must. `authority` is the certificate, as PEM, of the authority that vouches for the server,
   * which `heliograph connect` learns.
   *
   * @default not
   */
  readonly tls?: {
    /** As PEM. @default what this PC trusts */
    readonly authority?: string;
  };
  /** The token that proves who connects; it needs `tls`. @default none */
  readonly token?: string;
}

/** Which wire follows what is said first: a port may serve all of them. */
export type Wire = "line" | "dashboard" | "web" | "image";

/** Opens a connection as a client's options say. @throws {HeliographError} */
export async function openConnection(
  host: string,
  port: number,
  wire: Wire,
  { tls, token }: ClientSecurity,
  wait: Wait,
): Promise<LinkConnection> {
  if (tls === undefined) {
    if (token === undefined) return await connect(host, port, wait);
    throw new HeliographError("bad_argument", "Cannot give a token without TLS: everybody on the way could read it");
  }
  const first = { wire, ...(token === undefined ? {} : { token }) };
  return (await secureConnect(host, port, { authority: tls.authority, first }, wait)).connection;
}
