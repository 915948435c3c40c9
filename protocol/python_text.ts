/**
 * Formats values as Python prints them, which is how azcam's clients expect them on the line wire.
 *
 * @module
 */

/**
 * A number as Python's `repr` of a float prints it: `1.0`, `0.0001`, `1e-07`, `1e+16`, `nan`, `inf`.
 *
 * @param value Any number.
 * @returns The shortest text that reads back as the same float.
 */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  // In this range JavaScript and Python write the same digits.
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value);
  const scientific = value.toExponential();
  const mark = scientific.indexOf("e");
  const exponent = Number(scientific.slice(mark + 1));
  return `${scientific.slice(0, mark)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/**
 * Text as Python's `repr` prints it: in single quotes, or in double ones where it holds only single ones.
 *
 * @param text Any text.
 * @returns The quoted text, with backslashes and whatever is not printable escaped.
 */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let body = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === quote || character === "\\") body += `\\${character}`;
    else if (character === "\n") body += "\\n";
    else if (character === "\r") body += "\\r";
    else if (character === "\t") body += "\\t";
    else if (character !== " " && /[\p{C}\p{Z}]/u.test(character)) body += escaped(code);
    else body += character;
  }
  return quote + body + quote;
}

function escaped(code: number): string {
  const [mark, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${mark}${code.toString(16).padStart(digits, "0")}`;
}

/** A list that Python's clients see as a tuple; JSON has the list. */
export class Tuple extends Array<unknown> {}

/** A value as Python's `repr` prints it inside a tuple: text in quotes, lists in brackets. */
function pythonLiteral(value: unknown): string {
  if (typeof value === "string") return pythonRepr(value);
  if (value instanceof Tuple) return `(${value.map(pythonLiteral).join(", ")}${value.length === 1 ? "," : ""})`;
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value !== "object" || value === null || boxedNumber(value) !== undefined) return pythonText(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([key, item]) => `${pythonRepr(key)}: ${pythonLiteral(item)}`).join(", ")}}`;
}

/** An object that stands for a float even without a fraction; recognised by what `valueOf` gives. */
function boxedNumber(value: object): number | undefined {
  const inner: unknown = value.valueOf();
  return typeof inner === "number" ? inner : undefined;
}

/**
 * The text of an object that stands for one; recognised by what `valueOf` gives.
 *
 * @param value Anything.
 * @returns `undefined` where it stands for no text.
 */
export function boxedText(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const inner: unknown = value.valueOf();
  return typeof inner === "string" ? inner : undefined;
}

/**
 * A value as Python's `json.dumps` writes it, with a space after each comma and colon.
 *
 * @param value Plain data: text, numbers, booleans, null, lists and mappings; a boxed number is a float, a boxed
 * text is text.
 * @returns JSON text on one line.
 */
export function pythonJson(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "object") {
    if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
    const float = boxedNumber(value);
    if (float !== undefined) return Number.isFinite(float) ? pythonFloat(float) : "null";
    const text = boxedText(value);
    if (text !== undefined) return JSON.stringify(text);
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${pythonJson(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/**
 * A single value as Python's `str` prints it: `True`, `1.0`, `None`, text as it is, a tuple as `(1, 'a')`, a mapping as JSON.
 *
 * @param value Plain data; a boxed number is a float, a plain one with a fraction too.
 * @returns The text.
 */
export function pythonText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Number.isSafeInteger(value) ? String(value) : pythonFloat(value);
    case "boolean":
      return value ? "True" : "False";
    case "undefined":
      return "None";
    case "object": {
      if (value === null) return "None";
      if (value instanceof Tuple) return pythonLiteral(value);
      const float = Array.isArray(value) ? undefined : boxedNumber(value);
      return float === undefined ? boxedText(value) ?? pythonJson(value) : pythonFloat(float);
    }
    default:
      return String(value);
  }
}
