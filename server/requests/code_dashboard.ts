/**
 * The dashboard that code sees: what it asks for becomes a request like any other, in the name of whoever it acts for.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { Tuple } from "../../protocol/python_text.ts";
import type { Principal } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import { ownInstruments } from "../bench/names.ts";
import { wireError } from "../bench/wire_error.ts";
import type { Answer, Ask } from "../code/messages.ts";
import type { RequestRunner } from "./request.ts";

/** The dashboard that code sees. */
export class CodeDashboard {
  readonly #bench: Bench;
  readonly #name: string;

  /** @param bench What code sees. @param name What code sees as the dashboard's name. */
  constructor(bench: Bench, name: string) {
    this.#bench = bench;
    this.#name = name;
  }

  /**
   * Does what code asks for: nothing of it is taken for what it should be.
   *
   * @param ask What.
   * @param principal In whose name.
   * @param requests What runs it.
   * @throws {HeliographError} What went wrong with it.
   */
  answer(ask: Ask, principal: Principal, requests: RequestRunner): unknown {
    switch (ask.ask) {
      case "get": {
        const asked = { cmd: "Get", instrument: textOf(ask, "instrument"), field: textOf(ask, "field") } as const;
        return whenThere(requests.run(asked, principal), ({ reading, textAsSet }) => (
          { value: reading, text: textAsSet }
        ));
      }
      case "set": {
        const [field, instrument] = [textOf(ask, "field"), textOf(ask, "instrument")];
        return requests.run({ cmd: "Set", instrument, field, value: ask.value }, principal);
      }
      case "confirm":
        return requests.run({ cmd: "Confirm", instrument: textOf(ask, "instrument") }, principal);
      case "call": {
        if (!Array.isArray(ask.args) || typeof ask.keywords !== "object") break;
        const keywords = new Map(Object.entries(ask.keywords ?? {}));
        const [command, instrument] = [textOf(ask, "command"), textOf(ask, "instrument")];
        return whenThere(
          requests.run({ cmd: "Call", instrument, command, args: ask.args, keywords }, principal),
          calledValue,
        );
      }
      case "fields": {
        const asked = { cmd: "Find", instrument: textOf(ask, "instrument"), field: undefined } as const;
        return whenThere(requests.run(asked, principal), ({ instrument }) => {
          const logged = instrument!.allFields.filter(({ spec }) => spec.log !== false);
          return logged.map(({ title, reading, textAsSet }) => ({ title, value: reading, text: textAsSet }));
        });
      }
      case "instruments": {
        const wanted = ask.instrument === null ? undefined : textOf(ask, "instrument");
        const asked = { cmd: "Find", instrument: wanted, field: undefined } as const;
        return whenThere(requests.run(asked, principal), ({ instrument }) => {
          const all = this.#bench.instruments.filter(({ name }) => !ownInstruments.has(name));
          const found = instrument === undefined ? all : [instrument];
          return found.map(({ title, caption }) => ({ title, name: caption }));
        });
      }
      case "dashboard":
        return whenThere(
          requests.run({ cmd: "Find", instrument: undefined, field: undefined }, principal),
          () => ({ name: this.#name, connected: this.#bench.started }),
        );
    }
    throw new HeliographError("bad_message", "Cannot do what the code asks for: it is not understood");
  }
}

/** The answer to code: what came of its request, or the error that whoever it acts for would get. */
export async function answerOf(work: () => unknown): Promise<Answer> {
  try {
    const value = await work() ?? null;
    // What a command returned may be nothing that JSON can hold; that is an error here, not in what carries it.
    JSON.stringify(value);
    return { value };
  } catch (error) {
    const { code, message } = wireError(error);
    return { error: { code, message } };
  }
}

/** Makes something of a reply: now, or once it is there. */
function whenThere<T, R>(reply: T | Promise<T>, make: (reply: T) => R): R | Promise<R> {
  return reply instanceof Promise ? reply.then(make) : make(reply);
}

function calledValue(value: unknown): { value: unknown; tuple: boolean } {
  return { value: value ?? null, tuple: value instanceof Tuple };
}

function textOf(ask: Ask, key: "instrument" | "field" | "command"): string {
  const value = (ask as Readonly<Record<string, unknown>>)[key];
  if (typeof value === "string") return value;
  throw new HeliographError("bad_argument", `Cannot do ${ask.ask}: the ${key} must be text`);
}
