/**
 * A camera's image, large, with zoom, stretch and the values of its pixels.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type { ImageDescription } from "../../../protocol/description.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { type LiveInstrument, noReading } from "../live/live_instrument.ts";
import type { ImageChoice } from "./image_choice.ts";
import type { ImageClient } from "./image_client.ts";
import { listen, zoomStep } from "./image_gestures.ts";
import { type Curve, curves, levelText, valueText } from "./image_stretch.ts";
import { Histogram } from "./image_histogram.tsx";
import { fileName } from "./image_strip.tsx";
import type { ImageViewer, LevelsChoice } from "./image_viewer.ts";
import { useLive } from "../live/live.tsx";

const levelNames: Readonly<Record<LevelsChoice, string>> = {
  automatic: "automatic",
  wide: "wide",
  full: "full range",
  manual: "manual",
};

/** Whether the page can be seen. */
function useVisible(): boolean {
  const [visible, setVisible] = useState(document.visibilityState === "visible");
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return visible;
}

/** Keeps a viewer at the image that is chosen, as long as the page can be seen. @returns What is written, for whoever asks. */
export function useImages(
  bench: LiveBench,
  instrument: LiveInstrument,
  viewer: ImageViewer,
  choice: ImageChoice,
): { readonly any: boolean } {
  const visible = useVisible();
  const connected = useLive(bench.connection).state === "open";
  // A file may be written again under the same name: each image is counted.
  const written = useLive(instrument.fields.get("imageswritten")?.reading ?? noReading);
  const key = `${written.text} ${written.time}`;
  const recent = useLive(choice.recent);
  const chosen = useLive(choice.chosen);
  useEffect(() => {
    if (!visible || !connected) return;
    const ended = new AbortController();
    void choice.renew(ended.signal);
    return () => ended.abort();
  }, [visible, connected, key]);
  const any = written.value !== 0 || (recent?.length ?? 0) > 0;
  // Of what was written before the server began none is its last one.
  const wanted = chosen ?? (written.value === 0 ? recent?.[0]?.identity : undefined);
  useEffect(() => {
    if (connected && !any) viewer.clear();
    else if (visible && connected && (written.value !== 0 || wanted !== undefined)) viewer.show(key, wanted);
    else viewer.pause();
  }, [visible, connected, any, key, wanted]);
  return { any };
}

/** The image, large, with what moves and stretches it. */
export function ImageStage({ viewer, client, instrument, any }: {
  readonly viewer: ImageViewer;
  readonly client: ImageClient;
  readonly instrument: LiveInstrument;
  /** Whether there is any image. */
  readonly any: boolean;
}): VNode {
  const image = useLive(viewer.image);
  const trouble = useLive(viewer.trouble);
  return (
    <section class="image-stage" aria-label="Image">
      {image === undefined || trouble !== ""
        ? (
          <p role="status" class="image-status">
            {trouble || (any ? "Fetching the image…" : "No image has been written yet.")}
          </p>
        )
        : null}
      <div class="image-body" hidden={image === undefined}>
        <Picture viewer={viewer} instrument={instrument} image={image} />
        <div class="image-foot">
          <PixelValue viewer={viewer} />
          <ViewBar viewer={viewer} />
        </div>
        {image === undefined ? null : (
          <p class="image-name">
            <span>{fileName(image.file)}</span>
            <span class="quiet">{image.width} × {image.height}</span>
            <a href={client.fileAddress(image.identity)} download={fileName(image.file)}>Download FITS</a>
          </p>
        )}
      </div>
    </section>
  );
}

/** The stretch: curve and levels, on the histogram of the image. */
export function ImageLevels({ viewer, client, instrument, image }: {
  readonly viewer: ImageViewer;
  readonly client: ImageClient;
  readonly instrument: LiveInstrument;
  readonly image: ImageDescription;
}): VNode {
  const id = `levels-${instrument.name}`;
  return (
    <section class="image-levels-panel" aria-labelledby={id}>
      <h3 id={id}>Levels</h3>
      <Histogram viewer={viewer} client={client} image={image} />
      <StretchBar viewer={viewer} name={instrument.name} />
    </section>
  );
}

