/**
 * Measures how long a rehearsal of eight hours takes, from the start of the program to its end: of a file of steps, and of
 * a PyOpticon script that awaits a condition for most of it.
 */
import { join } from "node:path";

const bench = {
  instruments: [{
    title: "Furnace",
    port: "tcp://192.0.2.1:5025",
    fields: {
      Setpoint: { type: "float", minimum: 0, maximum: 100, initial: 20, read: "S?", write: "S {value}" },
      Level: { type: "float", minimum: 0, maximum: 10, read: "L?" },
    },
  }],
};

const files = {
  "night.run.json": JSON.stringify({
    steps: [
      { ramp: "furnace.setpoint", from: 20, to: 60, over: "30m" },
      { waitUntil: "furnace.level > 1000.0", timeout: "4h", then: "go on" },
      { repeat: 21, steps: [{ set: "furnace.setpoint", to: 30 }, { wait: "10m" }] },
    ],
  }),
  "night.py": `
def level(dashboard):
    return float(dashboard.get_field('Furnace', 'Level')) > 1000
for part in range(20):
    schedule_action('Furnace', 'Setpoint', 20 + part)
    schedule_delay('0:03:00')
schedule_await_condition(level, 'for the rest of the night')
`,
};

/** Measures both. */
export async function measureRehearsals(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "heliograph-bench-" });
  try {
    await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(bench));
    for (const [name, text] of Object.entries(files)) {
      const file = join(folder, name);
      await Deno.writeTextFile(file, text);
      const began = performance.now();
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--lock=deno.lock", "--frozen", "-A", "cli/main.ts", "rehearse", "--for", "8h", file],
      }).output();
      const seconds = (performance.now() - began) / 1000;
      const last = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
      if (!/done|under way/.test(last)) throw new Error(last + new TextDecoder().decode(stderr));
      console.log(`rehearsal of 8 h, ${name}: ${seconds.toFixed(1)} s (${last})`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
