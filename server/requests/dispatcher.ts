/**
 * Runs commands: looks them up, checks role, control and arguments, and gives each its turn in its instrument's queue.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { formatCommandLine } from "../../protocol/command_line.ts";
import { lineError, lineReply } from "../../protocol/line_reply.ts";
import type { Bench } from "../bench/bench.ts";
import { Control, isSameHolder } from "../access/control.ts";
import { type Principal, principalOf } from "../access/principal.ts";
import { type Right, rightOfRole, roleRights, roles } from "../../protocol/vocabulary.ts";
import type { Caller, Command } from "../bench/command.ts";
import type { Guards } from "../guards/guards.ts";
import { unknownCommand } from "../bench/describe.ts";
import { type Issue, Work } from "../bench/command_queue.ts";
import { begin, type End, isFollowed } from "../bench/hub.ts";
import { wireError } from "../bench/wire_error.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean } from "../bench/names.ts";
import { shown } from "../bench/values.ts";

/** A request for a command, whichever wire it came over. */
export interface CommandRequest {
  /** The instrument's name or title; `undefined` means the default instrument, `api`. */
  readonly instrument: string | undefined;
  /** The command's name. */
  readonly command: string;
  /** Positional arguments, text or typed. */
  readonly args: readonly unknown[];
  /** Keyword arguments, text or typed. */
  readonly keywords: ReadonlyMap<string, unknown>;
}

/** The instrument that answers a command without a dot. */
export const defaultInstrument = "api";

const noKeywords: ReadonlyMap<string, unknown> = new Map();

/** The error of a failed command; a fault in its code is told as its instrument's, and is then an error like others. */
function expected(error: unknown, { faults }: Instrument, command: string): Error {
  if (error instanceof HeliographError) return error;
  faults.tell(`its command ${command}`, error);
  return wireError(error);
}

/** Publishes that something has succeeded. @param value What it returned. */
function endWith(end: End, value: unknown): void {
  end(() => lineReply(value), false);
}

/** The error for somebody who may not do something. */
function notAllowed(principal: Principal, right: Right, what: string, instrument: string | undefined): HeliographError {
  const { may, instruments } = { may: principal.may("read"), instruments: principal.standing.instruments };
  if (!may) {
    return new HeliographError(
      "no_credential",
      `Cannot do ${what}: say first who you are, by a token: "auth TOKEN" in a line, Hello with "token", or ` +
        "Authorization: Bearer TOKEN",
    );
  }
  if (principal.may(right)) {
    const [known, only] = [instruments ?? new Set<string>(), instrument ?? "it"];
    const list = known.size === 0 ? "no instrument" : [...known].join(" and ");
    return new HeliographError("not_allowed", `Cannot do ${what}: you may drive ${list}, and not ${only}`);
  }
  // The least role that may is what people know.
  const role = roles.find((role) => roleRights[role].includes(right))!;
  return new HeliographError(
    "not_allowed",
    `Cannot do ${what}: it needs the role ${role}, and you are ${principal.roleName}`,
  );
}

/** The instrument that somebody must be allowed to drive for a command of one; `undefined` for any. */
function placeOfRight(instrument: Instrument, command: Command): string | undefined {
  // api and automation drive nothing themselves: what their commands are about, they look at.
  // What stops something is for every operator, whichever instruments are theirs.
  const anywhere = command.stop || instrument.name === defaultInstrument || instrument.name === "automation";
  return anywhere ? undefined : instrument.name;
}

/** The numbers of an instrument's commands that were answered, since the server began. */
export interface CommandCounts {
  /** With what they returned. */
  succeeded: number;
  /** With an error, those that were refused among them. */
  failed: number;
}

