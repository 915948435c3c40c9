/**
 * The context of a subcommand: streams, the kind of terminal, standard input. Tests hand in their own.
 *
 * @module
 */

import type { CommandContext } from "npm:@stricli/core@1.3.0";

/** Everything a subcommand knows of the world around the program. */
export interface CliContext extends CommandContext {
  /** Where text goes, and the exit code. */
  readonly process: {
    readonly stdout: { readonly write: (text: string) => void };
    readonly stderr: { readonly write: (text: string) => void };
    exitCode?: number | string | null;
  };
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<string>;
  /** Asks whoever sits at the terminal, and waits for a line; `null` where nobody does. @default nobody does */
  readonly ask?: (question: string) => string | null;
  /** How people start this program: `heliograph`, `deno task heliograph`, or with npx before it. */
  readonly program: string;
  /** Whether a person looks at standard output. */
  readonly terminal: boolean;
  /** Whether to use colours: a terminal, and NO_COLOR is not set. */
  readonly colour: boolean;
  /** The shell's history file; `undefined` keeps none. */
  readonly historyFile: string | undefined;
  /** The name by which people have control of instruments where they give none; `undefined`: they have none. */
  readonly clientName: string | undefined;
  /** The file of the servers that this PC was paired with; `undefined`: nothing can be kept. */
  readonly serversFile?: string | undefined;
  /** The command line before the word that is being completed. */
  readonly typed: TypedCommand;
  /** The subcommand that was typed, for errors. */
  readonly subcommand?: string;
}

/** The command line of a subcommand before the word that is being completed. */
export interface TypedCommand {
  /** The arguments, without flags. */
  readonly words: readonly string[];
  /** What was given as --host. */
  readonly host?: string;
  /** What was given as --port. */
  readonly port?: string;
  /** What was given as --server. */
  readonly server?: string;
}

/** The context of the real program. */
export function denoContext(): CliContext {
  const encoder = new TextEncoder();
  const writer = (stream: typeof Deno.stdout | typeof Deno.stderr) => (text: string) => {
    const bytes = encoder.encode(text);
    try {
      for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
    } catch (error) {
      // `heliograph watch | head`: whoever read has enough.
      if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
      throw error;
    }
  };
  const terminal = Deno.stdout.isTerminal();
  return {
    process: { stdout: { write: writer(Deno.stdout) }, stderr: { write: writer(Deno.stderr) } },
    readInput: () => new Response(Deno.stdin.readable).text(),
    ask: (question) => terminal && Deno.stdin.isTerminal() ? prompt(question) : null,
    program: startedAs(),
    terminal,
    colour: terminal && !Deno.noColor,
    historyFile: historyFile(),
    serversFile: serversFile(),
    clientName: variable("HELIOGRAPH_NAME") ?? (variable("USER") || variable("USERNAME")),
    typed: { words: [] },
  };
}

/** What this process shows of how it was started. */
export interface Started {
  /** Whether it is the executable. */
  readonly standalone: boolean;
  /** The path of the executable, or of Deno. */
  readonly executable: string;
  /** The version of Deno. */
  readonly deno: string;
  /** The folders of PATH, and how they are separated. */
  readonly path: string;
  /** The folder it was started in. */
  readonly folder: string;
  /** Whether this is Windows. */
  readonly windows: boolean;
}

/**
 * What people type to start this program once more.
 *
 * @param started How it was started this time.
 */
export function programOf({ standalone, executable, deno, path, folder, windows }: Started): string {
  if (!standalone) {
    // npx keeps a Deno of its own, which is on nobody's PATH.
    return /[\\/]_npx[\\/]/.test(executable) ? `npx -y deno@${deno} task heliograph` : "deno task heliograph";
  }
  const [, home, name] = /^(.*)[\\/]([^\\/]+)$/.exec(executable) ?? [];
  if (home === undefined || name === undefined) return "heliograph";
  const same = (one: string) => one.replace(/[\\/]$/, "") === home;
  if (path.split(windows ? ";" : ":").some(same)) return name.replace(/\.exe$/i, "");
  const typed = same(folder) ? `.${windows ? "\\" : "/"}${name}` : executable;
  return typed.includes(" ") ? `"${typed}"` : typed;
}

function startedAs(): string {
  const { standalone } = Deno.build;
  const allowed = (ask: () => string) => {
    try {
      return ask();
    } catch {
      return "";
    }
  };
  return programOf({
    standalone,
    executable: allowed(() => Deno.execPath()),
    deno: Deno.version.deno,
    path: standalone ? variable("PATH") ?? "" : "",
    folder: standalone ? allowed(() => Deno.cwd()) : "",
    windows: Deno.build.os === "windows",
  });
}

/** A variable of the environment, unless there is none or the program may not know. */
function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

/** The path of the shell's history file; `undefined` if the program may not know it. */
function historyFile(): string | undefined {
  const given = variable("HELIOGRAPH_HISTORY");
  if (given !== undefined) return given === "" ? undefined : given;
  if (Deno.build.os === "windows") {
    const folder = variable("LOCALAPPDATA");
    return folder === undefined ? undefined : `${folder}\\heliograph\\history`;
  }
  const home = variable("HOME");
  return home === undefined ? undefined : `${home}/.local/state/heliograph/history`;
}

/** The path of the file of known servers; `undefined` if the program may not know it. */
function serversFile(): string | undefined {
  const windows = Deno.build.os === "windows";
  const folder = variable(windows ? "LOCALAPPDATA" : "HOME");
  if (folder === undefined) return undefined;
  return windows ? `${folder}\\heliograph\\servers.json` : `${folder}/.config/heliograph/servers.json`;
}
