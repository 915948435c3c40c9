/**
 * The routes of the images of an instrument: which there are, and of each its description, pixels, header, statistics,
 * histogram and file. Files are named by identities from the camera's table, never by paths.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type { ImageDescription, RecentImageDescription } from "../../../protocol/description.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import {
  imageDescription,
  imageHduDescription,
  imageHistogram,
  recentImageDescription,
  regionStatistics,
} from "../../../protocol/schemas.ts";
import { ImageReplaced, type ImageSource, longestPiece, NoImage, type TileRequest } from "../../bench/images.ts";
import type { RequestRunner } from "../../requests/request.ts";
import type { Principal } from "../../access/principal.ts";
import { HttpError } from "./http_error.ts";
import { instrumentPath, json } from "./route_parts.ts";
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
} as const;

const { scale: _scale, ...regionQuery } = tileQuery;

/** The query parameter that names an image. */
const identityQuery = {
  identity: {
    schema: { type: "string" },
    description: "which image it is to be, from its description or from images; default: whichever is the last",
  },
} as const;

/** The query parameters of a histogram. */
const histogramQuery = {
  from: { schema: { type: "number" }, description: "where the first bin begins; default: the smallest value" },
  to: { schema: { type: "number" }, description: "where the last bin ends; default: the largest value" },
  bins: { schema: { ...count, default: 256 }, description: "how many bins there are, at most 4096" },
} as const;

/** A whole number of the query. */
function numberOf(query: URLSearchParams, name: keyof typeof tileQuery | "bins", otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const shown = JSON.stringify(text.slice(0, 50));
  throw new HeliographError(
    "bad_argument",
    `Cannot read the pixels: ${name} is ${shown}; it must be a whole number of at least 1`,
  );
}

/** Any number of the query. */
function levelOf(query: URLSearchParams, name: "from" | "to", otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const level = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(level)) return level;
  const shown = JSON.stringify(text.slice(0, 50));
  throw new HeliographError("bad_argument", `Cannot count the pixels: ${name} is ${shown}; it must be a number`);
}

