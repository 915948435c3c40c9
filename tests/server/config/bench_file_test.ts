/** Bench files: what is wrong with them is said with its place, and what is right stands on the bench. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { BenchFileError, defineInstrument, loadBench } from "../../../mod.ts";
import { benchJsonSchema } from "../../../server/config/schema.ts";
import { starterBench } from "../../../server/config/starter.ts";
import { formProblems } from "../../../server/config/validate.ts";
import { Source } from "../../../server/files/source.ts";
import { benchSchema } from "../../../server/config/schema.ts";

/** Loads files from a folder of their own; the first is the bench. */
async function load(files: Record<string, string | Uint8Array>) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeFile(
        join(folder, name),
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    }
    return await loadBench(join(folder, Object.keys(files)[0]!));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is wrong with a bench file, without the folder's name. */
async function problems(files: Record<string, string | Uint8Array> | string): Promise<string> {
  try {
    await load(typeof files === "string" ? { "bench.json": files } : files);
  } catch (error) {
    assert.ok(error instanceof BenchFileError, String(error));
    const lines = error.message.split("\n");
    assert.equal(new Set(lines).size, lines.length, `something is told twice:\n${error.message}`);
    return error.message.replaceAll(/\/[^ :]*\/|[A-Z]:\\[^ :]*\\/g, "");
  }
  return "nothing";
}

/** An instrument on a line of its own, so that its line is known: the second. */
const one = (instrument: string) => `{ "ports": { "mks": "serial://COM3" }, "instruments": [\n${instrument}\n] }`;
const described = (more: string) => one(`{ "title": "A", "port": "tcp://x:1", ${more} }`);
const field = (text: string) => described(`"fields": { "V": ${text} }`);

