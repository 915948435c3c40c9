/** docs/developer/protocol-features.md: what StreamDevice's converters and commands say can be said, by the words of its table. */
import assert from "node:assert/strict";
import { loadBench } from "../../../server/config/bench_file.ts";
import { checkSums } from "../../../server/devices/transports/check_sum.ts";
import { textBytes, withBytes } from "../../../server/devices/transports/line_codec.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { byteDevice } from "./devices.ts";

/** A line as the fake of a row ends its own. */
interface RowLine {
  readonly sendEnd?: string;
  readonly receiveEnd?: string;
  readonly length?: number;
  readonly quiet?: number;
  readonly checkSum?: { readonly kind: "xor" | "lrc" | "crc16modbus" };
}

const asBytes = (cell: string) => withBytes(cell.replace(/^`([^]*)`$/, "$1"), String.fromCharCode);

/** What stands behind a text, as the instrument of a row counts it. */
function sumOf(text: string, kind: keyof typeof checkSums): string {
  const sum = checkSums[kind](textBytes(text));
  if (kind === "crc16modbus") return String.fromCharCode(sum & 0xff, sum >> 8);
  return sum.toString(16).toUpperCase().padStart(2, "0");
}

Deno.test("docs/developer/protocol-features.md: each feature can be said by the word of its row", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/developer/protocol-features.md", import.meta.url));
  const rows = /^\| StreamDevice [^]*?\n\n/m.exec(page)![0].trim().split("\n").slice(2).map((row) =>
    row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim())
  );
  assert.ok(rows.length > 35, String(rows.length));
  await using stack = new AsyncDisposableStack();
  const devices = rows.map(([, json, answer]) => {
    const { line = {} } = JSON.parse(json!.slice(1, -1)) as { line?: RowLine };
    const { sendEnd = "\n", receiveEnd = "\n", length, quiet, checkSum } = line;
    const end = length === undefined && quiet === undefined ? receiveEnd : "";
    const said = asBytes(answer!);
    const sealed = said + (checkSum === undefined ? "" : sumOf(said, checkSum.kind)) + end;
    const talks = json!.includes('"listen"');
    return stack.use(byteDevice(sendEnd, (command) => {
      if (command.startsWith("Q")) return sealed;
      return json!.includes('"answer": "^OK$"') ? `OK${end}` : undefined;
    }, talks ? sealed : undefined));
  });
  const instruments = rows.map(([, json], at) => {
    const { line, parameters, ...field } = JSON.parse(json!.slice(1, -1));
    const also = { ...(line && { line }), ...(parameters && { parameters }) };
    return { title: `Row ${at}`, port: devices[at]!.address, pollInterval: 0.2, ...also, fields: { X: field } };
  });
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments }));
  const bench = await loadBench(`${folder}/bench.json`);
  await Deno.remove(folder, { recursive: true });
  await using server = startServer({ instruments: bench.instruments, poll: true });
  using client = await RawClient.connect(server.commandServer.port);
  for (const [at, [feature, , answer, value, to, sent]] of rows.entries()) {
    const field = bench.instruments[at]!.field("X");
    const wanted = value === "" ? `${Number(asBytes(answer!)).toFixed(1)}` : asBytes(value!);
    await eventually(() => field.text === wanted, `${feature} to be ${wanted}, and not ${field.text}: ${field.reason}`);
    if (to === "") continue;
    assert.equal(await client.ask(`row_${at}.set X ${asBytes(to!)}`), "OK", feature);
    await eventually(() => devices[at]!.commands.includes(asBytes(sent!)), `${feature}: ${devices[at]!.commands}`);
  }
});
