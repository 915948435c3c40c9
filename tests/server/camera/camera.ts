/** What the camera's tests share: a server with a camera that writes into a temporary folder, and reading its images. */
import { readFits, readPixels } from "../../../server/camera/fits/read.ts";
import type { FitsHdu, FitsSource } from "../../../server/camera/fits/read.ts";
import type { SimulatedCameraOptions } from "../../../server/camera/simulated/camera.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { Float } from "../../../server/bench/values.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { RawClient, runProgram, startServer } from "../../fixture.ts";

/** A camera that is quick, and small enough for hundreds of images. */
export const quick: SimulatedCameraOptions = {
  chip: { columns: 64, rows: 48, cosmicRays: 0 },
  overscanColumns: 8,
  readoutRate: 1e8,
  flushSeconds: 0,
};

/** A server with a camera that writes into a folder, and clients of its command server. */
export class ServedCamera {
  readonly folder: string;
  readonly server: HeliographServer;
  readonly #clients: RawClient[] = [];
  readonly #ownsFolder: boolean;

  constructor(server: HeliographServer, folder: string, ownsFolder = true) {
    this.server = server;
    this.folder = folder.replaceAll("\\", "/");
    this.#ownsFolder = ownsFolder;
  }

  /** Waits for the server, and opens the connections for `ask` and `beside`. */
  async connected(): Promise<this> {
    await this.server.ready;
    await this.another();
    await this.another();
    return this;
  }

  /** Sends an azcam line and waits for its reply. */
  ask(line: string): Promise<string> {
    return asked(this.#clients[0]!, line);
  }

  /** The same from another client, which does not wait behind what the first one has asked for. */
  beside(line: string): Promise<string> {
    return asked(this.#clients[1]!, line);
  }

  /** Sends azcam lines which must all be answered with OK. */
  async tell(...lines: string[]): Promise<void> {
    for (const line of lines) {
      const reply = await this.ask(line);
      if (reply !== "OK") throw new Error(`${line} was answered with ${reply}`);
    }
  }

  /** One more client. */
  async another(): Promise<RawClient> {
    const client = await RawClient.connect(this.server.commandServer.port);
    this.#clients.push(client);
    return client;
  }

  /** What a field of the camera holds now. */
  field(name: string) {
    return this.server.bench.find("exposure")!.field(name).value;
  }

  /** The files in its folder, sorted. */
  files(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.server.stop();
    if (this.#ownsFolder) await Deno.remove(this.folder, { recursive: true });
  }
}

function asked(client: RawClient, line: string): Promise<string> {
  const reply = client.ask(line);
  // Where a test fails before it looks at the reply, its own failure is what is told.
  reply.catch(() => {});
  return reply;
}

/** The demo bench, whose camera writes into a folder of its own. */
export class CameraServer extends ServedCamera {
  static async start(options: SimulatedCameraOptions = quick, poll = false): Promise<CameraServer> {
    const folder = await Deno.makeTempDir({ prefix: "heliograph-images-" });
    const instruments = demoInstruments({ camera: { imageFolders: [folder], ...options } });
    return await new CameraServer(startServer({ instruments, poll }), folder).connected();
  }
}

/** Reads a file as the FITS reader wants it. */
export async function fileSource(file: string): Promise<FitsSource> {
  const bytes = await Deno.readFile(file);
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/** An image file that was read. */
export interface ReadImage {
  readonly hdus: readonly FitsHdu[];
  /** A card's value, of the primary HDU unless told otherwise. */
  value(keyword: string, hdu?: number): unknown;
  /** The pixels of an HDU, row by row. */
  pixels(hdu?: number): Promise<{ columns: number; rows: number; values: Float64Array }>;
}

/** Reads an image file. */
export async function readImage(file: string): Promise<ReadImage> {
  const source = await fileSource(file);
  const hdus = await readFits(source);
  const value = (keyword: string, hdu = 0) => {
    const found = hdus[hdu]!.cards.find((card) => card.keyword === keyword)?.value;
    return found instanceof Float ? found.valueOf() : found;
  };
  return {
    hdus,
    value,
    async pixels(hdu = 0) {
      const { columns, rows } = hdus[hdu]!.image!;
      const all = new Float64Array(columns * rows);
      for await (const { firstRow, values } of readPixels(hdus[hdu]!, source)) all.set(values, firstRow * columns);
      return { columns, rows, values: all };
    },
  };
}

/** What fitsverify says of a file. */
export async function fitsverify(file: string): Promise<string> {
  const { stdout, stderr } = await runProgram("fitsverify", [file]);
  return stdout + stderr;
}
