/** Settings that wait for confirm, and are put back. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../../mod.ts";
import { dashboardClient, RawClient, read, startServer } from "../../../fixture.ts";
import { ask } from "../web/web_fixture.ts";

Deno.test("revert: every setting that waits is what it was before, however often it was changed, on every wire", async () => {
  await using server = startServer();
  await using client = dashboardClient(server);
  using azcam = await RawClient.connect(server.commandServer.port);
  const reading = () => client.getReading("Argon MFC", "Setpoint Entry");
  await client.setField("Argon MFC", "Setpoint Entry", 12.5);
  await client.doConfirm("Argon MFC");
  const ways = [
    () => client.revert("Argon MFC"),
    async () => strictEqual(await azcam.ask("argon_mfc.revert"), "OK"),
    async () => strictEqual((await ask(server, "POST", "/api/v1/instruments/argon_mfc/revert", {})).status, 200),
  ];
  for (const revert of ways) {
    await client.setField("Argon MFC", "Setpoint Entry", 30);
    await client.setField("Argon MFC", "Setpoint Entry", 77);
    const { value, staged, applied } = await reading();
    deepStrictEqual([value, staged, applied], [77, true, "12.5"]);
    await revert();
    const back = await reading();
    deepStrictEqual([back.value, back.staged, back.applied, back.quality], [12.5, undefined, undefined, "good"]);
  }
  // Nothing waits: nothing happens, and confirming sends what was there before.
  await client.revert("Argon MFC");
  await client.doConfirm("Argon MFC");
  strictEqual(server.bench.find("Argon MFC")!.field("Setpoint Entry").value, 12.5);
});

Deno.test("revert: a setting that held nothing holds nothing again, and nothing reaches the hardware", async () => {
  const written: unknown[] = [];
  const instrument = defineInstrument({
    title: "Box",
    fields: {
      Power: { type: "float", needsConfirm: true, write: (value) => written.push(value) },
      Mode: { type: "choice", choices: ["slow", "fast"], initial: "slow", needsConfirm: true },
    },
  });
  await using server = startServer({ instruments: [instrument] });
  await using client = dashboardClient(server);
  await client.setField("Box", "Power", 3);
  await client.setField("Box", "Mode", "fast");
  await client.revert("Box");
  const { value, text, quality } = await client.getReading("Box", "Power");
  deepStrictEqual([value, text, quality], ["No Reading", "No Reading", "stale"]);
  strictEqual((await client.getReading("Box", "Mode")).value, "slow");
  deepStrictEqual(written, []);
});

Deno.test("revert: a confirm that fails half-way leaves the rest waiting, which can still be put back", async () => {
  let fails = true;
  const instrument = defineInstrument({
    title: "Box",
    fields: {
      First: { type: "int", initial: 1, needsConfirm: true, write: () => {} },
      Second: {
        type: "int",
        initial: 1,
        needsConfirm: true,
        write: () => {
          if (fails) throw new Error("the relay sticks");
        },
      },
    },
  });
  await using server = startServer({ instruments: [instrument] });
  using azcam = await RawClient.connect(server.commandServer.port);
  await azcam.ask("box.set First 2");
  await azcam.ask("box.set Second 2");
  match(await azcam.ask("box.confirm"), /the relay sticks/);
  strictEqual(await azcam.ask("box.revert"), "OK");
  deepStrictEqual(instrument.allFields.map(({ value, staged }) => [value, staged]), [[2, false], [1, false]]);
  fails = false;
  strictEqual(await azcam.ask("box.confirm"), "OK");
});

Deno.test("revert: who does not have control may not", async () => {
  await using server = startServer();
  using alice = await RawClient.connect(server.commandServer.port);
  using bob = await RawClient.connect(server.commandServer.port);
  await alice.ask('argon_mfc.set "Setpoint Entry" 4');
  await alice.ask("take argon_mfc");
  match(await bob.ask("argon_mfc.revert"), /^ERROR Cannot revert argon_mfc: client 1 .* has control of it/);
  strictEqual(server.bench.find("argon_mfc")!.field("Setpoint Entry").staged, true);
});

Deno.test("revert: what is put back was read when it was, and is in doubt where its instrument was lost meanwhile", async () => {
  let answer: () => number = () => 4;
  const instrument = defineInstrument({
    title: "Box",
    fields: {
      Power: { type: "float", needsConfirm: true, read: () => answer() },
    },
  });
  await using server = startServer({ instruments: [instrument] });
  await using client = dashboardClient(server);
  await read(instrument);
  const before = await client.getReading("Box", "Power");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await client.setField("Box", "Power", 7);
  await client.revert("Box");
  deepStrictEqual(await client.getReading("Box", "Power"), before);
  instrument.allFields[0]!.doubt("nothing answers");
  const doubted = await client.getReading("Box", "Power");
  strictEqual(doubted.time, before.time);
  await client.setField("Box", "Power", 7);
  await client.revert("Box");
  deepStrictEqual(await client.getReading("Box", "Power"), doubted);
  await read(instrument);

  // A reading that was under way when it was staged fails: what somebody wants stays as they want it.
  const [holder] = instrument.allFields;
  const late = Promise.withResolvers<number>();
  answer = () => late.promise as unknown as number;
  const reading = read(instrument);
  await client.setField("Box", "Power", 8);
  late.reject(new Error("garbage"));
  await reading;
  const staged = await client.getReading("Box", "Power");
  deepStrictEqual([staged.value, staged.quality, staged.staged], [8, "good", true]);
  await client.revert("Box");
  deepStrictEqual([holder!.value, holder!.quality, holder!.reason], [4, "error", "garbage"]);

  answer = () => 5;
  await read(instrument);
  await client.setField("Box", "Power", 9);
  using watcher = await RawClient.connect(server.dashboardServer.port);
  await watcher.send('{"id":1,"cmd":"Watch","instrument":"Box"}');
  await watcher.lines(3);
  holder!.fail("the plug is loose");
  const told = JSON.parse((await watcher.lines(1))[0]!);
  deepStrictEqual([told.value, told.quality, told.applied], [9, "good", "Read Error"]);
  await client.revert("Box");
  await read(instrument);
  await client.setField("Box", "Power", 9);
  holder!.doubt("the plug was pulled");
  deepStrictEqual([holder!.value, holder!.quality], [9, "good"]);
  await client.revert("Box");
  deepStrictEqual([holder!.value, holder!.quality, holder!.reason], [5, "stale", "the plug was pulled"]);
});
