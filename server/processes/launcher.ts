/**
 * The launcher, seen from the server: it keeps the right to start processes, which the server gives up.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { FromLauncher, ToLauncher } from "./launcher_messages.ts";
import { lines } from "./lines.ts";
import { sourceCommand } from "./source_command.ts";
import type { Command, CommandValues, EndedProcess, ProcessStarter, StartedProcess } from "./starter.ts";

/** The interval at which the server says that its main thread turns, in milliseconds. */
const turnInterval = 1000;

/**
 * The command that runs the launcher from source, with no more than it needs: the right to start programs, and to end
 * the server that hangs.
 *
 * @param folders What it may remove at the end.
 * @returns Program and arguments; `undefined` in a program that was compiled or came from a URL.
 */
export function sourceLauncher(folders: readonly string[]): Command | undefined {
  const own = new URL("launcher_process.ts", import.meta.url);
  return sourceCommand(own, ["--no-lock", "--no-remote", "--allow-run"], { read: folders, write: folders });
}

interface Started {
  readonly began: PromiseWithResolvers<number>;
  readonly ended: PromiseWithResolvers<EndedProcess>;
}

/** Starts processes through a process that was started for that. */
export class Launcher implements ProcessStarter {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #started = new Map<number, Started>();
  readonly #encoder = new TextEncoder();
  #turns: ReturnType<typeof setInterval> | undefined;
  #last = 0;
  #gone: Error | undefined;
  #closing = false;

  /**
   * Starts the launcher.
   *
   * @param command How.
   * @param json Whether its words for the log are JSON.
   * @throws {Error} Where it cannot be started, or this program may not.
   */
  constructor([program, ...args]: Command, json: boolean) {
    this.#child = new Deno.Command(program, {
      args: [...args, ...json ? ["--json-logs"] : []],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    void this.#receive();
  }

  /** Learns a command that may be started after `seal`. */
  allow(command: Command): void {
    this.#tell({ allow: command });
  }

  /** From now on only what was allowed is started. The launcher ends a server whose main thread hangs from now on. */
  seal(): void {
    this.#tell({ seal: true });
    this.#turns = setInterval(() => this.#tell({ turns: true }), turnInterval);
  }

  /** Has a folder removed when the server has ended. */
  removeAtEnd(folder: string): void {
    this.#tell({ remove: folder });
  }

  /** Starts a process. @throws {Error} With the reason, where it cannot be started or may not. */
  async start(command: Command, input: string, values?: CommandValues): Promise<StartedProcess> {
    const id = ++this.#last;
    const started: Started = { began: Promise.withResolvers(), ended: Promise.withResolvers() };
    this.#started.set(id, started);
    this.#tell({ start: id, command, input, ...(values === undefined ? {} : { values }) });
    if (this.#gone !== undefined) this.#end(this.#gone);
    const pid = await started.began.promise;
    return { pid, kill: () => this.#tell({ kill: id }), ended: started.ended.promise };
  }

  /** Ends it, and whatever it has started. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#turns);
    await this.#input.close().catch(() => {});
    await this.#child.status;
  }

  async #receive(): Promise<void> {
    try {
      for await (const line of lines(this.#child.stdout)) this.#take(JSON.parse(line) as FromLauncher);
    } finally {
      clearInterval(this.#turns);
      this.#end(new Error("the launcher, which starts processes, has ended"));
      if (!this.#closing) {
        getLogger(["heliograph", "server"]).error(
          "The launcher has ended: no code and no driver of one's own can be started until the server is started again",
        );
      }
    }
  }

  #take(message: FromLauncher): void {
    if ("started" in message) return this.#started.get(message.started)?.began.resolve(message.pid);
    const id = "failed" in message ? message.failed : message.ended;
    const started = this.#started.get(id);
    this.#started.delete(id);
    if ("failed" in message) started?.began.reject(new Error(message.reason));
    else started?.ended.resolve(message);
  }

  /** It has gone, and with it what it had started. */
  #end(reason: Error): void {
    this.#gone = reason;
    for (const { began, ended } of this.#started.values()) {
      began.reject(reason);
      ended.resolve({ code: 1, complaint: reason.message });
    }
    this.#started.clear();
  }

  #tell(message: ToLauncher): void {
    this.#input.write(this.#encoder.encode(`${JSON.stringify(message)}\n`)).catch(() => {
      // It has ended, which whoever waits for it is told.
    });
  }
}
