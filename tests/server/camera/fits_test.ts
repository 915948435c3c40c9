/** FITS: cards, sums, headers and pixels are what the standard says, fitsverify agrees, and what is written reads back. */
import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import {
  checkKeyword,
  checkText,
  encodeCards,
  type HeaderCard,
  isCommentary,
} from "../../../server/bench/header_card.ts";
import { DataSum, encodeChecksum } from "../../../server/camera/fits/checksum.ts";
import { headerText, ImageHeader, type ImageHeaderOptions, paddedLength } from "../../../server/camera/fits/header.ts";
import { parseCards } from "../../../server/camera/fits/parse_cards.ts";
import { decodePixels, encodePixels } from "../../../server/camera/fits/pixels.ts";
import { type FitsSource, readFits, readPixels, verifySums } from "../../../server/camera/fits/read.ts";
import { Float } from "../../../server/bench/values.ts";

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function memory(bytes: Uint8Array): FitsSource {
  return { size: bytes.length, read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)) };
}

/** One HDU as a writer makes it; its pixels count up. */
function hdu(options: ImageHeaderOptions): Uint8Array<ArrayBuffer> {
  const header = new ImageHeader(headerText(options));
  const pixels = Uint16Array.from({ length: (options.columns ?? 0) * (options.rows ?? 0) }, (_, index) => index * 257);
  const data = new Uint8Array(paddedLength(pixels.byteLength));
  encodePixels(pixels, data);
  const sum = new DataSum();
  sum.add(data);
  return joined(header.bytes(sum.value), data);
}

/** A file's header as other programs write it. */
function foreign(...cards: string[]): Uint8Array<ArrayBuffer> {
  const text = [...cards, "END"].map((card) => card.padEnd(80)).join("");
  return Uint8Array.from(text.padEnd(paddedLength(text.length)), (character) => character.charCodeAt(0));
}

/** The sum of big-endian words with the carry at every step, as the standard defines it. */
function slowSum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sum = 0n;
  for (let at = 0; at < bytes.length; at += 4) {
    sum += BigInt(view.getUint32(at));
    if (sum > 0xffffffffn) sum -= 0xffffffffn;
  }
  return Number(sum);
}

/** Cards in a form that is the same before they are written and after they are read. */
function plain(cards: readonly HeaderCard[]): unknown[] {
  return cards.map(({ keyword, value, comment = "", unit = "" }) => {
    const number = Number(value);
    if (typeof value === "string" || typeof value === "boolean" || value === undefined) {
      return [keyword, typeof value === "string" ? value.trimEnd() : value, unit, comment];
    }
    if (!Number.isFinite(number)) return [keyword, undefined, unit, comment];
    return [
      keyword,
      Number.isSafeInteger(number) && typeof value !== "number" ? `${number} float` : number,
      unit,
      comment,
    ];
  });
}

const letters = "abc XYZ 019 ' '' & /[]=~!\"";

function randomText(random: () => number, longest: number): string {
  const length = Math.floor(random() ** 2 * longest);
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
}

function randomValue(random: () => number): HeaderCard["value"] {
  const number = (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300);
  const kinds = [
    () => random() < 0.5,
    () => Math.floor((random() - 0.5) * 2 ** Math.floor(random() * 54)),
    () => number,
    () => new Float(Math.round(random() * 1000)),
    () => randomText(random, 75),
    () => randomText(random, 300),
  ];
  return kinds[Math.floor(random() * kinds.length)]!();
}

