/**
 * Checks the names of image files and of their folders: names that mean the same file on every system, and that no
 * program takes for an option, a hidden file or a device.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { checkText } from "../bench/header_card.ts";

/** Names that mean devices on Windows, whatever comes after the first full stop. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d) *(?:\.|$)/i;

/** Returns why a name is not allowed; `undefined` where it is. */
function fault(name: string, ending: RegExp, endings: string): string | undefined {
  if (name === "") return "it is empty";
  if (!/^[\w.+() -]+$/.test(name)) return "use letters, digits, blanks and . _ + - ( )";
  if (/^[. -]/.test(name) || ending.test(name)) {
    return `it may not begin with a full stop, a hyphen or a blank, nor end with ${endings}`;
  }
  if (deviceName.test(name)) return "on Windows that is a device";
  return undefined;
}

/**
 * Checks the name of a file or a folder.
 *
 * @param name The name, without folders.
 * @param what What is called so, for the error: `an image`.
 * @throws {HeliographError} `bad_argument` where it may not be, with what may.
 */
export function checkFileName(name: string, what: string): void {
  const why = fault(name, /[. ]$/, "a full stop or a blank");
  if (why !== undefined) throw new HeliographError("bad_argument", `Cannot name ${what} "${name}": ${why}`);
}

/**
 * Checks what the names of image files begin with; a full stop may be its end, as azcam's `cmp.` has it.
 *
 * @param root The beginning.
 * @throws {HeliographError} `bad_argument` where names may not begin so, with what may.
 */
export function checkRoot(root: string): void {
  checkText(root, "the image root");
  const folder = /[\\/]/.test(root) ? "; the folder is set by imagefolder" : "";
  const why = fault(root, / $/, "a blank");
  if (why === undefined) return;
  throw new HeliographError("bad_argument", `Cannot begin file names with "${root}": ${why}${folder}`);
}
