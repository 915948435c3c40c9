/**
 * Lines to instruments on the network: TCP and UDP.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "./line.ts";
import { linesWithin } from "./lines_within.ts";

/** The most that making a connection may take, in seconds. */
export const connectSeconds = 5;

/** How long the other end may take to say that it has read to the end, in milliseconds. */
const endingMilliseconds = 200;

/** Bytes that may wait to be read before the rest is thrown away: nobody fills the memory. */
const mostWaiting = 1 << 20;

/**
 * Connects to an instrument's TCP port.
 *
 * @param host A name or an IP address.
 * @param port The port.
 * @returns The line.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export async function openTcp(host: string, port: number): Promise<Line> {
  const within = linesWithin.get(host);
  if (within !== undefined) return within();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), connectSeconds * 1000);
  // A connection that is made after all must not stay open.
  const connecting = Deno.connect({ hostname: host, port });
  const late = new Promise<never>((_, reject) => {
    timeout.signal.addEventListener("abort", () => {
      connecting.then((connection) => connection.close(), () => {});
      reject(new Error(`no answer within ${connectSeconds} s`));
    });
  });
  try {
    return tcpLine(await Promise.race([connecting, late]), (connection) => closeDelivered(connection));
  } catch (error) {
    throw notOpened(`tcp://${host}:${port}`, error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A connected TCP socket as a line.
 *
 * @param connection The socket.
 * @param close Closes it. @default at once
 */
export function tcpLine(
  connection: Deno.TcpConn,
  close: (connection: Deno.TcpConn) => void | Promise<void> = closeNow,
): Line {
  connection.setNoDelay(true);
  // A peer that was switched off is noticed although nothing is sent to it.
  connection.setKeepAlive(true);
  const buffer = new Uint8Array(16_384);
  let closed = false;
  let ended = false;
  return {
    async read() {
      try {
        const count = await connection.read(buffer);
        ended = count === null;
        return closed || count === null ? null : buffer.subarray(0, count);
      } catch (error) {
        ended = true;
        if (closed) return null;
        throw error;
      }
    },
    async write(bytes) {
      let written = await connection.write(bytes);
      while (written < bytes.length) written += await connection.write(bytes.subarray(written));
    },
    close() {
      if (closed) return;
      closed = true;
      return ended ? closeNow(connection) : close(connection);
    },
  };
}

function closeNow(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // The other end has closed it already.
  }
}

/**
 * Closes a connection once the other end has read what was sent: one that is closed while something is unread on it, or
 * that something still comes to, is reset, and then what was sent last may be thrown away at the other end.
 *
 * @param connection The socket.
 * @param longest How long the other end may take, in milliseconds. @default 200
 */
export async function closeDelivered(connection: Deno.TcpConn, longest = endingMilliseconds): Promise<void> {
  const timer = setTimeout(() => closeNow(connection), longest);
  const unread = new Uint8Array(1024);
  try {
    await connection.closeWrite();
    while (await connection.read(unread) !== null);
  } catch {
    // It has ended, or took too long.
  } finally {
    clearTimeout(timer);
    closeNow(connection);
  }
}

/**
 * Opens a UDP socket that hears one instrument only.
 *
 * @param host A name or an IP address.
 * @param port The port.
 * @returns The line; each read is one datagram.
 * @throws {HeliographError} `not_connected` where the name cannot be resolved.
 */
export async function openUdp(host: string, port: number): Promise<Line> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const waiting: Uint8Array[] = [];
  let bytesWaiting = 0;
  let failure: Error | undefined;
  let closed = false;
  let wake = () => {};
  socket.on("message", (datagram: Uint8Array) => {
    if (bytesWaiting + datagram.length > mostWaiting) return;
    bytesWaiting += datagram.length;
    waiting.push(new Uint8Array(datagram));
    wake();
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(port, host, resolve);
    });
  } catch (error) {
    socket.close();
    throw notOpened(`udp://${host}:${port}`, error);
  }
  socket.removeAllListeners("error");
  socket.on("error", (error: Error) => {
    failure = error;
    wake();
  });
  return {
    whole: true,
    async read() {
      for (;;) {
        const datagram = waiting.shift();
        if (datagram !== undefined) {
          bytesWaiting -= datagram.length;
          return datagram;
        }
        if (closed) return null;
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    write(bytes) {
      return new Promise<void>((resolve, reject) => {
        if (closed) return reject(new Error("the line is closed"));
        socket.send(bytes, (error: Error | null) => error === null ? resolve() : reject(error));
      });
    },
    close() {
      if (closed) return;
      closed = true;
      socket.close();
      wake();
    },
  };
}

function notOpened(address: string, error: unknown): HeliographError {
  const cause = error as Error;
  const reason = cause instanceof Deno.errors.ConnectionRefused
    ? "nothing listens there"
    : cause.message.replace(/ \(os error -?\d+\)$/, "");
  return new HeliographError("not_connected", `cannot connect to ${address}: ${reason}`, { cause });
}