/** Comments short enough to fit beside every number. */
function randomCards(seed: number, length: number): HeaderCard[] {
  const random = generator(seed);
  return Array.from({ length }, (_, index) => ({
    keyword: `K${index.toString(36).toUpperCase()}`,
    value: randomValue(random),
    comment: randomText(random, 30).replaceAll(/^[[ ]+| +$/g, ""),
    unit: random() < 0.3 ? "m/s" : "",
  }));
}

const testCards: HeaderCard[] = [
  { keyword: "OBJECT", value: "O'HARA's \"star\" ~!@#$%^&*()", comment: "quotes" },
  { keyword: "QUOTES", value: "'".repeat(120), comment: "nothing but quotes" },
  { keyword: "LONG", value: "A text that goes on. ".repeat(12), comment: "over several cards", unit: "m" },
  { keyword: "AMPERSND", value: `${"x".repeat(80)}&`, comment: "ends with &" },
  { keyword: "ROOM", value: "y".repeat(60), comment: "a comment that finds no room beside the value" },
  { keyword: "EMPTY", value: "" },
  { keyword: "BIG", value: 1e22, comment: "large" },
  { keyword: "SMALL", value: 1e-300 },
  { keyword: "TENTH", value: 0.1, unit: "°C", comment: "temperature" },
  { keyword: "EXACT", value: -1.2345678901234568e-300, comment: "as many digits as there are" },
  { keyword: "WHOLE", value: -42 },
  { keyword: "MAXIMUM", value: Number.MAX_SAFE_INTEGER },
  { keyword: "FLOAT", value: new Float(20) },
  { keyword: "YES", value: true },
  { keyword: "NO", value: false, comment: "no" },
  { keyword: "A-B_9", value: 1, comment: "z".repeat(100) },
  { keyword: "COMMENT", comment: "It's long. ".repeat(20) },
  { keyword: "HISTORY", comment: "= 3" },
  { keyword: "" },
  { keyword: "", comment: "text without a keyword" },
];

Deno.test("fits: a card has its value where the fixed format wants it", () => {
  const cases: [HeaderCard, string][] = [
    [{ keyword: "A", value: 5 }, "A       =                    5"],
    [{ keyword: "A", value: -5, comment: "five" }, "A       =                   -5 / five"],
    [{ keyword: "A", value: new Float(5) }, "A       =                  5.0"],
    [{ keyword: "A", value: true }, "A       =                    T"],
    [{ keyword: "A", value: false, comment: "c" }, "A       =                    F / c"],
    [{ keyword: "A", value: "abc", comment: "c" }, "A       = 'abc     '           / c"],
    [{ keyword: "A", value: "it's  " }, "A       = 'it''s   '"],
    [{ keyword: "A", value: "  " }, "A       = ''"],
    [{ keyword: "A", value: "x".repeat(68) }, `A       = '${"x".repeat(68)}'`],
    [{ keyword: "A", value: 1, unit: "mm", comment: "c" }, "A       =                    1 / [mm] c"],
    [{ keyword: "A", value: 1, unit: "°C" }, "A       =                    1 / [deg C]"],
    [{ keyword: "A", value: 1, unit: "µm²" }, "A       =                    1 / [um2]"],
    [{ keyword: "A", value: undefined, comment: "c" }, "A       =                      / c"],
    [{ keyword: "A", value: NaN }, "A       ="],
    [{ keyword: "A", value: new Float(-Infinity) }, "A       ="],
    [{ keyword: "COMMENT", comment: "text" }, "COMMENT text"],
    [{ keyword: "" }, ""],
  ];
  for (const [card, expected] of cases) strictEqual(encodeCards([card]), expected.padEnd(80));
});

Deno.test("fits: a float has a point, the fewest digits, and a capital E", () => {
  const texts: [number, string][] = [
    [0.1, "0.1"],
    [-0, "-0.0"],
    [1e22, "1.0E+22"],
    [1e-300, "1.0E-300"],
    [2 ** 53, "9007199254740992.0"],
    [123456789012345680000, "1.2345678901234568E+20"],
    [-1.2345678901234568e-300, "-1.2345678901234568E-300"],
    [0.00001234567890123456, "1.234567890123456E-5"],
    [5e-324, "5.0E-324"],
  ];
  for (const [number, text] of texts) {
    strictEqual(encodeCards([{ keyword: "A", value: new Float(number) }]).slice(10).trim(), text);
  }
  strictEqual(encodeCards([{ keyword: "A", value: 2 ** 53 - 1 }]).slice(10).trim(), "9007199254740991");
  strictEqual(encodeCards([{ keyword: "A", value: 2 ** 53 }]).slice(10).trim(), "9007199254740992.0");
});

Deno.test("fits: text that one card cannot hold goes on, and its comment is on the last card", () => {
  const lines = (card: HeaderCard) => encodeCards([card]).match(/.{80}/g)!.map((line) => line.trimEnd());
  deepStrictEqual(lines({ keyword: "A", value: "x".repeat(69), comment: "c", unit: "m" }), [
    `A       = '${"x".repeat(67)}&'`,
    "CONTINUE  'xx'                 / [m] c",
  ]);
  // The pair of quotes would be split after 67 characters.
  deepStrictEqual(lines({ keyword: "A", value: `${"x".repeat(66)}'yy` }), [
    `A       = '${"x".repeat(66)}&'`,
    "CONTINUE  '''yy'",
  ]);
  // Not an empty last card: CFITSIO would take the & before it for a part of the text.
  deepStrictEqual(lines({ keyword: "A", value: `${"y".repeat(52)}12345678`, comment: "no room for it" }), [
    `A       = '${"y".repeat(52)}&'`,
    "CONTINUE  '12345678'           / no room for it",
  ]);
  deepStrictEqual(lines({ keyword: "A", value: `${"y".repeat(12)}${"'".repeat(8)}`, comment: "c".repeat(50) }), [
    `A       = '${"y".repeat(12)}&'`,
    `CONTINUE  '${"'".repeat(16)}'   / ${"c".repeat(47)}`,
  ]);
  deepStrictEqual(lines({ keyword: "A", value: "y".repeat(18), comment: "c".repeat(50) }), [
    `A       = '${"y".repeat(18)}' / ${"c".repeat(47)}`,
  ]);
  deepStrictEqual(lines({ keyword: "A", value: "x".repeat(134) }), [
    `A       = '${"x".repeat(67)}&'`,
    `CONTINUE  '${"x".repeat(67)}'`,
  ]);
  deepStrictEqual(lines({ keyword: "A", value: `${"x".repeat(69)}&` }), [
    `A       = '${"x".repeat(67)}&'`,
    "CONTINUE  'xx&'",
  ]);
});

Deno.test("fits: a comment is cut where it does not fit, a value never is", () => {
  strictEqual(
    encodeCards([{ keyword: "A", value: 1, comment: "c".repeat(60) }]),
    `A       =                    1 / ${"c".repeat(47)}`,
  );
  strictEqual(
    encodeCards([{ keyword: "A", value: -1.2345678901234568e-300, comment: "c".repeat(60) }]),
    `A       = -1.2345678901234568E-300 / ${"c".repeat(43)}`,
  );
  const [text] = parseCards(encodeCards([{ keyword: "A", value: "x".repeat(80), comment: "c".repeat(90) }]));
  deepStrictEqual(text, { keyword: "A", value: "x".repeat(80), comment: "c".repeat(47) });
});

Deno.test("fits: commentary is wrapped after 72 characters and loses none", () => {
  const comment = "0123456789".repeat(15);
  const cards = encodeCards([{ keyword: "HISTORY", comment }]);
  strictEqual(cards.length, 3 * 80);
  strictEqual(parseCards(cards).map((card) => card.comment).join(""), comment);
  ok(parseCards(cards).every((card) => card.keyword === "HISTORY"));
  strictEqual(encodeCards([{ keyword: "HISTORY", comment: comment.slice(0, 72) }]).length, 80);
});

Deno.test("fits: keywords that have another form or describe the file's structure are refused, with what is right", () => {
  for (const keyword of ["A", "DATE-OBS", "ROI_1", "12345678", "NAXES", "TEMP1", "ZENITH", "TTYPE", "ENDING"]) {
    checkKeyword(keyword);
  }
  const structure = [
    ..."SIMPLE XTENSION BITPIX NAXIS NAXIS1 NAXIS12 EXTEND PCOUNT GCOUNT GROUPS BZERO BSCALE BLANK END CONTINUE".split(
      " ",
    ),
    ..."CHECKSUM DATASUM INHERIT EXTNAME EXTVER EXTLEVEL LONGSTRN ZIMAGE ZNAXIS2 TTYPE1 HIERARCH".split(" "),
  ];
  for (const keyword of structure) {
    throws(() => checkKeyword(keyword), { code: "bad_argument", message: /structure of the file/ }, keyword);
  }
  for (const keyword of ["COMMENT", "HISTORY", "", "  "]) {
    throws(() => checkKeyword(keyword), /has no value, only text/);
  }
  for (const keyword of ["NINECHARS", "A B", "A.B", "Ä"]) throws(() => checkKeyword(keyword), /1 to 8 of A-Z 0-9 - _/);
  throws(() => checkKeyword("temp"), /lower-case letters; write TEMP$/);
});

Deno.test("fits: text that a header cannot hold is refused, with the character and its position", () => {
  checkText(" ~", "the observer");
  throws(() => checkText("Löwe", "the observer"), {
    code: "bad_argument",
    message: /^the observer "Löwe": the character ö \(U\+00F6\) at position 2 cannot be written in a FITS header/,
  });
  throws(() => checkText("a😀", "it"), /the character 😀 \(U\+1F600\) at position 2 /);
  throws(() => checkText("a\nb", "it"), /the character U\+000A at position 2 /);
  throws(() => checkText("a\x7f", "it"), /the character U\+007F at position 2 /);
  throws(() => encodeCards([{ keyword: "A", value: "a\tb" }]), /^HeliographError: the value of A .*U\+0009/);
  throws(() => encodeCards([{ keyword: "A", value: 1, comment: "é" }]), /the comment of A/);
  throws(() => encodeCards([{ keyword: "A", value: 1, unit: "é" }]), /the unit of A/);
  throws(() => encodeCards([{ keyword: "COMMENT", comment: "é" }]), /the text of COMMENT/);
  throws(() => encodeCards([{ keyword: "a b", value: 1 }]), /the FITS keyword "a b"/);
});

Deno.test("fits: random cards read back as they were written", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const cards = randomCards(seed, 200);
    const text = encodeCards(cards);
    strictEqual(text.length % 80, 0);
    match(text, /^[ -~]*$/);
    deepStrictEqual(plain(parseCards(text)), plain(cards), `seed ${seed}`);
  }
});

