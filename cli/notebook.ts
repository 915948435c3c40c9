/**
 * A night's notebook: notes, images, commands, trouble and plots, as one page of Markdown or of HTML.
 *
 * @module
 */

import type { JournalRecord } from "../protocol/records.ts";
import type { HistorySeries } from "../protocol/readings.ts";

/** An image of the night. */
export interface NotebookImage {
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
  readonly file: string;
  /** What was exposed, of which type and for how long, in words for people; empty where that was not kept. */
  readonly title: string;
  readonly type: string;
  readonly exposure: string;
}

/** What stands in a notebook. */
export interface Notebook {
  readonly title: string;
  /** From when on, in milliseconds since 1970. */
  readonly since: number;
  /** Until before when. */
  readonly until: number;
  /** What the journal has, oldest first. */
  readonly records: readonly JournalRecord[];
  readonly images: readonly NotebookImage[];
  /** Numbers, in pixels of a plot. */
  readonly series: readonly HistorySeries[];
  /** What a reader should know of what is missing. */
  readonly remarks: readonly string[];
  /** Writes a time for people. @param time In milliseconds since 1970. */
  readonly clock: (time: number) => string;
}

/** A section of either form. */
type Section =
  | { readonly heading: string; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly heading: string; readonly plots: readonly HistorySeries[] };

const bars = "▁▂▃▄▅▆▇█";
/** A plot's size, in pixels. */
const [width, height] = [720, 96];
/** How many bars a plot of Markdown has. */
const barCount = 48;

/** Many commands of the night say the same to nobody: settings and questions of programs, again and again. */
function told({ text, count }: JournalRecord): string {
  return count === undefined ? text : `${text} (${count} times within a second)`;
}

function sectionsOf({ records, images, series, clock }: Notebook): Section[] {
  const when = ({ time }: JournalRecord) => clock(Date.parse(time));
  const of = (...kinds: JournalRecord["kind"][]) => records.filter(({ kind }) => kinds.includes(kind));
  // The record that told that something began says less than the one that told how it ended.
  const begun = new Set(records.flatMap(({ begun }) => begun ?? []));
  const commands = of("command", "code").filter(({ number }) => !begun.has(number));
  const trouble = records.filter(({ kind, level }) =>
    (kind === "log" || kind === "alarm") && (level === "warning" || level === "error")
  );
  const sections: Section[] = [
    {
      heading: "Notes",
      columns: ["Time", "Who", "About", "Note"],
      rows: of("note").map((record) => [when(record), record.client, record.instrument, record.text]),
    },
    {
      heading: "Images",
      columns: ["Time", "File", "Title", "Type", "Exposure"],
      rows: images.map(({ time, file, title, type, exposure }) => [clock(time), file, title, type, exposure]),
    },
    { heading: "Plots", plots: series },
    {
      heading: "Trouble",
      columns: ["Time", "Instrument", "What the log said"],
      rows: trouble.map((record) => [when(record), record.instrument, record.text]),
    },
    {
      heading: "Settings",
      columns: ["Time", "Instrument", "Setting"],
      rows: of("setting").map((record) => [when(record), record.instrument, record.text]),
    },
    {
      heading: "Commands",
      columns: ["Time", "Who", "Command", "Answer"],
      rows: commands.map((
        record,
      ) => [when(record), record.client, told(record), record.answer ?? "(no answer is kept)"]),
    },
  ];
  return sections.filter((section) => ("plots" in section ? section.plots : section.rows).length > 0);
}

/** A field as a heading: its titles and its unit. */
function nameOf({ instrumentTitle, title, unit }: HistorySeries): string {
  return `${instrumentTitle}: ${title}${unit === "" ? "" : ` (${unit})`}`;
}

