/**
 * Shows an image of an instrument on a canvas: fetches its tiles, keeps the view, and maps values to shades.
 *
 * @module
 */

import type { ImageDescription } from "../../../protocol/description.ts";
import { type ImageClient, ImageRefused, type ImageTile } from "./image_client.ts";
import {
  canvasSize,
  fitView,
  pannedView,
  pixelAt,
  type Point,
  type Region,
  regionBetween,
  seenTile,
  showsAllOf,
  type Size,
  toCanvas,
  type View,
  viewOf,
  wholeTile,
  zoomedView,
} from "./image_geometry.ts";
import { shade, type Stretch } from "./image_stretch.ts";
import { Live } from "../live/live.tsx";
import { PixelProbe } from "./pixel_probe.ts";

/** The choice of the black and white levels: those that the server found, or entered ones. */
export type LevelsChoice = keyof ImageDescription["levels"] | "manual";

/** The settings with which images are shown, whichever they are. */
export interface Look extends Stretch {
  readonly levels: LevelsChoice;
}

/** For how long the view has to stay before more of the image is fetched, in milliseconds. */
const pause = 120;

/** The number of tries for an image that is replaced while it is fetched. */
const tries = 3;

/** How many images stay fetched, so that two can be blinked. */
const mostKept = 4;

/** A tile, and its picture. */
interface Layer {
  readonly tile: ImageTile;
  readonly picture: HTMLCanvasElement;
}

/** Shows an image. */
export class ImageViewer {
  /** What is shown; `undefined` while there is nothing. */
  readonly image: Live<ImageDescription | undefined> = new Live<ImageDescription | undefined>(undefined);
  /** What is to be said where an image cannot be fetched; empty otherwise. */
  readonly trouble: Live<string> = new Live("");
  /** What of it is seen. */
  readonly view: Live<View | undefined> = new Live<View | undefined>(undefined);
  /** In which shades. */
  readonly look: Live<Look> = new Live<Look>({
    levels: "automatic",
    black: 0,
    white: 1,
    curve: "linear",
    inverted: false,
  });
  /** Whether all of the image is seen, whatever its size and that of the canvas. */
  readonly fitted: Live<boolean> = new Live(true);
  /** The region that is marked, if there is one. */
  readonly region: Live<Region | undefined> = new Live<Region | undefined>(undefined);
  /** Whether a drag marks a region rather than moves the image. */
  readonly marking: Live<boolean> = new Live(false);
  /** The pixel that is pointed at, and its value. */
  readonly probe: PixelProbe;
  readonly #client: ImageClient;
  /** The images that were shown lately, each with all of it. */
  readonly #kept = new Map<string, { readonly image: ImageDescription; readonly tile: ImageTile }>();
  #canvas: HTMLCanvasElement | undefined;
  #overview: Layer | undefined;
  #detail: Layer | undefined;
  /** Which image is wanted, and which one was fetched. */
  #wanted = "";
  #wantedIdentity: string | undefined;
  #loaded = "";
  #loading: AbortController | undefined;
  #fetching: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;

  /** Fetches nothing yet. @param client Where images come from. */
  constructor(client: ImageClient) {
    this.#client = client;
    this.probe = new PixelProbe(
      (pixel) => this.#known(pixel),
      (pixel, signal) => this.#ask(pixel, signal),
      () => this.#drawSoon(),
    );
  }

