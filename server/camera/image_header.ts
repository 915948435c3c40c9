/**
 * Makes the header of an image from its exposure, in azcam's words.
 *
 * @module
 */

import type { CardValue, HeaderCard } from "../bench/header_card.ts";
import { headerText } from "./fits/header.ts";
import { Float } from "../bench/values.ts";
import type { Detector } from "./detector.ts";
import type { ExposureTimes } from "./exposure_plan.ts";
import { type AmplifierReadout, type DetectorFormat, type FocalPlane, type Region, sectionsOf } from "./geometry.ts";
import type { ImagePart } from "./pixel_messages.ts";

/** The facts known of an exposure when it begins. */
export interface ImageDescription {
  /** The file's name, without its folder. */
  readonly name: string;
  /** The image type. */
  readonly type: string;
  /** The title. */
  readonly title: string;
  /** The exposure time that was asked for, in seconds. */
  readonly requested: number;
  /** What reads the detector. */
  readonly detector: Detector;
  /** The detector's format. */
  readonly format: DetectorFormat;
  /** The amplifiers. */
  readonly focalPlane: FocalPlane;
  /** What is read. */
  readonly region: Region;
  /** What each amplifier reads. */
  readonly readouts: readonly AmplifierReadout[];
  /** What else the header says: the keywords of the instruments. */
  readonly keywords: readonly HeaderCard[];
  /** What writes it: `heliograph 0.2.0`. */
  readonly software: string;
}

function card(keyword: string, value: CardValue, comment: string): HeaderCard {
  return { keyword, value, comment };
}

/** Seconds to the millisecond, as azcam writes them. */
function seconds(keyword: string, value: number, comment: string): HeaderCard {
  return { keyword, value: new Float(Math.round(value * 1000) / 1000), comment, unit: "s" };
}

/** A date as FITS has it: `2026-11-21T08:59:11.123`, UTC without a letter that says so. */
function date(moment: Date): string {
  return moment.toISOString().slice(0, -1);
}

function exposureCards(image: ImageDescription, times: ExposureTimes): HeaderCard[] {
  const { format: { columns, rows }, region, readouts } = image;
  return [
    card("FILENAME", image.name, "name of the file when it was written"),
    card("OBJECT", image.title, "image title"),
    card("IMAGETYP", image.type, "image type"),
    seconds("EXPREQ", image.requested, "exposure time requested"),
    seconds("EXPTIME", times.exposed, "exposure time, without pauses"),
    seconds("DARKTIME", times.dark, "time in which charge collected, with pauses"),
    card("DATE-OBS", date(times.begun), "UTC when the shutter opened"),
    card("UTC-OBS", date(times.begun).slice(11), "UTC when the shutter opened"),
    card("TIMESYS", "UTC", "time system"),
    card("DATE", date(times.written), "UTC when the file was written"),
    card("DETECTOR", image.detector.title, "detector"),
    card("DETSIZE", `[1:${columns},1:${rows}]`, "detector size in pixels"),
    card("CCDSUM", `${region.columnBinning} ${region.rowBinning}`, "binning of columns and rows"),
    card("CCDBIN1", region.columnBinning, "binning of columns"),
    card("CCDBIN2", region.rowBinning, "binning of rows"),
    card("NCCDS", 1, "number of detectors"),
    card("NAMPS", readouts.length, "number of amplifiers read"),
    card("SWCREATE", image.software, "software that wrote the file"),
  ];
}

function amplifierCards({ detector, format, region }: ImageDescription, readout: AmplifierReadout): HeaderCard[] {
  const sections = sectionsOf(readout);
  const { number, underscanColumns, overscanColumns, underscanRows, overscanRows } = readout;
  return [
    { keyword: "GAIN", value: new Float(detector.gain(number)), comment: "gain", unit: "electron/adu" },
    { keyword: "RDNOISE", value: new Float(detector.readNoise(number)), comment: "read noise", unit: "electron" },
    card("BUNIT", "adu", "unit of the pixels"),
    card("CCDNAME", "ccd1", "detector"),
    card("IMAGEID", number, "amplifier, from 1"),
    card("CCDSIZE", `[1:${format.columns},1:${format.rows}]`, "detector size in pixels"),
    card("DATASEC", sections.DATASEC, "pixels of this image with data"),
    card("BIASSEC", sections.BIASSEC, "pixels of this image that tell the bias"),
    card("TRIMSEC", sections.TRIMSEC, "pixels of this image to keep"),
    card("CCDSEC", sections.CCDSEC, "unbinned pixels of the detector"),
    card("DETSEC", sections.DETSEC, "unbinned pixels of the mosaic"),
    card("CCDSUM", `${region.columnBinning} ${region.rowBinning}`, "binning of columns and rows"),
    card("PRESCAN1", underscanColumns, "underscan columns"),
    card("OVRSCAN1", overscanColumns, "overscan columns"),
    card("PRESCAN2", underscanRows, "underscan rows"),
    card("OVRSCAN2", overscanRows, "overscan rows"),
  ];
}

/**
 * The header cards of the other instruments, without those of the camera about its amplifiers; for the file's other
 * parts too.
 */
function othersCards(image: ImageDescription): HeaderCard[] {
  const own = new Set(
    image.readouts.flatMap((readout) => amplifierCards(image, readout)).map(({ keyword }) => keyword),
  );
  return image.keywords.filter(({ keyword }) => !own.has(keyword) && keyword !== "NEXTEND");
}

/**
 * The parts of an image file, without their pixels. What the camera says goes before what the instruments say: with one amplifier a primary image, with several a primary part
 * without pixels and an extension for each (`im1`, `im2`, …), as azcam writes them.
 *
 * @param image What is known of the exposure.
 * @param times When it was taken.
 * @throws {HeliographError} When a text cannot stand in a header.
 */
export function imageParts(image: ImageDescription, times: ExposureTimes): ImagePart[] {
  const { readouts, focalPlane: { configuration } } = image;
  const [first] = readouts;
  if (configuration.length === 1 && first !== undefined) {
    const cards = [...exposureCards(image, times), ...amplifierCards(image, first), ...othersCards(image)];
    const { columns, rows } = first;
    return [{ header: headerText({ kind: "primary", columns, rows, cards }), hasPixels: true }];
  }
  const extensions = card("NEXTEND", readouts.length, "number of extensions");
  const primary = [...exposureCards(image, times), extensions, ...othersCards(image)];
  return [
    { header: headerText({ kind: "primary", extensions: true, cards: primary }), hasPixels: false },
    ...readouts.map((readout) => {
      const { number, columns, rows } = readout;
      const cards = amplifierCards(image, readout);
      return { header: headerText({ kind: "extension", name: `im${number}`, columns, rows, cards }), hasPixels: true };
    }),
  ];
}
