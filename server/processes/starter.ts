/**
 * Starts the processes beside the server: sandboxes and drivers.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";

/** A process that was started. */
export interface StartedProcess {
  /** Its number. */
  readonly pid: number;
  /** Ends it at once, whatever it does; nothing where it has ended already. */
  kill(): void;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<EndedProcess>;
}

/** The end of a process. */
export interface EndedProcess {
  /** Its exit code; 128 and the signal's number where a signal ended it. */
  readonly code: number;
  /** What it said last on its standard error that tells what went wrong; empty where it said nothing. */
  readonly complaint: string;
}

/** Starts processes. */
export interface ProcessStarter {
  /**
   * Starts a process, whose standard output goes nowhere.
   *
   * @param command Program and arguments.
   * @param input What it reads on its standard input, which then ends.
   * @param values What `{title}` and others in its arguments stand for. @default its arguments stay as they are
   * @throws {Error} With the reason, where it cannot be started or may not.
   */
  start(command: Command, input: string, values?: CommandValues): Promise<StartedProcess>;
  /** Learns a command that may be started after `seal`. */
  allow?(command: Command): void;
  /** From now on starts only what was allowed. */
  seal?(): void;
  /** Removes a folder when the server has ended, however it did. @param folder Its absolute path. */
  removeAtEnd?(folder: string): void;
  /** Starts nothing any more; what still runs is killed. */
  close?(): Promise<void>;
}

/** Program and arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** What the words in braces of a command's arguments stand for. */
export type CommandValues = Readonly<Record<string, string>>;

/**
 * Fills the words in braces of a command's arguments. A value stays within its argument, on one line; one at the
 * argument's beginning does not make an option of it.
 */
export function filledCommand([program, ...args]: Command, values: CommandValues): Command {
  const fill = (arg: string) => {
    const text = arg.replace(
      /\{([a-z]+)\}/g,
      (all, word: string) => Object.hasOwn(values, word) ? values[word]!.replace(/\p{Cc}+/gu, " ") : all,
    );
    return text.startsWith("-") && !arg.startsWith("-") ? ` ${text}` : text;
  };
  return [program, ...args.map(fill)];
}

/** The characters of a process's standard error that are kept. */
const keptComplaint = 2000;

/** Starts processes itself, with this process's own right to. */
export class DirectStarter implements ProcessStarter {
  /** Starts a process. @throws {Error} With the reason, where it cannot be started or may not. */
  async start(command: Command, input: string, values: CommandValues = {}): Promise<StartedProcess> {
    const [program, ...args] = filledCommand(command, values);
    if (!await mayRun(program)) throw new Error("this program may not start any process (--allow-run)");
    const child = new Deno.Command(program, {
      args,
      // What it says is looked through, and told to people elsewhere: no colours, whatever the terminal here has.
      env: { NO_COLOR: "1", FORCE_COLOR: "" },
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const complaint = keepComplaint(child.stderr);
    const ended = child.status.then(async ({ code }) => ({ code, complaint: await complaint }));
    await write(child, input).catch(() => {
      // It has ended before it read all of it, and says why.
    });
    return { pid: child.pid, kill: () => kill(child), ended };
  }
}

/**
 * Whether this program may start another. Asked before it is tried: a program that is not run with --no-prompt would ask
 * whoever sits there.
 */
export async function mayRun(program: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "run", command: program })).state === "granted";
}

async function write({ stdin }: Deno.ChildProcess, text: string): Promise<void> {
  const input = stdin.getWriter();
  await input.write(new TextEncoder().encode(text));
  await input.close();
}

/** Collects the complaint of a process from its standard error; all of it is read, so that nothing blocks. */
async function keepComplaint(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let kept = "";
  for await (const bytes of stream) kept = (kept + decoder.decode(bytes, { stream: true })).slice(-keptComplaint);
  const lines = stripVTControlCharacters(kept).trim().split(/\r?\n/);
  return lines.find((line) => line.startsWith("error: ")) ?? lines.at(-1)!;
}

function kill(child: Deno.ChildProcess): void {
  try {
    // Nothing that code can do keeps it from this; on Windows it is TerminateProcess.
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}
