/** Drivers that mean harm, in the program as people run it: from its source, and as the executable. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { eventually, RawClient } from "../fixture.ts";
import { run } from "../cli_fixture.ts";
import { ownCamera } from "../own_camera.ts";
import { children, linux, runs } from "../linux_processes.ts";
import { type Program, programs, ServerProcess } from "../server_process.ts";

/** The server subcommand with the permissions of a task that may read bench files. */
function benchServer(program: Program): Program {
  return { ...program, server: [...program.client, "server"] };
}

async function withFiles(files: Record<string, string>, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(join(folder, name, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, name), text);
    }
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a driver tries, as the body of a function of SECRETS (a folder outside its own), OTHER (a port) and OWN (its folder). */
const attempts: Readonly<Record<string, string>> = {
  "read a file": "return Deno.readTextFileSync(SECRETS + '/secret.txt')",
  "read a file by node:fs": "return fs.readFileSync(SECRETS + '/secret.txt', 'utf8')",
  "open a file": "return Deno.openSync(SECRETS + '/secret.txt').readSync(new Uint8Array(1))",
  "list a folder": "return [...Deno.readDirSync(SECRETS)].length",
  "look at a file": "return Deno.statSync(SECRETS + '/secret.txt').size",
  "look at /proc": "return Deno.readTextFileSync('/proc/' + Deno.ppid + '/environ')",
  "write a file": "Deno.writeTextFileSync(SECRETS + '/written.txt', 'x')",
  "write beside itself": "Deno.writeTextFileSync(OWN + '/written.txt', 'x')",
  "write a temporary file": "Deno.makeTempFileSync()",
  "link a file": "Deno.symlinkSync(SECRETS + '/secret.txt', OWN + '/link.txt')",
  "remove a file": "Deno.removeSync(SECRETS + '/secret.txt')",
  "start a program": "return new Deno.Command('/bin/sh', { args: ['-c', 'echo SECRET'] }).outputSync().code",
  "start itself": "return new Deno.Command(Deno.execPath(), { args: ['--version'] }).outputSync().code",
  "end the server": "Deno.kill(Deno.ppid, 'SIGKILL')",
  "end itself by a signal": "Deno.kill(Deno.pid, 'SIGKILL')",
  "open the inspector": "Deno.kill(Deno.pid, 'SIGUSR1'); return 'SECRET'",
  "open the inspector by node": "process.kill(process.pid, 'SIGUSR1'); return 'SECRET'",
  "end its process": "Deno.exit(0)",
  "open a library": "return typeof Deno.dlopen('libc.so.6', {})",
  "read the environment": "return Deno.env.get('HOME')",
  "read all of the environment": "return Object.keys(Deno.env.toObject()).length",
  "ask for the system": "return Deno.hostname()",
  "connect elsewhere":
    "const c = await Deno.connect({ hostname: '127.0.0.1', port: OTHER }); c.close(); return 'SECRET'",
  "fetch": "return await (await fetch(`http://127.0.0.1:${OTHER}/`)).text()",
  "open a WebSocket": "return String(new WebSocket(`ws://127.0.0.1:${OTHER}/`).url)",
  "connect by node:net":
    "return await new Promise((ok, no) => { const s = net.connect(OTHER, '127.0.0.1', () => { s.destroy(); ok('SECRET'); }); s.on('error', no); })",
  "listen": "const l = Deno.listen({ hostname: '127.0.0.1', port: 0 }); l.close(); return 'SECRET'",
  "ask for a permission":
    "const { state } = await Deno.permissions.request({ name: 'read', path: SECRETS }); if (state === 'granted') return 'SECRET'; throw new Error(state)",
  "import code made from text":
    "return (await (0, eval)(\"p => import(p, { with: { type: 'json' } })\")(SECRETS + '/secret.json')).default.secret",
  "import by a function made from text":
    "return (await new Function('p', \"return import(p, { with: { type: 'json' } })\")(SECRETS + '/secret.json')).default.secret",
  "import in a Worker":
    "const w = new Worker(`data:text/javascript,import('file://${SECRETS}/secret.json',{with:{type:'json'}}).then((m)=>postMessage(m.default.secret),(e)=>postMessage('no: '+e))`, { type: 'module' });" +
    " return await new Promise((ok, no) => { w.onmessage = ({ data }) => { w.terminate(); data.startsWith('no') ? no(new Error(data)) : ok(data); }; w.onerror = (e) => { e.preventDefault(); no(new Error(e.message)); }; })",
  "load by node:module":
    "return process.getBuiltinModule('node:module').createRequire(OWN + '/x.js')(SECRETS + '/secret.json').secret",
};

