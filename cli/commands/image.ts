/**
 * The subcommand that shows the headers and pixels of FITS files: `image`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { printable } from "../../protocol/printable.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { CardValue, HeaderCard } from "../../server/bench/header_card.ts";
import { type FitsHdu, type FitsImage, readPixels, type SumState, verifySums } from "../../server/camera/fits/read.ts";
import { Float } from "../../server/bench/values.ts";
import type { CliContext } from "../context.ts";
import { exitCodes, UsageError } from "../exit_codes.ts";
import {
  arePartsOfOne,
  cardValue,
  dataSection,
  type PlacedSection,
  placedSection,
  planeOf,
  type Section,
  sectionInside,
  sectionText,
} from "../../server/camera/fits/sections.ts";
import { notesOf } from "../../server/camera/fits/notes.ts";
import { type FitsFile, openFits, readError } from "../fits_file.ts";
import { drawPreview, PreviewMaker, type PreviewSize } from "../image_preview.ts";
import { type Paint, painter, table, writeJson } from "../output.ts";
import { medianOf, type PixelPass, PixelSum, type Statistics } from "../pixel_statistics.ts";
import { terminalColumns } from "../terminal.ts";

interface ImageFlags {
  readonly hdu?: number;
  readonly preview: boolean;
  readonly width?: number;
  readonly verify: boolean;
  readonly json: boolean;
}

/** The header keywords that are shown first, in this order. */
const keyKeywords = [
  ..."OBJECT IMAGETYP EXPTIME EXPOSURE DARKTIME DATE-OBS TELESCOP INSTRUME DETECTOR FILTER RA DEC AIRMASS".split(" "),
  ..."FOCUS CAMTEMP DEWTEMP CCDSUM BUNIT GAIN RDNOISE DATASEC BIASSEC TRIMSEC CCDSEC DETSEC".split(" "),
];

/** A terminal's usual width, in which a square image is forty lines high. */
const usualSize: PreviewSize = { columns: 80, lines: 40 };

function parseNumber(what: string, lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= lowest && number <= highest) return number;
    throw new Error(`${text} is not ${what}: give a number from ${lowest} to ${highest}`);
  };
}

/** `heliograph image FILE` */
export const imageCommand = buildCommand({
  docs: { brief: "Tell what a FITS file holds: headers, statistics, checksums, and a small preview" },
  parameters: {
    flags: {
      hdu: {
        kind: "parsed",
        parse: parseNumber("the number of an HDU", 1, 999_999),
        optional: true,
        brief: "Only this HDU, from 1, which is the primary one",
        placeholder: "N",
      },
      preview: { kind: "boolean", default: true, brief: "Whether to draw a preview" },
      width: {
        kind: "parsed",
        parse: parseNumber("a width", 4, 1000),
        optional: true,
        brief: "The preview's width in columns [default = up to 80]",
        placeholder: "COLUMNS",
      },
      verify: { kind: "boolean", default: false, brief: "Fail unless all checksums are there and right" },
      json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
    },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "FILE", brief: "A FITS file on this PC", parse: String }],
    },
  },
  async func(this: CliContext, flags: ImageFlags, path: string): Promise<void> {
    using file = await openFits(path);
    const report = await look(file, path, flags, sizeOf(flags));
    if (flags.json) writeJson(this, jsonOf(report));
    else this.process.stdout.write(reportText(report, painter(this.colour), this.colour));
    if (!flags.verify) return;
    const faults = faultsOf(report);
    for (const fault of faults) this.process.stderr.write(`${fault}\n`);
    if (faults.length > 0) this.process.exitCode = exitCodes.refused.code;
  },
});

function sizeOf({ width }: ImageFlags): PreviewSize {
  return width === undefined
    ? { ...usualSize, columns: Math.min(usualSize.columns, terminalColumns()) }
    : { columns: width, lines: Infinity };
}

/** Statistics of one section of an image. */
interface SectionStatistics extends Statistics {
  readonly section: Section;
  readonly median: number;
}

/** The report on one HDU. */
interface HduReport {
  readonly hdu: FitsHdu;
  readonly sums: { readonly checksum: SumState; readonly datasum: SumState };
  /** Of the data; none where there is no image, or no pixel has a value. */
  readonly data?: SectionStatistics;
  /** Of the overscan. */
  readonly bias?: SectionStatistics;
}

/** The report on one file. */
interface Report {
  readonly path: string;
  readonly size: number;
  readonly all: number;
  readonly hdus: readonly HduReport[];
  readonly previews: readonly Picture[];
}

