/**
 * Tells Home Assistant what there is, in the form of its MQTT discovery: an entity for each field, command and alarm.
 *
 * @module
 */

import type { AlarmDescription } from "../../protocol/alarms.ts";
import { version } from "../../protocol/version.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { Topics } from "./topics.ts";

/** What Home Assistant is told of an entity: the topic, and what is published there. */
export interface Discovered {
  readonly topic: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** How often what is the same is published again, in seconds; after three times that it counts as gone. */
export const repeatEvery = 60;

/**
 * The units of Home Assistant's device classes that all of its versions write alike: it refuses others together with
 * their class. Those with a µ are none, since it has had both characters for that.
 */
export const classes: Readonly<Record<string, readonly string[]>> = {
  temperature: ["°C", "°F", "K"],
  voltage: ["mV", "V"],
  current: ["mA", "A"],
  power: ["W", "kW"],
  energy: ["Wh", "kWh", "MWh"],
  frequency: ["Hz", "kHz", "MHz", "GHz"],
  pressure: ["Pa", "hPa", "kPa", "bar", "mbar", "cbar", "mmHg", "inHg", "psi"],
  duration: ["ms", "s", "min", "h", "d"],
  distance: ["mm", "cm", "m", "km"],
  speed: ["m/s", "km/h"],
  weight: ["mg", "g", "kg"],
  volume_flow_rate: ["m³/h", "L/min"],
  irradiance: ["W/m²"],
  illuminance: ["lx"],
  signal_strength: ["dBm"],
};

/** Classes of which a number that goes up and down is none of its measurements. */
const noMeasurement: ReadonlySet<string> = new Set(["energy"]);

/** A unit, and the class that it belongs to, where Home Assistant knows it. */
export function unitOf(unit: string | undefined): { unit_of_measurement?: string; device_class?: string } {
  if (unit === undefined || unit === "") return {};
  const [device_class] = Object.entries(classes).find(([, units]) => units.includes(unit)) ?? [];
  return { unit_of_measurement: unit, ...device_class === undefined ? {} : { device_class } };
}

/** A number's limits where the bench says none: Home Assistant takes none beyond its limits, as a frequency in Hz may be. */
const anyNumber = 1e15;
/** A longer text is none of Home Assistant's states. */
const longestState = 255;
/** The states in which somebody has something to do. */
const standing = "['unacknowledged', 'acknowledged', 'returned', 'latched']";

/** Makes what Home Assistant is told. */
export class Discovery {
  readonly #prefix: string;
  readonly #topics: Topics;
  readonly #title: () => string;

  /** @param prefix Where it looks. @param title What people call the bench. */
  constructor(prefix: string, topics: Topics, title: () => string) {
    this.#prefix = prefix;
    this.#topics = topics;
    this.#title = title;
  }

  /** The topics of all entities of this bench, with MQTT's wildcards. */
  get all(): string {
    return `${this.#prefix}/+/${this.#node}/+/config`;
  }

  /** A field. @param driven Whether it may be set. */
  field(instrument: Instrument, field: BenchField, driven: boolean): Discovered {
    const { spec } = field;
    const state = this.#topics.field(instrument.name, field.name);
    const attributes = this.#topics.attributes(instrument.name, field.name);
    const beside = {
      name: field.title,
      state_topic: state,
      json_attributes_topic: attributes,
      ...this.#of(instrument),
    };
    if (driven) {
      const given = { ...beside, command_topic: this.#topics.ask("set", instrument.name, field.name) };
      return this.#entity(`${instrument.name}-${field.name}`, ...settingOf(field, given));
    }
    // What is not good is not there.
    const good = { topic: attributes, value_template: "{{ 'online' if value_json.quality == 'good' else 'offline' }}" };
    const interval = spec.pollInterval ?? instrument.pollInterval;
    const read = {
      ...beside,
      availability: [...beside.availability, good],
      ...spec.read === undefined ? {} : { expire_after: Math.ceil(3 * Math.max(repeatEvery, interval)) },
    };
    const id = `${instrument.name}-${field.name}`;
    if (spec.type === "switch") {
      return this.#entity(id, "binary_sensor", { ...read, payload_on: "On", payload_off: "Off" });
    }
    return this.#entity(id, "sensor", { ...read, ...sensorOf(field) });
  }

  /** A command that may be called without arguments. */
  command(instrument: Instrument, name: string): Discovered {
    return this.#entity(`${instrument.name}-${name}-call`, "button", {
      name: name.replaceAll("_", " "),
      command_topic: this.#topics.ask("call", instrument.name, name),
      payload_press: "[]",
      ...this.#of(instrument),
    });
  }

