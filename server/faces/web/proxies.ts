/**
 * Finds out where a request comes from that came through a proxy. Only the proxies that the operator names are believed.
 *
 * @module
 */

import { AddressRoles, isNetwork, plainAddress } from "../../access/addresses.ts";
import { isLoopback } from "../../network/loopback.ts";
import { HttpError } from "./http_error.ts";

/** What proxies say of the request before them. */
const told = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/** A request as it was before it came to the proxy. */
export interface Proxied {
  /** Where it comes from; never this PC: who comes through a proxy is not here. */
  readonly hostname: string;
  /** What its address began with, and whom it meant, as far as the proxy says. */
  readonly scheme: "http" | "https" | undefined;
  readonly host: string | undefined;
}

/** The proxies of one server. */
export class Proxies {
  readonly #trusted: AddressRoles;
  readonly #any: boolean;

  /** Knows them. @param networks Addresses and networks. */
  constructor(networks: readonly string[] = []) {
    this.#any = networks.length > 0;
    this.#trusted = new AddressRoles(Object.fromEntries(networks.map((network) => [network, "proxy"])));
  }

  /**
   * What is known of a request.
   *
   * @param headers Its header.
   * @param address The IP address that it came from last.
   * @returns What it was before the proxy; `undefined` where it came through none.
   * @throws {HttpError} 403 where somebody else says so, or a proxy does not say enough.
   */
  read(headers: Headers, address: string): Proxied | undefined {
    const said = told.filter((name) => headers.has(name));
    if (!this.#isTrusted(address)) {
      if (said.length === 0) return undefined;
      throw refused(
        `${
          said[0]
        } came from ${address}, which is no proxy that this server trusts; trustedProxies in the bench file ` +
          "names those",
      );
    }
    const list = headers.get("x-forwarded-for");
    const standard = headers.get("forwarded");
    if (list !== null && standard !== null) {
      throw refused("it has both Forwarded and X-Forwarded-For: let the proxy send one");
    }
    const hops = list !== null ? list.split(",").map((hop) => hop.trim()) : standard !== null ? hopsOf(standard) : [];
    // The last one that is no proxy of ours: what stands before it, anybody may have written.
    const from = hops.findLast((hop) => !this.#isTrusted(addressOf(hop))) ?? hops[0];
    const origin = from === undefined ? undefined : addressOf(from);
    if (origin === undefined || origin.includes("/") || !isNetwork(origin)) {
      throw refused(
        `the proxy ${address} does not say from which address it comes: let it send X-Forwarded-For, and set it anew ` +
          "rather than pass on what others sent",
      );
    }
    const proto = (headers.get("x-forwarded-proto") ?? parameterOf(standard, "proto"))?.toLowerCase();
    return {
      hostname: isLoopback(origin) ? `proxied ${origin}` : origin,
      scheme: proto === "https" || proto === "http" ? proto : undefined,
      host: headers.get("x-forwarded-host") ?? parameterOf(standard, "host"),
    };
  }

  #isTrusted(address: string | undefined): boolean {
    return this.#any && address !== undefined && this.#trusted.find(address) !== undefined;
  }
}

/** The addresses of a Forwarded field, the last proxy's last. */
function hopsOf(field: string): string[] {
  return field.split(",").map((element) => parameterOf(element, "for") ?? "");
}

/** A parameter of the last element of a Forwarded field. */
function parameterOf(field: string | null, name: string): string | undefined {
  const last = field?.split(",").at(-1);
  const found = last?.split(";").map((pair) => pair.trim().split("=")).find(([key]) => key!.toLowerCase() === name);
  return found?.[1]?.replace(/^"(.*)"$/, "$1");
}

/** The address of a hop, which may have a port. */
function addressOf(hop: string): string {
  const [, six] = /^\[([^\]]*)\](?::\d+)?$/.exec(hop) ?? [];
  return plainAddress(six ?? hop.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1"));
}

function refused(why: string): HttpError {
  return new HttpError(403, "not_allowed", `Refused: ${why}`);
}
