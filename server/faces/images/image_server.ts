/**
 * Receives images as azcam's remote image server does, and writes them whole or not at all.
 *
 * @module
 */

import { join } from "node:path";
import { joined } from "../../../protocol/bytes.ts";
import { beginsHttp } from "../../../protocol/http_guard.ts";
import { Admission } from "../../network/admission.ts";
import type { Connection } from "../../network/connection.ts";
import {
  decodeHeader,
  encodeStatus,
  headerBytes,
  type ImageTransferHeader,
  plainImageName,
  transferStatus,
} from "../../camera/image_transfer.ts";
import { FileNotWritten, PixelStore, type ReceivedFile } from "../../camera/pixel_store.ts";
import type { ClientSocket } from "../../network/client_socket.ts";
import { drainSeconds, type ListenOptions } from "../../network/listening.ts";
import { linger } from "../../network/linger.ts";
import { Access, type InsecureOpen, openRole } from "../../access/admit.ts";
import { Session } from "../../access/sessions.ts";
import { begin } from "../../bench/hub.ts";
import { requestCategory } from "../../records/journal.ts";
import { Services } from "../../services.ts";
import { SocketServer } from "../shared/socket_server.ts";

/** The block that is written at once, in bytes. */
const blockBytes = 1 << 20;

/**
 * The most connections beside those whose images are received: those who are sent away, or have just been told their
 * last status.
 */
const mostLeaving = 8;

/** For how long a connection stays open so that its last status arrives, in seconds. */
const closingSeconds = 1;

/** The options of an {@linkcode ImageServer}. */
export interface ImageServerOptions extends Omit<ListenOptions, "insecureOpen"> {
  /** Listens beyond this PC, and lets everybody in: only operators send images. @default false */
  readonly insecureOpen?: InsecureOpen;
  /** The TCP port; 0 takes any free one. @default 6543, azcam's */
  readonly port?: number;
  /** What writes the images. @default its own, which may write in the folder */
  readonly store?: Pick<PixelStore, "receive">;
  /** The absolute path of the folder they go to. */
  readonly folder: string;
  /** The largest image in bytes. @default 2147483648, 2 GiB */
  readonly largestImage?: number;
  /** Connections at once. @default 8 */
  readonly connections?: number;
  /** After how many seconds without a byte an image is given up. @default 30 */
  readonly idleSeconds?: number;
  /** Within how many seconds a header must be there. @default 10 */
  readonly headerSeconds?: number;
  /** What it shares with other servers of this process. @default its own */
  readonly services?: Services;
}

/** The refusal of an image, with the status for its sender. */
class Refusal extends Error {
  /** One of {@linkcode transferStatus}; `undefined` where the other end is told nothing. */
  readonly status: number | undefined;

