/**
 * The files and folders beside a bench file that belong to its bench: for `lab.json`, `lab.page.json` and others.
 *
 * @module
 */

import { basename } from "node:path";

/** The files and folders that belong to the bench of a bench file. */
export interface Beside {
  /** How the page arranges the instruments: `lab.page.json`. */
  readonly page: string;
  /** Who may do what: `lab.access.json`. */
  readonly access: string;
  /** Keys and certificates: the folder `lab.keys`. */
  readonly keys: string;
  /** What must survive a restart: the folder `lab.state`. */
  readonly state: string;
  /** What is kept of readings and events: the folder `lab.records`. */
  readonly records: string;
  /** The bench file before its last change: `lab.previous.json`. */
  readonly previous: string;
}

/** The endings of the files' names, after the bench's name. */
const endings = {
  page: ".page.json",
  access: ".access.json",
  keys: ".keys",
  state: ".state",
  records: ".records",
  previous: ".previous.json",
} as const satisfies Beside;

/**
 * The files and folders of the bench of a bench file; nothing of it need be there.
 *
 * @param benchFile Its path: `lab.json`, `lab.ts`. What is beside it has the same folder.
 */
export function besideBench(benchFile: string): Beside {
  const stem = benchFile.replace(/\.[^./\\]+$/, "");
  const entries = Object.entries(endings).map(([name, ending]) => [name, `${stem}${ending}`]);
  return Object.fromEntries(entries) as { [Name in keyof Beside]: string };
}

/** Files beside a bench file that hold no bench; `lab.previous.json` holds one. */
const noBench: Readonly<Record<string, string>> = {
  [endings.page]: "how the page arranges its instruments",
  [endings.access]: "who may do what on its bench",
};

/**
 * Returns why a file cannot be a bench file: its name says that it belongs to another one.
 *
 * @param file Its path.
 * @returns What is wrong and what would be right; `undefined` where nothing is.
 */
export function notABench(file: string): string | undefined {
  const name = basename(file);
  const ending = Object.keys(noBench).find((each) => name.length > each.length && name.endsWith(each));
  if (ending === undefined) return undefined;
  const owner = `${name.slice(0, -ending.length)}.json`;
  return `is no bench file: a file of this name stands beside ${owner} and says ${noBench[ending]}; ` +
    `give ${owner}, or another name`;
}
