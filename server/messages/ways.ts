/**
 * Who can be told, and by which ways; and what a bench file says wrongly of that.
 *
 * @module
 */

import { didYouMean, listed } from "../bench/names.ts";
import type { MessagesWords, WebhookWords } from "./messages_schema.ts";
import { names as hasPlace, placeholders, unknownPlaces } from "./template.ts";

/** One way to reach somebody. */
export type Way =
  & {
    /** What it is known by over restarts, while the bench file says the same. */
    readonly key: string;
    /** What people are told of it: `ana (mail)`. */
    readonly label: string;
    /** What its messages go through, one at a time: a mail server, a webhook, a program. */
    readonly channel: string;
  }
  & (
    | { readonly kind: "mail"; readonly address: string }
    | { readonly kind: "webhook"; readonly webhook: WebhookWords }
    | { readonly kind: "command"; readonly command: readonly string[] }
    | { readonly kind: "mqtt"; readonly topic: string }
  );

/** The ways to reach everybody whom a bench file names, by their names. */
export function waysOf({ people = {}, webhooks = {}, commands = {} }: MessagesWords): Map<string, readonly Way[]> {
  const found = new Map<string, readonly Way[]>();
  const hook = (key: string, label: string, webhook: WebhookWords): Way => ({
    kind: "webhook",
    key,
    label,
    channel: key,
    webhook,
  });
  for (const [name, { mail = [], webhook, mqtt }] of Object.entries(people)) {
    const addresses = typeof mail === "string" ? [mail] : mail;
    const ways = addresses.map((address, at): Way => ({
      kind: "mail",
      key: `mail ${name} ${address}`,
      label: addresses.length === 1 ? `${name} (mail)` : `${name} (mail ${at + 1})`,
      channel: "mail",
      address,
    }));
    if (typeof webhook === "object") ways.push(hook(`webhook of ${name}`, `${name} (webhook)`, webhook));
    else if (webhook !== undefined && Object.hasOwn(webhooks, webhook)) {
      ways.push(hook(`webhook ${webhook}`, `${name} (${webhook})`, webhooks[webhook]!));
    }
    if (mqtt !== undefined) {
      ways.push({ kind: "mqtt", key: `mqtt ${name} ${mqtt}`, label: `${name} (MQTT)`, channel: "mqtt", topic: mqtt });
    }
    found.set(name, ways);
  }
  for (const [name, webhook] of Object.entries(webhooks)) found.set(name, [hook(`webhook ${name}`, name, webhook)]);
  for (const [name, command] of Object.entries(commands)) {
    const key = `command ${name}`;
    found.set(name, [{ kind: "command", key, label: name, channel: key, command }]);
  }
  return found;
}

/** The files that hold secrets, as the bench file names them, with where it does. */
export function secretFilesOf(
  { people = {}, mail, webhooks = {}, heartbeat }: MessagesWords,
): { readonly path: readonly (string | number)[]; readonly file: string; readonly isSecret: boolean }[] {
  const found = [
    { path: ["mail", "passwordFile"], file: mail?.passwordFile, isSecret: true },
    { path: ["mail", "authorityFile"], file: mail?.authorityFile, isSecret: false },
    { path: ["heartbeat", "secretFile"], file: heartbeat?.secretFile, isSecret: true },
    ...Object.entries(webhooks).map(([name, { secretFile }]) => ({
      path: ["webhooks", name, "secretFile"],
      file: secretFile,
      isSecret: true,
    })),
    ...Object.entries(people).map(([name, { webhook }]) => ({
      path: ["people", name, "webhook", "secretFile"],
      file: typeof webhook === "object" ? webhook.secretFile : undefined,
      isSecret: true,
    })),
  ];
  return found.flatMap(({ file, ...rest }) => file === undefined ? [] : [{ file, ...rest }]);
}

/**
 * Finds what is wrong with what a bench file says of messages; its form is right.
 *
 * @param wrong Takes each: the place in `messages`, and why.
 */