Deno.test("fits: the sum of data is the ones' complement sum of big-endian words, in chunks of any size and place", () => {
  const random = generator(7);
  const bytes = Uint8Array.from({ length: 40_004 }, () => Math.floor(256 * random() ** 0.2));
  const expected = slowSum(bytes);
  const sum = new DataSum();
  const odd = new Uint8Array(bytes.length + 1);
  for (let at = 0, length = 0; at < bytes.length; at += length) {
    length = Math.min(4 * Math.floor(random() * 900), bytes.length - at);
    odd.set(bytes.subarray(at, at + length), 1);
    sum.add(random() < 0.5 ? bytes.subarray(at, at + length) : odd.subarray(1, 1 + length));
  }
  strictEqual(sum.value, expected);
  const ones = new DataSum();
  ones.add(new Uint8Array(10_000).fill(255));
  strictEqual(ones.value, 2 ** 32 - 1);
  const carried = new DataSum(2 ** 32 - 1);
  carried.add(Uint8Array.of(0, 0, 0, 2));
  strictEqual(carried.value, 2);
  throws(() => ones.add(new Uint8Array(3)), { code: "bad_argument", message: /3 bytes are no multiple/ });
});

Deno.test("fits: a sum is encoded as in the example of the checksum convention", () => {
  strictEqual(encodeChecksum(868229149, true), "hcHjjc9ghcEghc9g");
  strictEqual(encodeChecksum(3426738146, false), "hcHjjc9ghcEghc9g");
  strictEqual(encodeChecksum(0, false), "0".repeat(16));
});

