/**
 * The whole header of an image, as text that can be searched.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { ImageDescription, ImageHduDescription } from "../../../protocol/description.ts";
import type { ImageClient } from "./image_client.ts";

/** The header: what people ask for first, and all cards where somebody opens them. */
export function ImageHeader({ client, image, name }: {
  readonly client: ImageClient;
  readonly image: ImageDescription;
  readonly name: string;
}): VNode {
  const [open, setOpen] = useState(false);
  const [sought, setSought] = useState("");
  const [hdus, setHdus] = useState<readonly ImageHduDescription[]>();
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    if (!open) return;
    setTrouble("");
    const ended = new AbortController();
    client.header(image.identity, ended.signal).then(setHdus).catch((error: Error) => {
      if (!ended.signal.aborted) setTrouble(error.message);
    });
    return () => ended.abort();
  }, [open, image.identity]);
  const words = sought.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const fits = (card: string) => words.every((word) => card.toLowerCase().includes(word));
  const found = hdus?.map((hdu) => ({ ...hdu, cards: hdu.cards.filter(fits) })) ?? [];
  const count = found.reduce((sum, { cards }) => sum + cards.length, 0);
  return (
    <section class="image-header-panel" aria-labelledby={`header-${name}`}>
      <h3 id={`header-${name}`}>Header</h3>
      <dl class="image-header">
        {image.header.map(({ keyword, value, unit }) => (
          <div key={keyword}>
            <dt>{keyword}</dt>
            <dd>{String(value)}{unit === undefined ? "" : ` ${unit}`}</dd>
          </div>
        ))}
      </dl>
      <details class="folded" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>All cards</summary>
        <div class="header-search">
          <input
            type="search"
            placeholder="Find in the header"
            aria-label="Find in the header"
            value={sought}
            onInput={(event) => setSought(event.currentTarget.value)}
          />
          <span class="quiet" role="status">{hdus === undefined ? "" : `${count} card${count === 1 ? "" : "s"}`}</span>
        </div>
        {trouble === "" ? null : <p class="complaint" role="alert">{trouble}</p>}
        {found.filter(({ cards }) => cards.length > 0).map(({ number, kind, name, cards }) => (
          <div key={number}>
            {found.length < 2 ? null : <h4>HDU {number}: {name === "" ? kind : `${name} (${kind})`}</h4>}
            <pre tabIndex={0} aria-label={`Cards of HDU ${number}`}>{cards.join("\n")}</pre>
          </div>
        ))}
      </details>
    </section>
  );
}
