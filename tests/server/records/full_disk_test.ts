/** A disk that is full: driving goes on, it is said, nothing that was kept meanwhile is lost, and old readings make room. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { AlarmDetails } from "../../../protocol/guards.ts";
import { diskRoom } from "../../../server/records/disk_room.ts";
import { declarationsFrame, SamplesWriter, segmentFrame } from "../../../server/records/readings/frames.ts";
import { ReadingsLookup } from "../../../server/records/readings/lookup.ts";
import { ReadingsKeeper } from "../../../server/records/readings/readings_keeper.ts";
import { readingsSpoolNames } from "../../../server/records/readings/readings_spool.ts";
import { RecordsFolder } from "../../../server/records/records_folder.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { programs, ServerProcess } from "../../server_process.ts";

const hour = 3_600_000;

/** A small disk of its own, which Linux makes for root alone. */
class SmallDisk implements Disposable {
  readonly path = Deno.makeTempDirSync();
  #isMounted = false;

  /** @returns Whether it could be made. */
  mount(): boolean {
    if (Deno.build.os !== "linux") return false;
    try {
      return this.#isMounted = this.#root("mount", "-t", "tmpfs", "-o", "size=48m,mode=777", "heliograph", this.path);
    } catch {
      return false;
    }
  }

  #root(...words: string[]): boolean {
    const [program, ...args] = Deno.uid() === 0 ? words : ["sudo", "-n", ...words];
    return new Deno.Command(program!, { args, stdout: "null", stderr: "null" }).outputSync().success;
  }

  /** Fills it, but for so many bytes. */
  fill(left = 0): void {
    using file = Deno.openSync(join(this.path, "ballast"), { append: true, create: true });
    const piece = new Uint8Array(4096);
    try {
      while (diskRoom(this.path)!.free > left) file.writeSync(piece);
    } catch (error) {
      match((error as Error).message, /No space left on device/);
    }
  }

  makeRoom(): void {
    Deno.removeSync(join(this.path, "ballast"));
  }

  [Symbol.dispose](): void {
    if (this.#isMounted) this.#root("umount", this.path);
    Deno.removeSync(this.path, { recursive: true });
  }
}

function onSmallDisk(name: string, test: (disk: SmallDisk) => void | Promise<void>): void {
  Deno.test(name, async () => {
    using disk = new SmallDisk();
    if (!disk.mount()) return console.log("skipped: only root of a Linux can make a small disk");
    await test(disk);
  });
}

for (const program of programs) {
  onSmallDisk(
    `records, ${program.name}: on a full disk driving goes on, and when there is room all of it is written`,
    async (disk) => {
      const folder = join(disk.path, "lab.records");
      const words = program.server.map((word) => /^--allow-(read|write)=/.test(word) ? `${word},${folder}` : word);
      const server = new ServerProcess({ ...program, server: words }, ["--records", folder]);
      const notes: string[] = [];
      const values: number[] = [];
      try {
        const [port] = await server.ports();
        using client = await RawClient.connect(port);
        const drive = async () => {
          const at = notes.length;
          notes.push(`note ${at}`);
          values.push(-100 + at / 100);
          strictEqual(await client.ask(`note note ${at}`), "OK");
          strictEqual(await client.ask(`tempcon.set_control_temperature ${values.at(-1)}`), "OK");
        };
        await drive();
        const said = [
          /Records cannot be written, and wait in memory: No space left on device/,
          /Readings cannot be written: No space left on device/,
          /The disk of the records is nearly full: \d\.\d MB are free/,
        ];
        await eventually(async () => {
          await drive();
          // What readings give away for the journal is taken, too.
          disk.fill();
          return said.every((each) => each.test(server.err));
        }, "that it is said");
        for (let at = 0; at < 50; at++) await drive();
        const alarms = async (): Promise<Record<string, AlarmDetails>> => {
          const { alarms } = JSON.parse((await client.ask("guards.alarms all")).slice(3));
          return Object.fromEntries(alarms.map((each: AlarmDetails) => [each.name, each]));
        };
        await eventually(
          async () => (await alarms()).disk_nearly_full!.state === "unacknowledged",
          "a person is called: the disk is nearly full",
        );
        const { state, severity, text, reason } = (await alarms()).records_not_written!;
        deepStrictEqual([state, severity], ["unacknowledged", "high"]);
        match(text, /^Make room on the disk/);
        match(reason, /No space left on device.*; \d+ wait in memory/);
        strictEqual(await client.ask("guards.acknowledge records_not_written"), "OK 'Records not written'");
        disk.makeRoom();
        await eventually(
          () => ["Records are", "Readings are"].every((which) => server.err.includes(`${which} written again`)),
          "that all is written",
        );
        await eventually(() => server.err.includes("has room again"), "that there is room");
        await eventually(
          async () => {
            const { records_not_written: written, disk_nearly_full: room } = await alarms();
            return written!.state === "normal" && room!.state === "returned";
          },
          "that both alarms are over, and the one that nobody has acknowledged waits for that",
        );
      } finally {
        server.kill("SIGTERM");
        await server.end();
      }
      using records = new RecordsFolder(folder);
      deepStrictEqual(records.check(), []);
      deepStrictEqual([records.verify().problems, records.verify().lost], [[], 0]);
      const kept = records.find({ limit: 10_000 }).filter(({ kind }) => kind === "note").map(({ text }) => text);
      deepStrictEqual(kept, notes);
      using lookup = new ReadingsLookup(folder);
      const fields = [{ instrument: "tempcon", field: "control_temperature" }];
      const { samples } = lookup.history({ fields, since: 0, until: Date.now() + 1000 }).series[0]!;
      deepStrictEqual(values.filter((value) => !samples!.values.includes(value)), []);
    },
  );
}