  constructor(status: number | undefined, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * azcam's remote image server: each connection sends one image.
 *
 * @example
 * ```ts
 * import { ImageServer } from "./image_server.ts";
 *
 * await using server = new ImageServer({ port: 0, folder: "/data/images" });
 * server.start();
 * console.log(server.port > 0); // true
 * ```
 */
export class ImageServer extends SocketServer<Session<Connection>> {
  readonly #store: Pick<PixelStore, "receive">;
  /** What writes the images where that is its own. */
  readonly #ownStore: PixelStore | undefined;
  readonly #folder: string;
  readonly #largestImage: number;
  readonly #connections: number;
  readonly #idleSeconds: number;
  readonly #headerSeconds: number;
  /** How many of them have not come to their last status. */
  #occupied = 0;
  /** Those whose image has begun. */
  readonly #receiving = new Set<Session<Connection>>();
  /** The names of the images that are being received, in lower case: some systems do not tell the two apart. */
  readonly #names = new Set<string>();
  #prepared: Promise<void> | undefined;

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param options Where it listens, where images go, limits.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(options: ImageServerOptions) {
    const { insecureOpen = false, connections = 8, port = 6543 } = options;
    const { services = new Services([], { access: new Access({ open: openRole(insecureOpen) }) }) } = options;
    const most = connections + mostLeaving;
    super(services, {
      ...options,
      insecureOpen: insecureOpen !== false,
      name: "image",
      port,
      flag: "--image-port",
      category: "images",
      admission: new Admission({
        what: "the image",
        most,
        mostPerAddress: most,
        capacity: services.capacity,
        descriptors: services.descriptorsAt(options.host),
      }),
    });
    this.#ownStore = options.store === undefined ? new PixelStore([options.folder]) : undefined;
    this.#store = options.store ?? this.#ownStore!;
    this.#folder = options.folder;
    this.#largestImage = options.largestImage ?? 2 ** 31;
    this.#connections = connections;
    this.#idleSeconds = options.idleSeconds ?? 30;
    this.#headerSeconds = options.headerSeconds ?? 10;
  }

  /** Makes the folder for the images, and finds out whether they can be written before the first one comes. */
  prepare(): Promise<void> {
    return this.#prepared ??= this.#ownStore === undefined ? Promise.resolve() : this.#prepare(this.#ownStore);
  }

  async #prepare(store: PixelStore): Promise<void> {
    try {
      await store.start();
      await store.check({ file: `${this.#folder}/received.fits`, overwrite: true, createFolder: true });
    } catch (error) {
      this.log.error("No image can be received: {reason}", { reason: (error as Error).message });
    }
  }

  /**
   * Receives images in the background.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  override start(): void {
    super.start();
    void this.prepare();
  }

  /** Stops accepting, finishes the images that have begun (for at most five seconds), and closes every connection. */
  override async stop(): Promise<void> {
    await super.stop();
    this.#ownStore?.stop();
    this.#prepared = undefined;
  }

  /** Finishes the images that have begun. */
  protected override async drain(close: () => Promise<void>): Promise<void> {
    await close();
    const stopping = new Error("the server is stopping");
    for (const session of this.sessions) if (!this.#receiving.has(session)) session.connection.close(stopping);
    const timer = setTimeout(() => {
      for (const { connection } of this.sessions) connection.close(stopping);
    }, drainSeconds * 1000);
    // What a closed connection has begun is removed before the store may be stopped.
    await this.served;
    clearTimeout(timer);
  }

  /** Nobody is stuck here: all that is sent is a last status. */
  protected override dropStuck(): void {}

  /** The refusal of a sender when there are too many connections. */
  protected override refusal(): string {
    return encodeStatus(transferStatus.notUnderstood);
  }

  /** Serves a new connection. */
  protected override serveSocket(socket: ClientSocket): Promise<void> {
    const limits = { queuedBytes: headerBytes, stuckSeconds: closingSeconds };
    return this.serveSession(new Session(this.admitted(socket, limits)));
  }

  /** Serves one connection, of which the log is told by what comes over it. */
  protected override serveLogged(session: Session<Connection>): Promise<void> {
    return this.serve(session);
  }

  /** Receives the image of one connection. */
  protected override async serve(session: Session<Connection>): Promise<void> {
    const { connection, principal: { address } } = session;
    let log = this.log;
    const full = this.#occupied >= this.#connections;
    this.#occupied++;
    let status: number | undefined;
    try {
      if (!session.principal.may("drive")) {
        throw new Refusal(transferStatus.notWritten, "whoever sends it may only read");
      }
      if (full) throw new Refusal(transferStatus.notUnderstood, `there are ${this.#connections} connections already`);
      const received = await this.#header(connection);
      if (received === undefined) this.log.debug("{address} connected and sent nothing", { address });
      else {
        const { header, rest } = received;
        // The journal tells of an image itself.
        log = this.log.getChild(requestCategory);
        const name = await this.#receiveTold(session, header, rest);
        log.info("Received {name} from {address}: {bytes} bytes", { name, address, bytes: header.bytes });
        status = transferStatus.taken;
      }
    } catch (error) {
      if (!(error instanceof Refusal)) log.error("Receiving from {address} failed: {error}", { address, error });
      else log.warning("Refused an image from {address}: {reason}", { address, reason: error.message });
      status = error instanceof Refusal ? error.status : transferStatus.notWritten;
    }
    // What is left to do for it takes no room from others.
    this.#occupied--;
    if (status === undefined) return connection.close();
    connection.send(encodeStatus(status));
    // The sender may be in the middle of its image, and look for a status only after it.
    await linger(connection, () => connection.read(), Infinity);
  }

  /** The header, and the first bytes of the image if they came with it; `undefined` where nothing came at all. */
  async #header(connection: Connection): Promise<{ header: ImageTransferHeader; rest: Uint8Array } | undefined> {
    const deadline = performance.now() + this.#headerSeconds * 1000;
    let start: Uint8Array = new Uint8Array();
    while (start.length < headerBytes) {
      const bytes = await this.#read(connection, deadline - performance.now(), () => {
        const missing = `${start.length} of the header's ${headerBytes} bytes came within ${this.#headerSeconds} s`;
        return new Refusal(transferStatus.notUnderstood, missing);
      });
      if (bytes === null && start.length === 0) return undefined;
      if (bytes === null) {
        const ended = `it ended after ${start.length} of the header's ${headerBytes} bytes`;
        throw new Refusal(transferStatus.notUnderstood, connection.reason || ended);
      }
      start = joined([start, bytes]);
      if (beginsHttp(start) === true) throw new Refusal(undefined, "it speaks HTTP, which this port does not");
      if (start[0] === 0x2d && start[1] === 0x31) {
        throw new Refusal(transferStatus.notUnderstood, "it wants the server to stop (-1), which no sender may");
      }
    }
    try {
      return { header: decodeHeader(start.subarray(0, headerBytes)), rest: start.subarray(headerBytes) };
    } catch (error) {
      throw new Refusal(transferStatus.notUnderstood, (error as Error).message);
    }
  }

  /** The next bytes, to be used before the next call; `null` at the end. */
  async #read(connection: Connection, milliseconds: number, late: () => Refusal): Promise<Uint8Array | null> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(late()), Math.max(0, milliseconds));
    try {
      return await Promise.race([connection.read(), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Receives an image, and tells `status` and the journal of it. @returns Its name. */
  async #receiveTold(session: Session<Connection>, header: ImageTransferHeader, rest: Uint8Array): Promise<string> {
    const what = `${header.name} (${header.bytes} bytes)`;
    session.asked(what, Date.now());
    const told = begin(this.services.bench.hub, {
      kind: "image",
      instrument: "",
      caller: session.principal,
      text: () => what,
      onlyReads: false,
    });
    try {
      const name = await this.#receive(session, header, rest);
      told(() => "OK", false);
      return name;
    } catch (error) {
      told(() => `ERROR ${(error as Error).message}`, true);
      throw error;
    }
  }

  /** Receives and writes an image. @returns Its name. */
  async #receive(session: Session<Connection>, header: ImageTransferHeader, rest: Uint8Array): Promise<string> {
    const { connection } = session;
    const name = this.#nameOf(header);
    const key = name.toLowerCase();
    if (this.#names.has(key)) {
      throw new Refusal(transferStatus.notWritten, `${name} is being received from another sender`);
    }
    this.#names.add(key);
    this.#receiving.add(session);
    try {
      const file = await this.#open(name, header.overwrite);
      connection.send(encodeStatus(transferStatus.taken));
      try {
        await this.#copy(connection, file, header.bytes, rest);
      } catch (error) {
        await this.#drop(file, name);
        throw error;
      }
      await inWords(() => file.keep());
      return name;
    } finally {
      this.#receiving.delete(session);
      this.#names.delete(key);
    }
  }

  #nameOf({ name, bytes }: ImageTransferHeader): string {
    if (bytes > this.#largestImage) {
      const limit = `it has ${bytes} bytes, and ${this.#largestImage} are the most that are taken`;
      throw new Refusal(transferStatus.notWritten, limit);
    }
    try {
      return plainImageName(name);
    } catch (error) {
      throw new Refusal(transferStatus.notWritten, (error as Error).message);
    }
  }

  async #open(name: string, overwrite: boolean): Promise<ReceivedFile> {
    try {
      return await this.#store.receive(join(this.#folder, name), overwrite);
    } catch (error) {
      const noFolder = error instanceof FileNotWritten && error.fault === "no_folder";
      throw new Refusal(noFolder ? transferStatus.noFolder : transferStatus.notWritten, (error as Error).message);
    }
  }

  async #drop(file: ReceivedFile, name: string): Promise<void> {
    try {
      await file.drop();
    } catch (error) {
      this.log.error("What was received of {name} could not be removed: {error}", { name, error });
    }
  }

  /** Copies the image from the connection to the file, no faster than the file takes it. */
  async #copy(connection: Connection, file: ReceivedFile, total: number, rest: Uint8Array): Promise<void> {
    const block = new Uint8Array(Math.min(blockBytes, total));
    let filled = 0;
    let written = 0;
    let bytes = rest;
    for (;;) {
      // What comes after the image is nobody's.
      bytes = bytes.subarray(0, total - written - filled);
      while (bytes.length > 0) {
        const taken = bytes.subarray(0, block.length - filled);
        block.set(taken, filled);
        filled += taken.length;
        bytes = bytes.subarray(taken.length);
        if (filled < block.length && written + filled < total) continue;
        // A copy of its own: with a part of a block, the whole block would go to the Worker.
        await inWords(() => file.append(filled === block.length ? block : block.slice(0, filled)));
        written += filled;
        filled = 0;
      }
      if (written === total) return;
      bytes = await this.#imageBytes(connection, () => `after ${written + filled} of ${total} bytes`);
    }
  }

  async #imageBytes(connection: Connection, where: () => string): Promise<Uint8Array> {
    const { notWritten } = transferStatus;
    const bytes = await this.#read(
      connection,
      this.#idleSeconds * 1000,
      () => new Refusal(notWritten, `nothing came for ${this.#idleSeconds} s ${where()}`),
    );
    if (bytes !== null) return bytes;
    throw new Refusal(notWritten, `${connection.reason || "the connection ended"} ${where()}`);
  }
}

/** Turns what the store says into what the sender is told. */
async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Refusal(transferStatus.notWritten, (error as Error).message);
  }
}
