/**
 * Measures a fleet: what its broker and each PC need of a processor, and how late a PC sees what changes on the others.
 *
 * `deno task bench fleet`, with the numbers of benches and of fields of each in `BENCHES` and `FIELDS`, by default 100 and
 * 20: 2,000 fields that change every second. The first bench looks at as many others as `LOOKS` says, by default 5. It
 * needs nats-server, on Linux.
 */
const processes = 5;
const seconds = 20;

interface Told {
  readonly cpu: number;
  readonly known: number;
  readonly followed: number;
  readonly seen: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly rss: number;
}

class Benches {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(port: number, first: number, count: number, fields: number) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-check", "--no-prompt", "-A", "--unstable-worker-options", "--unstable-no-legacy-abort"],
        new URL("./fleet_benches.ts", import.meta.url).pathname,
        ...[port, first, count, fields].map(String),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = lines(this.#child.stdout);
    this.#input = this.#child.stdin.getWriter();
  }

  async ready(): Promise<void> {
    await this.#lines.next();
  }

  async ask(word: string): Promise<Told> {
    await this.#input.write(new TextEncoder().encode(`${word}\n`));
    for (;;) {
      const line: string = (await this.#lines.next()).value;
      // What else a program prints is told.
      if (line.startsWith("{")) return JSON.parse(line);
      console.error(line);
    }
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

async function cpuOf(pid: number): Promise<number> {
  const words = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\) /, "").split(" ");
  return (Number(words[11]) + Number(words[12])) / 100;
}

/** Measures it, and prints what came of it. */
export async function measureFleet(): Promise<void> {
  const benches = Number(Deno.env.get("BENCHES") ?? 100);
  const fields = Number(Deno.env.get("FIELDS") ?? 20);
  const looks = Number(Deno.env.get("LOOKS") ?? 5);
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const broker = new Deno.Command("nats-server", {
    args: ["--addr", "127.0.0.1", "--port", String(port)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const each = Math.ceil(benches / processes);
  const running = Array.from({ length: processes }, (_, at) => new Benches(port, at * each, each, fields));
  try {
    const began = performance.now();
    await Promise.all(running.map((one) => one.ready()));
    let told: Told[];
    do {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      told = await Promise.all(running.map((one) => one.ask("tell")));
    } while (told.some(({ known }) => known < each * processes - 1));
    const known = (performance.now() - began) / 1000;
    console.log(`fleet: ${each * processes} benches know one another after ${known.toFixed(1)} s`);
    const looking = performance.now();
    const { followed } = await running[0]!.ask(`look ${looks}`);
    const described = performance.now() - looking;
    console.log(`fleet: one bench looks at ${followed} others, described after ${described.toFixed(0)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const before = await Promise.all(running.map((one) => one.ask("begin")));
    const [brokerBefore, from] = [await cpuOf(broker.pid), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const after = await Promise.all(running.map((one) => one.ask("tell")));
    const took = (performance.now() - from) / 1000;
    const percent = (cpu: number) => `${(cpu / took * 100).toFixed(1)} % of a processor`;
    const benchCpu = after.reduce((sum, { cpu }, at) => sum + cpu - before[at]!.cpu, 0) / (each * processes);
    const { seen, p50, p99 } = after[0]!;
    console.log(
      `fleet: ${each * processes * fields} fields change each second; the broker ${
        percent(await cpuOf(broker.pid) - brokerBefore)
      }`,
    );
    console.log(`fleet: each bench ${percent(benchCpu)}, with ${(after[0]!.rss / each / 1e6).toFixed(0)} MB`);
    console.log(
      `fleet: one bench saw ${(seen / took).toFixed(0)} changes a second, ${p50} ms late, 99 % within ${p99} ms`,
    );
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    broker.kill("SIGKILL");
    await broker.status;
  }
}
