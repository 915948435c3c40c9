/**
 * The socket on which the server's processes connect to it, and nobody else can.
 *
 * A Unix socket in a folder that nobody else may enter, where there are such sockets and this program may make one;
 * otherwise a port of 127.0.0.1. Whoever comes says first what the server gave it to prove itself.
 *
 * @module
 */

import { join } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";

/** The address that a process connects to. */
export type RendezvousAddress = { readonly path: string } | { readonly port: number };

/** The time for a connection to prove itself, in milliseconds. */
const patience = 1000;
/**
 * The most connections that have yet to prove themselves; when one more comes, the one that has been silent the longest
 * is sent away.
 */
const mostUnproven = 16;
/** The longest path that a Unix socket can have, in bytes: 103 on macOS, 107 on Linux. */
const longestPath = 103;
/** A token in JSON's quotes and the end of its line, in bytes. */
const tokenBytes = 39;

interface Expected {
  readonly resolve: (socket: Deno.Conn) => void;
  readonly reject: (reason: HeliographError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The permissions with which a process can connect, as Deno's of the same names. */
export interface RendezvousGrants {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly net: readonly string[];
}

/**
 * The permissions that a process needs to connect to its server.
 *
 * @param address Where it waits.
 */
export function grantsFor(address: RendezvousAddress): RendezvousGrants {
  if ("port" in address) return { read: [], write: [], net: [`127.0.0.1:${address.port}`] };
  const { path } = address;
  return { read: [path], write: [path], net: socketsNeedNet() ? [`unix:${path}`] : [] };
}

/**
 * Tells whether sockets need the permission `net` as well, which they do from Deno 2.9 on; before, such a value cannot
 * even be read.
 */
function socketsNeedNet(): boolean {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  return major > 2 || major === 2 && minor >= 9;
}

/**
 * Connects to the server that has started this process.
 *
 * @param address Where it waits.
 * @throws {Error} When it does not.
 */
export function connectTo(address: RendezvousAddress): Promise<Deno.Conn> {
  if ("path" in address) return Deno.connect({ transport: "unix", path: address.path });
  return Deno.connect({ hostname: "127.0.0.1", port: address.port });
}

/** Listens for the processes that the server has started. */
export class Rendezvous {
  /** Where they connect to. */
  readonly address: RendezvousAddress;
  readonly #listener: Deno.Listener;
  /** The folder that holds the socket, which is removed at the end; `undefined` for a port. */
  readonly folder: string | undefined;
  readonly #expected = new Map<string, Expected>();
  readonly #unproven = new Set<Deno.Conn>();

  private constructor(listener: Deno.Listener, address: RendezvousAddress, folder: string | undefined) {
    this.#listener = listener;
    this.address = address;
    this.folder = folder;
    void this.#accept();
  }

  /**
   * Begins to listen.
   *
   * @param socket Whether it may be a Unix socket. @default where there are such
   * @throws {Error} When it cannot, or this program may not.
   */
  static async open(socket: boolean = Deno.build.os !== "windows"): Promise<Rendezvous> {
    const folder = socket ? await ownFolder() : undefined;
    if (folder !== undefined) {
      const path = join(folder, "processes");
      try {
        return new Rendezvous(Deno.listen({ transport: "unix", path }), { path }, folder);
      } catch {
        await Deno.remove(folder, { recursive: true });
      }
    }
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return new Rendezvous(listener, { port: listener.addr.port }, undefined);
  }

  /**
   * Waits for a process.
   *
   * @param what What it is, for the error: `a sandbox`.
   * @param seconds For how long.
   * @returns What the process must say first, and its connection.
   */
  expect(what: string, seconds: number): { readonly token: string; readonly connected: Promise<Deno.Conn> } {
    const token = crypto.randomUUID();
    const { promise: connected, resolve, reject } = Promise.withResolvers<Deno.Conn>();
    connected.catch(() => {});
    const timer = setTimeout(() => {
      this.#expected.delete(token);
      reject(new HeliographError("unavailable", `Cannot start ${what}: it did not report within ${seconds} s`));
    }, seconds * 1000);
    this.#expected.set(token, { resolve, reject, timer });
    return { token, connected };
  }

  /** Waits for it no longer. */
  forget(token: string): void {
    clearTimeout(this.#expected.get(token)?.timer);
    this.#expected.delete(token);
  }

  /** Stops listening; who was waited for is waited for no longer. */
  async close(): Promise<void> {
    this.#listener.close();
    for (const socket of this.#unproven) close(socket);
    for (const [token, { reject }] of [...this.#expected]) {
      this.forget(token);
      reject(new HeliographError("stopping", "Cannot start a process: the server is stopping"));
    }
    // A server that has given up the right to leaves this to its launcher.
    if (this.folder !== undefined && await mayWrite()) await Deno.remove(this.folder, { recursive: true });
  }

  async #accept(): Promise<void> {
    for (;;) {
      try {
        const socket = await this.#listener.accept();
        const [oldest] = this.#unproven;
        // Whoever says nothing keeps nobody out.
        if (oldest !== undefined && this.#unproven.size >= mostUnproven) close(oldest);
        this.#unproven.add(socket);
        void this.#admit(socket).catch(() => close(socket)).finally(() => this.#unproven.delete(socket));
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Whoever does not begin with a token that is expected is sent away. */
  async #admit(socket: Deno.Conn): Promise<void> {
    const timer = setTimeout(() => close(socket), patience);
    const said = new Uint8Array(tokenBytes);
    let length = 0;
    try {
      // What follows the token is not read here.
      while (length < tokenBytes) {
        const count = await socket.read(said.subarray(length));
        if (count === null) return close(socket);
        length += count;
      }
    } finally {
      clearTimeout(timer);
    }
    const token = new TextDecoder().decode(said.subarray(1, 37));
    const expected = this.#expected.get(token);
    this.forget(token);
    if (expected === undefined) close(socket);
    else expected.resolve(socket);
  }
}

/** A folder that only this user may enter; none where the right to make it is missing. */
async function ownFolder(): Promise<string | undefined> {
  if (!await mayWrite()) return undefined;
  try {
    const folder = await Deno.makeTempDir({ prefix: "heliograph-" });
    if (new TextEncoder().encode(join(folder, "processes")).length <= longestPath) return folder;
    await Deno.remove(folder);
  } catch {
    // There is no room for it: a port will do.
  }
  return undefined;
}

/** Asked, since a program that is not run with --no-prompt would otherwise ask whoever sits there. */
async function mayWrite(): Promise<boolean> {
  for (const name of ["read", "write"] as const) {
    if ((await Deno.permissions.query({ name })).state !== "granted") return false;
  }
  return true;
}

function close(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch {
    // It has gone already.
  }
}
