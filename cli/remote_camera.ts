/**
 * Takes exposures with a camera on a server.
 *
 * @module
 */

import type { PyOpticonSocketClient } from "../client/pyopticon_client.ts";
import type { InstrumentStatus, WireValue } from "../protocol/description.ts";
import { HeliographError } from "../protocol/errors.ts";
import { type ConnectionFlags, dashboardClient } from "./connection.ts";
import type { CliContext } from "./context.ts";

/** The settings of an exposure; those left out stay as they are set. */
export interface ExposureSettings {
  /** The exposure time. */
  readonly seconds?: number | undefined;
  /** The image type. */
  readonly type?: string | undefined;
  /** The title. */
  readonly title?: string | undefined;
}

/** An exposure that has been asked for. */
export interface RemoteExposure {
  /**
   * Resolves once it is certain that the server has begun it. Where somebody else's command came first, that is only
   * known when it is seen in the server's status, and may stay unknown until it has ended.
   */
  readonly begun: Promise<void>;
  /** Resolves when its image is written. @throws {HeliographError} What the server answers, or `connection_lost`. */
  readonly ended: Promise<void>;
}

/** How often the status is asked for while an exposure waits, in milliseconds. */
const statusPause = 250;

/** No record in the server's log: nobody asked for it. */
const quiet = { printout: false } as const;

function isLost(error: unknown): boolean {
  return error instanceof HeliographError &&
    ["connection_failed", "connection_lost", "no_reply", "aborted"].includes(error.code);
}

/** Resolves in any case when a promise has settled. */
function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(() => {}, () => {});
}

/** A camera: its fields as they change, its queue, and its exposures. */
export class RemoteCamera implements AsyncDisposable {
  /** Its name on the bench. */
  readonly name: string;
  /** For what is answered at once. */
  readonly #client: PyOpticonSocketClient;
  /** For what takes as long as it takes. */
  readonly #patient: PyOpticonSocketClient;
  readonly #fields = new Map<string, WireValue | null>();
  readonly #closing = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  private constructor(name: string, client: PyOpticonSocketClient, patient: PyOpticonSocketClient) {
    this.name = name;
    this.#client = client;
    this.#patient = patient;
  }

  /**
   * Connects, and begins to watch the camera.
   *
   * @param context Who asks.
   * @param flags Where the server is.
   * @param camera The camera's name or title.
   * @param changed Told when a field has changed.
   * @throws {HeliographError} When the server cannot be reached, is an original dashboard, or has no such camera.
   */
  static async connect(
    context: CliContext,
    flags: ConnectionFlags,
    camera: string,
    changed: () => void,
  ): Promise<RemoteCamera> {
    const client = dashboardClient(context, flags);
    const patient = dashboardClient(context, { ...flags, timeout: 0 });
    try {
      const { name, fields, commands } = await client.describe(camera);
      const isCamera = ["expose", "abort"].every((command) => commands.some((known) => known.name === command)) &&
        ["state", "lastfile"].every((field) => fields.some((known) => known.name === field));
      if (!isCamera) throw new HeliographError("unknown_command", `${name} is no camera; give another one by --camera`);
      const connected = new RemoteCamera(name, client, patient);
      await connected.#watch(changed);
      return connected;
    } catch (error) {
      await Promise.all([client.close(), patient.close()]);
      throw error;
    }
  }

  /** The value of a field, as it was last told; `null` where it is not known. */
  value(field: string): WireValue | null {
    return this.#fields.get(field) ?? null;
  }

  /** The status of the camera: the running command, and how many wait. */
  async status(): Promise<InstrumentStatus> {
    return await this.#statusFrom(this.#client);
  }

  /**
   * Waits until the server has done what others asked of the camera before: its queue is the server's, and an empty
   * `confirm` stands in it for this program. An exposure that waited there itself could not be taken back, since the
   * server still takes it when its client has left.
   */
  async turn(): Promise<void> {
    for (;;) {
      try {
        await this.#patient.call(this.name, "confirm", [], {}, quiet);
        return;
      } catch (error) {
        if (isLost(error)) throw error;
        // What it is not allowed to do, the exposure is not either, and its error says so.
        if (!(error instanceof HeliographError && error.code === "deadline_exceeded")) return;
      }
    }
  }

  /** Asks for an exposure. @param settings What it is told. */
  expose({ seconds = -1, type = "", title = "" }: ExposureSettings): RemoteExposure {
    const ended = this.#patient.call(this.name, "expose", [seconds, type, title]).then(() => {});
    // The server takes the messages of one connection in their order: this status is the one right after the call.
    const begun = this.#begun(this.#statusFrom(this.#patient), settled(ended));
    ended.catch(() => {});
    begun.catch(() => {});
    return { begun, ended };
  }

  /** Aborts what the camera does, whoever asked for it. */
  async abort(): Promise<void> {
    await this.#client.call(this.name, "abort");
  }

  /** The path of the image that was written last. */
  async lastFile(): Promise<string> {
    return String((await this.#client.getReading(this.name, "lastfile", quiet)).value);
  }

  /** Closes the connections; what the server does goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#client.close(), this.#patient.close()]);
    await settled(this.#watching);
  }

  async #statusFrom(client: PyOpticonSocketClient): Promise<InstrumentStatus> {
    const { instruments } = await client.status(quiet);
    return instruments.find(({ name }) => name === this.name)!;
  }

  /**
   * Resolves when the exposure is certain to have begun. The queue runs commands in their order, and what waits right
   * after the call is at most what comes before it, and itself. So it has begun when nothing waits any more, or when that
   * many commands have been seen to begin: what runs has then run for less long than what ran before.
   */
  async #begun(afterCall: Promise<InstrumentStatus>, ended: Promise<void>): Promise<void> {
    let over = false;
    void ended.then(() => over = true);
    let status = await afterCall;
    for (let before = status.waiting; before > 0 && !over;) {
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, statusPause);
      await Promise.race([pause.promise, ended]);
      clearTimeout(timer);
      const now = await this.status();
      if (now.waiting === 0) return;
      if (now.runningFor < status.runningFor) before--;
      status = now;
    }
  }

  /** Takes what the server tells of the fields, until this is closed. */
  async #watch(changed: () => void): Promise<void> {
    const snapshot = Promise.withResolvers<void>();
    const watch = async () => {
      for await (const update of this.#patient.watch(this.name, undefined, { signal: this.#closing.signal })) {
        if (update.event === "field") this.#fields.set(update.field, update.value);
        if (update.event === "end-of-snapshot") snapshot.resolve();
        if (update.event === "field") changed();
      }
    };
    this.#watching = watch();
    // After the snapshot, what ends the watch ends the exposure too, whose error is told.
    this.#watching.catch(() => {});
    await Promise.race([snapshot.promise, this.#watching]);
  }
}
