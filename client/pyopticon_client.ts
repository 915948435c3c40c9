/**
 * PyOpticon's socket client in TypeScript, for heliograph and for an original dashboard.
 *
 * @module
 */

import type { MessageId } from "../protocol/dashboard_message.ts";
import type { InstrumentDescription, ServerStatus, Welcome, WireValue } from "../protocol/description.ts";
import { HeliographError } from "../protocol/errors.ts";
import { DashboardLink, type LinkReply } from "./dashboard_link.ts";
import { callOf } from "./function_source.ts";
import { BackOff, connect, type Wait, within } from "./waiting.ts";
import { WatchFeed, type WatchUpdate } from "./watch_feed.ts";

/** What happens with an error that the dashboard answers: the reply is returned, printed and returned, or thrown. */
export type ErrorsMode = "none" | "print" | "exception";

/** How a {@linkcode PyOpticonSocketClient} is made. */
export interface PyOpticonSocketClientOptions {
  /** The dashboard's name or address; the original knows only this PC. @default "127.0.0.1" */
  readonly host?: string;
  /** The dashboard's port. @default 12345 */
  readonly socketNumber?: number;
  /** What happens with errors of the original's calls (`getField` to `doExec`); the others throw. @default "none" */
  readonly handleErrors?: ErrorsMode;
  /** How many seconds to wait for a connection and for each reply; 0 waits without an end. @default 5 */
  readonly timeout?: number;
  /** The name that the server's log and `status` call this client. @default none */
  readonly name?: string;
  /** Where `"print"` prints. @default console.error */
  readonly print?: (line: string) => void;
}

/** What a single call may be given. */
export interface RequestOptions {
  /** Whether the dashboard's console or log tells of it. @default true */
  readonly printout?: boolean;
  /** Ends the wait; the request may or may not have been done. */
  readonly signal?: AbortSignal;
}

/** What a call that sends code may be given. */
export interface CodeOptions extends RequestOptions {
  /** The code's language, for heliograph; an original dashboard runs Python. @default "javascript" */
  readonly language?: "javascript" | "python";
  /** Told what the code prints, in pieces, line ends included; only heliograph tells it. @default nobody */
  readonly output?: (text: string) => void;
}

/**
 * A client of PyOpticon's dashboard socket.
 *
 * It connects at the first call and finds out from the first reply whether it talks to heliograph (typed values, many
 * requests in flight) or to an original dashboard (text, one request at a time). A connection that was lost is opened
 * again by the next call, with growing pauses until the call's timeout; requests in flight fail with `connection_lost`
 * and are never repeated by themselves, since they may have been done.
 *
 * @example
 * ```ts ignore
 * await using dashboard = new PyOpticonSocketClient({ handleErrors: "exception" });
 * await dashboard.setField("UV Light", "Status Selection", "On");
 * await dashboard.doConfirm("UV Light");
 * console.log(await dashboard.getField("UV Light", "Actual Status"));
 * ```
 */
export class PyOpticonSocketClient {
  readonly #host: string;
  readonly #port: number;
  readonly #handleErrors: ErrorsMode;
  readonly #timeout: number;
  readonly #name: string;
  readonly #print: (line: string) => void;
  readonly #closed = new AbortController();
  #link: Promise<DashboardLink> | undefined;
  #wasConnected = false;
  #lastId = 0;

