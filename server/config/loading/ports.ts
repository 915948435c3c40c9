/**
 * The ports of a bench file: each address has one, which the instruments there share.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import { defined } from "../../../protocol/defined.ts";
import { didYouMean, listed } from "../../bench/names.ts";
import type { Description } from "../../devices/described/schema.ts";
import type { Driver } from "../../devices/drivers/driver.ts";
import type { DescriptionSimulator, Simulator } from "../../devices/simulators/simulator.ts";
import {
  type Address,
  fileOf,
  misplacedWords,
  nobodyAt,
  parseAddress,
  portName,
  serialPortOf,
} from "../../devices/transports/address.ts";
import { Port } from "../../devices/transports/port.ts";
import { BenchFileError, type Path } from "../../files/source.ts";
import { standIn } from "../stand_in.ts";
import { lineFormat } from "./line_format.ts";
import type { Problems } from "./problems.ts";

/** Changes an instrument's address before its port is made, as of `loadBench`. */
export type Redirect = (
  address: string,
  simulator: (() => Simulator) | undefined,
  title: string,
  described: (() => Simulator & { readonly missing: readonly string[] }) | undefined,
) => string;

/** What an instrument's entry says of its port. */
export interface PortWords {
  /** What the instrument is called. */
  readonly title: string;
  /** Where its entry stands. */
  readonly at: Path;
  /** Its address, or the name of one. */
  readonly text: string;
  /** How it speaks. */
  readonly line: Description["line"];
  /** Its driver, where that is a built-in one. */
  readonly driver?: Driver | undefined;
  /** The process of its driver, where that is code. @default "": the server's own */
  readonly process?: string;
  /** Simulates its description. */
  readonly simulated?: (() => DescriptionSimulator) | undefined;
}

/** The ports of one bench file. */
export class Ports {
  /** By the titles of the instruments that have one. */
  readonly byTitle: Map<string, Port> = new Map();
  readonly #problems: Problems;
  readonly #named: Readonly<Record<string, string>>;
  readonly #redirect: Redirect;
  /** By their own names, with whose each was first. */
  readonly #all = new Map<string, { readonly port: Port; readonly title: string; readonly process: string }>();

  /** Has none yet. @param named Addresses by name. */
  constructor(problems: Problems, named: Readonly<Record<string, string>>, redirect: Redirect) {
    this.#problems = problems;
    this.#named = named;
    this.#redirect = redirect;
  }

  /** The serial ports among them. */
  get serialPorts(): string[] {
    return [...this.#all.values()].flatMap(({ port: { address } }) => serialPortOf(address) ?? []);
  }

  /** The files among them. */
  get files(): string[] {
    return [...this.#all.values()].flatMap(({ port: { address } }) => fileOf(address) ?? []);
  }

  /** An instrument on this port shares it with what has it already. @param title What that is called. */
  share(port: Port, title: string, process = ""): void {
    if (!this.#all.has(port.name)) this.#all.set(port.name, { port, title, process });
  }

  /** The address that a text is, or names. */
  addressOf(text: string): string {
    return Object.hasOwn(this.#named, text) ? this.#named[text]! : text;
  }

  /**
   * The port of an instrument; where that is wrong, one in its place, so that the rest of it is checked too.
   *
   * @param words Without a text where the entry has none. @param description The whole of it.
   */
  orStandIn(words: Omit<PortWords, "text"> & { readonly text: string | undefined }, description: Description): Port {
    const { text, title, at, driver } = words;
    try {
      if (text !== undefined) return this.of({ ...words, text });
      const example = driver?.address ?? "tcp://192.168.1.5:5025";
      this.#problems.add(at, `port is missing: where ${title} is, for example ${example}`);
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      this.#problems.addAll(error.problems);
    }
    return standIn(this.addressOf(text ?? ""), description);
  }

  /** The port of an instrument. @throws {BenchFileError} Where its address is wrong, or it cannot share the port there. */
  of(words: PortWords): Port {
    const { title, at, line = {}, process = "" } = words;
    let address = this.#addressOf(words);
    for (const [key, reason] of misplacedWords(address, line)) this.#problems.add([...at, "line", key], reason);
    if ((address.kind === "http" || address.kind === "https") && line.headers !== undefined) {
      address = { ...address, headers: line.headers };
    }
    const format = lineFormat(line, address, (word, message) => this.#problems.error([...at, "line", word], message));
    const shared = this.#all.get(portName(address));
    if (shared === undefined) {
      const port = new Port(address, format);
      this.#all.set(port.name, { port, title, process });
      this.byTitle.set(title, port);
      return port;
    }
    const both = `${title} and ${shared.title} share this port`;
    if (shared.process !== process) {
      throw this.#problems.error(
        [...at, "port"],
        `${both}, and do not run in the same process: a driver that is code shares its port only with others of the ` +
          `same "permissions"`,
      );
    }
    if (!isDeepStrictEqual(shared.port.format, format) || !isDeepStrictEqual(shared.port.address, address)) {
      throw this.#problems.error([...at, "port"], `${both}, and speak on it differently`);
    }
    this.byTitle.set(title, shared.port);
    return shared.port;
  }

  /** The address of an instrument, or of what simulates it. */
  #addressOf({ title, at, text, line, driver, simulated }: PortWords): Address {
    const given = this.addressOf(text);
    const serial = defined(line?.serial ?? {});
    try {
      const real = parseAddress(given, serial);
      // A built-in driver's simulator speaks as its instrument does, whatever way that is.
      const nobody = driver === undefined ? nobodyAt(real) : undefined;
      const isModbus = real.kind.startsWith("modbus");
      const unsimulated = () => wrong(`nothing simulates ${real.kind}://`);
      const redirected = nobody === undefined || isModbus
        ? this.#redirect(given, driver?.simulator, title, simulated)
        : this.#redirect(given, undefined, title, unsimulated);
      if (redirected === given) return real;
      // What is simulated of a Modbus device speaks Modbus.
      return nobody !== undefined && !redirected.startsWith("modbus") ? nobody : parseAddress(redirected, serial);
    } catch (error) {
      const isNamed = Object.hasOwn(this.#named, text);
      const names = Object.keys(this.#named);
      const hint = !isNamed && !text.includes("://") && names.length > 0
        ? `; ports has ${listed(names)}${didYouMean(text, names)}`
        : "";
      throw this.#problems.error(isNamed ? ["ports", text] : [...at, "port"], (error as Error).message + hint);
    }
  }
}

function wrong(message: string): never {
  throw new TypeError(message);
}
