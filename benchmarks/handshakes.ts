/** Makes TLS handshakes, or gives wrong tokens, as fast as it can until it is killed: PORT AUTHORITY handshakes|tokens. */
import { secureConnect } from "../client/secure.ts";
import { ownName } from "../protocol/pairing.ts";

const port = Number(Deno.args[0]);
const caCerts = [await Deno.readTextFile(Deno.args[1]!)];
const hello = new Uint8Array([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);

async function whole(): Promise<void> {
  for (;;) {
    try {
      using connection = await Deno.startTls(await Deno.connect({ hostname: "127.0.0.1", port }), {
        hostname: ownName,
        caCerts,
      });
      await connection.handshake();
    } catch {
      // Refused for now.
    }
  }
}

/** Begun and given up: cheaper for whoever floods. */
async function begun(): Promise<void> {
  for (;;) {
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(hello);
    } catch {
      // Refused for now.
    }
  }
}

/** A token that nobody has. */
async function wrong(): Promise<void> {
  for (;;) {
    const first = { wire: "line", token: "hg_wrong" };
    await secureConnect("127.0.0.1", port, { authority: caCerts[0], first }, { timeout: 10 }).catch(() => {});
  }
}

await Promise.all(
  Deno.args[2] === "tokens"
    ? Array.from({ length: 32 }, wrong)
    : [...Array.from({ length: 32 }, whole), ...Array.from({ length: 8 }, begun)],
);
