/**
 * Lines to USB test and measurement devices, which Linux shows as `/dev/usbtmc0`.
 *
 * The kernel wraps each message, and waits for an answer for as long as it is told to; it is called in a background
 * thread. A question under way keeps the device until its time is over: whatever is sent meanwhile waits.
 *
 * Written from the kernel's documentation; nobody has run it with a device yet. What is around the kernel's calls is
 * tried with a pseudo terminal.
 *
 * @module
 */

import { joined } from "../../../protocol/bytes.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "./line.ts";
import { listFolder } from "./unix_files.ts";
import { cText, errorNumbers, lastError, openFlagsWaiting, unixLibrary } from "./unix_library.ts";
import type { UsbtmcAddress } from "./usbtmc_address.ts";
import { WholeAnswers } from "./whole_answers.ts";

/** Clears the device's buffers; sets and gets how long it is waited for, in milliseconds. */
const clear = 0x5b02n;
const setTimeLimit = 0x4004_5b0an;
const getTimeLimit = 0x8004_5b09n;
const readSize = 1 << 18;

/**
 * Opens the line to a device.
 *
 * @returns The line; each read is one answer.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export async function openUsbtmc({ path, clear: clearing }: UsbtmcAddress): Promise<Line> {
  if (Deno.build.os !== "linux") {
    throw new HeliographError(
      "not_connected",
      `${path} cannot be opened: USBTMC is spoken on Linux only. Use the instrument's network (hislip://, vxi11:// or ` +
        "tcp://) or its serial port",
    );
  }
  const library = unixLibrary();
  const descriptor = library.open(cText(path), openFlagsWaiting);
  if (descriptor < 0) throw new HeliographError("not_connected", `The device ${path} ${whyNotOpened(lastError())}`);
  if (clearing && await library.controlInBackground(descriptor, clear) !== 0) {
    library.close(descriptor);
    throw new HeliographError("not_connected", `The device ${path} cannot be cleared: is it a USBTMC device, and on?`);
  }
  return new UsbtmcLine(descriptor, path);
}

class UsbtmcLine implements Line {
  readonly whole = true;
  readonly #descriptor: number;
  readonly #path: string;
  readonly #answers = new WholeAnswers();
  /** Calls wait for each other here: a descriptor is closed when none uses it. */
  #last: Promise<unknown> = Promise.resolve();
  #sent = 0;
  #closed = false;

  constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#path = path;
  }

  read(): Promise<Uint8Array | null> {
    return this.#answers.next();
  }

  async write(bytes: Uint8Array, answerWithin?: number): Promise<void> {
    if (this.#closed) throw new HeliographError("not_connected", `The device ${this.#path} is closed`);
    const number = ++this.#sent;
    await this.#inTurn(async () => {
      const all = bytes.slice() as Uint8Array<ArrayBuffer>;
      const count = await unixLibrary().writeInBackground(this.#descriptor, all, BigInt(all.length));
      if (Number(count) !== all.length) throw this.#broken("it did not take what was sent");
    });
    if (answerWithin === undefined) return;
    this.#inTurn(() => this.#fetch(number, answerWithin)).catch((error) => this.#answers.fail(error));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#answers.close();
    void this.#inTurn(() => Promise.resolve(unixLibrary().close(this.#descriptor)));
  }

  async #fetch(number: number, seconds: number): Promise<void> {
    const library = unixLibrary();
    if (number !== this.#sent || this.#closed) return;
    const milliseconds = new Uint32Array([Math.max(100, Math.round(seconds * 1000))]);
    // Kernels before 4.20 wait for five seconds, whatever they are told.
    library.controlWith(this.#descriptor, setTimeLimit, milliseconds);
    const buffer = new Uint8Array(readSize);
    const parts: Uint8Array[] = [];
    for (;;) {
      const count = Number(await library.readInBackground(this.#descriptor, buffer, BigInt(readSize)));
      if (count === 0) throw this.#broken("it was switched off, or its cable was pulled");
      if (count < 0) {
        // Which error it was, only the thread knows that met it; a device that is gone is so for every call.
        const gone = library.controlWith(this.#descriptor, getTimeLimit, milliseconds) !== 0 && isGone(lastError());
        if (gone) throw this.#broken("it was switched off, or its cable was pulled");
        return;
      }
      parts.push(buffer.slice(0, count));
      if (count === readSize) continue;
      if (number === this.#sent) this.#answers.push(joined(parts));
      return;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  #broken(why: string): HeliographError {
    return new HeliographError("not_connected", `The device ${this.#path} is gone: ${why}`);
  }
}

function isGone(error: number): boolean {
  return [errorNumbers.noSuchDevice, errorNumbers.noSuchDeviceOrAddress, errorNumbers.inputOutput].includes(error as 5);
}

function whyNotOpened(error: number): string {
  switch (error) {
    case errorNumbers.noSuchFile:
    case errorNumbers.noSuchDevice:
    case errorNumbers.noSuchDeviceOrAddress: {
      const there = listFolder("/dev").filter((name) => /^usbtmc\d+$/.test(name)).map((name) => `/dev/${name}`);
      return `is not there: plug the instrument in and switch it on; ${
        there.length === 0 ? "there is no other USBTMC device" : `there is ${there.join(", ")}`
      }`;
    }
    case errorNumbers.accessDenied:
    case errorNumbers.notPermitted:
      return "may not be opened by this user: write into /etc/udev/rules.d/50-usbtmc.rules " +
        'SUBSYSTEM=="usbmisc", KERNEL=="usbtmc*", GROUP="dialout", MODE="0660" and plug it in again';
    case errorNumbers.busy:
      return "is in use by another program: close it there";
    default:
      return `cannot be opened (system error ${error})`;
  }
}
