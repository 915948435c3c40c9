/** The floor of this runtime: a bare line parser on Deno.listen that answers one command from a table. */
const commands = new Map<string, () => string>([["tempcon.get_control_temperature", () => "OK -100.0"]]);
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(listener.addr.port);

for await (const connection of listener) void serve(connection);

async function serve(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay(true);
  const buffer = new Uint8Array(65_536);
  let rest = "";
  try {
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      const lines = (rest + decoder.decode(buffer.subarray(0, count))).split("\n");
      rest = lines.pop()!;
      let replies = "";
      for (const line of lines) {
        const [name] = line.trim().split(/\s+/);
        replies += `${commands.get(name!)?.() ?? "ERROR"}\r\n`;
      }
      const bytes = encoder.encode(replies);
      for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
    }
  } catch {
    // The load has gone.
  }
  connection.close();
}
