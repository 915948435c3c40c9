/**
 * The options of a PyOpticonSocketClient and its calls.
 *
 * @module
 */

/** The handling of an error that the dashboard answers: the reply is returned, printed and returned, or thrown. */
export type ErrorsMode = "none" | "print" | "exception";

/** The options of a `PyOpticonSocketClient`. */
export interface PyOpticonSocketClientOptions {
  /** The dashboard's name or address; the original knows only this PC. @default "127.0.0.1" */
  readonly host?: string;
  /** The dashboard's port. @default 12345 */
  readonly socketNumber?: number;
  /** What happens with errors of the original's calls (`getField` to `doExec`); the others throw. @default "none" */
  readonly handleErrors?: ErrorsMode;
  /** How many seconds to wait for a connection and for each reply; 0 waits without an end. @default 5 */
  readonly timeout?: number;
  /**
   * The name that the server's log and `status` call this client, and by which it has control of what it takes: with one,
   * control outlasts the connection, and all clients of that name on this PC share it.
   *
   * @default none
   */
  readonly name?: string;
  /** Where `"print"` prints. @default console.error */
  readonly print?: (line: string) => void;
}

/** The options of a single call. */
export interface RequestOptions {
  /** Whether the dashboard's console or log tells of it. @default true */
  readonly printout?: boolean;
  /** Ends the wait; the request may or may not have been done. */
  readonly signal?: AbortSignal;
  /** How many seconds to wait for this call's reply; 0 waits without an end. @default the client's own timeout */
  readonly timeout?: number;
}

/** The options of a call that sends code. */
export interface CodeOptions extends RequestOptions {
  /** The code's language, for heliograph; an original dashboard runs Python. @default "javascript" */
  readonly language?: "javascript" | "python";
  /** Told what the code prints, in pieces, line ends included; only heliograph tells it. @default nobody */
  readonly output?: (text: string) => void;
}

/** The options of taking or releasing control of an instrument. */
export interface ControlOptions extends RequestOptions {
  /** Also from somebody else; only an admin may. @default false */
  readonly force?: boolean;
}

/** The options of taking control of an instrument. */
export interface TakeOptions extends ControlOptions {
  /** After how many seconds without a request control ends, at most a day. @default 600 */
  readonly seconds?: number;
}
