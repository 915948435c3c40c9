/**
 * The panel of a camera's last image, with zoom, stretch and the values of its pixels.
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
import { ImageClient } from "./image_client.ts";
import { listen, zoomStep } from "./image_gestures.ts";
import { type Curve, curves, levelText, valueText } from "./image_stretch.ts";
import { ImageViewer, type LevelsChoice } from "./image_viewer.ts";
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

/** The preview. */
export function ImagePreview({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode {
  const { name } = instrument;
  const [viewer] = useState(() => new ImageViewer(new ImageClient(name)));
  const [open, setOpen] = useState(true);
  const visible = useVisible();
  const connected = useLive(bench.connection).state === "open";
  // A file may be written again under the same name: each image is counted.
  const written = useLive(instrument.fields.get("imageswritten")?.reading ?? noReading);
  const any = written.value !== 0;
  const key = `${written.text} ${written.time}`;
  useEffect(() => {
    // The server may be another one than before.
    if (connected && !any) viewer.clear();
    else if (open && visible && connected) viewer.show(key);
    else viewer.pause();
  }, [open, visible, connected, any, key]);
  const image = useLive(viewer.image);
  const trouble = useLive(viewer.trouble);
  return (
    <details class="folded image-preview" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Image {image === undefined ? null : <span class="count">{image.width} × {image.height}</span>}
      </summary>
      {image === undefined || trouble !== ""
        ? (
          <p role="status" class="image-status">
            {trouble || (any ? "Fetching the image…" : "No image has been written yet.")}
          </p>
        )
        : null}
      <div class="image-body" hidden={image === undefined}>
        <Picture viewer={viewer} instrument={instrument} image={image} />
        <PixelValue viewer={viewer} />
        <ViewBar viewer={viewer} />
        <StretchBar viewer={viewer} name={name} />
        {image === undefined ? null : <Header image={image} />}
      </div>
    </details>
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
  useEffect(() => {
    // Neither a strip nor a tower, whatever the image is.
    canvas.current!.style.aspectRatio = String(Math.min(Math.max(width / height, 1), 2.5));
  }, [width, height]);
  const help = `image-help-${instrument.name}`;
  return (
    <>
      <canvas
        ref={canvas}
        class={fitted ? "" : "movable"}
        role="img"
        tabIndex={0}
        aria-label={`${instrument.title}: ${file.split("/").at(-1)}, ${width} × ${height} pixels`}
        aria-describedby={help}
      />
      <p class="image-help" id={help}>
        Arrows move the crosshair, + and − zoom, 0 fits, 1 is one to one; drag moves, Ctrl and wheel or two fingers
        zoom.
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
      <button type="button" aria-label="One to one" onClick={() => viewer.zoomTo(1)}>1:1</button>
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

function Header({ image }: { image: ImageDescription }): VNode {
  return (
    <dl class="image-header">
      {image.header.map(({ keyword, value, unit }) => (
        <div key={keyword}>
          <dt>{keyword}</dt>
          <dd>{String(value)}{unit === undefined ? "" : ` ${unit}`}</dd>
        </div>
      ))}
    </dl>
  );
}
