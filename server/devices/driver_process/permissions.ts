/**
 * The permissions of a driver's process, and the errors where one is missing.
 *
 * @module
 */

const grantable = ["net", "read", "write"];

/** Permissions that nothing grants, with what needs them in words. */
const never: Readonly<Record<string, string>> = {
  run: "start programs",
  ffi: "open libraries",
  env: "read environment variables",
  sys: "ask for what the system is",
  import: "import from the network",
};

/** The word that grants something, as it stands in a bench file. */
function grant(name: string, what: string): string {
  return `"permissions": { "${name}": [${what}] }`;
}

/**
 * Deno's words for a missing permission, in those of the bench file.
 *
 * @param text An error's message, or whatever holds it.
 */
export function explainPermissions(text: string): string {
  return text.replace(
    /Requires (\w+) access(?: to ("(?:[^"\\]|\\.)*"|<[^>]*>))?(?:, (?:run|specify)[^\n]*?flag)?/g,
    (_, name: string, what = "") => {
      if (!grantable.includes(name)) {
        return `a driver may not ${never[name] ?? `have "${name}"`}, whatever the bench file says`;
      }
      const word = name === "net" ? "use the network" : name === "read" ? "read files" : "write files";
      const to = what.startsWith('"') ? what : '"…"';
      const at = what === "" ? "" : ` (${what.replaceAll('"', "")})`;
      return `a driver may not ${word} unless the bench file says so for its instrument${at}: ${grant(name, to)}`;
    },
  );
}

/**
 * Returns the missing permission for writing images; `undefined` where none is missing.
 *
 * @param folders Absolute paths of the image folders.
 */
export function imagePermissionMissing(folders: readonly string[]): string | undefined {
  for (const path of folders) {
    for (const name of ["read", "write"] as const) {
      if (Deno.permissions.querySync({ name, path }).state === "granted") continue;
      const quoted = JSON.stringify(path);
      return `its instrument in the bench file has to say ${
        grant("read", quoted).replace(" }", `, "write": [${quoted}] }`)
      }`;
    }
  }
  return undefined;
}
