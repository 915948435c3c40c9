/** Which pixels are read: format, focal plane, region and binning, for one amplifier and for several. */
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { CameraGeometry } from "../../../server/camera/camera_geometry.ts";
import {
  amplifierReadouts,
  type DetectorFormat,
  pixelCount,
  sectionsOf,
  usualConfiguration,
  wholeDetector,
} from "../../../server/camera/geometry.ts";

const format: DetectorFormat = {
  columns: 100,
  darkColumns: 8,
  underscanColumns: 4,
  overscanColumns: 10,
  rows: 60,
  darkRows: 2,
  underscanRows: 2,
  overscanRows: 5,
  frameTransferRows: 0,
};

function plane(amplifiersX: number, amplifiersY: number, configuration = usualConfiguration(amplifiersX, amplifiersY)) {
  return { detectorsX: 1, detectorsY: 1, amplifiersX, amplifiersY, configuration };
}

function geometry(amplifiersX = 1, amplifiersY = 1): CameraGeometry {
  return new CameraGeometry(format, plane(amplifiersX, amplifiersY));
}

Deno.test("geometry: amplifiers read towards the corner or edge that is nearest to them", () => {
  deepStrictEqual(
    [[1, 1], [2, 1], [1, 2], [2, 2], [4, 1], [4, 2]].map(([x, y]) => usualConfiguration(x!, y!)),
    ["0", "01", "02", "0123", "0011", "00112233"],
  );
});

Deno.test("geometry: the sections of each amplifier say where its pixels are in its image and on the detector", () => {
  const sections = amplifierReadouts(format, plane(2, 2), wholeDetector(format)).map(sectionsOf);
  deepStrictEqual(sections.map(({ DATASEC, BIASSEC, CCDSEC }) => [DATASEC, BIASSEC, CCDSEC]), [
    ["[5:54,3:32]", "[55:64,3:32]", "[1:50,1:30]"],
    ["[5:54,3:32]", "[55:64,3:32]", "[100:51,1:30]"],
    ["[5:54,3:32]", "[55:64,3:32]", "[1:50,60:31]"],
    ["[5:54,3:32]", "[55:64,3:32]", "[100:51,60:31]"],
  ]);
});

Deno.test("geometry: an amplifier reads its part of a region, and none where it has no part of it", () => {
  const region = { firstColumn: 41, lastColumn: 54, firstRow: 1, lastRow: 30, columnBinning: 1, rowBinning: 1 };
  const readouts = amplifierReadouts(format, plane(2, 2), region);
  deepStrictEqual(
    readouts.map(({ number, dataColumns, dataRows, columns, rows }) => [number, dataColumns, dataRows, columns, rows]),
    [
      [1, 10, 30, 24, 37],
      [2, 4, 30, 18, 37],
    ],
  );
  deepStrictEqual(readouts.map((readout) => sectionsOf(readout).CCDSEC), ["[41:50,1:30]", "[54:51,1:30]"]);
  strictEqual(pixelCount(readouts), 24 * 37 + 18 * 37);
});

Deno.test("geometry: binning leaves out what does not fill a pixel, at the end that is read last", () => {
  const region = { ...wholeDetector(format), columnBinning: 7, rowBinning: 4 };
  const readouts = amplifierReadouts(format, plane(2, 1), region);
  deepStrictEqual(
    readouts.map((
      { underscanColumns, dataColumns, overscanColumns, dataRows },
    ) => [underscanColumns, dataColumns, overscanColumns, dataRows]),
    [[0, 7, 10, 15], [0, 7, 10, 15]],
  );
  deepStrictEqual(readouts.map((readout) => sectionsOf(readout).DETSEC), ["[1:49,1:60]", "[100:52,1:60]"]);
});

Deno.test("geometry: the bias section is the data where there is no overscan, as azcam has it", () => {
  const [readout] = amplifierReadouts({ ...format, overscanColumns: 0 }, plane(1, 1), wholeDetector(format));
  const { DATASEC, BIASSEC } = sectionsOf(readout!);
  strictEqual(BIASSEC, DATASEC);
});

Deno.test("geometry: what cannot be read is refused, says why, and changes nothing", () => {
  const held = geometry(2, 1);
  const before = JSON.stringify(held);
  const cases: [work: () => void, why: RegExp][] = [
    [() => held.setRegion([0, 5]), /columns 0 to 5.*all count from 1/],
    [() => held.setRegion([9, 8]), /no last comes before its first/],
    [() => held.setRegion([1, 101]), /the detector has 100 columns and 60 rows/],
    [() => held.setRegion([1, 3, 1, 1, 4, 1]), /not one binned pixel fits into it/],
    // Half of them on either side: neither amplifier has four.
    [() => held.setRegion([49, 52, 1, 1, 4, 1]), /no amplifier has a whole binned pixel of it/],
    [() => held.setRegion([1, 100, 1, 60, -2]), /-2 is no number of pixels/],
    [() => held.setFormat([0]), /0 columns and 60 rows are no detector/],
    [() => held.setFormat([-1, 2]), /4 underscan columns are more than the 2 dark columns/],
    [() => held.setFormat([16_384, -1, -1, -1, 16_384]), /more than 134217728/],
    [() => held.setFormat([16_385]), /nothing of it may be more than 16384/],
    [() => held.setFormat([-1, -1, -1, 100_000_000]), /nothing of it may be more than 16384/],
    [() => held.setFocalPlane([2], ""), /this camera has one detector, not 2 by 1/],
    [() => held.setFocalPlane([1, 1, 3, 1], ""), /3 by 1 amplifiers do not share 100 columns and 60 rows evenly/],
    [
      () => held.setFocalPlane([1, 1, 2, 1], "04"),
      /"04" needs a digit from 0 to 3 for each of 2 amplifiers, for example 01/,
    ],
    [() => held.setFocalPlane([1, 1, 2, 1], "012"), /"012" needs a digit/],
    [() => held.setFocalPlane([1, 1, 100, 1], ""), /100 amplifiers are more than 64/],
  ];
  for (const [work, why] of cases) throws(work, why);
  strictEqual(JSON.stringify(held), before);
});

Deno.test("geometry: -1 keeps, a new format is read whole, and what azcam's console sends is understood", () => {
  const held = geometry(2, 2);
  held.setRegion([11, -1, -1, 50, 2]);
  deepStrictEqual(held.regionNumbers(), [11, 100, 1, 50, 2, 1]);
  held.resetRegion();
  deepStrictEqual(held.regionNumbers(), [1, 100, 1, 60, 2, 1], "the binning stays");
  held.setFormat([80]);
  deepStrictEqual(held.regionNumbers(), [1, 80, 1, 60, 1, 1]);
  deepStrictEqual(held.formatNumbers(), [80, 8, 4, 10, 60, 2, 2, 5, 0]);
  held.setFormat([81]);
  deepStrictEqual(held.focalPlaneWords(), [1, 1, 1, 1, "[0]"], "two do not share 81 columns");
  held.setFormat([80]);
  held.setFocalPlane([1, 1, 2, 2], "[0]");
  deepStrictEqual(held.focalPlaneWords(), [1, 1, 2, 2, "[0, 1, 2, 3]"]);
  held.setFocalPlane([-1, -1, 2, 1], "[1,0]");
  deepStrictEqual(held.focalPlaneWords(), [1, 1, 2, 1, "[1, 0]"]);
  held.setFocalPlane([], "");
  deepStrictEqual(held.focalPlaneWords(), [1, 1, 2, 1, "[1, 0]"]);
});
