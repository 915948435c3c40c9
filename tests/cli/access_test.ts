/** `heliograph access`, the bench that its page shows, and a server that takes what it does. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { BenchFileError, loadBench } from "../../mod.ts";
import { run } from "../cli_fixture.ts";
import { codeBlocks } from "../documents.ts";
import { RawClient } from "../fixture.ts";
import { type Program, programs, ServerProcess } from "../server_process.ts";

/** A server that may read and write where its bench lies. */
function benchServer(program: Program): Program {
  return { ...program, server: [...program.client, "server"] };
}

/** The bench of docs/access.md in a folder of its own, on simulators' ports. */
async function withBench(work: (bench: string, folder: string) => Promise<void>): Promise<void> {
  const [block] = (await codeBlocks("docs/access.md")).filter(({ language }) => language === "json");
  const folder = await Deno.makeTempDir();
  try {
    const bench = join(folder, "lab.json");
    await Deno.writeTextFile(bench, block!.code);
    await work(bench, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("access: people are added, listed, renewed and revoked, with the roles of the bench file", () =>
  withBench(async (bench, folder) => {
    const access = (...words: string[]) => run(["access", ...words, "--bench", bench]);
    deepStrictEqual(await access(), { code: 0, out: "Nobody has a token\n", err: "" });
    const added = await access(
      "add",
      "ana",
      "--role",
      "night assistant",
      "--instruments",
      "methane_mfc",
      "--days",
      "90",
    );
    strictEqual(added.code, 0);
    match(added.out, /^hg_[A-Za-z0-9_-]{43}\n$/, "a script takes it from here");
    match(added.err, /^ana is night assistant of methane_mfc, until \d{4}-\d\d-\d\d\. This token is told once/);
    const renewed = await access("renew", "ana");
    ok(renewed.out !== added.out);
    match((await access("list")).out, /^ana +night assistant +methane_mfc +\d{4}-\d\d-\d\d +never/m);
    const listed = JSON.parse((await access("list", "--json")).out);
    deepStrictEqual(Object.keys(listed[0]).toSorted(), ["instruments", "made", "name", "role", "until"]);
    match((await access("roles")).out, /^night assistant: read, drive, take over$/m);
    // What is wrong is said, and nothing is done.
    for (
      const [words, why] of [
        [["add", "ANA"], /Cannot add ANA: somebody of that name has a token\. Renew it, revoke it/],
        [["add", "bob", "--role", "queen"], /No role is called queen on this bench; there are .*night assistant/],
        [["add", "bob", "--role", "oprator"], /No role is called oprator on this bench \(did you mean operator\?\)/],
        [["add"], /Cannot add nobody: give a name, as in access add ana/],
        [["list", "ana"], /access list takes no name/],
        [["revoke", "bob"], /Nobody is called bob here; these have tokens: ana/],
        [["renew", "anna"], /Nobody is called anna here \(did you mean ana\?\)/],
        [["revoke", "ana", "--days", "3"], /Cannot revoke with --days: that is for access add and renew/],
        [["forbid"], /Cannot forbid access: give add, list, revoke, renew, roles/],
        [["add", "eve", "--days", "never"], /never is no number of days/],
      ] as const
    ) {
      const { code, out, err } = await access(...words);
      ok(code !== 0 && out === "", words.join(" "));
      match(err, why);
    }
    strictEqual((await access("revoke", "ana")).out, "ana has no access any more\n");
    deepStrictEqual([...Deno.readDirSync(folder)].map(({ name }) => name).toSorted(), ["lab.access.json", "lab.json"]);
  }));

Deno.test("access: the lines of its page do what it says", () =>
  withBench(async (bench) => {
    const [block] = (await codeBlocks("docs/access.md")).filter(({ language }) => language === "sh");
    const lines = block!.code.trimEnd().split("\n");
    ok(lines.length >= 4);
    for (const line of lines) {
      const [heliograph, ...words] = line.split(" ").map((word) => word === "lab.json" ? bench : word);
      strictEqual(heliograph, "heliograph");
      const { code, err } = await run(words);
      strictEqual(code, 0, `${line}: ${err}`);
    }
  }));

Deno.test("access: what a bench file says wrongly of roles and addresses is told with its place", () =>
  withBench(async (bench) => {
    const text = await Deno.readTextFile(bench);
    const wrong = async (from: string, to: string): Promise<string> => {
      ok(text.includes(from));
      await Deno.writeTextFile(bench, text.replace(from, to));
      try {
        await (await loadBench(bench)).close();
      } catch (error) {
        ok(error instanceof BenchFileError);
        return error.message;
      }
      return "nothing";
    };
    match(await wrong(`"10.1.2.0/28": "operator"`, `"10.1.2.0/28": "oprator"`), /did you mean operator/);
    match(await wrong(`"10.1.2.0/28"`, `"10.1.2.0/33"`), /must be an address or a network/);
    match(await wrong(`"drive"`, `"evaluate"`), /roles/);
    match(await wrong(`"night assistant": [`, `"admin": [`), /stays as it is/);
    match(await wrong(`"token"`, `"password"`), /loopback/);
  }));

for (const program of programs) {
  Deno.test(`access: ${program.name}: a server asks for tokens as its bench file says, and takes people at once`, () =>
    withBench(async (bench, folder) => {
      await using server = new ServerProcess(benchServer(program), [
        "--bench",
        bench,
        "--simulate",
        "--records",
        join(folder, "records"),
      ]);
      const [command] = await server.ports();
      ok(server.err.includes("Whoever comes from 10.1.2.0/28 is operator without a token"), server.err);
      using client = await RawClient.connect(command);
      match(await client.ask("list"), /^ERROR .*say first who you are/);
      const { out } = await run(["access", "add", "ana", "--role", "operator", "--bench", bench]);
      const token = out.trim();
      let said = "";
      for (let tries = 0; said !== "OK" && tries < 100; tries++) {
        said = await client.ask(`auth ${token}`);
        if (said !== "OK") await new Promise((resolve) => setTimeout(resolve, 100));
      }
      strictEqual(said, "OK");
      strictEqual(await client.ask("list"), "OK methane_mfc");
      strictEqual((await run(["access", "revoke", "ana", "--bench", bench])).code, 0);
      strictEqual(await client.rest(), "", "the connection ends");
      server.kill("SIGTERM");
      await server.end();
      ok(!server.err.includes(token) && !server.out.includes(token));
    }));
}
