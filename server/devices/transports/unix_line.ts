import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "./line.ts";
import { errorNumbers, lastError, unixLibrary } from "./unix_library.ts";
import { hungUp, pause, poller, readable, writable } from "./unix_poller.ts";

/** The options of a {@linkcode UnixLine}. */
export interface UnixLineOptions {
  /** The descriptor of the line, which never waits. */
  readonly descriptor: number;
  /** What errors call it: `The serial port /dev/ttyUSB0`. */
  readonly name: string;
  /** What has happened when it breaks. */
  readonly broken: string;
  /** Undone at once on closing, while the descriptor itself may live a little longer: locks. */
  readonly release?: () => void;
  /** Whether closing waits until everything is sent, as a serial port's does and a pseudo terminal's does not. */
  readonly closesSlowly: boolean;
  /** Descriptors that are closed with it. */
  readonly others?: readonly number[];
}

const readSize = 65_536;

/** A line over a descriptor of a terminal. */
export class UnixLine implements Line {
  readonly #options: UnixLineOptions;
  readonly #buffer = new Uint8Array(readSize);
  #reading = false;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;
  #broken = false;

  /** Takes a descriptor over; closing the line closes it. */
  constructor(options: UnixLineOptions) {
    this.#options = options;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#reading) {
      throw new HeliographError("command_failed", `${this.#options.name} is being read already: one read at a time`);
    }
    this.#reading = true;
    try {
      return await this.#read();
    } finally {
      this.#reading = false;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    const written = this.#writing.then(() => this.#write(bytes));
    // A failure is told to whoever wrote; the next one finds out for itself.
    this.#writing = written.catch(() => {});
    return written;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { descriptor, release, others = [] } = this.#options;
    release?.();
    void this.#closeDescriptors([...others, descriptor]);
  }

  async #closeDescriptors(descriptors: readonly number[]): Promise<void> {
    const library = unixLibrary();
    // Closed while a call waits for it, its number could be another file's by the time the call looks.
    await poller.forget(this.#options.descriptor);
    for (const descriptor of descriptors) {
      if (this.#options.closesSlowly) await library.closeInBackground(descriptor);
      else library.close(descriptor);
    }
  }

  async #read(): Promise<Uint8Array | null> {
    const { descriptor } = this.#options;
    while (!this.#closed) {
      if (this.#broken) throw this.#brokenError();
      await poller.wait(descriptor, readable);
      if (this.#closed) break;
      const count = Number(unixLibrary().read(descriptor, this.#buffer, BigInt(readSize)));
      if (count > 0) return this.#buffer.slice(0, count);
      // Nothing at all is what a terminal that was hung up says.
      if (count === 0 || !isPassing(lastError())) this.#broken = true;
      else await pause();
    }
    return null;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { descriptor, name } = this.#options;
    let ready = 0;
    for (let rest = bytes; rest.length > 0;) {
      if (this.#closed) throw new HeliographError("not_connected", `${name} is closed: nothing can be sent`);
      if (this.#broken) throw this.#brokenError();
      const count = Number(unixLibrary().write(descriptor, rest as Uint8Array<ArrayBuffer>, BigInt(rest.length)));
      if (count > 0) {
        rest = rest.subarray(count);
        ready = 0;
        continue;
      }
      if (ready !== 0) {
        // It was called ready, and yet it took nothing.
        if ((ready & hungUp) !== 0 || !isPassing(lastError())) {
          this.#broken = true;
          continue;
        }
        await pause();
        if (this.#closed) continue;
      }
      ready = await poller.wait(descriptor, writable);
    }
  }

  #brokenError(): HeliographError {
    return new HeliographError("not_connected", `${this.#options.name} is gone: ${this.#options.broken}`);
  }
}

function isPassing(error: number): boolean {
  return error === errorNumbers.tryAgain || error === errorNumbers.interrupted;
}
