/** What "Bringing an instrument up" shows is what the command line does, on a simulated power supply. */
import { deepStrictEqual, match, ok } from "node:assert/strict";
import { loadBench } from "../server/config/bench_file.ts";
import { builtInDrivers } from "../server/devices/drivers/drivers.ts";
import { simulateTcp } from "../server/devices/simulators/serve.ts";
import { run } from "./cli_fixture.ts";
import { codeBlocks, readFile } from "./documents.ts";
import { eventually, startServer } from "./fixture.ts";

const usual = "tcp://192.168.1.20:5025";

/** A line of the document as a pattern: `…` is anything, and columns may be as wide as they are. */
function asPattern(line: string): RegExp {
  const source = line.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*").replace(/ {2,}/g, " +");
  return new RegExp(`^${source}$`);
}

Deno.test("docs: bringing an instrument up does what its page shows, step by step", async () => {
  const simulator = simulateTcp(builtInDrivers["scpi-power-supply"]!.simulator(), 0);
  const folder = await Deno.makeTempDir();
  const file = `${folder}/power_supply.json`;
  try {
    const bench = await readFile("examples/benches/power_supply.json");
    await Deno.writeTextFile(file, bench.replace(usual, simulator.address));
    const blocks = (await codeBlocks("docs/bringing-up.md")).filter(({ language }) => language === "console");
    const steps = blocks.flatMap(({ code }) => code.trimEnd().split(/^\$ heliograph /m).slice(1));
    const done = new Set<string>();
    const follow = async (step: string, port: number) => {
      const [line, ...shown] = step.trimEnd().split("\n");
      const words = [...line!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
      const here = words.map((word) => word === usual ? simulator.address : word === "power_supply.json" ? file : word);
      const where = words[0] === "check" ? [] : ["--port", String(port)];
      const { out, err } = await run([...here, ...where]);
      const said = `${out}${err}`.replaceAll(simulator.address, usual).trimEnd().split("\n").map((each) => each.trim());
      done.add(words[0]!);
      return { line, shown, said };
    };
    for (const step of steps.filter((step) => !step.startsWith("trace"))) {
      const { line, shown, said } = await follow(step, 1);
      deepStrictEqual(said.length, shown.length, `${line}: ${said.join("\n")}`);
      for (const [index, each] of shown.entries()) match(said[index]!, asPattern(each), line);
    }
    const { instruments } = await loadBench(file);
    await using server = startServer({ instruments, poll: true });
    await eventually(() => server.bench.find("lamp_supply")!.field("Lamp Current").quality === "good", "all is read");
    for (const step of steps.filter((step) => step.startsWith("trace"))) {
      const { line, shown, said } = await follow(step, server.dashboardServer.port);
      // Others may stand between them.
      for (const each of shown) {
        ok(said.some((one) => asPattern(each).test(one)), `${line}: ${each}: ${said.join("\n")}`);
      }
    }
    deepStrictEqual([...done].sort(), ["check", "ports", "talk", "trace", "try"]);
  } finally {
    await simulator.close();
    await Deno.remove(folder, { recursive: true });
  }
});
