/**
 * The settings of a terminal: raw bytes, and those of a serial port.
 *
 * On Linux they are the kernel's own structure (`TCGETS2`), not the C library's: glibc 2.42 changed what the speeds in
 * its structure mean, and the kernel's takes any rate.
 *
 * @module
 */

import type { SerialOptions } from "./serial_options.ts";
import { unixLibrary } from "./unix_library.ts";

/** Rates that every Linux knows, with their codes; macOS takes the numbers themselves. */
const rateCodes: ReadonlyMap<number, number> = new Map([
  ...[50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400].map((
    rate,
    index,
  ) => [rate, 1 + index] as const),
  ...[
    57_600,
    115_200,
    230_400,
    460_800,
    500_000,
    576_000,
    921_600,
    1_000_000,
    1_152_000,
    1_500_000,
    2_000_000,
    2_500_000,
    3_000_000,
    3_500_000,
    4_000_000,
  ].map((rate, index) => [rate, 0x1001 + index] as const),
]);

/** The usual rates in bits per second, ascending, for messages. */
export const usualRates: readonly number[] = [...rateCodes.keys()];

/** The layout of the settings in the kernel or library, and their bits. */
interface Layout {
  readonly size: number;
  readonly word: 4 | 8;
  /** Offset of the control characters. */
  readonly characters: number;
  /** Offset of the speed in; that of the speed out is a word further. */
  readonly speeds: number;
  readonly start: number;
  readonly stop: number;
  readonly minimum: number;
  readonly time: number;
  readonly xon: number;
  readonly characterSize: number;
  readonly sevenBits: number;
  readonly eightBits: number;
  readonly twoStopBits: number;
  readonly receive: number;
  readonly parity: number;
  readonly odd: number;
  readonly local: number;
  readonly hardware: number;
  /** DTR and RTS go off when the port is closed. */
  readonly hangUp: number;
  /** Other bits that are cleared: the rate's code, sticky parity. */
  readonly cleared: number;
}

const linuxLayout: Layout = {
  size: 44,
  word: 4,
  characters: 17,
  speeds: 36,
  start: 8,
  stop: 9,
  minimum: 6,
  time: 5,
  xon: 0x400 | 0x1000,
  characterSize: 0x30,
  sevenBits: 0x20,
  eightBits: 0x30,
  twoStopBits: 0x40,
  receive: 0x80,
  parity: 0x100,
  odd: 0x200,
  local: 0x800,
  hardware: 0x8000_0000,
  hangUp: 0x400,
  cleared: 0x100f | 0x100f_0000 | 0x4000_0000,
};

const appleLayout: Layout = {
  size: 72,
  word: 8,
  characters: 32,
  speeds: 56,
  start: 12,
  stop: 13,
  minimum: 16,
  time: 17,
  xon: 0x200 | 0x400,
  characterSize: 0x300,
  sevenBits: 0x200,
  eightBits: 0x300,
  twoStopBits: 0x400,
  receive: 0x800,
  parity: 0x1000,
  odd: 0x2000,
  local: 0x8000,
  hardware: 0x3_0000,
  hangUp: 0x4000,
  cleared: 0,
};

const linux = Deno.build.os === "linux";
const layout = linux ? linuxLayout : appleLayout;
const getSettings = 0x802c_542an;
const setSettings = 0x402c_542bn;
const anyRate = 0x1000;

/** The settings of a terminal, as it tells them. */
export class TerminalSettings {
  readonly #view = new DataView(new ArrayBuffer(layout.size));

  /**
   * Asks a terminal.
   *
   * @returns Its settings; `undefined` if it failed, and the system's last error says why.
   */
  static of(descriptor: number): TerminalSettings | undefined {
    const settings = new TerminalSettings();
    const library = unixLibrary();
    const status = linux
      ? library.controlWith(descriptor, getSettings, settings.#view)
      : library.tcgetattr(descriptor, settings.#view);
    return status === 0 ? settings : undefined;
  }

  /** Gives them to a terminal, at once; whether that worked. */
  apply(descriptor: number): boolean {
    const library = unixLibrary();
    const status = linux
      ? library.controlWith(descriptor, setSettings, this.#view)
      : library.tcsetattr(descriptor, 0, this.#view);
    return status === 0;
  }

  /** Bytes as they come: nothing translated, echoed, or understood as a signal. */
  makeRaw(): void {
    for (const index of [0, 1, 3]) this.#setWord(index, 0);
    const cleared = layout.characterSize | layout.parity;
    this.#setWord(2, (this.#word(2) & ~cleared) | layout.eightBits | layout.receive);
    this.#setCharacter(layout.minimum, 1);
    this.#setCharacter(layout.time, 0);
  }

  /** Raw bytes, with a serial port's settings. */
  set({ baud, dataBits, parity, stopBits, flowControl, dtr }: SerialOptions): void {
    this.makeRaw();
    if (flowControl === "software") {
      this.#setWord(0, layout.xon);
      this.#setCharacter(layout.start, 0x11);
      this.#setCharacter(layout.stop, 0x13);
    }
    const { characterSize, twoStopBits, odd, hardware, cleared } = layout;
    const kept = this.#word(2) & ~(characterSize | twoStopBits | layout.parity | odd | hardware | cleared);
    const rate = linux ? rateCodes.get(baud) ?? anyRate : 0;
    // Without `local` a port without a modem would seem to be hung up.
    this.#setWord(2, kept | frameBits({ dataBits, parity, stopBits }) | layout.receive | layout.local | rate);
    const closing = dtr === "keep" ? this.#word(2) & ~layout.hangUp : this.#word(2) | layout.hangUp;
    this.#setWord(2, closing);
    if (flowControl === "hardware") this.#setWord(2, this.#word(2) | hardware);
    this.#setNumber(layout.speeds, baud);
    this.#setNumber(layout.speeds + layout.word, baud);
  }

  /** Whether its rate is that one, as near as a receiver needs it. */
  hasRate(baud: number): boolean {
    const rate = layout.word === 8
      ? Number(this.#view.getBigUint64(layout.speeds + 8, true))
      : this.#view.getUint32(layout.speeds + 4, true);
    return Math.abs(rate / baud - 1) < 0.03;
  }

  /** Whether its characters are framed like this. */
  hasFrame(options: SerialOptions): boolean {
    const mask = layout.characterSize | layout.twoStopBits | layout.parity | layout.odd;
    return (this.#word(2) & mask) === frameBits(options);
  }

  /** Input, output, control and local modes are words 0 to 3; their bits lie in the lower 32. */
  #word(index: number): number {
    return this.#view.getUint32(index * layout.word, true);
  }

  #setWord(index: number, value: number): void {
    this.#setNumber(index * layout.word, value >>> 0);
  }

  #setNumber(offset: number, value: number): void {
    if (layout.word === 8) this.#view.setBigUint64(offset, BigInt(value), true);
    else this.#view.setUint32(offset, value, true);
  }

  #setCharacter(index: number, value: number): void {
    this.#view.setUint8(layout.characters + index, value);
  }
}

function frameBits({ dataBits, parity, stopBits }: Pick<SerialOptions, "dataBits" | "parity" | "stopBits">): number {
  return (dataBits === 7 ? layout.sevenBits : layout.eightBits) |
    (stopBits === 2 ? layout.twoStopBits : 0) |
    (parity === "none" ? 0 : layout.parity) |
    (parity === "odd" ? layout.odd : 0);
}
