/** What the server has given up: what a hostile command inside its own process can still do, which is nothing much. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { eventually, RawClient } from "../fixture.ts";
import { ignoresUser1, linux } from "../linux_processes.ts";
import { programs, ServerProcess, source } from "../server_process.ts";

/** What a command tries, as the body of a function that gets the path of a file; it says what it got. */
const attempts: Record<string, string> = {
  "start a shell": `new Deno.Command("/bin/sh", { args: ["-c", "id"] }).outputSync()`,
  "start itself": `new Deno.Command(Deno.execPath(), { args: ["eval", "1"] }).outputSync()`,
  "start a shell by node": `(await import("node:child_process")).execFileSync("/bin/sh", ["-c", "id"])`,
  "read a file": `Deno.readTextFileSync(file)`,
  "read a file by node": `(await import("node:fs")).readFileSync(file)`,
  "import a file as text": `(await import("file://" + file, { with: { type: "text" } })).default`,
  "import a file as data": `(await import("file://" + file + ".json", { with: { type: "json" } })).default`,
  "import a file as code": `(await import("file://" + file + ".js")).default`,
  "import from elsewhere": `await import(["http:", "", "127.0.0.1:1", "code.js"].join("/"))`,
  "open an inspector": `(await import("node:inspector")).open(0)`,
  "read a folder": `[...Deno.readDirSync("/")]`,
  "follow a link": `Deno.readLinkSync("/proc/self/exe")`,
  "write a file": `Deno.writeTextFileSync(file + ".new", "x")`,
  "write a file by node": `(await import("node:fs")).writeFileSync(file + ".new", "x")`,
  "write a database": `new (await import("node:sqlite")).DatabaseSync(file + ".db").exec("CREATE TABLE t (a)")`,
  "remove a file": `Deno.removeSync(file)`,
  "make a link": `Deno.symlinkSync(file, file + ".link")`,
  "load a library": `Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }).symbols.getpid()`,
  "read the environment": `Deno.env.toObject()`,
  "ask for the name of the PC": `Deno.hostname()`,
  "have a Worker read a file": `await new Promise((resolve, reject) => {
    const source = "postMessage(Deno.readTextFileSync(" + JSON.stringify(file) + "))";
    const worker = new Worker("data:application/javascript," + encodeURIComponent(source), { type: "module" });
    worker.onmessage = resolve;
    worker.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); };
  })`,
  "have a Worker with rights of its own": `await new Promise((resolve, reject) => {
    const worker = new Worker("data:application/javascript,postMessage(1)", {
      type: "module",
      deno: { permissions: { read: true, run: true } },
    });
    worker.onmessage = resolve;
    worker.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); };
  })`,
  "ask for a right back": `await (async () => {
    const { state } = await Deno.permissions.request({ name: "read" });
    if (state !== "granted") throw new Error("NotCapable: " + state);
  })()`,
  "end its launcher": `Deno.kill(Deno.ppid, "SIGTERM")`,
};

/** How Deno refuses; older ones know fewer kinds of import, and cannot open an inspector at all. */
const refused =
  /^OK ['"]?failed: .*(?:NotCapable|permission|[Rr]equires|allow-|not a valid module type|Module not found|primitive value)/;

const bench = `
const attempts = {
${
  Object.entries(attempts).map(([name, body]) =>
    `  ${JSON.stringify(name)}: async (file) => { const got = ${body}; return "got " + got; },`
  ).join("\n")
}
};
export default ({ defineInstrument, command }) => ({
  name: "hostile bench",
  instruments: [defineInstrument({
    title: "Hostile",
    start: () => new Promise((resolve) => setTimeout(resolve, 2000)),
    commands: {
      attempt: command({
        summary: "Tries something",
        arguments: { what: { type: "text" }, file: { type: "text" } },
        run: async ({ what, file }) => {
          try {
            return await attempts[what](file);
          } catch (error) {
            return "failed: " + error.name + ": " + error.message;
          }
        },
      }),
    },
  })],
});
`;

/** Connects as soon as that is possible. */
async function early(port: number): Promise<RawClient> {
  let client: RawClient | undefined;
  await eventually(async () => {
    client = await RawClient.connect(port).catch(() => undefined);
    return client !== undefined;
  }, "the port is taken");
  return client!;
}

Deno.test({
  name: "source: the signal that opens an inspector does nothing to the server",
  ignore: !linux, // finds out in /proc what is ignored
  fn: async () => {
    const allowed = { ...source, server: [...source.client, "server"] };
    await using server = new ServerProcess(allowed);
    const [port] = await server.ports();
    await eventually(() => ignoresUser1(server.pid), "the signal is ignored");
    server.kill("SIGUSR1");
    using client = await RawClient.connect(port);
    strictEqual(await client.ask("echo on"), "OK on");
    ok(!/inspector|Debugger/i.test(server.err), server.err);
  },
});

for (const program of programs) {
  Deno.test(`${program.name}: whoever connects while the server prepares itself is served once it has given all up`, async () => {
    const folder = await Deno.makeTempDir();
    const secret = join(folder, "secret.txt");
    await Deno.writeTextFile(secret, "the secret");
    await Deno.writeTextFile(join(folder, "bench.ts"), bench);
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    const ports = ["--command-port", `${port}`, "--dashboard-port", "0", "--web-port", "0"];
    const hostile = { ...program, server: [...program.client, "server"] };
    await using server = new ServerProcess(hostile, ["--bench", join(folder, "bench.ts")], ports);
    using client = await early(port);
    strictEqual(server.out, "");
    match(await client.ask(`hostile.attempt "read a file" ${JSON.stringify(secret)}`), refused);
    await Deno.remove(folder, { recursive: true });
  });

  Deno.test(`${program.name}: a hostile command inside the server can use no file, program, library or environment`, async () => {
    const folder = await Deno.makeTempDir();
    const secret = join(folder, "secret.txt");
    await Deno.writeTextFile(secret, "the secret");
    await Deno.writeTextFile(`${secret}.json`, '"the secret"');
    await Deno.writeTextFile(`${secret}.js`, 'export default "the secret"');
    await Deno.writeTextFile(join(folder, "bench.ts"), bench);
    const hostile = { ...program, server: [...program.client, "server"] };
    await using server = new ServerProcess(hostile, ["--bench", join(folder, "bench.ts")]);
    const [port] = await server.ports();
    using client = await RawClient.connect(port);
    for (const what of Object.keys(attempts)) {
      // An executable imports these without asking for any right, which nothing in it can change.
      if (program.name === "executable" && /^import a file as (?:data|code)$/.test(what)) continue;
      const reply = await client.ask(`hostile.attempt ${JSON.stringify(what)} ${JSON.stringify(secret)}`);
      match(reply, refused, `${what}: ${reply}`);
    }
    // What it could not use is there for those who may: code still gets a sandbox, by the launcher.
    strictEqual(await client.ask("eval 6 * 7"), "OK 42");
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    strictEqual(left.join(), "bench.ts,secret.txt,secret.txt.js,secret.txt.json");
    await Deno.remove(folder, { recursive: true });
  });
}
