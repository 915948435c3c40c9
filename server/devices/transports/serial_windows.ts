/**
 * Serial ports on Windows, by kernel32. Written from Microsoft's documentation, and tried under Wine only; nobody
 * has run it on a Windows PC yet.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "./line.ts";
import type { SerialOptions } from "./serial_options.ts";
import { kernel32, lastWindowsError, wideText } from "./windows_library.ts";
import { advapi32 } from "./windows_registry.ts";

const readAndWrite = 0xc000_0000;
const openExisting = 3;
const discardAll = 0x1 | 0x2 | 0x4 | 0x8;
/** How often a port is asked whether something has come, in milliseconds. */
const readInterval = 4;
const readSize = 65_536;
// One call of WriteFile sends no more, so that a close never waits for long.
const writeSize = 1024;
const writeMilliseconds = 500;

/** Opens kernel32, which needs the permission `--allow-ffi`; `loadSerialLibrary` says when. */
export function loadWindowsSerialLibrary(): void {
  kernel32();
  // Adapters are found by their serial numbers.
  advapi32();
}

/** Opens a serial port; `openSerial` says how. */
export function openWindowsSerial(options: SerialOptions): Line {
  const library = kernel32();
  const { path } = options;
  // Without this prefix COM10 and above are not found.
  const device = path.startsWith("\\\\.\\") ? path : `\\\\.\\${path}`;
  // 0: shared with nobody; Windows itself refuses a second opening.
  const handle = library.CreateFileW(wideText(device), readAndWrite, 0, null, openExisting, 0, 0n);
  if (BigInt.asIntN(64, handle) === -1n) throw openingError(path, lastWindowsError());
  try {
    prepare(handle, options);
  } catch (error) {
    library.CloseHandle(handle);
    throw error;
  }
  return new WindowsLine(handle, `The serial port ${path}`);
}

function prepare(handle: bigint, options: SerialOptions): void {
  const library = kernel32();
  // What may come while a write keeps reads waiting.
  library.SetupComm(handle, readSize, readSize);
  const block = new DataView(new ArrayBuffer(28));
  block.setUint32(0, 28, true);
  if (library.GetCommState(handle, block) === 0) {
    throw new HeliographError(
      "not_connected",
      `${options.path} is not a serial port: \`heliograph ports\` lists those there are`,
    );
  }
  setControlBlock(block, options);
  if (library.SetCommState(handle, block) === 0) {
    const { path, baud, dataBits, parity, stopBits } = options;
    throw new HeliographError(
      "bad_argument",
      `The serial port ${path} does not do ${baud} bits per second, ${dataBits} data bits, parity ${parity} and stop ` +
        `bits ${stopBits} together (system error ${lastWindowsError()})`,
    );
  }
  // The longest interval and no total: a read returns at once with what is there. Then the time for a write.
  if (library.SetCommTimeouts(handle, new Uint32Array([0xffff_ffff, 0, 0, 0, writeMilliseconds])) === 0) {
    throw openingError(options.path, lastWindowsError());
  }
  library.PurgeComm(handle, discardAll);
}

/** Writes the settings into a device control block (DCB, 28 bytes). */
export function setControlBlock(block: DataView, options: Omit<SerialOptions, "path">): void {
  const { baud, dataBits, parity, stopBits, flowControl, dtr = "on", rts = "on" } = options;
  const software = flowControl === "software" ? 1 : 0;
  const hardware = flowControl === "hardware" ? 1 : 0;
  block.setUint32(4, baud, true);
  // From bit 0: fBinary, fParity, fOutxCtsFlow, fOutxDsrFlow, fDtrControl (2: enabled), fDsrSensitivity,
  // fTXContinueOnXoff, fOutX, fInX, fErrorChar, fNull, fRtsControl (2: enabled or handshake), fAbortOnError.
  const bits = 1 | (parity === "none" ? 0 : 1 << 1) | hardware << 2 | (dtr === "on" ? 1 : 0) << 4 | software << 8 |
    software << 9 |
    (hardware === 1 ? 2 : rts === "on" ? 1 : 0) << 12;
  block.setUint32(8, bits, true);
  // XonLim and XoffLim: how empty and how full the buffer is when the other end is told.
  block.setUint16(14, 2048, true);
  block.setUint16(16, 2048, true);
  block.setUint8(18, dataBits);
  block.setUint8(19, { none: 0, odd: 1, even: 2 }[parity]);
  block.setUint8(20, stopBits === 2 ? 2 : 0);
  block.setUint8(21, 0x11);
  block.setUint8(22, 0x13);
}

class WindowsLine implements Line {
  readonly #handle: bigint;
  readonly #name: string;
  readonly #buffer = new Uint8Array(readSize);
  // A handle does one thing at a time, and whoever calls meanwhile waits in the system: so they take turns here.
  #turn: Promise<unknown> = Promise.resolve();
  #reading = false;
  #closed = false;

  constructor(handle: bigint, name: string) {
    this.#handle = handle;
    this.#name = name;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#reading) {
      throw new HeliographError("command_failed", `${this.#name} is being read already: one read at a time`);
    }
    this.#reading = true;
    try {
      while (!this.#closed) {
        const bytes = await this.#inTurn(() => this.#readWaiting());
        if (bytes.length > 0) return bytes;
        await new Promise((resolve) => setTimeout(resolve, readInterval));
      }
      return null;
    } finally {
      this.#reading = false;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    // A flow control that says wait makes WriteFile return with less.
    for (let written = 0; written < bytes.length;) {
      written += await this.#inTurn(() => this.#writeSome(bytes.subarray(written, written + writeSize)));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#inTurn(() => kernel32().CloseHandle(this.#handle));
  }

  #inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Reads the bytes that have come until now, perhaps nothing; does not wait. */
  #readWaiting(): Uint8Array {
    if (this.#closed) return new Uint8Array();
    this.#check();
    const count = new Uint32Array(1);
    if (kernel32().ReadFile(this.#handle, this.#buffer, readSize, count, null) === 0) throw this.#brokenError();
    return this.#buffer.slice(0, count[0]!);
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    if (this.#closed) throw new HeliographError("not_connected", `${this.#name} is closed: nothing can be sent`);
    const count = new Uint32Array(1);
    // In a background thread: it returns when the bytes are on the wire. Errors are per thread, so none is asked for.
    const status = await kernel32().WriteFile(
      this.#handle,
      bytes as Uint8Array<ArrayBuffer>,
      bytes.length,
      count,
      null,
    );
    if (status === 0) {
      this.#check();
      throw this.#brokenError();
    }
    return count[0]!;
  }

  /** Clears the port's error flags, without which it stops after one; fails when the device is gone. */
  #check(): void {
    const [errors, status] = [new Uint32Array(1), new Uint32Array(3)];
    if (kernel32().ClearCommError(this.#handle, errors, status) === 0) throw this.#brokenError();
  }

  #brokenError(): HeliographError {
    const reason = "the cable was pulled or the device was switched off";
    return new HeliographError("not_connected", `${this.#name} is gone: ${reason}`);
  }
}

function openingError(path: string, error: number): HeliographError {
  const reasons: Record<number, string> = {
    2: "does not exist: `heliograph ports` lists what there is",
    3: "does not exist: `heliograph ports` lists what there is",
    5: "is in use by another program, or by another instrument: close it there",
    32: "is in use by another program, or by another instrument: close it there",
    31: "has no device behind it: `heliograph ports` lists those that have",
    123: "is not a name of a port: give for example COM3",
  };
  const reason = reasons[error] ?? `cannot be opened (system error ${error})`;
  return new HeliographError("not_connected", `The serial port ${path} ${reason}`);
}
