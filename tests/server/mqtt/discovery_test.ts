/** What Home Assistant is told, held to what its documentation asks for. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { command, defineInstrument, HeliographServer, type ValueType } from "../../../mod.ts";
import { classes } from "../../../server/mqtt/discovery.ts";
import { eventually } from "../../fixture.ts";
import { hasMosquitto, Mosquitto } from "../../mosquitto.ts";

/** What the documentation of each integration asks for, and what else it knows. */
const shared = [
  "availability",
  "availability_mode",
  "device",
  "json_attributes_topic",
  "name",
  "origin",
  "unique_id",
];
const integrations: Readonly<Record<string, { required: readonly string[]; known: readonly string[] }>> = {
  sensor: {
    required: ["state_topic"],
    known: [
      "device_class",
      "expire_after",
      "options",
      "state_class",
      "suggested_display_precision",
      "unit_of_measurement",
      "value_template",
    ],
  },
  binary_sensor: {
    required: ["state_topic"],
    known: ["device_class", "expire_after", "payload_off", "payload_on", "value_template"],
  },
  number: {
    required: ["command_topic"],
    known: ["device_class", "max", "min", "mode", "state_topic", "step", "unit_of_measurement"],
  },
  select: { required: ["command_topic", "options"], known: ["state_topic"] },
  switch: {
    required: ["command_topic"],
    known: ["payload_off", "payload_on", "state_off", "state_on", "state_topic"],
  },
  text: { required: ["command_topic"], known: ["max", "state_topic"] },
  button: { required: ["command_topic"], known: ["payload_press"] },
};
const device = ["identifiers", "manufacturer", "model", "name", "sw_version", "via_device"];

/** The units of its device classes that are used here, from its table of them. */
const units: Readonly<Record<string, readonly string[]>> = {
  temperature: ["°C", "°F", "K"],
  voltage: ["µV", "mV", "V", "kV", "MV"],
  current: ["mA", "A"],
  power: ["W", "kW", "MW", "GW", "TW"],
  energy: ["J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal", "kcal", "Mcal", "Gcal"],
  frequency: ["Hz", "kHz", "MHz", "GHz"],
  pressure: ["mPa", "Pa", "hPa", "kPa", "bar", "cbar", "mbar", "mmHg", "inHg", "inH₂O", "psi"],
  duration: ["d", "h", "min", "s", "ms"],
  distance: ["km", "m", "cm", "mm", "mi", "nmi", "yd", "in"],
  speed: ["ft/s", "in/d", "in/h", "in/s", "km/h", "kn", "m/s", "mph", "mm/d", "mm/s"],
  weight: ["kg", "g", "mg", "µg", "oz", "lb", "st"],
  volume_flow_rate: ["m³/h", "m³/min", "m³/s", "ft³/min", "L/h", "L/min", "L/s", "gal/min", "mL/s"],
  irradiance: ["W/m²", "BTU/(h⋅ft²)"],
  illuminance: ["lx"],
  signal_strength: ["dB", "dBm"],
};

type Config = Readonly<Record<string, unknown>> & {
  readonly device: Readonly<Record<string, unknown>>;
  readonly availability: readonly { readonly topic: string }[];
};

Deno.test("mqtt discovery: only units that Home Assistant has are given a device class", () => {
  for (const [name, known] of Object.entries(classes)) {
    for (const unit of known) ok(units[name]?.includes(unit), `${name} has no ${unit}`);
  }
});

