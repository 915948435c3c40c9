/**
 * Takes every reading of a bench as it is published, and writes them down once a second.
 *
 * @module
 */

import type { Bench } from "../../bench/bench.ts";
import type { BenchField } from "../../bench/field.ts";
import type { BenchEvent } from "../../bench/hub.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { none } from "./codec.ts";
import { periodInDays } from "../../../protocol/duration.ts";
import {
  declarationsFrame,
  type DeclaredField,
  type FrameKind,
  type FrameValue,
  qualityNumbers,
  SamplesWriter,
  segmentFrame,
} from "./frames.ts";

/** How often what was read is written down, in milliseconds: a server that is killed loses no more. */
const writeEvery = 1000;
/** Where so many bytes came sooner, they are written at once: no write takes long. */
const largePart = 64_000;
/** That the server runs is written down so often where nothing was read, in milliseconds. */
const tellEvery = 10_000;
/** What was not read for so long, in milliseconds, is written down again: nobody has to look back further for it. */
const repeatEvery = 3_600_000;
/** So many texts are written down once for each segment, of more each time. */
const mostTexts = 4096;
/** Texts of fewer characters are written out each time. */
const shortText = 4;
/** Of a longer one this much is kept, in characters. */
const longestText = 4000;

/** Takes frames. */
export interface FrameSink {
  append(bytes: Uint8Array, kind: FrameKind): void;
}

/** What is known of a field. */
interface Taken {
  readonly instrument: Instrument;
  readonly number: number;
  /** The segment that it was declared in. */
  declaredIn: number;
  /** How many decimals its last value had. */
  decimals: number;
  /** When it was read last, in milliseconds since 1970. */
  time: number;
}

/** Follows a bench, and hands on frames of what was read. */
export class Taker {
  readonly #bench: Bench;
  readonly #sink: FrameSink;
  readonly #run = Date.now();
  readonly #fields = new Map<BenchField, Taken>();
  readonly #texts = new Map<string, number>();
  readonly #samples = new SamplesWriter();
  readonly #unfollow: readonly (() => void)[];
  readonly #timer: ReturnType<typeof setInterval>;
  #lastNumber = 0;
  #segment = 0;
  #newFields: [number, BenchField, Instrument][] = [];
  #newTexts: [number, string][] = [];
  #told = 0;
  #repeated = Date.now();

  /**
   * Begins, with all that is known now.
   *
   * @param bench Whose readings are taken.
   * @param sink Takes the frames.
   * @param segment The number of the first segment.
   */
  constructor(bench: Bench, sink: FrameSink, segment: number) {
    this.#bench = bench;
    this.#sink = sink;
    this.begin(segment);
    for (const instrument of bench.instruments) this.#takeAll(instrument);
    const name = "the records of readings";
    this.#unfollow = [
      bench.hub.subscribe("reading", ({ instrument, field }) => this.#take(instrument, field), { name }),
      bench.hub.subscribe("bench", (event) => this.#follow(event), { name }),
    ];
    this.#timer = setInterval(() => this.write(), writeEvery);
    this.write();
  }

  /** The number of the segment that is written now. */
  get segment(): number {
    return this.#segment;
  }

  /** Begins another segment, for a file that is empty: what was declared in the one before is not known there. */
  begin(segment: number): void {
    this.#segment = segment;
    this.#texts.clear();
    this.#sink.append(segmentFrame({ number: segment, run: this.#run }), "segment");
  }

  /** Writes down what was read. */
  write(): void {
    const now = Date.now();
    if (now - this.#repeated > repeatEvery || now < this.#repeated) this.#repeat(now);
    if (this.#samples.count === 0 && Math.abs(now - this.#told) < tellEvery) return;
    this.#told = now;
    if (this.#newFields.length > 0 || this.#newTexts.length > 0) {
      const fields = this.#newFields.map(([number, field, instrument]) =>
        [number, declared(field, instrument)] as const
      );
      this.#sink.append(declarationsFrame({ fields, texts: this.#newTexts }), "words");
      this.#newFields = [];
      this.#newTexts = [];
    }
    this.#sink.append(this.#samples.take(now), "samples");
  }

  /** Ends, and writes down what was read. */
  stop(): void {
    for (const unfollow of this.#unfollow) unfollow();
    clearInterval(this.#timer);
    this.write();
  }

  #take(instrument: Instrument, field: BenchField): void {
    if (field.spec.keep === false) return;
    const { value, quality, time } = field.inEffect;
    // What is not good has the time of the last good reading; what is computed that of the oldest it is computed from.
    const when = quality === "good" && field.spec.compute === undefined ? Math.round(time) : Date.now();
    const isValue = quality === "good" && value !== undefined;
    this.#add(instrument, field, when, isValue ? this.#text(value) : undefined, qualityNumbers[quality]);
  }

  #add(instrument: Instrument, field: BenchField, time: number, value: FrameValue, quality: number): void {
    let taken = this.#fields.get(field);
    if (taken === undefined) {
      taken = { instrument, number: ++this.#lastNumber, declaredIn: 0, decimals: 0, time: 0 };
      this.#fields.set(field, taken);
    }
    if (taken.declaredIn !== this.#segment) {
      taken.declaredIn = this.#segment;
      this.#newFields.push([taken.number, field, instrument]);
    }
    taken.time = time;
    taken.decimals = this.#samples.add(taken.number, time, value, quality, taken.decimals);
    if (this.#samples.length > largePart) this.write();
  }

  /** A text by its number, where it is worth it: polls tell the same ones again and again. */
  #text(value: string | number | boolean): FrameValue {
    if (typeof value !== "string" || value.length < shortText) return value;
    const text = value.length > longestText ? value.slice(0, longestText) : value;
    const known = this.#texts.get(text);
    if (known !== undefined) return { text: known };
    if (this.#texts.size >= mostTexts) return text;
    const number = this.#texts.size;
    this.#texts.set(text, number);
    this.#newTexts.push([number, text]);
    return { text: number };
  }

  #takeAll(instrument: Instrument): void {
    for (const field of instrument.allFields) {
      if (field.inEffect.quality === "good" && field.spec.keep !== false) this.#tell(instrument, field, Date.now());
    }
  }

  /** Writes down what a field holds now, whenever it was read. */
  #tell(instrument: Instrument, field: BenchField, now: number): void {
    const { value, quality } = field.inEffect;
    if (value === undefined) return;
    this.#add(instrument, field, now, quality === "good" ? this.#text(value) : undefined, qualityNumbers[quality]);
  }

  #repeat(now: number): void {
    this.#repeated = now;
    for (const [field, { instrument, time }] of this.#fields) {
      if (now - time > repeatEvery / 2) this.#tell(instrument, field, now);
    }
  }

  #follow({ came, went }: BenchEvent): void {
    const now = Date.now();
    for (const field of went?.allFields ?? []) {
      const taken = this.#fields.get(field);
      if (taken === undefined) continue;
      this.#add(taken.instrument, field, now, undefined, none);
      // It has to be declared before it is forgotten.
      this.#fields.delete(field);
    }
    if (came !== undefined) this.#takeAll(came);
  }
}

function declared(field: BenchField, instrument: Instrument): DeclaredField {
  const { spec: { type, unit = "", keep } } = field;
  return {
    instrument: instrument.name,
    field: field.name,
    title: field.title,
    instrumentTitle: instrument.title,
    unit,
    type,
    ...typeof keep === "string" ? { keepDays: periodInDays(keep) } : {},
  };
}
