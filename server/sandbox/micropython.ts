/**
 * MicroPython as the sandbox runs it, from the two files of its npm package that lie in `micropython/`.
 *
 * @module
 */

/** What a Worker needs to start MicroPython. */
export interface PythonSource {
  /** Its JavaScript, as a `data:` URL. */
  readonly url: string;
  /** Its WebAssembly. */
  readonly module: WebAssembly.Module;
}

/** How much of a sandbox's memory Python may use: the rest is the process's own. */
const shareOfMemory = 0.4;

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
  const most = Math.floor(memory * shareOfMemory) * 1_048_576;
  let text = new TextDecoder().decode(await bytesOf("micropython.mjs.txt"));
  text = replaced(text, "2147483648", String(most), 3);
  // Its WebAssembly is compiled once here instead of by every Worker.
  text = replaced(
    text,
    "let Module={locateFile:",
    "let Module={instantiateWasm:options.instantiateWasm,locateFile:",
    1,
  );
  // Code never sees the loader.
  text = replaced(text, "if(globalThis.loadMicroPython=loadMicroPython,", "if(", 1);
  return {
    url: `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`,
    module: new WebAssembly.Module(await bytesOf("micropython.wasm.bin")),
  };
}
