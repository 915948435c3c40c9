/**
 * Draws an overview: makes elements of its description, and keeps those at the values of the bench that name some.
 *
 * It stands in a shadow tree, so that its style touches nothing else of the page. Elements are made one by one of what the
 * server has let through; nothing is parsed as HTML.
 *
 * @module
 */

import type { DrawingBinding, DrawingElement, DrawnField, FieldReading } from "../../../protocol/description.ts";
import type { LiveField, LiveInstrument } from "../live/live_instrument.ts";

const svg = "http://www.w3.org/2000/svg";

/** What stands for a value that is not good. */
const noValue = "–";

/** What a drawing does with the bench. */
export interface DrawingActions {
  /** The instruments by name. */
  readonly instruments: ReadonlyMap<string, LiveInstrument>;
  /** Whether commands may be run by whoever looks. */
  readonly mayRun: (instrument: string, command: string) => boolean;
  /** Opens an instrument. */
  open(instrument: LiveInstrument): void;
  /** Asks about a command and runs it. */
  run(command: NonNullable<DrawingBinding["command"]>): void;
}

/** The value of a field as a drawing shows it, with its unit. */
export function drawnText({ spec }: LiveField, reading: FieldReading): string {
  if (reading.quality !== "good" || reading.value === null) return noValue;
  const unit = reading.unit ?? spec.unit;
  return unit === undefined || unit === "" ? reading.text : `${reading.text} ${unit}`;
}

/** What is said of a value where somebody points at it. */
export function drawnTitle(instrument: LiveInstrument, field: LiveField, reading: FieldReading): string {
  const { spec: { title, minimum, maximum, unit = "" } } = field;
  const bad = reading.quality === "good"
    ? ""
    : `: ${reading.reason ?? (reading.quality === "stale" ? "not read lately" : "cannot be read")}`;
  const limits = minimum === undefined && maximum === undefined
    ? ""
    : ` (${minimum ?? "…"} to ${maximum ?? "…"} ${unit})`.replace(" )", ")");
  return `${instrument.caption}: ${title}${limits}${bad}`;
}

/** The colour of a state; `undefined` where none is said. */
export function colourOf(colours: DrawingBinding["colours"], reading: FieldReading): string | undefined {
  if (reading.quality !== "good") return undefined;
  return colours?.find(({ test }) => {
    const [, relation, number] = /^([<>]=?)\s*(-?[\d.]+(?:e[+-]?\d+)?)$/i.exec(test) ?? [];
    if (relation === undefined) {
      return test === "otherwise" || test.toLowerCase() === reading.text.toLowerCase();
    }
    const [value, limit] = [reading.value, Number(number)];
    if (typeof value !== "number") return false;
    return relation === ">"
      ? value > limit
      : relation === "<"
      ? value < limit
      : relation === ">="
      ? value >= limit
      : value <= limit;
  })?.colour;
}

/** The values that a drawing shows, each once, in its order. */
export function drawnFields(
  root: DrawingElement,
  instruments: ReadonlyMap<string, LiveInstrument>,
): { instrument: LiveInstrument; field: LiveField }[] {
  const found = new Map<LiveField, { instrument: LiveInstrument; field: LiveField }>();
  const look = ({ binding, children }: DrawingElement): void => {
    for (const drawn of [binding?.field, binding?.state]) {
      const each = drawn === undefined ? undefined : resolve(drawn, instruments);
      if (each !== undefined) found.set(each.field, each);
    }
    for (const child of children) if (typeof child !== "string") look(child);
  };
  look(root);
  return [...found.values()];
}

function resolve({ instrument: name, field: title }: DrawnField, instruments: ReadonlyMap<string, LiveInstrument>) {
  const instrument = instruments.get(name);
  const field = instrument?.fields.get(title);
  return instrument === undefined || field === undefined ? undefined : { instrument, field };
}

/**
 * Draws.
 *
 * @param into An element of the page; it gets a shadow tree.
 * @param root The drawing.
 * @param sheet Its style sheet.
 * @param actions What it does with the bench.
 * @returns What ends that.
 */
export function draw(into: HTMLElement, root: DrawingElement, sheet: string, actions: DrawingActions): () => void {
  const shadow = into.shadowRoot ?? into.attachShadow({ mode: "open" });
  const [own, given] = [new CSSStyleSheet(), new CSSStyleSheet()];
  own.replaceSync(ownSheet);
  given.replaceSync(sheet);
  shadow.adoptedStyleSheets = [given, own];
  const ended: (() => void)[] = [];
  const made = make(root, actions, ended) as SVGSVGElement;
  made.removeAttribute("width");
  made.removeAttribute("height");
  const { width, height, viewBox } = root.attributes;
  if (viewBox === undefined && width !== undefined && height !== undefined) {
    made.setAttribute("viewBox", `0 0 ${parseFloat(width)} ${parseFloat(height)}`);
  }
  shadow.replaceChildren(made);
  return () => ended.forEach((end) => end());
}

