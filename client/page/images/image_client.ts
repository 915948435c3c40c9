/**
 * Fetches the images of an instrument from the server.
 *
 * @module
 */

import type {
  ImageDescription,
  ImageHduDescription,
  ImageHistogramDescription,
  RecentImageDescription,
  RegionStatisticsDescription,
} from "../../../protocol/description.ts";
import type { Region, TileRequest } from "./image_geometry.ts";

/** A part of an image that was fetched. */
export interface ImageTile {
  /** Which part it is. */
  readonly request: TileRequest;
  /** How many columns it has. */
  readonly columns: number;
  /** How many rows it has. */
  readonly rows: number;
  /** Row by row, the lowest first; NaN where there is no value. */
  readonly pixels: Float32Array<ArrayBuffer>;
}

/** An answer of the server that is no image. */
export class ImageRefused extends Error {
  /** The HTTP status: 404 where there is no image, 409 where it is no longer the last one. */
  readonly status: number;

  /** Says why. @param status The HTTP status. @param message What the server said. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The query of a request, without what is left out. */
function queryOf(parts: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parts).flatMap(([key, value]) => value === undefined ? [] : [[key, String(value)]]);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

/** Asks for the images of one instrument. */
export class ImageClient {
  /** The instrument's name. */
  readonly camera: string;
  readonly #path: string;

  /** @param instrument The instrument's name. */
  constructor(instrument: string) {
    this.camera = instrument;
    this.#path = `/api/v1/instruments/${encodeURIComponent(instrument)}/image`;
  }

  /**
   * Fetches the description of an image.
   *
   * @param identity Which one. @default the last one
   * @throws {ImageRefused} Where there is none, or nobody answers; so do all others.
   */
  async describe(signal: AbortSignal, identity?: string): Promise<ImageDescription> {
    return await (await this.#ask(queryOf({ identity }), signal)).json();
  }

  /** Fetches the list of the last images, the newest first. */
  async recent(signal: AbortSignal): Promise<readonly RecentImageDescription[]> {
    return await (await this.#ask("s", signal)).json();
  }

  /** Fetches the whole header of an image. */
  async header(identity: string, signal: AbortSignal): Promise<readonly ImageHduDescription[]> {
    return await (await this.#ask(`/header${queryOf({ identity })}`, signal)).json();
  }

  /** Has the pixels of a region added up, each as it is in the file. */
  async statistics(identity: string, region: Region, signal: AbortSignal): Promise<RegionStatisticsDescription> {
    const { x, y, width, height } = region;
    return await (await this.#ask(`/statistics${queryOf({ x, y, width, height, identity })}`, signal)).json();
  }

  /** Has the pixels of an image counted by their values. */
  async histogram(
    identity: string,
    [from, to]: readonly [number, number],
    bins: number,
    signal: AbortSignal,
  ): Promise<ImageHistogramDescription> {
    return await (await this.#ask(`/histogram${queryOf({ from, to, bins, identity })}`, signal)).json();
  }

  /** The address of an image's file. */
  fileAddress(identity: string): string {
    return `${this.#path}/file${queryOf({ identity })}`;
  }

  /** Some pixels. @throws {ImageRefused} Where the image is no longer the last one, or nobody answers. */
  async tile(identity: string, request: TileRequest, signal: AbortSignal): Promise<ImageTile> {
    const { x, y, width, height, scale } = request;
    const answer = await this.#ask(`/pixels${queryOf({ x, y, width, height, scale, identity })}`, signal);
    return {
      request,
      columns: Number(answer.headers.get("X-Heliograph-Columns")),
      rows: Number(answer.headers.get("X-Heliograph-Rows")),
      pixels: new Float32Array(await answer.arrayBuffer()),
    };
  }

  async #ask(path: string, signal: AbortSignal): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(this.#path + path, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new ImageRefused(0, `The image could not be fetched: ${(error as Error).message}`);
    }
    if (answer.ok) return answer;
    const { error } = await answer.json().catch(() => ({})) as { error?: { message: string } };
    throw new ImageRefused(answer.status, error?.message ?? `The server answered with status ${answer.status}`);
  }
}
