/** What holds the tree together: who may import whom, one version, one list of packages. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { version } from "../mod.ts";
import { top } from "./fixture.ts";

/** Where source is, and `mod.ts`. */
const sourceFolders = ["protocol/", "client/", "server/", "cli/"];

async function sources(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder, top))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory) found.push(...await sources(`${folder}${entry.name}/`));
    else if (/\.tsx?$/.test(entry.name)) found.push(folder + entry.name);
  }
  return found;
}

const read = (path: string) => Deno.readTextFile(new URL(path, top));

/** What each file of the tree imports, `import type` included: files of the tree by their path, and packages. */
interface Graph {
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

/** Asked once: the runtime itself says what it would load. */
let asked: Promise<Graph> | undefined;
const graph = () => asked ??= moduleGraph();

async function moduleGraph(): Promise<Graph> {
  const roots = (await sources()).filter((path) =>
    path === "mod.ts" || sourceFolders.some((in_) => path.startsWith(in_))
  );
  const folder = await Deno.makeTempDir();
  try {
    const root = join(folder, "roots.ts");
    await Deno.writeTextFile(root, roots.map((path) => `import "${new URL(path, top)}";\n`).join(""));
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", root],
      cwd: top,
      env: { NO_COLOR: "1" },
    }).output();
    ok(success, new TextDecoder().decode(stderr));
    const files = new Map<string, string[]>();
    const packages = new Map<string, string[]>();
    for (const { specifier, dependencies = [] } of JSON.parse(new TextDecoder().decode(stdout)).modules) {
      if (!specifier.startsWith(top.href)) continue;
      const [own, others]: [string[], string[]] = [[], []];
      for (const dependency of dependencies) {
        const target: string = (dependency.code ?? dependency.type)?.specifier ?? dependency.specifier;
        if (target.startsWith(top.href)) own.push(target.slice(top.href.length));
        else others.push(dependency.specifier);
      }
      files.set(specifier.slice(top.href.length), own);
      packages.set(specifier.slice(top.href.length), others);
    }
    deepStrictEqual(roots.filter((path) => !files.has(path)), [], "the graph holds every file");
    return { files, packages };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The faces: each is a folder, whatever others come. */
const faces = [...Deno.readDirSync(new URL("server/faces/", top))]
  .filter(({ name, isDirectory }) => isDirectory && name !== "shared")
  .map(({ name }) => `server/faces/${name}/`);

/** The rooms from the top of the house down; each may import what stands below it, and its own. */
const rooms: readonly (readonly [room: string, mayImport: readonly string[] | "all below"])[] = [
  ["mod.ts", "all below"],
  ["cli/", "all below"],
  ["server/testing.ts", "all below"],
  ["server/server.ts", "all below"],
  ...faces.map((face) => [face, "all below"] as const),
  ["server/faces/shared/", "all below"],
  ["server/faces/face.ts", "all below"],
  ["server/rehearsal/", "all below"],
  ["server/services.ts", "all below"],
  ["server/requests/", "all below"],
  [
    "server/automation/",
    [
      "server/config/",
      "server/code/",
      "server/access/",
      "server/camera/",
      "server/expressions/",
      "server/files/",
      "server/bench/",
      "protocol/",
    ],
  ],
  ["server/records/", "all below"],
  ["server/config/", "all below"],
  ["server/code/", "all below"],
  ["server/guards/", ["server/access/", "server/expressions/", "server/bench/", "server/files/", "protocol/"]],
  ["server/mqtt/", ["server/access/", "server/files/", "server/bench/", "server/network/", "protocol/"]],
  ["server/fleet/", [
    "server/access/",
    "server/bench/",
    "server/files/",
    "server/network/",
    "server/records/",
    "protocol/",
  ]],
  ["server/messages/", ["server/access/", "server/processes/", "server/files/", "server/bench/", "protocol/"]],
  ["server/access/", "all below"],
  ["server/devices/driver_process/", "all below"],

  ["server/camera/", "all below"],
  ["server/devices/", "all below"],
  ["server/expressions/", ["server/bench/", "protocol/"]],
  ["server/files/", ["protocol/"]],
  ["server/processes/", "all below"],
  ["server/bench/", ["protocol/"]],
  ["server/network/", ["protocol/"]],
  ["client/page/", ["protocol/"]],
  ["client/", ["protocol/"]],
  ["protocol/", []],
];

/** Rooms that lie within others come first when a path is looked up. */
const byDepth = rooms.map(([room]) => room).sort((one, other) => other.length - one.length);
const roomOf = (path: string) => byDepth.find((room) => path.startsWith(room));

Deno.test("design: every file is in a room, and every room imports only from rooms below it", async () => {
  const broken: string[] = [];
  const order = rooms.map(([room]) => room);
  for (const [path, targets] of (await graph()).files) {
    const room = roomOf(path);
    if (room === undefined) {
      broken.push(`${path} is in no room`);
      continue;
    }
    const [, may] = rooms[order.indexOf(room)]!;
    for (const target of targets) {
      const other = roomOf(target);
      const below = other !== undefined && order.indexOf(other) > order.indexOf(room);
      // A client is no part of the server, and a face no part of another.
      const strange = room.startsWith("server/") && other?.startsWith("client/") ||
        faces.includes(room) && faces.includes(other ?? "");
      const allowed = other === room || (may === "all below" ? below && !strange : may.includes(other ?? ""));
      if (!allowed) broken.push(`${path} imports ${target}`);
    }
  }
  deepStrictEqual(broken, []);
});

Deno.test("design: a way in knows no other way in", async () => {
  const face = (path: string) => /^server\/faces\/(?!shared\/)\w+\//.exec(path)?.[0];
  const broken: string[] = [];
  for (const [path, targets] of (await graph()).files) {
    for (const target of targets) {
      if (face(path) !== undefined && face(target) !== undefined && face(path) !== face(target)) {
        broken.push(`${path} imports ${target}`);
      }
    }
  }
  deepStrictEqual(broken, []);
});

Deno.test("design: no file imports itself, by any way round", async () => {
  const { files } = await graph();
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, way: string[]) => {
    if (way.includes(path)) return void cycles.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (done.has(path)) return;
    for (const target of files.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  deepStrictEqual(cycles, []);
});

Deno.test("design: clients and the page import words and types, and no schemas: zod stays out of them", async () => {
  const { files, packages } = await graph();
  const reached = new Set([...files.keys()].filter((path) => path.startsWith("client/") && !path.endsWith("build.ts")));
  for (const path of reached) for (const target of files.get(path) ?? []) reached.add(target);
  ok(reached.has("protocol/vocabulary.ts"));
  deepStrictEqual([...reached].filter((path) => packages.get(path)?.some((name) => /\bzod\b/.test(name))), []);
});

Deno.test("design: protocol is pure, and only cli knows the process and the console", async () => {
  const broken: string[] = [];
  for (const path of await sources()) {
    const code = (await read(path)).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    if (path.startsWith("protocol/") && /\bDeno\.|\bsetTimeout\b|\bsetInterval\b|\bconsole\b/.test(code)) {
      broken.push(path);
    }
    // The launcher and the processes of sandboxes, drivers and rehearsals end themselves: they are programs of their own.
    const hosts = ["code/host.ts", "devices/driver_process/host.ts", "rehearsal/host.ts"];
    const program = ["processes/launcher_process.ts", ...hosts].includes(path.replace(/^server\//, ""));
    if (/^(?:server|client)\//.test(path) && !program && /\bDeno\.(?:args|exit)\b/.test(code)) broken.push(path);
    // The client's errors mode "print" prints, as the original's does; nothing else outside cli does.
    if (/^server\//.test(path) && /\bconsole\.\w+\(/.test(code)) broken.push(path);
  }
  deepStrictEqual(broken, []);
});

Deno.test("design: one version, and one version of every package", async () => {
  strictEqual(JSON.parse(await read("deno.json")).version, version);
  const versions = new Map<string, Set<string>>();
  for (const [path, specifiers] of (await graph()).packages) {
    for (const specifier of specifiers) {
      ok(!specifier.startsWith("jsr:"), `${path} imports ${specifier}`);
      const [, name, number] = /^npm:(@?[^@]+)@([^/]+)/.exec(specifier) ?? [];
      if (name !== undefined) versions.set(name, (versions.get(name) ?? new Set()).add(number!));
    }
  }
  deepStrictEqual([...versions].filter(([, numbers]) => numbers.size > 1), []);
});

Deno.test("design: the lock that executables are built with holds no package of the tests", async () => {
  const { specifiers } = JSON.parse(await read("deno.lock"));
  const runtime = new Set<string>();
  for (const [path, specifiers] of (await graph()).packages) {
    // The page's packages are in its bundle already.
    if (path.startsWith("client/page/")) continue;
    for (const specifier of specifiers) {
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
