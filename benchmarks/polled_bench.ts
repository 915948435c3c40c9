/** What the benchmarks of guards and runs share: instruments on lines of their own that are polled, and their server. */
import { join } from "node:path";
import { start } from "./processes.ts";

/** How many fields each instrument has. */
export const fieldsEach = 10;

/** What an instrument does with the lines that it gets. */
export interface Answers {
  /** Answers a question, such as `F0?`. */
  readonly answer: (question: string) => number;
  /** Told of what is no question. */
  readonly told: (line: string) => void;
}

function device({ answer, told }: Answers): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const connection of listener) {
      void (async () => {
        for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
          for (const line of text.split("\n").slice(0, -1)) {
            if (line.endsWith("?")) await connection.write(new TextEncoder().encode(`${answer(line)}\n`));
            else told(line);
          }
        }
      })().catch(() => {});
    }
  })().catch(() => {});
  return listener;
}

/** A server whose instruments are polled once a second. */
export interface PolledServer {
  readonly pid: number;
  /** Of azcam's lines. */
  readonly port: number;
}

/**
 * Serves instruments `I0`, `I1`, … with fields `F0` to `F9`.
 *
 * @param instruments What they answer. @param field What is said of each field. @param each What each has besides.
 * @param bench What the bench file says besides. @param files What lies beside it, by name.
 * @param work Measures, once they are polled.
 */
export async function withPolledBench(
  { instruments, field = {}, each, bench = {}, files = {} }: {
    readonly instruments: readonly Answers[];
    readonly field?: object;
    readonly each: { readonly fields?: object; readonly commands?: object };
    readonly bench?: object;
    readonly files?: Readonly<Record<string, unknown>>;
  },
  work: (server: PolledServer) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const listeners = instruments.map(device);
  const fields = Object.fromEntries(
    Array.from({ length: fieldsEach }, (_, at) => [`F${at}`, { read: `F${at}?`, ...field }]),
  );
  const lab = {
    ...bench,
    instruments: listeners.map(({ addr: { port } }, at) => ({
      title: `I${at}`,
      port: `tcp://127.0.0.1:${port}`,
      pollInterval: 1,
      ...each,
      fields: { ...fields, ...each.fields },
    })),
  };
  for (const [name, content] of Object.entries({ "lab.json": lab, ...files })) {
    await Deno.writeTextFile(join(folder, name), JSON.stringify(content));
  }
  const { child, ports: [port] } = await start("bench_file_server.ts", join(folder, "lab.json"));
  try {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await work({ pid: child.pid, port: port! });
  } finally {
    child.kill();
    await child.status;
    for (const listener of listeners) listener.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** A share of times that are sorted, as text. */
export function percentile(times: readonly number[], share: number): string {
  return times[Math.floor((times.length - 1) * share)]!.toFixed(1);
}
