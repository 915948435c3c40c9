/**
 * The subcommand that takes exposures: `expose`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import type { InstrumentStatus } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { type ConnectionFlags, dashboardFlags, instrumentParameter } from "../connection.ts";
import { UsageError } from "../exit_codes.ts";
import { interruptedCode, Interrupts } from "../interrupts.ts";
import { duration, type Paint, painter, writeJson } from "../output.ts";
import { type ExposureSettings, RemoteCamera, type RemoteExposure } from "../remote_camera.ts";
import { bar, type ProgressContext, ProgressLine, terminalColumns } from "../terminal.ts";

interface ExposeFlags extends ConnectionFlags {
  readonly type?: string;
  readonly title?: string;
  readonly count: number;
  readonly camera: string;
}

/** The states of the camera in plain words. */
const phases: Readonly<Record<string, string>> = {
  "setup": "setting up",
  "ready": "setting up",
  "exposing": "exposing",
  "paused": "paused",
  "exposed": "reading out",
  "reading out": "reading out",
  "read": "reading out",
  "writing": "writing",
  "aborted": "aborting",
  "failed": "failed",
};

const longestPhase = Math.max(...Object.values(phases).map(({ length }) => length));
const longestBar = 30;

/** The time after which an exposure that has not begun is taken to wait for others, in milliseconds. */
const soon = 1000;

function parseExposureTime(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new Error(`${text} is not an exposure time: give seconds, at least 0`);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 1_000_000) return count;
  throw new Error(`${text} is not a number of exposures: give 1 to 1000000`);
}

/** `heliograph expose SECONDS` */
export const exposeCommand = buildCommand({
  docs: { brief: "Take exposures; tells the images' files. Ctrl-C aborts" },
  parameters: {
    flags: {
      ...dashboardFlags,
      type: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "The image type: zero, object, flat, dark or a comparison lamp [default = as set]",
        proposeCompletions: () => ["zero", "object", "flat", "dark"],
      },
      title: { kind: "parsed", parse: String, optional: true, brief: "The image title [default = as set]" },
      count: { kind: "parsed", parse: parseCount, default: "1", brief: "How many, one after another" },
      camera: { ...instrumentParameter, kind: "parsed", default: "exposure", brief: "The camera's name or title" },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "SECONDS",
        brief: "The exposure time; not needed with --type zero",
        parse: parseExposureTime,
        optional: true,
      }],
    },
  },
  async func(this: ProgressContext, flags: ExposeFlags, seconds?: number): Promise<void> {
    if (seconds === undefined && flags.type !== "zero") {
      throw new UsageError(`Say how long: ${this.program} expose SECONDS; only --type zero needs no time`);
    }
    using interrupts = new Interrupts();
    const exposures = new Exposures(this, flags, interrupts);
    await exposures.take(seconds);
  },
});

/** The outcomes of an exposure. */
type Outcome = "taken" | "aborted" | "not begun" | "left";

/** The exposures of one call of the program. */
class Exposures {
  readonly #line: ProgressLine;
  readonly #context: ProgressContext;
  readonly #flags: ExposeFlags;
  readonly #interrupts: Interrupts;
  readonly #paint: Paint;
  #camera: RemoteCamera | undefined;
  #number = 1;
  /** Whether what the camera does is somebody else's. */
  #waiting = false;

  constructor(context: ProgressContext, flags: ExposeFlags, interrupts: Interrupts) {
    this.#context = context;
    this.#flags = flags;
    this.#interrupts = interrupts;
    this.#paint = painter(context.colour);
    this.#line = new ProgressLine(context, () => this.#progress());
  }

