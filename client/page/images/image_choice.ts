/**
 * Which of a camera's images is shown: the newest, one that somebody has chosen, or two in turn.
 *
 * @module
 */

import type { RecentImageDescription } from "../../../protocol/description.ts";
import { Live } from "../live/live.tsx";
import type { ImageClient } from "./image_client.ts";
import type { ImageViewer } from "./image_viewer.ts";

/** Two images that are shown in turn. */
export type BlinkedPair = readonly [shown: string, other: string];

/** Keeps the row of the last images, and which of them is shown. */
export class ImageChoice {
  /** The last images, the newest first; `undefined` until they are known. */
  readonly recent: Live<readonly RecentImageDescription[] | undefined> = new Live<
    readonly RecentImageDescription[] | undefined
  >(undefined);
  /** The identity of the chosen one; `undefined` while it is the newest, whichever that is. */
  readonly chosen: Live<string | undefined> = new Live<string | undefined>(undefined);
  /** The two that are blinked, if any are. */
  readonly blinked: Live<BlinkedPair | undefined> = new Live<BlinkedPair | undefined>(undefined);
  readonly #client: ImageClient;
  readonly #viewer: ImageViewer;

  constructor(client: ImageClient, viewer: ImageViewer) {
    this.#client = client;
    this.#viewer = viewer;
  }

  /** Asks which images there are. What nobody answers leaves the row as it is. */
  async renew(signal: AbortSignal): Promise<void> {
    try {
      const recent = await this.#client.recent(signal);
      if (signal.aborted) return;
      this.recent.value = recent;
      const isThere = (identity: string) => recent.some((each) => each.identity === identity);
      if (this.chosen.value !== undefined && !isThere(this.chosen.value)) this.chosen.value = undefined;
      if (this.blinked.value?.every(isThere) === false) this.endBlinking();
    } catch {
      // The connection is lost, which the page says, or this camera has no images.
    }
  }

  /** Shows an image; while two are blinked, it becomes the other one of them. */
  choose(identity: string): void {
    const pair = this.blinked.value;
    if (pair === undefined) {
      this.chosen.value = identity === this.recent.value?.[0]?.identity ? undefined : identity;
    } else if (!pair.includes(identity)) {
      this.blinked.value = [identity, pair[0]];
      this.chosen.value = identity;
    } else if (pair[0] !== identity) this.toggle();
  }

  /** Shows the newest image from now on. */
  follow(): void {
    this.endBlinking();
    this.chosen.value = undefined;
  }

  /** Begins to blink the image that is shown with the one before it. */
  blink(): void {
    const recent = this.recent.value ?? [];
    const at = Math.max(0, recent.findIndex(({ identity }) => identity === this.chosen.value));
    const [shown, other] = [recent[at], recent[at + 1] ?? recent[at - 1]];
    if (shown === undefined || other === undefined) return;
    this.blinked.value = [shown.identity, other.identity];
    this.chosen.value = shown.identity;
    // With the same stretch for both, what has changed is seen.
    this.#viewer.change({ levels: "manual" });
  }

  /** Shows the other one of the two. */
  toggle(): void {
    const pair = this.blinked.value;
    if (pair === undefined) return;
    this.blinked.value = [pair[1], pair[0]];
    this.chosen.value = pair[1];
  }

  /** Goes on with the image that is shown. */
  endBlinking(): void {
    this.blinked.value = undefined;
  }
}
