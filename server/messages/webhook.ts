/**
 * Sends messages to web addresses.
 *
 * @module
 */

import { type Delivery, DeliveryError } from "./delivery.ts";
import type { WebhookWords } from "./messages_schema.ts";
import { filled, filledJson, inHeader, inJson, oneLine } from "./template.ts";

/** How much of an answer is looked at, in bytes. */
const longestAnswer = 2000;
/** The longest that an answer may have it wait, in seconds. */
const longestAfter = 3600;

/** A request that is ready. */
export interface ReadyRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

/** Fills a webhook's template: each value is escaped by where it stands. @param secret What `{secret}` stands for. */
export function readyRequest(
  { url, method = "POST", headers = {}, body = "{message}" }: WebhookWords,
  values: Readonly<Record<string, string>>,
  secret: string,
): ReadyRequest {
  // The operator's own secret may be part of a path and its query; what an alarm says may not.
  const inUrl = filled(
    url,
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, encodeURIComponent(value)])),
  );
  const all = { ...values, secret };
  const sent = new Headers();
  for (const [name, value] of Object.entries(headers)) sent.set(name, inHeader(filled(value, all)));
  const ready = { url: filled(inUrl, { secret }), method, headers: sent };
  if (method === "GET") return { ...ready, body: undefined };
  const type = sent.get("content-type");
  if (typeof body !== "string") {
    if (type === null) sent.set("content-type", "application/json");
    return { ...ready, body: JSON.stringify(filledJson(body, all)) };
  }
  if (type === null) sent.set("content-type", "text/plain; charset=utf-8");
  const escape = /\bjson\b/.test(type ?? "")
    ? inJson
    : /x-www-form-urlencoded/.test(type ?? "")
    ? encodeURIComponent
    : (value: string) => value;
  return { ...ready, body: filled(body, all, escape) };
}

/**
 * Sends one.
 *
 * @returns What was answered.
 * @throws {DeliveryError} Where it was not taken.
 */
export async function sendWebhook(
  webhook: WebhookWords,
  secret: string,
  { values, signal }: Delivery,
): Promise<string> {
  const { url, method, headers, body } = readyRequest(webhook, values, secret);
  const { host } = new URL(url);
  // Its connections are not kept: the next message may be a week away.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  let response: Response;
  let said: string;
  try {
    response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      // What is sent goes nowhere else.
      redirect: "manual",
      signal,
      client,
    });
    said = await beginning(response);
  } catch (error) {
    if (signal.aborted) throw new DeliveryError(`${host} has not answered within the time that it has`);
    throw new DeliveryError(`cannot reach ${host}: ${oneLine(reasonOf(error as Error))}`);
  }
  const { status, ok } = response;
  const told = oneLine(`${status} ${said}`);
  if (ok) return told;
  if ([401, 403, 404, 410].includes(status)) {
    throw new DeliveryError(`${host} refused it: ${told}`, { lasts: true, credentials: true });
  }
  if (status === 429 || status === 408 || status >= 500) {
    throw new DeliveryError(`${host} does not take it now: ${told}`, { after: afterOf(response) });
  }
  if (status < 400) {
    throw new DeliveryError(`${host} has moved, and what is sent goes nowhere else: ${told}`, { lasts: true });
  }
  throw new DeliveryError(`${host} refused it: ${told}`, { about: "message", lasts: true });
}

/** Why, without the address, which may hold a secret. */
function reasonOf({ message, cause }: Error): string {
  const inner = cause instanceof Error ? cause.message : message;
  return inner.replace(/ for url \([^)]*\)/, "").replace(/https?:\/\/\S+/g, "…");
}

function afterOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  return seconds > 0 ? Math.min(seconds, longestAfter) : undefined;
}

async function beginning({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) break;
  }
  return text.slice(0, longestAnswer);
}
