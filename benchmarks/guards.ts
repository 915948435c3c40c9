/** Measures how soon a guard acts: from a reading beyond its limit to the bytes of its action on the instrument's line. */
import { join } from "node:path";
import { start } from "./processes.ts";

const instruments = 200;
const fields = 10;
const trips = 200;

/** A device: answers each question with its value, and tells when it was told to close. */
function device(values: Map<string, number>, closed: (at: number) => void, asked: (at: number) => void) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const connection of listener) {
      void (async () => {
        for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
          for (const line of text.split("\n").slice(0, -1)) {
            if (line.endsWith("?")) {
              const value = values.get(line) ?? 1.25;
              // From when the reading is on its way.
              if (value > 100) asked(performance.now());
              await connection.write(new TextEncoder().encode(`${value}\n`));
            } else closed(performance.now());
          }
        }
      })().catch(() => {});
    }
  })().catch(() => {});
  return listener;
}

/** Measures 2,000 fields at 1 Hz and 200 guards, without and with an alarm limit on each field. */
export async function measureGuards(): Promise<void> {
  for (const limits of [false, true]) await measure(limits);
}

/** Measures while a client asks as fast as it can. @param limits Whether each field has an alarm limit too. */
async function measure(limits: boolean): Promise<void> {
  const folder = await Deno.makeTempDir();
  const devices = Array.from({ length: instruments }, () => {
    const values = new Map<string, number>();
    let [read, told] = [0, (_: number) => {}];
    const listener = device(values, (at) => told(at), (at) => read ||= at);
    return {
      listener,
      /** @returns Milliseconds from the reading to the action. */
      async trip(): Promise<number> {
        read = 0;
        const closed = new Promise<number>((resolve) => told = resolve);
        values.set("F0?", 101);
        const took = await closed - read;
        values.set("F0?", 1.25);
        return took;
      },
    };
  });
  const bench = {
    interlocks: Object.fromEntries(
      devices.map((_, at) => [`Guard ${at}`, {
        when: `held(i${at}.f1 > 100, "5s") || i${at}.f0 > 100 && mean(i${at}.f2, "1m") < 100`,
        trips: [{ call: `i${at}.close` }],
      }]),
    ),
    instruments: devices.map(({ listener }, at) => ({
      title: `I${at}`,
      port: `tcp://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
      pollInterval: 1,
      fields: Object.fromEntries(Array.from({ length: fields }, (_, field) => [`F${field}`, {
        read: `F${field}?`,
        ...(limits ? { alarm: { high: 90, deadband: 1 } } : {}),
      }])),
      commands: { close: { summary: "Close", send: "CLOSE" } },
    })),
  };
  await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(bench));
  const { child, ports: [port] } = await start("guards_server.ts", join(folder, "lab.json"));
  await new Promise((resolve) => setTimeout(resolve, 5000));
  let [flooding, answered] = [true, 0];
  const flood = (async () => {
    const connection = await Deno.connect({ port: port! });
    const asked = new TextEncoder().encode("i0.get F1\n".repeat(16));
    const buffer = new Uint8Array(65_536);
    while (flooding) {
      await connection.write(asked);
      for (let lines = 0; lines < 16;) {
        const count = await connection.read(buffer) ?? 0;
        lines += buffer.subarray(0, count).filter((byte) => byte === 10).length;
      }
      answered += 16;
    }
    connection.close();
  })();
  const began = performance.now();
  const times: number[] = [];
  for (let trip = 0; trip < trips; trip += 5) {
    times.push(
      ...await Promise.all(devices.slice(trip % instruments, trip % instruments + 5).map((each) => each.trip())),
    );
  }
  flooding = false;
  await flood;
  times.sort((a, b) => a - b);
  const percentile = (share: number) => times[Math.floor((times.length - 1) * share)]!.toFixed(1);
  console.log(
    `${instruments * fields} fields at 1 Hz and ${instruments} guards${
      limits ? ` and ${instruments * fields} alarm limits` : ""
    }, while a client gets ` +
      `${Math.round(answered / (performance.now() - began))} k replies/s: from a reading to its action ` +
      `p50 ${percentile(0.5)}, p99 ${percentile(0.99)}, longest ${percentile(1)} ms (aim: p99 under 50)`,
  );
  child.kill();
  await child.status;
  for (const { listener } of devices) listener.close();
  await Deno.remove(folder, { recursive: true });
}

if (import.meta.main) await measureGuards();
