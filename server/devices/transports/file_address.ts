/**
 * The addresses of files that other programs write: `file:///data/log.csv`, `file:///C:/data/log.csv`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Way } from "./address_parts.ts";

/** The address of a file that another program writes. */
export interface FileAddress {
  readonly kind: "file";
  /** An absolute path of this computer. */
  readonly path: string;
}

const forms = "file:///data/log.csv or on Windows file:///C:/data/log.csv";

/** The way to a file. */
export const fileWay: Way<FileAddress> = {
  forms,
  parse(url, wrong) {
    if (url.search !== "" || url.hash !== "") throw wrong("nothing may follow the file's name; # is %23, ? is %3F");
    if (url.pathname.endsWith("/")) throw wrong("it is a folder; name the file in it");
    try {
      return { kind: "file", path: fileURLToPath(url) };
    } catch {
      throw wrong(`a path of this computer begins with a third slash: ${forms}`);
    }
  },
  name: ({ path }) => `file://${path.startsWith("/") ? "" : "/"}${path.replaceAll("\\", "/")}`,
  settled: { sendEnd: "", receiveEnd: "\n" },
  nobody: { kind: "file", path: "/no such file" },
  words: ["separator"],
};
