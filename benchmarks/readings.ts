/**
 * Measures the readings that are kept: what a reading takes at rest and on its way, and how long looking back takes.
 *
 * A part of a month is made, and told as what the whole would be.
 *
 * @module
 */

import { join } from "node:path";
import { declarationsFrame, SamplesWriter, segmentFrame } from "../server/records/readings/frames.ts";
import { ReadingsLookup } from "../server/records/readings/lookup.ts";
import { ReadingsKeeper } from "../server/records/readings/readings_keeper.ts";
import { readingsSpoolNames } from "../server/records/readings/readings_spool.ts";

const hour = 3_600_000;

/** How much is made. */
interface ReadingsSize {
  readonly fields: number;
  readonly hours: number;
}

/** What was measured. */
interface ReadingsMeasured {
  readonly samples: number;
  /** In bytes of the database, for each reading. */
  readonly atRest: number;
  /** In bytes of the spool, for each reading. */
  readonly spooled: number;
  /** In milliseconds. */
  readonly open: number;
  readonly plot: number;
  readonly plots: number;
  /** The processor time of a Worker for an hour of one field, in milliseconds. */
  readonly hourOfField: number;
  /** The time in which readings are put into a frame, in microseconds each. */
  readonly taking: number;
}

/** Readings with up to four significant decimals, once a second with the jitter of a poll. */
function valueOf(field: number, at: number): number {
  const wave = 20 + field % 50 + 3 * Math.sin(at / (500 + field)) + 0.02 * Math.random();
  return Number(wave.toPrecision(4));
}

/** Makes readings in a folder, and measures. */
function measured({ fields, hours }: ReadingsSize, folder: string): ReadingsMeasured {
  const start = Math.ceil(1_790_000_000_000 / (24 * hour)) * 24 * hour;
  const declared = Array.from({ length: fields }, (_, at) =>
    [at, {
      instrument: `rack_${Math.floor(at / 20)}`,
      instrumentTitle: `Rack ${Math.floor(at / 20)}`,
      field: `value_${at % 20}`,
      title: `Value ${at % 20}`,
      unit: "V",
      type: "float",
    }] as const);
  const file = join(folder, readingsSpoolNames[0]);
  let [spooled, taking, keeping] = [0, 0, 0];
  {
    using keeper = new ReadingsKeeper(folder);
    const writer = new SamplesWriter();
    const decimals = new Uint8Array(fields);
    let number = 0;
    // As a server does: five minutes at a time.
    for (let from = 0; from < hours * 3600; from += 300) {
      const frames = [
        segmentFrame({ number: ++number, run: start }),
        declarationsFrame({ fields: declared, texts: [] }),
      ];
      for (let second = from; second < from + 300; second++) {
        const values = Array.from({ length: fields }, (_, field) => valueOf(field, second));
        const begun = performance.now();
        for (let field = 0; field < fields; field++) {
          const time = start + second * 1000 + Math.round(Math.random() * 6);
          decimals[field] = writer.add(field, time, values[field]!, 0, decimals[field]!);
        }
        frames.push(writer.take(start + second * 1000 + 999));
        taking += performance.now() - begun;
      }
      const handle = Deno.openSync(file, { append: true, create: true });
      for (const frame of frames) {
        handle.writeSync(frame);
        spooled += frame.length;
      }
      handle.close();
      const begun = performance.now();
      keeper.move(0);
      while (keeper.tidy(start + (from + 300) * 1000));
      keeping += performance.now() - begun;
    }
    while (keeper.tidy(start + (hours + 48) * hour));
  }
  const samples = fields * hours * 3600;
  const time = (work: () => void) => {
    const times = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      work();
      return performance.now() - begun;
    });
    return times.sort((one, other) => one - other)[2]!;
  };
  const until = start + hours * hour;
  const names = declared.slice(0, 8).map(([, { instrument, field }]) => ({ instrument, field }));
  const plot = (wanted: typeof names) => {
    using lookup = new ReadingsLookup(folder, wanted);
    JSON.stringify(lookup.history({ fields: wanted, since: start, until, points: 1200 }));
  };
  let bytes = 0;
  const open = time(() => {
    using lookup = new ReadingsLookup(folder);
    bytes = lookup.summary().bytes;
  });
  return {
    samples,
    atRest: bytes / samples,
    spooled: spooled / samples,
    open,
    plot: time(() => plot(names.slice(0, 1))),
    plots: time(() => plot(names)),
    hourOfField: keeping / (fields * hours),
    taking: 1000 * taking / samples,
  };
}

/** Measures, and tells. */
export function measureReadings(): void {
  const tell = (what: string, size: ReadingsSize, limit: string) => {
    const folder = Deno.makeTempDirSync();
    try {
      const found = measured(size, folder);
      const { samples, atRest, spooled, open, plot, plots, hourOfField, taking } = found;
      const perSecond = 2000 * (spooled + 4 * atRest);
      console.log(
        `${what}: ${samples} readings of ${size.fields} fields in ${size.hours} h (${limit})\n` +
          `  ${atRest.toFixed(2)} bytes a reading at rest; on the way ${spooled.toFixed(2)}: ` +
          `about ${(perSecond / 1000).toFixed(0)} KB/s are written for 2000 a second\n` +
          `  opened in ${open.toFixed(0)} ms; a plot of one field ${plot.toFixed(0)} ms, of eight ${
            plots.toFixed(0)
          } ms\n` +
          `  processor time: ${taking.toFixed(2)} µs a reading on the server's thread, ` +
          `${(hourOfField / 3.6).toFixed(2)} µs on the Worker's`,
      );
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
  tell("many fields", { fields: 2000, hours: 2 }, "a part of a month");
  tell("a month", { fields: 8, hours: 24 * 30 }, "of fewer fields");
}
