import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { localTime, zone, zonedTime } from "../../protocol/local_time.ts";

/** The time as a PC whose clock is so many minutes before UTC has it, wherever the test runs. */
function far(iso: string, minutesBefore: number): Date {
  const time = new Date(iso);
  time.getTimezoneOffset = () => minutesBefore;
  return time;
}

Deno.test("local time: a zone is how far it is from UTC, also by half hours and west of it", () => {
  const zones = [0, -60, -330, 210, 600, -840].map((minutes) => zone(far("2026-11-20T23:21:14Z", minutes)));
  deepStrictEqual(zones, ["UTC", "UTC+01:00", "UTC+05:30", "UTC-03:30", "UTC-10:00", "UTC+14:00"]);
});

Deno.test("local time: a time has no fractions, and is written as logs and azcam do", () => {
  strictEqual(localTime(new Date(2026, 10, 20, 3, 4, 5, 678)), "2026-11-20 03:04:05");
});

Deno.test("local time: the date is told where it is not today's, the zone always", () => {
  const [time, later] = [new Date(2026, 10, 20, 23, 21, 14), new Date(2026, 10, 20, 23, 59, 59)];
  strictEqual(zonedTime(time, later), `23:21:14 ${zone(time)}`);
  strictEqual(zonedTime(time, new Date(2026, 10, 21)), `2026-11-20 23:21:14 ${zone(time)}`);
});

Deno.test({
  name: "local time: the zone is that of the PC, with its summer time",
  ignore: Deno.build.os === "windows", // takes no zone from the environment
  fn: async () => {
    const module = new URL("../../protocol/local_time.ts", import.meta.url).href;
    const code = `import { zonedTime } from "${module}";
      const now = new Date("2026-01-01T00:00:00Z");
      for (const time of ["2026-07-01T12:00:00Z", "2026-12-01T12:00:00Z"]) console.log(zonedTime(new Date(time), now));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      env: { TZ: "America/Santiago" },
    }).output();
    strictEqual(
      new TextDecoder().decode(stdout),
      "2026-07-01 08:00:00 UTC-04:00\n2026-12-01 09:00:00 UTC-03:00\n",
    );
  },
});
