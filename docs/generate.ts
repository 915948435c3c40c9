/**
 * Writes the reference of the bench file, docs/bench-file.md, from the schema that bench files are checked with:
 * `deno run --allow-read --allow-write=docs docs/generate.ts`. A test compares the two.
 *
 * @module
 */

import { benchJsonSchema } from "../server/config/schema.ts";

/** What of JSON Schema the bench file's schema uses. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema | readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** A word whose value is an object is told in a section of its own: its title, and an example of it. */
const sections: Readonly<Record<string, { readonly title: string; readonly example: string }>> = {
  "": {
    title: "The file",
    example: `{
  "$schema": "./heliograph.schema.json",
  "name": "Reactor",
  "instruments": [{ "title": "Methane MFC", "driver": "aalborg-dpc", "port": "serial://COM9?baud=9600" }]
}`,
  },
  "server": {
    title: "`server`",
    example: `{ "server": { "commandPort": 2412, "webNames": ["bench.example.org"], "imageFolders": ["images"] } }`,
  },
  "code": {
    title: "`code`",
    example: `{ "code": { "languages": ["python"], "deadline": 10, "memory": 512 } }`,
  },
  "tls": {
    title: "`tls`",
    example:
      `{ "tls": { "cert": "/etc/letsencrypt/live/lab/fullchain.pem", "key": "/etc/letsencrypt/live/lab/privkey.pem" } }`,
  },
  "openid": {
    title: "`openid`",
    example: `{
  "openid": {
    "issuer": "https://login.example.edu/realms/staff",
    "clientId": "heliograph",
    "page": "https://lab-pc.example.edu:2403",
    "groups": { "it-admins": "admin", "astronomers": "operator" }
  }
}`,
  },
  "records": {
    title: "`records`: false, or",
    example: `{ "records": { "folder": "D:/heliograph/lab", "keep": { "journal": "10y" }, "size": "20 GB" } }`,
  },
  "records.keep": {
    title: "`keep` of the records",
    example: `{ "records": { "keep": { "journal": "90d" } } }`,
  },
  "interlocks": {
    title: "One of `interlocks`",
    example: `{
  "interlocks": {
    "Cooling water": { "must": "cooling.flow > 2", "delay": "3s", "forbids": [{ "set": "heater.power", "above": 50 }] }
  }
}`,
  },
  "interlocks.forbids": {
    title: "One of `forbids`: an instrument, INSTRUMENT.NAME, or",
    example:
      `{ "interlocks": { "Hot": { "when": "oven.temperature > 300", "forbids": ["gas", { "call": "oven.ramp" }] } } }`,
  },
  "interlocks.trips": {
    title: "One of `trips`, `then` and `safeState`: safe state, or",
    example: `{
  "interlocks": {
    "Hot": {
      "when": "oven.temperature > 300",
      "trips": [{ "set": "gas.setpoint", "to": 0, "otherwise": [{ "call": "supply.off" }] }, "safe state"]
    }
  },
  "safeState": [{ "set": "oven.power", "to": 0 }]
}`,
  },
  "interlocks.trips.otherwise": {
    title: "One of `otherwise`: safe state, or",
    example: `{ "safeState": [{ "call": "valve.close", "otherwise": [{ "call": "supply.off" }] }] }`,
  },
  "messages": {
    title: "`messages`",
    example: `{
  "messages": {
    "people": { "ana": { "mail": "ana@x.edu" } },
    "mail": { "server": "smtp.x.edu", "from": "lab@x.edu" },
    "rules": [{ "severity": "high", "to": ["ana"] }]
  }
}`,
  },
  "fleet": {
    title: "`fleet`",
    example:
      `{ "fleet": { "broker": "tls://nats.lab:4222", "name": "cold-lab", "credentials": "fleet.seed", "roles": { "*": "observer" } } }`,
  },
  "mqtt": {
    title: "`mqtt`",
    example:
      `{ "mqtt": { "broker": "mqtts://broker.lab", "user": "lab", "passwordFile": "mqtt.password", "commands": ["oven.setpoint"] } }`,
  },
  "messages.people": {
    title: "One of the `people`",
    example: `{ "messages": { "people": { "ana": { "mail": ["ana@x.edu", "ana@home.org"], "webhook": "phones" } } } }`,
  },
  "messages.people.webhook": {
    title: "`webhook` of somebody",
    example:
      `{ "messages": { "people": { "ana": { "webhook": { "url": "https://ntfy.sh/{secret}", "secretFile": "topic" } } } } }`,
  },
  "messages.mail": {
    title: "`mail`",
    example: `{
  "messages": {
    "mail": { "server": "smtp.x.edu", "user": "lab", "passwordFile": "mail.password", "from": "lab@x.edu" }
  }
}`,
  },
  "messages.webhooks": {
    title: "One of the `webhooks`",
    example:
      `{ "messages": { "webhooks": { "team": { "url": "https://chat.x.edu/hook", "body": { "text": "{message}" } } } } }`,
  },
  "messages.rules": {
    title: "One of the `rules`",
    example: `{
  "messages": {
    "rules": [
      { "severity": "high", "to": ["ana"], "between": ["22:00", "08:00"], "days": ["fri", "sat"], "returns": true },
      { "severity": "high", "to": ["bob"], "unacknowledged": "10m" }
    ]
  }
}`,
  },
  "messages.heartbeat": {
    title: "`heartbeat`",
    example:
      `{ "messages": { "heartbeat": { "url": "https://hc-ping.com/{secret}", "every": "1m", "secretFile": "beat" } } }`,
  },
  "alarms": {
    title: "One of `alarms`",
    example:
      `{ "alarms": { "Oven too warm": { "when": "oven.temperature > 250", "delay": "10s", "text": "Open its door" } } }`,
  },
  "alarms.count": {
    title: "`count` of an alarm",
    example:
      `{ "alarms": { "Pump trips": { "when": "pump.state == \\"Off\\"", "count": { "times": 3, "within": "1h" } } } }`,
  },
  "limits": {
    title: "One of `limits`",
    example: `{ "limits": { "oven.power": { "slew": { "up": "5/min" }, "follow": { "time": "30s" } } } }`,
  },
  "limits.slew": {
    title: "`slew` in `limits`",
    example: `{ "limits": { "oven.power": { "slew": { "up": "5/min", "down": "20/min" } } } }`,
  },
  "limits.duty": {
    title: "`duty` in `limits`",
    example: `{ "limits": { "lamp.power": { "duty": { "on": "10m", "in": "1h" } } } }`,
  },
  "limits.often": {
    title: "`often` in `limits`",
    example: `{ "limits": { "lamp.flash": { "often": { "times": 3, "in": "1m" } } } }`,
  },
  "limits.follow": {
    title: "`follow` in `limits`",
    example: `{ "limits": { "oven.power": { "follow": { "within": 2, "time": "30s" } } } }`,
  },
  "watchdogs": {
    title: "One of `watchdogs`",
    example: `{ "watchdogs": { "Night": { "within": "10m" } }, "safeState": [{ "set": "oven.power", "to": 0 }] }`,
  },
  "site": {
    title: "`site`",
    example: `{ "site": { "latitude": 31.96, "longitude": -111.6, "elevation": 2096 } }`,
  },
  "datalog": {
    title: "`datalog`",
    example: `{ "datalog": { "name": "reactor", "every": "0:00:10", "fields": ["Example", "tempcon.camtemp"] } }`,
  },
  "instruments": {
    title: "An instrument",
    example:
      `{ "instruments": [{ "title": "Argon MFC", "driver": "mks-946", "port": "mks", "parameters": { "channel": "1" } }] }`,
  },
  "instruments.permissions": {
    title: "`permissions` of a driver of one's own",
    example: `{ "permissions": { "net": ["192.168.1.20:80"], "read": ["../tables"], "write": ["weather"] } }`,
  },
  "instruments.parameters": {
    title: "One of `parameters`, in a driver",
    example: `{ "parameters": { "channel": { "summary": "The flow channel", "pattern": "[1-6]", "default": "1" } } }`,
  },
  "instruments.line": {
    title: "`line`",
    example: `{ "line": { "sendEnd": "\\r", "receiveEnd": "\\r", "gap": 0.1, "timeout": 2 } }`,
  },
  "instruments.line.serial": {
    title: "`serial` of a line",
    example: `{ "line": { "serial": { "baud": 19200, "parity": "even", "dataBits": 7 } } }`,
  },
  "instruments.line.length": {
    title: "`length`, of a line or a question: a number, or",
    example: `{ "line": { "sendEnd": "", "length": { "at": 2, "plus": 5 } } }`,
  },
  "instruments.line.checkSum": {
    title: "`checkSum` of a line",
    example:
      `{ "line": { "sendStart": "$", "receiveStart": "$", "checkSum": { "kind": "xor", "skip": 1, "after": "*" } } }`,
  },
  "instruments.line.wake": {
    title: "`wake` of a line",
    example: `{ "line": { "wake": { "wait": 1.2, "after": 120 } } }`,
  },
  "instruments.line.connection": {
    title: "`connection` of a line: each question, or",
    example: `{ "line": { "connection": { "releaseAfter": 0.5 } }, "pollInterval": 10 }`,
  },
  "instruments.select": {
    title: "A step, of several: one thing that is sent, asked or waited for",
    example: `{
  "fields": {
    "Sensor 3": { "unit": "K", "read": [{ "send": "INP 3" }, { "wait": 0.5 }, { "ask": "RD?", "timeout": 2 }] }
  },
  "commands": { "reset": { "summary": "Reset", "send": [{ "send": "*RST", "deaf": 0.2 }, "*CLS"] } }
}`,
  },
  "instruments.handshake": {
    title: "`handshake` (one or a list) and `afterWrite`",
    example: `{ "handshake": { "ask": "*IDN?", "pattern": "power supply" } }`,
  },
  "instruments.reconnect": {
    title: "`reconnect`",
    example: `{ "reconnect": { "first": 1, "longest": 60 } }`,
  },
  "instruments.questions": {
    title: "One of `questions`",
    example: `{
  "questions": { "all": { "ask": ":READ?", "pattern": "^(?<volts>[^,]+),(?<amperes>[^,]+)$" } },
  "fields": { "Voltage": { "unit": "V", "read": { "question": "all", "group": "volts" } } }
}`,
  },
  "instruments.fields": {
    title: "One of `fields`",
    example: `{
  "fields": {
    "Voltage": { "unit": "V", "minimum": 0, "maximum": 12, "read": "SOUR:VOLT?", "write": "SOUR:VOLT {value:.3f}" },
    "Valve": { "type": "choice", "choices": { "Closed": "C", "Open": "O" }, "read": "V?", "write": "V,{value}" }
  }
}`,
  },
  "instruments.fields.choices": {
    title: "One of `choices`, `on` and `off`: what the instrument says, or",
    example: `{
  "fields": {
    "Valve": {
      "type": "choice",
      "choices": { "Open": { "send": "O", "answer": ["OPEN", "OPN"] }, "Fault": { "answer": "ERR" }, "Closed": "C" },
      "read": "V?",
      "write": "V {value}"
    }
  }
}`,
  },
  "instruments.fields.calibration": {
    title: "`calibration`: pairs, the name of a file, or",
    example:
      `{ "fields": { "Sensor": { "unit": "K", "read": "S?", "calibration": { "file": "x104.csv", "columns": [2, 1] } } } }`,
  },
  "instruments.fields.read": {
    title: "`read` of a field, `ask` of a command: a question, or",
    example:
      `{ "fields": { "Flow": { "read": { "ask": "FM", "pattern": "^>(\\\\S+)$", "bad": { "9.9E37": "overload" } } } } }`,
  },
  "instruments.fields.poll": {
    title: "`poll` of a field: a number, or",
    example: `{ "fields": { "Position": { "poll": { "every": 0.2, "while": { "Moving": "On" }, "otherwise": 5 } } } }`,
  },
  "instruments.fields.listen": {
    title: "`listen` of a field",
    example: `{ "fields": { "CO2": { "listen": { "pattern": "^CO2 (\\\\S+)", "group": 1 } } } }`,
  },
  "instruments.fields.write": {
    title: "`write` of a field: a text to send, or",
    example:
      `{ "fields": { "Power": { "write": { "send": "P{value:d}", "answer": "^OK$", "answerIsOptional": true } } } }`,
  },
  "instruments.fields.alarm": {
    title: "`alarm` of a field",
    example:
      `{ "fields": { "Temperature": { "read": "T?", "alarm": { "high": 35, "highHigh": 40, "deadband": 1 } } } }`,
  },
  "instruments.fields.readback": {
    title: "`readback` of a setting",
    example: `{
  "fields": {
    "Setpoint": { "unit": "K", "write": "SETP {value}", "readback": { "field": "Setpoint at the Device", "tolerance": 0.1 } },
    "Setpoint at the Device": { "unit": "K", "read": "SETP?" }
  }
}`,
  },
  "instruments.commands": {
    title: "One of `commands`",
    example: `{
  "commands": {
    "ramp": {
      "summary": "Ramp to a voltage",
      "arguments": { "to": { "unit": "V", "minimum": 0, "maximum": 12, "default": 0 } },
      "send": "RAMP {to:.2f}",
      "deadline": 60
    }
  }
}`,
  },
  "instruments.commands.arguments": {
    title: "One of `arguments`",
    example:
      `{ "commands": { "flush": { "summary": "Flush", "arguments": { "n": { "type": "int" } }, "send": "F{n:d}" } } }`,
  },
  "instruments.commands.doneWhen": {
    title: "`doneWhen` of a command",
    example: `{
  "commands": {
    "home": {
      "summary": "Go to the end switch",
      "send": "OR",
      "doneWhen": { "ask": "MD?", "pattern": "^1$", "within": 90 },
      "stop": "ST"
    }
  }
}`,
  },
  "instruments.commands.returns": {
    title: "`returns`",
    example:
      `{ "commands": { "power": { "summary": "Power", "ask": "P?", "returns": { "unit": "W", "decimals": 2 } } } }`,
  },
};