function Picture({ viewer, instrument, image }: {
  readonly viewer: ImageViewer;
  readonly instrument: LiveInstrument;
  readonly image: ImageDescription | undefined;
}): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const fitted = useLive(viewer.fitted);
  useEffect(() => {
    const ended = [viewer.attach(canvas.current!), listen(viewer, canvas.current!)];
    return () => ended.forEach((end) => end());
  }, []);
  const { width = 1, height = 1, file = "" } = image ?? {};
  const marking = useLive(viewer.marking);
  const help = `image-help-${instrument.name}`;
  return (
    <>
      <canvas
        ref={canvas}
        class={`${fitted && !marking ? "" : "movable"} ${marking ? "marking" : ""}`}
        role="img"
        tabIndex={0}
        aria-label={`${instrument.title}: ${file.split("/").at(-1)}, ${width} × ${height} pixels`}
        aria-describedby={help}
      />
      <p class="image-help" id={help}>
        Arrows move the crosshair, + and − zoom, 0 fits, 1 is one to one; drag moves, with Shift it marks a region; Ctrl
        and wheel or two fingers zoom.
      </p>
    </>
  );
}

function PixelValue({ viewer }: { viewer: ImageViewer }): VNode {
  const pixel = useLive(viewer.probe.pixel);
  return (
    <p class="pixel-value" aria-live={pixel?.marked ? "polite" : "off"}>
      {pixel === undefined
        ? <span class="hint">Point at a pixel, or tap it, for its value.</span>
        : `x ${pixel.x}, y ${pixel.y}: ${pixel.value === undefined ? "…" : valueText(pixel.value)}`}
    </p>
  );
}

function ViewBar({ viewer }: { viewer: ImageViewer }): VNode {
  const { zoom = 1 } = useLive(viewer.view) ?? {};
  const fitted = useLive(viewer.fitted);
  const { inverted } = useLive(viewer.look);
  const percent = 100 * zoom;
  return (
    <div class="image-bar" role="group" aria-label="Zoom and shades">
      <button type="button" aria-label="Zoom out" onClick={() => viewer.zoomBy(1 / zoomStep)}>−</button>
      <span class="zoom">{percent < 10 ? percent.toFixed(1) : Math.round(percent)} %</span>
      <button type="button" aria-label="Zoom in" onClick={() => viewer.zoomBy(zoomStep)}>+</button>
      <button type="button" aria-pressed={fitted} onClick={() => viewer.fit()}>Fit</button>
      <button type="button" aria-label="1:1, one to one" onClick={() => viewer.zoomTo(1)}>1:1</button>
      <label class="image-invert">
        <input
          type="checkbox"
          checked={inverted}
          onChange={(event) => viewer.change({ inverted: event.currentTarget.checked })}
        />
        <span>Invert</span>
      </label>
    </div>
  );
}

function StretchBar({ viewer, name }: { viewer: ImageViewer; name: string }): VNode {
  const look = useLive(viewer.look);
  const { curve, levels, inverted } = look;
  return (
    <>
      <div class="image-stretch">
        <label>
          <span>Stretch</span>
          <select
            class="image-curve"
            value={curve}
            onChange={(event) => viewer.change({ curve: event.currentTarget.value as Curve })}
          >
            {curves.map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
        </label>
        <label>
          <span>Levels</span>
          <select
            class="image-levels"
            value={levels}
            onChange={(event) => viewer.change({ levels: event.currentTarget.value as LevelsChoice })}
          >
            {Object.entries(levelNames).map(([each, title]) => <option key={each} value={each}>{title}</option>)}
          </select>
        </label>
      </div>
      <div class="image-legend">
        <Level viewer={viewer} id={`image-black-${name}`} which="black" label="Black" />
        <span class={`ramp ${inverted ? "inverted" : ""}`} aria-hidden="true" />
        <Level viewer={viewer} id={`image-white-${name}`} which="white" label="White" />
      </div>
    </>
  );
}

/** The value that is black, or white; entering another makes the levels manual. */
function Level({ viewer, id, which, label }: {
  readonly viewer: ImageViewer;
  readonly id: string;
  readonly which: "black" | "white";
  readonly label: string;
}): VNode {
  const look = useLive(viewer.look);
  const [entered, setEntered] = useState<string>();
  const take = () => {
    const level = Number(entered);
    if (entered !== undefined && entered.trim() !== "" && Number.isFinite(level)) {
      viewer.change({ levels: "manual", [which]: level });
    }
    setEntered(undefined);
  };
  return (
    <label for={id} class={which}>
      <span>{label}</span>
      <input
        id={id}
        type="number"
        step="any"
        value={entered ?? levelText(look[which], look)}
        onInput={(event) => setEntered(event.currentTarget.value)}
        onWheel={(event) => event.currentTarget.blur()}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter") take();
          if (event.key === "Escape") setEntered(undefined);
        }}
      />
    </label>
  );
}