Deno.test("fits: an encoded sum has letters and digits only, and adds up to the sum and sixteen zeros", () => {
  const random = generator(3);
  const encoder = new TextEncoder();
  for (let round = 0; round < 5000; round++) {
    const value = Math.floor(random() * 2 ** 32);
    const encoded = encodeChecksum(value, false);
    match(encoded, /^[0-9A-Za-z]{16}$/);
    const bytes = encoder.encode(encoded);
    // Back by one place, and without the offset of `0`.
    const original = Uint8Array.from({ length: 16 }, (_, index) => bytes[(index + 1) % 16]! - 0x30);
    strictEqual(slowSum(original), value);
  }
});

Deno.test("fits: a header's length is known before the sum of the data, and does not depend on it", () => {
  for (const cards of [[], randomCards(1, 29), randomCards(1, 30), randomCards(2, 200)]) {
    const header = new ImageHeader(headerText({ kind: "primary", columns: 100, rows: 50, cards }));
    strictEqual(header.length % 2880, 0);
    strictEqual(header.bytes(0).length, header.length);
    strictEqual(header.bytes(2 ** 32 - 1).length, header.length);
  }
  deepStrictEqual([0, 1, 2880, 2881].map(paddedLength), [0, 2880, 2880, 5760]);
});

Deno.test("fits: every HDU adds up to all ones", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const cards = randomCards(seed, seed * 3);
    strictEqual(slowSum(hdu({ kind: "primary", columns: 31, rows: seed, cards })), 2 ** 32 - 1);
    strictEqual(slowSum(hdu({ kind: "primary", extensions: true, cards })), 2 ** 32 - 1);
    strictEqual(slowSum(hdu({ kind: "extension", columns: 9, rows: seed, name: "im1", cards })), 2 ** 32 - 1);
  }
});

Deno.test("fits: the cards of a structure are in the standard's order", async () => {
  const keywords = async (...parts: Uint8Array[]) =>
    (await readFits(memory(joined(...parts)))).at(-1)!.cards.map((card) => card.keyword).join(" ");
  const empty = hdu({ kind: "primary", extensions: true, cards: [] });
  strictEqual(await keywords(empty), "SIMPLE BITPIX NAXIS EXTEND CHECKSUM DATASUM");
  strictEqual(
    await keywords(hdu({ kind: "primary", columns: 2, rows: 3, cards: [{ keyword: "A", value: "x".repeat(70) }] })),
    "SIMPLE BITPIX NAXIS NAXIS1 NAXIS2 BZERO BSCALE LONGSTRN A CHECKSUM DATASUM",
  );
  strictEqual(
    await keywords(empty, hdu({ kind: "extension", columns: 2, rows: 3, name: "im1", cards: [] })),
    "XTENSION BITPIX NAXIS NAXIS1 NAXIS2 PCOUNT GCOUNT EXTNAME INHERIT BZERO BSCALE CHECKSUM DATASUM",
  );
});

