/**
 * The line of a port: opened while an instrument needs it, opened anew where something is late on it, and written to one
 * command at a time.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Faults } from "../../bench/faults.ts";
import { Interrupted } from "../../bench/answer_errors.ts";
import { type Address, keepsLate, portName } from "./address.ts";
import { delay } from "./delay.ts";
import type { Line } from "./line.ts";
import type { LineFormat } from "./line_format.ts";
import type { LineTrace } from "./line_trace.ts";
import { connectSeconds } from "./network.ts";
import { OnDemandLine } from "./on_demand_line.ts";
import type { Held } from "./turns.ts";

/** The pause between two connections to an instrument, in seconds. */
const reopenSeconds = 0.2;

/** Who uses a line. */
interface LineUser {
  /** Where what goes over it is kept. */
  readonly trace: LineTrace;
  /** Told what went wrong in the code of those who listen. */
  readonly faults: Faults;
  /** Whether somebody has the turn. */
  readonly busy: () => boolean;
  /** It was opened. */
  readonly opened: () => void;
  /** Bytes have come. */
  readonly read: (bytes: Uint8Array, whole: boolean) => void;
  /** It was closed, or has broken. */
  readonly closed: (reason: HeliographError) => void;
}

/** The line of a port. */
export class PortLine {
  /** The line while it is open. */
  line: Line | undefined;
  /** When something was sent or came last, on the clock of `performance.now()`. */
  quietSince = -Infinity;
  /** Ends the waits of those who use the line, when it is closed. */
  #closing = new AbortController();
  #users = 0;
  /**
   * Whether the line is to be opened anew before something is asked again: an answer is late on it. `silent` also before
   * something is sent, since it may be a line to nobody.
   */
  doubt: "silent" | "interrupted" | undefined;
  #catchingUp: Promise<void> | undefined;
  /** Called when what is being sent is handed over, or its line closed: a blocked write may stay pending then. */
  #writing: (() => void)[] | undefined;
  /** Until when the instrument hears nothing, on the clock of `performance.now()`. */
  #deafUntil = -Infinity;
  #opening: Promise<void> | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  readonly #broken = new Set<(reason: HeliographError) => void>();
  readonly #address: Address;
  readonly #format: LineFormat;
  readonly #openTo: (address: Address) => Promise<Line>;
  readonly #user: LineUser;

  /**
   * Makes one that is not open.
   *
   * @param address Where it is.
   * @param format How it is spoken on.
   * @param open Opens the line.
   * @param user Who uses it.
   */
  constructor(address: Address, format: LineFormat, open: (address: Address) => Promise<Line>, user: LineUser) {
    this.#address = address;
    this.#format = format;
    this.#openTo = open;
    this.#user = user;
  }

  get #name(): string {
    return portName(this.#address);
  }

  /** Tells when it breaks by itself, until the returned function is called. */
  onBroken(told: (reason: HeliographError) => void): () => void {
    this.#broken.add(told);
    return () => void this.#broken.delete(told);
  }

  /** Whether an instrument uses it now. */
  get used(): boolean {
    return this.#users > 0;
  }

