/** What docs/guards.md shows is what happens. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { AlarmDetails } from "../protocol/guards.ts";
import { demoGuards } from "../server/config/demo_bench.ts";
import { run } from "./cli_fixture.ts";
import { codeBlocks, readFile, unaligned } from "./documents.ts";
import { eventually, RawClient, startServer } from "./fixture.ts";
import { inFolder, Lab, serve } from "./server/guards/lab.ts";

Deno.test("docs: the guards of the demo bench trip as their page shows it, and not by themselves", async () => {
  await using server = startServer({ poll: true, guards: demoGuards });
  await server.ready;
  using client = await RawClient.connect(server.commandServer.port);
  const until = async (command: string, part: RegExp) =>
    await eventually(async () => {
      // Its time goes by sooner.
      server.bench.step(1);
      return part.test(await client.ask(command));
    }, `${part} in ${command}`);
  await eventually(
    async () => /"state":\s*"clear"/.test(await client.ask("guards.list")),
    "the interlock is clear once the flows were read",
  );
  server.bench.step(600);
  await client.ask("reactor_tc.get Temperature");
  deepStrictEqual(JSON.parse((await client.ask("guards.alarms")).slice(3)).alarms, [], "nothing trips by itself");
  const waits: Record<string, [string, RegExp]> = {
    alarms: ["guards.alarms", /ch4_ppm_of_picarro_high/],
    guards: ["guards.list", /"state":\s*"latched"/],
  };
  const [block] = (await codeBlocks("docs/guards.md")).filter(({ language }) => language === "console");
  for (const step of block!.code.trimEnd().split(/^\$ heliograph /m).slice(1)) {
    const [line, ...shown] = step.trimEnd().split("\n");
    const words = [...line!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
    const wait = words.length === 1 ? waits[words[0]!] : undefined;
    if (wait !== undefined) await until(...wait);
    const { code, out, err } = await run([...words, "--port", String(server.dashboardServer.port)]);
    deepStrictEqual([code, err], [0, ""], line);
    const said = unaligned(out).split("\n").map((each) => each.trim());
    for (const each of shown) {
      ok(said.some((one) => one.startsWith(each.replace(/ …$/, ""))), `${line}: ${each}: ${out}`);
    }
  }
  match(await client.ask('oxygen_mfc.set "Mode Selection" Open'), /^OK/);
});

Deno.test("docs: the interlock of the page of guards closes the gases when it is too hot, in twelve lines", () =>
  inFolder(async (folder) => {
    const [block] = (await codeBlocks("docs/guards.md")).filter(({ language }) => language === "json");
    const lines = block!.code.split("\n");
    ok(lines.indexOf("  },") - 1 <= 12, "of the file, twelve lines are the interlock");
    await using oven = new Lab({ T: "20" });
    await using gas = new Lab({});
    // `T?`, as the page has it, is how the lab's devices are asked too.
    const bench = JSON.parse(
      block!.code.replace("127.0.0.1:5025", `127.0.0.1:${oven.port}`).replace(
        "127.0.0.1:5026",
        `127.0.0.1:${gas.port}`,
      ),
    );
    await using lab = await serve(folder, bench);
    await lab.until("too_hot", "clear");
    oven.values.T = "301";
    await eventually(
      () => oven.device.commands.some((each) => each.startsWith("P 0")),
      `the last step is done: ${oven.device.commands}`,
    );
    deepStrictEqual(gas.device.commands, ["S 0", "CLOSE"]);
    match(
      await lab.lines.ask("gas.set Setpoint 5"),
      /^ERROR Cannot set gas: interlock Too hot forbids whatever drives Gas/,
    );
    match(await lab.lines.ask("oven.set Power 21"), /interlock Too hot forbids Power of Oven above 20/);
  }));

Deno.test("docs: the alarms of the page of guards call a person where the cooling is weak, and only while the oven is hot", () =>
  inFolder(async (folder) => {
    const block = (await codeBlocks("docs/guards.md")).find(({ language, code }) =>
      language === "json" && code.includes('"alarms"')
    );
    await using oven = new Lab({ T: "20" });
    await using water = new Lab({ F: "1" });
    const bench = JSON.parse(
      block!.code.replace("127.0.0.1:5025", `127.0.0.1:${oven.port}`).replace(
        "127.0.0.1:5026",
        `127.0.0.1:${water.port}`,
      ),
    );
    await using lab = await serve(folder, bench);
    const alarm = async (name: string): Promise<AlarmDetails> => {
      const { alarms } = JSON.parse((await lab.lines.ask("guards.alarms all")).replace(/^OK /, ""));
      return alarms.find((each: AlarmDetails) => each.name === name);
    };
    const until = (name: string, state: string) =>
      eventually(async () => (await alarm(name)).state === state, `${name} is ${state}`);
    await until("cooling_weak", "suppressed");
    oven.values.T = "260";
    await until("temperature_of_oven_high", "unacknowledged");
    await until("cooling_weak", "unacknowledged");
    match((await alarm("cooling_weak")).reason, /^Flow of Water is 1.0 L\/min$/);
    water.values.F = "3";
    await until("cooling_weak", "returned");
    match(await lab.lines.ask("guards.acknowledge 'Cooling weak' 'I go'"), /^OK 'Cooling weak'$/);
    await until("cooling_weak", "latched");
  }));

Deno.test("docs: each row of the table of faults of the page of guards names a test that there is", async () => {
  const page = await readFile("docs/guards.md");
  const rows = page.slice(page.indexOf("## What happens at a fault")).split("\n").filter((line) =>
    /^\| [^-]/.test(line)
  );
  const names = rows.slice(1).map((row) => row.split("|").at(-2)!.trim());
  ok(names.length > 10);
  strictEqual(names.pop(), "none", "nothing is guarded where nothing runs");
  const files = ["guards/faults", "guards/guards", "guards/limits", "guards/limits_histories", "messages/messages"];
  files.push("guards/server_faults", "records/full_disk");
  const tests = (await Promise.all(files.map((each) => readFile(`tests/server/${each}_test.ts`)))).join("\n");
  for (const name of names) ok(tests.includes(name), `no test is called "… ${name} …"`);
});
