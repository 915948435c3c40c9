/** Files that are their owner's alone on Windows, by an access list that is read back. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { OwnKeys } from "../../../server/access/keys.ts";
import { OwnerAccess } from "../../../server/files/owner_access.ts";
import { writeFleet } from "../../../server/fleet/broker_files.ts";
import { run } from "../../cli_fixture.ts";
import { SecretKeeper } from "../../../server/files/secret_keeper.ts";

/** Who may do something with it, by the names and numbers that Windows has for them; SY is the system, BA administrators. */
function mayAccess(path: string): string[] {
  const list = OwnerAccess.usual!.read(path);
  match(list, /^D:/);
  return [...new Set([...list.matchAll(/;([^;)]+)\)/g)].map(([, who]) => who!))].sort();
}

Deno.test({
  name:
    "owner access: on Windows tokens and keys are for the user of this process, administrators and the system alone",
  ignore: Deno.build.os !== "windows",
  // The system's library stays loaded.
  sanitizeResources: false,
  fn: async () => {
    const owner = OwnerAccess.usual!;
    const mine = (path: string) => {
      const others = mayAccess(path).filter((who) => ![owner.user, "SY", "BA", "LA"].includes(who));
      deepStrictEqual(others, [], path);
    };
    const folder = await Deno.makeTempDir();
    const file = join(folder, "lab.access.json");
    const keeper = new SecretKeeper(file, () => {});
    try {
      strictEqual(await keeper.read(), undefined);
      ok(await keeper.exchange(undefined, "one"));
      mine(file);
      ok(owner.protects(file));
      // Each change makes a new file.
      ok(await keeper.exchange("one", "two"));
      mine(file);
      strictEqual(await keeper.read(), "two");
      const keys = await OwnKeys.open(join(folder, "lab.keys"), ["localhost"]);
      mine(join(folder, "lab.keys"));
      mine(join(folder, "lab.keys", "keys.pem"));
      keys.stop();
      const fleet = join(folder, "fleet");
      await writeFleet(fleet, ["cold-lab"], { host: "127.0.0.1" });
      for (const each of [[], ["authority.key"], ["cold-lab", "fleet.seed"]]) mine(join(fleet, ...each));
      const bench = join(folder, "lab.json");
      await Deno.writeTextFile(bench, '{\r\n  "name": "Cold lab",\r\n  "instruments": []\r\n}\r\n');
      const joined = await run(["fleet", "join", join(fleet, "cold-lab"), "tls://127.0.0.1:1", "--bench", bench]);
      match(joined.out, /lab\.json is in the fleet as cold-lab/);
      strictEqual(joined.err, "");
      mine(join(folder, "fleet.seed"));
      match(await Deno.readTextFile(bench), /"fleet": \{\r\n {4}"broker": "tls:\/\/127\.0\.0\.1:1",\r\n/);
      strictEqual(owner.protect(join(folder, "not there"), "file"), false);
      ok(!owner.protects(join(folder, "not there")));
    } finally {
      keeper.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