const mistakes: readonly (readonly [string, string, string | RegExp])[] = [
  ["an empty file", "", "bench.json:1:1: a value should stand here"],
  ["a list", "[1]", "bench.json:1:1: should be an object in { }, and is a list"],
  ["no instruments", "{}", "bench.json:1:1: instruments: is missing: instruments should be a list in [ ]"],
  [
    "an instrument alone",
    '{ "title": "A", "port": "tcp://x:1", "fields": { "V": { "read": "V?" } } }',
    'bench.json:1:1: is one instrument: a bench has a list of them, { "instruments": [ {…} ] }',
  ],
  ["an empty bench", '{ "instruments": [] }', "bench.json:1:3: instruments: should not be empty"],
  ["a missing comma", '{\n  "name": "x"\n  "instruments": []\n}', "bench.json:3:3: a comma is missing before this"],
  ["a missing bracket", '{ "instruments": [\n{ "title": "A" }\n', /^bench\.json:3:1: a \] is missing here/],
  ["single quotes", "{ 'name': 1 }", /^bench\.json:1:3: this is neither a text in double quotes nor/],
  ["a text without its end", '{ "name": "x\n }', /^bench\.json:1:11: this text has no end/],
  ["a backslash of Windows", '{ "name": "C:\\lab" }', /this escape is not known: write \\\\ for a backslash/],
  [
    "a key twice",
    '{ "name": "x",\n"name": "y", "instruments": [{ "title": "A", "driver": "simulated-tempcon" }] }',
    "bench.json:2:1: name stands here twice; only one would count",
  ],
  [
    "a wrong key",
    '{ "insruments": [] }',
    /bench\.json:1:3: insruments: is not known here \(did you mean instruments\?\)/,
  ],
  [
    "a word for a line that resembles none",
    described('"line": { "xyz": 2 }, "fields": { "V": { "read": "V?" } }'),
    /line\.xyz: is not known here; there is gap, .*, sendEnd, .*, receiveEnd/,
  ],
  [
    "a wrong type",
    '{ "name": 5, "instruments": [] }',
    /bench\.json:1:3: name: should be text in double quotes, and is 5/,
  ],
  [
    "a title without letters",
    one('{ "title": "°", "driver": "iot-relay", "port": "mks" }'),
    /title: a title needs a letter or a digit/,
  ],
  [
    "a field's key",
    field('{ "read": "V?", "unti": "V" }'),
    /^bench\.json:2:71: instruments\[0\]\.fields\.V\.unti: is not known here \(did you mean unit\?\); there is unit, units, bits, on, .*type, .*, calibration, needsConfirm$/,
  ],
  [
    "a wrong word in a length",
    field('{ "read": { "ask": "V?", "length": { "at": 2, "plus": -5 } } }'),
    /fields\.V\.read\.length\.plus: should be at least 0, and is -5$/,
  ],
  [
    "a wrong word in the length of what a write is answered",
    field('{ "write": { "send": "V {value}", "answer": "OK", "length": { "at": "2" } } }'),
    /fields\.V\.write\.length\.at: should be a number, and is "2"$/,
  ],
  [
    "a value that the answer is too short for",
    described('"line": { "length": 8 }, "fields": { "V": { "kind": "int32", "read": { "ask": "c", "at": 6 } } }'),
    /fields\.V\.read: the value ends behind 10 bytes, and the answer has 8 \("length"\)$/,
  ],
  [
    "a computed field of a field that is not there",
    described('"fields": { "Volts": { "read": "V?" }, "P": { "compute": "vlts * 2" } }'),
    /^bench\.json:2:\d+: instruments\[0\]\.fields\.P\.compute: A has no field vlts \(did you mean volts\?\); it has volts, p$/,
  ],
  [
    "a computed field of another type",
    described('"fields": { "Volts": { "read": "V?" }, "P": { "type": "int", "compute": "volts > 2" } }'),
    /fields\.P\.compute: its value is true or false, and P is of the type int: "type": "switch" would be right$/,
  ],
  [
    "a field that is computed from itself, by way of another instrument",
    one(
      '{ "title": "A", "fields": { "X": { "compute": "b.y + 1" } } }, { "title": "B", "fields": { "Y": { "compute": "a.x" } } }',
    ),
    /^bench\.json:2:\d+: instruments\[0\]\.fields\.X\.compute: is computed from itself: a\.x ← b\.y ← a\.x$/,
  ],
  [
    "what is computed and read",
    field('{ "compute": "1 + 1", "read": "V?" }'),
    /fields\.V\.read: has no meaning beside "compute"$/,
  ],
  [
    "a line without a port",
    one('{ "title": "A", "line": { "gap": 1 }, "fields": { "X": { "compute": "1.5" } } }'),
    /instruments\[0\]\.line: has a meaning only beside a port, and what is computed needs none$/,
  ],
  [
    "a readback that is not there",
    described(
      '"fields": { "Set": { "write": "S{value}", "readback": { "field": "Levle" } }, "Level": { "read": "L?" } }',
    ),
    /fields\.Set\.readback\.field: there is no field "Levle" \(did you mean Level\?\)$/,
  ],
  [
    "a readback of another type",
    described(
      '"fields": { "Set": { "write": "S{value}", "readback": { "field": "on" } }, "On": { "type": "switch", "read": "O?" } }',
    ),
    /fields\.Set\.readback\.field: Set is of the type float, and On of the type switch$/,
  ],
  [
    "a readback of itself",
    field('{ "write": "V{value}", "readback": { "field": "V" } }'),
    /fields\.V\.readback\.field: is the setting itself: name the field by which the device tells$/,
  ],
  [
    "a tolerance of a text",
    described(
      '"fields": { "N": { "type": "text", "write": "{value}", "readback": { "field": "M", "tolerance": 1 } }, "M": { "type": "text", "read": "M?" } }',
    ),
    /fields\.N\.readback\.tolerance: has a meaning for numbers only, and N is of the type text$/,
  ],
  [
    "a readback of what is only read",
    field('{ "read": "V?", "readback": { "field": "V" } }'),
    /fields\.V\.readback: has a meaning only beside what is set$/,
  ],
  [
    "a field's type",
    field('{ "type": "flot", "read": "V?" }'),
    /fields\.V\.type: should be one of float, int, text, choice, switch, and is "flot" \(did you mean float\?\)/,
  ],
  [
    "a field that does nothing",
    field('{ "unit": "V" }'),
    /fields\.V: can neither be read nor set: it needs "read", "listen", "write" or "compute"/,
  ],
  [
    "a key of another type",
    field('{ "read": "V?", "choices": ["a"] }'),
    /fields\.V\.choices: has no meaning for the type float, only for choice/,
  ],
  [
    "a choice without choices",
    field('{ "type": "choice", "read": "V?" }'),
    /fields\.V: is a choice and needs "choices"/,
  ],
  [
    "two equal choices",
    field('{ "type": "choice", "choices": { "a": 1, "b": "1" }, "read": "V?" }'),
    /fields\.V\.choices\.b: two choices are "1" for the instrument/,
  ],
  [
    "limits the wrong way round",
    field('{ "minimum": 5, "maximum": 1, "read": "V?" }'),
    /fields\.V\.minimum: 5 is more than the maximum of 1/,
  ],
  [
    "a place that there is not",
    field('{ "write": "V {vale}" }'),
    /fields\.V\.write: "V \{vale\}" has a place \{vale\}, and there is \{value\}, \{v\} \(did you mean value\?\)/,
  ],
  [
    "a write without a place",
    field('{ "write": "V 5" }'),
    /fields\.V\.write: sends the same whatever is set: it needs a place for it, \{value\}/,
  ],
  [
    "a terminator in a command",
    field('{ "write": "V {value}\\n" }'),
    /fields\.V\.write: "V \{value\}\\n" holds the end of a command, "\\n", which is sent by itself/,
  ],
  [
    "a regular expression",
    field('{ "read": { "ask": "V?", "pattern": "(" } }'),
    /bench\.json:2:\d+: instruments\[0\]\.fields\.V\.read\.pattern: is no regular expression: .*Unterminated group/,
  ],
  [
    "a group that there is not",
    field('{ "read": { "ask": "V?", "pattern": "(x)", "group": 2 } }'),
    /read\.group: the pattern has no group 2: it has 1/,
  ],
  [
    "a named group that there is not",
    field('{ "read": { "ask": "V?", "pattern": "(?<volts>x)", "group": "volt" } }'),
    /read\.group: the pattern has no group volt \(did you mean volts\?\)/,
  ],
  [
    "a group without a pattern",
    field('{ "read": { "ask": "V?", "group": 1 } }'),
    /read\.group: needs a pattern beside it/,
  ],
  [
    "a calibration that turns",
    field('{ "read": "V?", "calibration": [[0,0],[1,2],[2,1]] }'),
    /fields\.V\.calibration: gives 2 for 1 and 1 for 2: its second column must only rise or only fall/,
  ],
  [
    "a calibration of one point",
    field('{ "read": "V?", "calibration": [[0,0]] }'),
    /fields\.V\.calibration: should have at least 2 entries/,
  ],
  [
    "an initial value beyond the limits",
    field('{ "write": "V {value}", "maximum": 3, "initial": 4 }'),
    /fields\.V\.initial: 4 is above its maximum of 3/,
  ],
  [
    "an initial value of a readout",
    field('{ "read": "V?", "initial": 4 }'),
    /fields\.V\.initial: has a meaning only beside "write"/,
  ],
  ["a poll of nothing", field('{ "read": "V?", "poll": 0 }'), /fields\.V\.poll: should be at least 0\.01, and is 0/],
  [
    "two fields of one name",
    described('"fields": { "A b": { "read": "V?" }, "a B": { "read": "V?" } }'),
    /Cannot declare A: two fields are called a_b/,
  ],
  [
    "a command's name",
    described('"commands": { "go now": { "summary": "x", "send": "G" } }'),
    /commands\["go now"\]: is no name: letters, digits and _ only/,
  ],
  [
    "a command that every instrument has",
    described('"commands": { "get": { "summary": "x", "send": "G" } }'),
    /Cannot declare get of A: every instrument has it/,
  ],
  [
    "a command that does nothing",
    described('"commands": { "go": { "summary": "x" } }'),
    /commands\.go: does nothing: it needs "send" or "ask"/,
  ],
  [
    "an argument that is not used",
    described('"commands": { "go": { "summary": "x", "arguments": { "a": {} }, "send": "G" } }'),
    /commands\.go\.arguments\.a: is used nowhere: write \{a\} where it belongs/,
  ],
  [
    "what is returned without being asked",
    described('"commands": { "go": { "summary": "x", "send": "G", "returns": {} } }'),
    /commands\.go\.returns: has a meaning only beside "ask"/,
  ],
  [
    "neither fields nor a driver",
    described('"pollInterval": 2'),
    /instruments\[0\]: A has neither fields nor commands; describe them, or name a driver: aalborg-dpc, /,
  ],
  [
    "a driver that there is not",
    one('{ "title": "A", "driver": "alborg-dpc", "port": "mks" }'),
    /bench\.json:2:17: instruments\[0\]\.driver: there is no driver alborg-dpc \(did you mean aalborg-dpc\?\): it is aalborg-dpc, /,
  ],
  [
    "an option that a ready-made instrument does not have",
    one('{ "title": "exposure", "driver": "simulated-camera", "options": { "colums": 5 } }'),
    /bench\.json:2:\d+: instruments\[0\]\.options\.colums: is not known here \(did you mean columns\?\)/,
  ],
  [
    "an option of a ready-made instrument that cannot be",
    one('{ "title": "exposure", "driver": "simulated-camera", "options": { "gain": 0 } }'),
    /bench\.json:2:\d+: instruments\[0\]\.options\.gain: /,
  ],
  [
    "amplifiers that do not share the columns",
    one('{ "title": "exposure", "driver": "simulated-camera", "options": { "columns": 5, "amplifiersX": 2 } }'),
    /instruments\[0\]\.options: .*2 by 1 amplifiers do not share 5 columns and 1024 rows evenly/,
  ],
  [
    "a port for a ready-made instrument",
    one('{ "title": "exposure", "driver": "simulated-camera", "port": "tcp://x:1" }'),
    /instruments\[0\]\.port: has no meaning beside simulated-camera: it takes title and options/,
  ],
  [
    "a caption without anything to read",
    one('{ "title": "A", "caption": " ", "driver": "simulated-tempcon" }'),
    /instruments\[0\]\.caption: a caption needs something to read; it is " "$/,
  ],
  [
    "a main value that a described instrument does not have",
    one('{ "title": "A", "port": "tcp://x:1", "main": ["Volt"], "fields": { "Volts": { "read": "V?" } } }'),
    /instruments\[0\]\.main\[0\]: there is no field "Volt" \(did you mean Volts\?\)/,
  ],
  [
    "a main value that a ready-made instrument does not have",
    one('{ "title": "A", "driver": "simulated-tempcon", "main": ["camtemp", "dewtmp"] }'),
    /instruments\[0\]\.main\[1\]: there is no field "dewtmp" \(did you mean dewtemp\?\)/,
  ],
  [
    "a keyword that no header can have",
    field('{ "read": "V?", "keyword": "TEMPERATURE" }'),
    /instruments\[0\]\.fields\.V\.keyword: the FITS keyword "TEMPERATURE" is not made of 1 to 8/,
  ],
  [
    "a driver's file that there is not",
    one('{ "title": "A", "driver": "./mine.json", "port": "mks" }'),
    /bench\.json:2:17: instruments\[0\]\.driver: there is no file mine\.json/,
  ],
  [
    "a driver of code that there is not",
    one('{ "title": "A", "driver": "./mine.ts" }'),
    /bench\.json:2:17: instruments\[0\]\.driver: there is no file mine\.ts/,
  ],
  [
    "no port",
    one('{ "title": "A", "driver": "iot-relay" }'),
    /instruments\[0\]: port is missing: where A is, for example serial:.*ttyACM0/,
  ],
  [
    "a port's name",
    one('{ "title": "A", "driver": "iot-relay", "port": "mk" }'),
    /instruments\[0\]\.port: Cannot use the address "mk": .*; ports has mks \(did you mean mks\?\)/,
  ],
  [
    "a parameter's name",
    one('{ "title": "A", "driver": "mks-946", "port": "mks", "parameters": { "chanel": "A1" } }'),
    /parameters\.chanel: is no parameter of this driver \(did you mean channel\?\)/,
  ],
  [
    "a parameter's value",
    one('{ "title": "A", "driver": "mks-946", "port": "mks", "parameters": { "channel": "D1" } }'),
    /parameters\.channel: is "D1", and should match \[A-C\]\[12\]/,
  ],
  [
    "one port spoken on in two ways",
    one(
      '{ "title": "A", "driver": "mks-946", "port": "mks" },\n{ "title": "B", "driver": "iot-relay", "port": "mks" }',
    ),
    "bench.json:3:40: instruments[1].port: B and A share this port, and speak on it differently",
  ],
  [
    "two of one name",
    one(
      '{ "title": "UV Light", "driver": "iot-relay", "port": "mks" },\n{ "title": "uv light", "driver": "iot-relay", "port": "mks" }',
    ),
    "bench.json:3:3: instruments[1].title: uv light is called uv_light, as is UV Light",
  ],
  [
    "the name api",
    one('{ "title": "API", "driver": "iot-relay", "port": "mks" }'),
    /title: API is called api, as is api, which answers commands without an instrument/,
  ],
  [
    "times in milliseconds",
    described('"line": { "timeout": 500, "gap": 100 }, "fields": { "V": { "read": "V?" } }'),
    /line\.timeout: should be at most 120, and is 500: more than 120 s is hardly meant: it is in seconds\n.*line\.gap: should be at most 10|line\.gap: should be at most 10, and is 100: .*\n.*line\.timeout: should be at most 120/,
  ],
  [
    "an end in letters",
    described('"line": { "sendEnd": "\\\\r" }, "fields": { "V": { "read": "V?" } }'),
    /line\.sendEnd: these are letters: a carriage return is "\\r", a line feed "\\n"/,
  ],
  [
    "an end by its name",
    described('"line": { "receiveEnd": "CR" }, "fields": { "V": { "read": "V?" } }'),
    /line\.receiveEnd: these are letters/,
  ],
  [
    "a parameter of its own without a value",
    described('"parameters": { "ch": { "pattern": "A[12]" } }, "fields": { "V": { "read": "V{ch}?" } }'),
    /parameters\.ch: is missing: it should match A\[12\]/,
  ],
  [
    "a parameter's pattern",
    described(
      '"parameters": { "ch": { "pattern": "A[12", "default": "A1" } }, "fields": { "V": { "read": "V{ch}?" } }',
    ),
    /parameters\.ch: its pattern is no regular expression/,
  ],
  ["fields without any", described('"fields": {}'), /A has neither fields nor commands/],
  [
    "a word's beginning",
    field('{ "read": "V?", "min": 0 }'),
    /fields\.V\.min: is not known here \(did you mean minimum\?\)/,
  ],
  [
    "an address's setting",
    one('{ "title": "A", "driver": "iot-relay", "port": "serial://COM3?baudrate=9600" }'),
    /baudrate is none of baud, .*did you mean baud\?/,
  ],
  [
    "a port without its kind",
    one('{ "title": "A", "driver": "iot-relay", "port": "/dev/ttyUSB0" }'),
    /: write serial:/,
  ],
  [
    "letters beyond Latin-1 in a command",
    field('{ "read": "5Ω?" }'),
    /fields\.V\.read: "5Ω\?": Latin-1 is without "Ω"; is "encoding": "utf8" meant in "line"\?/,
  ],
  [
    "letters beyond Latin-1 in an end",
    described('"line": { "sendEnd": "Ω" }, "fields": { "V": { "read": "V?" } }'),
    /line\.sendEnd: Cannot send "Ω": Latin-1 is without "Ω"/,
  ],
  [
    "half a byte in an end",
    described('"line": { "sendEnd": "\\\\xF" }, "fields": { "V": { "read": "V?" } }'),
    /line\.sendEnd: these are letters: .*the byte FF "\\\\xFF"/,
  ],
  [
    "an observer's command that sends",
    described('"commands": { "go": { "summary": "x", "send": "G", "role": "observer" } }'),
    /commands\.go\.role: lets those send who may only read/,
  ],
  [
    "a pattern that looks ahead",
    field('{ "read": { "ask": "V?", "pattern": "^V(?=\\\\d)(.*)$" } }'),
    /bench\.json:2:\d+: instruments\[0\]\.fields\.V\.read\.pattern: has \(\?=\\d\), which looks ahead: .*put a group around/,
  ],
  [
    "a pattern that refers back",
    described('"handshake": { "ask": "*IDN?", "pattern": "^(a|b)\\\\1$" }, "fields": { "V": { "read": "V?" } }'),
    /bench\.json:2:\d+: instruments\[0\]\.handshake\.pattern: has \\1, which stands for what a group has matched: .*write out/,
  ],
  [
    "a pattern that counts too far",
    field('{ "type": "text", "write": "V {value}", "allow": "a{1001}" }'),
    /bench\.json:2:\d+: instruments\[0\]\.fields\.V\.allow: has \{1001\}, and 1000 is the highest count; write \+ or \*/,
  ],
  [
    "bytes of which one may be what ends the answer",
    field('{ "kind": "float32", "read": "V?" }'),
    /bench\.json:2:\d+: instruments\[0\]\.fields\.V\.read: is float32 in bytes, and the answer ends at the first "\\n", which may be one of them: give "length", how many bytes the answer has; read as \{ "ask"/,
  ],
  [
    "bytes that several lines hold",
    field('{ "type": "int", "kind": "uint8", "read": { "ask": "V?", "lines": 2, "at": 0 } }'),
    /fields\.V\.read: is uint8 in bytes, .*give "length", how many bytes the answer has$/,
  ],
  [
    "a choice of bytes of which one is what ends the answer",
    field('{ "type": "choice", "kind": "uint8", "choices": { "A": 9, "B": 10 }, "read": "V?" }'),
    /fields\.V\.read: is uint8 in bytes/,
  ],
  [
    "a pattern whose group JavaScript would have forgotten",
    field('{ "read": { "ask": "V?", "pattern": "^(?:(\\\\d)|x)+$" } }'),
    /bench\.json:2:\d+: instruments\[0\]\.fields\.V\.read\.group: the pattern's group 1 may be left out of the last time .*not the same in JavaScript: put a group/,
  ],
  [
    "a parameter's pattern that looks behind",
    described(
      '"parameters": { "ch": { "pattern": "(?<!A)1", "default": "1" } }, "fields": { "V": { "read": "V{ch}?" } }',
    ),
    /bench\.json:2:\d+: instruments\[0\]\.parameters\.ch: its pattern has \(\?<!A\), which looks behind/,
  ],
  [
    "options without code",
    one('{ "title": "A", "driver": "iot-relay", "port": "mks", "options": {} }'),
    /options: has a meaning only beside a driver that is code/,
  ],
];
for (const [what, text, expected] of mistakes) {
  Deno.test(`bench file: ${what}`, async () => {
    const found = await problems(text);
    if (typeof expected === "string") assert.equal(found, expected);
    else assert.match(found, expected);
  });
}

