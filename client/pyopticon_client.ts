/**
 * PyOpticon's socket client in TypeScript, for heliograph and for an original dashboard.
 *
 * @module
 */

import type { MessageId } from "../protocol/framed_message.ts";
import type {
  FieldReading,
  InstrumentDescription,
  Lease,
  LineTraceDescription,
  ServerStatus,
  Welcome,
  WireValue,
} from "../protocol/description.ts";
import type { HistoryAnswer, RecordedField } from "../protocol/readings.ts";
import type { JournalRecord, RecordsDescription } from "../protocol/records.ts";
import { HeliographError } from "../protocol/errors.ts";
import type { FramedAnswer } from "./dashboard_link.ts";
import type { ValueType } from "../protocol/vocabulary.ts";
import { callOf } from "./function_source.ts";
import type { CodeOptions, PyOpticonSocketClientOptions, RequestOptions } from "./pyopticon_options.ts";
import { explained, isAnswer, SharedLink } from "./shared_link.ts";
import { BackOff, inTime, type Wait } from "./waiting.ts";
import { WatchFeed, type WatchUpdate } from "./watch_feed.ts";

export type { CodeOptions, PyOpticonSocketClientOptions, RequestOptions } from "./pyopticon_options.ts";

/**
 * A client of PyOpticon's dashboard socket.
 *
 * It connects at the first call and finds out from the first reply whether it talks to heliograph (typed values, many
 * requests in flight) or to an original dashboard (text, one request at a time). A connection that was lost is opened
 * again by the next call, with growing pauses until the call's timeout; requests in flight fail with `connection_lost`
 * and are never repeated by themselves, since they may have been done.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { PyOpticonSocketClient } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * const socketNumber = server.dashboardServer.port;
 * await using dashboard = new PyOpticonSocketClient({ socketNumber, handleErrors: "exception" });
 * await dashboard.setField("UV Light", "Status Selection", "On");
 * await dashboard.doConfirm("UV Light");
 * console.log(await dashboard.getField("UV Light", "Actual Status"));
 * ```
 */
export class PyOpticonSocketClient {
  readonly #handleErrors: NonNullable<PyOpticonSocketClientOptions["handleErrors"]>;
  readonly #timeout: number;
  readonly #name: string;
  readonly #purpose: string | undefined;
  readonly #pc: PyOpticonSocketClientOptions["pc"];
  readonly #print: (line: string) => void;
  readonly #shared: SharedLink;

