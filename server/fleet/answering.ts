/**
 * Answers what other PCs of the fleet ask of this one: as principals that its bench file maps to roles, by the one way in.
 *
 * @module
 */

import { framedError } from "../../protocol/dashboard_message.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { hereWord, partsOf, type PresenceMessage } from "../../protocol/fleet.ts";
import { Principal } from "../access/principal.ts";
import { nobody, type Roles, type Standing } from "../access/rights.ts";
import { wireError } from "../bench/wire_error.ts";
import { type CopyCursor, copyCursor } from "../records/copying.ts";
import type { BrokerMessage } from "./broker.ts";
import { askSchema, readMessage } from "./fleet_messages.ts";
import type { FleetWords } from "./fleet_schema.ts";

/** How many requests of other PCs are worked on at once. */
const mostAsked = 256;
/** What whoever gathers records asks. */
export const recordsWord = "Records after";
/** So much of a message is left for what stands beside records. */
const besideRecords = 20_000;
/** The most bytes of records that are told at once: others have to get past. */
const mostRecordsTold = 500_000;

/** What answering needs of the server. */
export interface AnsweringParts {
  /**
   * Does what somebody of another PC asks, by the one way in.
   *
   * @param message A message of the framed dialect.
   * @returns Its framed reply, beside which `typed` tells what JSON would lose.
   * @throws {HeliographError} When it is refused or fails.
   */
  readonly answer: (message: Readonly<Record<string, unknown>>, principal: Principal) => Promise<string>;
  /** Tells what of this PC's records came after a cursor, as JSON of about so many bytes. */
  readonly records: (after: CopyCursor, bytes: number) => Promise<string>;
  /** The roles of this bench. */
  readonly roles: Pick<Roles, "find">;
}

/** What it needs of the fleet. */
export interface AnsweringWays {
  /** How this PC is. */
  readonly here: () => PresenceMessage;
  /** Tells at once what was read. */
  readonly flush: () => void;
  /** The longest message that the broker takes, in bytes. */
  readonly longest: () => number;
}

/** Answers what other PCs ask. */
export class Answering {
  readonly #words: FleetWords;
  readonly #parts: AnsweringParts;
  readonly #ways: AnsweringWays;
  #asked = 0;

  /** Answers nothing yet. */
  constructor(words: FleetWords, parts: AnsweringParts, ways: AnsweringWays) {
    this.#words = words;
    this.#parts = parts;
    this.#ways = ways;
  }

  /** Answers a message. Who asks, the broker has seen to: its name is a part of the subject. */
  async answer({ subject, text }: BrokerMessage, answer: (text: string) => void): Promise<void> {
    const [, asker] = partsOf(subject);
    const fail = (error: HeliographError) => answer(framedError(1, error));
    const ask = readMessage(askSchema, text);
    if (ask === undefined) {
      return fail(new HeliographError("bad_message", "Cannot understand what is asked: see docs/fleet.md"));
    }
    if (this.#asked >= mostAsked) {
      const { name } = this.#words;
      return fail(new HeliographError("too_many_requests", `${name} works on ${mostAsked} requests already`));
    }
    const { cmd, after } = ask.message;
    if (cmd === hereWord) return answer(replyWith(JSON.stringify(this.#ways.here())));
    this.#asked++;
    try {
      const until = performance.now() + ask.seconds * 1000;
      const principal = new Principal({
        by: "fleet",
        // Whoever has no name is the PC: who has control by it can give it back.
        name: ask.for.name || asker!,
        hostname: asker!,
        gone: () => performance.now() > until,
        secure: true,
      }, this.#standing(asker!, ask.for.rights));
      const reply = cmd === recordsWord
        ? replyWith(await this.#records(after, principal))
        : await this.#parts.answer(ask.message, principal);
      // What came of it is told before the answer.
      this.#ways.flush();
      const longest = this.#ways.longest();
      if (reply.length > longest) {
        throw new HeliographError(
          "limit_exceeded",
          `The answer is longer than the broker takes (${longest} bytes)`,
        );
      }
      answer(reply);
    } catch (error) {
      fail(wireError(error));
    } finally {
      this.#asked--;
    }
  }

  async #records(after: unknown, { origin: { standing } }: Principal): Promise<string> {
    const cursor = copyCursor.safeParse(after).data;
    if (cursor === undefined) {
      throw new HeliographError("bad_message", "Cannot tell records after that: see docs/fleet.md");
    }
    if (!standing.rights.has("read")) {
      throw new HeliographError("forbidden", "Cannot tell records: that needs the right to read");
    }
    return await this.#parts.records(cursor, Math.min(this.#ways.longest(), mostRecordsTold) - besideRecords);
  }

  /** What another PC may do here for somebody: what its role allows, and that one may do there. */
  #standing(pc: string, rights: readonly string[]): Standing {
    const { roles = {} } = this.#words;
    const role = Object.hasOwn(roles, pc) ? roles[pc]! : roles["*"] ?? "observer";
    const mapped = this.#parts.roles.find(role) ?? nobody;
    return { ...mapped, rights: new Set([...mapped.rights].filter((right) => rights.includes(right))) };
  }
}

/** A framed reply. @param value As JSON. */
function replyWith(value: string): string {
  return `{"id":1,"ok":true,"value":${value}}`;
}
