/** A process that may open few files: however many connect, it lives, serves who is there, and serves others afterwards. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { eventually, RawClient } from "../fixture.ts";
import { ofTask, type Program, programs, ServerProcess } from "../server_process.ts";

/** The program in a shell that lets it open so many files at most. */
function limited(program: Program, files: number): Program {
  return {
    ...program,
    path: "bash",
    server: ["-c", `ulimit -n ${files} && exec "$@"`, "bash", program.path, ...program.server],
  };
}

/** From source, `deno task heliograph` may ask the system for its limit; the task `start` may not. */
const asking: readonly Program[] = programs.map((program) =>
  program.name === "source" ? { ...program, server: [...ofTask("heliograph"), "server"] } : program
);

/** Connects as often as it can be; what is refused is closed by the server. */
async function flood(ports: readonly number[], count: number, first = ""): Promise<Deno.TcpConn[]> {
  const connections: Deno.TcpConn[] = [];
  for (let index = 0; index < count; index++) {
    const port = ports[index % ports.length]!;
    // One that is refused at once may be gone before it is known to be there.
    const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (connection === undefined) continue;
    connections.push(connection);
    if (first !== "") await connection.write(new TextEncoder().encode(first)).catch(() => {});
  }
  return connections;
}

async function webPort(server: ServerProcess): Promise<number> {
  await server.ports();
  return Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(server.out)![1]);
}

/** Everything answers: azcam's wire, PyOpticon's, HTTP; an image is taken, and code is run, which takes Workers and a process. */
async function everythingAnswers(command: number, dashboard: number, web: number): Promise<void> {
  const answers = async (port: number, ask: string, expected: RegExp) => {
    try {
      using client = await RawClient.connect(port);
      await client.send(ask);
      match(await client.until((text) => expected.test(text) || text.endsWith("\n")), expected);
      return true;
    } catch {
      return false;
    }
  };
  await eventually(() => answers(command, "echo x\n", /^OK x\r\n$/), "azcam's port answers");
  await eventually(() => answers(dashboard, '{"id":1,"cmd":"Hello"}', /"ok":true/), "PyOpticon's port answers");
  await eventually(
    () => answers(web, `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${web}\r\n\r\n`, /^HTTP\/1\.1 200 /),
    "HTTP answers",
  );
  // A sandbox is a process and Workers: on a PC with much to do, the first take longer than code may.
  await eventually(() => answers(command, "eval 6 * 7\n", /^OK 42\r\n$/), "code is run");
}

for (const program of [...programs.filter(({ name }) => name === "source"), ...asking]) {
  const granted = program.server.includes("--allow-ffi") || program.name === "executable";
  const name = `${program.name}${granted ? "" : " without FFI"}`;

  Deno.test({
    name: `${name}: 400 connections to a process that may open 256 files stop nobody`,
    // Windows has no such limit.
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const folder = await Deno.makeTempDir();
      // The task "start" writes into ./images alone.
      const images = granted ? ["--image-folder", folder] : [];
      await using server = new ServerProcess(limited(program, 256), images);
      const [command, dashboard] = await server.ports();
      const web = await webPort(server);
      using before = await RawClient.connect(command);
      strictEqual(await before.ask("echo"), "OK");
      const connections = await flood([command, dashboard, web], 400);
      strictEqual(await before.ask("echo still here"), "OK still here");
      if (granted) match(await before.ask(`exposure.expose 0.05 dark "flood"`), /^OK/);
      for (const connection of connections) connection.close();
      await everythingAnswers(command, dashboard, web);
      const refused =
        /Refused 127\.0\.0\.1:\d+: Cannot take the connection: there are \d+ (?:from one address|in all) already/;
      await eventually(() => refused.test(server.err), "who was refused is told");
      ok(!/panicked|Cannot accept/.test(server.err), server.err);
      // A line for each port, not for each connection.
      ok(server.err.split("Refused").length <= 4, server.err);
      await Deno.remove(folder, { recursive: true });
    },
  });
}

for (const program of asking) {
  Deno.test({
    name: `${program.name}: 2,100 idle HTTP connections to a process that may open 2,000 files keep nobody out`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const folder = await Deno.makeTempDir();
      await using server = new ServerProcess(limited(program, 2000), ["--image-folder", folder]);
      const [command, dashboard] = await server.ports();
      const web = await webPort(server);
      const connections = await flood([web], 2100);
      // Meanwhile: idle ones give way to who has something to ask.
      await everythingAnswers(command, dashboard, web);
      using client = await RawClient.connect(command);
      match(await client.ask(`exposure.expose 0.05 dark "flood"`), /^OK/);
      for (const connection of connections) connection.close();
      await everythingAnswers(command, dashboard, web);
      ok(!/panicked|Cannot accept/.test(server.err), server.err);
      await Deno.remove(folder, { recursive: true });
    },
  });
}

Deno.test({
  name: "descriptors: whoever cannot be served is told so in the words of the wire",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using server = new ServerProcess(limited(asking[0]!, 256));
    const [command, dashboard] = await server.ports();
    const web = await webPort(server);
    const refused = async (port: number, first: string) => {
      const connections = await flood([port], 80, first);
      try {
        const last = connections.at(-1)!;
        const bytes = new Uint8Array(4096);
        const count = await last.read(bytes);
        return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
      } finally {
        for (const connection of connections) connection.close();
      }
    };
    const why = "Cannot take the connection: there are \\d+ from one address already";
    match(await refused(command, "echo\n"), new RegExp(`^ERROR ${why}\\r\\n$`));
    match(await refused(dashboard, ""), new RegExp(`^Error: ${why}`));
    const reply = await refused(web, "GET / HTTP/1.1\r\n");
    match(reply, /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*\r\nRetry-After: 1\r\n/);
    deepStrictEqual(JSON.parse(reply.split("\r\n\r\n")[1]!).error.code, "too_many_requests");
  },
});
