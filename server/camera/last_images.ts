/**
 * Keeps a camera's last image for those who look at it.
 *
 * @module
 */

import { checkTile } from "./fits/tile.ts";
import {
  ImageReplaced,
  type ImageSource,
  type LastImage,
  NoImage,
  type Tile,
  type TileRequest,
} from "../bench/images.ts";
import { Turns } from "../devices/transports/turns.ts";
import type { PixelStore } from "./pixel_store.ts";

interface Seen {
  readonly stamp: string;
  readonly image: LastImage;
}

/** Tells of a camera's last image; files are read by the Worker for pixels, one after another. */
export class LastImages implements ImageSource {
  readonly #store: Pick<PixelStore, "look" | "tile">;
  /** However many people look, an image that is to be written waits for one of them at most. */
  readonly #turns = new Turns();
  #file = "";
  #count = 0;
  #seen: Seen | undefined;

  /** @param store What reads the images. */
  constructor(store: Pick<PixelStore, "look" | "tile">) {
    this.#store = store;
  }

  /** How many images there have been. */
  get count(): number {
    return this.#count;
  }

  /**
   * From now on this is the last image.
   *
   * @param file Its absolute path.
   * @param shown Whether it takes the place of the one before for those who look.
   */
  written(file: string, shown = true): void {
    this.#count++;
    if (!shown) return;
    this.#file = file;
    this.#seen = undefined;
  }

  async describe(signal: AbortSignal): Promise<LastImage> {
    return await this.#inTurn(signal, async () => (await this.#look(signal)).image);
  }

  async tile(request: TileRequest, identity: string | undefined, signal: AbortSignal): Promise<Tile> {
    return await this.#inTurn(signal, async () => {
      const { stamp, image } = this.#seen ?? await this.#look(signal);
      if (identity !== undefined && identity !== image.identity) throw replaced();
      checkTile(request, image);
      const tile = await this.#store.tile(image.file, stamp, request, signal);
      if (tile === "gone") throw removed(image.file);
      if (tile !== "replaced") return tile;
      this.#seen = undefined;
      throw replaced();
    });
  }

  async #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const turn = await this.#turns.take("command", signal);
    try {
      return await work();
    } finally {
      this.#turns.end(turn);
    }
  }

  async #look(signal: AbortSignal): Promise<Seen> {
    const [file, count] = [this.#file, this.#count];
    if (file === "") throw new NoImage("No image has been written since the server began");
    const found = await this.#store.look(file, this.#seen?.stamp, signal);
    if (found === "gone") throw removed(file);
    if (found === "same") return this.#seen ?? await this.#look(signal);
    const { stamp, ...image } = found;
    const seen = { stamp, image: { identity: `${count}-${stamp}`, file, ...image } };
    // What was written meanwhile is looked at when somebody asks for it.
    if (count === this.#count) this.#seen = seen;
    return seen;
  }
}

function removed(file: string): NoImage {
  return new NoImage(`The last image is no longer there: ${file} has been moved or removed`);
}

function replaced(): ImageReplaced {
  return new ImageReplaced("That image is no longer the last one; ask for the description of the one that is");
}
