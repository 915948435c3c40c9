/**
 * The ways in that speak a language of their own, whatever is behind them: Modbus, web APIs, files.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type HttpAddress, httpAnswerEnd } from "./http.ts";
import type { ModbusAddress } from "./modbus.ts";
import { checkedUnit } from "./modbus_messages.ts";
import type { SerialOptions } from "./serial_options.ts";

/** The address of a file that another program writes. */
export interface FileAddress {
  readonly kind: "file";
  /** An absolute path of this PC. */
  readonly path: string;
}

/** An address whose lines speak a language of their own. */
export type OwnAddress = ModbusAddress | HttpAddress | FileAddress;

/** What an address looks like, by how it begins. */
export const ownForms: Readonly<Record<string, string>> = {
  "modbus+tcp:": "modbus+tcp://HOST:502",
  "modbus+rtu:": "modbus+rtu://HOST:PORT",
  "modbus+serial:": "modbus+serial:///dev/ttyUSB0?baud=9600&unit=1",
  "http:": "http://HOST/PATH",
  "https:": "https://HOST/PATH",
  "file:": "file:///data/log.csv or on Windows file:///C:/data/log.csv",
};

/**
 * Reads an address.
 *
 * @param url As in a bench file.
 * @param wrong Makes the error.
 * @param parseSerial Reads the address of a serial port.
 * @returns `undefined` where it is none of these.
 */
export function parseOwnAddress(
  url: URL,
  wrong: (why: string) => TypeError,
  parseSerial: (url: URL) => SerialOptions,
): OwnAddress | undefined {
  switch (url.protocol) {
    case "modbus+serial:":
      checkUnit(url, wrong);
      url.searchParams.delete("unit");
      return { kind: "modbus serial", serial: parseSerial(url) };
    case "modbus+tcp:":
    case "modbus+rtu:": {
      checkUnit(url, wrong);
      const framing = url.protocol === "modbus+tcp:" ? "tcp" : "rtu";
      const port = url.port === "" && framing === "tcp" ? 502 : Number(url.port);
      if (url.hostname === "" || port === 0) {
        throw wrong(`its ${url.hostname === "" ? "host" : "port"} is missing; give ${ownForms[url.protocol]}`);
      }
      const unknown = [...url.searchParams.keys()].find((name) => name !== "unit");
      if (url.pathname.length > 1 || unknown !== undefined) throw wrong("nothing but ?unit=1 may follow the port");
      return { kind: "modbus", framing, host: url.hostname.replace(/^\[|\]$/g, ""), port };
    }
    case "http:":
    case "https:": {
      if (url.search !== "" || url.hash !== "") {
        throw wrong('what follows ? belongs into what is asked: "GET /status?channel=1"');
      }
      const credentials = [url.username, url.password].map(decodeURIComponent).join(":");
      return {
        kind: "http",
        base: url.origin + url.pathname.replace(/\/+$/, ""),
        ...(url.username === "" ? {} : { credentials }),
      };
    }
    case "file:":
      if (url.search !== "" || url.hash !== "") throw wrong("nothing may follow the file's name; # is %23, ? is %3F");
      if (url.pathname.endsWith("/")) throw wrong("it is a folder; name the file in it");
      try {
        return { kind: "file", path: fileURLToPath(url) };
      } catch {
        throw wrong(`a path of this PC begins with a third slash: ${ownForms["file:"]}`);
      }
  }
  return undefined;
}

function checkUnit(url: URL, wrong: (why: string) => TypeError): void {
  const unit = url.searchParams.get("unit");
  if (unit === null) return;
  try {
    checkedUnit(/^\d+$/.test(unit) ? Number(unit) : NaN);
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

/** The Modbus unit that an address names: several may be on one line. @param text A sound address. */
export function unitIn(text: string): number | undefined {
  const unit = /^modbus\+.*[?&]unit=(\d+)/.exec(text)?.[1];
  return unit === undefined ? undefined : Number(unit);
}

/** The name of such a port, without what is secret. */
export function ownName(address: OwnAddress): string {
  switch (address.kind) {
    case "modbus":
      return `modbus+${address.framing}://${address.host}:${address.port}`;
    case "modbus serial":
      return address.serial.path;
    case "http":
      return address.base;
    case "file":
      return `file://${address.path.startsWith("/") ? "" : "/"}${address.path.replaceAll("\\", "/")}`;
  }
}

/** What is settled about a line by its way in. */
export interface OwnFormat {
  readonly sendEnd: string;
  readonly receiveEnd: string;
  readonly gateway?: true;
  readonly encoding?: "utf8";
}

/** What is settled about the lines to an address; `undefined` where the instrument has its own ends. */
export function ownFormat(address: { readonly kind: string; readonly framing?: string }): OwnFormat | undefined {
  switch (address.kind) {
    case "modbus":
      return { sendEnd: "", receiveEnd: "\n", ...(address.framing === "rtu" ? { gateway: true } : {}) };
    case "modbus serial":
      // What is late comes to whoever opens the port next, and says whose it is.
      return { sendEnd: "", receiveEnd: "\n", gateway: true };
    case "http":
      return { sendEnd: "", receiveEnd: httpAnswerEnd, encoding: "utf8" };
    case "file":
      return { sendEnd: "", receiveEnd: "\n" };
  }
  return undefined;
}

const modbus = ["modbus", "modbus serial"];

/** The words for a line that have a meaning at some addresses only, by the kinds of those. */
const wordsOf: Readonly<Record<string, readonly [kinds: readonly string[], addresses: string]>> = {
  unit: [modbus, "modbus+tcp:// or the like"],
  mostRegisters: [modbus, "modbus+tcp:// or the like"],
  headers: [["http"], "http:// or https://"],
  separator: [["file"], "file://"],
};

/**
 * The words for a line that have no meaning at an address, each with the reason.
 *
 * @param line What a description says of it.
 */
export function misplacedWords({ kind }: { readonly kind: string }, line: object): [word: string, reason: string][] {
  const given = Object.entries(line).flatMap(([word, value]) => value === undefined ? [] : [word]);
  return given.flatMap((word): [string, string][] => {
    const [kinds, addresses] = wordsOf[word] ?? [];
    if (kinds !== undefined) {
      return kinds.includes(kind) ? [] : [[word, `has a meaning only where "port" is ${addresses}`]];
    }
    const settled = word === "sendEnd" || word === "receiveEnd" || (word === "encoding" && kind !== "file");
    const own = ownFormat({ kind }) !== undefined;
    return settled && own ? [[word, "is settled by the way in: leave it out"]] : [];
  });
}