/** Checks role, control and arguments, and gives every command its turn in its instrument's queue. */
export class Dispatcher {
  /** Who has control of which instrument. */
  readonly control: Control = new Control();
  /**
   * How many commands were answered, by the instrument's name. Counted here and not by a subscriber of the hub: that
   * would make events of every command, most of which nobody follows.
   */
  readonly counts: Map<string, CommandCounts> = new Map();
  /** What interlocks forbid; see `server/guards/`. @default nothing */
  guards: Pick<Guards, "check" | "begins"> | undefined;
  readonly #bench: Bench;
  /** How a handler calls another instrument: in the name of whoever called the handler. */
  readonly #issue: Issue = (caller, instrument, command, args) => {
    const run = () => this.run({ instrument, command, args, keywords: noKeywords }, principalOf(caller), caller);
    return this.#bench.follow(instrument)?.then(run) ?? run();
  };
  #stopping = false;

  /** Makes it take requests. @param bench The instruments, on whose hub every command is told. */
  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** Takes requests again after `stop`. */
  start(): void {
    this.#stopping = false;
  }

  /** From now on every new request is refused; those that run go on. */
  stop(): void {
    this.#stopping = true;
    this.control.stop();
  }

  /**
   * An instrument by its name or title.
   *
   * @throws {HeliographError} `unknown_instrument`, with the name as its subject.
   */
  instrument(name: string): Instrument {
    const found = this.#bench.find(name);
    if (found !== undefined) return found;
    const elsewhere = this.#bench.elsewhere?.whyNot(name);
    if (elsewhere !== undefined) throw elsewhere;
    const subject = `${shown(name)}${didYouMean(name, this.#bench.names())}`;
    throw new HeliographError("unknown_instrument", `No instrument is called ${subject}; "list" tells what there is`, {
      subject,
    });
  }

  /**
   * Runs a command.
   *
   * @param request What to run.
   * @param principal Who asks.
   * @param caller Who asks in their name, as a command that calls another does. @default the principal
   * @returns What it returned: at once where nothing had to be waited for, as a promise otherwise.
   * @throws {HeliographError} When it is refused or fails; see {@linkcode wireError}.
   */
  run(request: CommandRequest, principal: Principal, caller: Caller = principal): unknown {
    const [instrument, command] = this.#resolve(request);
    const { command: name, args, keywords } = request;
    const onlyReads = command.role === "observer";
    const end = isFollowed(this.#bench.hub, onlyReads)
      ? this.#begin(instrument, name, args, keywords, principal, onlyReads)
      : undefined;
    let result: unknown;
    try {
      result = this.#queue(instrument, name, command, args, keywords, caller, principal);
    } catch (error) {
      throw this.#failed(instrument, name, error, end);
    }
    return result instanceof Promise
      ? this.#answerLater(instrument, name, result, principal, end)
      : this.#succeeded(instrument, result, end);
  }

  #answerLater(
    instrument: Instrument,
    name: string,
    result: Promise<unknown>,
    principal: Principal,
    end: End | undefined,
  ): Promise<unknown> {
    const answered = this.control.work(principal);
    return result.then(
      (value) => this.#succeeded(instrument, value, end),
      (error) => {
        throw this.#failed(instrument, name, error, end);
      },
    ).finally(answered);
  }

  #succeeded(instrument: Instrument, value: unknown, end: End | undefined): unknown {
    this.#countsOf(instrument).succeeded++;
    if (end !== undefined) endWith(end, value);
    return value;
  }

  #failed(instrument: Instrument, name: string, error: unknown, end: End | undefined): Error {
    this.#countsOf(instrument).failed++;
    end?.(() => lineError(wireError(error)), true);
    return expected(error, instrument, name);
  }

  /** Publishes a command. A method of its own: what it makes costs nothing where nobody follows. */
  #begin(
    instrument: Instrument,
    name: string,
    args: readonly unknown[],
    keywords: ReadonlyMap<string, unknown>,
    caller: Principal,
    onlyReads: boolean,
  ): End {
    const text = () => formatCommandLine(instrument.name, name, args, keywords);
    return begin(this.#bench.hub, { kind: "command", instrument: instrument.name, caller, text, onlyReads });
  }

  /**
   * Reads a field from memory.
   *
   * @throws {HeliographError} When there is no such field or the caller may not read.
   */
  get(instrument: string, field: string, principal: Principal): BenchField {
    this.check(principal, "read");
    const found = this.instrument(instrument);
    const end = isFollowed(this.#bench.hub, true)
      ? this.#begin(found, "get", [field], noKeywords, principal, true)
      : undefined;
    try {
      const read = found.field(field);
      if (end !== undefined) endWith(end, read.text);
      return read;
    } catch (error) {
      end?.(() => lineError(wireError(error)), true);
      throw error;
    }
  }

  /**
   * Whether somebody may do something now; what they have control of is renewed by that they ask.
   *
   * @param principal Who asks.
   * @param right The right that it takes.
   * @param what What it is, for the error.
   * @param instrument The instrument that is to be driven. @default any
   * @throws {HeliographError} `not_allowed`, `no_credential` or `stopping`.
   */
  check(principal: Principal, right: Right, what = "this", instrument?: string): void {
    this.allow(principal, right, what, instrument);
    this.control.renew(principal);
  }

  /**
   * Whether somebody may do something now, where that renews nothing of theirs: a program that looks on is not at work.
   *
   * @param principal Who asks.
   * @param right The right that it takes.
   * @param what What it is, for the error.
   * @param instrument The instrument that is to be driven. @default any
   * @throws {HeliographError} `not_allowed`, `no_credential` or `stopping`.
   */
  allow(principal: Principal, right: Right, what: string, instrument?: string): void {
    if (this.#stopping) throw new HeliographError("stopping", "The server is stopping and takes no new commands");
    if (!principal.may(right, instrument)) throw notAllowed(principal, right, what, instrument);
  }

  /**
   * Whether somebody may call a command now, or could once they took control from a run; nothing is called.
   *
   * @throws {HeliographError} `not_allowed`, `no_credential`, `held` or `stopping`.
   */
  mayCall(instrument: Instrument, name: string, command: Command, principal: Principal): void {
    this.allow(principal, rightOfRole[command.role], name, placeOfRight(instrument, command));
    if (!command.stop && command.role !== "observer") this.control.checkTake(instrument.name, principal, name);
  }

  #countsOf({ name }: Instrument): CommandCounts {
    let counts = this.counts.get(name);
    if (counts === undefined) this.counts.set(name, counts = { succeeded: 0, failed: 0 });
    return counts;
  }

  /** The instrument that answers a command, and the command: its own, or one of an instrument it answers for. */
  #resolve(request: CommandRequest): [Instrument, Command] {
    const { instrument: name, command: wanted } = request;
    const instrument = this.instrument(name ?? defaultInstrument);
    const own = instrument.findCommand(wanted);
    if (own !== undefined) {
      // What every instrument has, such as get, says nothing without the instrument.
      if (name === undefined && request.args.length > 0 && !instrument.commands.has(wanted)) {
        throw this.#undotted(request);
      }
      return [instrument, own];
    }
    const others = instrument.answersFor.flatMap((other) => this.#bench.find(other) ?? []);
    for (const answering of others) {
      const command = answering.commands.get(wanted);
      if (command !== undefined) return [answering, command];
    }
    const misread = name === undefined ? this.#misreadTitle(wanted) : undefined;
    throw misread ?? unknownCommand(instrument, wanted, others.flatMap(({ commands }) => [...commands.keys()]));
  }

  /** The error for `get uv_light "Actual Status"`, where the line's way is `uv_light.get "Actual Status"`. */
  #undotted({ command, args: [first, ...rest], keywords }: CommandRequest): HeliographError {
    const name = shown(first);
    const misread = this.#bench.find(name) === undefined ? this.#misreadTitle(name) : undefined;
    if (misread !== undefined) return misread;
    const right = formatCommandLine(this.instrument(name).name, command, rest, keywords);
    return new HeliographError("unknown_command", `Cannot call ${command} without an instrument before it: ${right}`);
  }

  /** The error for a line that names an instrument and no command, or a title with spaces without quotes. */
  #misreadTitle(word: string): HeliographError | undefined {
    const named = this.#bench.find(word);
    const begun = this.#bench.instruments.find(({ title }) => title.startsWith(`${word} `));
    if (named === undefined && begun === undefined) return undefined;
    const message = named !== undefined
      ? `${word} is an instrument: say what it shall do, as in ${named.name}.help`
      : `Cannot take ${word} for a command: quote a title with spaces, as in "${begun!.title}".help, or write ${
        begun!.name
      }.help`;
    return new HeliographError("unknown_command", message);
  }

  #queue(
    instrument: Instrument,
    name: string,
    command: Command,
    args: readonly unknown[],
    keywords: ReadonlyMap<string, unknown>,
    caller: Caller,
    principal: Principal,
  ): unknown {
    this.check(principal, rightOfRole[command.role], name, placeOfRight(instrument, command));
    // What is in memory can be told all the same.
    if (instrument.away !== "" && !(command.immediate && command.role === "observer")) {
      const why = `Cannot call ${instrument.name}.${name}: ${instrument.title} is ${instrument.away}`;
      throw new HeliographError("unavailable", why);
    }
    // For safety's sake everybody who may drive may abort and stop, whoever has control, and what was lit is put out; what
    // an observer may do drives nothing.
    // Whoever has control of the guards keeps nobody from a sign of life, or from saying that they know of an alarm.
    const forAll = command.stop || command.role === "observer" || instrument.name === "guards";
    if (!forAll && !caller.putsBack && !caller.guards) {
      this.control.check(instrument.name, principal, name);
    }
    const bound = command.bind(instrument.name, name, args, keywords);
    // What a guard does to make things safe, no other guard forbids.
    const { guards } = this;
    const check = guards && !caller.guards ? () => guards.check(instrument, name, command, bound) : undefined;
    check?.();
    const starts = guards && ((waited: boolean) => {
      if (waited) check?.();
      guards.begins(instrument, name, bound, caller.guards ?? false);
    });
    const work = new Work(name, command, bound, caller, this.#issue, starts);
    const { queue } = instrument;
    if (command.dropsWaiting) queue.drop((other) => isSameHolder(other, principal), name);
    const result = caller.guards
      ? command.immediate || command.beside ? queue.submitImmediate(work) : queue.submitUrgent(work, principal.label)
      : command.immediate
      ? queue.submitImmediate(work)
      : command.beside
      ? queue.submitBeside(work)
      : queue.submit(work);
    // What tells of what is in memory changes nothing.
    if (command.immediate && command.role === "observer") return result;
    if (!(result instanceof Promise)) {
      this.#bench.refresh(instrument);
      return result;
    }
    return result.finally(() => this.#bench.refresh(instrument));
  }
}
