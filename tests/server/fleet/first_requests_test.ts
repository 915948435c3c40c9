/** The very first request for an instrument of a PC at which nobody has looked, by every way in; by a real NATS server. */
import { deepStrictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { FleetDescription } from "../../../protocol/fleet.ts";
import { run } from "../../cli_fixture.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { hasNats, NatsServer } from "../../nats.ts";
import { inFolder } from "../guards/lab.ts";
import { gauge, Pc } from "./pc.ts";

/** Asks one PC for the gauge of another, and tells what came of it as text. */
type Way = (warm: Pc, pc: string, folder: string) => Promise<unknown>;

const rest = async (warm: Pc, path: string, options: RequestInit = {}): Promise<unknown> => {
  const { port } = warm.server.webServer!;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    ...options,
    ...options.body === undefined ? {} : { headers: { "Content-Type": "application/json" } },
  });
  return await response.json();
};
const instrumentPath = (pc: string) => `/api/v1/instruments/${encodeURIComponent(`${pc}/gauge`)}`;
const cli = async (warm: Pc, ...words: string[]) => {
  const { out, err } = await run([...words, "--port", String(warm.server.dashboardServer.port)]);
  return err + out;
};
const same = (told: unknown) => told;
const word = (name: string) => (told: unknown) => (told as Record<string, unknown>)[name];
const evaluated = (language: "python" | "javascript", code: (pc: string) => string): Way => async (warm, pc) =>
  await warm.framed({ cmd: "Eval", code: code(pc), language });
const framed = (message: Record<string, unknown>): Way => async (warm, pc) =>
  await warm.framed({ instrument: `${pc}/gauge`, ...message });

const raw = async (warm: Pc, message: Record<string, unknown>, end: string) => {
  using client = await RawClient.connect(warm.server.dashboardServer.port);
  await client.send(JSON.stringify(message));
  return await client.until((text) => text.startsWith("Error") || text.includes(end));
};

/** The way, how it asks, what of the answer counts, and what that is. */
const ways: readonly (readonly [string, Way, (told: unknown) => unknown, unknown])[] = [
  ["azcam's line", (warm, pc) => warm.line(`${pc}/gauge.set valve 2`), same, "OK"],
  ["azcam's web API", (warm, pc) => rest(warm, `/api/${pc}/gauge.get?field=pressure`), word("data"), /3/],
  [
    "azcam's web API, posted",
    (warm, pc) =>
      rest(warm, "/api", {
        method: "POST",
        body: JSON.stringify({ tool: `${pc}/gauge`, command: "get", args: ["pressure"] }),
      }),
    word("data"),
    /3/,
  ],
  [
    "PyOpticon's socket",
    (warm, pc) => raw(warm, { cmd: "Get", widget_nickname: `${pc}/Gauge`, field_name: "Pressure" }, "3.00"),
    same,
    "3.00",
  ],
  [
    "PyOpticon's socket, to set",
    (warm, pc) =>
      raw(warm, { cmd: "Set", widget_nickname: `${pc}/Gauge`, field_name: "Valve", new_value: "2" }, "Success"),
    same,
    "Success",
  ],
  [
    "framed Describe",
    framed({ cmd: "Describe" }),
    (told) => (told as { value: { title: string } }).value.title,
    /gauge"$/,
  ],
  ["framed Call", framed({ cmd: "Call", command: "get", args: ["pressure"], kwargs: {} }), word("value"), /3/],
  ["framed Take", framed({ cmd: "Take", seconds: 5 }), word("ok"), true],
  ["framed Trace", framed({ cmd: "Trace" }), word("error"), /Cannot trace gauge: it does not speak on a line/],
  ["framed Set", framed({ cmd: "Set", field: "Valve", new_value: 2 }), word("ok"), true],
  ["REST, an instrument", (warm, pc) => rest(warm, instrumentPath(pc)), word("fields"), /"pressure"/],
  [
    "REST, to set",
    (warm, pc) => rest(warm, `${instrumentPath(pc)}/fields/valve`, { method: "PUT", body: '{"value":2}' }),
    word("value"),
    2,
  ],
  ["REST, what a field was", (warm, pc) => rest(warm, `${instrumentPath(pc)}/fields/pressure/history`), same, /\b3\b/],
  [
    "a plot's history",
    (warm, pc) => rest(warm, `/api/v1/history?field=${pc}/gauge.pressure&points=100`),
    word("series"),
    /"lowest":\[3\]/,
  ],
  [
    "JavaScript, get_dashboard()",
    evaluated("javascript", (pc) => `get_dashboard().get_field("${pc}/Gauge", "Pressure")`),
    word("value"),
    3,
  ],
  [
    "JavaScript, call",
    evaluated("javascript", (pc) => `get_dashboard().call("${pc}/gauge", "get", "pressure")`),
    same,
    /3/,
  ],
  [
    "Python, a widget",
    evaluated("python", (pc) => `get_dashboard().get_widget_by_nickname("${pc}/Gauge").get_field("Pressure")`),
    word("value"),
    /3\.0/,
  ],
  [
    "Python, call",
    evaluated("python", (pc) => `get_dashboard().call("${pc}/gauge", "get", "pressure")`),
    word("value"),
    /3/,
  ],
  ["heliograph get", (warm, pc) => cli(warm, "get", `${pc}/gauge`, "pressure"), same, /^"3\.00/],
  ["heliograph history", (warm, pc) => cli(warm, "history", `${pc}/gauge`, "pressure"), same, /1 reading, last 3/],
];

/** Those that ask what is in records. */
const past = /history/;

Deno.test(
  "fleet: the very first request for an instrument of a PC at which nobody looks is answered, by every way in",
  { ignore: !hasNats },
  () =>
    inFolder(async (folder) => {
      await using broker = await NatsServer.start();
      await using warm = new Pc(broker, "warm-lab", [gauge().instrument], {}, {
        sandbox: { languages: ["javascript", "python"] },
        records: { folder: join(folder, "warm") },
      });
      await using ends = new AsyncDisposableStack();
      const names = ways.map((_, at) => `pc-${at}`);
      for (const [at, name] of names.entries()) {
        const records = past.test(ways[at]![0]) ? { records: { folder: join(folder, name) } } : {};
        ends.use(new Pc(broker, name, [gauge().instrument], {}, records));
      }
      await eventually(async () => {
        const { members } = JSON.parse((await warm.line("fleet.list")).slice(3)) as FleetDescription;
        return members.filter(({ here, instruments }) => here && instruments.includes("gauge")).length ===
          names.length + 1;
      }, "they know of one another");
      const wrong: string[] = [];
      for (const [at, [way, ask, take, expected]] of ways.entries()) {
        let told: unknown;
        try {
          told = await ask(warm, names[at]!, folder);
        } catch (error) {
          wrong.push(`${way}: ${error}`);
          continue;
        }
        const text = JSON.stringify(take(told));
        const right = expected instanceof RegExp ? expected.test(text) : text === JSON.stringify(expected);
        if (!right) wrong.push(`${way}: ${JSON.stringify(told)?.slice(0, 300)}`);
      }
      deepStrictEqual(wrong, []);
    }),
);