onSmallDisk(
  "readings: where the disk is nearly full, or full, the oldest single ones make room, and their minutes stay",
  (disk) => {
    using keeper = new ReadingsKeeper(disk.path);
    const start = Math.ceil(1_790_000_000_000 / (24 * hour)) * 24 * hour;
    const hours = 72;
    const field = { instrument: "lab", instrumentTitle: "Lab", title: "T", unit: "", type: "float" } as const;
    const fields = [0, 1, 2, 3].map((at) => [at, { ...field, field: `t${at}` }] as const);
    for (let at = 0; at < hours; at++) {
      const writer = new SamplesWriter();
      for (let second = 0; second < 3600; second++) {
        // Nothing that could be made small.
        for (const [number] of fields) writer.add(number, start + at * hour + second * 1000, Math.random(), 0);
      }
      const frames = [
        segmentFrame({ number: at + 1, run: start }),
        declarationsFrame({ fields, texts: [] }),
        writer.take(start + at * hour + 3_599_999),
      ];
      for (const frame of frames) Deno.writeFileSync(join(disk.path, readingsSpoolNames[0]), frame, { append: true });
      keeper.move(0);
    }
    while (keeper.tidy(start + (hours + 48) * hour));
    const isThinned = (from: number) => {
      using lookup = new ReadingsLookup(disk.path, [{ instrument: "lab", field: "t0" }]);
      const query = { fields: [{ instrument: "lab", field: "t0" }], since: start + from * hour };
      const { thinned, samples } = lookup.history({ ...query, until: query.since + hour }).series[0]!;
      deepStrictEqual(samples!.times.length, thinned ? 60 : 3600);
      return thinned;
    };
    deepStrictEqual(keeper.makeRoom().forgotten, {}, "there is room");
    ok(keeper.reserve(true));
    const file = join(disk.path, "readings.sqlite");
    const size = Deno.statSync(file).size;
    disk.fill(4_000_000);
    deepStrictEqual(keeper.makeRoom().forgotten, {}, "the log of the database gives enough back");
    disk.fill(4_000_000);
    const { room, forgotten } = keeper.makeRoom();
    ok(room!.free > 4_800_000, `${room!.free} bytes are free`);
    ok(forgotten.raw! > start && forgotten.raw! < start + 30 * hour, new Date(forgotten.raw!).toISOString());
    ok(Deno.statSync(file).size < size - 1_000_000);
    deepStrictEqual([isThinned(0), isThinned(40), isThinned(71)], [true, false, false]);

    disk.fill(0);
    strictEqual(diskRoom(disk.path)!.free, 0);
    keeper.reserve(false);
    disk.fill(1_000_000);
    for (let times = 0; times < 3; times++) keeper.makeRoom();
    ok(diskRoom(disk.path)!.free > 2_000_000, "also of none that is left some is made");
    deepStrictEqual([isThinned(0), isThinned(71)], [true, false], "a day stays as it was");
  },
);
