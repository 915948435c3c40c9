/**
 * Reads overview drawings: SVG as people draw it, of which only what is harmless in a page is kept.
 *
 * Elements and attributes are kept that are in a list, and no others: no script, no event handler, nothing of HTML, no
 * animation, and no reference to anything but the drawing itself.
 *
 * @module
 */

import { SaxesParser, type SaxesTagNS } from "npm:saxes@6.0.0";
import type { DrawingBinding, DrawingElement } from "../../protocol/description.ts";
import { type Bind, wordsOf } from "./drawing_words.ts";
import { safeSheet, safeStyle, safeValue } from "./drawing_style.ts";

/** The longest drawing, in characters. */
export const longestDrawing: number = 2 ** 20;
const mostElements = 20_000;
const deepest = 100;
/** The most elements that are drawn by `use` beside those that stand in the file. */
const mostReused = 50_000;

const svg = "http://www.w3.org/2000/svg";
const xlink = "http://www.w3.org/1999/xlink";
const inkscape = "http://www.inkscape.org/namespaces/inkscape";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const elements = words(
  "svg g path rect circle ellipse line polyline polygon text tspan textPath title desc defs linearGradient " +
    "radialGradient stop clipPath mask pattern marker symbol use image filter feGaussianBlur feOffset feMerge " +
    "feMergeNode feColorMatrix feBlend feFlood feComposite",
);

/** Elements of which the content is kept as a group. */
const groups = words("a switch");

/** Attributes that are no properties of style. */
const attributes = words(
  "id class x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy d points width height transform viewBox preserveAspectRatio " +
    "rotate textLength lengthAdjust pathLength startOffset method spacing offset gradientUnits gradientTransform " +
    "spreadMethod clipPathUnits maskUnits maskContentUnits patternUnits patternContentUnits patternTransform " +
    "markerWidth markerHeight markerUnits refX refY orient filterUnits primitiveUnits in in2 result stdDeviation type " +
    "values mode operator k1 k2 k3 k4 aria-label aria-hidden",
);

/** Elements that may refer to another one of the drawing. */
const referring = words("use linearGradient radialGradient pattern textPath");

/** Something wrong in a drawing. */
export interface DrawingProblem {
  readonly line: number;
  readonly column: number;
  /** The element, as people find it: `<text id="t1">`. */
  readonly where: string;
  readonly message: string;
}

/** A drawing that was read. */
export interface Drawing {
  readonly root: DrawingElement;
  readonly sheet: string;
}

interface Open {
  readonly tag: string;
  readonly attributes: Record<string, string>;
  style?: Record<string, string>;
  binding?: DrawingBinding;
  readonly children: (Open | string)[];
}

/** Why no drawing can be made of a text. */
class Unusable extends Error {}

/**
 * Reads a drawing.
 *
 * @param text The SVG.
 * @param bind Makes bindings of what elements say.
 * @returns The drawing, and what is wrong with it; no drawing where it cannot be read at all.
 */
export function readDrawing(text: string, bind: Bind): { drawing?: Drawing; problems: DrawingProblem[] } {
  const problems: DrawingProblem[] = [];
  if (text.length > longestDrawing) {
    const message = `is longer than ${longestDrawing} characters: simplify its paths, or make its pictures smaller`;
    return { problems: [{ line: 1, column: 1, where: "", message }] };
  }
  const parser = new SaxesParser({ xmlns: true, position: true });
  const reader = new Reader(
    bind,
    (where, message) => problems.push({ line: parser.line, column: parser.column + 1, where, message }),
  );
  parser.on("error", (error) => {
    throw new Unusable(error.message.replace(/^\d+:\d+: /, ""));
  });
  parser.on("opentag", (tag) => reader.open(tag as SaxesTagNS));
  parser.on("closetag", () => reader.close());
  parser.on("text", (content) => reader.text(content));
  parser.on("cdata", (content) => reader.text(content));
  try {
    parser.write(text.replace(/^\uFEFF/, "")).close();
    const drawing = reader.drawing();
    return { drawing, problems };
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    problems.push({ line: parser.line, column: parser.column + 1, where: "", message: error.message });
    return { problems };
  }
}

