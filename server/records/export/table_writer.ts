/**
 * Writes a table as CSV, as lines of JSON or as Parquet, some rows at a time.
 *
 * @module
 */

import type { ParquetWriter } from "npm:hyparquet-writer@0.17.0";

/** The forms of a table. */
export const tableFormats = ["csv", "jsonl", "parquet"] as const;

/** A form of a table. */
export type TableFormat = (typeof tableFormats)[number];

/** The media type of each form. */
export const tableTypes: Readonly<Record<TableFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  jsonl: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
};

/** A column: times are milliseconds since 1970, and `undefined` is nothing in all of them. */
export interface Column {
  readonly name: string;
  readonly kind: "time" | "number" | "text" | "any";
}

/** What stands in a cell. A column of any kind is text in Parquet, which has one type for each column. */
export type Cell = number | string | boolean | undefined;

/** A row: a cell for each column. */
export type Row = readonly Cell[];

/** Makes bytes of rows. */
export interface TableWriter {
  /** Takes rows. @returns The bytes that are ready. */
  write(rows: readonly Row[]): Uint8Array;
  /** Ends the table. @returns The last bytes. */
  end(): Uint8Array;
}

/** Parquet is written so many rows at a time, where nobody says otherwise. */
const usualRowsOfGroup = 20_000;

const encoder = new TextEncoder();

/**
 * Formats a time for a table.
 *
 * @param time In milliseconds since 1970.
 * @param utc Whether in UTC, or by this PC's clock; with its offset, so that the hour that comes twice is told apart.
 */
export function timeText(time: number, utc: boolean): string {
  if (utc) return new Date(time).toISOString();
  const ahead = -new Date(time).getTimezoneOffset();
  const two = (number: number) => String(Math.trunc(number)).padStart(2, "0");
  const size = Math.abs(ahead);
  const shifted = new Date(time + ahead * 60_000).toISOString().slice(0, -1);
  return `${shifted}${ahead < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

function csvCell(cell: Cell): string {
  const text = cell === undefined ? "" : String(cell);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvWriter(columns: readonly Column[], utc: boolean): TableWriter {
  let head = `${columns.map(({ name }) => csvCell(name)).join(",")}\n`;
  const write = (rows: readonly Row[]) => {
    const lines = rows.map((row) =>
      columns.map(({ kind }, at) =>
        kind === "time" && row[at] !== undefined ? timeText(row[at] as number, utc) : csvCell(row[at])
      ).join(",") + "\n"
    );
    const text = head + lines.join("");
    head = "";
    return encoder.encode(text);
  };
  return { write, end: () => write([]) };
}

function jsonWriter(columns: readonly Column[], utc: boolean): TableWriter {
  const write = (rows: readonly Row[]) => {
    const lines = rows.map((row) => {
      const cells = columns.map(({ name, kind }, at) => {
        const cell = row[at];
        return [name, kind === "time" && cell !== undefined ? timeText(cell as number, utc) : cell ?? null];
      });
      return `${JSON.stringify(Object.fromEntries(cells))}\n`;
    });
    return encoder.encode(lines.join(""));
  };
  return { write, end: () => write([]) };
}

const parquetTypes = { time: "TIMESTAMP", number: "DOUBLE", text: "STRING", any: "STRING" } as const;

async function parquetWriter(columns: readonly Column[], rowsOfGroup: number): Promise<TableWriter> {
  // Loaded by whoever wants it, and by nobody else.
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import("npm:hyparquet-writer@0.17.0");
  const bytes = new ByteWriter();
  const described = columns.map(({ name, kind }) => ({ name, type: parquetTypes[kind], nullable: true, data: [] }));
  let writer: ParquetWriter | undefined;
  let waiting: Row[] = [];
  const take = () => {
    const made = bytes.getBytes().slice();
    bytes.index = 0;
    return made;
  };
  const group = (rows: readonly Row[]) => {
    writer ??= new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData: described }) });
    if (rows.length === 0) return;
    const columnData = columns.map(({ name, kind }, at) => ({
      name,
      data: rows.map((row) => {
        const cell = row[at];
        if (cell === undefined) return null;
        return kind === "time" ? new Date(cell as number) : kind === "number" ? Number(cell) : String(cell);
      }),
    }));
    writer.write({ columnData, rowGroupSize: rowsOfGroup });
  };
  return {
    write(rows) {
      for (const row of rows) waiting.push(row);
      if (waiting.length < rowsOfGroup) return new Uint8Array();
      group(waiting);
      waiting = [];
      return take();
    },
    end() {
      group(waiting);
      writer!.finish();
      return take();
    },
  };
}

/**
 * Begins a table.
 *
 * @param format Its form.
 * @param columns Its columns.
 * @param utc Whether times are told in UTC; in Parquet they always are.
 * @param rowsOfGroup So many rows of Parquet are written at a time. @default 20,000
 */
export async function tableWriter(
  format: TableFormat,
  columns: readonly Column[],
  utc: boolean,
  rowsOfGroup: number = usualRowsOfGroup,
): Promise<TableWriter> {
  if (format === "csv") return csvWriter(columns, utc);
  if (format === "jsonl") return jsonWriter(columns, utc);
  return await parquetWriter(columns, rowsOfGroup);
}
