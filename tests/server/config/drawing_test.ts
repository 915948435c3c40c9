/** Overview drawings: what they name is checked, and nothing of them is kept that is not harmless in a page. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { BenchFileError, loadBench } from "../../../mod.ts";
import type { DrawingElement } from "../../../protocol/description.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { demoOverview } from "../../../server/config/demo_overview.ts";
import { readDrawing } from "../../../server/config/drawing.ts";
import { codeBlocks, readFile } from "../../documents.ts";
import { bindTo } from "../../../server/config/drawing_words.ts";

const bind = bindTo(demoInstruments());

function svg(inside: string, more = ""): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" viewBox="0 0 10 10"${more}>${inside}</svg>`;
}

function read(inside: string) {
  const { drawing, problems } = readDrawing(svg(inside), bind);
  return { root: drawing?.root, sheet: drawing?.sheet, problems: problems.map(({ message }) => message) };
}

function all(element: DrawingElement): DrawingElement[] {
  return [element, ...element.children.flatMap((child) => typeof child === "string" ? [] : all(child))];
}

/** The elements within a drawing. */
function within(inside: string): DrawingElement[] {
  return all(read(inside).root!).slice(1);
}

Deno.test("drawing: scripts, handlers, HTML, animations and references to elsewhere are left out", () => {
  const hostile = [
    `<script>alert(1)</script>`,
    `<script xlink:href="https://example.org/x.js"/>`,
    `<style>@import "https://example.org/x.css"; @font-face { src: url(https://example.org/f) }</style>`,
    `<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="alert(1)"/></body></foreignObject>`,
    `<img xmlns="http://www.w3.org/1999/xhtml" src="x" onerror="alert(1)"/>`,
    `<animate attributeName="href" to="javascript:alert(1)"/>`,
    `<set attributeName="onclick" to="alert(1)"/>`,
    `<handler xmlns="http://www.w3.org/2001/xml-events">alert(1)</handler>`,
    `<iframe src="https://example.org"/>`,
    `<metadata><g><script>1</script></g></metadata>`,
    `<feImage href="https://example.org/x.png"/>`,
  ];
  for (const each of hostile) {
    const { root, sheet } = read(each);
    deepStrictEqual([root?.children, sheet], [[], ""], each);
  }
  const harmless: readonly [string, Record<string, string>][] = [
    [`<rect onclick="alert(1)" onload="alert(1)" width="5"/>`, { width: "5" }],
    [`<use href="https://example.org/x.svg#a"/>`, {}],
    [`<use xlink:href="//example.org/x.svg#a"/>`, {}],
    [`<use href="data:image/svg+xml,&lt;svg/&gt;"/>`, {}],
    [`<image href="https://example.org/x.png"/>`, {}],
    [`<image href="data:image/svg+xml;base64,PHN2Zy8+"/>`, {}],
    [`<image href="data:image/png;base64,iVBORw0KGgo="/>`, { href: "data:image/png;base64,iVBORw0KGgo=" }],
    [`<rect fill="url(https://example.org/#a)"/>`, {}],
    [`<rect fill="u\\72l(https://example.org)"/>`, {}],
    [`<rect fill="url(#a)" filter="url('#b')"/>`, { fill: "url(#a)", filter: "url('#b')" }],
    [`<rect id="&quot;&gt;&lt;script&gt;"/>`, {}],
    [`<rect href="#a" xml:base="https://example.org/" srcdoc="x" formaction="x" tabindex="9" role="button"/>`, {}],
  ];
  for (const [each, attributes] of harmless) deepStrictEqual(within(each)[0]!.attributes, attributes, each);
  const link = within(`<a xlink:href="javascript:alert(1)" target="_top"><text>go</text></a>`);
  deepStrictEqual(link.map(({ tag, attributes }) => [tag, attributes]), [["g", {}], ["text", {}]]);
  const styled = within(
    `<rect style="fill:#f00;background:url(https://example.org);fill:url(//x);position:fixed;stroke:url(#a) !important"/>`,
  );
  deepStrictEqual(styled[0]!.style, { fill: "#f00", stroke: "url(#a)" });
});