/** The examples of the reference: what each shows, by the words that lead to it. */
export const examples: ReadonlyMap<string, string> = new Map(
  Object.entries(sections).map(([path, { example }]) => [path, example]),
);

/** The object that a word's value is or holds by name or in a list, if it has words of its own. */
function objectIn(schema: Schema): Schema | undefined {
  if (schema.properties !== undefined) return schema;
  const inner = [
    ...(schema.anyOf ?? []),
    ...(Array.isArray(schema.items) || schema.items === undefined ? [] : [schema.items as Schema]),
    ...(typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : []),
  ];
  return inner.map(objectIn).find((found) => found !== undefined);
}

/** What a value may be, in words. */
function kindOf(schema: Schema): string {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(kindOf))].join(" or ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) {
    const all = schema.enum.map((one) => `\`${JSON.stringify(one)}\``);
    // Its meaning tells those of a long list.
    return all.length > 12 ? `${all[0]} … ${all.at(-1)}` : all.join(", ");
  }
  if (Array.isArray(schema.type)) return schema.type.map((type) => kindOf({ type })).join(" or ");
  switch (schema.type) {
    case "string":
      return "text";
    case "boolean":
      return "`true` or `false`";
    case "array":
      return Array.isArray(schema.items) ? "a pair" : `list of ${kindOf(schema.items as Schema)}`;
    case "object":
      return schema.properties === undefined ? "values by name" : "object";
    case undefined:
      return "anything";
  }
  const { minimum, maximum = Number.MAX_SAFE_INTEGER, exclusiveMinimum } = schema;
  const name = schema.type === "integer" ? "whole number" : "number";
  if (exclusiveMinimum !== undefined) return `${name} above ${exclusiveMinimum}`;
  if (minimum === undefined) return name;
  if (maximum === Number.MAX_SAFE_INTEGER) return `${name} from ${minimum}`;
  return `${name}, ${minimum} to ${maximum.toLocaleString("en")}`;
}

