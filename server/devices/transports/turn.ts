/**
 * A turn on a port, and what its holder may do.
 *
 * @module
 */

import type { Shape } from "./framing.ts";

/**
 * A turn on the port, and what its holder may do.
 *
 * @example
 * ```ts
 * import type { Turn } from "@heliograph/heliograph";
 *
 * // Asks for a number, and waits for it for half a second.
 * const number = async (turn: Turn, text: string): Promise<number> =>
 *   Number(await turn.ask({ text, timeout: 0.5, accepts: (line) => /^-?\d+$/.test(line), expected: "been a number" }));
 * console.log(number.length); // 2
 * ```
 */
export interface Turn {
  /** Whether the last question was left without an answer, or was given up: the instrument may have been off. */
  readonly unanswered: boolean;
  /** `immediate`: abort and stop. `command`: what a client asked for. `poll`: what can wait. */
  readonly urgency: "immediate" | "command" | "poll";
  /** Aborted when the turn is to end; `undefined` where it takes as long as it takes. */
  readonly signal: AbortSignal | undefined;
  /**
   * Sends a command that has no answer. A text gets the line's end, bytes go out as they are.
   *
   * @param deaf How long the instrument hears nothing after it, in seconds: nothing is sent meanwhile. @default 0
   * @param timeout How long its prompt or its echo may take, in seconds, where the line has one. @default 1
   */
  send(command: string | Uint8Array, deaf?: number, timeout?: number): Promise<void>;
  /**
   * Waits, and keeps the turn meanwhile. What is immediate ends a wait and takes the turn away, unless the turn is
   * immediate itself: then nothing more can be sent in it.
   */
  wait(seconds: number): Promise<void>;
  /**
   * Asks a question.
   *
   * @returns The answer, without its end.
   * @throws {HeliographError} `not_connected` when none came in time, `command_failed` when it is not what was expected.
   */
  ask(question: {
    /** What is sent: a text without its end, or bytes as they are. */
    readonly text: string | Uint8Array;
    /** How its answer ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
    /** How long to wait for the answer, in seconds. */
    readonly timeout: number;
    /** Whether a line is an answer to it. */
    readonly accepts: (answer: string) => boolean;
    /** What its answer looks like, for the error: what follows `should have`. */
    readonly expected: string;
    /** Whether the instrument may also say nothing; then the answer is empty. @default false */
    readonly optional?: boolean;
    /**
     * Whether it is sent also while a late answer could be taken for its own: it does something, and its answer says only
     * that it is done. What is immediate always is, but on a network line that is opened anew first. @default false
     */
    readonly always?: boolean;
    /** Whether a line is a refusal of it. @default none is */
    readonly refuses?: (answer: string) => boolean;
    /** Whether nothing is late where nothing came in time: only a refusal is listened for. @default false */
    readonly onlyRefused?: boolean;
    /** How long the instrument hears nothing after it was sent, in seconds. @default 0 */
    readonly deaf?: number;
  }): Promise<string>;
  /**
   * Asks a question whose answer is no text.
   *
   * @returns The bytes of the answer.
   * @throws {HeliographError} As `ask`.
   */
  askBytes(question: {
    /** What is sent: a text without its end, or bytes as they are. */
    readonly text: string | Uint8Array;
    /** How long to wait for the answer, in seconds. */
    readonly timeout: number;
    /** How its answer ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
    /** Whether bytes are an answer to it, a right check sum for example. @default all are */
    readonly accepts?: (answer: Uint8Array) => boolean;
    /** What its answer looks like, for the error: what follows `should have`. @default been another one */
    readonly expected?: string;
  }): Promise<Uint8Array>;
  /**
   * Hears what comes by itself, answer after answer, until the loop over it ends. What comes then is nobody's.
   *
   * @returns Ends when nothing came for so long.
   * @throws {HeliographError} `not_connected` where the line breaks.
   */
  receive(stream: {
    /** What is sent first. @default nothing */
    readonly text?: string | Uint8Array | undefined;
    /** How long to wait for each, in seconds. */
    readonly timeout: number;
    /** How each ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
  }): AsyncGenerator<Uint8Array, void, void>;
}

/** A question, and which answers it takes. */
export type Question = Parameters<Turn["ask"]>[0];