Deno.test("drawing: a style sheet keeps its rules, and what would fetch or escape is left out", () => {
  const sheet = (text: string) => read(`<style><![CDATA[${text}]]></style>`).sheet;
  strictEqual(
    sheet("/* c */ .a, #b > c:hover { fill: red; stroke-width : 2 }"),
    ".a, #b > c:hover{fill:red;stroke-width:2}",
  );
  strictEqual(
    sheet("@media (prefers-color-scheme: dark) { .a { fill: #fff } }"),
    "@media (prefers-color-scheme: dark){.a{fill:#fff}}",
  );
  for (
    const text of [
      `@import url(https://example.org); `,
      `.a { fill: url(https://example.org) }`,
      `.a { background-image: image-set("https://example.org" 1x) }`,
      `.a { fill: \\75rl(https://example.org) }`,
      `.a { fill: expression(alert(1)) }`,
      `:host { fill: red }`,
      `@media x { @import "y"; } `,
      `@supports (x) { .a { fill: red } }`,
      `.a[x="</style><script>"] { fill: red }`,
      `.a {`,
    ]
  ) strictEqual(sheet(text), "", text);
  strictEqual(sheet(`@import "https://example.org"; .a { fill: red }`), ".a{fill:red}");
});

Deno.test("drawing: one that would be endless, or is none, is refused with its line", () => {
  const refused = (text: string, message: RegExp, line = 1) => {
    const { drawing, problems } = readDrawing(text, bind);
    strictEqual(drawing, undefined);
    match(problems[0]!.message, message);
    strictEqual(problems[0]!.line, line);
  };
  refused("<html xmlns='http://www.w3.org/1999/xhtml'/>", /is no SVG: its first element is html/);
  refused("<svg/>", /should be svg of the namespace/);
  refused(svg("\n<g>\n"), /unexpected close tag|unmatched|unclosed|expected/i, 3);
  refused("", /document must contain a root element/);
  refused(svg("&bomb;"), /undefined entity/i);
  refused(svg("<g>".repeat(200) + "</g>".repeat(200)), /nested deeper than 100/);
  refused(svg("<g/>".repeat(20_001)), /more than 20000 elements/);
  refused(svg(`<path d="${"M0 0".repeat(300_000)}"/>`), /longer than 1048576 characters/);
  // Nine levels of ten copies each would be a billion.
  const bomb = Array.from({ length: 9 }, (_, at) => `<g id="l${at + 1}">${`<use href="#l${at}"/>`.repeat(10)}</g>`);
  const uses = within(`<rect id="l0"/>${bomb.join("")}`).filter(({ attributes }) => attributes.href !== undefined);
  deepStrictEqual(new Set(uses.map(({ attributes }) => attributes.href)), new Set(["#l0"]));
});