const ownSheet = `
  svg { display: block; width: 100%; height: 100%; }
  .not-good { opacity: 0.5; }
  [role] { cursor: pointer; outline: none; }
  [role]:hover { filter: brightness(1.12) saturate(1.2); }
  [role]:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
  @media (forced-colors: active) { [role]:focus-visible { outline-color: Highlight; } }
`;

function make(element: DrawingElement, actions: DrawingActions, ended: (() => void)[]): SVGElement {
  const made = document.createElementNS(svg, element.tag) as SVGElement;
  for (const [name, value] of Object.entries(element.attributes)) made.setAttribute(name, value);
  for (const [property, value] of Object.entries(element.style ?? {})) made.style.setProperty(property, value);
  for (const child of element.children) made.append(typeof child === "string" ? child : make(child, actions, ended));
  if (element.binding !== undefined) bind(made, element.binding, actions, ended);
  return made;
}

/** The element within another whose text is replaced: in drawings of Inkscape, a line of it. */
function textOf(element: SVGElement): SVGElement | undefined {
  if (element.localName === "g") {
    const text = element.querySelector("text");
    return text === null ? undefined : textOf(text);
  }
  const line = element.querySelector("tspan");
  return line === null ? element : textOf(line);
}

function bind(element: SVGElement, binding: DrawingBinding, actions: DrawingActions, ended: (() => void)[]): void {
  const { instruments } = actions;
  const follow = ({ field }: { field: LiveField }, show: (reading: FieldReading) => void) => {
    show(field.reading.value);
    ended.push(field.reading.subscribe(() => show(field.reading.value)));
  };
  const drawn = binding.field && resolve(binding.field, instruments);
  if (drawn !== undefined) {
    const text = textOf(element);
    const title = document.createElementNS(svg, "title");
    const words = document.createTextNode("");
    text?.replaceChildren(words, title);
    follow(drawn, (reading) => {
      words.data = drawnText(drawn.field, reading);
      title.textContent = drawnTitle(drawn.instrument, drawn.field, reading);
      element.classList.toggle("not-good", reading.quality !== "good");
    });
  }
  const state = binding.state && resolve(binding.state, instruments);
  if (state !== undefined) {
    const before = { color: element.style.color, fill: element.style.fill, stroke: element.style.stroke };
    follow(state, (reading) => {
      element.dataset.value = reading.quality === "good" ? reading.text : "";
      element.classList.toggle("not-good", reading.quality !== "good");
      const colour = colourOf(binding.colours, reading);
      if (binding.colours === undefined) return;
      // A line has no inside, and a group hands its colour down.
      const isLine = /^(?:line|polyline)$/.test(element.localName) || getComputedStyle(element).fill === "none";
      const property = element.localName === "g" ? undefined : isLine ? "stroke" : "fill";
      element.style.color = colour ?? before.color;
      if (property !== undefined) element.style[property] = colour ?? before[property];
    });
  }
  const opened = binding.open === undefined ? undefined : instruments.get(binding.open);
  const { command } = binding;
  if (command !== undefined && actions.mayRun(command.instrument, command.command)) {
    const label = `${instruments.get(command.instrument)?.caption ?? command.instrument}: ${command.command}…`;
    act(element, "button", label, () => actions.run(command));
  } else if (opened !== undefined) act(element, "link", `Open ${opened.caption}`, () => actions.open(opened));
}

/** The text that is seen in an element: its titles are told only to who points there. */
function seenText(element: Element): string {
  const texts: string[] = [];
  for (const node of element.childNodes) {
    if (node instanceof Text) texts.push(node.data);
    else if (node instanceof Element && !/^(?:title|desc|style|defs|metadata)$/.test(node.localName)) {
      texts.push(seenText(node));
    }
  }
  return texts.join(" ").replaceAll(/\s+/g, " ").trim();
}

/** Makes an element one that can be clicked, and reached by keyboard. */
function act(element: SVGElement, role: "button" | "link", label: string, what: () => void): void {
  element.setAttribute("role", role);
  element.setAttribute("tabindex", "0");
  // Its name is what is read there: who speaks to the page says that. Without a text it is what it does.
  const name = () => {
    const [named, other] = seenText(element) === ""
      ? ["aria-label", "aria-description"]
      : ["aria-description", "aria-label"];
    element.setAttribute(named!, label);
    element.removeAttribute(other!);
  };
  name();
  new MutationObserver(name).observe(element, { childList: true, subtree: true, characterData: true });
  element.addEventListener("click", (event) => {
    event.stopPropagation();
    what();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && !(role === "button" && event.key === " ")) return;
    event.preventDefault();
    event.stopPropagation();
    what();
  });
}
