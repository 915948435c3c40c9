/**
 * What can be told of an original PyOpticon dashboard: its socket knows no more than Get, Set, Confirm, Eval and Exec, so
 * its widgets are asked for with an expression in Python.
 *
 * @module
 */

import type { PyOpticonSocketClient, RequestOptions } from "../client/pyopticon_client.ts";
import { HeliographError } from "../protocol/errors.ts";
import { printable } from "../protocol/printable.ts";
import type { CliContext } from "./context.ts";
import { clock, painter, table, writeJson } from "./output.ts";

/** A field of a widget, as the dashboard shows it. */
interface WidgetField {
  readonly name: string;
  readonly text: string;
  /** An entry or a menu on the window, which confirm sends to the device. */
  readonly setting: boolean;
}

/** The pause between two readings of a watch, in milliseconds: PyOpticon's own between two polls. */
const watchPause = 1000;

async function evaluated(client: PyOpticonSocketClient, python: string, options: RequestOptions): Promise<unknown> {
  const text = await client.doEval(`__import__('json').dumps(${python})`, {
    ...options,
    language: "python",
    printout: false,
  });
  try {
    return JSON.parse(String(text));
  } catch {
    throw new HeliographError("command_failed", "The dashboard's answer came in pieces, whose end nothing tells");
  }
}

/**
 * An expression as an original dashboard takes it: what gives no text makes it drop its client.
 *
 * @throws {HeliographError} `unavailable` for anything but Python.
 */
export function originalExpression(expression: string, language: string): string {
  refuseOtherLanguages(language);
  // Without parentheses a comma, or a comment, would be read as str's.
  return expression.trim() === "" ? expression : `str((\n${expression}\n))`;
}

/** @throws {HeliographError} `unavailable` for anything but Python. */
export function refuseOtherLanguages(language: string): void {
  if (language === "python") return;
  throw new HeliographError(
    "unavailable",
    "Cannot run JavaScript there: an original PyOpticon dashboard runs Python only; give --python, or a .py file",
  );
}

/** The text of a Python string. JSON's escapes are Python's. */
const pythonString = (text: string) => JSON.stringify(text);

/** The fields of a widget, in the dashboard's order. */
async function fieldsOf(client: PyOpticonSocketClient, nickname: string, options: RequestOptions = {}) {
  const widget = `get_dashboard().widgets_by_nickname[${pythonString(nickname)}]`;
  const rows = await evaluated(
    client,
    `[[str(w.name),[[k,str(v.get()),type(w.field_gui_objects[k][1]).__name__]for k,v in w.attributes.items()]]for w in[${widget}]][0]`,
    options,
  ) as [title: string, fields: [name: string, text: string, kind: string][]];
  return {
    title: rows[0],
    fields: rows[1].map(([name, text, kind]): WidgetField => ({ name, text, setting: kind !== "Label" })),
  };
}

async function widgets(client: PyOpticonSocketClient, options: RequestOptions = {}) {
  return await evaluated(
    client,
    "[[n,str(getattr(w,'name',n)),len(getattr(w,'attributes',[]))]for n,w in get_dashboard().widgets_by_nickname.items()]",
    options,
  ) as [nickname: string, title: string, fields: number][];
}

/** Says what such a server is, and what it cannot tell. */
function note(context: CliContext, what: string): void {
  context.process.stderr.write(painter(context.colour).dim(`An original PyOpticon dashboard: ${what}\n`));
}

/** `heliograph list` of an original dashboard. */
export async function listOriginal(context: CliContext, client: PyOpticonSocketClient, json: boolean): Promise<void> {
  const rows = await widgets(client);
  if (json) return writeJson(context, rows.map(([name, title, fields]) => ({ name, title, fields })));
  const cells = rows.map(([name, title, fields]) => [name, title, String(fields)]);
  context.process.stdout.write(table(["nickname", "title", "fields"], cells, painter(context.colour)));
  note(context, "it has no commands, and does not tell who drives; get, set, confirm, watch, eval and exec work here");
}

/** `heliograph describe` of an original dashboard's widget. */
export async function describeOriginal(
  context: CliContext,
  client: PyOpticonSocketClient,
  nickname: string,
  json: boolean,
): Promise<void> {
  const { title, fields } = await fieldsOf(client, nickname);
  const rows = fields.map(({ name, text, setting }) => ({
    name,
    text,
    access: setting ? "setting" : "readout",
  }));
  if (json) return writeJson(context, { name: nickname, title, fields: rows });
  const paint = painter(context.colour);
  const cells = rows.map(({ name, text, access }) => [
    name,
    text,
    access === "setting" ? "setting, needs confirm" : access,
  ]);
  const heading = `${paint.bold(printable(title))}${nickname === title ? "" : ` (${printable(nickname)})`}\n\n`;
  context.process.stdout.write(`${heading}${table(["field", "value", "access"], cells, paint)}`);
  note(context, "it tells neither units and limits nor whether a value is good");
}

/** `heliograph watch` of an original dashboard: asks once a second, since nothing is told by itself. */
export async function watchOriginal(
  context: CliContext,
  client: PyOpticonSocketClient,
  json: boolean,
  instrument?: string,
  field?: string,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? { printout: false } : { printout: false, signal };
  const nicknames = instrument === undefined ? (await widgets(client, options)).map(([name]) => name) : [instrument];
  const read = async (nickname: string): Promise<WidgetField[]> => {
    if (field === undefined) return (await fieldsOf(client, nickname, options)).fields;
    return [{ name: field, text: String(await client.readField(nickname, field, options)), setting: false }];
  };
  note(context, "it does not tell of changes, so it is asked once a second");
  const known = new Map<string, string>();
  try {
    for (;;) {
      for (const nickname of nicknames) {
        for (const { name, text } of await read(nickname)) {
          const key = JSON.stringify([nickname, name]);
          if (known.get(key) === text) continue;
          known.set(key, text);
          const time = new Date().toISOString();
          if (json) writeJson(context, { event: "field", instrument: nickname, field: name, text, time });
          else context.process.stdout.write(`${clock(time)}  ${printable(`${nickname}  ${name}  ${text}`)}\n`);
        }
      }
      await pause(signal);
    }
  } catch (error) {
    if (signal?.aborted) return;
    throw error;
  }
}

function pause(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, watchPause);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