Deno.test("bench file: all mistakes are told at once, in the order of the file", async () => {
  const lines = (await problems(`{
    "instruments": [
      { "title": "A", "port": "tcp://x:1", "fields": { "V": { "write": "V" } } },
      { "title": "B", "driver": "nothing", "port": "tcp://x:1" },
      { "title": "C", "driver": "iot-relay" }
    ]
  }`)).split("\n");
  assert.deepEqual(lines.map((line) => /:(\d+):/.exec(line)![1]), ["3", "4", "5"]);
});

Deno.test("bench file: mistakes of every kind are told at once, and none that comes only from another one", async () => {
  const found = (await problems(`{ "name": 5, "name": 6,
    "ports": { "bus": 5 },
    "instruments": [
      { "title": "Guards", "driver": "iot-relay", "port": "tcp://x:9" },
      { "title": "B", "port": "tcp://x:2", "pol": 3, "fields": {
          "V": { "unitt": "V", "typ": "text", "read": "V?" },
          "W": { "scale": 0, "min": 3, "keyword": "TOO LONG", "read": { "ask": "W?", "pattern": "(", "group": 1 } },
          "X": { "type": "choice", "read": "X?" },
          "Z": { "unit": 7, "write": "Z {val}" } },
        "handshake": { "ask": "{q}", "pattern": "x" },
        "commands": { "go": { "summary": "Go" } } },
      { "title": "C", "port": "bus", "fields": { "V": { "read": "V?" } } },
      { "title": "D", "port": "tcp://x:3", "fields": { "V": { "read": "V?", "poll": "often" } } },
      { "title": "E", "port": "tcp://x:4", "feilds": { "V": { "read": "V?" } } },
      { "title": "b", "driver": "iot-relays", "port": "tcp://x:5" },
      5
    ] }`)).split("\n").map((line) =>
    line.replace(/^bench\.json:(\d+):\d+: /, "$1 ").replace(/instruments\[\d\]\.?/, "")
  );
  const expected = [
    /^1 name: should be text/,
    /^1 name stands here twice/,
    /^2 ports\.bus: should be text/,
    /^4 title: Guards is called guards, and that name is kept/,
    /^5 pol: is not known here/,
    /^6 fields\.V\.unitt: is not known here \(did you mean unit\?\)/,
    /^6 fields\.V\.typ: is not known here \(did you mean type\?\)/,
    /^7 fields\.W\.scale: 0 would make every value the same/,
    /^7 fields\.W\.min: is not known here/,
    /^7 fields\.W\.keyword: the FITS keyword/,
    /^7 fields\.W\.read\.pattern: is no regular expression/,
    /^8 fields\.X: is a choice and needs "choices"/,
    /^9 fields\.Z\.unit: should be text/,
    /^9 fields\.Z\.write: "Z \{val\}" has a place \{val\}/,
    /^10 handshake\.ask: "\{q\}" has a place \{q\}/,
    /^11 commands\.go: does nothing/,
    /^13 fields\.V\.poll: should be a number/,
    /^14 feilds: is not known here \(did you mean fields\?\)/,
    /^15 title: b is called b, as is B/,
    /^15 driver: there is no driver iot-relays \(did you mean iot-relay\?\)/,
    /^16 : should be an object/,
  ];
  assert.equal(found.length, expected.length, found.join("\n"));
  for (const [at, each] of expected.entries()) assert.match(found[at]!, each);
});

