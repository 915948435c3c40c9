/** What the documents say of the program is true, and they lead to one another. Their examples are in another file. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { exitCodes } from "../cli/exit_codes.ts";
import { benchFileReference, examples } from "../docs/generate.ts";
import { errorCodes } from "../mod.ts";
import { defaultLimits } from "../server/access/limits.ts";
import { defaultSandboxOptions } from "../server/code/options.ts";
import { benchSchema, instrumentSchema } from "../server/config/schema.ts";
import { descriptionShape, fieldSchema } from "../server/devices/described/schema.ts";
import { builtInDrivers } from "../server/devices/drivers/drivers.ts";
import { run } from "./cli_fixture.ts";
import { codeBlocks, documents, readFile, unaligned } from "./documents.ts";
import { top } from "./fixture.ts";

Deno.test("docs: the README has at most 150 lines", async () => {
  const lines = (await readFile("README.md")).trimEnd().split("\n").length;
  ok(lines <= 150, `README.md has ${lines} lines`);
});

/** The names by which GitHub links a document's headings. */
function anchors(text: string): Set<string> {
  const prose = text.replace(/^```.*\n[\s\S]*?^```$/gm, "");
  const names = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
  return new Set(names);
}

Deno.test("docs: every link in the documents leads to a file and a heading that are there", async () => {
  const broken: string[] = [];
  for (const path of await documents()) {
    const prose = (await readFile(path)).replace(/^```.*\n[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
    for (const [, link] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link!)) continue;
      const [file, anchor] = link!.split("#");
      const target = file === "" ? new URL(path, top) : new URL(file!, new URL(path, top));
      try {
        const { isFile } = await Deno.stat(target);
        if (anchor !== undefined && (!isFile || !anchors(await Deno.readTextFile(target)).has(anchor))) {
          broken.push(`${path} links ${link}, and there is no such heading`);
        }
      } catch {
        broken.push(`${path} links ${link}, and there is no such file`);
      }
    }
  }
  deepStrictEqual(broken, []);
});

Deno.test("docs: the README leads to every document for users", async () => {
  const readme = await readFile("README.md");
  const missing = (await documents()).filter((path) => /^docs\/[^/]+$/.test(path) && !readme.includes(`(${path})`));
  deepStrictEqual(missing, []);
});

Deno.test("docs: the tables of error codes, exit codes and limits are the program's", async () => {
  const errors = unaligned(await readFile("docs/errors.md"));
  for (const [code, meaning] of Object.entries(errorCodes)) {
    ok(errors.includes(`| \`${code}\` | ${meaning} |`), `docs/errors.md lacks ${code}`);
  }
  for (const { code, meaning } of Object.values(exitCodes)) {
    ok(errors.includes(`| ${code} | ${meaning} |`), `docs/errors.md lacks exit code ${code}`);
  }
  const security = unaligned(await readFile("docs/security.md"));
  for (const [name, value] of Object.entries(defaultLimits)) {
    const row = `| \`${name}\` | ${value.toLocaleString("en")} |`;
    ok(security.includes(row), `docs/security.md lacks the limit ${name}`);
  }
});

Deno.test("docs: the table of what code may use is the program's", async () => {
  const code = unaligned(await readFile("docs/code.md"));
  const { deadline, memory, outputBytes, resultBytes, atOnce } = defaultSandboxOptions;
  const flags = {
    "--eval-deadline": `${deadline} s`,
    "--eval-memory": `${memory} MiB`,
    "--eval-output": `${outputBytes.toLocaleString("en")} bytes`,
    "--eval-result": `${resultBytes.toLocaleString("en")} bytes`,
    "--eval-at-once": `${atOnce}`,
  };
  for (const [flag, value] of Object.entries(flags)) ok(code.includes(`| \`${flag}\` | ${value} |`), flag);
});

Deno.test("docs: every flag of the server is in a table", async () => {
  const told = await readFile("docs/settings.md");
  const { out } = await run(["server", "--help"]);
  const flags = new Set(out.match(/--[a-z-]*[a-z]\b/g));
  flags.delete("--help");
  deepStrictEqual([...flags].filter((flag) => !told.includes(`| \`${flag}\``)), []);
});

