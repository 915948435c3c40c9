/** Faults of the server itself call a person, as an alarm of the bench does. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { AlarmDetails } from "../../../protocol/guards.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { Alarms } from "../../../server/guards/alarms.ts";
import { SteadyClock } from "../../../server/records/steady_clock.ts";
import { serverFaults } from "../../../server/guards/server_faults.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { inFolder } from "./lab.ts";

Deno.test("guards: records that another server keeps are an alarm until they are kept here; so is a data log that cannot be written", () =>
  inFolder(async (folder) => {
    const records = { folder: join(folder, "lab.records") };
    const first = startServer({ records });
    await first.ready;
    // Its folder is a file.
    const logs = join(folder, "logs");
    await Deno.writeTextFile(logs, "");
    await using second = startServer({ records, guards: {}, datalog: { folder: logs, start: { name: "night" } } });
    try {
      await second.ready;
      using client = await RawClient.connect(second.commandServer.port);
      const states = async () => {
        const { alarms } = JSON.parse((await client.ask("guards.alarms")).slice(3));
        return (alarms as AlarmDetails[]).map(({ title, severity, state, reason }) => ({
          title,
          severity,
          state,
          reason,
        }));
      };
      await eventually(async () => (await states()).length === 2, "both are told");
      const [unkept, unlogged] = await states();
      deepStrictEqual(
        [unkept!.title, unkept!.severity, unkept!.state],
        ["Records not written", "high", "unacknowledged"],
      );
      match(unkept!.reason, /^No records are kept: .*another server keeps its records there/);
      deepStrictEqual([unlogged!.title, unlogged!.severity], ["Data log not written", "medium"]);
      await client.ask("guards.acknowledge records_not_written");
      await first.stop();
      await eventually(async () => (await states()).length === 1, "it is over once the folder is free");
    } finally {
      await first.stop();
    }
  }));

Deno.test("guards: a fleet or a heartbeat that is away for a moment calls nobody; for long, or a clock that was set, it does", () => {
  let [now, wall] = [0, 1_790_000_000_000];
  const clock = new SteadyClock({ now: () => wall, passed: () => now });
  const away = { fleet: "", heartbeat: "" };
  const alarms = new Alarms(new Bench([]), {}, { now: () => now, changed: () => {} });
  alarms.resume(undefined);
  const faults = serverFaults(
    {
      records: {
        state: { kept: true, folder: "", hint: "" },
        get clockDoubt() {
          return clock.doubt;
        },
      },
      readings: { problem: "", crowded: "" },
      dataLog: { state: { problem: "" } },
      messages: {
        lossReason: "",
        get heartbeatReason() {
          return away.heartbeat;
        },
      },
      fleet: { describe: () => ({ reason: away.fleet }), crowded: "" },
      runs: { describe: () => ({ hint: "" }) },
    } as unknown as Parameters<typeof serverFaults>[0],
  );
  for (const fault of faults) alarms.tellOf(fault);
  const raised = (seconds: number) => {
    for (let at = 0; at < seconds; at++) {
      [now, wall] = [now + 1000, wall + 1000];
      alarms.lookAtServer();
      alarms.look();
    }
    return alarms.list("unacknowledged").map(({ title, reason }) => `${title}: ${reason}`);
  };
  deepStrictEqual(raised(100), []);
  away.fleet = away.heartbeat = "the network is down";
  deepStrictEqual(raised(59), []);
  deepStrictEqual(raised(2), ["Out of the fleet: the network is down"]);
  away.fleet = "";
  away.heartbeat = "";
  raised(1);
  away.heartbeat = "the network is down";
  ok(!raised(179).some((each) => each.startsWith("Heartbeat")), "its time begins anew");
  ok(raised(2).includes("Heartbeat not taken: the network is down"));
  wall -= 7_200_000;
  ok(raised(1).includes("Clock of this PC: the clock of this PC was set back by 120 min"));
  strictEqual(alarms.list("all").find(({ title }) => title === "Clock of this PC")!.severity, "medium");
  alarms.stop();
});
