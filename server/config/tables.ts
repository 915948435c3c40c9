/**
 * Writes the documents' tables of settings, in Markdown.
 *
 * @module
 */

import { defaultWord, type Setting } from "../../protocol/setting.ts";
import { limitSettings } from "../access/limits.ts";
import { codeSettings } from "../code/options.ts";
import { programSettings, serverSettings } from "./server_settings.ts";

type Row = readonly string[];

/** A flag as it is written: `--eval-memory`. */
function flagText({ flag }: Setting<unknown>): string {
  return flag === undefined ? "" : `\`--${flag.name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}\``;
}

/** A default as people read it: `65,536 bytes`. */
function defaultText(setting: Setting<unknown>): string {
  const { default: value, unit, flag } = setting;
  const text = typeof value === "number" && flag?.kind !== "port"
    ? value.toLocaleString("en")
    : defaultWord(setting) ?? "";
  return unit === undefined ? text : `${text} ${unit}`;
}

/** Columns as wide as their widest cell, as `deno fmt` has them. */
function markdown(head: Row, rows: readonly Row[]): string {
  const widths = head.map((cell, at) => Math.max(3, cell.length, ...rows.map((row) => row[at]!.length)));
  const line = (row: Row, filling = " ") =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!, filling)).join(" | ")} |`;
  return [line(head), line(head.map(() => ""), "-"), ...rows.map((row) => line(row))].map((text) => `${text}\n`).join(
    "",
  );
}

const rowsOf = (settings: object) => Object.entries(settings) as [name: string, setting: Setting<unknown>][];

/** What the bench file calls a setting that is in none of its sections. */
const ownWords: Readonly<Record<string, string>> = { tlsCert: "`tls.cert`", tlsKey: "`tls.key`" };

/** All flags of the server, and the words of the bench file that say the same. */
function flagsTable(): string {
  const rows = (settings: object, section?: string) =>
    rowsOf(settings).map(([name, each]) => [
      flagText(each),
      section === undefined ? ownWords[name] ?? "" : `\`${section}.${name}\``,
      each.default === false ? "off" : defaultText(each),
      each.note === undefined ? each.summary : `${each.summary}; ${each.note}`,
    ]);
  return markdown(
    ["flag", "in the bench file", "default", "what it is"],
    [...rows(programSettings), ...rows(serverSettings, "server"), ...rows(codeSettings, "code")],
  );
}

/** The flags for the code of clients. */
function codeTable(): string {
  const rows = rowsOf(codeSettings).map(([, each]) => [flagText(each), defaultText(each), each.table ?? each.summary]);
  return markdown(["flag", "default", "what it grants or limits"], rows);
}

/** The limits of clients. */
function limitsTable(): string {
  return markdown(
    ["limit", "default"],
    rowsOf(limitSettings).map(([name, each]) => [`\`${name}\``, defaultText(each)]),
  );
}

/** The tables of settings that the documents have, by what they are about. */
export const settingsTables: Readonly<Record<"flags" | "code" | "limits", () => string>> = {
  flags: flagsTable,
  code: codeTable,
  limits: limitsTable,
};
