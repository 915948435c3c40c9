/** From another address, over a network of its own: in a network namespace, which Linux gives root. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { Access } from "../../server/access/admit.ts";
import { AccessStore } from "../../server/access/access_store.ts";
import { AddressRoles } from "../../server/access/addresses.ts";
import { OwnKeys } from "../../server/access/keys.ts";
import { Doorkeeper } from "../../server/access/pairing.ts";
import { Doorway } from "../../server/network/first_byte.ts";
import { startServer, top } from "../fixture.ts";

const name = `hg${Deno.pid}`;
// Another run of this test at the same time has another network.
const network = `10.203.${Deno.pid % 254}`;
const [here, there] = [`${network}.1`, `${network}.2`] as const;

async function ip(...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command("ip", { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Another PC, as far as the server can tell. */
async function namespace(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  return await ip("netns", "add", name) &&
    await ip("link", "add", `${name}a`, "type", "veth", "peer", "name", `${name}b`, "netns", name) &&
    await ip("addr", "add", `${here}/30`, "dev", `${name}a`) && await ip("link", "set", `${name}a`, "up") &&
    await ip("netns", "exec", name, "ip", "addr", "add", `${there}/30`, "dev", `${name}b`) &&
    await ip("netns", "exec", name, "ip", "link", "set", `${name}b`, "up");
}

const possible = await namespace();
if (!possible) await ip("netns", "del", name);

/** What a client over there asks, and what it is told. */
const client = `
import { AzcamClient } from "${new URL("client/mod.ts", top)}";
const [host, port, mapped, all, authorityFile, token] = Deno.args;
const authority = Deno.readTextFileSync(authorityFile);
const plain = async (port, text) => {
  using connection = await Deno.connect({ hostname: host, port: Number(port) });
  await connection.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(4096);
  const count = await connection.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0)).trim();
};
const tls = async (line, options) => {
  const camera = new AzcamClient({ host, port: Number(port), timeout: 20, ...options });
  try {
    return (await camera.command(line)).join(" ");
  } catch (error) {
    return error.code + ": " + error.message;
  } finally {
    camera.close();
  }
};
console.log(JSON.stringify({
  plain: await plain(port, "tempcon.get_control_temperature\\n"),
  mapped: await plain(mapped, "tempcon.get_control_temperature\\n"),
  mappedSets: await plain(mapped, "tempcon.set_control_temperature -90\\n"),
  untrusted: await tls("echo", { tls: {} }),
  nobody: await tls("tempcon.get_control_temperature", { tls: { authority } }),
  wrong: await tls("tempcon.get_control_temperature", { tls: { authority }, token: "hg_wrongwrongwrong" }),
  right: await tls("tempcon.set_control_temperature -90", { tls: { authority }, token }),
  all: await tls("tempcon.get_control_temperature", { port: Number(all), tls: { authority }, token }),
  plainAll: await plain(all, "tempcon.set_control_temperature -80\\n"),
}));
`;

Deno.test({
  name:
    "other address: without a credential nothing is run, with a token what its role says, and plain bytes if mapped",
  ignore: !possible, // needs Linux, root and ip
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const keys = await OwnKeys.open(join(folder, "lab.keys"), ["localhost", here]);
      const store = new AccessStore();
      const token = await store.add({ name: "ana", role: "operator" });
      const open = (addresses: Readonly<Record<string, string>>) => {
        const access = new Access({ store, addresses: new AddressRoles(addresses) });
        const doorway = new Doorway({
          certificate: keys.certificate,
          authority: keys.authority,
          servesPlain: (address) => access.servesPlain(address),
          answers: new Doorkeeper(access, keys.authority),
        });
        return startServer({ host: "0.0.0.0" }, { access, doorway });
      };
      await using server = open({});
      await using mapped = open({ [`${there}/32`]: "observer" });
      const program = join(folder, "client.ts");
      await Deno.writeTextFile(program, client);
      const ports = [server, mapped].map(({ commandServer }) => String(commandServer.port));
      const flags = ["run", "--no-lock", "--no-check", "--quiet", "-A", "--cached-only", program];
      const { stdout, stderr } = await new Deno.Command("ip", {
        args: [
          ...["netns", "exec", name, Deno.execPath(), ...flags],
          ...[here, ...ports, String(server.ports.tls), join(folder, "lab.keys", "authority.pem"), token],
        ],
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder();
      ok(stdout.length > 0, text.decode(stderr));
      const told = JSON.parse(text.decode(stdout));
      match(told.plain, /^ERROR Refused: without TLS only this PC/);
      strictEqual(told.mapped, "OK -100.0");
      match(told.mappedSets, /^ERROR .*may not|^ERROR Cannot/);
      match(told.untrusted, /^connection_failed: .*does not trust its certificate/);
      match(told.nobody, /^ERROR .*(?:auth TOKEN|who you are)/);
      match(told.wrong, /^no_credential: The token is wrong/);
      strictEqual(told.right, "OK");
      strictEqual(told.all, "OK -90.0");
      ok(!told.plainAll.includes("OK"), told.plainAll);
      strictEqual(await server.commandServer.command("tempcon.get_control_temperature"), "OK -90.0");
      keys.stop();
    } finally {
      await ip("link", "del", `${name}a`);
      await ip("netns", "del", name);
      await Deno.remove(folder, { recursive: true });
    }
  },
});
