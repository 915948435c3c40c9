/**
 * Sends images to azcam's remote image server, or to one that speaks like it.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { Line } from "../devices/transports/line.ts";
import { openTcp } from "../devices/transports/network.ts";
import { decodeStatus, encodeHeader, type ImageTransferHeader, statusBytes } from "./image_transfer.ts";
import type { PixelStore } from "./pixel_store.ts";

/** The piece of the file that is read at once, in bytes. */
const chunkBytes = 1 << 20;

/** The piece that is sent at once, in bytes: a slow network must take this much within the timeout. */
const pieceBytes = 1 << 16;

/**
 * The wait for a status after the header, before the image is sent, in seconds: a receiver that refuses says so at
 * once, and one that says nothing costs no more.
 */
const headerStatusSeconds = 0.5;

/** The options of sending an image; the size is the file's own. */
export interface SendImageOptions extends Omit<ImageTransferHeader, "bytes"> {
  /** The receiver: a name or an IP address. */
  readonly host: string;
  /** Its TCP port; azcam's is 6543. */
  readonly port: number;
  /** The absolute path of the image. */
  readonly file: string;
  /** What reads the image. */
  readonly store: Pick<PixelStore, "read">;
  /** For how many seconds the receiver may take nothing, and for how many it may take to end. @default 10 */
  readonly timeout?: number;
  /** Calls it off. */
  readonly signal?: AbortSignal;
}

/** The meanings of a receiver's statuses. */
const meanings: Readonly<Record<string, string>> = {
  "-1": "the receiver does not understand the header, or takes no image now",
  "-2": "a file of that name exists there already and may not be overwritten, or it cannot be written there",
  "-3": "the folder does not exist there",
  // As other programs number it that azcam sends to.
  "1": "a file of that name cannot be made there",
  "2": "there is not enough space on the disk there",
  "3": "the folder does not exist there",
};

/** Fulfils where work takes longer than so many seconds. */
const late = Symbol("late");

async function orLate<T>(seconds: number, work: Promise<T>): Promise<T | typeof late> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<typeof late>((resolve) => timer = setTimeout(() => resolve(late), seconds * 1000)),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends an image. When it returns, the receiver has taken all of it; azcam's own receiver does not say whether it is on
 * the disk.
 *
 * @param options What is sent where.
 * @throws {HeliographError} `bad_argument` for a name or a size that cannot be sent; `not_connected` when nothing
 * listens there, or the connection is lost; `deadline_exceeded` when the receiver stops taking it or does not end;
 * `command_failed` when it refuses, or when the file cannot be read or changes meanwhile; or the signal's reason.
 */
