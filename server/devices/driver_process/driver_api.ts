/**
 * The API of a driver of one's own.
 *
 * @module
 */

import { azcamExposure } from "../../camera/exposure_instrument.ts";
import { command } from "../../bench/command.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { PortContact } from "../transports/contact.ts";
import { checkSums } from "../transports/check_sum.ts";
import { answerIn, type Shape } from "../transports/framing.ts";
import type { Port } from "../transports/port.ts";
import { type ErrorCode, HeliographError } from "../../../protocol/errors.ts";

/**
 * {@linkcode HeliographError} as drivers of 0.1 know it: the message comes first, and the code may be left out.
 * Every HeliographError counts as one, so that what a port or an instrument threw is recognised by either name.
 */
export class InstrumentError extends HeliographError {
  /**
   * Makes an error to be thrown.
   *
   * @param message What went wrong, on what, why, and what would be right.
   * @param code The stable code.
   * @param options `cause`: the error behind this one, if any.
   */
  constructor(message: string, code: ErrorCode = "command_failed", options?: ErrorOptions) {
    super(code, message, options);
  }

  /** Whether something is a {@linkcode HeliographError}. @param value Anything. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // A driver's own subclass is told from others as ever.
    return this === InstrumentError ? value instanceof HeliographError : super[Symbol.hasInstance](value);
  }
}

/**
 * heliograph, for a driver of one's own: its function's first argument.
 *
 * @example
 * ```ts
 * import { type DriverApi, HeliographError } from "@heliograph/heliograph";
 *
 * // A bench file in TypeScript exports a function of it.
 * const bench = ({ defineInstrument, command }: DriverApi) => {
 *   const refuse = () => {
 *     throw new HeliographError("command_failed", "Cannot open the dome: it rains");
 *   };
 *   return { instruments: [defineInstrument({ title: "Dome", commands: { open: command({ summary: "Open", run: refuse }) } })] };
 * };
 * console.log(bench.length); // 1
 * ```
 */
export interface DriverApi {
  /** Declares an instrument. */
  readonly defineInstrument: typeof defineInstrument;
  /** Declares a command. */
  readonly command: typeof command;
  /** What to throw so that the client is told what went wrong: `new HeliographError("command_failed", "why")`. */
  readonly HeliographError: typeof HeliographError;
  /** The same as drivers of 0.1 throw it: `new InstrumentError("why", "command_failed")`. */
  readonly InstrumentError: new (message: string, code?: ErrorCode, options?: ErrorOptions) => HeliographError;
  /** Keeps an instrument on a port in contact: for `contact`, and for talking to it. */
  readonly PortContact: typeof PortContact;
  /** The check sums that instruments have: `checkSums.crc16modbus(bytes)` is a number. */
  readonly checkSums: Readonly<
    Record<
      "xor" | "sum" | "lrc" | "sumInverted" | "sum16" | "crc16modbus" | "crcCcitt" | "crcXmodem",
      (bytes: Uint8Array) => number
    >
  >;
  /**
   * Cuts the first answer off bytes, as a port does.
   *
   * @returns The answer without its end, and the bytes after it; `undefined` where it is not whole.
   */
  readonly answerIn: (
    bytes: Uint8Array,
    shape: Shape,
  ) => { readonly answer: Uint8Array; readonly rest: Uint8Array } | undefined;
  /** Makes azcam's `exposure` of a detector: a camera whose controller is one's own. */
  readonly azcamExposure: typeof azcamExposure;
}

/** heliograph, for a driver of one's own: a file on the disk has no other way to it. */
export const driverApi: DriverApi = {
  defineInstrument,
  command,
  HeliographError,
  InstrumentError,
  PortContact,
  checkSums,
  answerIn,
  azcamExposure,
};

/**
 * A driver of one's own: what its file exports by default. It runs in a process of its own, with what its instrument's
 * `permissions` in the bench file grant and nothing else.
 *
 * @example
 * ```ts
 * import type { DriverModule } from "@heliograph/heliograph";
 *
 * const lamp: DriverModule = ({ defineInstrument }, { title }) => {
 *   let burns = false;
 *   return defineInstrument({
 *     title,
 *     fields: { Burns: { type: "switch", read: () => burns, write: (on) => void (burns = on) } },
 *   });
 * };
 * ```
 */
export type DriverModule = (
  heliograph: DriverApi,
  /** The words of the bench file for the instrument. */
  setup: {
    /** What people shall call it. */
    readonly title: string;
    /** The bench file's `options`; empty where it has none. */
    readonly options: Readonly<Record<string, unknown>>;
    /** Its port, where the bench file names one; spoken on as the bench file's `line` says. The server opens it. */
    readonly port: Port | undefined;
    /** The folder of the driver's file, which it may read. */
    readonly folder: string;
    /** Absolute paths of the folders that images may be written to; its `permissions` have to grant them to it. */
    readonly imageFolders: readonly string[];
  },
) => Instrument | Promise<Instrument>;

/** The words of the bench file for the instrument: the function's second argument. */
export type DriverSetup = Parameters<DriverModule>[1];