  /** Shows on a canvas, until the returned function is called. @param canvas Its size is set by the page's style. */
  attach(canvas: HTMLCanvasElement): () => void {
    this.#canvas = canvas;
    const observer = new ResizeObserver(() => this.#resize(canvas));
    observer.observe(canvas);
    return () => {
      observer.disconnect();
      this.pause();
      this.#canvas = undefined;
    };
  }

  /**
   * Shows an image, unless it does already.
   *
   * @param written Changes with each image that is written.
   * @param identity Which image. @default the last one
   */
  show(written: string, identity?: string): void {
    const key = identity ?? written;
    this.#wanted = key;
    this.#wantedIdentity = identity;
    if (this.#loading === undefined && this.#loaded !== key) void this.#load();
    else this.#fetchSoon();
  }

  /** Fetches nothing more, until `show` is called again. */
  pause(): void {
    this.#loading?.abort();
    this.#loading = undefined;
    this.#fetching?.abort();
    this.#fetching = undefined;
    this.probe.pause();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Shows nothing any more: there is no image. */
  clear(): void {
    this.pause();
    this.#loaded = "";
    this.trouble.value = "";
    this.#forget();
  }

  #forget(): void {
    this.image.value = undefined;
    this.#overview = this.#detail = undefined;
    this.region.value = undefined;
    this.probe.clear();
    this.#drawSoon();
  }

  /** Shows all of the image. */
  fit(): void {
    this.fitted.value = true;
    const { image, canvas } = this.#sizes();
    if (image !== undefined) this.#see(fitView(image, canvas));
  }

  /** Another zoom. @param zoom Pixels of the canvas to one of the image. @param at What stays in its place. */
  zoomTo(zoom: number, at?: Point): void {
    const { image, canvas } = this.#sizes();
    const view = this.view.value;
    if (image === undefined || view === undefined) return;
    this.fitted.value = false;
    this.#see(zoomedView(view, zoom, image, canvas, at ?? this.#middle(view, canvas)));
  }

  /** Nearer or farther. @param factor How much nearer. @param at What stays in its place. */
  zoomBy(factor: number, at?: Point): void {
    const view = this.view.value;
    if (view !== undefined) this.zoomTo(view.zoom * factor, at);
  }

  /** Moves the image. @param by How far, in pixels of the canvas. */
  pan(by: Point): void {
    const { image, canvas } = this.#sizes();
    const view = this.view.value;
    if (image !== undefined && view !== undefined) this.#see(pannedView(view, by, image, canvas));
  }

  /** The pixel of the image at a place of the canvas; `undefined` beside the image. */
  pixelAt(at: Point): Point | undefined {
    const { image, canvas } = this.#sizes();
    const view = this.view.value;
    return image === undefined || view === undefined ? undefined : pixelAt(view, image, canvas, at);
  }

  /** Moves the crosshair, which begins in the middle of what is seen. @param by How many steps to the right and up. */
  moveCrosshair(by: Point): void {
    const { image, canvas } = this.#sizes();
    const view = this.view.value;
    if (image === undefined || view === undefined) return;
    const now = this.probe.crosshair ?? { x: Math.round(view.centre.x), y: Math.round(view.centre.y) };
    // What cannot be seen as a move is none.
    const step = Math.max(1, Math.round(1 / view.zoom));
    const along = (at: number, length: number) => Math.min(Math.max(at, 1), length);
    const pixel = { x: along(now.x + step * by.x, image.width), y: along(now.y + step * by.y, image.height) };
    this.probe.mark(pixel);
    const next = viewOf(pixel, view, image, canvas);
    if (next.centre.x !== view.centre.x || next.centre.y !== view.centre.y) this.#see(next);
  }

  /** Marks the region between two places of the canvas, or none. */
  markBetween(one: Point, other: Point): void {
    const { image, canvas } = this.#sizes();
    const view = this.view.value;
    if (image === undefined || view === undefined) return;
    this.mark(regionBetween(view, image, canvas, one, other));
  }

  /** Marks a region, or none. */
  mark(region: Region | undefined): void {
    this.region.value = region;
    this.#drawSoon();
  }

  /** Changes how it is shown. @param look What is to change. */
  change(look: Partial<Look>): void {
    this.look.value = this.#levelled({ ...this.look.value, ...look });
    for (const layer of [this.#overview, this.#detail]) if (layer !== undefined) this.#paint(layer);
    this.#drawSoon();
  }

  /** The levels that the server found for this image, unless others were entered. */
  #levelled(look: Look): Look {
    const found = look.levels === "manual" ? undefined : this.image.value?.levels[look.levels];
    return found === undefined ? look : { ...look, black: found[0], white: found[1] };
  }

  /** The place that zooming keeps where nobody points: the crosshair, if it is visible, or the middle. */
  #middle(view: View, canvas: Size): Point | undefined {
    const { crosshair } = this.probe;
    if (crosshair === undefined) return undefined;
    const at = toCanvas(view, canvas, { x: crosshair.x - 0.5, y: crosshair.y - 0.5 });
    return at.x >= 0 && at.y >= 0 && at.x <= canvas.width && at.y <= canvas.height ? at : undefined;
  }

  #sizes(): { image: ImageDescription | undefined; canvas: Size } {
    return { image: this.image.value, canvas: this.#canvas ?? { width: 1, height: 1 } };
  }

  /** The size that the canvas has, or will be: while there is no image it is not laid out. */
  #room(): Size {
    const { clientWidth = 0, width = 1, height = 1, parentElement } = this.#canvas ?? {};
    if (clientWidth > 0) return { width, height };
    const side = parentElement?.parentElement?.clientWidth || 600;
    return canvasSize({ width: side, height: side }, devicePixelRatio);
  }

  #resize(canvas: HTMLCanvasElement): void {
    const { clientWidth, clientHeight } = canvas;
    // A preview that is folded away has no size.
    if (clientWidth === 0 || clientHeight === 0) return;
    const { width, height } = canvasSize({ width: clientWidth, height: clientHeight }, devicePixelRatio);
    if (canvas.width === width && canvas.height === height) return;
    canvas.width = width;
    canvas.height = height;
    if (this.fitted.value) this.fit();
    else this.pan({ x: 0, y: 0 });
    this.#draw();
  }