export function checkMessages(
  words: MessagesWords,
  wrong: (path: readonly (string | number)[], message: string) => void,
): void {
  const { people = {}, mail, webhooks = {}, commands = {}, rules = [], heartbeat } = words;
  const known = [...new Set([people, webhooks, commands].flatMap((table) => Object.keys(table)))];
  for (
    const [kind, table, others] of [["webhooks", webhooks, [people]], ["commands", commands, [
      people,
      webhooks,
    ]]] as const
  ) {
    for (const name of Object.keys(table)) {
      if (others.some((other) => Object.hasOwn(other, name))) {
        wrong([kind, name], `${name} is the name of somebody else too: rules could mean either`);
      }
    }
  }
  const there = known.length === 0 ? "nobody is named" : `there is ${listed(known)}`;
  for (const [index, { to, unacknowledged, returns }] of rules.entries()) {
    for (const [at, name] of to.entries()) {
      if (!known.includes(name)) {
        wrong(["rules", index, "to", at], `there is no ${name}${didYouMean(name, known)}; ${there}`);
      }
    }
    if (unacknowledged !== undefined && returns !== undefined) {
      wrong(["rules", index, "returns"], "has no meaning beside unacknowledged: who was told at once is told the end");
    }
  }
  if (rules.length === 0 && heartbeat === undefined) {
    wrong(["rules"], 'is missing: say who is told of alarms, as in [{ "severity": "high", "to": ["ana"] }]');
  }
  for (const [name, { mail: address, webhook, mqtt }] of Object.entries(people)) {
    if ((address ?? webhook ?? mqtt) === undefined) wrong(["people", name], "needs mail, a webhook or a topic of mqtt");
    if (address !== undefined && mail === undefined) {
      wrong(["people", name, "mail"], 'needs to know how mail is sent: say "mail" with server and from in messages');
    }
    if (typeof webhook === "object") checkWebhook(webhook, ["people", name, "webhook"], wrong);
    else if (webhook !== undefined && !Object.hasOwn(webhooks, webhook)) {
      const hooks = Object.keys(webhooks);
      wrong(["people", name, "webhook"], `there is no webhook ${webhook}${didYouMean(webhook, hooks)}`);
    }
  }
  if (mail !== undefined && (mail.user === undefined) !== (mail.passwordFile === undefined)) {
    wrong(["mail"], "user and passwordFile belong together: give both, or neither");
  }
  if (mail?.user !== undefined && mail.security === "none" && !isThisPc(mail.server)) {
    wrong(["mail", "security"], "none would send the password for all to read: give starttls or tls");
  }
  for (const [name, webhook] of Object.entries(webhooks)) checkWebhook(webhook, ["webhooks", name], wrong);
  for (const [name, [program, ...args]] of Object.entries(commands)) {
    checkPlaces(program!, ["commands", name, 0], [], wrong);
    for (const [at, each] of args.entries()) checkPlaces(each, ["commands", name, at + 1], withoutSecret, wrong);
    // cmd.exe takes an argument apart by rules that no quoting is safe from.
    if (/\.(?:bat|cmd)$/i.test(program!) && args.some((each) => /\{[a-z]+\}/.test(each))) {
      wrong(
        ["commands", name],
        "a .bat or .cmd takes no places in its arguments: it reads all of it as JSON from its input",
      );
    }
  }
  if (heartbeat !== undefined) {
    checkPlaces(heartbeat.url, ["heartbeat", "url"], ["secret"], wrong);
    checkSecret(heartbeat.url, heartbeat.secretFile, ["heartbeat"], wrong);
  }
}

type Wrong = Parameters<typeof checkMessages>[1];
type At = readonly (string | number)[];

const all = Object.keys(placeholders);
const withoutSecret = all.filter((word) => word !== "secret");

function isThisPc(server: string): boolean {
  return ["localhost", "127.0.0.1", "::1"].includes(server);
}

function checkWebhook(webhook: WebhookWords, at: At, wrong: Wrong): void {
  checkPlaces(webhook.url, [...at, "url"], all, wrong);
  // What fills a place there must not choose the host that it is sent to.
  if (/^https?:\/\/[^/]*\{/.test(webhook.url)) {
    wrong([...at, "url"], "has a place before its path, which nothing may fill");
  }
  for (const [name, value] of Object.entries(webhook.headers ?? {})) {
    checkPlaces(value, [...at, "headers", name], all, wrong);
  }
  checkBody(webhook.body, [...at, "body"], wrong);
  if (webhook.method === "GET" && webhook.body !== undefined) wrong([...at, "body"], "has no meaning with GET");
  checkSecret([webhook.url, webhook.headers, webhook.body], webhook.secretFile, at, wrong);
}

function checkBody(body: unknown, at: At, wrong: Wrong): void {
  if (typeof body === "string") checkPlaces(body, at, all, wrong);
  else if (typeof body === "object" && body !== null) {
    for (const [key, value] of Object.entries(body)) {
      checkBody(value, [...at, Array.isArray(body) ? Number(key) : key], wrong);
    }
  }
}

function checkPlaces(template: string, at: At, known: readonly string[], wrong: Wrong): void {
  for (const word of unknownPlaces(template, known)) {
    const there = known.length === 0 ? "nothing is filled in here" : `there is ${listed(known)}`;
    wrong(at, `nothing is called {${word}}${didYouMean(word, known)}; ${there}`);
  }
}

function checkSecret(template: unknown, file: string | undefined, at: At, wrong: Wrong): void {
  if (file === undefined && hasPlace(template, "secret")) wrong(at, "{secret} needs a secretFile that it stands in");
  if (file !== undefined && !hasPlace(template, "secret")) {
    wrong([...at, "secretFile"], "is used nowhere: say {secret} where it belongs");
  }
}

/** What a bench file says, with the absolute paths of its files. @param resolve Makes a path absolute. */
export function withFiles(words: MessagesWords, resolve: (file: string) => string): MessagesWords {
  const of = <T extends object>(given: T, ...keys: readonly (keyof T)[]): T => {
    const found = { ...given };
    for (const key of keys) if (typeof given[key] === "string") found[key] = resolve(given[key]) as T[keyof T];
    return found;
  };
  const each = <T>(table: Readonly<Record<string, T>>, change: (value: T) => T) =>
    Object.fromEntries(Object.entries(table).map(([name, value]) => [name, change(value)]));
  const { people = {}, mail, webhooks = {}, heartbeat } = words;
  return {
    ...words,
    people: each(people, ({ webhook, ...person }) => ({
      ...person,
      webhook: typeof webhook === "object" ? of(webhook, "secretFile") : webhook,
    })),
    webhooks: each(webhooks, (webhook) => of(webhook, "secretFile")),
    ...(mail === undefined ? {} : { mail: of(mail, "passwordFile", "authorityFile") }),
    ...(heartbeat === undefined ? {} : { heartbeat: of(heartbeat, "secretFile") }),
  };
}
