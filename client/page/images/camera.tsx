/**
 * A camera on its card: its state, the exposure to come, and the last image small, which leads to the place of images.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import { useLive } from "../live/live.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { type LiveInstrument, noReading } from "../live/live_instrument.ts";
import { ExposureForm } from "./exposure_form.tsx";
import { ExposureProgress } from "./exposure_progress.tsx";
import { ImageClient } from "./image_client.ts";
import { fileName, Thumbnail } from "./image_strip.tsx";

/** Whether an instrument takes exposures as azcam's cameras do. */
export function isCamera({ fields, commands }: LiveInstrument): boolean {
  return fields.has("state") &&
    ["expose", "abort"].every((wanted) => commands.some(({ name }) => name === wanted));
}

/** The camera's part of its card. */
export function CameraControls({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode {
  return (
    <div class="camera">
      <ExposureProgress instrument={instrument} small />
      <ExposureForm bench={bench} instrument={instrument} small />
      {instrument.hasImages ? <LastImage bench={bench} instrument={instrument} /> : null}
    </div>
  );
}

/** The last image, as a link to where it is large. */
function LastImage({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode {
  const { name } = instrument;
  const [client] = useState(() => new ImageClient(name));
  const written = useLive(instrument.fields.get("imageswritten")?.reading ?? noReading);
  const connected = useLive(bench.connection).state === "open";
  const [last, setLast] = useState<{ readonly identity: string; readonly file: string }>();
  useEffect(() => {
    if (!connected) return;
    const ended = new AbortController();
    client.recent(ended.signal).then(([newest]) => setLast(newest)).catch(() => {});
    return () => ended.abort();
  }, [connected, written.value, written.time]);
  return (
    <a class="last-image" href={`#/images/${encodeURIComponent(name)}`}>
      {last === undefined ? null : <Thumbnail client={client} identity={last.identity} />}
      <span>{last === undefined ? "No image yet" : fileName(last.file)}</span>
      <span class="quiet">Images…</span>
    </a>
  );
}
