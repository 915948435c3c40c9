/**
 * Runs Python in the sandbox's Worker: MicroPython, with PyOpticon's namespace.
 *
 * @module
 */

import type { CodeContext, RunCode } from "./code_context.ts";
import { AskError, describeFailure, knownCode, Stop, tooLong, withLine } from "./failure.ts";
import type { Ask, Code, EvaluatedText, Failure, ScriptOutcome } from "./messages.ts";
import type { PythonSource } from "./micropython.ts";
import { printAsCPython } from "./micropython_printing.ts";
import { additions, pythonLibraries } from "./python_additions.ts";
import { withAdvice } from "./python_advice.ts";
import { prelude } from "./python_prelude.ts";

interface MicroPython {
  runPython(code: string): unknown;
  registerJsModule(name: string, module: Readonly<Record<string, unknown>>): void;
}

interface MicroPythonModule {
  loadMicroPython(options: Readonly<Record<string, unknown>>): Promise<MicroPython>;
}

/** The outcome of code, as the prelude tells it. */
type Outcome =
  | EvaluatedText
  // Too long, and slow to be told.
  | { readonly length: number }
  | Failed;

/** What an exception makes of it. */
interface Failed {
  readonly code: string;
  readonly message: string;
  readonly line?: string;
}

// Kept now: Python reaches the globals too.
const { parse, stringify } = JSON;

/** The stack for Python's calls, in bytes. */
const callStack = 65_536;

/**
 * Tells where the types of floats and text are, and a float that is 1.5; and puts off collecting garbage, which takes longer than
 * all of the loading.
 */
const beginLoading = `
import gc, _heliograph
_threshold = gc.threshold()
gc.threshold(-1)
_float = 1.5
_heliograph.tell("[%d, %d, %d]" % (id(float), id(str), id(_float)))
`;
const endLoading = "gc.threshold(_threshold)";

/** Takes Python's standard output byte by byte, and gives whole characters on. */
class Output {
  readonly #print: (text: string) => void;
  readonly #decoder = new TextDecoder();
  readonly #bytes = new Uint8Array(1024);
  #length = 0;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  take(byte: number): void {
    this.#bytes[this.#length++] = byte;
    if (byte === 0x0a || this.#length === this.#bytes.length) this.flush();
  }

  flush(): void {
    const text = this.#decoder.decode(this.#bytes.subarray(0, this.#length), { stream: true });
    this.#length = 0;
    if (text !== "") this.#print(text);
  }
}

/**
 * Makes this Worker ready to run one piece of Python.
 *
 * @param context How it reaches the server, and where what it prints goes.
 * @param python MicroPython.
 */
export async function preparePython(
  context: CodeContext,
  { url, module, heap }: PythonSource,
): Promise<RunCode> {
  const output = new Output((text) => {
    try {
      context.print(text);
    } catch {
      // An exception must not cross MicroPython. The client has been told, and this Worker's process ends soon.
    }
  });
  let instance: WebAssembly.Instance;
  const { loadMicroPython } = await import(url) as MicroPythonModule;
  const python = await loadMicroPython({
    heapsize: heap,
    pystack: callStack,
    linebuffer: false,
    memoryIsFull: () => {
      const text = `MemoryError: Python's memory of ${
        heap / 1_048_576
      } MiB is full; it is freed only when the code ends`;
      throw new Stop({ code: "limit_exceeded", message: text });
    },
    stdin: () => null,
    stdout: ([byte]: Uint8Array) => output.take(byte!),
    stderr: ([byte]: Uint8Array) => output.take(byte!),
    instantiateWasm: (imports: WebAssembly.Imports, take: (instance: WebAssembly.Instance) => void) => {
      instance = new WebAssembly.Instance(module, imports);
      take(instance);
      return instance.exports;
    },
  });
  let request = "";
  let outcome = "";
  python.registerJsModule("_heliograph", {
    request: () => request,
    ask: (ask: string) => {
      output.flush();
      try {
        return stringify({ value: context.ask(parse(ask) as Ask) ?? null });
      } catch (error) {
        const { code } = describeFailure(error, "");
        return stringify({ error: { code, message: error instanceof AskError ? error.message : String(error) } });
      }
    },
    tell: (json: string) => void (outcome = json),
    library: (name: string) => pythonLibraries[name],
    flush: () => output.flush(),
    offset: (seconds: number) => -60 * new Date(seconds * 1000).getTimezoneOffset(),
    // MicroPython knows the letters of ASCII only.
    upper: (text: string) => text.toUpperCase(),
    lower: (text: string) => text.toLowerCase(),
    letters: (text: string) => /^\p{L}+$/u.test(text),
  });
  python.runPython(beginLoading);
  const [floats, texts, float] = parse(outcome) as [number, number, number];
  printAsCPython(instance!, floats, texts, float);
  python.runPython(additions);
  python.runPython(prelude);
  python.runPython(endLoading);
  /** Runs a function of the prelude. @returns What it tells. */
  const runPrelude = (call: string): unknown => {
    outcome = "";
    try {
      python.runPython(call);
    } catch (error) {
      if (Stop.failureOf(error) !== undefined) throw error;
      // MicroPython itself failed.
      if (outcome === "") throw new Stop({ code: "code_failed", message: `Python ended: ${lastLine(error)}` });
    }
    output.flush();
    return parse(outcome);
  };
  const runCode = (code: Code): EvaluatedText => {
    if (code.mode === "script") return runScript(code);
    request = stringify({ ...code, longest: context.resultBytes });
    const ended = runPrelude("_run()") as Outcome;
    if ("length" in ended) throw new Stop(tooLong(ended.length, context.resultBytes));
    if ("message" in ended) throw new Stop(failureOf(ended, code));
    return ended;
  };
  /** Loads a script, and does what it is told to. MicroPython frees memory after each function, and after some conditions. */
  const runScript = (code: Code): never => {
    request = stringify(code);
    const { failed } = runPrelude("_load_script()") as { readonly failed?: Failed };
    if (failed !== undefined) throw new Stop(failureOf(failed, code));
    for (let done: ScriptOutcome | null = null;;) {
      request = stringify(context.ask({ ask: "turn", outcome: done }));
      const ended = runPrelude("_call_steps()") as
        | { readonly truth: boolean }
        | { readonly failed: Failed; readonly ended?: true };
      if ("truth" in ended) done = { truth: ended.truth };
      else if (ended.ended) throw new Stop(failureOf(ended.failed, code));
      else done = { failed: failureOf(ended.failed, code) };
    }
  };
  // Whatever happens the first time only takes its time before somebody waits for it.
  runCode({ language: "python", mode: "eval", source: "0" });
  return runCode;
}

function failureOf({ code, message, line }: Failed, { source }: Code): Failure {
  return { code: knownCode(code), message: withLine(withAdvice(message), line, source) };
}

function lastLine(error: unknown): string {
  return String(error).trimEnd().split("\n").at(-1)!;
}
