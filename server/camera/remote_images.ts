/**
 * Sends a camera's images to azcam's remote image server, if one is set.
 *
 * @module
 */

import { type Command, command } from "../bench/command.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { ImageKind } from "./image_transfer.ts";
import { sendImage } from "./image_sender.ts";
import type { PixelStore } from "./pixel_store.ts";

/** An image on the disk. */
export interface StoredImage {
  /** The absolute path, with forward slashes. */
  readonly file: string;
  /** Whether it may take the place of another one at the receiver. */
  readonly overwrite: boolean;
  /** Whether it has extensions. */
  readonly kind: ImageKind;
  /** The size of what an amplifier read. */
  readonly columns: number;
  /** The size of what an amplifier read. */
  readonly rows: number;
}

/** A camera's remote image server; none to begin with. */
export class RemoteImages {
  readonly #store: Pick<PixelStore, "read">;
  #server = { host: "", port: 6543, type: "dataserver", name: "image" };
  #last: StoredImage | undefined;

  readonly #changed: (isSet: boolean) => void;

  /** @param store What reads the images. @param changed Told whether a server is set, whenever one is or none. */
  constructor(store: Pick<PixelStore, "read">, changed: (isSet: boolean) => void) {
    this.#store = store;
    this.#changed = changed;
  }

  /** Makes sure that images can be sent, where they are to be. @throws {HeliographError} When no server is set. */
  check(wanted: boolean): void {
    if (!wanted || this.#server.host !== "") return;
    throw new HeliographError(
      "command_failed",
      "Cannot send images: no server is set; call set_remote_imageserver HOST first",
    );
  }

  /**
   * Sends an image that was just written under its own name, where a server is set.
   *
   * @param image The image.
   * @param send Whether images are sent.
   * @throws {HeliographError} When it cannot be sent; it says that the image is on the disk here.
   */
  async written(image: StoredImage, send: boolean): Promise<void> {
    this.#last = image;
    if (!send || this.#server.host === "") return;
    try {
      await this.#send(image, image.file.split("/").at(-1)!);
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      throw new HeliographError(error.code, `${error.message}. The image itself is on the disk, in ${image.file}`);
    }
  }

  async #send(image: StoredImage, name: string, signal?: AbortSignal): Promise<void> {
    const { host, port } = this.#server;
    const called = signal === undefined ? {} : { signal };
    await sendImage({ ...image, name, host, port, display: false, store: this.#store, ...called });
  }

  /** azcam's commands: `set_remote_imageserver`, `get_remote_imageserver`, and `send_image`. */
  commands(): Record<string, Command> {
    return {
      set_remote_imageserver: command({
        summary: "Set where each image is sent after it was written, in azcam's format; without a host nowhere",
        arguments: {
          remote_imageserver_host: { type: "text", default: "" },
          remote_imageserver_port: { type: "int", minimum: 1, maximum: 65_535, default: 6543 },
          remote_imageserver_type: { type: "choice", choices: ["dataserver", "azcam"], default: "dataserver" },
          remote_imageserver_filename: { type: "text", default: "image", summary: "what send_image calls an image" },
        },
        // It makes the server connect to whatever is named.
        role: "admin",
        beside: true,
        run: ({
          remote_imageserver_host: host,
          remote_imageserver_port: port,
          remote_imageserver_type: type,
          remote_imageserver_filename: name,
        }) => {
          this.#server = { host, port, type, name };
          this.#changed(host !== "");
        },
      }),
      get_remote_imageserver: command({
        summary: "Tell where images are sent: host, port, type and name",
        role: "observer",
        immediate: true,
        run: () => Object.values(this.#server),
      }),
      send_image: command({
        summary: "Send the last image that was written",
        arguments: { remotefile: { type: "text", default: "", summary: "its name there; default as it was set" } },
        deadline: 600,
        run: async ({ remotefile }, { signal }) => {
          if (this.#server.host === "") {
            throw new HeliographError(
              "command_failed",
              "Cannot send an image: no server is set; call set_remote_imageserver HOST first",
            );
          }
          if (this.#last === undefined) {
            throw new HeliographError("command_failed", "Cannot send an image: none has been written yet");
          }
          await this.#send(this.#last, remotefile === "" ? `${this.#server.name}.fits` : remotefile, signal);
        },
      }),
    };
  }
}
