/** Makes TLS handshakes as fast as it can, until it is killed: PORT AUTHORITY. */
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

await Promise.all([...Array.from({ length: 32 }, whole), ...Array.from({ length: 8 }, begun)]);