Deno.test("fits: of a keyword that comes twice the first wins, commentary stays", async () => {
  const cards: HeaderCard[] = [
    { keyword: "A", value: 1 },
    { keyword: "COMMENT", comment: "one" },
    { keyword: "A", value: 2 },
    { keyword: "COMMENT", comment: "two" },
  ];
  const [primary] = await readFits(memory(hdu({ kind: "primary", cards })));
  deepStrictEqual(primary!.cards.filter(({ keyword }) => /^(A|COMMENT)$/.test(keyword)), [
    cards[0],
    cards[1],
    cards[3],
  ]);
});

Deno.test("fits: a header that cannot be is refused", () => {
  const header = (options: Partial<ImageHeaderOptions>) => () => headerText({ kind: "primary", cards: [], ...options });
  throws(header({ columns: 0, rows: 1 }), { code: "bad_argument", message: /has 0 columns/ });
  throws(header({ columns: 5 }), /has no number of rows/);
  throws(header({ columns: 5, rows: 1.5 }), /has 1.5 rows/);
  throws(header({ kind: "extension" }), /has no number of columns/);
  throws(header({ name: "" }), /1 to 68 characters/);
  throws(header({ name: "'".repeat(35) }), /1 to 68 characters/);
  throws(header({ name: "ä" }), /the character ä/);
  throws(header({ cards: [{ keyword: "BZERO", value: 0 }] }), /the FITS keyword "BZERO"/);
});

Deno.test("fits: pixels are stored big-endian and 32768 less, at any place in memory", () => {
  const all = Uint16Array.from({ length: 65_537 }, (_, index) => index);
  for (const [skippedPixels, skippedBytes] of [[0, 0], [1, 0], [0, 1], [0, 2], [1, 3]] as const) {
    const pixels = all.subarray(skippedPixels);
    const bytes = new Uint8Array(skippedBytes + pixels.byteLength + 2).fill(7);
    encodePixels(pixels, bytes.subarray(skippedBytes));
    const view = new DataView(bytes.buffer, skippedBytes);
    const wrong = pixels.findIndex((pixel, index) => view.getInt16(2 * index) !== pixel - 32768);
    strictEqual(wrong, -1);
    deepStrictEqual([...bytes.subarray(-2)], [7, 7]);
    ok(bytes.subarray(0, skippedBytes).every((byte) => byte === 7));
  }
  throws(() => encodePixels(new Uint16Array(3), new Uint8Array(5)), {
    code: "bad_argument",
    message: "3 pixels need 6 bytes, not 5",
  });
});

Deno.test("fits: every kind of pixel is read, scaled, and NaN where it is blank", () => {
  const stored = new DataView(new ArrayBuffer(16));
  const bytes = new Uint8Array(stored.buffer);
  const unscaled = { zero: 0, scale: 1 };
  bytes.set([0, 255]);
  deepStrictEqual([...decodePixels(bytes.subarray(0, 2), { bitsPerPixel: 8, ...unscaled })], [0, 255]);
  stored.setInt16(0, -32768);
  stored.setInt16(2, 32767);
  deepStrictEqual(
    [...decodePixels(bytes.subarray(0, 4), { bitsPerPixel: 16, zero: 32768, scale: 1 })],
    [0, 65535],
  );
  stored.setInt32(0, -5);
  stored.setInt32(4, 7);
  deepStrictEqual(
    [...decodePixels(bytes.subarray(0, 8), { bitsPerPixel: 32, zero: 1, scale: 0.5, blank: -5 })],
    [NaN, 4.5],
  );
  stored.setBigInt64(0, -(2n ** 40n));
  deepStrictEqual([...decodePixels(bytes.subarray(0, 8), { bitsPerPixel: 64, ...unscaled })], [-(2 ** 40)]);
  stored.setFloat32(0, 1.5);
  stored.setFloat32(4, NaN);
  deepStrictEqual([...decodePixels(bytes.subarray(0, 8), { bitsPerPixel: -32, ...unscaled, blank: 1.5 })], [1.5, NaN]);
  stored.setFloat64(8, 0.1);
  deepStrictEqual([...decodePixels(bytes.subarray(8), { bitsPerPixel: -64, ...unscaled })], [0.1]);
});

