/** Waiting for the sun: when it stands where, by almanacs; a night by a clock of its own; and a summer without one. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { sunAltitude, sunComesTo, sunIsSo, sunText } from "../../../server/automation/sun.ts";
import { SimulatedClock } from "../../../server/camera/clock.ts";
import { eventually } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { serve } from "./lab.ts";

const greenwich = { latitude: 51.4733, longitude: -0.0008 };
const tromso = { latitude: 69.65, longitude: 18.96, elevation: 10 };

Deno.test("sun: twilight begins and ends when almanacs say, within two minutes, in London and on the equator", () => {
  // timeanddate.com, for London in December 2015, in UTC.
  const known: [altitude: number, below: boolean, day: string, time: string][] = [
    [-12, true, "2015-12-01", "17:16"],
    [-12, true, "2015-12-12", "17:14"],
    [-12, true, "2015-12-25", "17:19"],
    [-6, false, "2015-12-01", "07:04"],
    [-6, false, "2015-12-12", "07:16"],
    [-6, false, "2015-12-25", "07:25"],
  ];
  for (const [altitude, below, day, time] of known) {
    const due = sunComesTo({ site: greenwich, altitude, below }, new Date(`${day}T00:00:00Z`))!;
    const off = Math.abs(due - Date.parse(`${day}T${time}:00Z`)) / 60_000;
    ok(off <= 2, `${altitude} on ${day}: ${new Date(due).toISOString()}, and not ${time}`);
    // It is so from that moment on, and not before.
    const so = (seconds: number) => sunIsSo({ site: greenwich, altitude, below }, new Date(due + seconds * 1000));
    deepStrictEqual([so(-5), so(5)], [false, true]);
  }
  // At the equinox the sun stands over the equator: at noon in the zenith, and 12° lower after 48 minutes.
  const noon = sunAltitude({ latitude: 0, longitude: 0 }, new Date("2026-03-20T12:07:30Z"));
  ok(noon > 89.5, String(noon));
});

Deno.test("sun: where it does not go in summer is told with the day when it does, and what it never does as such", () => {
  const june = new Date("2026-06-21T12:00:00Z");
  match(
    sunText({ site: tromso, altitude: -12, below: true }, june),
    /^not today: about \d\d:\d\d on \d+ (?:August|September) 2026$/,
  );
  strictEqual(sunText({ site: tromso, altitude: -70, below: true }, june), "not within a year");
  strictEqual(sunText({ site: tromso, altitude: 0, below: false }, june), "so now");
});

Deno.test("runs: waitUntil the sun goes on when it is dark, says when that will be, and ends with its time-out in a summer without a night", () =>
  inFolder(async (folder) => {
    const evening = async (site: object | undefined, start: string, step: object) => {
      const clock = new SimulatedClock(new Date(start));
      const lab = await serve(folder, site === undefined ? {} : { site: site as typeof tromso }, { runClock: clock });
      const id = await lab.run({ steps: [{ waitUntil: "sun below -12", ...step }, { set: "oven.setpoint", to: 5 }] });
      await eventually(() => clock.waiting > 0, "it waits");
      return { clock, lab, id };
    };
    {
      const { clock, lab, id } = await evening(greenwich, "2015-12-01T15:00:00Z", {});
      await using _ = lab;
      const { now, left, steps } = await lab.show();
      match(now[0]!, /^wait until the sun is below -12° \(about \d\d:\d\d\): about \d\d:1[4-8]$/);
      match(steps[0]!.text, /^wait until the sun is below -12° \(about \d\d:1[4-8]\)$/);
      ok(Math.abs(left.seconds - 8160) < 130, String(left.seconds));
      await clock.advance(2 * 3600);
      deepStrictEqual(lab.told, [], "it is not dark yet");
      await clock.advance(20 * 60);
      await lab.ended(id, "done");
      deepStrictEqual(lab.told, ["setpoint 5"]);
      // Somebody who starts in the night need not wait.
      const again = await lab.run({ steps: [{ waitUntil: "sun below -12" }] });
      await lab.ended(again, "done");
    }
    {
      const { clock, lab } = await evening(tromso, "2026-06-21T18:00:00Z", { timeout: "6h" });
      await using _ = lab;
      const told = (await lab.show()).lines.map(({ text }) => text);
      ok(
        told.some((line) =>
          /^the sun does not go below -12° today \(not today: about .* 2026\); 6h at most$/.test(line)
        ),
        told.join("\n"),
      );
      await clock.advance(6 * 3600 + 5);
      await lab.is("paused");
      match((await lab.show()).reason, /failed: the sun was not below -12° within 6h: it is at \d\.\d°; resume/);
    }
    await using lab = await serve(folder);
    const problems = async (...steps: object[]) => {
      await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify({ steps }));
      const answer = await lab.lines.ask("automation.check night.run.json");
      return JSON.parse(answer.replace(/^OK /, "")).problems.map(({ message }: { message: string }) => message);
    };
    deepStrictEqual(
      await problems({ waitUntil: "sun below -12" }, { waitUntil: "sun under -12", held: "5s" }, {
        waitUntil: "sun above 95",
      }),
      [
        "needs to know where the bench stands: add to the bench file, with its own numbers, " +
        '"site": {"latitude": 31.96, "longitude": -111.6}',
        "is sun under -12, and should be such as sun below -12 or sun above -18, in degrees",
        "has a meaning only with a condition",
        "is sun above 95, and should be such as sun below -12 or sun above -18, in degrees",
      ],
    );
  }));
