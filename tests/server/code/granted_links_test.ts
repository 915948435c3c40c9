/** Folders that code may use: a symbolic link out of them is refused when they are granted. */
import { rejects, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import { Sandbox } from "../../../server/code/sandbox.ts";
import { run } from "../../cli_fixture.ts";
import { dashboardClient, startServer } from "../../fixture.ts";

Deno.test({
  name: "sandbox: a granted folder with a symbolic link out of it is refused, with the link and where it leads",
  // Making one takes a right that few users of Windows have.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const top = await Deno.realPath(await Deno.makeTempDir());
    const at = (...names: string[]) => join(top, ...names);
    try {
      for (const folder of ["in", "in/deep", "out", "inside"]) Deno.mkdirSync(at(folder));
      Deno.writeTextFileSync(at("out", "secret"), "secret");
      Deno.writeTextFileSync(at("in", "fine"), "fine");
      Deno.symlinkSync(at("in", "fine"), at("in", "deep", "inner"));
      // The operator has named it: where it leads is what they grant.
      Deno.symlinkSync(at("in"), at("named"));
      const grant = (read: string[], write: string[] = []) => new Sandbox({ permissions: { read, write } });
      for (const path of [at("in"), at("named"), at("in", "fine"), at("nothing there")]) grant([path], [path]);
      await using server = startServer({ sandbox: { permissions: { read: [at("named")] } } });
      await using client = dashboardClient(server);
      const read = (path: string) => client.doEval(`Deno.readTextFileSync(${JSON.stringify(path)})`);
      strictEqual(await read(at("named", "deep", "inner")), "fine");
      await rejects(read(at("out", "secret")), { message: /--eval-read/ });

      const links: [link: string, target: string][] = [
        [at("in", "deep", "folder"), at("out")],
        [at("in", "file"), at("out", "secret")],
        [at("in", "dangling"), at("out", "not there yet")],
        [at("in", "up"), at()],
        [at("in", "similar"), at("inside")],
      ];
      for (const [link, target] of links) {
        Deno.symlinkSync(target, link);
        for (
          const [kind, give] of [["read", () => grant([at("in")])], ["write", () => grant([], [at("in")])]] as const
        ) {
          throws(give, {
            code: "bad_argument",
            message: `Cannot let code ${kind} ${at("in")}: ${link} in it is a symbolic link out of it, to ${target}, ` +
              `which code could ${kind} as well. Remove the link, or grant that path too (--eval-${kind})`,
          });
        }
        // What is granted as well may be led to; to read is not to write.
        grant([at("in"), target], [target]);
        throws(() => grant([at("in"), target], [at("in")]), { message: /Cannot let code write/ });
        Deno.removeSync(link);
      }
      Deno.symlinkSync(at("out"), at("in", "away"));
      const { code, err } = await run(["server", "--eval-read", at("in"), "--command-port", "0"]);
      strictEqual(code, 2);
      strictEqual(err.includes(`${at("in", "away")} in it is a symbolic link out of it, to ${at("out")}`), true, err);
    } finally {
      await Deno.remove(top, { recursive: true });
    }
  },
});
