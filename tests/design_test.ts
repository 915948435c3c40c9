/** What holds the tree together: who may import whom, one version, one list of packages. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { version } from "../mod.ts";
import { top } from "./fixture.ts";

async function sources(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder, top))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory) found.push(...await sources(`${folder}${entry.name}/`));
    else if (entry.name.endsWith(".ts")) found.push(folder + entry.name);
  }
  return found;
}

const read = (path: string) => Deno.readTextFile(new URL(path, top));

/** What a file imports or re-exports, `import type` included; examples in comments are left out. */
async function imports(path: string): Promise<string[]> {
  const code = (await read(path)).replace(/\/\*[\s\S]*?\*\//g, "");
  const found = [
    ...code.matchAll(/^(?:import|export)\b[^"';]*?(?:from\s+)?"([^"]+)"/gms),
    ...code.matchAll(/\bimport\("([^"]+)"\)/g),
  ];
  return found.map(([, specifier]) => specifier!);
}

/** The folders that a folder may import from; its own is one of them. */
const allowed: [folder: string, from: string[]][] = [
  ["protocol/", ["protocol/"]],
  ["server/bench/", ["server/bench/"]],
  ["server/", ["server/", "protocol/"]],
  ["client/", ["client/", "protocol/"]],
  ["cli/", ["cli/", "client/", "server/", "protocol/"]],
  ["mod.ts", ["client/", "server/", "protocol/"]],
];

Deno.test("design: every folder imports only what it may, and nothing imports mod.ts but tests, examples and benchmarks", async () => {
  const broken: string[] = [];
  for (const path of await sources()) {
    const rule = allowed.find(([folder]) => path.startsWith(folder));
    if (rule === undefined) continue;
    for (const specifier of await imports(path)) {
      if (!specifier.startsWith(".")) continue;
      const target = new URL(specifier, new URL(path, top)).href.slice(top.href.length);
      if (!rule[1].some((folder) => target.startsWith(folder))) broken.push(`${path} imports ${target}`);
    }
  }
  deepStrictEqual(broken, []);
});

Deno.test("design: no file imports itself, by any way round", async () => {
  const graph = new Map<string, string[]>();
  for (const path of await sources()) {
    const targets = (await imports(path)).filter((specifier) => specifier.startsWith("."));
    graph.set(path, targets.map((specifier) => new URL(specifier, new URL(path, top)).href.slice(top.href.length)));
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, way: string[]) => {
    if (way.includes(path)) return void cycles.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  deepStrictEqual(cycles, []);
});

Deno.test("design: protocol is pure, and only cli knows the process and the console", async () => {
  const broken: string[] = [];
  for (const path of await sources()) {
    const code = (await read(path)).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    if (path.startsWith("protocol/") && /\bDeno\.|\bsetTimeout\b|\bsetInterval\b|\bconsole\b/.test(code)) {
      broken.push(path);
    }
    // The launcher and the processes of sandboxes and drivers end themselves: they are programs of their own.
    const program = ["processes/launcher_process.ts", "sandbox/host.ts", "driver_process/host.ts"]
      .includes(path.replace(/^server\//, ""));
    if (/^(?:server|client)\//.test(path) && !program && /\bDeno\.(?:args|exit)\b/.test(code)) broken.push(path);
    // The client's errors mode "print" prints, as the original's does; nothing else outside cli does.
    if (/^server\//.test(path) && /\bconsole\.\w+\(/.test(code)) broken.push(path);
  }
  deepStrictEqual(broken, []);
});

Deno.test("design: one version, and one version of every package", async () => {
  strictEqual(JSON.parse(await read("deno.json")).version, version);
  const versions = new Map<string, Set<string>>();
  for (const path of await sources()) {
    for (const specifier of await imports(path)) {
      ok(!specifier.startsWith("jsr:"), `${path} imports ${specifier}`);
      const [, name, number] = /^npm:(@?[^@]+)@(.+)$/.exec(specifier) ?? [];
      if (name !== undefined) versions.set(name, (versions.get(name) ?? new Set()).add(number!));
    }
  }
  deepStrictEqual([...versions].filter(([, numbers]) => numbers.size > 1), []);
});

Deno.test("design: the lock that executables are built with holds no package of the tests", async () => {
  const { specifiers } = JSON.parse(await read("deno.lock"));
  const runtime = new Set<string>();
  for (const path of await sources()) {
    // The page's packages are in its bundle already.
    if (!/^(?:protocol|server|client|cli)\//.test(path) || path.startsWith("client/page/")) continue;
    for (const specifier of await imports(path)) {
      // Of a package's file, the package is locked.
      if (specifier.startsWith("npm:")) runtime.add(/^npm:@?[^@]+@[^/]+/.exec(specifier)![0]);
    }
  }
  deepStrictEqual(Object.keys(specifiers).sort(), [...runtime].sort());
});

Deno.test("design: MicroPython is that of the npm package, version 1.27.0, to the byte", async () => {
  const digests = {
    "micropython.mjs.txt": "c2be87e7ba24e3b47d133022b009a66bff07f4720aa23d816d216ef8cc47014c",
    "micropython.wasm.bin": "06338c955b03c5700aa0069015d3e392d76836ef8e2ce25bedbe59b88ccd373c",
  };
  for (const [name, expected] of Object.entries(digests)) {
    const bytes = await Deno.readFile(new URL(`server/code/micropython/${name}`, top));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    strictEqual([...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""), expected, name);
  }
});
