/**
 * Which addresses a server may listen on, and why a port cannot be taken.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { isLoopback } from "./loopback.ts";

/**
 * Whether a server may listen where it shall.
 *
 * @param host The address.
 * @param insecureOpen Whether it may listen beyond this PC: everybody may come, or nobody without TLS.
 * @throws {HeliographError} `cannot_listen`, with what to do instead.
 */
export function checkOpen(host: string, insecureOpen: boolean): void {
  if (isLoopback(host) || insecureOpen) return;
  throw new HeliographError(
    "cannot_listen",
    `Cannot listen on ${host}: whoever reaches this PC could drive its instruments, since nothing controls who ` +
      "connects. Give it keys (`tls`), listen on 127.0.0.1 and come in by SSH (ssh -L 2402:127.0.0.1:2402 " +
      "USER@THIS-PC), or give --insecure-open if everybody on the network may",
  );
}

/**
 * The error where a server cannot listen.
 *
 * @param error What the system said.
 * @param host The address.
 * @param port The port.
 * @param flag What chooses another port.
 */
export function cannotListen(error: unknown, host: string, port: number, flag: string): HeliographError {
  const where = `${host}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return new HeliographError(
      "cannot_listen",
      `Cannot listen on ${where}: another program uses port ${port}. Stop it, or choose another port with ${flag} (0 takes any free one)`,
      { cause: error },
    );
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return new HeliographError("cannot_listen", `Cannot listen on ${where}: ${host} is not an address of this PC`, {
      cause: error,
    });
  }
  return new HeliographError("cannot_listen", `Cannot listen on ${where}: ${(error as Error).message}`, {
    cause: error,
  });
}
