/** The names of the public module: few, each explained and shown in an example that runs, and nothing of the inside. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { codeBlocks, documents, readFile } from "./documents.ts";
import { top } from "./fixture.ts";

/** The entry points, as users import them. */
const entryPoints = Object.values(JSON.parse(await readFile("deno.json")).exports as Record<string, string>);

/** The most names that the entry points have together: each one more is one more to know. */
const most = 70;

interface Documentation {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
}

/** A name as `deno doc` tells it: its declarations in a list of their own since version 2 of its output. */
interface Told {
  readonly name: string;
  readonly jsDoc?: Documentation;
  readonly declarations?: readonly { readonly jsDoc?: Documentation }[];
}

async function denoDoc(...args: string[]) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", ...args, ...entryPoints],
    cwd: top,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { success, out: text.decode(stdout), errors: text.decode(stderr) };
}

/** The exported names, and what is said of each; of a function with several signatures, of its first. */
async function publicNames(): Promise<Map<string, Documentation>> {
  const { success, out, errors } = await denoDoc("--json");
  ok(success, errors);
  const { nodes } = JSON.parse(out) as { nodes: Told[] | Record<string, { symbols: Told[] }> };
  const told = Array.isArray(nodes) ? nodes : Object.values(nodes).flatMap(({ symbols }) => symbols);
  const names = new Map<string, Documentation>();
  for (const { name, jsDoc, declarations } of told) {
    // A module has no name.
    if (name !== "" && !names.has(name)) names.set(name, jsDoc ?? declarations?.[0]?.jsDoc ?? {});
  }
  return names;
}

/** The names that a piece of code imports from the entry points, by the package's name or from the tree. */
function imported(code: string): string[] {
  const entry = /(?:^@heliograph\/heliograph(?:\/\w+)?|^(?:\.\.?\/)+(?:client\/|server\/camera\/)?mod\.ts)$/;
  return [...code.matchAll(/^import (?:type )?\{([^}]*)\} from "([^"]*)"/gm)]
    .filter(([, , from]) => entry.test(from!))
    .flatMap(([, names]) => names!.split(",").map((name) => name.replace(/\btype /, "").trim()))
    .filter((name) => name !== "");
}

Deno.test("public names: there are few, each with a sentence and an example of its own that runs and imports it", async () => {
  const names = await publicNames();
  ok(
    names.size <= most,
    `the entry points have ${names.size} names, more than ${most}: does a user need each of them?`,
  );
  ok(names.has("CommandServer") && names.has("PyOpticonSocketClient"), "the originals' own names stay");
  const [unsaid, unshown]: [string[], string[]] = [[], []];
  for (const [name, { doc = "", tags = [] }] of names) {
    if (!/^\S[^]*?[.:]/.test(doc)) unsaid.push(name);
    // `deno test --doc` checks and runs what stands between ```ts and ```, and skips what is marked `ignore`.
    const examples = tags.filter(({ kind }) => kind === "example").map(({ doc = "" }) => doc);
    const runs = examples.flatMap((text) => [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!));
    if (!runs.some((code) => imported(code).includes(name))) unshown.push(name);
  }
  deepStrictEqual(unsaid, [], "names without a sentence");
  deepStrictEqual(unshown, [], "names that no example of their own imports");
});

Deno.test("public names: no type of the inside is part of one", async () => {
  const { success, errors } = await denoDoc("--lint");
  ok(success, errors);
});

Deno.test("public names: the documents import no name that is not there", async () => {
  const names = await publicNames();
  const gone: string[] = [];
  for (const path of await documents()) {
    for (const { language, code } of await codeBlocks(path)) {
      if (!language.startsWith("ts")) continue;
      gone.push(...imported(code).filter((name) => !names.has(name)).map((name) => `${path} imports ${name}`));
    }
  }
  deepStrictEqual(gone, []);
});
