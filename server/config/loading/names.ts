/**
 * Checks what the instruments of a bench file are called.
 *
 * @module
 */

import { identifierOf } from "../../bench/names.ts";
import type { Problems } from "./problems.ts";

/** Names that heliograph's own instruments will have; `api` has its own already. */
const reserved: ReadonlySet<string> = new Set(["automation", "fleet", "guards", "messages"]);

/** Checks that each has a name of its own. @param entries The entries of instruments as they stand in the file. */
export function checkNames(entries: readonly unknown[], problems: Problems): void {
  const seen = new Map<string, string>([["api", "api, which answers commands without an instrument"]]);
  for (const [index, entry] of entries.entries()) {
    const title = (entry as { title?: unknown } | null)?.title;
    if (typeof title !== "string" || !/[a-z0-9]/i.test(title)) continue;
    const name = identifierOf(title);
    if (reserved.has(name)) {
      const instead = `Bench ${title.trim()}`;
      problems.add(
        ["instruments", index, "title"],
        `${title} is called ${name}, and that name is kept for an instrument of heliograph's own; ` +
          `give another title, for example ${instead}, which clients reach as ${identifierOf(instead)}`,
      );
    }
    const other = seen.get(name);
    if (other !== undefined) {
      problems.add(["instruments", index, "title"], `${title} is called ${name}, as is ${other}`);
    }
    seen.set(name, title);
  }
}