Deno.test("fits: a file reads back: its HDUs, cards, images and sums", async () => {
  const bytes = joined(
    hdu({ kind: "primary", extensions: true, cards: testCards }),
    hdu({ kind: "extension", columns: 7, rows: 5, name: "im1", cards: [{ keyword: "GAIN", value: new Float(2) }] }),
    hdu({ kind: "extension", columns: 200, rows: 100, name: "im2", cards: [] }),
  );
  const source = memory(bytes);
  const hdus = await readFits(source);
  deepStrictEqual(hdus.map(({ number, kind, name }) => [number, kind, name]), [
    [1, "primary", ""],
    [2, "IMAGE", "im1"],
    [3, "IMAGE", "im2"],
  ]);
  strictEqual(hdus.at(-1)!.end, bytes.length);
  strictEqual(hdus[0]!.image, undefined);
  deepStrictEqual(hdus[1]!.image, { axes: [7, 5], columns: 7, rows: 5, bitsPerPixel: 16, zero: 32768, scale: 1 });
  const values = testCards.filter(({ keyword }) => !isCommentary(keyword));
  const read = hdus[0]!.cards.filter(({ keyword }) => values.some((card) => card.keyword === keyword));
  const withoutComment = (cards: readonly HeaderCard[]) =>
    plain(cards.map(({ keyword, value }) => ({ keyword, value })));
  deepStrictEqual(withoutComment(read), withoutComment(values));
  deepStrictEqual(read.find(({ keyword }) => keyword === "TENTH"), {
    keyword: "TENTH",
    value: 0.1,
    comment: "temperature",
    unit: "deg C",
  });
  for (const one of hdus) deepStrictEqual(await verifySums(one, source), { checksum: "right", datasum: "right" });
  const pixels: number[] = [];
  for await (const block of readPixels(hdus[1]!, source)) pixels.push(...block.values);
  deepStrictEqual(pixels, Array.from({ length: 35 }, (_, index) => index * 257));
});

Deno.test("fits: sums that are wrong or absent are told from those that are right", async () => {
  const bytes = hdu({ kind: "primary", columns: 7, rows: 5, cards: [{ keyword: "OBJECT", value: "M 31" }] });
  const changed = async (at: number) => {
    const copy = bytes.slice();
    copy[at]!++;
    const [one] = await readFits(memory(copy));
    return await verifySums(one!, memory(copy));
  };
  deepStrictEqual(await changed(2880 + 9), { checksum: "wrong", datasum: "wrong" });
  const object = new TextDecoder().decode(bytes).indexOf("M 31");
  deepStrictEqual(await changed(object), { checksum: "wrong", datasum: "right" });
  const without = foreign("SIMPLE  =                    T", "BITPIX  = 8", "NAXIS   = 0", "DATASUM = ''");
  deepStrictEqual(await verifySums((await readFits(memory(without)))[0]!, memory(without)), {
    checksum: "absent",
    datasum: "absent",
  });
});

Deno.test("fits: rows are read as asked for, in reads of at most a mebibyte", async () => {
  const bytes = hdu({ kind: "primary", columns: 1000, rows: 1200, cards: [] });
  const reads: number[] = [];
  const source: FitsSource = {
    size: bytes.length,
    read: (offset, length) => {
      reads.push(length);
      return Promise.resolve(bytes.subarray(offset, offset + length));
    },
  };
  const [one] = await readFits(source);
  const blocks: [number, number, number][] = [];
  for await (const { firstRow, rows, values } of readPixels(one!, source)) blocks.push([firstRow, rows, values.length]);
  deepStrictEqual(blocks, [[0, 524, 524_000], [524, 524, 524_000], [1048, 152, 152_000]]);
  for await (const { firstRow, rows, values } of readPixels(one!, source, { firstRow: 700, rows: 2 })) {
    deepStrictEqual([firstRow, rows, values.length], [700, 2, 2000]);
    strictEqual(values[1999], (701_999 * 257) % 65536);
  }
  ok(Math.max(...reads) <= 2 ** 20);
  for (const range of [{ firstRow: 1199, rows: 2 }, { firstRow: -1 }, { rows: 0.5 }, { firstRow: 1201 }]) {
    await rejects(readPixels(one!, source, range).next(), { code: "bad_argument", message: /rows 0 to 1199/ });
  }
  const [empty] = await readFits(memory(hdu({ kind: "primary", cards: [] })));
  await rejects(readPixels(empty!, source).next(), { code: "bad_argument", message: /HDU 1 .* has no image/ });
});