  /**
   * Makes a client; it connects at the first call.
   *
   * @param options Where the dashboard is, and what to do with its errors.
   * @throws {TypeError} When `handleErrors` is none of the three modes.
   */
  constructor(options: PyOpticonSocketClientOptions = {}) {
    this.#host = options.host ?? "127.0.0.1";
    this.#port = options.socketNumber ?? 12345;
    this.#handleErrors = options.handleErrors ?? "none";
    this.#timeout = options.timeout ?? 5;
    this.#name = options.name ?? "";
    this.#print = options.print ?? ((line) => console.error(line));
    if (!["none", "print", "exception"].includes(this.#handleErrors)) {
      throw new TypeError(
        `handleErrors must be "none", "print" or "exception", not ${JSON.stringify(this.#handleErrors)}`,
      );
    }
  }

  /**
   * Reads a field.
   *
   * @param nickname The instrument's title or name, in PyOpticon's words the widget's nickname.
   * @param field The field's title or name.
   * @returns From heliograph the typed value, from an original dashboard its text; `No Reading` where nothing was read
   * yet; an error's text where `handleErrors` does not throw.
   */
  async getField(nickname: string, field: string, options: RequestOptions = {}): Promise<WireValue> {
    const message = { cmd: "Get", widget_nickname: nickname, field_name: field };
    return await this.#original(message, options, (value) => value as WireValue);
  }

  /**
   * Sets a field; where it needs a confirm it is only staged.
   *
   * @param value The new value, text or typed.
   * @returns `Success`, or an error's text where `handleErrors` does not throw.
   */
  async setField(nickname: string, field: string, value: WireValue, options: RequestOptions = {}): Promise<string> {
    const message = { cmd: "Set", widget_nickname: nickname, field_name: field, new_value: value };
    return await this.#original(message, options, () => "Success", { new_value: String(value) });
  }

  /**
   * Applies the staged settings of an instrument.
   *
   * @returns `Success`, or an error's text where `handleErrors` does not throw.
   */
  async doConfirm(nickname: string, options: RequestOptions = {}): Promise<string> {
    return await this.#original({ cmd: "Confirm", widget_nickname: nickname }, options, () => "Success");
  }

  /**
   * Evaluates an expression on the server, in a namespace with `get_dashboard()` and `do_threadsafe(f)`.
   *
   * @param expression JavaScript for heliograph (or Python, with `language`), Python for an original dashboard.
   * @returns Its value; text from an original dashboard, and for what is no plain data.
   */
  async doEval(expression: string, options: CodeOptions = {}): Promise<unknown> {
    return await this.#original(codeMessage("Eval", expression, options), options, (value) => value);
  }

  /**
   * Executes code on the server, in a namespace with `get_dashboard()` and `do_threadsafe(f)`.
   *
   * @param code A function, whose source is sent (it sees nothing of what is around it here); or source text.
   * @returns `Success`, or an error's text where `handleErrors` does not throw.
   * @throws {HeliographError} `bad_argument` for a function without source; `unavailable` for a function sent to an
   * original dashboard, which runs Python.
   */
  async doExec(code: string | (() => unknown), options: CodeOptions = {}): Promise<string> {
    if (typeof code === "function" && await this.#dialect(options) === "raw") {
      throw new HeliographError(
        "unavailable",
        "Cannot send a function to an original dashboard: send Python source as text",
      );
    }
    const source = typeof code === "function" ? callOf(code) : code;
    return await this.#original(codeMessage("Exec", source, options), options, () => "Success");
  }

  /**
   * Describes the instruments: fields with their values, commands with their arguments. Only heliograph does.
   *
   * @param instrument Only this one's name or title.
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  describe(instrument: string, options?: RequestOptions): Promise<InstrumentDescription>;
  /** Describes every instrument. */
  describe(instrument?: undefined, options?: RequestOptions): Promise<InstrumentDescription[]>;
  async describe(
    instrument?: string,
    options: RequestOptions = {},
  ): Promise<InstrumentDescription | InstrumentDescription[]> {
    const message = { cmd: "Describe", ...(instrument === undefined ? {} : { instrument }) };
    return await this.#framed(message, options) as InstrumentDescription | InstrumentDescription[];
  }

  /**
   * Calls a command of an instrument. Only heliograph does.
   *
   * @param instrument Its name or title.
   * @param command The command's name.
   * @param args Positional arguments, text or typed.
   * @param keywords Keyword arguments, text or typed.
   * @returns What the command returns: nothing is `null`.
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async call(
    instrument: string,
    command: string,
    args: readonly unknown[] = [],
    keywords: Readonly<Record<string, unknown>> = {},
    options: RequestOptions = {},
  ): Promise<unknown> {
    return await this.#framed({ cmd: "Call", instrument, command, args, kwargs: keywords }, options);
  }

  /**
   * Tells of uptime, listeners, sessions and what the instruments are doing. Only heliograph does.
   *
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async status(options: RequestOptions = {}): Promise<ServerStatus> {
    return await this.#framed({ cmd: "Status" }, options) as ServerStatus;
  }

  /**
   * Tells who this client is to the server, and which server it is. Only heliograph does.
   *
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async hello(options: RequestOptions = {}): Promise<Welcome> {
    return await this.#framed({ cmd: "Hello", name: this.#name }, options) as Welcome;
  }

  /**
   * Watches fields: first every field as it is (the snapshot), then `end-of-snapshot`, then each change. A connection
   * that was lost is told as `disconnected` and opened again, and a new snapshot follows. Only heliograph does.
   *
   * @param instrument Only this one's name or title.
   * @param field Only this field's title or name.
   * @param options `signal` ends it without an error.
   * @throws {HeliographError} When the server refuses, or was never reached.
   */
  async *watch(
    instrument?: string,
    field?: string,
    options: Pick<RequestOptions, "signal"> = {},
  ): AsyncGenerator<WatchUpdate, void, void> {
    const signal = options.signal === undefined
      ? this.#closed.signal
      : AbortSignal.any([options.signal, this.#closed.signal]);
    let backOff = new BackOff();
    let connected = true;
    while (!signal.aborted) {
      try {
        for await (const update of this.#watchOnce({ cmd: "Watch", instrument, field }, signal)) {
          connected = true;
          yield update;
        }
      } catch (error) {
        const code = error instanceof HeliographError ? error.code : undefined;
        if (code === "aborted") return;
        const retry = code === "connection_lost" || code === "no_reply" ||
          (code === "connection_failed" && this.#wasConnected);
        if (!retry) throw error;
        if (connected) {
          connected = false;
          backOff = new BackOff();
          yield { event: "disconnected", reason: (error as Error).message };
        }
        await backOff.wait(signal);
      }
    }
  }

  /** Says goodbye to the server and closes the connection; a closed client cannot be used again. */
  async close(): Promise<void> {
    this.#closed.abort();
    const link = await this.#link?.catch(() => undefined);
    await link?.close();
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#watchOnce(message: Readonly<Record<string, unknown>>, signal: AbortSignal): AsyncGenerator<WatchUpdate> {
    const link = await this.#framedLink({ timeout: this.#timeout, signal });
    const id = ++this.#lastId;
    const feed = new WatchFeed();
    link.listen(id, (event) => feed.take(event));
    try {
      await within(link.request(id, message), { timeout: this.#timeout, signal }, "Watch");
      yield* feed.updates(signal);
    } finally {
      link.unlisten(id);
      if (link.open) link.request(++this.#lastId, { cmd: "Unwatch", watch: id satisfies MessageId }).catch(() => {});
    }
  }

  /** One of the original's calls, in either dialect, with its errors handled as `handleErrors` says. */
  async #original<T>(
    message: Readonly<Record<string, unknown> & { cmd: string }>,
    options: CodeOptions,
    result: (value: unknown) => T,
    rawOverrides: Readonly<Record<string, unknown>> = {},
  ): Promise<T | string> {
    const { printout = true, signal, output } = options;
    const wait: Wait = { timeout: this.#timeout, signal };
    const { cmd } = message;
    let failure: HeliographError;
    try {
      const link = await this.#connected(wait);
      // An original dashboard drops a client whose message is too long for it.
      if (link.dialect === "unknown" && JSON.stringify(message).length > 900) await this.#dialect(options);
      // An original dashboard takes text only; heliograph takes text as well, so that the first request may be text.
      const overrides = link.dialect === "framed" ? {} : rawOverrides;
      const reply = await this.#wait(link, { ...message, ...overrides, printout }, wait, cmd, output);
      if (reply.dialect === "framed") return result(reply.value);
      if (!reply.text.startsWith("Error")) return result(reply.text);
      failure = new HeliographError("command_failed", reply.text.replace(/^Error:? ?/, ""));
    } catch (error) {
      if (!(error instanceof HeliographError) || !isAnswer(error)) throw error;
      failure = error;
    }
    const text = `In ${cmd}, Error: ${failure.message}`;
    if (this.#handleErrors === "exception") throw new HeliographError(failure.code, text, { cause: failure });
    if (this.#handleErrors === "print") this.#print(text);
    return `Error: ${failure.message}`;
  }

  async #framed(
    message: Readonly<Record<string, unknown>>,
    { printout = true, signal }: RequestOptions,
  ): Promise<unknown> {
    const wait: Wait = { timeout: this.#timeout, signal };
    const link = await this.#framedLink(wait, String(message.cmd));
    const reply = await this.#wait(link, { ...message, printout }, wait, String(message.cmd));
    return reply.dialect === "framed" ? reply.value : undefined;
  }

  async #wait(
    link: DashboardLink,
    message: Readonly<Record<string, unknown>>,
    wait: Wait,
    what: string,
    output?: (text: string) => void,
  ): Promise<LinkReply> {
    const id = ++this.#lastId;
    try {
      return await within(link.request(id, message, output), wait, what);
    } catch (error) {
      if (error instanceof HeliographError && (error.code === "no_reply" || error.code === "aborted")) link.abandon(id);
      throw error;
    }
  }

  /** Which of the two it is; asks a question that both can answer where nothing has been asked yet. */
  async #dialect({ signal }: RequestOptions): Promise<"framed" | "raw"> {
    const wait: Wait = { timeout: this.#timeout, signal };
    const link = await this.#connected(wait);
    if (link.dialect === "unknown") {
      const question = { cmd: "Get", widget_nickname: "", field_name: "", printout: false };
      await this.#wait(link, question, wait, "Get").catch((error) => {
        if (!isAnswer(error)) throw error;
      });
    }
    return link.dialect === "framed" ? "framed" : "raw";
  }

  async #framedLink(wait: Wait, what = "Watch"): Promise<DashboardLink> {
    if (await this.#dialect({ ...(wait.signal === undefined ? {} : { signal: wait.signal }) }) === "framed") {
      return await this.#connected(wait);
    }
    throw new HeliographError("unavailable", `Cannot do ${what}: an original PyOpticon dashboard does not know it`);
  }

  /** The open link, which all calls share; a lost one is opened again, with growing pauses, until the wait is over. */
  async #connected(wait: Wait): Promise<DashboardLink> {
    const until = performance.now() + wait.timeout * 1000;
    const backOff = new BackOff();
    for (;;) {
      if (this.#closed.signal.aborted) throw new HeliographError("aborted", "The client has been closed");
      const opening = this.#link ??= this.#open();
      // Only the link that was found wanting is given up: another call may have begun to open the next one.
      const giveUp = () => {
        if (this.#link === opening) this.#link = undefined;
      };
      try {
        const link = await within(opening, wait, `connecting to ${this.#host}:${this.#port}`);
        if (link.open) return link;
        giveUp();
      } catch (error) {
        if (!(error instanceof HeliographError) || error.code !== "connection_failed") throw error;
        giveUp();
        const overdue = wait.timeout > 0 && performance.now() >= until;
        if (!this.#wasConnected || overdue) throw error;
        await backOff.wait(wait.signal);
      }
    }
  }

  /** Opens a link for whoever waits for one: no single caller's signal ends it, only the client's end does. */
  async #open(): Promise<DashboardLink> {
    const wait = { timeout: this.#timeout, signal: this.#closed.signal };
    const link = new DashboardLink(await connect(this.#host, this.#port, wait));
    this.#wasConnected = true;
    // The name is told once the first reply has shown that the server knows Hello.
    if (this.#name !== "") {
      link.decided.then(() => {
        if (link.dialect === "framed") return link.request(++this.#lastId, { cmd: "Hello", name: this.#name });
      }).catch(() => {});
    }
    return link;
  }
}

/** Whether the dashboard answered with it: what the errors mode is about. */
function isAnswer(error: unknown): boolean {
  return error instanceof HeliographError &&
    !["connection_failed", "connection_lost", "no_reply", "aborted", "message_too_long"].includes(error.code);
}

/** A message that sends code. */
function codeMessage(cmd: "Eval" | "Exec", code: string, { language = "javascript", output }: CodeOptions) {
  return { cmd, code, language, ...(output === undefined ? {} : { output: true }) };
}