/** A picture, and what it shows. */
interface Picture {
  readonly hdus: readonly FitsHdu[];
  readonly maker: PreviewMaker;
  readonly parts: readonly PlacedSection[];
  /** Whether each part's bias is subtracted, so that amplifiers look alike. */
  readonly withoutBias: boolean;
}

async function look(file: FitsFile, path: string, flags: ImageFlags, size: PreviewSize): Promise<Report> {
  const { hdu: wanted, preview, json } = flags;
  const chosen = file.hdus.filter(({ number }) => wanted === undefined || number === wanted);
  if (chosen.length === 0) throw new UsageError(`${path} has no HDU ${wanted}: it has 1 to ${file.hdus.length}`);
  const images = chosen.filter(({ image }) => image !== undefined);
  const previews = preview && !json ? pictures(images, size) : [];
  const hdus: HduReport[] = [];
  try {
    for (const hdu of chosen) {
      const sums = await verifySums(hdu, file.source);
      const picture = previews.find((each) => each.hdus.includes(hdu));
      hdus.push({ hdu, sums, ...(hdu.image === undefined ? {} : await measure(hdu, file, picture)) });
    }
  } catch (error) {
    throw error instanceof HeliographError ? error : readError(path, error);
  }
  return { path, size: file.source.size, all: file.hdus.length, hdus, previews };
}

/** The overscan; where a header has none, azcam's names the data. */
function biasSection(hdu: FitsHdu): Section | undefined {
  const bias = sectionInside(hdu, "BIASSEC");
  return bias === undefined || sectionText(bias) === sectionText(dataSection(hdu)) ? undefined : bias;
}

/** The pictures that are drawn: one of all the images where each tells its place on the detector, or one of each. */
function pictures(images: readonly FitsHdu[], size: PreviewSize): Picture[] {
  const parts = images.map(placedSection);
  const picture = (hdus: readonly FitsHdu[], parts: readonly PlacedSection[]) => ({
    hdus,
    parts,
    maker: new PreviewMaker(parts, size),
    withoutBias: hdus.length > 1 && hdus.every((hdu) => biasSection(hdu) !== undefined),
  });
  return arePartsOfOne(images) ? [picture(images, parts)] : images.map((hdu, index) => picture([hdu], [parts[index]!]));
}

/** Calls a function with each row of an image, from 1: the values it is in, and where it begins in them. */
async function eachRow(
  hdu: FitsHdu,
  { source }: FitsFile,
  take: (row: number, values: Float64Array, start: number) => void,
): Promise<void> {
  const { columns, rows } = planeOf(hdu);
  for await (const block of readPixels(hdu, source, { rows })) {
    for (let row = 0; row < block.rows; row++) take(block.firstRow + row + 1, block.values, row * columns);
  }
}

/** Reads a section's pixels, row by row. */
function passOver(hdu: FitsHdu, file: FitsFile, section: Section): PixelPass {
  const { firstColumn, lastColumn, firstRow, lastRow } = section;
  return (take) =>
    eachRow(hdu, file, (row, values, start) => {
      if (row >= firstRow && row <= lastRow) take(values, start + firstColumn - 1, start + lastColumn);
    });
}

async function statisticsOf(hdu: FitsHdu, file: FitsFile, section: Section): Promise<SectionStatistics | undefined> {
  const pass = passOver(hdu, file, section);
  const sum = new PixelSum();
  await pass((values, from, to) => sum.add(values, from, to));
  const { statistics } = sum;
  return statistics && { ...statistics, section, median: await medianOf(statistics, pass) };
}

/** Statistics of an image, and its part of a picture. */
async function measure(
  hdu: FitsHdu,
  file: FitsFile,
  picture: Picture | undefined,
): Promise<Pick<HduReport, "data" | "bias">> {
  const overscan = biasSection(hdu);
  const data = await statisticsOf(hdu, file, dataSection(hdu));
  const bias = overscan && await statisticsOf(hdu, file, overscan);
  const part = picture?.maker.part(picture.parts[picture.hdus.indexOf(hdu)]!);
  if (part !== undefined) {
    await eachRow(hdu, file, part.add);
    part.end(picture!.withoutBias ? bias?.mean ?? 0 : 0);
  }
  return { ...(data === undefined ? {} : { data }), ...(bias === undefined ? {} : { bias }) };
}

