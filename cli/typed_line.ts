/**
 * Reads a line as far as it has been typed, and writes proposals for its last word the way the line is quoted.
 *
 * @module
 */

/** A word that is being typed. */
export interface TypedWord {
  /** What it says so far, without quotes. */
  readonly text: string;
  /** How it stands in the line. */
  readonly raw: string;
  /** The quote that is open, or empty. */
  readonly quote: string;
}

/** A line as far as it has been typed. */
export interface TypedLine {
  /** The words before the last, without quotes. */
  readonly words: readonly string[];
  /** The word at the end; empty after a space. */
  readonly last: TypedWord;
}

/**
 * Splits a line.
 *
 * @param line What has been typed.
 * @param escapes Whether a backslash takes the meaning of what follows it, as in bash.
 */
export function typedLine(line: string, escapes: boolean): TypedLine {
  const words: string[] = [];
  let [text, quote, start, within] = ["", "", 0, false];
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    const next = line[at + 1] ?? "";
    if (escapes && letter === "\\" && quote !== "'" && (quote === "" || '"\\$`'.includes(next))) {
      text += next;
      within = true;
      at++;
    } else if (quote !== "") {
      if (letter === quote) quote = "";
      else text += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      within = true;
    } else if (/\s/.test(letter)) {
      if (within) words.push(text);
      [text, within, start] = ["", false, at + 1];
    } else {
      text += letter;
      within = true;
    }
  }
  return { words, last: { text, raw: line.slice(start), quote } };
}

/** Writes proposals the way a shell takes them: how the word before the cursor is quoted decides. */
type Writer = (text: string, quote: string) => string | undefined;

const plain: Writer = (text) => text;

/** What readline puts in the place of the word, after a quote that is open. */
const bash: Writer = (text, quote) => {
  if (quote === "'") return text.includes("'") ? undefined : text;
  if (quote === '"') return text.replace(/["$`\\]/g, "\\$&");
  return text.replace(/[^\p{L}\p{N}_@%+=:,./-]/gu, "\\$&");
};

/** The whole word, with quotes of its own. */
const powershell: Writer = (text) => /^[\p{L}\p{N}_./=:-]+$/u.test(text) ? text : `'${text.replaceAll("'", "''")}'`;

/** The whole word as the shell of our own reads it. */
const ours: Writer = (text, quote) => {
  if (quote === "" && !/[\s'"#]/.test(text)) return text;
  const used = quote === "" ? text.includes('"') ? "'" : '"' : quote;
  return text.includes(used) ? undefined : `${used}${text}${used}`;
};

const writers = { bash, zsh: plain, fish: plain, powershell, ours } as const;

/**
 * A proposal as a shell takes it.
 *
 * @param shell Which shell.
 * @param text The proposal.
 * @param quote The quote that is open at the cursor, or empty.
 * @returns `undefined` where it cannot stand there.
 */
export function written(shell: keyof typeof writers, text: string, quote = ""): string | undefined {
  return writers[shell](text, quote);
}