Deno.test("drawing: elements name fields, states, instruments and commands, also by ids and labels alone", () => {
  const binding = (inside: string) => {
    const { root, problems } = read(inside);
    deepStrictEqual(problems, [], inside);
    return all(root!)[1]!.binding;
  };
  const temperature = { field: { instrument: "reactor_tc", field: "Temperature" } };
  for (
    const said of [
      `data-field="reactor_tc.temperature"`,
      `data-field="reactor_tc.Temperature"`,
      `data-field="Reactor TC.Temperature"`,
      `id="field:reactor_tc.temperature"`,
      `inkscape:label="field: reactor_tc.temperature"`,
    ]
  ) deepStrictEqual(binding(`<text ${said}><tspan>0</tspan></text>`), temperature, said);
  deepStrictEqual(
    binding(`<rect inkscape:label="state:uv_light.actual_status; colours:On=#f5c400, Off=gray; open:uv_light"/>`),
    {
      state: { instrument: "uv_light", field: "Actual Status" },
      colours: [{ test: "On", colour: "#f5c400" }, { test: "Off", colour: "gray" }],
      open: "uv_light",
    },
  );
  deepStrictEqual(
    binding(`<g data-state="argon_mfc.actual_flow" data-colours="&gt; 0.5: rgb(0, 10, 20); otherwise: currentColor"/>`)
      ?.colours,
    [{ test: "> 0.5", colour: "rgb(0, 10, 20)" }, { test: "otherwise", colour: "currentColor" }],
  );
  deepStrictEqual(binding(`<g data-command="uv_light.set 'Status Selection' On"/>`)?.command, {
    instrument: "uv_light",
    command: "set",
    args: ["Status Selection", "On"],
    keywords: {},
  });
  // What is written of no bench is nobody's fault.
  strictEqual(binding(`<g id="layer:1" inkscape:label="note: tap" data-note="x"/>`), undefined);
  const wrong = (said: string, message: RegExp) => match(read(`<g ${said}/>`).problems[0]!, message);
  wrong(`data-field="reactor_tc.temperatur"`, /no field temperatur \(did you mean Temperature|did you mean/i);
  wrong(`data-field="reactor.temperature"`, /there is no such instrument/);
  wrong(`data-field="temperature"`, /must be an instrument and a field, as in/);
  wrong(`data-open="nobody"`, /data-open names nobody/);
  wrong(`data-command="uv_light.explode"`, /UV Light has no command explode/);
  wrong(`data-colours="On: red"`, /only beside data-state/);
  wrong(`data-state="uv_light.actual_status" data-colours="On: url(x)"`, /must be a state and a colour/);
});

Deno.test("drawing: check says where a bench's drawing is wrong, and a right one is part of the bench", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const bench = (overview: string) =>
      Deno.writeTextFile(
        join(folder, "lab.json"),
        `{ "overview": ${
          JSON.stringify(overview)
        },\n "instruments": [{ "title": "Dome", "driver": "simulated-telescope" }] }`,
      );
    const load = () => loadBench(join(folder, "lab.json"));
    const said = async (message: RegExp) =>
      await rejects(load(), (error) => error instanceof BenchFileError && match(error.message, message) === undefined);
    await bench("dome.svg");
    await said(/lab\.json:1:\d+: overview: there is no file .*dome\.svg/);
    await Deno.writeTextFile(join(folder, "dome.svg"), svg(`\n<text id="alt" data-field="dome.altitud">0</text>`));
    await said(/dome\.svg:2:\d+: <text id="alt">: data-field names dome\.altitud, and Dome has no field altitud/);
    await Deno.writeTextFile(join(folder, "dome.svg"), svg(`<g data-open="dome"/>`));
    const loaded = await load();
    await loaded.close();
    strictEqual(loaded.overview?.file, join(folder, "dome.svg"));
    for (const elsewhere of ["../dome.svg", "/etc/passwd", "sub/dome.svg", "lab.json"]) {
      await bench(elsewhere);
      await said(/overview: is .*; it must be the name of an SVG file beside the bench file/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("drawing: the example of the documents is right, and every word of its table is known", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [bench, drawing] = await codeBlocks("docs/overview.md");
    await Deno.writeTextFile(join(folder, "lab.json"), bench!.code);
    await Deno.writeTextFile(join(folder, "cell.svg"), drawing!.code);
    const loaded = await loadBench(join(folder, "lab.json"));
    await loaded.close();
    const { drawing: made } = readDrawing(loaded.overview!.svg, bindTo(loaded.instruments));
    const words = new Set(all(made!.root).flatMap(({ binding }) => Object.keys(binding ?? {})));
    const table = [...(await readFile("docs/overview.md")).matchAll(/^\| `data-(\w+)`/gm)].map(([, word]) => word);
    deepStrictEqual([...words].sort(), table.sort());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("drawing: that of the demo bench names what is there", () => {
  const { drawing, problems } = readDrawing(demoOverview, bind);
  deepStrictEqual(problems, []);
  ok(all(drawing!.root).filter(({ binding }) => binding !== undefined).length > 15);
});