Deno.test("docs: the tutorial's benches are the tested examples, and the table of drivers is complete", async () => {
  const tutorial = await readFile("docs/describe-your-instrument.md");
  for (const file of ["power_supply.json", "flow_controller.json"]) {
    const bench = (await readFile(`examples/benches/${file}`)).trimEnd();
    ok(tutorial.includes(`\`\`\`json\n${bench}\n\`\`\``), `docs/describe-your-instrument.md differs from ${file}`);
  }
  const table = await readFile("docs/drivers.md");
  for (const driver of Object.keys(builtInDrivers)) {
    ok(table.includes(`| \`${driver}\``), `docs/drivers.md lacks ${driver}`);
  }
});

Deno.test("docs: the bench file's reference is what the schema says", async () => {
  const written = await readFile("docs/bench-file.md");
  // The formatter breaks lines and aligns tables; what they say counts.
  const words = (text: string) => unaligned(text).split(/\s+/);
  deepStrictEqual(
    words(written),
    words(benchFileReference()),
    "write it anew: deno run --allow-read --allow-write=docs docs/generate.ts, then deno fmt docs",
  );
});

Deno.test("docs: every example of the bench file's reference is a bench file's", () => {
  for (const [path, text] of examples) {
    const example = JSON.parse(text);
    const instrument = { title: "Example", port: "tcp://127.0.0.1:5025", ...example };
    const fits = path === "" || path === "server" || path === "code" || path === "instruments" ||
        path === "tls" || path === "openid" || path === "datalog" || path === "site" ||
        ["records", "interlocks", "messages", "mqtt", "fleet", "watchdogs", "alarms", "limits"].some((word) =>
          path.startsWith(word)
        )
      ? benchSchema.safeParse({ instruments: [{ title: "Example" }], ...example })
      : path === "instruments.parameters"
      ? descriptionShape.parameters.safeParse(example.parameters)
      : instrumentSchema.safeParse(instrument);
    strictEqual(fits.error?.message, undefined, `the example of ${path}`);
  }
});

Deno.test("docs: every bench in a document is one that the schema takes, and so is every part of one", async () => {
  for (const path of await documents()) {
    if (path === "docs/bench-file.md") continue;
    for (const { language, code } of await codeBlocks(path)) {
      if (language !== "json") continue;
      const value = JSON.parse(code);
      const schema = value.instruments !== undefined || value.openid !== undefined
        ? benchSchema
        : value.title === undefined
        ? fieldSchema
        : instrumentSchema;
      const whole = schema === benchSchema ? { instruments: [{ title: "Example" }], ...value } : value;
      strictEqual(schema.safeParse(whole).error?.message, undefined, `${path}: ${code}`);
    }
  }
});

Deno.test("docs: the developer's documents name every room of the server, and no file that is not there", async () => {
  const house = await readFile("docs/developer/house.md");
  const tracked = await sourceFolders("server/");
  deepStrictEqual(tracked.filter((room) => !house.includes(`\`${room}\``)), [], "rooms that house.md lacks");
  const gone: string[] = [];
  for (const path of await documents()) {
    if (!path.startsWith("docs/developer/") && path !== "CONTRIBUTING.md") continue;
    const named = (await readFile(path)).matchAll(/`((?:server|client|cli|protocol|tests|examples|docs)\/[^`\s]*)`/g);
    for (const [, file] of named) {
      if (!await Deno.stat(new URL(file!, top)).then(() => true, () => false)) gone.push(`${path} names ${file}`);
    }
  }
  deepStrictEqual(gone, []);
});

/** The folders of a folder that hold a file; a checkout may have empty ones left over. */
async function sourceFolders(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, top))) {
    if (isDirectory && await holdsFile(`${folder}${name}/`)) found.push(`${folder}${name}/`);
  }
  return found;
}

async function holdsFile(folder: string): Promise<boolean> {
  for await (const { name, isFile } of Deno.readDir(new URL(folder, top))) {
    if (isFile || await holdsFile(`${folder}${name}/`)) return true;
  }
  return false;
}
