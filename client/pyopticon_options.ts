/**
 * The options of a PyOpticonSocketClient and its calls.
 *
 * @module
 */

/**
 * The options of a `PyOpticonSocketClient`.
 *
 * @example
 * ```ts
 * import { PyOpticonSocketClient, type PyOpticonSocketClientOptions } from "@heliograph/heliograph/client";
 *
 * const options: PyOpticonSocketClientOptions = { host: "lab-pc", handleErrors: "exception", name: "night run" };
 * await using dashboard = new PyOpticonSocketClient(options); // it connects at its first call
 * ```
 */
export interface PyOpticonSocketClientOptions {
  /** The dashboard's name or address; the original knows only this PC. @default "127.0.0.1" */
  readonly host?: string;
  /** The dashboard's port. @default 12345 */
  readonly socketNumber?: number;
  /**
   * What happens with an error that the dashboard answers to the original's calls (`getField` to `doExec`): the reply is
   * returned, printed and returned, or thrown. The other calls throw.
   *
   * @default "none"
   */
  readonly handleErrors?: "none" | "print" | "exception";
  /** How many seconds to wait for a connection and for each reply; 0 waits without an end. @default 5 */
  readonly timeout?: number;
  /**
   * The name that the server's log and `status` call this client, and by which it has control of what it takes: with one,
   * control outlasts the connection, and all clients of that name on this PC share it.
   *
   * @default none
   */
  readonly name?: string;
  /**
   * What this client is used for, in the errors of a server that cannot do it.
   *
   * @default the message's name, `Describe`
   */
  readonly purpose?: string;
  /**
   * Comes by TLS, as other PCs must; `authority` is the certificate of the authority that vouches for the server, as PEM,
   * and what this PC trusts where it is left out. `heliograph connect` learns it. @default not
   */
  readonly tls?: { readonly authority?: string };
  /** The token that proves who connects; it needs `tls`. @default none */
  readonly token?: string;
  /**
   * Another PC of the server's fleet: what is asked goes there by the server, and is answered as if that were the
   * server; and what is said besides where the server cannot be reached, or knows none of that name.
   *
   * @default the server itself
   */
  readonly pc?: { readonly name: string; readonly otherwise?: string };
  /** Where `"print"` prints. @default console.error */
  readonly print?: (line: string) => void;
}

/**
 * The options of a single call.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { PyOpticonSocketClient, type RequestOptions } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
 * const soon: RequestOptions = { signal: AbortSignal.timeout(10_000), printout: false };
 * console.log(await dashboard.getField("UV Light", "Status Selection", soon)); // Off
 * ```
 */
export interface RequestOptions {
  /** Whether the dashboard's console or log tells of it. @default true */
  readonly printout?: boolean;
  /** Ends the wait; the request may or may not have been done. */
  readonly signal?: AbortSignal;
  /** How many seconds to wait for this call's reply; 0 waits without an end. @default the client's own timeout */
  readonly timeout?: number;
}

/**
 * The options of a call that sends code.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { type CodeOptions, PyOpticonSocketClient } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
 * let printed = "";
 * const options: CodeOptions = { language: "python", output: (text) => printed += text };
 * console.log(await dashboard.doExec("print(6 * 7)", options), printed.trim()); // Success 42
 * ```
 */
export interface CodeOptions extends RequestOptions {
  /** The code's language, for heliograph; an original dashboard runs Python. @default "javascript" */
  readonly language?: "javascript" | "python";
  /** Told what the code prints, in pieces, line ends included; only heliograph tells it. @default nobody */
  readonly output?: (text: string) => void;
  /** Whether a number is given as the text that the code's language prints: Python's `1.0`. @default false */
  readonly asText?: boolean;
}
