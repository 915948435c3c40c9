/**
 * Keeps of a drawing's style what only says how something looks: properties that are in a list, with values that refer
 * to nothing but the drawing itself.
 *
 * @module
 */

/** The properties that are kept. */
const properties: ReadonlySet<string> = new Set(
  ("alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters cursor " +
    "direction display dominant-baseline fill fill-opacity fill-rule filter flood-color flood-opacity font-family " +
    "font-size font-size-adjust font-stretch font-style font-variant font-variant-numeric font-weight letter-spacing " +
    "lighting-color line-height marker marker-end marker-mid marker-start mask mix-blend-mode opacity overflow " +
    "paint-order pointer-events shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset " +
    "stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-align text-anchor " +
    "text-decoration text-rendering unicode-bidi vector-effect visibility white-space word-spacing writing-mode")
    .split(" "),
);

/** Whether a property may have a value. @param property Its name. @param value What it is given. */
export function safeValue(property: string, value: string): boolean {
  if (!properties.has(property) || value.length > 1000) return false;
  // An escape may stand for anything, and so may functions that take addresses as text.
  if (/[\\@<>{}]|\/\*|image-set|image\s*\(|src\s*\(|element\s*\(|expression|javascript:/i.test(value)) return false;
  const without = value.replace(/url\(\s*(["']?)#[\w.:-]{1,200}\1\s*\)/gi, "");
  return !/url/i.test(without);
}

/** The declarations between two braces. */
export function safeStyle(text: string): Record<string, string> {
  const style: Record<string, string> = {};
  for (const declaration of text.replace(/\/\*[\s\S]*?\*\//g, "").split(";")) {
    const at = declaration.indexOf(":");
    const [property, value] = [declaration.slice(0, at).trim().toLowerCase(), declaration.slice(at + 1).trim()];
    const plain = value.replace(/\s*!\s*important$/i, "");
    if (at > 0 && plain !== "" && safeValue(property, plain)) style[property] = plain;
  }
  return style;
}

/** A style sheet: its rules, and those for light and dark screens. */
export function safeSheet(text: string): string {
  return rules(text.replace(/\/\*[\s\S]*?\*\/|<!--|-->/g, ""), true);
}

function rules(text: string, mayNest: boolean): string {
  let kept = "";
  for (let at = 0; at < text.length;) {
    const open = text.indexOf("{", at);
    if (open < 0) break;
    // An @import or @charset ends with a semicolon, before the selector that is meant.
    const selector = text.slice(at, open).split(";").at(-1)!.trim();
    const end = closing(text, open);
    const body = text.slice(open + 1, end);
    at = end + 1;
    if (selector.startsWith("@")) {
      const inner = mayNest && /^@media[\w\s():.,-]+$/.test(selector) ? rules(body, false) : "";
      if (inner !== "") kept += `${selector}{${inner}}`;
      continue;
    }
    if (!/^[\w\s#.,>*:()+~[\]="'-]+$/.test(selector) || /:host|:root|::/i.test(selector)) continue;
    const style = Object.entries(safeStyle(body)).map(([property, value]) => `${property}:${value}`).join(";");
    if (style !== "") kept += `${selector}{${style}}`;
  }
  return kept;
}

/** Where the block ends that begins with a brace. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return text.length;
}
