/**
 * Fetches the overview drawing of the bench, and again when its file has changed.
 *
 * @module
 */

import type { OverviewDescription } from "../../../protocol/description.ts";
import { Live } from "../live/live.tsx";
import type { LiveBench } from "../live/live_bench.ts";

/** How often it is asked for while somebody looks at it, in milliseconds. */
const askInterval = 5000;

/** The overview drawing of a bench. */
export class Overview {
  /** The drawing; `undefined` until it is known. */
  readonly shown: Live<OverviewDescription | undefined> = new Live<OverviewDescription | undefined>(undefined);
  #text = "";

  /** Asks for it once the server can be reached, and whenever it could not be. */
  constructor(bench: LiveBench) {
    bench.begun.subscribe(() => void this.renew());
    if (bench.begun.value > 0) void this.renew();
  }

  /** Asks for it. */
  async renew(): Promise<void> {
    try {
      const answer = await fetch("/api/v1/overview");
      if (!answer.ok) return;
      const text = await answer.text();
      if (text === this.#text) return;
      this.#text = text;
      this.shown.value = JSON.parse(text) as OverviewDescription;
    } catch {
      // The connection is lost, which the page says.
    }
  }

  /** Keeps it up to date, until the returned function is called. */
  follow(): () => void {
    void this.renew();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void this.renew();
    }, askInterval);
    return () => clearInterval(timer);
  }
}

const overviews = new WeakMap<LiveBench, Overview>();

/** The overview of a bench: one for the page. */
export function overviewOf(bench: LiveBench): Overview {
  let overview = overviews.get(bench);
  if (overview === undefined) overviews.set(bench, overview = new Overview(bench));
  return overview;
}
