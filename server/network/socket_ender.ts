/**
 * Ends connections that Deno does not end: those of TLS whose handshake is unfinished, or whose client reads nothing.
 *
 * `close()` of such a connection, on Deno 2.4 and 2.9, leaves it open for as long as the other end likes, with its
 * descriptor, and nobody is told. So the system is asked, by its own library, which descriptor belongs to the client, and
 * has that connection shut down: then Deno finds that it has ended. What was looked at cannot become another connection
 * in between, since the descriptors of this thread are closed by nothing else than what runs on it.
 *
 * @module
 */

/** The part of the descriptors that is looked at in one turn of the event loop. */
const slice = 1024;
/** The pause between two looks at all descriptors, in milliseconds. */
const lookEvery = 1000;
/** For how long the last words of a connection may take that has been closed, in milliseconds. */
const lastWords = 1000;
/** `shutdown` is to end both directions. */
const bothWays = 2;

const functions = {
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The library's name. On Windows, what is shut down that way goes on waiting for the other end. */
const libraries: Readonly<Partial<Record<typeof Deno.build.os, string>>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};

/** A client whose connection is to be ended. */
interface Wanted {
  /** Not before, by `performance.now()`. */
  readonly from: number;
  readonly done: () => void;
}

/** Ends connections of one port. */
export class SocketEnder {
  readonly #library: Deno.DynamicLibrary<typeof functions>;
  readonly #localPort: number;
  readonly #wanted = new Map<string, Wanted>();
  readonly #name = new Uint8Array(128);
  readonly #length = new Uint32Array(1);
  /** The highest descriptor that was a connection's. */
  #highest = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  private constructor(library: Deno.DynamicLibrary<typeof functions>, localPort: number) {
    this.#library = library;
    this.#localPort = localPort;
  }

  /** Whether the system has such a library, and this program may use it. */
  static get possible(): boolean {
    return libraries[Deno.build.os] !== undefined && Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  }

  /**
   * Opens the system's library, before permissions are given up.
   *
   * @param localPort The port whose connections it ends.
   * @throws {Error} Where it cannot be opened.
   */
  static open(localPort: number): SocketEnder {
    return new SocketEnder(Deno.dlopen(libraries[Deno.build.os]!, functions), localPort);
  }

  /**
   * Ends the connection of a client, unless it has ended by itself.
   *
   * @param client The client's address.
   * @param after When: soon, or once its last words have had their time.
   */
  end({ hostname, port }: Deno.NetAddr, after: "soon" | "last words"): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const from = performance.now() + (after === "soon" ? 0 : lastWords);
    const key = `${addressKey(hostname)} ${port}`;
    const before = this.#wanted.get(key);
    const done = before === undefined ? resolve : () => {
      before.done();
      resolve();
    };
    this.#wanted.set(key, { from: Math.min(from, before?.from ?? from), done });
    if (this.#timer === undefined) this.#later(after === "soon" ? 0 : lookEvery);
    return promise;
  }

  /** Ends all that was to be ended, and closes the library. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    const all = new Map(this.#wanted);
    for (let at = 0; this.#goesOn(at); at += slice) this.#look(at, all);
    for (const { done } of this.#wanted.values()) done();
    this.#wanted.clear();
    this.#library.close();
  }

  #later(milliseconds: number): void {
    this.#timer = setTimeout(() => void this.#lookAtAll(), milliseconds);
    Deno.unrefTimer(this.#timer);
  }

  /** Looks at all descriptors, some in each turn of the event loop. */
  async #lookAtAll(): Promise<void> {
    const now = performance.now();
    const due = new Map([...this.#wanted].filter(([, { from }]) => from <= now));
    for (let at = 0; due.size > 0 && this.#goesOn(at); at += slice) {
      this.#look(at, due);
      await new Promise((resolve) => this.#timer = setTimeout(resolve, 0));
      if (this.#stopped) return;
    }
    // What was not found has ended by itself.
    for (const [key, { done }] of due) this.#done(key, done);
    this.#timer = undefined;
    if (this.#wanted.size > 0) this.#later(lookEvery);
  }

  /** A system gives the lowest number that is free, so that beyond a long gap there are no more. */
  #goesOn(at: number): boolean {
    return at <= this.#highest + slice;
  }

  /** Looks at a slice of them. */
  #look(start: number, due: Map<string, Wanted>): void {
    const { getpeername, getsockname, shutdown } = this.#library.symbols;
    for (let at = start; at < start + slice; at++) {
      this.#length[0] = this.#name.length;
      if (getpeername(at, this.#name, this.#length) !== 0) continue;
      if (at > this.#highest) this.#highest = at;
      const key = keyOf(this.#name);
      const wanted = key === undefined ? undefined : due.get(key);
      if (wanted === undefined) continue;
      this.#length[0] = this.#name.length;
      if (getsockname(at, this.#name, this.#length) !== 0 || portOf(this.#name) !== this.#localPort) continue;
      shutdown(at, bothWays);
      due.delete(key!);
      this.#done(key!, wanted.done);
    }
  }

  #done(key: string, done: () => void): void {
    if (this.#wanted.get(key)?.done === done) this.#wanted.delete(key);
    done();
  }
}

/** The families of addresses, as the systems number them. */
const families = { ip4: 2, ip6: Deno.build.os === "linux" ? 10 : 30 };

/** The port of a `sockaddr`. */
function portOf(name: Uint8Array): number {
  return name[2]! << 8 | name[3]!;
}

/** Address and port of a `sockaddr`, as {@linkcode addressKey} has them. */
function keyOf(name: Uint8Array): string | undefined {
  const family = Deno.build.os === "darwin" ? name[1] : name[0];
  if (family === families.ip4) return `${hexOf([...mapped, ...name.subarray(4, 8)])} ${portOf(name)}`;
  return family === families.ip6 ? `${hexOf([...name.subarray(8, 24)])} ${portOf(name)}` : undefined;
}

/** What an address of IPv4 begins with among those of IPv6. */
const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function hexOf(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An address as text in one form: `::ffff:10.1.2.3` and `10.1.2.3` are the same. */
export function addressKey(address: string): string {
  const [text = ""] = address.split("%");
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const last = dotted === null ? [] : dotted.slice(1).map(Number);
  if (!text.includes(":")) return hexOf([...mapped, ...last]);
  const head = dotted === null ? text : text.slice(0, dotted.index);
  const bytes = (part: string) => part.split(":").filter((word) => word !== "").flatMap((word) => twoBytes(word));
  const [before = "", after] = head.split("::");
  const [first, second] = [bytes(before), [...bytes(after ?? ""), ...last]];
  const zeros = Array.from({ length: Math.max(0, 16 - first.length - second.length) }, () => 0);
  return hexOf(after === undefined ? [...first, ...second] : [...first, ...zeros, ...second]);
}

function twoBytes(word: string): number[] {
  const value = parseInt(word, 16);
  return [value >> 8, value & 0xff];
}
