/**
 * The row of a camera's last images: choosing one shows it, and two can be blinked.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useLayoutEffect, useRef } from "npm:preact@11.2.0/hooks";
import type { RecentImageDescription } from "../../../protocol/description.ts";
import { useLive } from "../live/live.tsx";
import type { ImageChoice } from "./image_choice.ts";
import type { ImageClient } from "./image_client.ts";
import { shade } from "./image_stretch.ts";

/** The longest side of a thumbnail that is fetched, in pixels. */
const thumbnailSide = 128;

/** The thumbnails that were fetched, by camera and identity. */
const fetched = new Map<string, HTMLCanvasElement>();
const mostFetched = 64;

/** Fetches a small picture of an image. */
async function thumbnail(client: ImageClient, identity: string, signal: AbortSignal): Promise<HTMLCanvasElement> {
  const key = `${client.camera} ${identity}`;
  const known = fetched.get(key);
  if (known !== undefined) return known;
  const { width, height, levels } = await client.describe(signal, identity);
  const scale = Math.max(1, Math.ceil(Math.max(width, height) / thumbnailSide));
  const { columns, rows, pixels } = await client.tile(identity, { x: 1, y: 1, width, height, scale }, signal);
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [columns, rows];
  const data = new ImageData(columns, rows);
  const [black, white] = levels.automatic;
  shade(pixels, columns, { black, white, curve: "linear", inverted: false }, new Uint32Array(data.data.buffer));
  picture.getContext("2d")!.putImageData(data, 0, 0);
  for (const oldest of fetched.keys()) {
    if (fetched.size < mostFetched) break;
    fetched.delete(oldest);
  }
  fetched.set(key, picture);
  return picture;
}

/** A small picture of an image, fetched once it is seen. */
export function Thumbnail({ client, identity }: { client: ImageClient; identity: string }): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const target = canvas.current!;
    const ended = new AbortController();
    const { signal } = ended;
    const draw = async () => {
      const picture = await thumbnail(client, identity, signal);
      if (signal.aborted) return;
      [target.width, target.height] = [picture.width, picture.height];
      target.getContext("2d")!.drawImage(picture, 0, 0);
    };
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      // It has been replaced or removed meanwhile, which the next list of images says.
      draw().catch(() => {});
    });
    observer.observe(target);
    return () => {
      observer.disconnect();
      ended.abort();
    };
  }, [client, identity]);
  return <canvas ref={canvas} width={1} height={1} aria-hidden="true" />;
}

/** The name of an image's file, without its folder. */
export function fileName(file: string): string {
  return file.split("/").at(-1)!;
}

/** When an image was written, as short as it is clear: the time today, the day before that. */
function whenText(time: number): string {
  const then = new Date(time);
  return then.toDateString() === new Date().toDateString()
    ? then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
    : then.toLocaleDateString([], { day: "numeric", month: "short" });
}

/** The row. */
export function ImageStrip({ client, choice }: { client: ImageClient; choice: ImageChoice }): VNode | null {
  const recent = useLive(choice.recent) ?? [];
  const chosen = useLive(choice.chosen) ?? recent[0]?.identity;
  const pair = useLive(choice.blinked);
  // At once: the next key may be the space bar.
  useLayoutEffect(() => {
    if (pair === undefined) return;
    const press = (event: KeyboardEvent) => {
      const target = event.target as Element | null;
      if (event.key !== " " || target?.closest("input, select, textarea, summary, dialog, a") != null) return;
      // On a button that blinks nothing, the key is the button's.
      if (target?.closest("button") != null && target.closest(".image-strip") === null) return;
      event.preventDefault();
      choice.toggle();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [pair === undefined]);
  if (recent.length === 0) return null;
  return (
    <div class="image-strip">
      <div class="image-strip-head">
        <h3>Last images</h3>
        {recent.length < 2 ? null : (
          <button
            type="button"
            aria-pressed={pair !== undefined}
            title="Show two images in turn, with the same stretch"
            onClick={() => pair === undefined ? choice.blink() : choice.endBlinking()}
          >
            Blink
          </button>
        )}
        {pair === undefined ? null : (
          <>
            <button type="button" class="strong" onClick={() => choice.toggle()}>Other image</button>
            <span class="quiet" role="status">
              <Name recent={recent} identity={pair[0]} /> /{" "}
              <Name recent={recent} identity={pair[1]} />: the space bar toggles
            </span>
          </>
        )}
        {pair !== undefined || chosen === recent[0]!.identity
          ? null
          : <button type="button" onClick={() => choice.follow()}>Newest</button>}
      </div>
      <ul>
        {recent.map((image) => (
          <li key={image.identity}>
            <button
              type="button"
              class={`thumbnail ${pair?.includes(image.identity) ? "blinked" : ""}`}
              aria-pressed={image.identity === chosen}
              title={image.file}
              onClick={() => choice.choose(image.identity)}
            >
              <Thumbnail client={client} identity={image.identity} />
              <span class="thumbnail-name">{fileName(image.file)}</span>
              <span class="quiet">{whenText(image.time)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Name({ recent, identity }: { recent: readonly RecentImageDescription[]; identity: string }): VNode {
  return <>{fileName(recent.find((each) => each.identity === identity)?.file ?? "")}</>;
}
