/** Another client while somebody floods: COMMAND_PORT DASHBOARD_PORT WEB_PORT SECONDS. Prints latencies as JSON. */

const [commandPort, dashboardPort, webPort, seconds] = Deno.args.map(Number) as [number, number, number, number];
const encoder = new TextEncoder();
const until = performance.now() + seconds * 1000;

/** Asks again and again on one connection. @returns How long each answer took, in milliseconds. */
async function ask(port: number, text: string, ended: (reply: string) => boolean): Promise<number[]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  const [request, buffer, decoder] = [encoder.encode(text), new Uint8Array(65_536), new TextDecoder()];
  const latencies: number[] = [];
  do {
    const start = performance.now();
    await connection.write(request);
    for (let reply = ""; !ended(reply);) {
      const count = await connection.read(buffer);
      if (count === null) throw new Error(`the server closed the connection of ${text}`);
      reply += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
    latencies.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  } while (performance.now() < until);
  return latencies;
}

const line = (reply: string) => reply.endsWith("\n");
const page = `GET /healthz HTTP/1.1\r\nHost: localhost:${webPort}\r\n\r\n`;
const [abort, echo, ping, healthz] = await Promise.all([
  ask(commandPort, "exposure.abort\n", line),
  ask(commandPort, "echo\n", line),
  ask(dashboardPort, '{"id":1,"cmd":"Ping"}', line),
  ask(webPort, page, (reply) => reply.includes("\r\n\r\n") && reply.endsWith("}")),
]);
const wait = (latencies: number[]) => {
  latencies.sort((a, b) => a - b);
  return { p99: latencies[Math.floor(latencies.length * 0.99)]!, longest: latencies.at(-1)! };
};
console.log(JSON.stringify({ abort: wait(abort), echo: wait(echo), ping: wait(ping), healthz: wait(healthz) }));
