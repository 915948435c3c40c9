/**
 * Keeps a camera's last images for those who look at them.
 *
 * @module
 */

import { checkTile } from "./fits/tile.ts";
import {
  type ImageAnswers,
  type ImageQuestion,
  ImageReplaced,
  type ImageSource,
  type LastImage,
  longestPiece,
  mostBins,
  NoImage,
  type RecentImage,
  type Tile,
  type TileRequest,
} from "../bench/images.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { Turns } from "../devices/transports/turns.ts";
import type { FoundImage } from "./pixel_messages.ts";
import type { PixelStore } from "./pixel_store.ts";

/** How many images are kept in the table. */
const mostImages = 24;

interface Seen {
  readonly stamp: string;
  readonly image: LastImage;
}

/** An image of the table. */
interface Kept {
  /** Its number in the table; its identity begins with it. */
  readonly number: number;
  readonly file: string;
  /** What it is, once somebody has looked. */
  seen: Seen | undefined;
}

/**
 * Tells of a camera's last images; files are read by the Worker for pixels, one after another. After a restart those are
 * known that are the newest of the camera's image folder.
 */
export class LastImages implements ImageSource {
  readonly #store: Pick<PixelStore, "look" | "tile" | "ask" | "there" | "newest">;
  /** However many people look, an image that is to be written waits for one of them at most. */
  readonly #turns = new Turns();
  /** The images in the order in which they were written. */
  readonly #table: Kept[] = [];
  #numbers = 0;
  #last: Kept | undefined;
  #count = 0;

  /** @param store What reads the images. */
  constructor(store: Pick<PixelStore, "look" | "tile" | "ask" | "there" | "newest">) {
    this.#store = store;
  }

  /** How many images there have been. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes the newest files of a folder into the table: what was written there before the server began.
   *
   * @param folder Its absolute path.
   */
  async restore(folder: string): Promise<void> {
    const found = await this.#store.newest(folder, mostImages);
    // Oldest first, and before what this server has written already.
    const before = found.filter(({ file }) => this.#table.every((kept) => kept.file !== file)).toReversed();
    this.#table.unshift(...before.map(({ file }) => this.#kept(file)));
    this.#trim();
  }

  /**
   * From now on this is the last image.
   *
   * @param file Its absolute path.
   * @param shown Whether it takes the place of the one before for those who look.
   */
  written(file: string, shown = true): void {
    this.#count++;
    const same = this.#table.findIndex((kept) => kept.file === file);
    const replaced = same < 0 ? undefined : this.#table.splice(same, 1)[0];
    const kept = this.#kept(file);
    this.#table.push(kept);
    this.#trim();
    // One that took the place of the last one's file has its pixels, whether it is to be shown or not.
    if (shown || (replaced !== undefined && replaced === this.#last)) this.#last = kept;
  }

  #kept(file: string): Kept {
    return { number: ++this.#numbers, file, seen: undefined };
  }

  #trim(): void {
    this.#table.splice(0, this.#table.length - mostImages);
  }

  async describe(signal: AbortSignal, identity?: string): Promise<LastImage> {
    return await this.#inTurn(signal, async () => (await this.#look(this.#find(identity), identity, signal)).image);
  }

  async tile(request: TileRequest, identity: string | undefined, signal: AbortSignal): Promise<Tile> {
    return await this.#inTurn(signal, async () => {
      const kept = this.#find(identity);
      const { stamp, image } = this.#known(kept, identity) ?? await this.#look(kept, identity, signal);
      checkTile(request, image);
      return this.#still(await this.#store.tile(image.file, stamp, request, signal), kept);
    });
  }

  async ask<Q extends ImageQuestion>(
    question: Q,
    identity: string | undefined,
    signal: AbortSignal,
  ): Promise<ImageAnswers[Q["about"]]> {
    checkQuestion(question);
    return await this.#inTurn(signal, async () => {
      const kept = this.#find(identity);
      const { stamp, image } = this.#known(kept, identity) ?? await this.#look(kept, identity, signal);
      return this.#still(await this.#store.ask(image.file, stamp, question, signal), kept);
    });
  }

  async recent(signal: AbortSignal): Promise<readonly RecentImage[]> {
    return await this.#inTurn(signal, async () => {
      const table = [...this.#table].reverse();
      if (table.length === 0) return [];
      const there = new Map<string, FoundImage>();
      for (const found of await this.#store.there(table.map(({ file }) => file), signal)) there.set(found.file, found);
      return table.flatMap(({ number, file }) => {
        const found = there.get(file);
        return found === undefined ? [] : [{ identity: `${number}-${found.stamp}`, file, time: found.time }];
      });
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

  /** The image that an identity names, or the last one. */
  #find(identity: string | undefined): Kept {
    if (identity === undefined) {
      if (this.#last !== undefined) return this.#last;
      throw new NoImage("No image has been written since the server began");
    }
    const number = Number(/^\d+(?=-)/.exec(identity)?.[0]);
    const kept = this.#table.find((each) => each.number === number);
    if (kept === undefined) throw replaced();
    return kept;
  }

  /** What is known of an image already. */
  #known({ seen }: Kept, identity: string | undefined): Seen | undefined {
    if (seen !== undefined && identity !== undefined && seen.image.identity !== identity) throw replaced();
    return seen;
  }

  async #look(kept: Kept, identity: string | undefined, signal: AbortSignal): Promise<Seen> {
    const { number, file } = kept;
    const found = await this.#store.look(file, kept.seen?.stamp, signal);
    if (found === "gone") throw removed(file);
    if (found !== "same") {
      const { stamp, ...image } = found;
      kept.seen = { stamp, image: { identity: `${number}-${stamp}`, file, ...image } };
    }
    return this.#known(kept, identity)!;
  }

  /** An answer that is about the image that was meant. */
  #still<T>(answer: T | "replaced" | "gone", kept: Kept): T {
    if (answer === "gone") throw removed(kept.file);
    if (answer !== "replaced") return answer;
    kept.seen = undefined;
    throw replaced();
  }
}

/** Refuses what would be too much. */
function checkQuestion(question: ImageQuestion): void {
  if (question.about === "histogram") {
    const { from, to, bins } = question;
    if (!Number.isFinite(from) || !Number.isFinite(to) || from >= to) {
      throw new HeliographError("bad_argument", "Cannot count the pixels: from must be less than to");
    }
    if (Number.isSafeInteger(bins) && bins >= 1 && bins <= mostBins) return;
    throw new HeliographError("out_of_limits", `Cannot count the pixels: bins must be 1 to ${mostBins}`);
  }
  if (question.about === "piece" && question.length > longestPiece) {
    throw new HeliographError("out_of_limits", `Cannot read the file: a piece has at most ${longestPiece} bytes`);
  }
}

function removed(file: string): NoImage {
  return new NoImage(`The last image is no longer there: ${file} has been moved or removed`);
}

function replaced(): ImageReplaced {
  return new ImageReplaced("That image is no longer kept: another one has taken its place; ask which ones there are");
}
