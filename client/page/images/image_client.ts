/**
 * Fetches the last image of an instrument from the server.
 *
 * @module
 */

import type { ImageDescription } from "../../../protocol/description.ts";
import type { TileRequest } from "./image_geometry.ts";

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

/** Asks for the images of one instrument. */
export class ImageClient {
  readonly #path: string;

  /** @param instrument The instrument's name. */
  constructor(instrument: string) {
    this.#path = `/api/v1/instruments/${encodeURIComponent(instrument)}/image`;
  }

  /** Fetches the description of the last image. @throws {ImageRefused} Where there is none, or nobody answers. */
  async describe(signal: AbortSignal): Promise<ImageDescription> {
    return await (await this.#ask("", signal)).json();
  }

  /** Some pixels. @throws {ImageRefused} Where the image is no longer the last one, or nobody answers. */
  async tile(identity: string, request: TileRequest, signal: AbortSignal): Promise<ImageTile> {
    const { x, y, width, height, scale } = request;
    const asked = Object.entries({ x, y, width, height, scale, identity }).map(([key, value]) => [key, String(value)]);
    const answer = await this.#ask(`/pixels?${new URLSearchParams(asked)}`, signal);
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
