/**
 * What the forms of addresses have in common: their parts, and their settings behind the question mark.
 *
 * @module
 */

import { didYouMean } from "../../bench/names.ts";
import type { SerialOptions } from "./serial_options.ts";

/** Makes the error of an address. @param why What is wrong with it, and what would be right. */
export type Wrong = (why: string) => TypeError;

/** What a way in settles about its lines: it has a language of its own, whatever is behind it. */
export interface SettledFormat {
  readonly sendEnd: string;
  readonly receiveEnd: string;
  readonly encoding?: "utf8";
}

/** A bus on which one instrument at a time is spoken with. */
export interface SharedBus {
  /** One name for the bus. */
  readonly name: string;
  /** How long an instrument may hold it, in seconds. */
  readonly turn: number;
}

/** The words where a connection may be made for what is sent. */
export const connectsFor = "a connection may be made before";

/** A way in to instruments, by the word before `://`. Who opens it stands in `open_line.ts`. */
export interface Way<A> {
  /** How its addresses are written, for the error of one that is not. */
  readonly forms: string;
  /**
   * Reads an address.
   *
   * @param serial How a serial line is set where the address does not say.
   */
  parse(url: URL, wrong: Wrong, serial: Partial<SerialOptions>): A;
  /** The one name of its port: two addresses of the same port give the same. */
  name(address: A): string;
  /** Whether an answer that is late comes to the next line that is opened, too. @default never */
  keepsLate?(address: A): boolean;
  /** The bus that it shares with other instruments, and how long each of them may hold that. @default none */
  sharedBus?(address: A): SharedBus;
  /** How long what is under way on its line may keep something immediate from the wire, in seconds. @default 0 */
  holdsUp?(address: A): number;
  /** What else does, of which it is not known how long it takes, in words. @default nothing */
  readonly waitsFor?: string;
  /** The serial port that it needs on this computer. @default none */
  serialPort?(address: A): string | undefined;
  /** What is settled about its lines. @default nothing */
  readonly settled?: SettledFormat;
  /** An address of its kind at which nobody is, for what is not simulated. @default those of others serve */
  readonly nobody?: A;
  /** The words of a description's `line` that have a meaning here only. @default none */
  readonly words?: readonly string[];
}

/** A setting of an address: what it may be, and what that is called in an error. */
export interface AddressSetting {
  readonly allowed: RegExp;
  /** What follows `should be`. */
  readonly choices: string;
}

/** A setting that is one of several words. */
export function oneOf(...words: readonly string[]): AddressSetting {
  return { allowed: new RegExp(`^(?:${words.join("|")})$`), choices: words.join(words.length === 2 ? " or " : ", ") };
}

/**
 * Reads the settings of an address.
 *
 * @param url The address.
 * @param settings What each may be, by its name.
 * @param wrong Makes the error.
 * @returns What is given, by name.
 */
export function readSettings<Name extends string>(
  url: URL,
  settings: Readonly<Record<Name, AddressSetting>>,
  wrong: Wrong,
): Partial<Record<Name, string>> {
  const given: Partial<Record<Name, string>> = {};
  const names = Object.keys(settings);
  for (const [name, value] of url.searchParams) {
    if (!Object.hasOwn(settings, name)) {
      throw wrong(
        names.length === 0
          ? "nothing may follow ?"
          : `${name} is none of ${names.join(", ")}${didYouMean(name, names)}`,
      );
    }
    const { allowed, choices } = settings[name as Name];
    if (!allowed.test(value)) throw wrong(`${name} is ${value === "" ? "empty" : value}, and should be ${choices}`);
    given[name as Name] = value;
  }
  return given;
}

/**
 * The host of a network address; IPv6 stands in brackets in an address only.
 *
 * @param url The address.
 */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/**
 * A host as it stands in an address.
 *
 * @param host A name or an IP address.
 */
export function hostText(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
