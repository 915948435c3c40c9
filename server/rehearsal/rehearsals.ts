/**
 * Rehearses runs for a server, one at a time, each in a process of its own: the server's main thread only waits.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { basename } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import type { Rehearsal, RehearsalAnswer } from "../../protocol/rehearsal.ts";
import type { RehearsalWish, Rehearser } from "../automation/rehearser.ts";
import type { ConnectedProcess, Processes } from "../processes/processes.ts";
import { grantsFor } from "../processes/rendezvous.ts";
import type { Command } from "../processes/starter.ts";
import { CodeElsewhere, type CodeRunner } from "./code_elsewhere.ts";
import { rehearsalSourceCommand } from "./host_command.ts";
import type { FromRehearsal, RehearsalSettings } from "./host_messages.ts";
import { rehearsalOf } from "./start.ts";

const log = getLogger(["heliograph", "automation"]);

/** The longest message that is taken from the process, in bytes: it may bring the text of a run's file. */
const longestMessage = 16 * 1_048_576;
/** The longest time that is rehearsed, in seconds. */
const mostRehearsed = 48 * 3600;
/** How often it is looked whether whoever asked is still there, in milliseconds. */
const lookInterval = 500;

/** What rehearsals are done with. */
export interface RehearsalsOptions {
  /** The absolute path of the bench file. */
  readonly bench: string;
  /** Whether it has drivers that are code, which are started to learn their fields. */
  readonly startsDrivers: boolean;
  /** Program and arguments that run the process. @default this Deno on heliograph's source */
  readonly hostCommand?: Command | undefined;
  /** Program and arguments that run a driver's process, for that process. @default as before */
  readonly driverCommand?: Command | undefined;
}

/** The rehearsal that is under way. */
interface UnderWay {
  readonly file: string;
  readonly who: string;
  /** Ends it, with a reason. */
  readonly end: (reason: Error) => void;
  /** Resolves when its process has gone. */
  readonly over: Promise<void>;
}

/** Rehearses runs. */
export class Rehearsals implements Rehearser {
  readonly #options: RehearsalsOptions;
  readonly #processes: Processes;
  readonly #runner: CodeRunner;
  #command: Command | undefined;
  #imageFolder = "";
  #whyNot = "the server is not ready yet";
  #underWay: UnderWay | undefined;

  /** Rehearses nothing yet. @param processes What starts the process. @param runner Runs the code of runs. */
  constructor(options: RehearsalsOptions, processes: Processes, runner: CodeRunner) {
    this.#options = options;
    this.#processes = processes;
    this.#runner = runner;
  }

  get whyNot(): string {
    return this.#whyNot;
  }

  /** Gets what is needed of this PC, before the server gives up its permissions. */
  async open(): Promise<void> {
    const { bench, startsDrivers, hostCommand } = this.#options;
    try {
      const grants = grantsFor(await this.#processes.open());
      const imageFolder = this.#imageFolder = await this.#processes.makeFolder("rehearsal");
      this.#command = hostCommand ?? rehearsalSourceCommand({ bench, imageFolder, startsDrivers, grants });
      if (this.#command === undefined) throw new Error("this program has to be told how to start a process for it");
      this.#processes.allow(this.#command);
      this.#whyNot = "";
    } catch (error) {
      this.#whyNot = (error as Error).message;
      log.warning("No run can be rehearsed here: {reason}", { reason: this.#whyNot });
    }
  }

  async rehearse(wish: RehearsalWish): Promise<Rehearsal> {
    const { file, who, signal, gone } = wish;
    if (this.#command === undefined) {
      throw new HeliographError("unavailable", `Cannot rehearse ${file}: ${this.#whyNot}`);
    }
    if (this.#underWay !== undefined) {
      const other = `a rehearsal of ${this.#underWay.file} for ${this.#underWay.who}`;
      throw new HeliographError(
        "unavailable",
        `Cannot rehearse ${file} now: ${other} is under way, and there is one at a time; try again when it has ended`,
      );
    }
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => {});
    const over = Promise.withResolvers<void>();
    this.#underWay = { file, who, end: ended.reject, over: over.promise };
    const late = () => ended.reject(signal.reason as Error);
    signal.addEventListener("abort", late);
    const look = setInterval(() => {
      if (gone()) ended.reject(new HeliographError("aborted", "Whoever asked for the rehearsal has gone"));
    }, lookInterval);
    try {
      return await this.#inProcess(wish, this.#command, ended.promise);
    } finally {
      clearInterval(look);
      signal.removeEventListener("abort", late);
      this.#underWay = undefined;
      over.resolve();
    }
  }

  cancel(by: string): void {
    this.#underWay?.end(new HeliographError("aborted", `The rehearsal was cancelled by ${by}`));
  }

  /** Ends the one that is under way, and waits until its process has gone. */
  async stop(): Promise<void> {
    this.#whyNot = "the server is stopping";
    this.#command = undefined;
    this.#underWay?.end(new HeliographError("stopping", "The server is stopping: the rehearsal was ended"));
    await this.#underWay?.over;
  }

  async #inProcess(wish: RehearsalWish, command: Command, ended: Promise<never>): Promise<Rehearsal> {
    const { file, text, files, given, at } = wish;
    const { bench, startsDrivers, driverCommand } = this.#options;
    const settings: Omit<RehearsalSettings, "rendezvous" | "token"> = {
      order: {
        file: basename(file),
        text,
        files,
        bench,
        given,
        at,
        most: mostRehearsed,
        imageFolder: this.#imageFolder,
        hostCommand: driverCommand,
      },
      startsDrivers,
    };
    const starting = this.#processes.start({ what: "a rehearsal", command, settings, longestMessage });
    let child: ConnectedProcess;
    try {
      child = await Promise.race([starting, ended]);
    } catch (error) {
      // It may come all the same.
      await starting.then(({ kill, ended }) => (kill(), ended), () => {});
      throw error;
    }
    const code = new CodeElsewhere(this.#runner, (reply) => child.channel.send(reply));
    try {
      const answering = this.#answerOf(child, code);
      answering.catch(() => {});
      return rehearsalOf(await Promise.race([answering, ended]));
    } finally {
      child.kill();
      await Promise.all([code.stop(), child.ended]);
    }
  }

  async #answerOf(child: ConnectedProcess, code: CodeElsewhere): Promise<RehearsalAnswer> {
    for await (const message of child.channel.messages() as AsyncGenerator<FromRehearsal>) {
      if ("answer" in message) return message.answer;
      void code.take(message.code);
    }
    const { code: exit, complaint } = await child.ended;
    return { failure: `its process ended with ${exit}: ${complaint}`, code: "unavailable" };
  }
}