Deno.test("bench file: files that are not there, folders, and files of its own driver", async () => {
  assert.match(
    await loadBench("/nowhere/bench.json").catch((error) => error.message),
    /^\/nowhere\/bench\.json: there is no such file; "heliograph init" writes one to begin with$/,
  );
  const folder = await Deno.makeTempDir();
  assert.match(
    await loadBench(folder).catch((error) => error.message),
    /is a folder; name the file in it|cannot be read/,
  );
  await Deno.remove(folder);
  const bench = one('{ "title": "A", "driver": "./meter.json", "port": "mks" }');
  assert.match(
    await problems({ "bench.json": bench, "meter.json": '{ "fields": {\n"V": { "reed": "V?" } } }' }),
    /^meter\.json:2:8: fields\.V\.reed: is not known here \(did you mean read\?\); there is read, [a-zA-Z, ]+$/,
  );
  assert.match(
    await problems({ "bench.json": bench, "meter.json": '{ "fields": {\n"V": { "write": "V?" } } }' }),
    /^meter\.json:2:8: fields\.V\.write: sends the same whatever is set/,
  );
});

/** Patterns that can never match, and some that may, by what ends an answer. */
const ends: readonly (readonly [string, string, boolean])[] = [
  ["\r", "^(\\d+)\\r\\n>$", false],
  ["\n", "^(\\d+)\\n>$", false],
  ["\n", "x\\r$", false],
  ["\n", "^(?:a\\r|b\\r\\x0a)$", true],
  ["\n", "^(?:a\\n|b\\r\\x0a)$", false],
  ["\n", "a\\r?$|b", true],
  ["\n", "(\\d+)\\s*$", true],
  ["\n", "(\\d+)[\\r\\n]*$", true],
  ["\n", "(\\d+)[\\n]$", false],
  ["\n", "(?:\\d+\\n)*", true],
  ["\n", "(?:\\d+\\n){2}", false],
  ["\r", "^\\n(\\d+)", false],
  ["\r", "^x\\n(\\d+)", true],
  ["\r\n", "(\\d+)\\r\\n", false],
  ["\r\n", "(\\d+)\\r", true],
  ["\r\n", "(?:(\\d+)\\r)(?:\\n)", false],
  [";FF", "^@001ACK(.*);FF$", false],
  [";FF", "^@001ACK(.*);(?:F+)", true],
];