  /** An alarm. */
  alarm({ name, title }: AlarmDescription): Discovered {
    const topic = this.#topics.alarm(name);
    return this.#entity(`alarm-${name}`, "binary_sensor", {
      name: title,
      device_class: "problem",
      state_topic: topic,
      value_template: `{{ 'ON' if value_json.state in ${standing} else 'OFF' }}`,
      json_attributes_topic: topic,
      availability: [{ topic: this.#topics.availability }],
      device: this.#bench,
    });
  }

  get #node(): string {
    return `heliograph_${this.#topics.name}`;
  }

  get #bench(): Readonly<Record<string, unknown>> {
    return {
      identifiers: [this.#node],
      name: this.#title(),
      manufacturer: "heliograph",
      model: "heliograph",
      sw_version: version,
    };
  }

  #of({ name, title, summary }: Instrument) {
    return {
      availability: [{ topic: this.#topics.availability }, { topic: this.#topics.contact(name) }],
      availability_mode: "all",
      device: {
        identifiers: [`${this.#node}-${name}`],
        name: title,
        ...summary === "" ? {} : { model: summary },
        via_device: this.#node,
      },
    };
  }

  #entity(id: string, component: string, config: Readonly<Record<string, unknown>>): Discovered {
    const object = id.replace(/[^a-zA-Z0-9_-]/g, "_");
    return {
      topic: `${this.#prefix}/${component}/${this.#node}/${object}/config`,
      config: {
        unique_id: `${this.#node}-${object}`,
        ...config,
        origin: { name: "heliograph", sw_version: version },
      },
    };
  }
}

function isNumeric({ spec: { type } }: BenchField): boolean {
  return type === "float" || type === "int";
}

/** What a readout is. */
function sensorOf(field: BenchField): Readonly<Record<string, unknown>> {
  const { type, unit, decimals, format, choices } = field.spec;
  if (isNumeric(field)) {
    const known = unitOf(unit);
    return {
      ...known,
      ...noMeasurement.has(known.device_class ?? "") ? {} : { state_class: "measurement" },
      ...decimals === undefined || (format ?? "fixed") !== "fixed" ? {} : { suggested_display_precision: decimals },
    };
  }
  if (type === "choice") return { device_class: "enum", options: choices ?? [] };
  return { value_template: `{{ value[:${longestState}] }}` };
}

/** What a setting is. */
function settingOf(
  field: BenchField,
  given: Readonly<Record<string, unknown>>,
): [component: string, config: Readonly<Record<string, unknown>>] {
  const { type, unit, decimals, minimum = -anyNumber, maximum = anyNumber, choices } = field.spec;
  if (type === "switch") {
    const words = { payload_on: "On", payload_off: "Off", state_on: "On", state_off: "Off" };
    return ["switch", { ...given, ...words }];
  }
  if (type === "choice") return ["select", { ...given, options: choices ?? [] }];
  if (!isNumeric(field)) return ["text", { ...given, max: longestState }];
  const step = type === "int" ? 1 : Math.max(0.001, 10 ** -(decimals ?? 3));
  return ["number", { ...given, ...unitOf(unit), min: minimum, max: maximum, step, mode: "box" }];
}
