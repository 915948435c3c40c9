/** Holds idle TLS connections until it is killed: PORT AUTHORITY COUNT. Prints how many were served. */
import { secureConnect } from "../client/secure.ts";
import { writeText } from "../client/waiting.ts";

const [port, count] = [Number(Deno.args[0]), Number(Deno.args[2])];
const authority = await Deno.readTextFile(Deno.args[1]!);
const idle: Deno.TlsConn[] = [];
let refused = false;

async function one(): Promise<void> {
  const first = { wire: "line" };
  try {
    const { connection } = await secureConnect("127.0.0.1", port, { authority, first }, { timeout: 30 });
    // Served, and not only accepted.
    await writeText(connection, "echo\n");
    if (await connection.read(new Uint8Array(16)) === null) throw new Error("the server closed it");
    idle.push(connection);
  } catch (error) {
    if (!refused) console.error((error as Error).message);
    refused = true;
  }
}

while (idle.length < count && !refused) {
  await Promise.all(Array.from({ length: Math.min(20, count - idle.length) }, one));
}
console.log(idle.length);
// Until it is killed.
await new Promise(() => setInterval(() => {}, 60_000));
