/**
 * The statistics of a region of an image: drawn on the image, or entered in FITS's coordinates.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { ImageDescription, RegionStatisticsDescription } from "../../../protocol/description.ts";
import { useLive } from "../live/live.tsx";
import type { ImageClient } from "./image_client.ts";
import type { Region } from "./image_geometry.ts";
import type { ImageViewer } from "./image_viewer.ts";

const parts = [["x", "x from"], ["y", "y from"], ["width", "Columns"], ["height", "Rows"]] as const;

const rows = [
  ["mean", "Mean"],
  ["median", "Median"],
  ["deviation", "Std. dev."],
  ["minimum", "Minimum"],
  ["maximum", "Maximum"],
] as const;

/** A number of the statistics, with as many digits as say something. */
function statisticText(value: number | null): string {
  if (value === null) return "–";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
}

/** A region that lies in an image, whatever was entered. */
function within(region: Region, { width, height }: ImageDescription): Region {
  const clamp = (value: number, most: number) => Math.min(Math.max(Math.round(value), 1), most);
  const [x, y] = [clamp(region.x, width), clamp(region.y, height)];
  return { x, y, width: clamp(region.width, width - x + 1), height: clamp(region.height, height - y + 1) };
}

/** The statistics. */
export function RegionStatistics({ viewer, client, image, name }: {
  readonly viewer: ImageViewer;
  readonly client: ImageClient;
  readonly image: ImageDescription;
  readonly name: string;
}): VNode {
  const region = useLive(viewer.region);
  const marking = useLive(viewer.marking);
  const [found, setFound] = useState<RegionStatisticsDescription>();
  const [trouble, setTrouble] = useState("");
  const key = region === undefined ? "" : `${region.x} ${region.y} ${region.width} ${region.height}`;
  useEffect(() => {
    setTrouble("");
    if (region === undefined) return setFound(undefined);
    const ended = new AbortController();
    // While a region is drawn, only those are asked for at which the hand rests.
    const timer = setTimeout(() => {
      client.statistics(image.identity, region, ended.signal).then(setFound).catch((error: Error) => {
        if (!ended.signal.aborted) setTrouble(error.message);
      });
    }, 100);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [image.identity, key]);
  return (
    <section class="image-region" aria-labelledby={`region-${name}`}>
      <div class="image-section-head">
        <h3 id={`region-${name}`}>
          Region <small>in ADU</small>
        </h3>
        <button type="button" aria-pressed={marking} onClick={() => (viewer.marking.value = !marking)}>
          Draw
        </button>
        <button
          type="button"
          onClick={() => viewer.mark({ x: 1, y: 1, width: image.width, height: image.height })}
        >
          All
        </button>
        {region === undefined ? null : <button type="button" onClick={() => viewer.mark(undefined)}>Clear</button>}
      </div>
      {region === undefined
        ? <p class="quiet">{marking ? "Drag over the image." : "Drag with Shift, or Draw, for statistics."}</p>
        : (
          <>
            <div class="region-parts">
              {parts.map(([part, label]) => (
                <label key={part}>
                  <span>{label}</span>
                  <input
                    type="number"
                    min="1"
                    step="1"
                    value={region[part]}
                    onChange={(event) => {
                      const value = event.currentTarget.valueAsNumber;
                      if (Number.isFinite(value)) viewer.mark(within({ ...region, [part]: value }, image));
                    }}
                    onWheel={(event) => event.currentTarget.blur()}
                  />
                </label>
              ))}
            </div>
            {trouble !== ""
              ? <p class="complaint" role="alert">{trouble}</p>
              : found === undefined
              ? null
              : (
                <dl class="region-found" aria-live="polite">
                  {rows.map(([row, label]) => (
                    <div key={row}>
                      <dt>{label}</dt>
                      <dd>{statisticText(found[row])}</dd>
                    </div>
                  ))}
                  <div>
                    <dt>Pixels</dt>
                    <dd>{found.count}</dd>
                  </div>
                </dl>
              )}
          </>
        )}
    </section>
  );
}
