/**
 * Publishes a bench to an MQTT broker: values, whether instruments are there, and alarms, each retained.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { AlarmDescription } from "../../protocol/alarms.ts";
import type { ServerStatus } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { version } from "../../protocol/version.ts";
import type { Bench } from "../bench/bench.ts";
import { fieldReading } from "../bench/describe.ts";
import type { BenchField } from "../bench/field.ts";
import { chosenBy } from "../bench/field_choice.ts";
import type { Instrument } from "../bench/instrument.ts";
import { wireError } from "../bench/wire_error.ts";
import { isReadableByOthers } from "../files/secret_file.ts";
import { MqttConnection } from "./connection.ts";
import { Discovery, repeatEvery } from "./discovery.ts";
import { type CommandParts, MqttCommands } from "./mqtt_commands.ts";
import { mqttFiles, type MqttWords, usualEvery } from "./mqtt_schema.ts";
import { Retained } from "./retained.ts";
import { Topics, topicsVersion } from "./topics.ts";

const log = getLogger(["heliograph", "mqtt"]);

/** A longer text is published nowhere. */
const longestValue = 1024;
/** How often it is looked whose time has come, in milliseconds. */
const lookEvery = 100;
/** How long what an earlier run of the server left at the broker is listened for, in milliseconds. */
const listenFor = 2000;
/** How long the end waits for the broker to have it all, in milliseconds. */
const settleFor = 500;

/** What it needs of the server. */
export interface MqttParts {
  readonly bench: Bench;
  /** What people call the bench. */
  readonly title: () => string;
  /** Whether simulators stand in the place of the instruments. */
  readonly simulated: boolean;
  /** All alarms. */
  readonly alarms: () => readonly AlarmDescription[];
  readonly drive: CommandParts["drive"];
  readonly roles: CommandParts["roles"];
}

/** What is known of a field that is published. */
interface Published {
  readonly instrument: Instrument;
  readonly topic: string;
  readonly attributes: string;
  /** When it may be published again, and when it was last, by `performance.now()`. */
  due: number;
  told: number;
}

/** Publishes a bench. */
export class Mqtt {
  readonly #words: MqttWords;
  readonly #parts: MqttParts;
  readonly #topics: Topics;
  readonly #discovery: Discovery | undefined;
  readonly #commands: MqttCommands;
  readonly #every: number;
  #connection: MqttConnection | undefined;
  readonly #retained: Retained;
  #fields = new Map<BenchField, Published>();
  /** What was read, and is published when its time has come. */
  readonly #pending = new Set<BenchField>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #reason = "it has not been reached yet";
  #unsubscribe: (() => void)[] = [];
  /** The topics that are asked for now. */
  #listening: string[] = [];
  /** Whether what an earlier run left at the broker has been looked at. */
  #isTidy = false;
  #tidying: ReturnType<typeof setTimeout> | undefined;
  /** What is published once, until the broker has it. */
  readonly #delivering = new Map<number, PromiseWithResolvers<void>>();
  /** Which topic the broker is to say of whether it may be heard. */
  readonly #subscriptions = new Map<number, string>();

