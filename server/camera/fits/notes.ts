/**
 * Says what is odd about an HDU that can be read all the same.
 *
 * @module
 */

import { cardValue, sectionInside, sectionOf } from "./sections.ts";
import type { FitsHdu } from "./read.ts";

/** The keywords of sections that lie in the image itself. */
const sectionKeywords = ["DATASEC", "BIASSEC", "TRIMSEC"];

/** What is odd, a sentence each; none where all is as it should be. */
export function notesOf(hdu: FitsHdu): string[] {
  const notes: string[] = [];
  if (hdu.unfilled) notes.push("the fill of its last block is missing, up to a multiple of 2,880 bytes; no data are");
  if (cardValue(hdu, "ZIMAGE") === true) notes.push("it is an image compressed by fpack: funpack makes it readable");
  if (hdu.image === undefined || hdu.image.axes.length > 2) return notes;
  for (const keyword of sectionKeywords) {
    const text = String(cardValue(hdu, keyword) ?? "").trim();
    if (text === "" || sectionInside(hdu, keyword) !== undefined) continue;
    const section = sectionOf(hdu, keyword);
    const backwards = section !== undefined &&
      (section.firstColumn > section.lastColumn || section.firstRow > section.lastRow);
    const why = section === undefined
      ? "is no section"
      : backwards
      ? "runs backwards"
      : `does not lie in the image of ${hdu.image.axes.join(" × ")}`;
    notes.push(`${keyword} ${text} ${why}, and is passed over`);
  }
  return notes;
}