Deno.test("fits: cards of other programs are read, and none is an error", () => {
  const read = (...cards: string[]) => parseCards(cards.map((card) => card.padEnd(80)).join(""));
  deepStrictEqual(read("A       = 5/five"), [{ keyword: "A", value: 5, comment: "five" }]);
  deepStrictEqual(read("A       =   +5.   / [K] t"), [{ keyword: "A", value: new Float(5), comment: "t", unit: "K" }]);
  deepStrictEqual(read("A       = 1.5D-3"), [{ keyword: "A", value: 0.0015 }]);
  deepStrictEqual(read("A       =    'a''/b ' / c"), [{ keyword: "A", value: "a'/b", comment: "c" }]);
  deepStrictEqual(read("A       =            / none"), [{ keyword: "A", value: undefined, comment: "none" }]);
  deepStrictEqual(read("A       = (1.0, 2.0) / z"), [{ keyword: "A", comment: "(1.0, 2.0) / z" }]);
  deepStrictEqual(read("A       = 'open"), [{ keyword: "A", comment: "'open" }]);
  deepStrictEqual(read("A       = 2024-01-01"), [{ keyword: "A", comment: "2024-01-01" }]);
  deepStrictEqual(read("COMMENT = 'no value'"), [{ keyword: "COMMENT", comment: "= 'no value'" }]);
  deepStrictEqual(read("HIERARCH ESO TEL = 'x' / y"), [{ keyword: "HIERARCH", comment: " ESO TEL = 'x' / y" }]);
  deepStrictEqual(read("", "junk without a value"), [
    { keyword: "" },
    { keyword: "junk wit", comment: "hout a value" },
  ]);
  deepStrictEqual(
    read("A       = 'one &' / [m]", "CONTINUE  'two&   ' / of", "CONTINUE    '' / three", "B       = 'x&'"),
    [
      { keyword: "A", value: "one two", comment: "of three", unit: "m" },
      { keyword: "B", value: "x&" },
    ],
  );
});

Deno.test("fits: what is no FITS file, is cut off, or makes no sense is refused, with what is there and what should be", async () => {
  const refused = (bytes: Uint8Array, message: RegExp) => rejects(readFits(memory(bytes)), { message });
  const encoder = new TextEncoder();
  await refused(new Uint8Array(0), /^not a FITS file: it is empty$/);
  await refused(encoder.encode("\x89PNG\r\n"), /^not a FITS file: it begins with .*PNG/);
  const bytes = joined(
    hdu({ kind: "primary", extensions: true, cards: [] }),
    hdu({ kind: "extension", columns: 100, rows: 50, name: "im1", cards: [] }),
  );
  strictEqual(bytes.length, 17_280);
  await refused(
    bytes.subarray(0, 10_000),
    /cut off: it has 10,000 bytes, and with HDU 2 there should be 17,280 bytes$/,
  );
  await refused(bytes.subarray(0, 15_759), /cut off: it has 15,759 bytes/);
  const unfilled = await readFits(memory(bytes.subarray(0, 15_760)));
  deepStrictEqual(unfilled.map(({ unfilled, end }) => [unfilled, end]), [[false, 2880], [true, 15_760]]);
  await refused(
    bytes.subarray(0, 3000),
    /cut off: it has 3,000 bytes, and the header of HDU 2, .* at 2880, has no END/,
  );
  await refused(bytes.subarray(0, 2885), /cut off: it has 2,885 bytes, and the header of HDU 2/);
  await refused(bytes.subarray(0, 500), /cut off: it has 500 bytes, and the header of HDU 1/);
  const start = "SIMPLE  =                    T";
  await refused(foreign(start, "BITPIX  = 12", "NAXIS   = 1", "NAXIS1  = 3"), /BITPIX is 12; it must be 8, 16, 32/);
  await refused(foreign(start, "BITPIX  = 8"), /HDU 1 .* NAXIS is missing; it must be a whole number/);
  await refused(foreign(start, "BITPIX  = 8", "NAXIS   = 1", "NAXIS1  = -1"), /NAXIS1 is -1/);
  await refused(foreign(start, "BITPIX  = 8", "NAXIS   = 1000"), /NAXIS is 1000; it must be at most 999/);
  await refused(
    foreign(start, "BITPIX  = 8", "NAXIS   = 1", "NAXIS1  = 1", "BSCALE  = 'x'"),
    /BSCALE is x; it must be a number/,
  );
  const lengths = Array.from({ length: 30 }, (_, index) => `NAXIS${index + 1}`.padEnd(8) + `= ${2 ** 52}`);
  await refused(foreign(start, "BITPIX  = 8", "NAXIS   = 30", ...lengths), /it has 2,880 bytes, .* should be ∞ bytes/);
  await refused(
    foreign(start, "BITPIX  = 8", "NAXIS   = 31", ...lengths, "NAXIS31 = 0"),
    /cut off/,
  );
});

Deno.test("fits: a header without END is not read without a bound", async () => {
  let most = 0;
  const endless: FitsSource = {
    size: 2 ** 40,
    read: (offset, length) => {
      most = Math.max(most, offset + length);
      const text = offset === 0 ? "SIMPLE  =                    T".padEnd(length) : " ".repeat(length);
      return Promise.resolve(new TextEncoder().encode(text));
    },
  };
  await rejects(readFits(endless), { message: /the header of HDU 1 has no END card in 2,880,000 bytes/ });
  strictEqual(most, 2_880_000);
});