  /** Opens it for one more instrument, unless it is open. @throws {HeliographError} `not_connected`, with the reason. */
  async join(): Promise<void> {
    this.#users++;
    try {
      await this.#open();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** An instrument needs it no more; the last one closes it. */
  leave(): void {
    this.#users = Math.max(0, this.#users - 1);
    if (this.#users === 0) this.#close(new HeliographError("not_connected", `${this.#name} was closed`));
  }

  /** Resolves when what was sent on lines that are closed has been delivered, as far as that can be known. */
  get delivered(): Promise<unknown> {
    return this.#closed;
  }

  /** Whether what is late on this line stays there when it is opened anew. */
  get direct(): boolean {
    return !keepsLate(this.#address) && !this.#format.gateway;
  }

  /** How long it may take to open it anew, in seconds; 0 where it is not done. */
  get anewWithin(): number {
    return this.direct ? 2 * reopenSeconds + connectSeconds + this.#format.settle : 0;
  }

  #open(): Promise<void> {
    if (this.line !== undefined && this.#opening === undefined) return Promise.resolve();
    this.#opening ??= this.#openLine().finally(() => this.#opening = undefined);
    return this.#opening;
  }

  async #openLine(): Promise<void> {
    let line: Line;
    try {
      const { release, settle } = this.#format;
      line = release === undefined
        ? await this.#openTo(this.#address)
        : new OnDemandLine(() => this.#openTo(this.#address), { release, settle, busy: this.#user.busy });
    } catch (error) {
      if (error instanceof HeliographError) throw error;
      throw new HeliographError("not_connected", (error as Error).message, { cause: error });
    }
    if (this.#users === 0) {
      line.close();
      throw new HeliographError("not_connected", `${this.#name} is not needed any more`);
    }
    this.line = line;
    this.#user.trace.opened();
    this.#closing = new AbortController();
    this.doubt = undefined;
    this.#user.opened();
    void this.#readOn(line);
    if (this.#format.settle > 0 && this.#format.release === undefined) await this.wait(this.#format.settle, undefined);
  }

  async #readOn(line: Line): Promise<void> {
    let reason: string | undefined;
    let reads = 0;
    try {
      for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) {
        if (this.line !== line) return;
        this.#user.trace.received(bytes);
        reads++;
        this.#user.read(bytes, line.whole === true);
      }
    } catch (error) {
      reason = `${this.#name} broke: ${(error as Error).message}`;
    }
    reason ??= `${this.#name} was closed by the other end${this.#address.kind === "tcp" ? whyClosed(reads) : ""}`;
    if (this.line === line) this.#break(new HeliographError("not_connected", reason));
  }

  #close(reason: HeliographError): void {
    const line = this.line;
    this.line = undefined;
    const closed = line?.close();
    if (closed !== undefined) this.#closed = Promise.all([this.#closed, closed]);
    if (line !== undefined) this.#user.trace.closed(reason);
    const writing = this.#writing ?? [];
    this.#writing = undefined;
    for (const resolve of writing) resolve();
    this.#closing.abort(reason);
    this.#user.closed(reason);
  }

  #break(reason: HeliographError): void {
    this.#close(reason);
    for (const told of [...this.#broken]) this.#user.faults.guard("a listener of its end", () => told(reason));
  }

  /** Whether the next command may be sent at once. */
  isReady(held: Held, signal: AbortSignal | undefined): boolean {
    return this.line !== undefined && this.#opening === undefined && this.#catchingUp === undefined &&
      this.doubt === undefined && this.#format.gap === 0 && this.#deafUntil === -Infinity &&
      this.#writing === undefined && !held.lost &&
      !signal?.aborted;
  }

  /**
   * Waits until the next command may be sent.
   *
   * @param atOnce Whether it is also sent on a line on which the answer to an interrupted question is still due.
   */
  async ready(text: string, held: Held, signal: AbortSignal | undefined, atOnce: boolean): Promise<void> {
    const open = this.line !== undefined && this.#opening === undefined;
    const catchesUp = this.#catchingUp !== undefined || this.doubt !== undefined;
    if (catchesUp && !(atOnce && open && this.doubt === "interrupted")) await this.#catchUp(held);
    for (;;) {
      const { gap } = this.#format;
      if (gap > 0 || this.#deafUntil > 0) {
        const now = performance.now();
        const wait = Math.max(gap - (now - this.quietSince) / 1000, (this.#deafUntil - now) / 1000);
        if (wait > 0 && !held.lost) await this.wait(wait, signal, held);
      }
      if (this.#writing === undefined) break;
      // One that was interrupted may still be sending: the bytes of two commands are not mixed.
      await new Promise<void>((resolve) => this.#writing!.push(resolve));
    }
    if (held.lost) throw new Interrupted(text, false, held.urgency);
    signal?.throwIfAborted();
    if (this.line === undefined) {
      const reason = `${this.#name} is not open`;
      throw held.spoke ? new HeliographError("not_connected", reason) : new NotOpen("not_connected", reason);
    }
    held.spoke = true;
  }

  async wait(seconds: number, signal: AbortSignal | undefined, held?: Held): Promise<void> {
    if (held?.lost) return;
    const signals = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    if (held === undefined) return await delay(seconds, AbortSignal.any(signals));
    const lost = new AbortController();
    held.onLost = () => lost.abort();
    try {
      await delay(seconds, AbortSignal.any([...signals, lost.signal]));
    } catch (error) {
      if (!held.lost) throw error;
    } finally {
      held.onLost = undefined;
    }
  }

  async write(bytes: Uint8Array, deaf = 0, answerWithin?: number): Promise<void> {
    const line = this.line!;
    this.#user.trace.sent(bytes);
    this.quietSince = performance.now();
    const writing: (() => void)[] = this.#writing = [];
    try {
      await line.write(bytes, answerWithin);
      if (deaf > 0) this.#deafUntil = performance.now() + deaf * 1000;
    } catch (error) {
      const reason = new HeliographError("not_connected", `${this.#name} broke: ${(error as Error).message}`);
      if (this.line === line) this.#break(reason);
      throw reason;
    } finally {
      if (this.#writing === writing) this.#writing = undefined;
      for (const resolve of writing) resolve();
    }
  }

  /** Opens a line anew on which something is late. @param held Who wants it: not done where the turn is lost meanwhile. */
  async #catchUp(held: Held): Promise<void> {
    if (this.#catchingUp === undefined) {
      if (this.doubt === undefined || this.line === undefined) return;
      this.#catchingUp = this.#openAnew(held).finally(() => this.#catchingUp = undefined);
    }
    await this.#catchingUp;
  }

  async #openAnew(held: Held): Promise<void> {
    // What was sent last is heard before its line ends.
    while (this.doubt === "interrupted") {
      const wait = reopenSeconds - (performance.now() - this.quietSince) / 1000;
      if (wait <= 0) break;
      await this.wait(wait, undefined, held);
      // Something immediate is asked on this line.
      if (held.lost) return;
    }
    this.#close(new HeliographError("not_connected", `${this.#name} is opened anew`));
    try {
      // Some instruments take one connection at a time, and need a moment to see that the last one has ended.
      await delay(reopenSeconds);
      await this.#open().catch(() => delay(2 * reopenSeconds).then(() => this.#open()));
    } catch (error) {
      this.#break(error as HeliographError);
      throw error;
    }
  }
}

/** Nothing was sent yet: the line was lost while its turn was waited for. */
export class NotOpen extends HeliographError {}

/** What a connection that is closed so soon may mean. @param reads How often something came on it. */
function whyClosed(reads: number): string {
  if (reads > 1) return "";
  return reads === 0
    ? " before it said anything: if it takes one connection at a time, another program may have it"
    : ' after its first answer: if it does that each time, say "connection": "each question" in "line"';
}
