/**
 * Copies the console's lines, as a script.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";

/** The time for which "copied" is shown, in milliseconds. */
const saidFor = 1500;

/** A button that copies a text. */
export function Copy({ text }: { text: string }): VNode {
  const [said, setSaid] = useState("");
  const copy = async () => {
    setSaid(await toClipboard(text) ? "Copied" : "Select it and press Ctrl-C");
    setTimeout(() => setSaid(""), saidFor);
  };
  return (
    <button type="button" class="plain copy" aria-label={`Copy ${text.slice(0, 80)}`} onClick={() => void copy()}>
      <span role="status">{said === "" ? "Copy" : said}</span>
    </button>
  );
}

/** A page that came over plain HTTP from another PC may not use the clipboard the new way. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

/**
 * Copies the lines of a list that are selected, where they are several: what is copied runs when it is pasted. Part of
 * one line is copied as it is.
 *
 * @param event The copying.
 * @param lines What each item of the list is in a script.
 */
export function copyLines(
  event: { readonly currentTarget: HTMLElement; readonly clipboardData: DataTransfer | null; preventDefault(): void },
  lines: readonly string[],
): void {
  const selection = getSelection();
  if (selection === null || event.clipboardData === null) return;
  const chosen = lines.filter((_, at) => {
    const item = event.currentTarget.children[at];
    return item !== undefined && selection.containsNode(item, true);
  });
  if (chosen.length < 2) return;
  event.clipboardData.setData("text/plain", `${chosen.join("\n")}\n`);
  event.preventDefault();
}