function rangeOf({ points }: HistorySeries): readonly [lowest: number, highest: number] | undefined {
  const all = [...points?.lowest ?? [], ...points?.highest ?? []].filter((value) => value !== null);
  if (all.length === 0) return undefined;
  return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Text as it stands in a cell of Markdown: nothing of it is taken for Markdown or HTML. */
function inMarkdown(text: string): string {
  return text.replace(/\s+/g, " ").replace(/&/g, "&amp;").replace(/[\\`*_{}[\]<>()#+\-!|~$]/g, (mark) => {
    if (mark === "<") return "&lt;";
    if (mark === ">") return "&gt;";
    return mark === "-" || mark === "(" || mark === ")" || mark === "+" ? mark : `\\${mark}`;
  }).replace(/:\/\//g, ":&#47;&#47;");
}

/** A plot as a line of bars: the highest of each span. */
function barsOf(series: HistorySeries, since: number, until: number): string {
  const range = rangeOf(series);
  if (range === undefined) return "";
  const { times, highest } = series.points!;
  const tops = Array<number>(barCount).fill(NaN);
  for (const [at, time] of times.entries()) {
    const place = Math.min(barCount - 1, Math.max(0, Math.floor((time - since) / (until - since) * barCount)));
    const value = highest[at] ?? null;
    if (value !== null && !(tops[place]! > value)) tops[place] = value;
  }
  const [low, high] = range;
  return tops.map((value) =>
    Number.isNaN(value) ? " " : bars[high === low ? 3 : Math.round((value - low) / (high - low) * (bars.length - 1))]
  ).join("");
}

/** A notebook as Markdown. */
export function notebookMarkdown(notebook: Notebook): string {
  const { title, since, until, remarks, clock } = notebook;
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const parts = sectionsOf(notebook).map((section) => {
    const plots = "plots" in section ? section.plots : undefined;
    const columns = "plots" in section ? ["Field", "Lowest", "Highest", "Last", "Over the time"] : section.columns;
    const rows = plots?.map((series) => {
      const [low, high] = rangeOf(series) ?? [NaN, NaN];
      const last = series.points!.last.findLast((value) => value !== null) ?? NaN;
      return [inMarkdown(nameOf(series)), ...[low, high, last].map(short), `\`${barsOf(series, since, until)}\``];
    }) ?? ("rows" in section ? section.rows.map((cells) => cells.map(inMarkdown)) : []);
    return `## ${section.heading}\n\n${row(columns)}${row(columns.map(() => "---"))}${rows.map(row).join("")}`;
  });
  const head = `# ${inMarkdown(title)}\n\n${inMarkdown(`From ${clock(since)} to ${clock(until)}`)}\n`;
  return [head, ...remarks.map((remark) => `${inMarkdown(remark)}\n`), ...parts].join("\n");
}

/** Text as it stands in HTML and SVG, also in quotes. */
function inHtml(text: string): string {
  const named: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  // deno-lint-ignore no-control-regex -- what no document may hold is left out
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, "\ufffd").replace(/[&<>"']/g, (mark) => named[mark]!);
}

/** The line of a plot, from the lowest to the highest of each span, broken where nothing was known. */
function plotOf(series: HistorySeries, { since, until, clock }: Notebook): string {
  const range = rangeOf(series);
  if (range === undefined) return "";
  const [low, high] = range;
  const { times, lowest, highest, first, last, gaps } = series.points!;
  const broken = new Set(gaps);
  const x = (time: number) => ((time - since) / (until - since) * width).toFixed(1);
  const y = (value: number) => (4 + (high === low ? 0.5 : (high - value) / (high - low)) * (height - 8)).toFixed(1);
  let path = "";
  let pen = "M";
  for (const [at, time] of times.entries()) {
    const values = [first[at], lowest[at], highest[at], last[at]];
    for (const value of values) {
      if (value === null || value === undefined) continue;
      path += `${pen}${x(time)} ${y(value)}`;
      pen = "L";
    }
    if (values[3] === null || broken.has(at)) pen = "M";
  }
  const name = inHtml(nameOf(series));
  return `<figure><figcaption>${name}: ${short(low)} to ${short(high)}</figcaption>` +
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">` +
    `<path d="M0 ${height}H${width}M0 0H${width}" class="frame"/><path d="${path}"/></svg>` +
    `<div class="axis"><span>${inHtml(clock(since))}</span><span>${inHtml(clock(until))}</span></div></figure>\n`;
}

const style = `body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1a1f26}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;
border-bottom:1px solid #d8dde3;overflow-wrap:anywhere}td:first-child{white-space:nowrap}
figure{margin:0 0 1.2rem}figcaption{font-weight:600}svg{width:100%;height:auto;display:block}
path{fill:none;stroke:#0b62a4;stroke-width:1.2;stroke-linejoin:round}.frame{stroke:#d8dde3}
.axis{display:flex;justify-content:space-between;color:#5a6572;font-size:13px}
@media(prefers-color-scheme:dark){body{background:#14181d;color:#e2e7ec}th,td{border-color:#333b44}path{stroke:#6db3ec}
.frame{stroke:#333b44}.axis{color:#98a4b0}}`;

/** A notebook as one page of HTML, which loads nothing and runs nothing. */
export function notebookHtml(notebook: Notebook): string {
  const { title, since, until, remarks, clock } = notebook;
  const parts = sectionsOf(notebook).map((section) => {
    const heading = `<h2>${section.heading}</h2>\n`;
    if ("plots" in section) return heading + section.plots.map((series) => plotOf(series, notebook)).join("");
    const cells = (row: readonly string[], tag: "th" | "td") =>
      `<tr>${row.map((cell) => `<${tag}>${inHtml(cell)}</${tag}>`).join("")}</tr>\n`;
    return `${heading}<table>\n<thead>${cells(section.columns, "th")}</thead>\n<tbody>\n${
      section.rows.map((row) => cells(row, "td")).join("")
    }</tbody>\n</table>\n`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${inHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${inHtml(title)}</h1>
<p>From ${inHtml(clock(since))} to ${inHtml(clock(until))}</p>
${remarks.map((remark) => `<p>${inHtml(remark)}</p>\n`).join("")}${parts.join("")}</body>
</html>
`;
}
