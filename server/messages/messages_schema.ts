/**
 * The words of a bench file about messages: who is told of alarms, when, and how.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { severities, type Severity } from "../../protocol/alarms.ts";

/** The days of a week as a bench file names them. */
export const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** A day of the week. */
export type Day = typeof days[number];

/** A webhook of a bench file. */
export interface WebhookWords {
  readonly url: string;
  readonly method?: "POST" | "PUT" | "GET" | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A text; or JSON, whose texts are filled. */
  readonly body?: unknown;
  readonly secretFile?: string | undefined;
}

/** A mail server of a bench file. */
export interface MailWords {
  readonly server: string;
  readonly port?: number | undefined;
  readonly security?: "starttls" | "tls" | "none" | undefined;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly authorityFile?: string | undefined;
  readonly from: string;
}

/** A person of a bench file. */
export interface PersonWords {
  readonly mail?: string | readonly string[] | undefined;
  /** The name of a webhook, or one of theirs. */
  readonly webhook?: string | WebhookWords | undefined;
  /** A topic of the broker of the bench file's `mqtt`. */
  readonly mqtt?: string | undefined;
}

/** A rule of a bench file; times in seconds. */
export interface RuleWords {
  readonly severity?: Severity | undefined;
  readonly to: readonly string[];
  /** From when until when, by the PC's clock, in minutes of the day. */
  readonly between?: readonly [from: number, until: number] | undefined;
  readonly days?: readonly Day[] | undefined;
  readonly unacknowledged?: number | undefined;
  readonly returns?: boolean | undefined;
}

/** A heartbeat of a bench file; times in seconds. */
export interface HeartbeatWords {
  readonly url: string;
  readonly every?: number | undefined;
  readonly secretFile?: string | undefined;
}

/** What a bench file says of messages; times in seconds. */
export interface MessagesWords {
  readonly people?: Readonly<Record<string, PersonWords>> | undefined;
  readonly mail?: MailWords | undefined;
  readonly webhooks?: Readonly<Record<string, WebhookWords>> | undefined;
  readonly commands?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly rules?: readonly RuleWords[] | undefined;
  readonly digest?: number | undefined;
  readonly heartbeat?: HeartbeatWords | undefined;
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function secondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([smh])$/.exec(text) ?? [];
  return number === undefined ? NaN : Number(number) * units[unit!]!;
}

/** A time of a bench file, which is used in seconds. */
function time(least: number, words: string) {
  return z.string().refine((text) => secondsOf(text) >= least && secondsOf(text) <= 86_400, words)
    .transform(secondsOf);
}

/** A time of the day, which is used in minutes. */
const clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of the day, as in "22:00"')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const name = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, "a name has letters, digits, spaces, . _ and -");
const address = z.string().regex(/^[^\s<>"(),:;\\@]+@[^\s<>"(),:;\\@]+$/, "must be an address, as in ana@x.edu");
const url = z.string().regex(/^https?:\/\/[^\s]+$/, "must begin with https:// or http://");
const text = z.string().min(1);

const webhook: z.ZodType<WebhookWords> = z.strictObject({
  url: url.meta({ description: "Where it is; {title}, {secret} … are filled in" }),
  method: z.enum(["POST", "PUT", "GET"]).optional().meta({ description: "How it is asked; default POST" }),
  headers: z.record(z.string().regex(/^[\w-]+$/, "must be the name of a header"), z.string()).optional().meta({
    description: "Headers by name; {title} … are filled in",
  }),
  body: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional().meta({
    description: "What is sent: a text, or JSON; {title} … are filled into its texts; default {message}",
  }),
  secretFile: text.optional().meta({
    description: "A file, as seen from this one, that holds what {secret} stands for",
  }),
});

const person: z.ZodType<PersonWords> = z.strictObject({
  mail: z.union([address, z.array(address).min(1)]).optional().meta({ description: "Their address, or several" }),
  webhook: z.union([name, webhook]).optional().meta({ description: "The name of a webhook, or one of their own" }),
  mqtt: z.string().max(256).regex(/^[^\p{Cc}#+$][^\p{Cc}#+]*$/u, "must be a topic, without # and +").optional().meta({
    description: "A topic that messages are published to, as JSON, by the broker of the word mqtt",
  }),
});

const rule: z.ZodType<RuleWords> = z.strictObject({
  severity: z.enum(severities).optional().meta({ description: "For alarms at least that severe; default low: all" }),
  to: z.array(text).min(1).meta({ description: "Who is told: names of people, webhooks and commands" }),
  between: z.tuple([clock, clock]).optional().meta({
    description: 'Only between these times of the day, by the clock of the server\'s PC: ["22:00", "08:00"]',
  }),
  days: z.array(z.enum(days)).min(1).optional().meta({
    description: "Only on these days; a night belongs to the day on which it begins",
  }),
  unacknowledged: time(1, "must be a time of at least 1s, such as 10m").optional().meta({
    description: "Only if nobody has acknowledged it for so long: 10m",
  }),
  returns: z.boolean().optional().meta({ description: "Whether its end is told too; default false" }),
});

/** The bench file's word `messages`. */
export const messagesSchema: z.ZodType<MessagesWords> = z.strictObject({
  people: z.record(name, person).optional().meta({ description: "People by name" }),
  mail: z.strictObject({
    server: z.string().regex(/^[A-Za-z0-9.:_-]+$/, "must be a name or an address").meta({
      description: "The mail server that takes mail from this PC",
    }),
    port: z.int().min(1).max(65_535).optional().meta({
      description: "Its port: with tls 465, with none 25; default 587",
    }),
    security: z.enum(["starttls", "tls", "none"]).optional().meta({
      description:
        "starttls: TLS from the first words on, or nothing is sent; tls: from the first byte; default starttls",
    }),
    user: text.optional().meta({ description: "Who logs in; default nobody" }),
    passwordFile: text.optional().meta({ description: "A file, as seen from this one, with their password" }),
    authorityFile: text.optional().meta({
      description: "The certificate of the server's own authority, a PEM file as seen from this one",
    }),
    from: address.meta({ description: "Whom mail comes from" }),
  }).optional().meta({ description: "How mail is sent" }),
  webhooks: z.record(name, webhook).optional().meta({ description: "Requests to web addresses, by name" }),
  commands: z.record(name, z.array(text).min(1)).optional().meta({
    description: "Programs of the server's PC with their arguments, by name; {title} … are filled into arguments",
  }),
  rules: z.array(rule).min(1).optional().meta({ description: "Who is told of which alarms, and when" }),
  digest: time(1, "must be a time of at least 1s, such as 1m").optional().meta({
    description: "Of more than three messages to somebody within this time, the others become one; default 1m",
  }),
  heartbeat: z.strictObject({
    url: url.meta({ description: "Asked again and again: who does not hear from it any more can tell people" }),
    every: time(10, "must be a time of at least 10s, such as 1m").optional().meta({
      description: "How often; default 1m",
    }),
    secretFile: text.optional().meta({
      description: "A file, as seen from this one, that holds what {secret} stands for",
    }),
  }).optional().meta({ description: "A sign of life to a web address" }),
});