const hostile = `
import fs from "node:fs";
import net from "node:net";
import process from "node:process";
export default ({ defineInstrument, command }, { title, options, folder }) => {
  const { secrets: SECRETS, other: OTHER } = options, OWN = folder;
  const attempts = {
${Object.entries(attempts).map(([name, body]) => `    ${JSON.stringify(name)}: async () => { ${body}; },`).join("\n")}
  };
  return defineInstrument({ title, commands: {
    attempt: command({ summary: "Try", arguments: { what: { type: "text" } }, run: async ({ what }) => {
      try {
        return "DONE " + String(await attempts[what]());
      } catch (error) {
        return "REFUSED " + error.name + ": " + error.message;
      }
    } }),
    loop: command({ summary: "Loop", run: () => { for (;;); } }),
    own: command({ summary: "Read", run: () => Deno.readTextFileSync(folder + "/table.txt") }),
  } });
};
`;

const granted = `
export default ({ defineInstrument, command }, { title, options }) => defineInstrument({ title, commands: {
  read: command({ summary: "Read", run: () => Deno.readTextFileSync(options.secrets + "/secret.txt") }),
  write: command({ summary: "Write", run: () => Deno.writeTextFileSync(options.secrets + "/kept/new.txt", "x") }),
  escape: command({ summary: "Write", run: () => Deno.writeTextFileSync(options.secrets + "/new.txt", "x") }),
  net: command({ summary: "Connect", run: async () => { (await Deno.connect({ hostname: "127.0.0.1", port: options.other })).close(); } }),
  beyond: command({ summary: "Connect", run: async () => { (await Deno.connect({ hostname: "127.0.0.1", port: options.beyond })).close(); } }),
} });
`;

