/**
 * The commands of every SCPI instrument, for simulators (IEEE 488.2 and SCPI-99).
 *
 * @module
 */

import type { Simulator } from "./simulator.ts";

/** The handler of a header: it gets the parameter (empty for a query without one) and returns the answer of a query. */
export type ScpiHandler = (parameter: string) => string | void;

/** Refuses a command with one of SCPI's errors. */
export class ScpiError extends Error {
  /** Makes it. @param code SCPI's number, for example -222. @param text SCPI's words for it. */
  constructor(readonly code: number, text: string) {
    super(text);
  }
}

/** The oldest errors go when more wait than this. */
const mostErrors = 20;

/** A pretended SCPI instrument. */
export class ScpiSimulator implements Simulator {
  /** What ends a command. */
  readonly commandEnd = "\n";
  /** What ends each answer. */
  readonly answerEnd = "\n";
  readonly #headers: readonly (readonly [RegExp, ScpiHandler])[];
  readonly #reset: () => void;
  readonly #errors: string[] = [];
  #events = 0;

  /**
   * Makes one.
   *
   * @param identity What it answers to `*IDN?`.
   * @param reset What `*RST` does.
   * @param headers What each header does, written as in a manual: `MEASure:VOLTage[:DC]?`.
   */
  constructor(identity: string, reset: () => void, headers: Readonly<Record<string, ScpiHandler>>) {
    this.#reset = reset;
    const common: Record<string, ScpiHandler> = {
      "*IDN?": () => identity,
      "*OPC?": () => "1",
      "*ESR?": () => {
        const events = this.#events;
        this.#events = 0;
        return String(events);
      },
      "*CLS": () => void this.#errors.splice(0),
      "*RST": () => this.#reset(),
      "SYSTem:ERRor[:NEXT]?": () => this.#errors.shift() ?? '+0,"No error"',
    };
    this.#headers = Object.entries({ ...common, ...headers }).map(([name, handler]) => [headerPattern(name), handler]);
  }

  /** Answers a command, or several with semicolons between them. */
  answer(command: string): string | undefined {
    const answers = command.split(";").flatMap((part) => this.#one(part.trim()) ?? []);
    return answers.length === 0 ? undefined : answers.join(";");
  }

  #one(command: string): string | undefined {
    if (command === "") return undefined;
    const [header = "", ...rest] = command.split(/\s+/);
    const handler = this.#headers.find(([pattern]) => pattern.test(header))?.[1];
    try {
      if (handler === undefined) throw new ScpiError(-113, "Undefined header");
      return handler(rest.join(" ")) ?? undefined;
    } catch (error) {
      if (!(error instanceof ScpiError)) throw error;
      this.#errors.push(`${error.code},"${error.message}"`);
      if (this.#errors.length > mostErrors) this.#errors.shift();
      // Bit 5: a command error; bit 4: an execution error.
      this.#events |= error.code <= -200 ? 16 : 32;
      return undefined;
    }
  }
}

/** `MEASure:VOLTage[:DC]?` matches MEAS:VOLT?, meas:voltage:dc? and so on. */
function headerPattern(name: string): RegExp {
  const source = name.replace(/[*?]/g, "\\$&").replace(/[A-Z]+[a-z]*/g, (word) => {
    const short = word.replace(/[a-z]+/, "");
    const rest = word.slice(short.length);
    return rest === "" ? short : `${short}(?:${rest})?`;
  }).replace(/\[([^\]]*)\]/g, "(?:$1)?");
  return new RegExp(`^:?${source}$`, "i");
}

/**
 * A number as a parameter.
 *
 * @param text The parameter.
 * @param minimum The least it may be.
 * @param maximum The most it may be.
 * @throws {ScpiError} -104, -109 or -222, as SCPI has it.
 */
export function scpiNumber(text: string, minimum: number, maximum: number): number {
  if (text === "") throw new ScpiError(-109, "Missing parameter");
  const number = Number(text);
  if (!Number.isFinite(number)) throw new ScpiError(-104, "Data type error");
  if (number < minimum || number > maximum) throw new ScpiError(-222, "Data out of range");
  return number;
}

/** A switch as a parameter. @throws {ScpiError} -104 or -109. */
export function scpiSwitch(text: string): boolean {
  if (/^(?:1|on)$/i.test(text)) return true;
  if (/^(?:0|off)$/i.test(text)) return false;
  throw text === "" ? new ScpiError(-109, "Missing parameter") : new ScpiError(-104, "Data type error");
}

/** A number as SCPI instruments answer it (NR3). */
export function nr3(value: number): string {
  const text = value.toExponential(8).replace(/e([+-])(\d)$/, "e$10$2").toUpperCase();
  return value < 0 ? text : `+${text}`;
}