/** The checksum errors of a file, as text. */
function faultsOf({ hdus }: Report): string[] {
  return hdus.flatMap(({ hdu: { number }, sums: { checksum, datasum } }) => [
    ...(datasum === "wrong" ? [`HDU ${number}: the data are not those of its DATASUM`] : []),
    ...(checksum === "wrong" ? [`HDU ${number}: header and data do not add up to its CHECKSUM`] : []),
    ...(checksum === "absent" ? [`HDU ${number}: there is no CHECKSUM`] : []),
  ]);
}

function sumsText({ sums: { checksum, datasum } }: HduReport, paint: Paint): string {
  if (datasum === "wrong") return paint.red("wrong: the data");
  if (checksum === "wrong") return paint.red("wrong: the header");
  return checksum === "absent" && datasum === "absent" ? "none" : "right";
}

/** The stored format of pixels as text: `16-bit, unsigned`. */
function storedText({ bitsPerPixel, zero, scale }: FitsImage): string {
  if (bitsPerPixel < 0) return `${-bitsPerPixel}-bit, float`;
  if (scale !== 1) return `${bitsPerPixel}-bit, scaled`;
  const unsigned = bitsPerPixel === 8 ? zero === 0 : zero === 2 ** (bitsPerPixel - 1);
  return `${bitsPerPixel}-bit${unsigned ? ", unsigned" : ""}`;
}

/** A value as people read it; a float has a point, as in the header. */
function valueText(value: CardValue | undefined): string {
  if (typeof value === "string") return printable(value);
  if (value instanceof Float) return `${value.valueOf()}`.replace(/^-?\d+$/, "$&.0");
  return value === undefined ? "" : typeof value === "boolean" ? (value ? "T" : "F") : String(value);
}

/** A number as people read it: what is whole stays so, and of the rest as many digits as say something. */
function numberText(number: number): string {
  if (Number.isInteger(number) && Math.abs(number) < 1e9) return String(number);
  const size = Math.abs(number);
  return size >= 1e9 || size < 1e-3 ? number.toExponential(4) : number.toFixed(size < 1 ? 5 : 2);
}

/** The header cards of an HDU with key keywords; a keyword that comes twice is told as it comes first. */
function keyCards({ cards }: FitsHdu): HeaderCard[] {
  return keyKeywords.flatMap((keyword) => {
    const card = cards.find((each) => each.keyword === keyword);
    return card?.value === undefined || card.value === "" ? [] : [card];
  });
}

function hduTable({ hdus }: Report, paint: Paint): string {
  const rows = hdus.map((report) => {
    const { hdu: { number, kind, name, image } } = report;
    return [
      String(number),
      printable(kind),
      printable(name),
      image === undefined ? "" : image.axes.join(" × "),
      image === undefined ? "" : storedText(image),
      sumsText(report, paint),
    ];
  });
  return table(["hdu", "kind", "name", "pixels", "stored", "checksums"], rows, paint);
}

/** A card's value and unit, for comparisons. */
function said(card: HeaderCard | undefined): string {
  return card === undefined ? "" : JSON.stringify([valueText(card.value), card.unit]);
}

/** The headers as tables: first the cards that all HDUs share, then those in which the extensions differ. */
function headerTables({ hdus }: Report, paint: Paint): string[] {
  const [first, ...others] = hdus;
  const primary = keyCards(first!.hdu);
  const extensions = others.map(({ hdu }) => keyCards(hdu));
  const find = (cards: readonly HeaderCard[], keyword: string) => cards.find((card) => card.keyword === keyword);
  const alike = keyKeywords.flatMap((keyword) => {
    const card = find(primary, keyword) ?? find(extensions[0] ?? [], keyword);
    const differs = extensions.some((cards) => said(find(cards, keyword) ?? card) !== said(card));
    return card === undefined || differs ? [] : [card];
  });
  const differing = keyKeywords.filter((keyword) =>
    !alike.some((card) => card.keyword === keyword) && extensions.some((cards) => find(cards, keyword) !== undefined)
  );
  const columns = differing.filter((keyword) =>
    // One detector is its own mosaic.
    keyword !== "CCDSEC" || extensions.some((cards) => said(find(cards, keyword)) !== said(find(cards, "DETSEC")))
  );
  const head = columns.map((keyword) => {
    const unit = extensions.map((cards) => find(cards, keyword)?.unit).find((unit) => unit !== undefined);
    return unit === undefined ? keyword : `${keyword} [${printable(unit)}]`;
  });
  const lines = alike.map(({ keyword, value, digits, unit }) => [
    keyword,
    digits ?? valueText(value),
    printable(unit ?? ""),
  ]);
  const rows = others.map(({ hdu: { number } }, index) => [
    String(number),
    ...columns.map((keyword) => valueText(find(extensions[index]!, keyword)?.value)),
  ]);
  return [
    table(["keyword", "value", "unit"], lines, paint),
    columns.length === 0 ? "" : table(["hdu", ...head], rows, paint),
  ];
}