for (const program of programs) {
  Deno.test(`${program.name}: a driver reaches its own folder and what the bench file grants, and nothing else`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    void (async () => {
      for await (const connection of listener) connection.close();
    })().catch(() => {});
    using beyond = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await withFiles({
      "secrets/secret.txt": "SECRET",
      "secrets/secret.json": '{ "secret": "SECRET" }',
      "secrets/kept/old.txt": "",
      "lab/hostile.js": hostile,
      "lab/granted.ts": granted,
      "lab/table.txt": "a table",
    }, async (folder) => {
      const secrets = join(folder, "secrets");
      const { port: other } = listener.addr;
      const options = { secrets, other, beyond: beyond.addr.port };
      const permissions = {
        read: [join(secrets, "secret.txt")],
        write: ["../secrets/kept"],
        net: [`127.0.0.1:${other}`],
      };
      const instruments = [
        { title: "Hostile", driver: "./hostile.js", options },
        { title: "Granted", driver: "./granted.ts", options, permissions },
      ];
      await Deno.writeTextFile(join(folder, "lab/bench.json"), JSON.stringify({ instruments }));
      await using server = new ServerProcess(benchServer(program), ["--bench", join(folder, "lab/bench.json")]);
      const [port] = await server.ports();
      using client = await RawClient.connect(port);
      for (const what of Object.keys(attempts)) {
        const said = await client.ask(`hostile.attempt "${what}"`);
        match(said, /^OK ['"]?REFUSED /, `${what}: ${said}`);
        ok(!said.includes("REFUSED ReferenceError"), said);
      }
      strictEqual(await client.ask("hostile.own"), "OK a table");
      deepStrictEqual((await Array.fromAsync(Deno.readDir(secrets))).map(({ name }) => name).sort(), [
        "kept",
        "secret.json",
        "secret.txt",
      ]);
      strictEqual(await client.ask("granted.read"), "OK SECRET");
      strictEqual(await client.ask("granted.write"), "OK");
      strictEqual(await client.ask("granted.net"), "OK");
      match(
        await client.ask("granted.escape"),
        /a driver may not write files unless the bench file says so .*"write": /,
      );
      match(
        await client.ask("granted.beyond"),
        /a driver may not use the network unless the bench file says .*"net": /,
      );
    });
  });

  const escapes: readonly (readonly [string, string])[] = [
    ["a file outside its folder", 'import { secret } from "../secrets/secret.js"; export default () => secret;'],
    [
      "JSON outside its folder",
      'import s from "../secrets/secret.json" with { type: "json" }; export default () => s;',
    ],
    [
      "JSON by import()",
      'const p = "/x"; const s = await import(p, { with: { type: "json" } }); export default () => s;',
    ],
  ];
  for (const [what, text] of escapes) {
    Deno.test(`${program.name}: a driver that imports ${what} is not loaded`, async () => {
      await withFiles({
        "secrets/secret.js": 'export const secret = "SECRET";',
        "secrets/secret.json": '{ "secret": "SECRET" }',
        "lab/escape.js": text,
        "lab/bench.json": '{ "instruments": [{ "title": "Escape", "driver": "./escape.js" }] }',
      }, async (folder) => {
        await Deno.writeTextFile(
          join(folder, "lab/escape.js"),
          text.replace('"/x"', JSON.stringify(join(folder, "secrets/secret.json"))),
        );
        const server = new ServerProcess(benchServer(program), ["--bench", join(folder, "lab/bench.json")]);
        strictEqual(await server.end(), 5);
        match(
          server.err,
          /escape\.js(?::\d+:\d+)?: .*(?:may not read files unless|reads no file outside|names what it imports)/,
        );
        ok(!server.err.includes("SECRET"));
      });
    });
  }

  Deno.test({
    name: `${program.name}: a driver that loops ends with the server, however that ends, and keeps it from nothing`,
    ignore: !linux,
    fn: async () => {
      await withFiles({
        "hostile.js": hostile,
        "bench.json":
          '{ "instruments": [{ "title": "Hostile", "driver": "./hostile.js" }], "code": { "languages": [] } }',
      }, async (folder) => {
        for (const signal of ["SIGKILL", "SIGTERM"] as const) {
          const server = new ServerProcess(benchServer(program), ["--bench", join(folder, "bench.json")]);
          const [port] = await server.ports();
          const [driver, ...more] = await children(server.pid);
          deepStrictEqual(more, []);
          using client = await RawClient.connect(port);
          await client.send("hostile.loop\n");
          using other = await RawClient.connect(port);
          strictEqual(await other.ask("echo here"), "OK here");
          server.kill(signal);
          await server.end();
          await eventually(async () => !await runs(driver!), "the end of the driver's process");
        }
      });
    },
  });

  Deno.test(`${program.name}: a camera of one's own writes into the image folders that the bench file grants`, async () => {
    const permissions = { read: ["images"], write: ["images"] };
    const instruments = [{ title: "exposure", driver: "./camera.js", permissions }];
    await withFiles({ "camera.js": ownCamera, "bench.json": JSON.stringify({ instruments }) }, async (folder) => {
      await using server = new ServerProcess(benchServer(program), ["--bench", join(folder, "bench.json")]);
      const [port] = await server.ports();
      using client = await RawClient.connect(port);
      strictEqual(await client.ask("exposure.expose 0.01"), "OK");
      const [file] = await Array.fromAsync(Deno.readDir(join(folder, "images")));
      ok(file!.name.endsWith(".fits"), file!.name);
    });
  });

  Deno.test(`${program.name}: check says what is wrong with a driver, with file and line`, async () => {
    await withFiles({
      "meter.ts":
        'export default ({ defineInstrument }: any, { title }: any) =>\n  defineInstrument({ title, fields: { Volts: { type: "flaot" } } });',
      "bench.json": '{ "instruments": [{ "title": "Meter", "driver": "./meter.ts" }] }',
    }, async (folder) => {
      const { code, err } = await run(["check", join(folder, "bench.json")]);
      strictEqual(code, 5);
      match(err, /meter\.ts:2:3: Cannot declare Volts of Meter: type is .*"flaot".* \(did you mean float\?\)/);
    });
  });
}
