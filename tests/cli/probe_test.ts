/** `heliograph ports --probe`: which instrument is on a port, by what may be asked without harm. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { builtInDrivers } from "../../server/devices/drivers/drivers.ts";
import { simulatePty, simulateTcp } from "../../server/devices/simulators/serve.ts";
import { eventually } from "../fixture.ts";
import { run } from "../cli_fixture.ts";
import { ServedBench, tcpDevice } from "../server/devices/devices.ts";

const nobody = ["--port", "1"];

function probe(port: string, ...flags: string[]) {
  return run(["ports", "--probe", port, ...nobody, ...flags]);
}

Deno.test("ports --probe: each built-in driver's simulator is found, and what is proposed is well formed", async () => {
  const instruments = await Promise.all(
    Object.entries(builtInDrivers).filter(([_, { address }]) => !address.startsWith("modbus")).map(
      async ([name, driver]) => {
        const simulator = simulateTcp(driver.simulator(), 0);
        try {
          const { code, out, err } = await probe(simulator.address, "--json", "--timeout", "0.4");
          strictEqual(code, 0, `${name}: ${err}`);
          const { driver: found, instrument } = JSON.parse(out);
          strictEqual(found, name);
          deepStrictEqual([instrument.driver, instrument.port], [name, simulator.address]);
          return instrument;
        } finally {
          await simulator.close();
        }
      },
    ),
  );
  const folder = await Deno.makeTempDir();
  const file = `${folder}/bench.json`;
  await Deno.writeTextFile(file, JSON.stringify({ instruments }));
  const checked = await run(["check", file]);
  strictEqual(checked.code, 0, checked.err);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("ports --probe: the table in the documentation has every question that is asked", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/bringing-up.md", import.meta.url));
  const asked = new Map([["alicat", "A"], ["new-era-ne1000", "00"], ["valco-valve", "1CP"], ["lx200", ":GR#"], [
    "mks-946",
    ";FF@001QSFA1?;FF",
  ]]);
  for (const [name, { address, probe, description }] of Object.entries(builtInDrivers)) {
    const { ask } = probe ?? [description.handshake ?? []].flat()[0] ?? { ask: "" };
    if (ask === "*IDN?" || address.startsWith("modbus")) continue;
    const said = ask === "" ? "\\(nothing\\)" : `\`${RegExp.escape(asked.get(name) ?? ask)}\``;
    match(page, new RegExp(`^\\| ${said} +\\| ${name} +\\| \\w`, "m"), `${name} is asked ${ask}`);
  }
});

Deno.test("ports --probe: does not ask where questions are no text, and says what to do", async () => {
  const { code, err } = await probe("modbus+tcp://127.0.0.1:1");
  strictEqual(code, 1);
  match(err, /Cannot ask who is there: what modbus\+tcp:\/\/ takes is no text .* see by `heliograph try`/);
});

Deno.test({
  name: "ports --probe: asks on a serial port at the usual rates, and with the settings of the drivers",
  ignore: Deno.build.os === "windows", // needs pseudo terminals
  fn: async () => {
    await using simulator = await (async () => {
      const running = await simulatePty(builtInDrivers["aalborg-dpc"]!.simulator());
      return { ...running, [Symbol.asyncDispose]: () => running.close() };
    })();
    const path = simulator.address.replace(/^serial:\/\/|\?.*$/g, "");
    const { code, out } = await probe(path);
    strictEqual(code, 0);
    const [said, fits, entry] = out.split("\n");
    match(said!, /^Asked FM\\r, it answered >\s*[\d.]+\\r at 9600 baud, 8 data bits, parity none, stop bits 1$/);
    strictEqual(fits, "The driver aalborg-dpc fits. In a bench file:");
    deepStrictEqual(JSON.parse(entry!).port, `serial://${path}`);
  },
});

Deno.test("ports --probe: one that nobody knows gets a beginning for the bench file, by which it is checked", async () => {
  await using device = tcpDevice((command) => command === "*IDN?" ? "ACME (UK), X-1.5/a,007,2.0" : undefined, {
    commandEnd: "\r",
    answerEnd: "\r",
  });
  const { code, out } = await probe(device.address);
  strictEqual(code, 0, out);
  match(
    out,
    /^Asked \*IDN\?\\r, it answered ACME \(UK\), X-1\.5\/a,007,2\.0\\r\nNo built-in driver is known for it\. /,
  );
  const entry = JSON.parse(out.split("\n")[2]!);
  deepStrictEqual(entry.line, { sendEnd: "\r", receiveEnd: "\r" });
  // Nothing but questions was sent.
  ok(device.commands.every((command) => command === "*IDN?" || command.trim() === "" || command === "\n*IDN?\n"));
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments: [entry] }));
  strictEqual((await run(["check", `${folder}/bench.json`])).code, 0);
  await Deno.remove(folder, { recursive: true });
  await using bench = await ServedBench.one(entry);
  const name = bench.server.bench.instruments[0]!.name;
  await eventually(() => bench.server.bench.find(name)!.contact!.state === "connected", "the proposal is greeted");
  strictEqual(await bench.ask(`${name}.identify`), "OK ACME (UK), X-1.5/a,007,2.0");
  // The server holds the port now.
  const held = await run(["ports", "--probe", device.address, "--port", String(bench.server.dashboardServer.port)]);
  strictEqual(held.code, 1);
  match(
    held.err,
    /^Cannot ask on tcp:\S+: the server on 127\.0\.0\.1:\d+ holds it, for X-1\.5\/a; "heliograph off \w+ --port \d+" frees it$/m,
  );
});

Deno.test("ports --probe: says what to do where nothing answers, and an echo is no answer", async () => {
  await using device = tcpDevice((command) => command);
  const { code, out, err } = await probe(device.address, "--timeout", "0.05");
  deepStrictEqual([code, out], [4, ""]);
  match(err, /^Nothing that answers is on tcp:\S+\. Is it set to remote, .*heliograph talk tcp:\S+ --end CRLF/);
  match((await probe("tcp://127.0.0.1:1")).err, /nothing listens there/);
  // One that hangs up on what it does not know.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const socket of listener) socket.close();
  })();
  match(
    (await probe(`tcp://127.0.0.1:${listener.addr.port}`, "--timeout", "0.05")).err,
    /^Cannot send: it was closed by the other end$/m,
  );
  match((await probe("printer")).err, /^Cannot use the address "printer": give/);
});
