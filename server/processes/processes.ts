/**
 * Starts the processes beside the server, and waits for them to connect.
 *
 * @module
 */

import { join } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { Channel } from "./channel.ts";
import { Launcher, sourceLauncher } from "./launcher.ts";
import { Rendezvous, type RendezvousAddress } from "./rendezvous.ts";
import {
  type Command,
  type CommandValues,
  DirectStarter,
  type EndedProcess,
  mayRun,
  type ProcessStarter,
  type StartedProcess,
} from "./starter.ts";

/** The settings of every process, on its standard input beside its own. */
export interface ProcessSettings {
  /** Where the server waits for it. */
  readonly rendezvous: RendezvousAddress;
  /** What it proves itself with. */
  readonly token: string;
}

/** A process that has connected. */
export interface ConnectedProcess extends StartedProcess {
  /** How the server talks with it. */
  readonly channel: Channel;
}

/** The plan of a process to start. */
export interface ProcessPlan {
  /** What it is, for errors: `a sandbox`. */
  readonly what: string;
  /** Program and arguments. */
  readonly command: Command;
  /** What it is told. */
  readonly settings: object;
  /** The longest message that is taken from it, in bytes. */
  readonly longestMessage: number;
}

/** The time that a process has to report, in seconds; it takes a tenth of one on an idle PC. */
const startSeconds = 30;

/** Starts processes that connect back. */
export class Processes {
  readonly #starter: ProcessStarter;
  #rendezvous: Promise<Rendezvous> | undefined;
  /** What this program itself removes at the end, where it may. */
  readonly #folders: string[] = [];

  /**
   * Starts none yet.
   *
   * @param starter What starts them. @default this program itself
   * @param rendezvous Where they connect to. @default made when it is first needed
   */
  constructor(starter: ProcessStarter = new DirectStarter(), rendezvous?: Rendezvous) {
    this.#starter = starter;
    if (rendezvous !== undefined) this.#rendezvous = Promise.resolve(rendezvous);
  }

  /**
   * Has a launcher start them, so that this program can give up the right to. Where this program may start nothing,
   * there is no launcher either.
   *
   * @param json Whether the launcher's words for the log are JSON.
   * @param command How it is run. @default this Deno on heliograph's source
   */
  static async launched(json: boolean, command?: Command): Promise<Processes> {
    // What keeps it from listening is told to whoever needs a process.
    const rendezvous = await Rendezvous.open().catch(() => undefined);
    const folders = rendezvous?.folder === undefined ? [] : [rendezvous.folder];
    const launcher = command ?? sourceLauncher(folders);
    if (launcher === undefined || !await mayRun(launcher[0])) return new Processes(new DirectStarter(), rendezvous);
    const starter = new Launcher(launcher, json);
    for (const folder of folders) starter.removeAtEnd(folder);
    return new Processes(starter, rendezvous);
  }

  /**
   * Makes the place that processes connect to, unless there is one.
   *
   * @returns Where it is.
   * @throws {Error} When it cannot be, or this program may not.
   */
  async open(): Promise<RendezvousAddress> {
    return (await this.#opened()).address;
  }

  #opened(): Promise<Rendezvous> {
    return this.#rendezvous ??= Rendezvous.open();
  }

  /** Says that a command may be started later, also when this program may start nothing any more. */
  allow(command: Command): void {
    this.#starter.allow?.(command);
  }

  /**
   * Makes a folder for what processes write, which is removed when the server has ended, however it did.
   *
   * @param name What it is called.
   * @returns Its absolute path.
   * @throws {Error} Where this program may not make one.
   */
  async makeFolder(name: string): Promise<string> {
    const { folder } = await this.#opened();
    const around = folder ?? await Deno.makeTempDir({ prefix: "heliograph-" });
    if (folder === undefined) {
      this.#starter.removeAtEnd?.(around);
      this.#folders.push(around);
    }
    const path = join(around, name);
    await Deno.mkdir(path);
    return path;
  }

  /** From now on only what was allowed is started. */
  seal(): void {
    this.#starter.seal?.();
  }

  /**
   * Starts a process and waits until it has connected.
   *
   * @throws {HeliographError} `unavailable`, with what the process said, when it does not start.
   */
  async start({ what, command, settings, longestMessage }: ProcessPlan): Promise<ConnectedProcess> {
    const rendezvous = await this.#opened();
    const { token, connected } = rendezvous.expect(what, startSeconds);
    let child: StartedProcess;
    try {
      const told: ProcessSettings = { rendezvous: rendezvous.address, token };
      child = await this.#starter.start(command, JSON.stringify({ ...settings, ...told }));
    } catch (error) {
      rendezvous.forget(token);
      throw new HeliographError("unavailable", `Cannot start ${what}: ${(error as Error).message}`, { cause: error });
    }
    const died = child.ended.then(({ code, complaint }): never => {
      rendezvous.forget(token);
      throw new HeliographError("unavailable", `Cannot start ${what}: it ended with ${code}: ${complaint}`);
    });
    died.catch(() => {});
    try {
      const { pid, ended } = child;
      const channel = new Channel(await Promise.race([connected, died]), longestMessage);
      const kill = () => {
        child.kill();
        // Without a launcher to kill it, it ends itself; and Wine leaves connections of killed processes open.
        channel.close();
      };
      return { pid, ended, channel, kill };
    } catch (error) {
      child.kill();
      await child.ended;
      throw error;
    }
  }

  /**
   * Runs a program to its end: it does not connect.
   *
   * @param command Program and arguments, as they were allowed.
   * @param input What it reads on its standard input.
   * @param values What the words in braces of its arguments stand for.
   * @param signal Kills it.
   * @throws {Error} With the reason, where it cannot be started or may not.
   */
  async run(command: Command, input: string, values: CommandValues, signal: AbortSignal): Promise<EndedProcess> {
    const { kill, ended } = await this.#starter.start(command, input, values);
    if (signal.aborted) kill();
    signal.addEventListener("abort", kill);
    try {
      return await ended;
    } finally {
      signal.removeEventListener("abort", kill);
    }
  }

  /** Is waited for by no process any more. */
  async close(): Promise<void> {
    const rendezvous = await this.#rendezvous?.catch(() => undefined);
    this.#rendezvous = undefined;
    await rendezvous?.close();
    for (const folder of this.#folders.splice(0)) await Deno.remove(folder, { recursive: true }).catch(() => {});
    await this.#starter.close?.();
  }

  /** Closes them, so that `await using` leaves nothing behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
