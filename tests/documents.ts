/** The documents, as the tests of them read them. */
import { top } from "./fixture.ts";

/** A block of code in a document. */
export interface CodeBlock {
  /** What stands behind the three backticks: `ts`, `console`, `json` … */
  readonly language: string;
  readonly code: string;
}

/** A file of the repository. */
export const readFile = (path: string): Promise<string> => Deno.readTextFile(new URL(path, top));

/** The paths of all documents. */
export async function documents(folder = "docs/"): Promise<string[]> {
  const found: string[] = folder === "docs/" ? ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"] : [];
  for await (const entry of Deno.readDir(new URL(folder, top))) {
    if (entry.isDirectory) found.push(...await documents(`${folder}${entry.name}/`));
    else if (entry.name.endsWith(".md")) found.push(folder + entry.name);
  }
  return found.sort();
}

/** A document's blocks of code. */
export async function codeBlocks(path: string): Promise<CodeBlock[]> {
  const text = await readFile(path);
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }));
}

/** A document with its tables as they are before the formatter aligns them. */
export const unaligned = (text: string): string => text.replace(/ {2,}/g, " ").replace(/-{4,}/g, "---");
