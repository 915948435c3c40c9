/**
 * Why another PC could not be reached. Windows tells that in its user's language, so its numbers are looked at.
 *
 * @module
 */

/** What is the matter: nobody has that name, nothing listens there, no way leads there, no answer comes, or it is closed. */
export type Unreached = "name" | "refused" | "unreachable" | "silent" | "closed";

const kinds: readonly (readonly [Unreached, RegExp])[] = [
  ["name", /lookup address|dns error|ENOTFOUND|os error 1100[1-4]\b/i],
  ["refused", /refused|os error 10061\b/i],
  ["unreachable", /unreach|no route|os error 100(?:50|51|64|65)\b/i],
  ["silent", /timeout|timed ?out|os error 10060\b/i],
  ["closed", /reset|aborted|closed|eof|broken ?pipe|os error 1005[34]\b/i],
];

/** Tells it of an error or one of its causes; `undefined` where it is something else. */
export function unreachedBy(error: unknown): Unreached | undefined {
  let all = "";
  for (let each = error; each instanceof Error; each = each.cause) {
    all += `${each.name} ${(each as { readonly code?: unknown }).code ?? ""} ${each.message}\n`;
  }
  return kinds.find(([, words]) => words.test(all))?.[0];
}