  /**
   * Makes a client; it connects at the first call.
   *
   * @param options Where the dashboard is, and what to do with its errors.
   * @throws {TypeError} When `handleErrors` is none of the three modes.
   */
  constructor(options: PyOpticonSocketClientOptions = {}) {
    this.#handleErrors = options.handleErrors ?? "none";
    this.#timeout = options.timeout ?? 5;
    this.#name = options.name ?? "";
    this.#purpose = options.purpose;
    this.#pc = options.pc;
    this.#print = options.print ?? ((line) => console.error(line));
    const { host = "127.0.0.1", socketNumber: port = 12345, tls, token } = options;
    const security = { ...(tls === undefined ? {} : { tls }), ...(token === undefined ? {} : { token }) };
    const otherwise = options.pc?.otherwise;
    this.#shared = new SharedLink({ host, port, timeout: this.#timeout, name: this.#name, otherwise, ...security });
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
   * Puts the staged settings of an instrument back to what they were. Only heliograph does.
   *
   * @param instrument Its name or title.
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async revert(instrument: string, options: RequestOptions = {}): Promise<void> {
    await this.#framed({ cmd: "Revert", instrument }, options);
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
    if (
      typeof code === "function" && await this.#shared.dialect(this.#wait(options), this.#purpose ?? "Exec") === "raw"
    ) {
      throw new HeliographError(
        "unavailable",
        "Cannot send a function to an original dashboard: send Python source as text",
      );
    }
    const source = typeof code === "function" ? callOf(code) : code;
    return await this.#original(codeMessage("Exec", source, options), options, () => "Success");
  }

  /**
   * Reads a field with all that belongs to its value. Only heliograph tells it.
   *
   * @param instrument The instrument's title or name.
   * @param field The field's title or name.
   * @returns The value as `getField` gives it, and its text, unit, time and quality; `reason` where it is not good.
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async getReading(instrument: string, field: string, options: RequestOptions = {}): Promise<FieldReading> {
    const { id: _, ok: __, ...reading } = await this.#framed({ cmd: "Get", instrument, field }, options);
    return reading as FieldReading;
  }

  /**
   * Reads a field with one request, with all that the server tells.
   *
   * @param instrument The instrument's title or name.
   * @param field The field's title or name.
   * @returns From heliograph what `getReading` gives, from an original dashboard the text alone.
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async readField(instrument: string, field: string, options: RequestOptions = {}): Promise<FieldReading | string> {
    const { printout = true } = options;
    const wait = this.#wait(options);
    const message = { cmd: "Get", widget_nickname: instrument, field_name: field, printout };
    const reply = await this.#shared.request(await this.#shared.connected(wait), message, wait, "Get");
    if (reply.dialect === "raw") return this.#rawText(reply.text);
    const { id: _, ok: __, ...reading } = reply.reply;
    return reading as FieldReading;
  }

  /** Whether the server is an original dashboard, which knows `getField` to `doExec` only. */
  async isOriginal(options: RequestOptions = {}): Promise<boolean> {
    return await this.#shared.dialect(this.#wait(options), this.#purpose ?? "isOriginal") === "raw";
  }

  /**
   * Takes control of an instrument: until it is released, or this client asked for nothing for some time, others read it
   * but do not drive it. A client without a name loses it with its connection. Only heliograph knows of control.
   *
   * @param instrument Its name or title.
   * @param options `seconds`: after how many without a request control ends, at most a day; 600 where nothing is said.
   * `force`: also from somebody else, which only an admin may.
   * @returns Whose the instrument is now, and until when if nothing more is asked.
   * @throws {HeliographError} `held` when somebody else has it; always thrown, whatever `handleErrors` says.
   */
  async take(
    instrument: string,
    options: RequestOptions & { readonly seconds?: number; readonly force?: boolean } = {},
  ): Promise<Lease> {
    const { seconds, force = false } = options;
    const message = { cmd: "Take", instrument, force, ...(seconds === undefined ? {} : { seconds }) };
    return (await this.#framed(message, options)).value as Lease;
  }

  /**
   * Releases an instrument: everybody may drive it again. Nothing happens where nobody has control of it.
   *
   * @param instrument Its name or title.
   * @param options `force`: also from somebody else, which only an admin may.
   * @throws {HeliographError} `held` when somebody else has it; always thrown, whatever `handleErrors` says.
   */
  async release(instrument: string, options: RequestOptions & { readonly force?: boolean } = {}): Promise<void> {
    await this.#framed({ cmd: "Release", instrument, force: options.force ?? false }, options);
  }

  /**
   * Gives control of an instrument to another client, without anybody getting in between.
   *
   * @param instrument Its name or title.
   * @param session The client's number, as `status` tells it.
   * @param options `force`: also from somebody else, which only an admin may.
   * @returns Whose the instrument is now.
   * @throws {HeliographError} `held` when somebody else has it, `unknown_client`; always thrown, whatever `handleErrors` says.
   */
  async handOver(
    instrument: string,
    session: number,
    options: RequestOptions & { readonly force?: boolean } = {},
  ): Promise<Lease> {
    const message = { cmd: "HandOver", instrument, session, force: options.force ?? false };
    return (await this.#framed(message, options)).value as Lease;
  }

  /**
   * Ends the connection of another client. What a named one holds is kept until it expires.
   *
   * @param session Its number, as `status` tells it.
   * @throws {HeliographError} `unknown_client`; `held` where a nameless one would lose control, unless one is an admin; always thrown, whatever `handleErrors` says.
   */
  async disconnect(session: number, options: RequestOptions = {}): Promise<void> {
    await this.#framed({ cmd: "Disconnect", session }, options);
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
    return (await this.#framed(message, options)).value as InstrumentDescription | InstrumentDescription[];
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
    return (await this.#framed({ cmd: "Call", instrument, command, args, kwargs: keywords }, options)).value;
  }

  /**
   * Tells of uptime, listeners, sessions and what the instruments are doing. Only heliograph does.
   *
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async status(options: RequestOptions = {}): Promise<ServerStatus> {
    return (await this.#framed({ cmd: "Status" }, options)).value as ServerStatus;
  }

  /**
   * Tells the last exchanges on an instrument's line. Only heliograph does, and only operators may see it.
   *
   * @param instrument Its name or title.
   * @param after Only what came after the entry of this number. @default all that is kept
   * @throws {HeliographError} `unavailable` where it has no line; always thrown, whatever `handleErrors` says.
   */
  async trace(instrument: string, after = 0, options: RequestOptions = {}): Promise<LineTraceDescription> {
    return (await this.#framed({ cmd: "Trace", instrument, after }, options)).value as LineTraceDescription;
  }

  /**
   * Finds in the journal, over restarts of the server. Only heliograph does.
   *
   * @param query Since and until when (milliseconds since 1970), the least level, the instrument, a part of who asked, a
   * part of the text or the answer, the number of a record before or after which is looked, and how many at most (1000
   * where nobody says so, 10,000 at most). @default the newest
   * @throws {HeliographError} `unavailable` where none are kept; always thrown, whatever `handleErrors` says.
   */
  async journal(
    query: {
      readonly since?: number | undefined;
      readonly until?: number | undefined;
      readonly level?: JournalRecord["level"] | undefined;
      readonly instrument?: string | undefined;
      readonly who?: string | undefined;
      readonly find?: string | undefined;
      readonly before?: number | undefined;
      readonly after?: number | undefined;
      readonly limit?: number | undefined;
    } = {},
    options: RequestOptions = {},
  ): Promise<JournalRecord[]> {
    return (await this.#framed({ cmd: "SearchJournal", ...query }, options)).value as JournalRecord[];
  }

  /**
   * Finds the readings of some fields, over restarts of the server. Only heliograph does.
   *
   * @param query Which fields (`tempcon.camtemp`), since and until when (milliseconds since 1970; the last hour where nobody
   * says so); in how many `points`, of which each tells the lowest, highest, first and last value and the mean; or the most
   * readings of an answer, where each is told (`limit`).
   * @returns The fields that have readings, as columns. Where `next` is a time there is more from then on.
   * @throws {HeliographError} `unavailable` where none are kept; always thrown, whatever `handleErrors` says.
   */
  async readings(
    query: {
      readonly fields: readonly string[];
      readonly since?: number | undefined;
      readonly until?: number | undefined;
      readonly points?: number | undefined;
      readonly limit?: number | undefined;
    },
    options: RequestOptions = {},
  ): Promise<{
    readonly since: number;
    readonly until: number;
    readonly next: number | null;
    readonly series: readonly {
      readonly instrument: string;
      readonly field: string;
      readonly title: string;
      readonly instrumentTitle: string;
      readonly unit: string;
      readonly type: ValueType;
      readonly before: {
        readonly time: number;
        readonly value: WireValue | null;
        readonly quality: "good" | "stale" | "error" | "none";
      } | null;
      readonly thinned: boolean;
      readonly samples?: {
        readonly times: readonly number[];
        readonly values: readonly (WireValue | null)[];
        readonly qualities: readonly (readonly [number, "good" | "stale" | "error" | "none"])[];
      };
      readonly points?: {
        readonly times: readonly number[];
        readonly lowest: readonly (number | null)[];
        readonly highest: readonly (number | null)[];
        readonly first: readonly (number | null)[];
        readonly last: readonly (number | null)[];
        readonly mean: readonly (number | null)[];
        readonly count: readonly number[];
        readonly gaps: readonly number[];
      };
    }[];
  }> {
    return (await this.#framed({ cmd: "Readings", ...query }, options)).value as HistoryAnswer;
  }

  /**
   * Tells which fields have readings that are kept. Only heliograph does.
   *
   * @throws {HeliographError} `unavailable` where none are kept; always thrown, whatever `handleErrors` says.
   */
  async recordedFields(options: RequestOptions = {}): Promise<
    readonly {
      readonly instrument: string;
      readonly field: string;
      readonly title: string;
      readonly instrumentTitle: string;
      readonly unit: string;
      readonly type: ValueType;
    }[]
  > {
    return (await this.#framed({ cmd: "RecordedFields" }, options)).value as readonly RecordedField[];
  }

  /**
   * Tells what is kept of what happened, and whether it is as it was written. Only heliograph does.
   *
   * @param verify Looks at every record; a head that was printed before is found again. @default not
   * @returns Whether what happens is kept, in which folder of the server's PC, what a person should know, for how many days
   * the journal is kept and how many bytes it may take, for how many days readings are, and how many bytes all may take; how
   * many records there are since when, with the last one; how many fields have readings, since when; and what is wrong, where every record was looked at.
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async records(
    verify: boolean | { readonly number: number; readonly digest: string } = false,
    options: RequestOptions = {},
  ): Promise<{
    readonly kept: boolean;
    readonly folder: string;
    readonly hint: string;
    readonly journalDays: number;
    readonly journalBytes: number;
    readonly rawDays: number;
    readonly minutesDays: number;
    readonly bytes: number;
    readonly journal: {
      readonly records: number;
      readonly since: string | null;
      readonly bytes: number;
      readonly head: { readonly number: number; readonly digest: string };
    } | null;
    readonly readings: {
      readonly fields: number;
      readonly since: string | null;
      readonly rawSince: string | null;
      readonly bytes: number;
      readonly bytesPerDay: number | null;
    } | null;
    readonly verification?: {
      readonly records: number;
      readonly first: number;
      readonly lost: number;
      readonly head: { readonly number: number; readonly digest: string };
      readonly problems: readonly string[];
    };
  }> {
    const asked = typeof verify === "boolean" ? { verify } : { ...verify };
    return (await this.#framed({ cmd: "Records", ...asked }, options)).value as RecordsDescription;
  }

  /**
   * Writes something down in the journal. Only heliograph does.
   *
   * @param text One line.
   * @param instrument The name or title of what it is about. @default nothing in particular
   * @throws {HeliographError} `bad_argument` for what is no line; always thrown, whatever `handleErrors` says.
   */
  async note(text: string, instrument?: string, options: RequestOptions = {}): Promise<void> {
    await this.#framed({ cmd: "Note", text, ...instrument === undefined ? {} : { instrument } }, options);
  }

  /**
   * Sends a message of the framed dialect.
   *
   * @returns What was answered, without a check.
   * @internal
   */
  async request(message: { readonly cmd: string }, options: RequestOptions = {}): Promise<unknown> {
    return (await this.#framed(message, options)).value;
  }

  /**
   * Tells who this client is to the server, and which server it is. Only heliograph does.
   *
   * @throws {HeliographError} Always thrown, whatever `handleErrors` says.
   */
  async hello(options: RequestOptions = {}): Promise<Welcome> {
    return (await this.#framed({ cmd: "Hello", name: this.#name }, options)).value as Welcome;
  }

  /**
   * Watches fields, and who has control: first everything as it is (the snapshot), then `end-of-snapshot`, then each
   * change; of an instrument of which nobody has control the snapshot tells only the fields. A connection
   * that was lost is told as `disconnected` and opened again, and a new snapshot follows. Only heliograph does.
   *
   * @param instrument Only this one's name or title.
   * @param field Only this field's title or name, and not who has control.
   * @param options `signal` ends it without an error.
   * @throws {HeliographError} When the server refuses, or was never reached.
   */
  async *watch(
    instrument?: string,
    field?: string,
    options: Pick<RequestOptions, "signal"> = {},
  ): AsyncGenerator<WatchUpdate, void, void> {
    const signal = options.signal === undefined
      ? this.#shared.closed
      : AbortSignal.any([options.signal, this.#shared.closed]);
    let backOff = new BackOff();
    let connected = true;
    while (!signal.aborted) {
      try {
        // The server has the instruments of the others as its own.
        const there = this.#pc === undefined ? instrument : `${this.#pc.name}/${instrument ?? ""}`;
        for await (const update of this.#watchOnce({ cmd: "Watch", instrument: there, field }, signal)) {
          connected = true;
          yield update;
        }
      } catch (error) {
        const code = error instanceof HeliographError ? error.code : undefined;
        if (code === "aborted") return;
        const retry = code === "connection_lost" || code === "no_reply" ||
          (code === "connection_failed" && this.#shared.wasConnected);
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
    await this.#shared.close();
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#watchOnce(message: Readonly<Record<string, unknown>>, signal: AbortSignal): AsyncGenerator<WatchUpdate> {
    const wait = this.#wait({ signal });
    const link = await this.#shared.framed(wait, this.#purpose ?? "Watch");
    const id = this.#shared.nextId();
    const feed = new WatchFeed();
    link.listen(id, (event) => feed.take(event));
    try {
      await inTime(link.request(id, message), wait, "Watch");
      yield* feed.updates(signal);
    } finally {
      link.unlisten(id);
      if (link.open) {
        link.request(this.#shared.nextId(), { cmd: "Unwatch", watch: id satisfies MessageId }).catch(() => {});
      }
    }
  }

  /** One of the original's calls, in either dialect, with its errors handled as `handleErrors` says. */
  async #original<T>(
    message: Readonly<Record<string, unknown> & { cmd: string }>,
    options: CodeOptions,
    result: (value: unknown) => T,
    rawOverrides: Readonly<Record<string, unknown>> = {},
  ): Promise<T | string> {
    const { printout = true, output } = options;
    const wait = this.#wait(options);
    const { cmd } = message;
    let failure: HeliographError;
    try {
      // An original dashboard knows no other PCs.
      const link = this.#pc === undefined
        ? await this.#shared.connected(wait)
        : await this.#shared.framed(wait, this.#purpose ?? cmd);
      // An original dashboard drops a client whose message is too long for it.
      // Nothing is driven before it is known to be a dashboard, and heliograph to know by which name.
      if (link.dialect === "unknown" && (cmd !== "Get" || JSON.stringify(message).length > 900)) {
        await this.#shared.dialect(wait, this.#purpose ?? cmd);
      }
      // An original dashboard takes text only; heliograph takes text as well, so that the first request may be text.
      const overrides = link.dialect === "framed" ? {} : rawOverrides;
      const asked = this.#addressed({ ...message, ...overrides, printout });
      const reply = await this.#shared.request(link, asked, wait, cmd, output);
      if (reply.dialect === "framed") {
        return result(options.asText ? reply.reply.text ?? reply.reply.value : reply.reply.value);
      }
      const value = this.#rawText(reply.text);
      if (value !== "Success" && ["Set", "Confirm", "Exec"].includes(cmd)) throw link.refuse(reply.text);
      return result(value);
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
    options: RequestOptions,
  ): Promise<FramedAnswer> {
    const { printout = true } = options;
    const wait = this.#wait(options);
    const what = String(message.cmd);
    const link = await this.#shared.framed(wait, this.#purpose ?? what);
    let reply;
    try {
      reply = await this.#shared.request(link, this.#addressed({ ...message, printout }), wait, what);
    } catch (error) {
      throw explained(error, this.#pc?.otherwise);
    }
    if (reply.dialect === "framed") return reply.reply;
    throw new HeliographError("connection_lost", "The server answered as an original PyOpticon dashboard does");
  }

  /** A message for the PC that is meant; who somebody is, its own server is told. */
  #addressed<M extends Readonly<Record<string, unknown>>>(message: M): Readonly<Record<string, unknown>> {
    return this.#pc === undefined || message.cmd === "Hello" ? message : { cmd: "Ask", pc: this.#pc.name, message };
  }

  /** The text of an original dashboard's reply; it says by the beginning that it failed. */
  #rawText(text: string): string {
    if (!text.startsWith("Error")) return text;
    throw new HeliographError("command_failed", text.replace(/^Error:? ?/, ""));
  }

  #wait({ signal, timeout = this.#timeout }: Pick<RequestOptions, "signal" | "timeout">): Wait {
    return { timeout, signal };
  }
}

/** A message that sends code. */
function codeMessage(cmd: "Eval" | "Exec", code: string, { language = "javascript", output }: CodeOptions) {
  return { cmd, code, language, ...(output === undefined ? {} : { output: true }) };
}