Deno.test("bench file: a pattern that asks for what ends an answer is told, and one that may match is not", async () => {
  for (const [end, pattern, right] of ends) {
    const found = await problems(described(
      `"line": { "receiveEnd": ${JSON.stringify(end)} }, "fields": { "V": { "read": { "ask": "V?", "pattern": ${
        JSON.stringify(pattern)
      } } } }`,
    ));
    if (right) assert.equal(found, "nothing", pattern);
    else {assert.match(
        found,
        /fields\.V\.read\.pattern: never matches: it asks for "[^ ]+"[ ,].*leave (?:that|it) out$/,
        pattern,
      );}
  }
  assert.match(
    await problems(
      described(
        '"fields": { "V": { "listen": { "pattern": "x=(.*)\\n" } } }, "handshake": { "ask": "?", "pattern": "\\n" }',
      ),
    ),
    /fields\.V\.listen\.pattern: never matches.*\n.*handshake\.pattern: never matches/,
  );
});

/** A bench file in several encodings, with a degree sign in its second line. */
const degrees = one('{ "title": "Ofen °C", "port": "tcp://x:1", "fields": { "T": { "unit": "°C", "read": "T?" } } }');
const bytewise = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const utf16 = (text: string, littleEndian: boolean, mark = "\ufeff") => {
  const view = new DataView(new ArrayBuffer(2 * (mark + text).length));
  for (const [at, character] of [...mark + text].entries()) {
    view.setUint16(2 * at, character.charCodeAt(0), littleEndian);
  }
  return new Uint8Array(view.buffer);
};
const encodings: readonly (readonly [string, string | Uint8Array, string | RegExp])[] = [
  ["UTF-8", degrees, "nothing"],
  ["UTF-8 with its mark", `\ufeff${degrees}`, "nothing"],
  ["line ends of an old Macintosh", degrees.replaceAll("\n", "\r"), "nothing"],
  [
    "line ends of an old Macintosh, and a mistake",
    `{ // x\r"instruments": [] }`,
    "bench.json:2:1: instruments: should not be empty",
  ],
  [
    "Latin-1",
    bytewise(degrees),
    /^bench\.json:2:18: is not UTF-8: it has the byte B0 here, byte 73 from 0, which is ° in Latin-1 and Windows-1252; save it as UTF-8$/,
  ],
  [
    "Windows-1252",
    bytewise(degrees.replace("Ofen ", "Ofen \x96 ")),
    /^bench\.json:2:18: is not UTF-8: it has the byte 96 here, byte 73 from 0, which is – in Windows-1252; save it as/,
  ],
  ["UTF-8 cut off", bytewise('{ "name": "\xc2'), /^bench\.json:1:12: is not UTF-8: it has the byte C2 here, byte 11/],
  ["UTF-16 LE", utf16(degrees, true), "bench.json:1:1: is UTF-16 LE, as its byte-order mark says; save it as UTF-8"],
  ["UTF-16 BE", utf16(degrees, false), "bench.json:1:1: is UTF-16 BE, as its byte-order mark says; save it as UTF-8"],
  ["UTF-16 LE without its mark", utf16(degrees, true, ""), /^bench\.json:1:1: is UTF-16 LE, without its mark; save/],
  ["UTF-16 BE without its mark", utf16(degrees, false, ""), /^bench\.json:1:1: is UTF-16 BE, without its mark; save/],
  ["a NUL", '{ "name":\n"x\0" }', /^bench\.json:2:3: holds a NUL, byte 12 from 0, and is no text/],
  [
    "a no-break space",
    '{\n\u00a0"name": "x" }',
    /^bench\.json:2:1: here is U\+00A0, a blank of another kind: write a plain/,
  ],
  [
    "quotes of a word processor",
    '{ "name": “x” }',
    /^bench\.json:1:11: here is U\+201C, a typographic quote: write a pl/,
  ],
];
for (const [what, content, expected] of encodings) {
  Deno.test(`bench file: its encoding: ${what}`, async () => {
    const found = await problems({ "bench.json": content });
    if (typeof expected === "string") assert.equal(found, expected);
    else assert.match(found, expected);
  });
}

