/**
 * How a sandbox's process is started.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { CodePermissions } from "./options.ts";

/**
 * @param permissions What its Workers are granted.
 * @returns Program and arguments that run it from source with no more than it needs; `undefined` in a program that was
 * compiled or came from a URL.
 */
export function sourceCommand(permissions: CodePermissions): readonly [string, ...string[]] | undefined {
  const own = new URL("host.ts", import.meta.url);
  if (Deno.build.standalone || own.protocol !== "file:") return undefined;
  const { read = [], write = [], net = [] } = permissions;
  const allow = (name: string, values: readonly string[]) => {
    if (values.length === 0) return [];
    // A comma separates: then its Workers alone, which are told each value, are held to the list.
    return [values.some((value) => value.includes(",")) ? `--allow-${name}` : `--allow-${name}=${values}`];
  };
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--unstable-worker-options",
    "--allow-sys=setPriority",
    // For the second wall; given up before any code is taken.
    "--allow-ffi",
    ...allow("read", [...[".", "../../protocol/errors.ts"].map((path) => fileURLToPath(new URL(path, own))), ...read]),
    ...allow("write", write),
    ...allow("net", ["127.0.0.1", ...net]),
    own.href,
  ];
}
