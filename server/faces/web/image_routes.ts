/**
 * The routes of the last image of an instrument: its description, and its pixels.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type { ImageDescription } from "../../../protocol/description.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { imageDescription } from "../../../protocol/schemas.ts";
import { ImageReplaced, type ImageSource, NoImage, type TileRequest } from "../../bench/images.ts";
import type { RequestRunner } from "../../requests/request.ts";
import type { Principal } from "../../access/principal.ts";
import { HttpError } from "./http_error.ts";
import { instrumentPath } from "./route_parts.ts";
import type { JsonSchema, Route } from "./routes.ts";

const imagePath = `${instrumentPath}/image`;

/** The media type of a tile. */
const pixelType = "application/octet-stream";

const count: JsonSchema = { type: "integer", minimum: 1 };

/** The query parameters of a tile; what is left out is all of the image at full resolution. */
const tileQuery = {
  x: { schema: { ...count, default: 1 }, description: "the first column, from 1" },
  y: { schema: { ...count, default: 1 }, description: "the first row, from 1; the first is the lowest" },
  width: { schema: count, description: "how many columns of the image; default: all that follow" },
  height: { schema: count, description: "how many rows of the image; default: all that follow" },
  scale: {
    schema: { ...count, default: 1 },
    description: "each pixel that comes is the mean of scale × scale of the image",
  },
  identity: {
    schema: { type: "string" },
    description: "which image it is to be, from its description; default: whichever is the last",
  },
} as const;

/** A whole number of the query. */
function numberOf(query: URLSearchParams, name: keyof typeof tileQuery, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const shown = JSON.stringify(text.slice(0, 50));
  throw new HeliographError(
    "bad_argument",
    `Cannot read the pixels: ${name} is ${shown}; it must be a whole number of at least 1`,
  );
}

/** Answers 404 or 409 as HTTP has it where the image asked for is not the last one. */
async function found<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NoImage) throw new HttpError(404, error.code, error.message);
    if (error instanceof ImageReplaced) throw new HttpError(409, error.code, error.message);
    throw error;
  }
}

/**
 * The routes to the last image of an instrument.
 *
 * @param requests What runs them.
 */
export function imageRoutes(requests: RequestRunner): Route[] {
  const imagesOf = (name: string, client: Principal): ImageSource => {
    const { images, title } = requests.run({ cmd: "Image", instrument: name }, client);
    if (images !== undefined) return images;
    throw new HttpError(404, "unavailable", `${title} takes no images`);
  };
  return [
    {
      method: "GET",
      path: imagePath,
      operation: {
        summary: "What the last image of a camera is",
        description: "404 also where the instrument takes no images, and where none has been written yet.",
        answers: { description: "The image", schema: imageDescription },
        errors: ["unknown_instrument", "unavailable", "command_failed"],
      },
      answer: async ({ parameters, client, request }) =>
        await found(imagesOf(parameters.instrument!, client).describe(request.signal)) satisfies ImageDescription,
    },
    {
      method: "GET",
      path: `${imagePath}/pixels`,
      operation: {
        summary: "Some pixels of the last image of a camera, at most 1,048,576 of them",
        description: "Row by row, the lowest first, as 32-bit floats, little endian; NaN where there is no value. " +
          "X-Heliograph-Columns and X-Heliograph-Rows tell how many they are: width and height by the scale, rounded " +
          "up. 404 as for the image itself, 409 where it is no longer the last one.",
        query: tileQuery,
        answers: { description: "The pixels", type: pixelType, schema: z.string().meta({ format: "binary" }) },
        errors: ["unknown_instrument", "unavailable", "command_failed", "bad_argument", "out_of_limits"],
      },
      answer: async ({ parameters, query, client, request: { signal } }) => {
        const images = imagesOf(parameters.instrument!, client);
        const tile = await found(
          images.tile(await tileOf(query, images, signal), query.get("identity") ?? undefined, signal),
        );
        // Every processor that Deno runs on is little endian.
        return new Response(tile.pixels, {
          headers: {
            "Content-Type": pixelType,
            "X-Heliograph-Columns": String(tile.columns),
            "X-Heliograph-Rows": String(tile.rows),
          },
        });
      },
    },
  ];
}

/** The rectangle that a query names. */
async function tileOf(query: URLSearchParams, images: ImageSource, signal: AbortSignal): Promise<TileRequest> {
  const [x, y, scale] = [numberOf(query, "x", 1), numberOf(query, "y", 1), numberOf(query, "scale", 1)];
  if (query.has("width") && query.has("height")) {
    return { x, y, width: numberOf(query, "width", 1), height: numberOf(query, "height", 1), scale };
  }
  const image = await found(images.describe(signal));
  return {
    x,
    y,
    width: numberOf(query, "width", Math.max(1, image.width - x + 1)),
    height: numberOf(query, "height", Math.max(1, image.height - y + 1)),
    scale,
  };
}