  async take(seconds: number | undefined): Promise<void> {
    const { count, camera: name, type, title } = this.#flags;
    await using camera = await RemoteCamera.connect(this.#context, this.#flags, name, () => this.#line.changed());
    this.#camera = camera;
    using _ = this.#line;
    if (count > 1 && camera.value("imagetest") === 1) {
      this.#line.note(
        "These are test images: each overwrites the one before. " +
          `To keep them: ${this.#context.program} set ${camera.name} imagetest 0`,
      );
    }
    for (; this.#number <= count; this.#number++) {
      const outcome = await this.#one(camera, { seconds, type, title });
      if (outcome === "taken") await this.#tell(camera, { seconds, type, title });
      if (outcome !== "taken" || this.#interrupts.told) return this.#interrupted(outcome);
    }
  }

  /** Takes one. @throws {HeliographError} When it fails. */
  async #one(camera: RemoteCamera, settings: ExposureSettings): Promise<Outcome> {
    if (!await this.#turn(camera)) return "not begun";
    const exposure = camera.expose(settings);
    let [over, aborting] = [false, false];
    const abort = this.#interrupts.first.then(async () => {
      // Until it has begun, an abort would end somebody else's exposure.
      await exposure.begun;
      if (over) return;
      aborting = true;
      await camera.abort();
    });
    // Where the abort fails, the exposure goes on, and so does this program.
    abort.catch((error) => this.#line.note(printable(`Cannot abort: ${error.message}`)));
    const late = this.#noticeOthers(exposure);
    try {
      const ended = exposure.ended.then((): Outcome => "taken");
      return await Promise.race([ended, this.#interrupts.second.then((): Outcome => "left")]);
    } catch (error) {
      if (aborting && error instanceof HeliographError && error.code === "command_failed") return "aborted";
      throw error;
    } finally {
      over = true;
      clearTimeout(late);
    }
  }

  /** Waits for what others have asked of the camera. @returns Whether the turn came before Ctrl-C did. */
  async #turn(camera: RemoteCamera): Promise<boolean> {
    let came = false;
    const turn = camera.turn().then(() => came = true);
    turn.catch(() => {});
    const status = await camera.status();
    // A poll is over soon.
    this.#waiting = !came && status.waiting > 0 && status.running !== "poll";
    if (this.#waiting) this.#line.note(`Waiting: ${busyText(status)}`);
    this.#line.changed();
    await Promise.race([turn, this.#interrupts.first]);
    this.#waiting = false;
    return came && !this.#interrupts.told;
  }

  /** Says so when an exposure has not begun soon, because others came first after all; Ctrl-C then works late. */
  #noticeOthers({ begun }: RemoteExposure): ReturnType<typeof setTimeout> {
    const warn = () =>
      this.#line.note("It is aborted when its turn comes; Ctrl-C again leaves at once, and the server may take it");
    const late = setTimeout(() => {
      this.#waiting = true;
      this.#line.note("Waiting: others came first");
      if (this.#interrupts.told) warn();
      else void this.#interrupts.first.then(() => this.#waiting && warn());
    }, soon);
    const known = () => {
      clearTimeout(late);
      this.#waiting = false;
    };
    void begun.then(known, known);
    return late;
  }

  /** Tells of an image. */
  async #tell(camera: RemoteCamera, settings: ExposureSettings): Promise<void> {
    const file = await camera.lastFile();
    this.#line.clear();
    if (!this.#flags.json) return void this.#context.process.stdout.write(`${printable(file)}\n`);
    const type = settings.type ?? camera.value("imagetype");
    writeJson(this.#context, {
      file,
      type,
      seconds: type === "zero" ? 0 : settings.seconds ?? camera.value("exposuretime"),
      title: settings.title || camera.value("imagetitle"),
      number: this.#number,
      count: this.#flags.count,
    });
  }

  #interrupted(outcome: Outcome): void {
    const texts: Readonly<Record<Outcome, string>> = {
      "taken": "stopped",
      "aborted": "aborted",
      "not begun": "aborted before it began; what others do goes on",
      "left": "left; what the server does goes on",
    };
    const { count } = this.#flags;
    const done = this.#number - (outcome === "taken" ? 0 : 1);
    this.#line.note(count === 1 ? texts[outcome] : `${texts[outcome]}; ${done} of ${count} taken`);
    this.#context.process.exitCode = interruptedCode;
  }

  /** The progress of the camera in a line; empty where it is idle. */
  #progress(): string {
    const camera = this.#camera;
    const state = String(camera?.value("state"));
    const phase = phases[state];
    if (camera === undefined || phase === undefined) return "";
    const { count } = this.#flags;
    const which = this.#waiting ? "waiting for others: " : count === 1 ? "" : `${this.#number} of ${count}  `;
    const percent = Number(camera.value("progress"));
    const rest = phase === "exposing" || phase === "paused"
      ? `${secondsText(Number(camera.value("exposuretimeremaining")))} left`
      : state === "reading out"
      ? `${Math.floor(percent)} %`
      : "";
    const start = `${which}${phase.padEnd(longestPhase)}  `;
    const room = Math.min(longestBar, terminalColumns() - start.length - rest.length - 3);
    const drawn = rest === "" || room < 5 ? "" : `${bar(percent, room, this.#paint)}  `;
    return `${start}${drawn}${rest}`;
  }
}

/** Says why the camera cannot begin an exposure. */
function busyText({ name, running, runningFor, waiting }: InstrumentStatus): string {
  const others = waiting === 1 ? "" : `, and ${waiting - 1} more wait`;
  if (running === "") return `${name} is kept by somebody's code${others}`;
  return `${name} is busy with ${running} for ${duration(runningFor)} already${others}`;
}

/** `1.3 s`; past two minutes `2:05`, and `1:02:03`. */
function secondsText(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const [two, rest] = [String(minutes).padStart(2, "0"), String(Math.floor(seconds % 60)).padStart(2, "0")];
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${two}:${rest}`;
}