Deno.test("mqtt discovery: every field, alarm and command is an entity as Home Assistant documents it", {
  ignore: !hasMosquitto,
}, async () => {
  await using broker = await Mosquitto.start();
  const setting = <T extends ValueType>(type: T) => ({ type, write: () => {} });
  const oven = defineInstrument({
    title: "Oven",
    summary: "Carbolite oven",
    pollInterval: 100,
    fields: {
      Temperature: { type: "float", unit: "°C", decimals: 1, read: () => 20.5, alarm: { high: 100, text: "Go there" } },
      Vacuum: { type: "float", unit: "Torr", read: () => 1e-6 },
      Energy: { type: "float", unit: "kWh", access: "readout", initial: 1 },
      Door: { type: "switch", access: "readout", initial: true },
      State: { type: "choice", access: "readout", choices: ["ramp", "hold"], initial: "hold" },
      "Ä / note": { type: "text", access: "readout", initial: "well" },
      Setpoint: { ...setting("float"), unit: "°C", minimum: 0, maximum: 300, decimals: 1, initial: 20 },
      Count: { ...setting("int"), initial: 2 },
      Heater: { ...setting("switch"), initial: false },
      Mode: { ...setting("choice"), choices: ["ramp", "hold"], initial: "hold" },
      Label: { ...setting("text"), initial: "a" },
      Unlisted: { ...setting("float"), initial: 1 },
    },
    commands: {
      flash_lamp: command({ summary: "Flash", run: () => {} }),
      wait: command({ summary: "Wait", arguments: { seconds: { type: "float" } }, run: () => {} }),
    },
  });
  await using server = new HeliographServer({
    instruments: [oven],
    name: "The lab",
    commandPort: 0,
    dashboardPort: 0,
    webPort: 0,
    tlsPort: 0,
    sandbox: { languages: [] },
    guards: {},
    mqtt: {
      broker: `mqtt://127.0.0.1:${broker.port}`,
      commands: ["setpoint", "count", "heater", "mode", "label", "flash_lamp", "wait"].map((name) => `oven.${name}`),
    },
  });
  // Before it begins: what is retained comes in any order.
  await using listener = await broker.listen();
  server.start();
  await listener.until("heliograph/the_lab/availability", "online");
  const last = new Map(listener.heard.map(({ topic, payload }) => [topic, payload]));
  const found = new Map<string, Config>();
  for (const [topic, payload] of last) {
    if (!topic.startsWith("homeassistant/")) continue;
    const [, component, , object, ...rest] = topic.split("/");
    match(topic, /^homeassistant\/[a-z_]+\/[a-zA-Z0-9_-]+\/[a-zA-Z0-9_-]+\/config$/);
    deepStrictEqual(rest, ["config"]);
    const config: Config = JSON.parse(payload);
    found.set(`${component} ${object}`, config);
    const { required, known } = integrations[component!]!;
    for (const word of [...required, "unique_id", "device", "origin", "name"]) ok(word in config, `${topic}: ${word}`);
    for (const word of Object.keys(config)) {
      ok([...shared, ...required, ...known].includes(word), `${topic}: ${word} is not known`);
    }
    ok((config.device.identifiers as string[]).length === 1);
    for (const word of Object.keys(config.device)) ok(device.includes(word), `${topic}: device.${word}`);
    for (const { topic: place } of config.availability) ok(last.has(place), `${place} is published`);
    for (const word of ["state_topic", "json_attributes_topic"]) {
      if (word in config) ok(last.has(config[word] as string), `${config[word]} is published`);
    }
    if (config.device_class === "enum") {
      ok(Array.isArray(config.options) && !("unit_of_measurement" in config) && !("state_class" in config));
    } else if (config.device_class !== undefined && config.device_class !== "problem") {
      ok(units[config.device_class as string]!.includes(config.unit_of_measurement as string), topic);
    }
  }
  const ids = [...found.values()].map(({ unique_id }) => unique_id);
  strictEqual(new Set(ids).size, ids.length);
  const kinds = [...found.keys()].filter((each) => !each.includes("alarm-")).sort();
  deepStrictEqual(kinds, [
    "binary_sensor oven-door",
    "button oven-flash_lamp-call",
    "number oven-count",
    "number oven-setpoint",
    "select oven-mode",
    "sensor oven-a_note",
    "sensor oven-energy",
    "sensor oven-state",
    "sensor oven-temperature",
    "sensor oven-unlisted",
    "sensor oven-vacuum",
    "switch oven-heater",
    "text oven-label",
  ]);
  const temperature = found.get("sensor oven-temperature")!;
  strictEqual(temperature.device_class, "temperature");
  strictEqual(temperature.expire_after, 300, "three times as long as it is read");
  strictEqual(temperature.suggested_display_precision, 1);
  deepStrictEqual(temperature.device, {
    identifiers: ["heliograph_the_lab-oven"],
    name: "Oven",
    model: "Carbolite oven",
    via_device: "heliograph_the_lab",
  });
  const { device_class, unit_of_measurement, state_class } = found.get("sensor oven-vacuum")!;
  deepStrictEqual([device_class, unit_of_measurement, state_class], [undefined, "Torr", "measurement"]);
  strictEqual(found.get("sensor oven-energy")!.state_class, undefined);
  const { min, max, step } = found.get("number oven-setpoint")!;
  deepStrictEqual([min, max, step], [0, 300, 0.1]);
  const [alarm] = [...found].filter(([name]) => /alarm-.*temperature/.test(name)).map(([, config]) => config);
  strictEqual(alarm!.device_class, "problem");
  const told = JSON.parse(last.get(alarm!.state_topic as string)!);
  deepStrictEqual([told.state, told.active, told.text], ["normal", false, "Go there"]);
  oven.fields.Temperature.update(150);
  await eventually(
    () => JSON.parse(listener.last(alarm!.state_topic as string)!).state === "unacknowledged",
    "the alarm is published",
  );
});
