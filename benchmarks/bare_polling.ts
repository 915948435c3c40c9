/**
 * The floor of polling on this runtime: asks ten questions of each PORT… once a second, spread over the second, and parses
 * the answers: PORT…. It tells the processor time that it has used on a port of its own, as the server does.
 */
import process from "node:process";

const ports = Deno.args.map(Number);
const questions = Array.from({ length: 10 }, (_, index) => new TextEncoder().encode(`F${index}?\n`));
const decoder = new TextDecoder();
const values = new Map<string, number>();

async function poll(connection: Deno.TcpConn, port: number): Promise<void> {
  const buffer = new Uint8Array(4096);
  for (const [index, question] of questions.entries()) {
    await connection.write(question);
    let answer = "";
    while (!answer.endsWith("\n")) {
      const count = await connection.read(buffer);
      if (count === null) throw new Error("closed");
      answer += decoder.decode(buffer.subarray(0, count));
    }
    const value = Number(answer.trim());
    if (Number.isNaN(value)) throw new TypeError(answer);
    values.set(`${port} ${index}`, value);
  }
}

for (const [index, port] of ports.entries()) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  // One that is late is not asked twice at once.
  let polling: Promise<void> | undefined;
  const begin = () => polling ??= poll(connection, port).finally(() => polling = undefined);
  setTimeout(() => setInterval(begin, 1000), 1000 * index / ports.length);
}
const usage = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(usage.addr.port);
for await (const connection of usage) {
  const buffer = new Uint8Array(4096);
  while (await connection.read(buffer).catch(() => null) !== null) {
    const { user, system } = process.cpuUsage();
    await connection.write(new TextEncoder().encode(`OK ${(user + system) / 1e6}\r\n`));
  }
}
