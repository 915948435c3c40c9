/** What watchers are told of guards, over a real socket, and what is known of trips after a restart. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { InterlockDescription, LimitDescription, TripDescription } from "../../../protocol/guards.ts";
import type { WatchEvent } from "../../../protocol/framed_message.ts";
import { RawClient } from "../../fixture.ts";
import { benchOf, Devices, inFolder, serve } from "./lab.ts";

type GuardEvent = Extract<WatchEvent, { readonly event: "guard" }>;

/** Reads events until one is as wanted. */
async function until(client: RawClient, wanted: (event: WatchEvent) => boolean): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  for (;;) {
    const [line] = await client.lines(1);
    const event = JSON.parse(line!) as WatchEvent;
    events.push(event);
    if (wanted(event)) return events;
  }
}

function guardsOf(events: readonly WatchEvent[]): GuardEvent[] {
  return events.filter((each) => each.event === "guard");
}

const isInterlock = (event: WatchEvent, state: string) =>
  event.event === "guard" && event.kind === "interlock" && (event.guard as InterlockDescription).state === state;

Deno.test("guards: who watches everything is told of states, who watches them of values too; a trip tells what broke first, also after a restart", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { probe, water } = devices;
    const bench = benchOf(devices, {
      interlocks: {
        Oven: {
          when: "probe.temperature > 300 || water.flow < 2",
          delay: "0.3s",
          forbids: ["gas", { set: "oven.power", above: 20 }],
        },
      },
      limits: { "oven.program": { slew: "5/min" } },
    });
    {
      await using lab = await serve(folder, bench);
      await lab.until("oven", "clear");
      using all = await RawClient.connect(lab.server.dashboardServer.port);
      using close = await RawClient.connect(lab.server.dashboardServer.port);
      await all.send(`${JSON.stringify({ id: 1, cmd: "Watch" })}\n`);
      await close.send(`${JSON.stringify({ id: 1, cmd: "Watch", instrument: "guards" })}\n`);
      const isEnd = (event: WatchEvent) => event.event === "end-of-snapshot";
      const snapshot = guardsOf(await until(all, isEnd));
      deepStrictEqual(snapshot.map(({ kind, name }) => `${kind} ${name}`), [
        "bench ",
        "interlock oven",
        "limit oven.program",
      ]);
      const { forbidden, refusal } = snapshot[1]!.guard as InterlockDescription;
      deepStrictEqual(forbidden, [
        { instrument: "gas", text: "whatever drives Gas" },
        { instrument: "oven", text: "Power of Oven above 20", field: "power", above: 20 },
      ]);
      strictEqual(refusal, "");
      deepStrictEqual(guardsOf(await until(close, isEnd)).length, 3);
      // What may be done is told before anybody tries, and again when it is another.
      const { said, least, most } = snapshot[2]!.guard as LimitDescription;
      deepStrictEqual([said, least, most], ["not faster than 5 in 1 min: now -4 to 6", -4, 6]);
      strictEqual(await lab.lines.ask("oven.set program 30"), "OK");
      await until(all, (event) => JSON.stringify(event).includes('"confirm":"Program of Oven may be changed by 5 in'));
      strictEqual(await lab.lines.ask("oven.set program 3"), "OK");
      await until(all, (event) => JSON.stringify(event).includes('"confirm":""'));
      strictEqual(await lab.lines.ask("oven.confirm"), "OK");
      await until(all, (event) => JSON.stringify(event).includes("now -2 to 6"));

      // Nothing has happened but that a value is another.
      probe.values.T = "250";
      await until(close, (event) => JSON.stringify(event).includes('"distance":50'));

      probe.values.T = "301";
      const told = guardsOf(await until(all, (event) => isInterlock(event, "pending")));
      ok(!JSON.stringify(told).includes('"distance":50'), "the value alone was told to nobody who did not ask");
      // What breaks while it is pending is not what broke first.
      water.values.F = "1";
      const events = guardsOf(await until(all, (event) => event.event === "guard" && event.kind === "trip"));
      const trip = events.at(-1)!.guard as TripDescription;
      deepStrictEqual(trip.first, ["probe.temperature > 300"]);
      deepStrictEqual(trip.fields, ["probe.temperature", "water.flow"]);
      ok(
        events.some((event) => isInterlock(event, "tripped")) ||
          (await until(all, (event) => isInterlock(event, "tripped"))).length > 0,
      );
    }
    await using lab = await serve(folder, bench);
    await lab.until("oven", "tripped");
    const { trips } = await lab.described();
    deepStrictEqual(trips.map(({ name, interlock }) => [name, interlock]), [["1", "oven"], ["2", "oven"]]);
    deepStrictEqual(trips[0]!.first, ["probe.temperature > 300"]);
    deepStrictEqual(trips[1]!.first, [], "it was so from the start on");
  }));