Deno.test("bench file: what it says goes over what the driver says, key by key", async () => {
  const { instruments, name, server, code, serialPorts } = await load({
    "bench.json": `{
      // Comments, and trailing commas, and a name.
      "name": "Reactor",
      "server": { "commandPort": 2412, },
      "code": { "languages": ["python"], "deadline": 2 },
      "ports": { "mks": "serial://COM3?baud=19200" },
      "instruments": [
        { "title": "Valve", "driver": "valco-valve", "port": "mks", "parameters": { "id": "3" },
          "fields": {
            "Position Selection": { "choices": { "Thru Reactor": "A", "Bypass Reactor": "B" }, "initial": "Bypass Reactor" },
            "Actual Position": { "choices": { "Thru Reactor": "A", "Bypass Reactor": "B" } },
            "Temperature": { "read": "{id}T", "unit": "°C" } } },
        { "title": "Meter", "driver": "./meter.json", "port": "tcp://x:1", "pollInterval": 5 },
      ],
    }`,
    "meter.json":
      '{ "$schema": "x", "summary": "a meter", "pollInterval": 1, "fields": { "V": { "read": "V?", "log": false, "poll": 9 } } }',
  });
  assert.equal(name, "Reactor");
  assert.deepEqual(server, { commandPort: 2412 });
  assert.deepEqual(code, { languages: ["python"], deadline: 2 });
  assert.deepEqual(serialPorts, ["COM3"]);
  const [valve, meter] = instruments;
  assert.deepEqual(valve!.field("Position Selection").spec.choices, ["Thru Reactor", "Bypass Reactor"]);
  assert.equal(valve!.field("Position Selection").value, "Bypass Reactor");
  assert.equal(valve!.field("Temperature").spec.unit, "°C");
  assert.deepEqual([meter!.pollInterval, meter!.summary, meter!.shortestInterval], [5, "a meter", 9]);
  assert.equal(meter!.field("V").spec.log, false);
});

