/** A detector that notes what it is told and when, and a server whose camera has it. */
import { type Clock, SimulatedClock } from "../../../server/camera/clock.ts";
import type { AmplifierPixels, Detector, DetectorReadout, Light } from "../../../server/camera/detector.ts";
import { azcamExposure } from "../../../server/camera/exposure_instrument.ts";
import { type DetectorFormat, type FocalPlane, pixelCount } from "../../../server/camera/geometry.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { readFits, verifySums } from "../../../server/camera/fits/read.ts";
import type { Instrument } from "../../../server/bench/instrument.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { eventually, startServer } from "../../fixture.ts";
import { fileSource, ServedCamera } from "./camera.ts";

/** What a detector does that may take time, or fail. */
export type DetectorStep = "flush" | "begin" | "pause" | "resume" | "end" | "abort" | "shift" | "readout";

/** A detector without charge: every pixel of its images has the same number. */
export class RecordingDetector implements Detector {
  readonly title = "recording detector";
  readonly format: DetectorFormat;
  readonly focalPlane: FocalPlane = {
    detectorsX: 1,
    detectorsY: 1,
    amplifiersX: 1,
    amplifiersY: 1,
    configuration: "0",
  };
  /** What it was told, and at how many seconds of its clock. */
  readonly told: [what: string, at: number][] = [];
  /** How long its steps take, in seconds; the others take no time. */
  readonly takes: Partial<Record<DetectorStep, number>> = {};
  /** What the steps that fail say. */
  readonly fails: Partial<Record<DetectorStep, string>> = {};
  /** What its pixels are. */
  level = 1000;
  readonly #clock: Clock;

  constructor(clock: Clock, columns = 16, rows = 12) {
    this.#clock = clock;
    this.format = {
      columns,
      darkColumns: 0,
      underscanColumns: 0,
      overscanColumns: 4,
      rows,
      darkRows: 0,
      underscanRows: 0,
      overscanRows: 0,
      frameTransferRows: 0,
    };
  }

  /** How often something it was told begins with a word. */
  count(word: string): number {
    return this.told.filter(([what]) => what.split(" ")[0] === word).length;
  }

  gain(amplifier: number): number {
    return 2 + amplifier / 10;
  }

  readNoise(amplifier: number): number {
    return 3 + amplifier / 10;
  }

  flush(cycles: number, signal: AbortSignal): Promise<void> {
    return this.#step("flush", `flush ${cycles}`, signal, cycles);
  }

  begin(light: Light): Promise<void> {
    return this.#step("begin", `begin ${light}`);
  }

  pause(): Promise<void> {
    return this.#step("pause");
  }

  resume(): Promise<void> {
    return this.#step("resume");
  }

  end(): Promise<void> {
    return this.#step("end");
  }

  abort(): Promise<void> {
    return this.#step("abort");
  }

  shift(rows: number, signal: AbortSignal): Promise<void> {
    return this.#step("shift", `shift ${rows}`, signal);
  }

  setShutter(open: boolean): Promise<void> {
    this.#note(open ? "open" : "close");
    return Promise.resolve();
  }

  async readOut(
    { readouts }: DetectorReadout,
    report: (pixelsRemaining: number) => void,
    signal: AbortSignal,
  ): Promise<AmplifierPixels[]> {
    report(pixelCount(readouts));
    await this.#step("readout", "readout", signal);
    return readouts.map(({ columns, rows }) => new Uint16Array(columns * rows).fill(this.level));
  }

  stop(): Promise<void> {
    this.#note("stop");
    return Promise.resolve();
  }

