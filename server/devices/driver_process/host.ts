/**
 * A driver's process: it runs drivers in a Worker with no more than they were granted, and ends itself when they use too
 * much memory or the server has gone. A Worker narrows permissions also in an executable; a process can be ended.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { BenchFileError } from "../../files/source.ts";
import { transpiledCopy } from "./modules.ts";
import { connectToServer, endWithServer } from "../../processes/own_process.ts";
import { workerSources } from "./host_command.ts";
import { longestFromDriver, type PreparedDriver, type WorkerSettings } from "./messages.ts";
import type { DriverHostSettings } from "./settings.ts";

/** How often memory is looked at, in milliseconds. */
const watchInterval = 50;
const mebibyte = 1_048_576;

/** Runs this process to its end, which is when the server closes the connection. */
export async function runDriverHost(): Promise<never> {
  endWithServer();
  const { settings, channel } = await connectToServer<DriverHostSettings>();
  const end = async (ending: string): Promise<never> => {
    channel.send({ ending });
    const late = new Promise<void>((resolve) => setTimeout(resolve, 500));
    await Promise.race([channel.flush().catch(() => {}), late]);
    Deno.exit(1);
  };
  const copies = await prepare(settings);
  const worker = startWorker(settings, copies.folders);
  setInterval(() => {
    if (Deno.memoryUsage().rss <= settings.memory * mebibyte) return;
    worker.terminate();
    void end(`it used more than the ${settings.memory} MiB of memory that its process has`);
  }, watchInterval);
  worker.onerror = (event) => {
    event.preventDefault();
    void end(`its Worker failed: ${event.message}`);
  };
  worker.onmessage = ({ data }) => {
    if (typeof data !== "string" || data.length > longestFromDriver) {
      return void end("it sent what is no message, or one that is too long");
    }
    const send = () => channel.send({ driver: data });
    // The answer to the server's first question: all modules have been read.
    if (data.startsWith('{"answer":1,')) void giveUp(copies.folders).then(send);
    else send();
  };
  worker.postMessage(
    {
      standalone: Deno.build.standalone,
      drivers: copies.drivers,
      ports: settings.ports,
      copies: copies.names,
    } satisfies WorkerSettings,
  );
  try {
    for await (const message of channel.messages()) worker.postMessage(message);
  } finally {
    for (const folder of copies.folders) await Deno.remove(folder, { recursive: true }).catch(() => {});
    Deno.exit(0);
  }
}

/** The modules to import the drivers from: an executable imports only JavaScript, from copies. */
async function prepare({ drivers, permissions }: DriverHostSettings) {
  const prepared: PreparedDriver[] = [];
  const folders: string[] = [];
  // One that was ended as it loaded its drivers could remove nothing: the next one in its place does.
  const prefix = `heliograph-drivers-${Deno.ppid}-${await digest(JSON.stringify([drivers, permissions]))}-`;
  const names: (readonly [string, string])[] = [];
  for (const driver of drivers) {
    if (!Deno.build.standalone) {
      prepared.push({ ...driver, module: { url: pathToFileURL(driver.file).href } });
      continue;
    }
    try {
      const { folder, top, file } = await transpiledCopy(driver.file, permissions.read, prefix);
      folders.push(folder);
      names.push([pathToFileURL(folder).href, pathToFileURL(top).href], [folder, top]);
      prepared.push({ ...driver, module: { url: pathToFileURL(file).href } });
    } catch (error) {
      const [problem] = error instanceof BenchFileError ? error.problems : [];
      const { file = driver.file, message = (error as Error).message } = problem ?? {};
      prepared.push({ ...driver, module: { problem: { file, message } } });
    }
  }
  if (folders[0] !== undefined) await removeOthers(prefix, dirname(folders[0]), folders);
  return { drivers: prepared, folders, names };
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes, 0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function removeOthers(prefix: string, parent: string, kept: readonly string[]): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    const folder = join(parent, name);
    if (!name.startsWith(prefix) || kept.includes(folder)) continue;
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

function startWorker({ permissions: { net, read, write } }: DriverHostSettings, copies: readonly string[]): Worker {
  const readable = [...read, ...copies, ...(write.length > 0 ? workerSources() : [])];
  const listed = (values: readonly string[]) => values.length === 0 ? false : [...values];
  const permissions = {
    net: listed(net),
    read: listed(readable),
    write: listed(write),
    env: false,
    run: false,
    ffi: false,
    sys: false,
    import: false,
  };
  return new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: "drivers",
    deno: { permissions },
  } as WorkerOptions);
}

/**
 * Removes the copies of drivers and gives up all permissions: whatever a driver makes this thread do reaches nothing of
 * this PC.
 */
async function giveUp(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await Deno.remove(folder, { recursive: true }).catch(() => {});
  for (const name of ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const) {
    await Deno.permissions.revoke({ name } as Deno.PermissionDescriptor);
  }
}

if (import.meta.main) await runDriverHost();