Deno.test("bench file: the starter is right as it is, and when its example is used", async () => {
  const { instruments } = await load({ "bench.json": starterBench });
  assert.deepEqual(instruments.map(({ title }) => title), ["Methane MFC", "Argon MFC", "Oxygen MFC"]);
  // As its comment says: remove the // and put a comma above.
  const [head, example] = starterBench.split(/\n\n[^\n]*An instrument that heliograph does not know[^\n]*\n/);
  const all = await load({ "bench.json": `${head},\n${example!.replaceAll(/^ {4}\/\/ /gm, "    ")}` });
  assert.deepEqual(all.instruments.at(-1)!.allFields.map(({ title }) => title), ["Voltage", "Current", "Output"]);
});

Deno.test("schema: editors complete from it what the program takes, and every key is explained", () => {
  const schema = benchJsonSchema();
  assert.match(JSON.stringify(schema), /"\$schema":"http:\/\/json-schema\.org\/draft-07\/schema#"/);
  const unexplained: string[] = [];
  const walk = (node: unknown, path: string) => {
    if (typeof node !== "object" || node === null) return;
    const { properties = {} } = node as { properties?: Record<string, { description?: string }> };
    for (const [key, value] of Object.entries(properties)) {
      if (value.description === undefined) unexplained.push(`${path}.${key}`);
    }
    for (const [key, value] of Object.entries(node)) walk(value, key === "properties" ? path : `${path}.${key}`);
  };
  walk(schema, "");
  assert.deepEqual(unexplained, []);
  const source = Source.parse("bench.json", starterBench);
  assert.deepEqual(formProblems(benchSchema, source.value, source), []);
});

const stage = `
import type { Anything } from "heliograph";
import { factor } from "./factor.ts";
export default function ({ defineInstrument, command, InstrumentError }: Anything, { title, options }: { title: string; options: { speed: number } }) {
  let position = 0;
  return defineInstrument({
    title,
    fields: { Position: { type: "float", unit: "mm", read: () => position } },
    commands: { move: command({ summary: "Move", arguments: { to: { type: "float" } }, run: ({ to }: { to: number }) => {
      if (to > 25) throw new InstrumentError("the stage ends at 25 mm");
      position = to * factor * options.speed;
    } }) },
  });
}`;
const stageBench = one('{ "title": "Stage", "driver": "./stage.ts", "options": { "speed": 2 } }');

Deno.test("a driver of one's own: TypeScript with a file beside it", async () => {
  const { instruments, close } = await load({
    "bench.json": stageBench,
    "stage.ts": stage,
    "factor.ts": "export const factor: number = 3;",
  });
  await close();
  assert.deepEqual(instruments[0]!.commandNames().slice(0, 1), ["move"]);
});

Deno.test("bench file: a caption stands over any instrument, and it says what matters most; by default the title, or its driver's", async () => {
  const driver = (caption: string) =>
    `export default ({ defineInstrument }, { title }) =>
      defineInstrument({ title, ${caption}, main: ["Two"], fields: { One: { type: "int" }, Two: { type: "int" } } });`;
  const { instruments, close } = await load({
    "bench.json": `{ "instruments": [
      { "title": "TC", "caption": "Reactor Thermocouple", "driver": "omega-usb-utc", "port": "tcp://x:1" },
      { "title": "tempcon", "caption": "Cryostat", "main": ["dewtemp"], "driver": "simulated-tempcon" },
      { "title": "Mine", "caption": "On my desk", "main": ["one"], "driver": "./mine.js" },
      { "title": "Own", "driver": "./own.js" },
      { "title": "UV Light", "driver": "iot-relay", "port": "tcp://x:2" }
    ] }`,
    "mine.js": driver("caption: 'Its own'"),
    "own.js": driver("caption: 'Its own'"),
  });
  await close();
  assert.deepEqual(
    instruments.map(({ name, title, caption, main }) => [name, title, caption, main]),
    [
      ["tc", "TC", "Reactor Thermocouple", undefined],
      ["tempcon", "tempcon", "Cryostat", ["dewtemp"]],
      ["mine", "Mine", "On my desk", ["one"]],
      ["own", "Own", "Its own", ["two"]],
      ["uv_light", "UV Light", "UV Light", undefined],
    ],
  );
});

const driverMistakes: readonly (readonly [string, string, RegExp])[] = [
  ["that cannot be read", "export default function (", /^stage\.ts:1:\d+: cannot be loaded: /],
  ["that throws when loaded", "throw new Error('boom');", /^stage\.ts:1:\d+: cannot be loaded: Error: boom$/],
  [
    "that imports what is not there",
    'import "./gone.ts"; export default 1;',
    /^stage\.ts:1:\d+: (cannot be loaded: .*gone\.ts|imports .*gone\.ts)/,
  ],
  [
    "that imports heliograph",
    'import { command } from "heliograph"; export default () => command;',
    /^stage\.ts:1:\d+: cannot be loaded: it need not import heliograph, which is its function's first argument/,
  ],
  ["without a default", "export const x = 1;", /^stage\.ts: exports nothing by default: begin with export default$/],
  ["that is no function", "export default 5;", /^stage\.ts: exports no function by default/],
  [
    "that fails",
    "export default () => { throw new RangeError('no stage'); };",
    /^stage\.ts:1:\d+: failed to make Stage: RangeError: no stage$/,
  ],
  [
    "that returns nothing",
    "export default () => {};",
    /^stage\.ts: returned no instrument: its function has to return defineInstrument/,
  ],
  [
    "with another title",
    "export default ({ defineInstrument }) => defineInstrument({ title: 'Table' });",
    /^stage\.ts: made an instrument called Table, and the bench file calls it Stage: pass title on$/,
  ],
];
for (const [what, text, expected] of driverMistakes) {
  Deno.test(`a driver of one's own ${what} is told with its file`, async () => {
    assert.match(await problems({ "bench.json": stageBench, "stage.ts": text }), expected);
  });
}

