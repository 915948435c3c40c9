/**
 * Makes text safe for a terminal or a log: what came from an instrument, a client or a file is not to steer it.
 *
 * @module
 */

/**
 * Characters that are never shown as they are: control characters (C0, C1 and DEL, line ends among them), the
 * separators of lines and paragraphs, what changes the direction of text, what is invisible, tags, and halves of
 * characters.
 */
const unprintable =
  // deno-lint-ignore no-control-regex -- control characters are what is replaced
  /[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e00ff}]|\p{Cs}/gu;

/**
 * Makes text printable.
 *
 * @param text Any text.
 * @returns It on one line, with what is unprintable as JSON escapes it: `\n`, `\u001b`, `\u202e`.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    if (escaped !== character) return escaped;
    return [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");
  });
}

/** A line that people give something as its name: neither line breaks nor other control characters, nor what turns the direction of the text around it. */
export const plainLine: RegExp = /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u;
