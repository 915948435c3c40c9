/**
 * Converts between the pixels of an image and of a canvas, and finds the tiles to fetch.
 *
 * Images count their columns from the left and their rows from the bottom, as FITS has it; a canvas counts from the top.
 *
 * @module
 */

/** The size of an image or a canvas, in its own pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A place, in pixels of the canvas from its upper left corner, or of the image from its lower left one. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The visible part of an image. */
export interface View {
  /** What is in the middle of the canvas, in pixels of the image from its lower left corner. */
  readonly centre: Point;
  /** How many pixels of the canvas one of the image is wide. */
  readonly zoom: number;
}

/** A rectangle of an image. */
export interface Region extends Size {
  /** The first column, from 1. */
  readonly x: number;
  /** The first row, from 1. */
  readonly y: number;
}

/** A rectangle of an image, and how small it is fetched. */
export interface TileRequest extends Region {
  /** How many columns and rows of the image are one of the tile. */
  readonly scale: number;
}

/** The most pixels that the server sends at once. */
const mostTilePixels = 2 ** 20;

/** The most pixels of a canvas: what it shows at 1:1 is then always one tile. */
const mostCanvasPixels = 900_000;

/** The largest zoom. */
const largestZoom = 64;

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value, lowest), highest);
}

/** All of an image. */
export function fitView(image: Size, canvas: Size): View {
  return {
    centre: { x: image.width / 2, y: image.height / 2 },
    zoom: Math.min(canvas.width / image.width, canvas.height / image.height, largestZoom),
  };
}

/** A view that shows no more beside the image than it has to, and is neither too near nor too far. */
function settled({ centre, zoom: wanted }: View, image: Size, canvas: Size): View {
  const zoom = clamp(wanted, Math.min(1, fitView(image, canvas).zoom), largestZoom);
  const along = (at: number, length: number, shown: number) =>
    shown >= length ? length / 2 : clamp(at, shown / 2, length - shown / 2);
  return {
    zoom,
    centre: {
      x: along(centre.x, image.width, canvas.width / zoom),
      y: along(centre.y, image.height, canvas.height / zoom),
    },
  };
}

/** Converts a place of the canvas to one of the image. */
export function toImage({ centre, zoom }: View, canvas: Size, at: Point): Point {
  return { x: centre.x + (at.x - canvas.width / 2) / zoom, y: centre.y - (at.y - canvas.height / 2) / zoom };
}

/** Converts a place of the image to one of the canvas. */
export function toCanvas({ centre, zoom }: View, canvas: Size, at: Point): Point {
  return { x: canvas.width / 2 + (at.x - centre.x) * zoom, y: canvas.height / 2 - (at.y - centre.y) * zoom };
}

/**
 * Another zoom, at which what was at a place of the canvas stays there.
 *
 * @param zoom The zoom that is wanted.
 * @param at The place on the canvas. @default its middle
 */
export function zoomedView(view: View, zoom: number, image: Size, canvas: Size, at?: Point): View {
  const place = at ?? { x: canvas.width / 2, y: canvas.height / 2 };
  const fixed = toImage(view, canvas, place);
  const near = settled({ ...view, zoom }, image, canvas).zoom;
  const centre = {
    x: fixed.x - (place.x - canvas.width / 2) / near,
    y: fixed.y + (place.y - canvas.height / 2) / near,
  };
  return settled({ centre, zoom: near }, image, canvas);
}

/** The image moved over the canvas. @param by How far, in pixels of the canvas. */
export function pannedView(view: View, by: Point, image: Size, canvas: Size): View {
  const { centre: { x, y }, zoom } = view;
  return settled({ zoom, centre: { x: x - by.x / zoom, y: y + by.y / zoom } }, image, canvas);
}