Deno.test("a bench file of code: a value, a function of heliograph, and instruments made by it", async () => {
  const table = await load({
    "bench.ts": `
      const ports = ["tcp://x:1", "tcp://x:2"];
      export default { name: "Code", instruments: ports.map((port, index) => ({ title: \`Relay \${index}\`, driver: "iot-relay", port })) };
    `,
  });
  assert.deepEqual(table.instruments.map(({ name }) => name), ["relay_0", "relay_1"]);
  const made = await load({
    "bench.js": `
      export default ({ defineInstrument }) => ({ instruments: [
        defineInstrument({ title: "Lamp", fields: { Burns: { type: "switch", initial: false, write: () => {} } } }),
        { title: "Relay", driver: "iot-relay", port: "tcp://x:1" },
      ] });
    `,
  });
  assert.deepEqual(made.instruments.map(({ name }) => name), ["lamp", "relay"]);
  assert.match(
    await problems({
      "bench.ts": 'export default { instruments: [{ title: "A", driver: "iot-rely", port: "tcp://x:1" }] };',
    }),
    /^bench\.ts: instruments\[0\]\.driver: there is no driver iot-rely \(did you mean iot-relay\?\)/,
  );
  assert.match(
    await problems({ "bench.ts": "export default () => { throw new Error('late'); };" }),
    /^bench\.ts: its function failed: Error: late$/,
  );
  assert.ok(defineInstrument({ title: "x" }));
});

Deno.test("bench file: a mistake in the line, the port or its way in hides no other one", async () => {
  const told = (await problems(`{ "instruments": [
    { "title": "A", "port": "tcp://x:1/y", "options": {}, "fields": { "V": { "read": "V?", "scale": 0 }, "W": { "compute": "v + true" } } },
    { "title": "B", "port": "tcp://x:2", "pollInterval": 1, "line": { "connection": { "releaseAfter": 60 }, "refused": { "(": "x", ")": "y" } },
      "fields": { "V": { "read": "V?" }, "W": { "compute": "v + nothing" } } },
    { "title": "C", "port": "http://x", "line": { "checkSum": { "kind": "xor" } }, "fields": {
      "V": { "read": { "ask": "GET /v", "pointer": "/v", "length": 4 } }, "W": { "unit": "V", "compute": "c.v +" } } },
    { "title": "D", "fields": { "V": { "register": 40001, "kind": "uint8" }, "W": { "compute": "v + true" } } }
  ] }`)).split("\n").map((line) => line.replace(/^bench\.json:(\d+):\d+: instruments\[\d\]\.?/, "$1 "));
  const expected = [
    /^2 port: Cannot use the address .*nothing may follow the port/,
    /^2 options: has a meaning only beside a driver that is code/,
    /^2 fields\.V\.scale: 0 would/,
    /^2 fields\.W\.compute: .*cannot take a number and true or false/,
    /^3 line\.connection: is never quiet for 60 s/,
    /^3 line\.refused\["\("\]: is no regular expression/,
    /^3 line\.refused\["\)"\]: is no regular expression/,
    /^4 fields\.W\.compute: .*nothing/,
    /^5 line\.checkSum: is settled for http::? leave it out/,
    /^6 fields\.V\.read\.length: is settled for http::? leave it out/,
    /^6 fields\.W\.compute: it ends where something should follow/,
    /^7 : port is missing: where D is/,
    /^7 fields\.V\.kind: uint8 is no whole number of registers/,
  ];
  assert.equal(told.length, expected.length, told.join("\n"));
  for (const [at, each] of expected.entries()) assert.match(told[at]!, each);
});

Deno.test("bench file: of what is computed, only what is wrong itself is told", async () => {
  const text = `{ "instruments": [
    { "title": "A", "port": "tcp://x:1", "fields": { "V": { "raed": "V?" }, "W": { "read": "W?" } } },
    { "title": "Sums", "fields": { "One": { "compute": "a.v + a.w" }, "Two": { "compute": "a.w + true" } } }
  ] }`;
  const told = (await problems(text)).split("\n");
  assert.equal(told.length, 2, told.join("\n"));
  assert.match(told[0]!, /fields\.V\.raed: is not known here/);
  assert.match(told[1]!, /fields\.Two\.compute: a\.w \+ true: \+ cannot take a number and true or false/);
});

Deno.test("bench file: a driver of one's own is told where its expression is wrong", async () => {
  const bench = `{ "instruments": [{ "title": "A", "driver": "meter.json", "port": "tcp://x:1" }] }`;
  const meter = `{\n"fields": {\n"V": { "read": "V?" },\n"Twice": { "compute": "v * 2 +" } } }`;
  const told = await problems({ "bench.json": bench, "meter.json": meter });
  assert.match(told, /^meter\.json:4:\d+: fields\.Twice\.compute: it ends where something should follow$/);
  const { instruments } = await load({ "bench.json": bench, "meter.json": meter.replace(" +", "") });
  assert.equal(instruments[0]!.field("twice").access, "readout");
});
