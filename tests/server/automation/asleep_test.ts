/** A PC that sleeps in the middle of a run, by a clock of its own. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { SimulatedClock } from "../../../server/camera/clock.ts";
import { eventually } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { serve } from "./lab.ts";

/** A clock whose date goes on while nothing else does. */
class SleepyClock extends SimulatedClock {
  asleep = 0;

  override date(): Date {
    return new Date(super.date().getTime() + this.asleep * 1000);
  }
}

Deno.test("runs: a PC that slept is told; waits go on by the time that it was awake, and a time of day by the clock", () =>
  inFolder(async (folder) => {
    const start = new Date();
    start.setHours(22, 0, 0, 0);
    const clock = new SleepyClock(start);
    await using lab = await serve(folder, {}, { runClock: clock });
    const id = await lab.run({
      steps: [
        { wait: "1h" },
        { set: "oven.setpoint", to: 1 },
        { waitUntil: "06:00" },
        { set: "oven.setpoint", to: 2 },
        { repeat: 2, every: "10m", steps: [{ set: "oven.setpoint", to: 3 }] },
      ],
    });
    await eventually(() => clock.waiting > 0, "it waits");
    await clock.advance(600);
    clock.asleep = 2 * 3600;
    const told = async () => (await lab.show()).lines.map(({ text }) => text);
    await eventually(
      async () => (await told()).some((text) => /^this PC was asleep, or its clock was set, by 7200 s;/.test(text)),
      "it is told",
    );
    const { left } = await lab.show();
    ok(left.seconds >= 3000, `50 minutes of it are left: ${left.seconds}`);
    await clock.advance(2990);
    deepStrictEqual(lab.told, [], "it has not been awake for an hour");
    await clock.advance(20);
    await eventually(() => lab.told.length === 1, "it has been");
    await eventually(async () => (await lab.show()).done === 2, "it waits for the morning");
    // By its clock it is one in the morning, and then after six.
    await eventually(() => clock.waiting > 0, "it waits");
    clock.asleep += 5 * 3600;
    await clock.advance(31);
    await eventually(() => lab.told.length === 3, "the morning has come");
    await eventually(() => clock.waiting > 0, "it waits for the next round");
    await clock.advance(590);
    deepStrictEqual(lab.told.length, 3, "the next round is not due");
    await clock.advance(15);
    await lab.ended(id, "done");
    deepStrictEqual(lab.told, [1, 2, 3, 3].map((value) => `setpoint ${value}`));
  }));