  #see(view: View): void {
    this.view.value = view;
    this.#drawSoon();
    this.#fetchSoon();
  }

  /** Fetches images one after another until the newest is there: one that comes meanwhile does not stop the one before. */
  async #load(): Promise<void> {
    const { signal } = this.#loading = new AbortController();
    for (let tried = 0; this.#loaded !== this.#wanted;) {
      const key = this.#wanted;
      try {
        await this.#loadLast(signal);
        signal.throwIfAborted();
        this.trouble.value = "";
        this.#loaded = key;
      } catch (error) {
        if (signal.aborted) return;
        const status = error instanceof ImageRefused ? error.status : 0;
        if (key !== this.#wanted || (status === 409 && ++tried < tries)) continue;
        if (status === 404) this.#forget();
        this.trouble.value = (error as Error).message;
        break;
      }
    }
    this.#loading = undefined;
    this.#fetchSoon();
  }

  async #loadLast(signal: AbortSignal): Promise<void> {
    const identity = this.#wantedIdentity;
    const kept = identity === undefined ? undefined : this.#kept.get(identity);
    if (kept !== undefined) return this.#take(kept.image, kept.tile);
    const image = await this.#client.describe(signal, identity);
    if (image.identity === this.image.value?.identity) return;
    const tile = await this.#client.tile(image.identity, wholeTile(image, this.#room()), signal);
    signal.throwIfAborted();
    this.#kept.set(image.identity, { image, tile });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
    this.#take(image, tile);
  }

  #take(image: ImageDescription, tile: ImageTile): void {
    const before = this.image.value;
    this.image.value = image;
    this.#detail = undefined;
    this.#fetching?.abort();
    this.#fetching = undefined;
    this.look.value = this.#levelled(this.look.value);
    this.#overview = this.#layer(tile);
    // What somebody looks at closely, they look at in the next image too.
    if (before?.width !== image.width || before.height !== image.height || this.fitted.value) {
      if (before?.width !== image.width || before.height !== image.height) {
        this.probe.clear();
        this.region.value = undefined;
      }
      this.fit();
    }
    this.probe.renew();
    this.#drawSoon();
  }

  #fetchSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // What is drawn next tells that nothing more is awaited.
      void this.#fetch().finally(() => this.#drawSoon());
    }, pause);
    this.#canvas?.setAttribute("aria-busy", "true");
  }

  /** Fetches that which is seen, where what is there is too coarse for it. */
  async #fetch(): Promise<void> {
    const { image, canvas } = this.#sizes();
    const view = this.view.value;
    if (image === undefined || view === undefined || this.#loading !== undefined || this.#canvas === undefined) return;
    const wanted = seenTile(view, image, canvas);
    if ([this.#overview, this.#detail].some((layer) => layer !== undefined && showsAllOf(layer.tile.request, wanted))) {
      return;
    }
    this.#fetching?.abort();
    const { signal } = this.#fetching = new AbortController();
    try {
      const tile = await this.#client.tile(image.identity, wanted, signal);
      if (signal.aborted) return;
      this.trouble.value = "";
      this.#detail = this.#layer(tile);
      this.probe.renew();
      this.#drawSoon();
    } catch (error) {
      if (signal.aborted) return;
      // The next one is about to be told of, or has been already.
      if (!(error instanceof ImageRefused) || error.status !== 409) this.trouble.value = (error as Error).message;
    } finally {
      if (this.#fetching?.signal === signal) this.#fetching = undefined;
    }
  }

  #layer(tile: ImageTile): Layer {
    const picture = document.createElement("canvas");
    picture.width = tile.columns;
    picture.height = tile.rows;
    const layer = { tile, picture };
    this.#paint(layer);
    return layer;
  }

  #paint({ tile, picture }: Layer): void {
    const data = new ImageData(tile.columns, tile.rows);
    shade(tile.pixels, tile.columns, this.look.value, new Uint32Array(data.data.buffer));
    picture.getContext("2d")!.putImageData(data, 0, 0);
  }

  /** The value of a pixel, where it has been fetched at full resolution. */
  #known(pixel: Point): number | undefined {
    for (const layer of [this.#detail, this.#overview]) {
      if (layer === undefined || layer.tile.request.scale !== 1) continue;
      const { request: { x, y }, columns, rows, pixels } = layer.tile;
      const [column, row] = [pixel.x - x, pixel.y - y];
      if (column >= 0 && column < columns && row >= 0 && row < rows) return pixels[row * columns + column]!;
    }
    return undefined;
  }

  async #ask({ x, y }: Point, signal: AbortSignal): Promise<number> {
    const tile = await this.#client.tile(this.image.value!.identity, { x, y, width: 1, height: 1, scale: 1 }, signal);
    return tile.pixels[0]!;
  }

  #drawSoon(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const canvas = this.#canvas;
    const [image, view] = [this.image.value, this.view.value];
    const context = canvas?.getContext("2d");
    if (canvas === undefined || !context) return;
    const awaited = this.#loading !== undefined || this.#timer !== undefined || this.#fetching !== undefined;
    canvas.setAttribute("aria-busy", String(awaited));
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (image === undefined || view === undefined) return;
    context.save();
    const upperLeft = toCanvas(view, canvas, { x: 0, y: image.height });
    context.beginPath();
    context.rect(upperLeft.x, upperLeft.y, image.width * view.zoom, image.height * view.zoom);
    // The last pixels of a tile may stand for more than the image has.
    context.clip();
    if (this.#overview !== undefined) drawLayer(context, this.#overview, view, canvas);
    // Where the overview will do, something finer would look unlike what is around it.
    const near = seenTile(view, image, canvas).scale < (this.#overview?.tile.request.scale ?? Infinity);
    if (this.#detail !== undefined && near) drawLayer(context, this.#detail, view, canvas);
    context.restore();
    if (this.region.value !== undefined) drawRegion(context, this.region.value, view, canvas);
    if (this.probe.crosshair !== undefined) drawCrosshair(context, this.probe.crosshair, view, canvas);
  }
}

function drawLayer(context: CanvasRenderingContext2D, { tile, picture }: Layer, view: View, canvas: Size): void {
  const { request: { x, y, scale }, columns, rows } = tile;
  const { x: left, y: top } = toCanvas(view, canvas, { x: x - 1, y: y - 1 + rows * scale });
  // Pixels are squares when they are large; where several share one of the canvas, their mean is shown.
  context.imageSmoothingEnabled = view.zoom * scale < 1;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, left, top, columns * scale * view.zoom, rows * scale * view.zoom);
}

/** A frame around the pixels of a region. */
function drawRegion(context: CanvasRenderingContext2D, region: Region, view: View, canvas: Size): void {
  const { x, y } = toCanvas(view, canvas, { x: region.x - 1, y: region.y - 1 + region.height });
  context.beginPath();
  context.rect(x, y, region.width * view.zoom, region.height * view.zoom);
  strokeTwice(context);
}

/** Lines that end beside the pixel. */
function drawCrosshair(context: CanvasRenderingContext2D, pixel: Point, view: View, canvas: Size): void {
  const { x, y } = toCanvas(view, canvas, { x: pixel.x - 0.5, y: pixel.y - 0.5 });
  const gap = Math.max(6, view.zoom / 2 + 2);
  const length = 14 + gap;
  context.beginPath();
  for (const side of [-1, 1]) {
    context.moveTo(x + side * gap, y);
    context.lineTo(x + side * length, y);
    context.moveTo(x, y + side * gap);
    context.lineTo(x, y + side * length);
  }
  strokeTwice(context);
}

/** Light on dark, so that it is seen on any image. */
function strokeTwice(context: CanvasRenderingContext2D): void {
  for (const [width, colour] of [[4, "#000"], [2, "#ffd84d"]] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}