export async function sendImage(options: SendImageOptions): Promise<void> {
  const { store, file, host, port, signal } = options;
  signal?.throwIfAborted();
  const bytes = await fileSize(store, file);
  const header = encodeHeader({ ...options, bytes });
  const failed = Promise.withResolvers<never>();
  // It is looked at only while something is waited for.
  failed.promise.catch(() => {});
  const abort = () => failed.reject(signal!.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const line = await connect(host, port, options.name, failed.promise);
    const receiver = new Receiver(line, options, failed);
    try {
      await receiver.send(header, false);
      await receiver.headerStatus();
      await sendFile(receiver, store, file, bytes);
      await receiver.end();
    } finally {
      await receiver.close();
    }
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function connect(host: string, port: number, name: string, failed: Promise<never>): Promise<Line> {
  const opening = openTcp(host, port);
  try {
    return await Promise.race([opening, failed]);
  } catch (error) {
    // A connection that is made after all must not stay open.
    opening.then((line) => line.close(), () => {});
    if (!(error instanceof HeliographError) || error.code !== "not_connected") throw error;
    throw new HeliographError("not_connected", `Cannot send ${name}: ${error.message}`, { cause: error });
  }
}

/** A file's size, from where reading it gives nothing: the first power of two beyond it, then halving. */
async function fileSize(store: Pick<PixelStore, "read">, file: string): Promise<number> {
  const isAtLeast = async (size: number) => (await store.read(file, size - 1, 1)).length > 0;
  let least = 0;
  let beyond = 1;
  while (await isAtLeast(beyond)) [least, beyond] = [beyond, beyond * 2];
  while (beyond - least > 1) {
    const middle = Math.floor((least + beyond) / 2);
    if (await isAtLeast(middle)) least = middle;
    else beyond = middle;
  }
  return least;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

async function sendFile(
  receiver: Receiver,
  store: Pick<PixelStore, "read">,
  file: string,
  size: number,
): Promise<void> {
  const changed = () => new HeliographError("command_failed", `Cannot send ${file}: it changed while it was sent`);
  let first: Uint8Array | undefined;
  for (let offset = 0; offset < size;) {
    const chunk = await store.read(file, offset, Math.min(chunkBytes, size - offset));
    offset += chunk.length;
    if (chunk.length === 0 || (offset < size && chunk.length < chunkBytes)) throw changed();
    first ??= chunk;
    const last = offset === size;
    if (last) {
      // Images are replaced whole: one that was replaced meanwhile begins with another header. Without its last bytes,
      // the receiver does not take it for an image.
      const begin = await store.read(file, 0, first.length);
      const more = await store.read(file, size, 1);
      if (!sameBytes(first, begin) || more.length > 0) throw changed();
    }
    for (let from = 0; from < chunk.length; from += pieceBytes) {
      const piece = chunk.subarray(from, from + pieceBytes);
      await receiver.send(piece, last && from + piece.length === chunk.length);
    }
  }
}

/** The other end of the connection. */
class Receiver {
  readonly #line: Line;
  readonly #options: SendImageOptions;
  readonly #timeout: number;
  readonly #failed: PromiseWithResolvers<never>;
  readonly #heard = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();
  readonly #reading: Promise<void>;
  #statuses = 0;
  #rest = "";
  /** Whether the last bytes are on their way: its end is no surprise any more. */
  #lastSent = false;

  /** Listens to it. @param failed Rejected as soon as the image cannot arrive any more. */
  constructor(line: Line, options: SendImageOptions, failed: PromiseWithResolvers<never>) {
    this.#line = line;
    this.#options = options;
    this.#timeout = options.timeout ?? 10;
    this.#failed = failed;
    this.#reading = this.#read();
  }

  #error(why: string, code: "not_connected" | "deadline_exceeded" | "command_failed"): HeliographError {
    const { name, host, port } = this.#options;
    return new HeliographError(code, `Cannot send ${name} to ${host}:${port}: ${why}`);
  }

  /** Sends bytes. @param last Whether they are the last ones. */
  async send(bytes: Uint8Array, last: boolean): Promise<void> {
    this.#lastSent = last;
    const write = this.#line.write(bytes);
    // A refusal that has come already is a better reason than a connection that broke after it.
    write.catch(() => orLate(1, this.#reading).then(() => this.#lost("it broke in the middle")));
    const written = write.catch(() => this.#failed.promise);
    const taken = await orLate(this.#timeout, Promise.race([this.#failed.promise, written]));
    if (taken === late) {
      throw this.#error(`the receiver has taken nothing for ${this.#timeout} s`, "deadline_exceeded");
    }
  }

  /** Waits a moment for what it says of the header. */
  async headerStatus(): Promise<void> {
    await orLate(headerStatusSeconds, Promise.race([this.#failed.promise, this.#heard.promise]));
  }

  /** Waits until it says that it has the image, or ends the connection. */
  async end(): Promise<void> {
    const ended = await orLate(this.#timeout, Promise.race([this.#failed.promise, this.#done.promise]));
    if (ended !== late) return;
    throw this.#error(
      `the receiver has all of it but did not end within ${this.#timeout} s; it may have been written or not`,
      "deadline_exceeded",
    );
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    this.#line.close();
    await this.#reading;
  }

  #lost(why: string): void {
    this.#failed.reject(this.#error(`the connection was lost: ${why}`, "not_connected"));
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder("latin1");
    try {
      for (let bytes = await this.#line.read(); bytes !== null; bytes = await this.#line.read()) {
        this.#take(decoder.decode(bytes));
      }
    } catch (error) {
      // What a receiver says before it breaks the connection is thrown away there, also where it has come already.
      const unheard = Deno.build.os === "windows" && !this.#lastSent ? "; if it said why, Windows has not told" : "";
      this.#lost(`${(error as Error).message}${unheard}`);
      return;
    }
    if (!this.#lastSent) return this.#lost("the receiver ended it before it had all of the image");
    if (this.#rest.trim() !== "") this.#status(this.#rest);
    this.#done.resolve();
  }

  #take(text: string): void {
    this.#rest += text;
    while (this.#rest.length >= statusBytes) {
      this.#status(this.#rest.slice(0, statusBytes));
      this.#rest = this.#rest.slice(statusBytes);
    }
  }

  #status(text: string): void {
    const status = decodeStatus(text);
    this.#statuses++;
    if (status === 0) {
      this.#heard.resolve();
      // The first is about the header; azcam's own receiver says no second one.
      if (this.#statuses > 1 && this.#lastSent) this.#done.resolve();
      return;
    }
    const said = `it answered ${JSON.stringify(text.trimEnd())}`;
    const reason = status === undefined
      ? `${said} instead of a status`
      : `${meanings[status] ?? "the receiver refuses it"} (${said})`;
    this.#failed.reject(this.#error(reason, "command_failed"));
  }
}