Deno.test("fits: a file that becomes shorter while it is read is told", async () => {
  const bytes = hdu({ kind: "primary", columns: 100, rows: 50, cards: [] });
  const [one] = await readFits(memory(bytes));
  const shorter = memory(bytes.subarray(0, 5000));
  await rejects(readPixels(one!, shorter).next(), /cut off: 2,120 bytes came from 2880 on, .* should be 10,000 bytes/);
  await rejects(verifySums(one!, shorter), /cut off/);
});

Deno.test("fits: tables and groups are skipped by their size, and what is behind the last HDU is no HDU", async () => {
  const table = foreign(
    "XTENSION= 'BINTABLE'",
    "BITPIX  = 8",
    "NAXIS   = 2",
    "NAXIS1  = 100",
    "NAXIS2  = 30",
    "PCOUNT  = 2000",
    "GCOUNT  = 1",
    "ZIMAGE  = T",
  );
  const bytes = joined(
    hdu({ kind: "primary", extensions: true, cards: [] }),
    joined(table, new Uint8Array(5760)),
    hdu({ kind: "extension", columns: 2, rows: 2, name: "last", cards: [] }),
    new Uint8Array(2880),
  );
  const hdus = await readFits(memory(bytes));
  deepStrictEqual(hdus.map(({ kind, name, dataLength }) => [kind, name, dataLength]), [
    ["primary", "", 0],
    ["BINTABLE", "", 5000],
    ["IMAGE", "last", 8],
  ]);
  strictEqual(hdus[1]!.image, undefined);
  const groups = foreign(
    "SIMPLE  = T",
    "BITPIX  = -32",
    "NAXIS   = 2",
    "NAXIS1  = 0",
    "NAXIS2  = 5",
    "GROUPS  = T",
    "PCOUNT  = 2",
    "GCOUNT  = 10",
  );
  const [group] = await readFits(memory(joined(groups, new Uint8Array(2880))));
  deepStrictEqual([group!.dataLength, group!.image], [280, undefined]);
});

/** What fitsverify says about a file. */
async function fitsverify(bytes: Uint8Array): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".fits" });
  try {
    await Deno.writeFile(path, bytes);
    const { stdout, stderr } = await new Deno.Command("fitsverify", { args: [path] }).output();
    return new TextDecoder().decode(joined(stdout, stderr));
  } finally {
    await Deno.remove(path);
  }
}

async function hasVerifier(): Promise<boolean> {
  try {
    await new Deno.Command("fitsverify", { args: ["-h"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const verifier = await hasVerifier();
if (!verifier) console.log("fitsverify is not installed: what it says about the files is not tested");

const clean = /found 0 warning\(s\) and 0 error\(s\)/;

Deno.test({
  name: "fits: fitsverify finds nothing wrong with a primary image",
  ignore: !verifier,
  async fn() {
    match(await fitsverify(hdu({ kind: "primary", columns: 123, rows: 45, cards: testCards })), clean);
    match(await fitsverify(hdu({ kind: "primary", columns: 1, rows: 1, cards: randomCards(5, 300) })), clean);
  },
});

Deno.test({
  name: "fits: fitsverify finds nothing wrong with a file of several extensions",
  ignore: !verifier,
  async fn() {
    const said = await fitsverify(joined(
      hdu({ kind: "primary", extensions: true, cards: testCards }),
      hdu({ kind: "extension", columns: 7, rows: 5, name: "im1", cards: testCards }),
      hdu({ kind: "extension", columns: 300, rows: 200, name: "it's im2", cards: randomCards(9, 50) }),
    ));
    match(said, clean);
    match(said, /HDU 3: Image Exten/);
  },
});

Deno.test({
  name: "fits: fitsverify warns of undefined values, which the standard allows, and of nothing else",
  ignore: !verifier,
  async fn() {
    const cards = [{ keyword: "T1", value: NaN, unit: "K" }, { keyword: "T2", comment: "off" }];
    const said = await fitsverify(hdu({ kind: "primary", columns: 1, rows: 1, cards }));
    match(said, /found 2 warning\(s\) and 0 error\(s\)/);
    match(said, /T1 has a null value\.[^]*T2 has a null value\./);
  },
});

Deno.test({
  name: "fits: fitsverify checks the sums",
  ignore: !verifier,
  async fn() {
    const bytes = hdu({ kind: "primary", columns: 10, rows: 10, cards: [] });
    bytes[2880]!++;
    match(await fitsverify(bytes), /Data checksum is not consistent[^]*HDU checksum is not in agreement/);
  },
});