/** Takes the elements of a drawing as they come. */
class Reader {
  readonly #bind: Bind;
  readonly #wrong: (where: string, message: string) => void;
  readonly #open: (Open | undefined)[] = [];
  /** The text of the style sheet that is being read. */
  #style: string | undefined;
  #sheet = "";
  #root: Open | undefined;
  #count = 0;

  constructor(bind: Bind, wrong: (where: string, message: string) => void) {
    this.#bind = bind;
    this.#wrong = wrong;
  }

  open({ local, uri, attributes: given }: SaxesTagNS): void {
    if (++this.#count > mostElements) throw new Unusable(`has more than ${mostElements} elements`);
    if (this.#open.length === deepest) throw new Unusable(`is nested deeper than ${deepest} elements`);
    const parent = this.#open.at(-1);
    const isRoot = this.#open.length === 0;
    if (isRoot && (local !== "svg" || uri !== svg)) {
      throw new Unusable(`is no SVG: its first element is ${local}, and should be svg of the namespace ${svg}`);
    }
    if (uri === svg && local === "style" && parent !== undefined) this.#style = "";
    const tag = groups.has(local) ? "g" : local;
    // What stands within an element that is left out is left out with it.
    const kept = uri === svg && elements.has(tag) && (isRoot || parent !== undefined) && this.#style === undefined;
    const element: Open | undefined = kept ? { tag, attributes: {}, children: [] } : undefined;
    this.#open.push(element);
    if (element === undefined) return;
    if (isRoot) this.#root = element;
    else parent!.children.push(element);
    let label = "";
    const data: Record<string, string> = {};
    for (const { local: name, uri: of, value } of Object.values(given)) {
      if (of === inkscape && name === "label") label = value;
      else if (name === "href" && (of === "" || of === xlink)) this.#refer(element, value);
      else if (of !== "") continue;
      else if (name.startsWith("data-")) data[name.slice(5)] = value;
      else if (name === "style") {
        const style = safeStyle(value);
        if (Object.keys(style).length > 0) element.style = style;
      } else if (attributes.has(name) ? safeAttribute(value) : safeValue(name, value)) element.attributes[name] = value;
    }
    const where = `<${local}${given.id === undefined ? "" : ` id="${given.id.value.slice(0, 80)}"`}>`;
    const said = wordsOf(data, [given.id?.value ?? "", label]);
    if (said === undefined) return;
    const { binding, problems } = this.#bind(said);
    for (const message of problems) this.#wrong(where, message);
    if (Object.keys(binding).length > 0) element.binding = binding;
  }

  close(): void {
    const closed = this.#open.pop();
    if (closed !== undefined || this.#style === undefined || this.#open.at(-1) === undefined) return;
    this.#sheet += safeSheet(this.#style);
    this.#style = undefined;
  }

  text(content: string): void {
    if (this.#style !== undefined) this.#style += content;
    const parent = this.#open.at(-1);
    if (parent !== undefined && /^(?:text|tspan|textPath|title|desc)$/.test(parent.tag)) parent.children.push(content);
  }

  drawing(): Drawing {
    const root = this.#root!;
    const byId = new Map<string, Open>();
    for (const element of all(root)) if (element.attributes.id !== undefined) byId.set(element.attributes.id, element);
    let reused = 0;
    for (const element of all(root)) {
      if (element.tag !== "use") continue;
      const target = byId.get(element.attributes.href?.slice(1) ?? "");
      const inside = target === undefined ? [] : [...all(target)];
      reused += inside.length;
      // A few of them within each other would be more elements than there are atoms.
      if (inside.some(({ tag }) => tag === "use") || reused > mostReused) delete element.attributes.href;
    }
    return { root, sheet: this.#sheet };
  }

  #refer({ tag, attributes }: Open, target: string): void {
    const local = referring.has(tag) && /^#[^\s"'()<>\\]{1,200}$/.test(target);
    const picture = tag === "image" && /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*$/.test(target);
    if (local || picture) attributes.href = target;
  }
}

/** An element and all within it. */
function* all(element: Open): Generator<Open> {
  yield element;
  for (const child of element.children) if (typeof child !== "string") yield* all(child);
}

/** Whether an attribute is but a name, a number or a path. */
function safeAttribute(value: string): boolean {
  return !/[<>\\]|url\s*\(|:\s*\/\//i.test(value);
}
