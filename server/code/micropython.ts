/**
 * Loads MicroPython for the sandbox, from the two files of its npm package that lie in `micropython/`.
 *
 * @module
 */

/** The files with which a Worker starts MicroPython. */
export interface PythonSource {
  /** Its JavaScript, as a `data:` URL. */
  readonly url: string;
  /** Its WebAssembly. */
  readonly module: WebAssembly.Module;
  /** Room for its objects, in bytes. */
  readonly heap: number;
}

/** The share of a sandbox's memory for Python's objects: the rest is the process's own. */
const shareOfMemory = 0.35;
/**
 * The memory that Python needs beside its objects, in bytes: its own data, its stack, and text on its way in and out.
 */
const beside = 33_554_432;

async function bytesOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(new URL(`./micropython/${name}`, import.meta.url));
}

/** Replaces what must be there as often as it is expected: the text belongs to one version of the package. */
function replaced(text: string, from: string, to: string, times: number): string {
  const parts = text.split(from);
  if (parts.length !== times + 1) throw new Error(`This is not the MicroPython that heliograph knows: ${from}`);
  return parts.join(to);
}

/**
 * Reads MicroPython and bounds its memory, which is 2 GiB as it comes.
 *
 * @param memory What the sandbox's process may use, in MiB.
 */
export async function loadMicroPython(memory: number): Promise<PythonSource> {
  const heap = Math.floor(memory * shareOfMemory) * 1_048_576;
  let text = new TextDecoder().decode(await bytesOf("micropython.mjs.txt"));
  // It frees nothing while code runs, and looks through all of its memory for each new object once that is full: the
  // code is then ended instead. One giant object is refused as Python does.
  const full = `if(requestedSize>${heap + beside}&&requestedSize<${3 * heap})memoryIsFull();`;
  text = replaced(text, "if(requestedSize>2147483648)", `${full}if(requestedSize>2147483648)`, 1);
  text = replaced(text, "2147483648", String(heap + beside), 3);
  // Its WebAssembly is compiled once here instead of by every Worker.
  const given = "let Module={instantiateWasm:options.instantiateWasm,locateFile:";
  text = replaced(text, "let Module={locateFile:", given, 1);
  const load = "export async function loadMicroPython(options){";
  text = replaced(text, load, `let memoryIsFull;${load}memoryIsFull=options.memoryIsFull;`, 1);
  // Code never sees the loader.
  text = replaced(text, "if(globalThis.loadMicroPython=loadMicroPython,", "if(", 1);
  return {
    url: `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`,
    module: new WebAssembly.Module(await bytesOf("micropython.wasm.bin")),
    heap,
  };
}