/** Answers 404 or 409 as HTTP has it where the image asked for is not there. */
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
        summary: "What the last image of a camera is, or another one of its images",
        description: "404 also where the instrument takes no images, and where none has been written yet; 409 where " +
          "another image has taken the place of the one that is named.",
        query: identityQuery,
        answers: { description: "The image", schema: imageDescription },
        errors: ["unknown_instrument", "unavailable", "command_failed"],
      },
      answer: async ({ parameters, query, client, request: { signal } }) =>
        await found(
          imagesOf(parameters.instrument!, client).describe(signal, query.get("identity") ?? undefined),
        ) satisfies ImageDescription,
    },
    {
      method: "GET",
      path: `${instrumentPath}/images`,
      operation: {
        summary: "The last images of a camera, the newest first",
        description:
          "Those that the server has written, and after its start the newest of the camera's image folder; " +
          "those whose files have been moved or removed are left out.",
        answers: json("The images", z.array(recentImageDescription)),
        errors: ["unknown_instrument", "unavailable", "command_failed"],
      },
      answer: async ({ parameters, client, request }) =>
        await imagesOf(parameters.instrument!, client).recent(
          request.signal,
        ) satisfies readonly RecentImageDescription[],
    },
    {
      method: "GET",
      path: `${imagePath}/header`,
      operation: {
        summary: "The whole header of an image, card by card",
        query: identityQuery,
        answers: json("The headers of all parts of the file", z.array(imageHduDescription)),
        errors: ["unknown_instrument", "unavailable", "command_failed"],
      },
      answer: async ({ parameters, query, client, request: { signal } }) => {
        const images = imagesOf(parameters.instrument!, client);
        return await found(images.ask({ about: "header" }, query.get("identity") ?? undefined, signal));
      },
    },
    {
      method: "GET",
      path: `${imagePath}/statistics`,
      operation: {
        summary: "The statistics of a region of an image",
        description: "Of all pixels of the region that have a value, as they are in the file (ADU); the region is " +
          "counted as pixels are: columns and rows from 1, the first row is the lowest.",
        query: { ...regionQuery, ...identityQuery },
        answers: json("The statistics", regionStatistics),
        errors: ["unknown_instrument", "unavailable", "command_failed", "bad_argument", "out_of_limits"],
      },
      answer: async ({ parameters, query, client, request: { signal } }) => {
        const images = imagesOf(parameters.instrument!, client);
        const { scale: _, ...region } = await tileOf(query, images, signal);
        return await found(images.ask({ about: "statistics", region }, query.get("identity") ?? undefined, signal));
      },
    },
    {
      method: "GET",
      path: `${imagePath}/histogram`,
      operation: {
        summary: "How many pixels of an image have which values",
        query: { ...histogramQuery, ...identityQuery },
        answers: json("The histogram", imageHistogram),
        errors: ["unknown_instrument", "unavailable", "command_failed", "bad_argument", "out_of_limits"],
      },
      answer: async ({ parameters, query, client, request: { signal } }) => {
        const images = imagesOf(parameters.instrument!, client);
        const image = await found(images.describe(signal, query.get("identity") ?? undefined));
        const [least, most] = image.levels.full;
        const from = levelOf(query, "from", least);
        const to = levelOf(query, "to", Math.max(most, least + 1));
        const question = { about: "histogram", from, to, bins: numberOf(query, "bins", 256) } as const;
        return await found(images.ask(question, image.identity, signal));
      },
    },
    {
      method: "GET",
      path: `${imagePath}/file`,
      head: false,
      operation: {
        summary: "The FITS file of an image",
        query: identityQuery,
        answers: { description: "The file", type: "application/fits", schema: z.string().meta({ format: "binary" }) },
        errors: ["unknown_instrument", "unavailable", "command_failed"],
      },
      answer: async ({ parameters, query, client, request: { signal } }) =>
        await fileResponse(imagesOf(parameters.instrument!, client), query.get("identity") ?? undefined, signal),
    },
    {
      method: "GET",
      path: `${imagePath}/pixels`,
      operation: {
        summary: "Some pixels of an image of a camera, at most 1,048,576 of them",
        description: "Row by row, the lowest first, as 32-bit floats, little endian; NaN where there is no value. " +
          "X-Heliograph-Columns and X-Heliograph-Rows tell how many they are: width and height by the scale, rounded " +
          "up. 404 and 409 as for the image itself.",
        query: { ...tileQuery, ...identityQuery },
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
  const image = await found(images.describe(signal, query.get("identity") ?? undefined));
  return {
    x,
    y,
    width: numberOf(query, "width", Math.max(1, image.width - x + 1)),
    height: numberOf(query, "height", Math.max(1, image.height - y + 1)),
    scale,
  };
}

/** The file of an image, read piece by piece: as long as it is the same file. */
async function fileResponse(images: ImageSource, identity: string | undefined, signal: AbortSignal): Promise<Response> {
  const image = await found(images.describe(signal, identity));
  const pieceAt = (offset: number) =>
    found(images.ask({ about: "piece", offset, length: longestPiece }, image.identity, signal));
  // What cannot be read is answered with a status, as long as nothing has been sent.
  let next = await pieceAt(0);
  let offset = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      controller.enqueue(next);
      offset += next.length;
      if (next.length < longestPiece) return controller.close();
      next = await pieceAt(offset);
      if (next.length === 0) controller.close();
    },
  }, { highWaterMark: 0 });
  const name = image.file.split("/").at(-1)!;
  // Names in other alphabets as RFC 8187 has it.
  const plain = name.replace(/[^\w.-]/g, "_");
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (each) => `%${each.charCodeAt(0).toString(16)}`);
  const disposition = `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
  return new Response(body, { headers: { "Content-Type": "application/fits", "Content-Disposition": disposition } });
}