  /** Makes it. @param words What the bench file says; files as absolute paths. */
  constructor(words: MqttWords, parts: MqttParts) {
    this.#words = words;
    this.#parts = parts;
    this.#every = (words.every ?? usualEvery) * 1000;
    this.#topics = new Topics(words, parts.title());
    const prefix = words.discovery ?? "homeassistant";
    if (prefix !== false) this.#discovery = new Discovery(prefix, this.#topics, parts.title);
    this.#commands = new MqttCommands(words, this.#topics, {
      drive: parts.drive,
      roles: parts.roles,
      tell: (topic, payload) => this.#connection?.tell(topic, payload),
    });
    this.#retained = new Retained({
      isThere: () => this.#connection?.isThere ?? false,
      publish: (topic, payload) => this.#connection!.publish(topic, payload),
    });
  }

  /** How it is doing, at a glance. */
  get summary(): NonNullable<ServerStatus["mqtt"]> {
    const connected = this.#connection?.isThere ?? false;
    return {
      broker: this.#words.broker,
      connected,
      reason: connected ? "" : this.#reason,
      waiting: connected ? this.#retained.waiting : 0,
    };
  }

  /** Reads what is needed and begins; to be called before the server gives up its permissions. */
  async open(): Promise<void> {
    const { broker: url, user } = this.#words;
    const texts: { -readonly [word in typeof mqttFiles[number]]?: string } = {};
    try {
      for (const word of mqttFiles) {
        const file = this.#words[word];
        if (file === undefined) continue;
        if (["passwordFile", "keyFile"].includes(word) && isReadableByOthers(file)) {
          log.warning("Others may read {file}: chmod 600 {file}", { file });
        }
        texts[word] = await read(file);
      }
    } catch (error) {
      // A file that is not there keeps no bench from being served.
      this.#reason = `${wireError(error).message}. Put that right, and start the server again`;
      log.error("Nothing is published by MQTT: {reason}", { reason: this.#reason });
      return;
    }
    const connect = {
      client: `heliograph-${this.#topics.name}`,
      user,
      password: texts.passwordFile?.replace(/\r?\n$/, ""),
      will: { topic: this.#topics.availability, payload: "offline" },
    };
    const { authorityFile: authority, certificateFile: cert, keyFile: key } = texts;
    const proof = cert === undefined || key === undefined ? undefined : { cert, key };
    this.#connection = new MqttConnection({ url, authority, proof, connect }, {
      connected: () => this.#connected(),
      lost: (reason) => this.#lost(reason),
      has: (id) => {
        this.#delivering.get(id)?.resolve();
        this.#delivering.delete(id);
        this.#retained.has(id);
      },
      message: (topic, payload, retain) => this.#message(topic, payload, retain),
      subscribed: (id, granted) => this.#subscribed(id, granted),
    });
    const { hub } = this.#parts.bench;
    const name = "MQTT";
    this.#unsubscribe = [
      hub.subscribe("reading", ({ field }) => this.#read(field, false), { name }),
      hub.subscribe("change", ({ field }) => this.#read(field, true), { name }),
      hub.subscribe("contact", ({ instrument }) => this.#contact(instrument), { name }),
      hub.subscribe("bench", () => this.#look(), { name }),
      hub.subscribe("alarm", ({ alarm }) => this.#alarm(alarm), { name }),
    ];
    this.#look();
    this.#timer = setInterval(() => this.#publishDue(), lookEvery);
    this.#connection.open();
  }

  /** Publishes once what is not retained. @returns When the broker has it. @throws {Error} Where it is not there, or is lost. */
  async deliver(topic: string, payload: string): Promise<void> {
    if (this.#connection?.isThere !== true) throw new Error(`the MQTT broker is not there: ${this.#reason}`);
    const delivered = Promise.withResolvers<void>();
    this.#delivering.set(this.#connection.publish(topic, payload, false), delivered);
    await delivered.promise;
  }

  /** Ends it: the broker is told that the server is not there. */
  async stop(): Promise<void> {
    for (const end of this.#unsubscribe.splice(0)) end();
    clearInterval(this.#timer);
    clearTimeout(this.#tidying);
    this.#retained.set(this.#topics.availability, "offline");
    await this.#retained.settled(settleFor);
    await this.#connection?.stop();
    for (const { reject } of this.#delivering.values()) reject(new Error("the server stops"));
  }

  #connected(): void {
    const again = this.#reason === "";
    this.#reason = "";
    log.info(again ? "MQTT broker {broker} is there again" : "Published as {name} by MQTT broker {broker}", {
      broker: this.#words.broker,
      name: this.#topics.name,
    });
    this.#subscriptions.clear();
    this.#listening = [];
    if (this.#isTidy) this.#listen();
    else this.#tidy();
    // Nobody takes the server for there before its values are.
    this.#retained.begin(this.#topics.availability, "online");
  }

  #lost(reason: string): void {
    for (const { reject } of this.#delivering.values()) reject(new Error(`the MQTT broker was lost: ${reason}`));
    this.#delivering.clear();
    clearTimeout(this.#tidying);
    if (reason === this.#reason) return;
    this.#reason = reason;
    log.warning("Nothing is published by MQTT: {reason}. It is tried again", { reason });
  }

  /** What an earlier run published is to be forgotten, where the bench has it no more. */
  #tidy(): void {
    const topics = [this.#topics.all, ...this.#discovery === undefined ? [] : [this.#discovery.all]];
    for (const topic of topics) this.#connection!.subscribe([topic]);
    this.#tidying = setTimeout(() => {
      this.#isTidy = true;
      this.#connection!.unsubscribe(topics);
      this.#listen();
    }, listenFor);
  }

  #message(topic: string, payload: Uint8Array, retain: boolean): void {
    if (this.#commands.topics.includes(topic)) {
      void this.#commands.take(topic, payload, retain);
      return;
    }
    // A command that somebody else had retained is theirs.
    if (!retain || payload.length === 0 || /\/(?:set|call)$/.test(topic) || this.#retained.wants(topic)) return;
    this.#retained.clear(topic);
  }

  /** Asks for the commands that may come; while all topics are asked for, each would come twice. */
  #listen(): void {
    if (this.#connection?.isThere !== true || !this.#isTidy) return;
    const wanted = this.#commands.topics;
    const gone = this.#listening.filter((topic) => !wanted.includes(topic));
    if (gone.length > 0) this.#connection.unsubscribe(gone);
    for (const topic of wanted.filter((topic) => !this.#listening.includes(topic))) {
      this.#subscriptions.set(this.#connection.subscribe([topic]), topic);
    }
    this.#listening = wanted;
  }

  #subscribed(id: number, granted: boolean): void {
    const topic = this.#subscriptions.get(id);
    this.#subscriptions.delete(id);
    if (granted || topic === undefined) return;
    log.error("The broker does not let {topic} be heard: look at its rules", { topic });
  }

  /** Looks anew at what there is: the bench is another. */
  #look(): void {
    const { bench, alarms } = this.#parts;
    const before = new Set(this.#retained.topics());
    this.#commands.look(bench.instruments);
    const wanted = new Map<string, string>();
    const simulated = this.#parts.simulated ? { simulated: true } : {};
    wanted.set(
      this.#topics.about,
      JSON.stringify({ topics: topicsVersion, title: this.#parts.title(), version, ...simulated }),
    );
    const fields = new Map<BenchField, Published>();
    for (const { instrument, field } of this.#chosen()) {
      fields.set(
        field,
        this.#fields.get(field) ?? {
          instrument,
          topic: this.#topics.field(instrument.name, field.name),
          attributes: this.#topics.attributes(instrument.name, field.name),
          due: 0,
          told: 0,
        },
      );
      wanted.set(this.#topics.contact(instrument.name), isThere(instrument));
      if (this.#discovery === undefined) continue;
      const { topic, config } = this.#discovery.field(instrument, field, this.#commands.sets(field));
      wanted.set(topic, JSON.stringify(config));
    }
    for (const driven of this.#commands.driven) {
      if (driven.kind !== "call" || this.#discovery === undefined) continue;
      // A button has no arguments.
      if ([...driven.command.arguments.values()].some((each) => each.default === undefined)) continue;
      const { topic, config } = this.#discovery.command(driven.instrument, driven.name);
      wanted.set(this.#topics.contact(driven.instrument.name), isThere(driven.instrument));
      wanted.set(topic, JSON.stringify(config));
    }
    this.#fields = fields;
    for (const [topic, payload] of wanted) this.#retained.set(topic, payload);
    const kept = new Set([this.#topics.availability, ...wanted.keys()]);
    for (const alarm of alarms()) for (const topic of this.#alarm(alarm)) kept.add(topic);
    for (const [field, { topic, attributes }] of fields) {
      kept.add(topic).add(attributes);
      this.#publish(field);
    }
    for (const topic of before) if (!kept.has(topic)) this.#retained.clear(topic);
    this.#listen();
  }

  #chosen(): { readonly instrument: Instrument; readonly field: BenchField }[] {
    const { bench: { instruments } } = this.#parts;
    const { fields } = this.#words;
    if (fields === undefined) {
      return instruments.flatMap((instrument) => instrument.allFields.map((field) => ({ instrument, field })));
    }
    return fields.flatMap((entry) => {
      try {
        return chosenBy(instruments, entry);
      } catch (error) {
        log.warning("Not published by MQTT: {reason}", { reason: wireError(error).message });
        return [];
      }
    });
  }

  #read(field: BenchField, isOther: boolean): void {
    const published = this.#fields.get(field);
    if (published === undefined) return;
    if (!isOther && performance.now() - published.told < repeatEvery * 1000) return;
    if (performance.now() >= published.due) this.#publish(field);
    else this.#pending.add(field);
  }

  #publishDue(): void {
    const now = performance.now();
    for (const field of this.#pending) {
      const published = this.#fields.get(field);
      if (published !== undefined && now < published.due) continue;
      this.#pending.delete(field);
      if (published !== undefined) this.#publish(field);
    }
  }

  #publish(field: BenchField): void {
    const published = this.#fields.get(field)!;
    const { topic, attributes } = published;
    this.#pending.delete(field);
    const now = performance.now();
    const again = field.quality === "good" && now - published.told >= repeatEvery * 1000;
    published.due = now + this.#every;
    const { text, value: _, time: __, applied: ___, ...beside } = fieldReading(field);
    const payload = field.value === undefined ? "" : typeof field.value === "number" ? numberText(field.value) : text;
    const isTooLong = payload.length > longestValue;
    this.#retained.set(
      attributes,
      JSON.stringify({ title: field.title, ...beside, ...isTooLong ? { tooLong: true } : {} }),
    );
    if (payload === "" || isTooLong) {
      if (this.#retained.wants(topic)) this.#retained.clear(topic);
      return;
    }
    if (this.#retained.set(topic, payload, again)) published.told = now;
  }

  #contact(instrument: Instrument): void {
    const topic = this.#topics.contact(instrument.name);
    if (this.#retained.wants(topic)) this.#retained.set(topic, isThere(instrument));
  }

  /** @returns Its topics. */
  #alarm(alarm: AlarmDescription): readonly string[] {
    const topic = this.#topics.alarm(alarm.name);
    const { title, severity, text, state, active, reason, since, raised, times, fields } = alarm;
    const { acknowledged, setAside, shelvedUntil } = alarm;
    const told = { title, severity, text, state, active, reason, since, raised, times, fields };
    this.#retained.set(topic, JSON.stringify({ ...told, acknowledged, setAside, shelvedUntil }));
    if (this.#discovery === undefined) return [topic];
    const { topic: found, config } = this.#discovery.alarm(alarm);
    this.#retained.set(found, JSON.stringify(config));
    return [topic, found];
  }
}

/** Nothing where it is no number that can be written. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : "";
}

function isThere({ away, contact }: Instrument): "online" | "offline" {
  return away === "" && (contact === undefined || contact.state === "connected") ? "online" : "offline";
}

async function read(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? `there is no file ${file}`
      : `${file}: ${(error as Error).message}`;
    throw new HeliographError("bad_argument", why);
  }
}
