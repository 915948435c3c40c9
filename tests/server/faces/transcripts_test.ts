/** Everything that the originals were recorded to say, replayed against our server byte for byte. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { command, defineInstrument, HeliographError } from "../../../mod.ts";
import { Float } from "../../../server/bench/values.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { RawClient, startServer, top } from "../../fixture.ts";

interface Entry {
  readonly send: string | readonly string[];
  readonly reply: string | null;
  readonly closes?: boolean;
  readonly note?: string;
}

/** What we answer where we depart from the original, and why. */
interface Departure {
  readonly reply: string | RegExp;
  readonly closes?: boolean;
  readonly why: string;
}

const says = {
  more: "Python's exception wording, where ours says more",
  quotes: "an argument reaches the command without its quotes",
  oneText: "the original's client takes a text with blanks for several",
  framing: "the original loses its framing",
  doubledReturn: "the original doubles the carriage return",
  staysConnected: "the original drops the client",
  falseReply: "the original answers the wrong thing",
  printout: "the original cannot do without printout",
  benchHasMore: "the original's bare tools have none; the demo bench has one",
  ownVersion: "each program has its own version",
  microPython: "MicroPython's wording, and always type and line",
  anyValue: "the original drops the client on a value that is not text",
};

/** The tool that the recording used, as an instrument of ours. */
function probe() {
  const reading = { role: "observer", immediate: true } as const;
  return defineInstrument({
    title: "probe",
    commands: {
      none: command({ ...reading, summary: "nothing", run: () => {} }),
      text: command({ ...reading, summary: "text", run: () => "hello world" }),
      num: command({ ...reading, summary: "an integer", run: () => 3 }),
      flt: command({ ...reading, summary: "a float", run: () => 2.5 }),
      yes: command({ ...reading, summary: "a boolean", run: () => true }),
      lst: command({ ...reading, summary: "a list", run: () => ["a b", 1, 2.5, "c"] }),
      dic: command({ ...reading, summary: "a mapping", run: () => ({ a: 1, b: "two words" }) }),
      ok: command({ ...reading, summary: "a status", run: () => "OK done" }),
      err: command({ ...reading, summary: "a status", run: () => "ERROR by value" }),
      warn: command({ ...reading, summary: "a status", run: () => "WARNING careful" }),
      boom: command({
        summary: "fails",
        run: () => {
          throw new HeliographError("command_failed", "boom happened");
        },
      }),
      add: command({
        summary: "the sum",
        arguments: { a: { type: "int" }, b: { type: "int", default: 1 } },
        run: ({ a, b }) => a + b,
      }),
      echoargs: command({
        summary: "every argument",
        takesMore: true,
        run: (_, { more, moreKeywords }) => [...more, ...[...moreKeywords].map(([name, value]) => `${name}:${value}`)],
      }),
    },
  });
}