/** The columns of numbers. */
const statisticsColumns: readonly (readonly [name: string, of: (statistics: SectionStatistics) => number])[] = [
  ["minimum", ({ minimum }) => minimum],
  ["maximum", ({ maximum }) => maximum],
  ["mean", ({ mean }) => mean],
  ["median", ({ median }) => median],
  ["std dev", ({ deviation }) => deviation],
];

function statisticsTable({ hdus }: Report, paint: Paint): string {
  const lines = hdus.flatMap(({ hdu, data, bias }) => [
    ...(data === undefined ? [] : [{ hdu, part: "data", statistics: data }]),
    ...(bias === undefined ? [] : [{ hdu, part: "bias", statistics: bias }]),
  ]);
  const columns = statisticsColumns.map(([name, of]) => {
    const texts = [name, ...lines.map(({ statistics }) => numberText(of(statistics)))];
    const width = Math.max(...texts.map(({ length }) => length));
    return texts.map((text) => text.padStart(width));
  });
  const head = ["hdu", "part", "section", ...columns.map(([name]) => name!)];
  const rows = lines.map(({ hdu, part, statistics: { section } }, index) => [
    String(hdu.number),
    part,
    sectionText(section),
    ...columns.map((texts) => texts[index + 1]!),
  ]);
  const blank = lines.map(({ hdu, statistics }) => ({ hdu, blank: statistics.blank })).filter(({ blank }) => blank > 0);
  const notes = blank.map(({ hdu, blank }) =>
    `${blank.toLocaleString("en")} pixels of HDU ${hdu.number} have no value\n`
  );
  return `${table(head, rows, paint)}${notes.join("")}`;
}

/** What is odd about the HDUs. */
function notesText({ hdus }: Report, paint: Paint): string {
  return hdus.flatMap(({ hdu }) => notesOf(hdu).map((note) => paint.yellow(`HDU ${hdu.number}: ${printable(note)}\n`)))
    .join("");
}

function pictureText({ hdus, maker, withoutBias }: Picture, paint: Paint, colour: boolean): string {
  const { preview } = maker;
  if (preview === undefined) return "";
  const [first, last] = [hdus[0]!.number, hdus.at(-1)!.number];
  const which = first === last ? `HDU ${first}` : `HDUs ${first} to ${last} put together`;
  const unit = String(cardValue(hdus[0]!, "BUNIT") ?? "");
  const level = (value: number) => `${numberText(value)}${unit === "" ? "" : ` ${printable(unit)}`}`;
  const scale = Number(preview.scale.toFixed(1));
  const caption = `${which}: black ${level(preview.black)}, white ${level(preview.white)}` +
    `${withoutBias ? " above the bias" : ""}; a character is ${scale} column${scale === 1 ? "" : "s"}`;
  return `${drawPreview(preview, colour)}${paint.dim(caption)}\n`;
}

function reportText(report: Report, paint: Paint, colour: boolean): string {
  const { path, size, all } = report;
  const heading = `${paint.bold(printable(path))}: ${size.toLocaleString("en")} bytes, ${all} HDU${
    all === 1 ? "" : "s"
  }\n`;
  return [
    `${heading}\n${hduTable(report, paint)}`,
    ...headerTables(report, paint),
    statisticsTable(report, paint),
    notesText(report, paint),
    ...report.previews.map((picture) => pictureText(picture, paint, colour)),
  ].filter((part) => part !== "").join("\n");
}

/** A section's statistics for scripts. */
function statisticsJson({ section, ...statistics }: SectionStatistics) {
  return { section: sectionText(section), ...statistics };
}

// TypeScript's library does not know it yet.
const rawNumber = (JSON as typeof JSON & { rawJSON(text: string): unknown }).rawJSON;

function jsonOf({ path, size, hdus }: Report) {
  return {
    file: path,
    size,
    hdus: hdus.map(({ hdu, hdu: { number, kind, name, image, cards }, sums, data, bias }) => ({
      number,
      kind,
      name,
      image: image ?? null,
      ...sums,
      data: data === undefined ? null : statisticsJson(data),
      bias: bias === undefined ? null : statisticsJson(bias),
      notes: notesOf(hdu),
      // JSON's numbers have any number of digits.
      header: cards.map(({ digits, ...card }) => digits === undefined ? card : { ...card, value: rawNumber(digits) }),
    })),
  };
}
