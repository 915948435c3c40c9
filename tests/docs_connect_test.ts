/** The commands of docs/connect.md, each run as its reader would, between two servers' folders on this PC. */
import { ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { typedLine } from "../cli/typed_line.ts";
import { Access } from "../server/access/admit.ts";
import { AccessStore } from "../server/access/access_store.ts";
import { OwnKeys } from "../server/access/keys.ts";
import { Doorkeeper } from "../server/access/pairing.ts";
import { Doorway } from "../server/network/first_byte.ts";
import { run } from "./cli_fixture.ts";
import { codeBlocks } from "./documents.ts";
import { canRun, eventually, startServer } from "./fixture.ts";

const curl = await canRun("curl");

Deno.test("docs: two PCs are paired, driven and asked by the commands of connect.md", async () => {
  const folder = await Deno.makeTempDir();
  const bench = join(folder, "lab.json");
  const home = { serversFile: join(folder, "home", "servers.json") };
  try {
    await Deno.writeTextFile(bench, '{"instruments": []}');
    const keys = await OwnKeys.open(join(folder, "lab.keys"), ["localhost", "127.0.0.1"]);
    const store = new AccessStore({ file: join(folder, "lab.access.json") });
    await store.open();
    // What comes from this PC is taken for another's.
    const access = new Access({ store, loopback: "token" });
    const doorway = new Doorway({
      certificate: keys.certificate,
      authority: keys.authority,
      servesPlain: () => false,
      answers: new Doorkeeper(access, keys.authority, () => ({ title: "lab", ports: server.ports })),
    });
    const server: ReturnType<typeof startServer> = startServer({ host: "0.0.0.0" }, { access, doorway });
    await using _server = server;
    let code = "";
    let told = 0;
    for (const block of (await codeBlocks("docs/connect.md")).filter(({ language }) => language === "sh")) {
      for (const line of block.code.trimEnd().split("\n")) {
        if (line.startsWith("curl")) {
          if (!curl) continue;
          const { token } = JSON.parse(await Deno.readTextFile(home.serversFile))["lab-pc"];
          const here = line.replace("lab.keys", join(folder, "lab.keys")).replace("$TOKEN", token)
            .replace("lab-pc:2403", `127.0.0.1:${server.webServer.port}`);
          const words = [...here.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
          const { stdout } = await new Deno.Command("curl", { args: ["-s", ...words.slice(1)] }).output();
          strictEqual(JSON.parse(new TextDecoder().decode(stdout)).server, "heliograph");
          told++;
          continue;
        }
        const { words: [, ...typed], last } = typedLine(line, true);
        const words = [...typed, ...(last.text === "" ? [] : [last.text])].map((word) =>
          word === "lab.json" ? bench : word
        );
        // It runs until it is stopped: tests/cli/pairing_test.ts has it.
        if (words[0] === "forward") continue;
        if (words[0] === "connect") {
          words.splice(1, 2, "127.0.0.1", code, "--port", String(server.webServer.port), "--as", words[1]!);
        }
        const { code: exit, out, err } = await run(words[0] === "pair" ? [...words, "--json"] : words, home);
        strictEqual(exit, 0, `${line}: ${err}`);
        if (words[0] === "pair") {
          code = JSON.parse(out).code;
          await eventually(() => store.invitations("pairing").length === 1, "the server knows the code");
        }
        told++;
      }
    }
    ok(told >= 5);
    strictEqual(await server.commandServer.command("tempcon.get_control_temperature"), "OK -90.0");
    keys.stop();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