const azcamDepartures: Readonly<Record<string, Departure>> = {
  "probe.add\r\n": {
    reply: "ERROR Cannot call probe.add: a is missing; usage: probe.add A [B]\r\n",
    why: says.more,
  },
  'probe.echoargs "one two" three\r\n': { reply: "OK 'one two' three\r\n", why: says.quotes },
  "probe.echoargs 'one two' three\r\n": { reply: "OK 'one two' three\r\n", why: says.quotes },
  'probe.echoargs a="x y"\r\n': { reply: "OK 'a:x y'\r\n", why: says.quotes },
  "probe.echoargs a=1=2\r\n": { reply: "OK a:1=2\r\n", why: "only the first = separates" },
  "get_image_title\r\n": { reply: "OK 'my title'\r\n", why: says.oneText },
  "parameters.get_par imagetitle\r\n": { reply: "OK 'my title'\r\n", why: says.oneText },
  "probe.nosuch\r\n": {
    reply: 'ERROR probe has no command "nosuch"; "help probe" tells what it has\r\n',
    why: says.more,
  },
  "nosuch\r\n": { reply: 'ERROR api has no command "nosuch"; "help api" tells what it has\r\n', why: says.more },
  "probe\r\n": {
    reply: "ERROR probe is an instrument: say what it shall do, as in probe.help\r\n",
    why: says.more,
  },
  "probe.echoargs.x\r\n": { reply: /^ERROR probe has no command "echoargs\.x"/, why: says.more },
  "echo hello\r\n": { reply: "OK hello\r\n", why: says.doubledReturn },
  'Echo "quoted text"\r\n': { reply: 'OK "quoted text"\r\n', why: says.doubledReturn },
  "updatemonitor\r\n": {
    reply: "ERROR Cannot update the monitor: this server knows of no azcammonitor\r\n",
    why: says.more,
  },
  "get_par version\r\n": { reply: "OK 0.2.0\r\n", why: says.ownVersion },
  "api.get_par version\r\n": { reply: "OK 0.2.0\r\n", why: says.ownVersion },
  "parameters.get_par version\r\n": { reply: "OK 0.2.0\r\n", why: says.ownVersion },
  "exposure.get_status\r\n": {
    reply:
      /^OK \{"message": "", "exposurelabel": "", "exposurecolor": "transparent", "exposurestate": "", "progressbar": 0\.0, "camtemp": -999\.9, "dewtemp": -999\.9, "filename": "\/test\.fits", "seqcount": 0, "seqtotal": 0, "timestamp": "\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "imagetitle": "my title", "imagetype": "flat", "imagetest": 1, "exposuretime": 2\.5, "colbin": 2, "rowbin": 2, "systemname": "sim", "mode": ""\}\r\n$/,
    why: "time goes on; the original tells the exposure time before the last one set, and -666.6 for a sensor it lacks",
  },
  "exposure.get_roi\r\n": {
    reply: /^OK (?:1 1024 1 1024 1 1|1 100 1 50 2 2)\r\n$/,
    why: says.benchHasMore,
  },
  "get_image_types\r\n": { reply: "OK zero object flat dark HeNe Ar\r\n", why: says.benchHasMore },
  "exposure.get_image_types\r\n": { reply: "OK zero object flat dark HeNe Ar\r\n", why: says.benchHasMore },
  "exposure.get_format\r\n": { reply: "OK 1024 0 0 32 1024 0 0 0 0\r\n", why: says.benchHasMore },
  "tempcon.get_temperatures\r\n": { reply: "OK -999.9 -999.9\r\n", why: "the demo bench's tempcon has two sensors" },
  "instrument.get_filters\r\n": { reply: "OK u g r i z clear\r\n", why: says.benchHasMore },
  "instrument.get_filter\r\n": { reply: "OK r\r\n", why: says.benchHasMore },
  "instrument.get_wavelength\r\n": { reply: "OK 623.0\r\n", why: says.benchHasMore },
  "instrument.get_shutters\r\n": { reply: /^ERROR instrument has no command "get_shutters"/, why: says.more },
  "telescope.get_focus\r\n": { reply: "OK 1200.0\r\n", why: says.benchHasMore },
  "exposure.is_exposing\r\n": { reply: /^ERROR exposure has no command "is_exposing"/, why: says.more },
  "parameters.get_par temperatures\r\n": { reply: "OK -999.9 -999.9\r\n", why: says.benchHasMore },
  "tempcon.control_temperature\r\n": { reply: /^ERROR tempcon has no command "control_temperature"/, why: says.more },
  "probe.num\r\nprobe.flt\r\n": { reply: "OK 3\r\nOK 2.5\r\n", why: says.framing },
};
const sameStatus = azcamDepartures["exposure.get_status\r\n"]!;
const azcam: Readonly<Record<string, Departure>> = { ...azcamDepartures, "get_status\r\n": sameStatus };

const pyopticon: Readonly<Record<string, Departure>> = {
  '{"cmd": "Get", "widget_nickname": "Methane MFC", "field_name": "Selected Gas", "printout": true}': {
    reply: /^Error: Methane MFC has no field "Selected Gas"; it has Gas Selection, /,
    why: says.more,
  },
  '{"cmd": "Get", "widget_nickname": "Nope", "field_name": "x", "printout": false}': {
    reply: 'Error: No instrument is called Nope; "list" tells what there is',
    why: says.more,
  },
  '{"cmd": "Get", "widget_nickname": "UV Light", "field_name": "zzz", "printout": false}': {
    reply: 'Error: UV Light has no field "zzz"; it has Status Selection, Actual Status',
    why: says.more,
  },
  '{"cmd": "Get", "widget_nickname": "UV Light", "field_name": "Actual Status"}': {
    reply: "No Reading",
    why: says.printout,
  },
  '{"cmd": "Bogus", "printout": false}': {
    reply: 'Error: Cannot run "Bogus": "cmd" must be one of Get, Set, Confirm, Eval, Exec, Close',
    why: says.falseReply,
  },
  '{"cmd": "Eval", "code": "nonsense(", "printout": false}': {
    reply: "Error: SyntaxError: invalid syntax (line 1)",
    why: says.microPython,
  },
  '{"cmd": "Eval", "code": "1+1", "printout": false}': { reply: "2", closes: false, why: says.anyValue },
  "not json": {
    reply: 'Error: Cannot read the message: it must be a JSON object, {"cmd": …}',
    closes: false,
    why: says.staysConnected,
  },
  '{"foo": 1}': {
    reply: 'Error: Cannot tell what to do: "cmd" is missing; it is one of Get, Set, Confirm, Eval, Exec, Close',
    closes: false,
    why: says.staysConnected,
  },
  '{"cmd": "Get", "widget_nickname": "UV Light", "field_name": "Actual Status", "printout": false}{"cmd": "Get", "widget_nickname": "UV Light", "field_name": "Actual Status", "printout": false}':
    { reply: "No ReadingNo Reading", closes: false, why: says.staysConnected },
};

async function replay(
  t: Deno.TestContext,
  file: string,
  port: number,
  departure: (send: string) => Departure | undefined,
): Promise<Set<string>> {
  const entries = JSON.parse(await Deno.readTextFile(new URL(`tests/data/${file}`, top))) as Entry[];
  const used = new Set<string>();
  let client = await RawClient.connect(port);
  for (const entry of entries) {
    const pieces = typeof entry.send === "string" ? [entry.send] : entry.send;
    const send = pieces.join("");
    const departs = departure(send);
    used.add(send);
    const expected = departs?.reply ?? entry.reply!;
    const closes = departs?.closes ?? entry.closes ?? false;
    const name = `${JSON.stringify(pieces)}${departs === undefined ? "" : ` departs: ${departs.why}`}`;
    await t.step(name, async () => {
      for (const piece of pieces) {
        await client.send(piece);
        // Apart, so that the server sees as many segments.
        await new Promise((resolve) => setTimeout(resolve, pieces.length > 1 ? 20 : 0));
      }
      const length = typeof expected === "string" ? expected.length : 1;
      const reply = closes ? await client.rest() : await client.until((text) => text.length >= length);
      if (typeof expected === "string") strictEqual(reply, expected);
      else match(reply, expected);
    });
    if (!closes) continue;
    client[Symbol.dispose]();
    client = await RawClient.connect(port);
  }
  client[Symbol.dispose]();
  return used;
}

Deno.test("transcripts: azcam's command server, byte for byte but for the named departures", async (t) => {
  await using server = startServer({ instruments: [...demoInstruments(), probe()] });
  const used = await replay(t, "azcam-command-server.json", server.commandServer.port, (send) => azcam[send]);
  deepStrictEqual(Object.keys(azcam).filter((send) => !used.has(send)), [], "every departure is of an entry");
});

Deno.test("transcripts: PyOpticon's dashboard, byte for byte but for the named departures", async (t) => {
  await using server = startServer({ sandbox: {} });
  const used = await replay(t, "pyopticon-dashboard.json", server.dashboardServer.port, (send) => pyopticon[send]);
  deepStrictEqual(Object.keys(pyopticon).filter((send) => !used.has(send)), [], "every departure is of an entry");
});

Deno.test("transcripts: a float stays a float on azcam's wire and a number in JSON", () => {
  strictEqual(JSON.stringify({ a: new Float(1) }), '{"a":1}');
});
