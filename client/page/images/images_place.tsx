/**
 * The place of the cameras: their images, large, what is found in them, and the exposures to come.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import { useLive } from "../live/live.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { isCamera } from "./camera.tsx";
import { ExposureForm } from "./exposure_form.tsx";
import { ExposureProgress } from "./exposure_progress.tsx";
import { ImageChoice } from "./image_choice.ts";
import { ImageClient } from "./image_client.ts";
import { ImageHeader } from "./image_header.tsx";
import { RegionStatistics } from "./image_region.tsx";
import { ImageLevels, ImageStage, useImages } from "./image_stage.tsx";
import { ImageStrip } from "./image_strip.tsx";
import { ImageViewer } from "./image_viewer.ts";

/** The cameras of a bench: what takes images. */
export function camerasOf(instruments: readonly LiveInstrument[]): LiveInstrument[] {
  return instruments.filter(({ hasImages }) => hasImages);
}

/** The place. */
export function ImagesPlace({ bench, name, addressOf }: {
  readonly bench: LiveBench;
  /** The camera that is looked at. @default the first one */
  readonly name: string | undefined;
  /** The address of a camera in this place. */
  readonly addressOf: (name: string) => string;
}): VNode {
  const cameras = camerasOf(useLive(bench.instruments));
  const camera = cameras.find((each) => each.name === name) ?? cameras[0];
  if (camera === undefined) return <p class="images-place quiet">No instrument of this bench takes images.</p>;
  return (
    <div class="images-place">
      {cameras.length < 2 ? null : (
        <nav class="image-cameras" aria-label="Cameras">
          {cameras.map((each) => (
            <a
              key={each.name}
              href={addressOf(each.name)}
              aria-current={each === camera ? "page" : undefined}
            >
              {each.caption}
            </a>
          ))}
        </nav>
      )}
      <CameraImages key={camera.name} bench={bench} instrument={camera} />
    </div>
  );
}

function CameraImages({ bench, instrument }: { bench: LiveBench; instrument: LiveInstrument }): VNode {
  const { name } = instrument;
  const [{ client, viewer, choice }] = useState(() => {
    const client = new ImageClient(name);
    const viewer = new ImageViewer(client);
    return { client, viewer, choice: new ImageChoice(client, viewer) };
  });
  const { any } = useImages(bench, instrument, viewer, choice);
  const image = useLive(viewer.image);
  return (
    <div class="camera-images">
      <h2 class="unseen">{instrument.caption}</h2>
      <ImageStage viewer={viewer} client={client} instrument={instrument} any={any} />
      <div class="image-side">
        {isCamera(instrument)
          ? (
            <section class="image-exposure" aria-label="Exposure">
              <ExposureProgress instrument={instrument} />
              <ExposureForm bench={bench} instrument={instrument} onExpose={() => choice.follow()} />
            </section>
          )
          : null}
        {image === undefined ? null : (
          <>
            <ImageLevels viewer={viewer} client={client} instrument={instrument} image={image} />
            <RegionStatistics viewer={viewer} client={client} image={image} name={name} />
            <ImageHeader client={client} image={image} name={name} />
          </>
        )}
      </div>
      <ImageStrip client={client} choice={choice} />
    </div>
  );
}
