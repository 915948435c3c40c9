/**
 * The schema of how answers end, and of what stands around all that is sent and answered.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { checkSumKinds } from "../transports/check_sum.ts";

/** What ends a line: bytes may be written `\xHH`. */
export const end = z.string().regex(
  /^(?!.*\\(?:[rn0]|x(?![0-9A-Fa-f]{2})))(?!(?:CR|LF|CRLF)$)[\s\S]*$/,
  'these are letters: a carriage return is "\\r", a line feed "\\n", the byte FF "\\\\xFF"',
);

const order = z.enum(["big", "little"]);

const counted = z.strictObject({
  at: z.int().min(0).max(1000).meta({ description: "Where the answer says its length, counted in bytes from 0" }),
  bytes: z.int().min(1).max(16).optional().meta({ description: "How many bytes or digits that has; default 1" }),
  as: z.enum(["binary", "decimal", "hexadecimal"]).optional().meta({
    description: "How it is written; default binary",
  }),
  order: order.optional().meta({
    description: "Which byte of it comes first: big is the one that counts most; default big",
  }),
  plus: z.int().min(0).max(10_000).optional().meta({
    description: "How many bytes the whole answer has more than it says; default 0",
  }),
});

/** The words for how an answer ends, of a line or of one question. */
export const shapeWords = {
  receiveEnd: end.optional().meta({
    description: 'What ends its answer; default the line’s, whose own is \\n; a \\r before that is dropped; "" is none',
  }),
  length: z.union([z.int().min(1).max(16_777_216), counted]).optional().meta({
    description: "How many bytes an answer has, or where it says how many; nothing else ends it then",
  }),
  block: z.boolean().optional().meta({
    description: "Whether an answer may be a block as SCPI has them, #42048 and 2048 bytes, whatever these are",
  }),
  answerEnds: z.string().min(1).optional().meta({
    description: "A pattern that is found as soon as an answer is whole; what it finds belongs to the answer",
  }),
  lines: z.int().min(1).max(10_000).optional().meta({
    description: "How many answers come, one after another: they are one, with \\n between; default 1",
  }),
  quiet: z.number().min(0.005).max(60, "more than 60 s is hardly meant: it is in seconds").optional().meta({
    description:
      "After how many seconds without another byte an answer is whole; without receiveEnd nothing else ends it",
  }),
};

/** The words for what stands around all that is sent and answered on a line. */
export const aroundWords = {
  sendStart: end.optional().meta({
    description: "What stands before each command, an address for example; {name} is a parameter; default nothing",
  }),
  receiveStart: end.optional().meta({
    description:
      "What stands before each answer; what begins otherwise is none; {name} is a parameter; default nothing",
  }),
  checkSum: z.strictObject({
    kind: z.enum(checkSumKinds).meta({
      description:
        "xor, sum (modulo 256), lrc (its two's complement), sumInverted (its one's complement), sum16, crc16modbus, " +
        "crcCcitt (from FFFF), crcXmodem (from 0)",
    }),
    as: z.enum(["hex", "lowercase hex", "decimal", "bytes"]).optional().meta({
      description: "How it is written; default hex",
    }),
    order: order.optional().meta({
      description: "Which of two bytes comes first; default big, of crc16modbus as bytes little",
    }),
    skip: z.int().min(0).max(100).optional().meta({
      description: "How many bytes at the begin it does not count; default 0: also what stands before counts",
    }),
    after: end.optional().meta({ description: "What stands before it and is not counted; default nothing" }),
    only: z.enum(["sent", "received"]).optional().meta({
      description: "Whether only what is sent or only what is received has one; default both",
    }),
  }).optional().meta({ description: "The check sum at the end of each command and each answer, before their ends" }),
  prompt: end.min(1).optional().meta({
    description: 'What comes behind each answer, and also where there is none, when it is ready: "> "',
  }),
  echo: z.boolean().optional().meta({
    description: "Whether it repeats what is sent before it answers; default false",
  }),
};
