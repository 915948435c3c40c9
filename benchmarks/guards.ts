/** Measures how soon a guard acts: from a reading beyond its limit to the bytes of its action on the instrument's line. */
import { fieldsEach, percentile, withPolledBench } from "./polled_bench.ts";

const instruments = 200;
const trips = 200;

/** Measures 2,000 fields at 1 Hz and 200 guards, without and with an alarm limit on each field. */
export async function measureGuards(): Promise<void> {
  for (const limits of [false, true]) await measure(limits);
}

/** Measures while a client asks as fast as it can. @param limits Whether each field has an alarm limit too. */
async function measure(limits: boolean): Promise<void> {
  const devices = Array.from({ length: instruments }, () => {
    const values = new Map<string, number>();
    let [read, told] = [0, (_: number) => {}];
    return {
      answer(question: string): number {
        const value = values.get(question) ?? 1.25;
        // From when the reading is on its way.
        if (value > 100) read ||= performance.now();
        return value;
      },
      told: () => told(performance.now()),
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
  const interlocks = Object.fromEntries(
    devices.map((_, at) => [`Guard ${at}`, {
      when: `held(i${at}.f1 > 100, "5s") || i${at}.f0 > 100 && mean(i${at}.f2, "1m") < 100`,
      trips: [{ call: `i${at}.close` }],
    }]),
  );
  await withPolledBench({
    instruments: devices,
    field: limits ? { alarm: { high: 90, deadband: 1 } } : {},
    each: { commands: { close: { summary: "Close", send: "CLOSE" } } },
    bench: { interlocks },
  }, ({ port }) => trip(devices, port, limits));
}

/** Trips one after the other while a client asks as fast as it can. */
async function trip(devices: readonly { trip(): Promise<number> }[], port: number, limits: boolean): Promise<void> {
  let [flooding, answered] = [true, 0];
  const flood = (async () => {
    const connection = await Deno.connect({ port });
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
  console.log(
    `${instruments * fieldsEach} fields at 1 Hz and ${instruments} guards${
      limits ? ` and ${instruments * fieldsEach} alarm limits` : ""
    }, while a client gets ` +
      `${Math.round(answered / (performance.now() - began))} k replies/s: from a reading to its action ` +
      `p50 ${percentile(times, 0.5)}, p99 ${percentile(times, 0.99)}, longest ${
        percentile(times, 1)
      } ms (aim: p99 under 50)`,
  );
}

if (import.meta.main) await measureGuards();