/** A view in which a pixel is seen: the same one, where it is seen already. */
export function viewOf(pixel: Point, view: View, image: Size, canvas: Size): View {
  const { x, y } = toCanvas(view, canvas, { x: pixel.x - 0.5, y: pixel.y - 0.5 });
  const inside = (at: number, length: number) => clamp(at, 0, length) - at;
  return pannedView(view, { x: inside(x, canvas.width), y: inside(y, canvas.height) }, image, canvas);
}

/** The pixel of the image at a place of the canvas, in FITS's coordinates, from 1; `undefined` beside the image. */
export function pixelAt(view: View, image: Size, canvas: Size, at: Point): Point | undefined {
  const { x, y } = toImage(view, canvas, at);
  const inside = x >= 0 && x < image.width && y >= 0 && y < image.height;
  return inside ? { x: Math.floor(x) + 1, y: Math.floor(y) + 1 } : undefined;
}

/** The tile with which a rectangle is shown: not coarser than the canvas, as far as one tile goes. */
function tileAt(zoom: number, { x, y, width, height }: Omit<TileRequest, "scale">): TileRequest {
  let scale = Math.max(1, Math.floor(1 / zoom));
  while (Math.ceil(width / scale) * Math.ceil(height / scale) > mostTilePixels) scale++;
  return { x, y, width, height, scale };
}

/** The tile with which all of an image is shown. */
export function wholeTile(image: Size, canvas: Size): TileRequest {
  const { width, height } = image;
  return tileAt(fitView(image, canvas).zoom, { x: 1, y: 1, width, height });
}

/** The tile with which that of an image is shown that is seen. */
export function seenTile(view: View, image: Size, canvas: Size): TileRequest {
  const scale = Math.max(1, Math.floor(1 / view.zoom));
  const lowerLeft = toImage(view, canvas, { x: 0, y: canvas.height });
  const upperRight = toImage(view, canvas, { x: canvas.width, y: 0 });
  // The same pixels make up one of the tile wherever one looks, so that nothing flickers while the image is moved.
  const span = (from: number, to: number, length: number) => {
    const first = Math.floor(clamp(from, 0, length - 1) / scale) * scale;
    const end = Math.min(length, Math.ceil(clamp(to, 1, length) / scale) * scale);
    return { first, count: Math.max(1, end - first) };
  };
  const across = span(lowerLeft.x, upperRight.x, image.width);
  const along = span(lowerLeft.y, upperRight.y, image.height);
  return tileAt(view.zoom, { x: across.first + 1, y: along.first + 1, width: across.count, height: along.count });
}

/** Whether one tile shows all that another would, no coarser. */
export function showsAllOf(tile: TileRequest, other: TileRequest): boolean {
  return tile.scale <= other.scale && tile.x <= other.x && tile.y <= other.y &&
    tile.x + tile.width >= other.x + other.width && tile.y + tile.height >= other.y + other.height;
}

/** The size of a canvas for the room it takes, in pixels, so that it is sharp on the screen. */
export function canvasSize(room: Size, pixelRatio: number): Size {
  const ratio = Math.min(pixelRatio, Math.sqrt(mostCanvasPixels / Math.max(1, room.width * room.height)));
  return { width: Math.max(1, Math.round(room.width * ratio)), height: Math.max(1, Math.round(room.height * ratio)) };
}

/** The region between two places of a canvas, as far as it is in the image; `undefined` where none of it is. */
export function regionBetween(view: View, image: Size, canvas: Size, one: Point, other: Point): Region | undefined {
  const [a, b] = [toImage(view, canvas, one), toImage(view, canvas, other)];
  const [left, right] = [Math.floor(Math.min(a.x, b.x)), Math.ceil(Math.max(a.x, b.x))];
  const [bottom, top] = [Math.floor(Math.min(a.y, b.y)), Math.ceil(Math.max(a.y, b.y))];
  const [x, y] = [Math.max(0, left), Math.max(0, bottom)];
  const [width, height] = [Math.min(right, image.width) - x, Math.min(top, image.height) - y];
  return width < 1 || height < 1 ? undefined : { x: x + 1, y: y + 1, width, height };
}
