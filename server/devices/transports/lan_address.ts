/**
 * The addresses of instruments that are spoken with by HiSLIP or VXI-11: `hislip://10.0.0.8`, `vxi11://10.0.0.8/inst0`.
 *
 * @module
 */

import { hostOf, hostText, oneOf, readSettings, type Wrong } from "./address_parts.ts";

/** The address of such an instrument. */
export interface LanAddress<K extends "hislip" | "vxi11"> {
  readonly kind: K;
  readonly host: string;
  /** For VXI-11 0 where the port mapper of the instrument is asked. */
  readonly port: number;
  /** Which of those behind the address: `hislip0`, `inst0`, `gpib0,14`. */
  readonly device: string;
  /** Whether the instrument's buffers are cleared when the line is opened. */
  readonly clear: boolean;
}

/** How long an answer is waited for at once by VXI-11, in seconds: nothing can be sent meanwhile. */
export const vxi11Slice = 0.5;

const usual = {
  hislip: { port: 4880, device: "hislip0" },
  vxi11: { port: 0, device: "inst0" },
} as const;

/** How such an instrument is addressed. @param kind By which of them. */
export function lanForms(kind: "hislip" | "vxi11"): string {
  return `${kind}://HOST/${usual[kind].device}`;
}

/** Reads such an address. @param kind Of which of them. */
export function parseLan<K extends "hislip" | "vxi11">(kind: K, url: URL, wrong: Wrong): LanAddress<K> {
  if (url.hostname === "") throw wrong(`its host is missing; give ${lanForms(kind)}`);
  const { clear } = readSettings(url, { clear: oneOf("yes", "no") }, wrong);
  const path = decodeURIComponent(url.pathname).replace(/^\/|\/$/g, "");
  if (path.includes("/")) throw wrong(`behind the host stands one name; give ${lanForms(kind)}`);
  const device = path === "" ? usual[kind].device : path;
  return {
    kind,
    host: hostOf(url),
    port: url.port === "" ? usual[kind].port : Number(url.port),
    device,
    // A gateway's clear may set an old instrument back to its defaults.
    clear: clear === undefined ? !/^gpib/i.test(device) : clear === "yes",
  };
}

/** The one name of such an instrument. */
export function lanName({ kind, host, port, device }: LanAddress<"hislip" | "vxi11">): string {
  return `${kind}://${hostText(host)}${port === 0 ? "" : `:${port}`}/${device}`;
}
