/** Check sums are those of the instruments, and no changed byte is overlooked. */
import assert from "node:assert/strict";
import fc from "npm:fast-check@4.10.2";
import {
  type CheckSum,
  checkSumKinds,
  checkSums,
  sumOf,
  withoutSum,
  withSum,
} from "../../../../server/devices/transports/check_sum.ts";
import { Envelope } from "../../../../server/devices/described/envelope.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("check sums: each kind is the one that its public examples have", () => {
  // The check values of the CRC catalogue are those of "123456789".
  assert.equal(checkSums.crc16modbus(bytes("123456789")), 0x4b37);
  assert.equal(checkSums.crcCcitt(bytes("123456789")), 0x29b1);
  assert.equal(checkSums.crcXmodem(bytes("123456789")), 0x31c3);
  assert.equal(checkSums.sum(bytes("123456789")), 0xdd);
  assert.equal(checkSums.sum16(bytes("123456789")), 0x1dd);
  assert.equal(checkSums.lrc(bytes("123456789")), 0x23);
  // The manual of NESLAB's RTE baths: the inverted sum of 00 01 20 00 is DE.
  assert.equal(checkSums.sumInverted(bytes("\x00\x01\x20\x00")), 0xde);
  assert.equal(checkSums.xor(bytes("GPGLL,5300.97914,N,00259.98174,E,125926,A")), 0x28);
});

Deno.test("check sums: they stand as the instruments write them", () => {
  // NMEA 0183, Modbus RTU and Pfeiffer's telegrams.
  assert.equal(
    withSum("$GPGLL,5300.97914,N,00259.98174,E,125926,A", { kind: "xor", skip: 1, after: "*" }),
    "$GPGLL,5300.97914,N,00259.98174,E,125926,A*28",
  );
  assert.equal(
    withSum("\x01\x03\x00\x00\x00\x0a", { kind: "crc16modbus", as: "bytes" }),
    "\x01\x03\x00\x00\x00\x0a\xc5\xcd",
  );
  assert.equal(sumOf("0010030902=?", { kind: "sum", as: "decimal" }), "107");
  assert.equal(sumOf("123456789", { kind: "crcCcitt", order: "little", as: "lowercase hex" }), "b129");
});

Deno.test("check sums: what is sent is received, and one changed byte is noticed", () => {
  const text = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1 }).map((codes) =>
    String.fromCharCode(...codes)
  );
  const checkSum: fc.Arbitrary<CheckSum> = fc.record({
    kind: fc.constantFrom(...checkSumKinds),
    as: fc.constantFrom("hex", "lowercase hex", "decimal", "bytes"),
    order: fc.constantFrom("big", "little", undefined),
    after: fc.constantFrom("", "*", "\x03"),
  });
  fc.assert(fc.property(text, checkSum, fc.nat(), fc.integer({ min: 1, max: 255 }), (text, checkSum, at, change) => {
    const sent = withSum(text, checkSum);
    assert.deepEqual(withoutSum(sent, checkSum), { text });
    const place = at % text.length;
    const changed = text.slice(0, place) + String.fromCharCode(text.charCodeAt(place) ^ change) + sent.slice(place + 1);
    const said = withoutSum(changed, checkSum);
    assert.ok(!("text" in said), `${JSON.stringify(sent)} and ${JSON.stringify(changed)}`);
    assert.equal(said.right, sumOf(changed.slice(0, text.length), checkSum));
  }));
  assert.deepEqual(withoutSum("", { kind: "sum" }), { came: "", right: "00" });
  assert.deepEqual(withoutSum("A41", { kind: "sum" }), { text: "A" });
  assert.deepEqual(withoutSum("a6a", { kind: "sum", skip: 5 }), { came: "6a", right: "00" });
});

Deno.test("check sums: an answer whose sum is of another kind says which, in bytes as a bench file has them", () => {
  const around = { sendStart: "\xca\x00\x01", receiveStart: "\xca\x00\x01" };
  const answer = "\xca\x00\x01\x20\x03\x11\x02\x71\x57";
  const opened = (checkSum: CheckSum) => new Envelope({ ...around, checkSum }).open(answer);
  assert.deepEqual(opened({ kind: "sumInverted", as: "bytes", skip: 1 }), { text: "\x20\x03\x11\x02\x71" });
  assert.deepEqual(opened({ kind: "sum", as: "bytes", skip: 1 }), {
    problem: 'come with the check sum "\\xA8", not "W"; it has the one of "kind": "sumInverted"',
  });
  assert.deepEqual(opened({ kind: "xor", as: "bytes" }), {
    problem: 'come with the check sum "\\x8A", not "W"; it has the one of "kind": "sumInverted", "skip": 1',
  });
});