/** Text for a cell of a table. */
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Takes `; default 5` out of a description: it has a column of its own. */
function partDefault(schema: Schema): { meaning: string; byDefault: string } {
  const description = schema.description ?? "";
  const { before, value, after } =
    /^(?<before>.*?)(?:; by default|[;.,] default|; without one it) (?<value>[^;]*?)(?<after>(?:; .*)?)$/
      .exec(description)?.groups ?? {};
  const byDefault = schema.default === undefined ? value ?? "" : String(schema.default);
  return { meaning: value === undefined ? description : `${before}${after}`, byDefault };
}

/**
 * The reference of the bench file.
 *
 * @returns Markdown; its tables are not aligned, which the formatter does.
 */
export function benchFileReference(): string {
  const parts = [
    "# The bench file",
    "A bench file is JSON with comments. Every word that it may hold is here. This page is written from the schema that " +
    "`heliograph check` uses and `heliograph schema` prints; [describe your instrument](describe-your-instrument.md) " +
    "shows how to use it. Words in **bold** must be there. Paths are as seen from the bench file.",
  ];
  const told = new Map<string, string>();
  const tell = (path: string, schema: Schema): void => {
    const words = Object.entries(schema.properties ?? {});
    const same = JSON.stringify(schema.properties);
    if (told.has(same)) return;
    const section = sections[path];
    if (section === undefined) throw new Error(`docs/generate.ts has no title and no example for ${path}`);
    told.set(same, section.title);
    parts.push(`## ${section.title}`);
    const rows = words.map(([word, inner]) => {
      const { meaning, byDefault } = partDefault(inner);
      const name = schema.required?.includes(word) && inner.default === undefined ? `**\`${word}\`**` : `\`${word}\``;
      return `| ${[name, kindOf(inner), byDefault, meaning].map(cell).join(" | ")} |`;
    });
    parts.push(["| word | value | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n"));
    parts.push(`\`\`\`json\n${section.example}\n\`\`\``);
    for (const [word, inner] of words) {
      const object = objectIn(inner);
      if (object !== undefined) tell(path === "" ? word : `${path}.${word}`, object);
    }
  };
  tell("", benchJsonSchema() as Schema);
  return parts.join("\n\n") + "\n";
}

if (import.meta.main) {
  const file = new URL("bench-file.md", import.meta.url);
  await Deno.writeTextFile(file, benchFileReference());
  console.log("Wrote docs/bench-file.md; deno fmt docs aligns its tables.");
}
