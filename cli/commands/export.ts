/**
 * `heliograph export`: the readings of a range, or the headers of images, as a table.
 *
 * @module
 */

import { resolve } from "node:path";
import { momentWords } from "../../protocol/moments.ts";
import { printable } from "../../protocol/printable.ts";
import { readingColumns, readingRows, recordedFields } from "../../server/records/export/readings_table.ts";
import {
  type Column,
  type Row,
  type TableFormat,
  tableFormats,
  tableWriter,
} from "../../server/records/export/table_writer.ts";
import { dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { type LookFlags, lookFlags, openPast, rangeOf, splitFields } from "../past.ts";
import { imageHeaders } from "../image_headers.ts";
import { OutFile } from "../out_file.ts";
import { buildCommand } from "../usage.ts";

interface ExportFlags extends LookFlags {
  readonly format?: TableFormat;
  readonly out?: string;
  readonly images?: string;
}

/** How far is looked back where nobody says so, in milliseconds. */
const usualSpan = 86_400_000;

const { json: _json, ...connection } = dashboardFlags;

/** `heliograph export` */
export const exportCommand = buildCommand({
  docs: {
    brief: "Write what fields were as a table, CSV, lines of JSON or Parquet; or the headers of images",
    fullDescription:
      "Write what fields were as a table: a row for each reading, with its time, instrument, field, value, unit and " +
      "quality. Without a range, of the last day.\n" +
      `Moments: ${momentWords}.`,
  },
  parameters: {
    flags: {
      ...connection,
      ...lookFlags,
      format: {
        kind: "enum",
        values: tableFormats,
        optional: true,
        brief: "csv, jsonl or parquet; default as the name of --out ends, or csv",
      },
      out: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "The file to write, where none is yet; default: the table is printed",
        placeholder: "FILE",
      },
      images: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "The headers of the images in this folder instead: a row for each, a column for each keyword",
        placeholder: "FOLDER",
      },
    },
    positional: { kind: "tuple", parameters: [] },
  },
  async func(this: CliContext, flags: ExportFlags): Promise<void> {
    const { out, images } = flags;
    const format = flags.format ?? tableFormats.find((known) => out?.endsWith(`.${known}`)) ?? "csv";
    if (format === "parquet" && out === undefined) {
      throw new UsageError("Parquet is written into a file, and not printed: give --out FILE");
    }
    const range = rangeOf(flags, Date.now(), usualSpan);
    using file = out === undefined ? undefined : new OutFile(resolve(out));
    const write = (bytes: Uint8Array) => {
      if (file !== undefined) return file.write(bytes);
      this.process.stdout.write(new TextDecoder().decode(bytes));
    };
    let count = 0;
    const table = async (
      columns: readonly Column[],
      rows: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
    ) => {
      const writer = await tableWriter(format, columns, flags.utc);
      for await (const some of rows) {
        count += some.length;
        write(writer.write(some));
      }
      write(writer.end());
    };
    if (images !== undefined) {
      const { columns, rows, unread } = await imageHeaders(resolve(images), range.since, range.until);
      for (const why of unread) this.process.stderr.write(`${printable(why)}\n`);
      await table(columns, [rows]);
    } else {
      await using past = openPast(this, flags);
      const fields = recordedFields(await past.fields(), splitFields(flags.fields));
      await table(readingColumns(format), readingRows((query) => past.history(query), { fields, ...range }, format));
    }
    file?.commit();
    if (out !== undefined) {
      this.process.stderr.write(`Wrote ${count} row${count === 1 ? "" : "s"} into ${printable(resolve(out))}\n`);
    }
  },
});
