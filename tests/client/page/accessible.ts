/** Asks axe how accessible a page is. */
import axe from "npm:axe-core@4.14.1";
import type { BrowserPage } from "./browser.ts";

/** What axe finds against WCAG 2.2 AA: each rule with the elements that break it. */
export async function violations(page: BrowserPage): Promise<string[]> {
  if (!await page.evaluate("!!globalThis.axe")) await page.evaluate(axe.source);
  return await page.evaluate(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    // It is off of itself: a name that lacks what is read on the control is one that cannot be spoken to it.
    rules: { "label-content-name-mismatch": { enabled: true } },
    resultTypes: ["violations"],
  }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html, any }) => id + ": " + target + " " + html.slice(0, 160) + " " + (any[0]?.message ?? ""))))`);
}