  #note(what: string): void {
    this.told.push([what, Math.round(this.#clock.now() * 1000) / 1000]);
  }

  async #step(step: DetectorStep, what: string = step, signal?: AbortSignal, times = 1): Promise<void> {
    this.#note(what);
    try {
      await this.#clock.wait(times * (this.takes[step] ?? 0), signal);
    } catch (reason) {
      this.#note(`${step} called off`);
      throw reason;
    }
    const failure = this.fails[step];
    if (failure !== undefined) throw new HeliographError("command_failed", failure);
  }
}

/** What a {@linkcode RecordingCamera} is like. */
export interface RecordingCameraOptions {
  /** The detector's size. */
  readonly columns?: number;
  /** The detector's size. */
  readonly rows?: number;
  /** The images' folder. @default one of its own, which goes when it stops */
  readonly folder?: string;
  /** Whether the bench's mechanisms move, in real time. @default false */
  readonly poll?: boolean;
  /** What else stands on the bench, in the place of what it has of the same name. @param folder The images' folder. */
  readonly others?: (folder: string) => readonly Instrument[];
}

/** A server with azcam's tools, whose camera has a {@linkcode RecordingDetector} and a clock that is advanced by hand. */
export class RecordingCamera extends ServedCamera {
  readonly clock: SimulatedClock;
  readonly detector: RecordingDetector;
  /** The states that the exposure went through, and when. */
  readonly states: [state: string, at: number][] = [];

  private constructor(options: RecordingCameraOptions, folder: string) {
    const { columns, rows, others, poll = false, folder: given } = options;
    const clock = new SimulatedClock(new Date("2026-11-21T22:30:00Z"));
    const detector = new RecordingDetector(clock, columns, rows);
    const more = others?.(folder) ?? [];
    const taken = ["exposure", ...more.map(({ name }) => name)];
    const instruments = demoInstruments().filter(({ name }) => !taken.includes(name));
    const camera = azcamExposure({ summary: "recorded", detector, clock, imageFolders: [folder] });
    super(
      startServer({ instruments: [...instruments, camera, ...more], poll }),
      folder,
      given === undefined,
    );
    this.clock = clock;
    this.detector = detector;
    this.server.bench.onChange((instrument, { name, value }) => {
      if (instrument === camera && name === "state") {
        this.states.push([String(value), Math.round(clock.now() * 1000) / 1000]);
      }
    });
  }

  static async start(options: RecordingCameraOptions = {}): Promise<RecordingCamera> {
    const folder = options.folder ?? await Deno.makeTempDir({ prefix: "heliograph-recorded-" });
    return await new RecordingCamera(options, folder).connected();
  }

  /** Waits until the exposure is in a state. */
  reach(state: string): Promise<void> {
    return eventually(() => this.field("state") === state, `the camera is ${state}; it is ${this.field("state")}`);
  }

  /** Advances the clock once the camera waits for it, and not for its files. */
  async advance(seconds: number): Promise<void> {
    await eventually(() => this.clock.waiting > 0, "the camera waits for the clock");
    await this.clock.advance(seconds);
  }

  /** Begins to ask for an exposure, and returns when it exposes. */
  async exposing(line: string): Promise<{ done: Promise<string> }> {
    const done = this.ask(line);
    await this.reach("exposing");
    await eventually(() => this.clock.waiting > 0, "the shutter is open");
    return { done };
  }

  /** Does something at the next moment at which the exposure is in a state, once that state's work has begun. */
  onState<T>(state: string, work: () => T): Promise<Awaited<T>> {
    return new Promise((resolve, reject) => {
      const unsubscribe = this.server.bench.onChange(({ name: instrument }, { name, value }) => {
        if (instrument !== "exposure" || name !== "state" || value !== state) return;
        unsubscribe();
        void (async () => {
          // What the exposure does then has begun after some of these; no answer of a Worker can come before they are over.
          for (let tick = 0; tick < 20; tick++) await undefined;
          resolve(await work());
        })().catch(reject);
      });
    });
  }
}

/** Whether a file exists, told without waiting. */
export function exists(file: string): boolean {
  try {
    Deno.lstatSync(file);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with the sums of a file's HDUs; a file that cannot be read throws. */
export async function wrongSums(file: string): Promise<string[]> {
  const source = await fileSource(file);
  const wrong: string[] = [];
  for (const hdu of await readFits(source)) {
    for (const [sum, state] of Object.entries(await verifySums(hdu, source))) {
      if (state !== "right") wrong.push(`the ${sum} of HDU ${hdu.number} is ${state}`);
    }
  }
  return wrong;
}
