/** How the page comes into the server: it is built once for its sources, and the server works without it. */
import { match, ok, strictEqual } from "node:assert/strict";
import { eventually, top } from "../../fixture.ts";
import { ofTask, ServerProcess } from "../../server_process.ts";

/** What a server and its page are made of; nothing of what is made from it. */
const parts = ["cli", "client", "protocol", "server", "deno.json", "deno.lock"];

async function copy(from: URL, to: URL): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    if (!name.startsWith("page_assets.ts")) await copy(new URL(`${from.href}/${name}`), new URL(`${to.href}/${name}`));
  }
}

/** A source tree as a fresh clone has it. */
async function freshTree(): Promise<{ readonly url: URL } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  const url = new URL(`file://${Deno.build.os === "windows" ? "/" : ""}${path.replaceAll("\\", "/")}/`);
  for (const part of parts) await copy(new URL(part, top), new URL(part, url));
  return { url, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** What a server that runs from a tree answers to who asks for its page. */
async function pageOf(tree: URL): Promise<{ readonly status: number; readonly text: string }> {
  const program = { name: "a tree", path: Deno.execPath(), server: ofTask("start"), client: [], cwd: tree };
  await using server = new ServerProcess(program, ["--web-port", "0"]);
  await server.ports();
  await eventually(() => /http:\/\/127/.test(server.out), "the page's address is told");
  const response = await fetch(/http:\/\/127\.0\.0\.1:\d+/.exec(server.out)![0]);
  return { status: response.status, text: await response.text() };
}

Deno.test("page: a tree in which it was not built serves everything else, and says how to build it", async () => {
  await using tree = await freshTree();
  const bare = await pageOf(tree.url);
  strictEqual(bare.status, 200);
  match(bare.text, /The page is not built[\s\S]*deno task page/);
  ok(!bare.text.includes("/page.js"));
});

Deno.test({
  name: "page: the task builds it once for its sources, and anew after an edit",
  // Windows' Deno is tested without a network, which it needs to fetch its bundler.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using tree = await freshTree();
    const made = new URL("server/faces/web/page_assets.ts", tree.url);
    const build = async () => {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: ["task", "page"], cwd: tree.url })
        .output();
      ok(success, new TextDecoder().decode(stderr));
      return await Deno.readTextFile(made);
    };
    const first = await build();
    match((await pageOf(tree.url)).text, /src="\/page\.js\?[0-9a-f]{16}"/);

    // What stands there is kept, so that whoever starts the server waits for no bundler.
    await Deno.writeTextFile(made, `${first}// kept\n`);
    strictEqual(await build(), `${first}// kept\n`);

    await Deno.writeTextFile(new URL("client/page/page.css", tree.url), "body { color: rebeccapurple }\n");
    match(await build(), /rebeccapurple/);
  },
});
