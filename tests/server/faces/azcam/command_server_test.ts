import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import fc from "npm:fast-check@4.10.2";
import { command, CommandServer, defineInstrument, type LineSession } from "../../../../mod.ts";
import { canRun, eventually, RawClient, runProgram, startServer } from "../../../fixture.ts";

/** An instrument whose command runs until the test lets it end, and that notices two at once. */
function slowInstrument(title: string, deadline = 30) {
  const log: string[] = [];
  let driving = 0;
  let release = Promise.withResolvers<void>();
  const instrument = defineInstrument({
    title,
    commands: {
      work: command({
        summary: "Works until released",
        arguments: { label: { type: "text" } },
        deadline,
        run: async ({ label }) => {
          driving++;
          log.push(driving === 1 ? `begin ${label}` : `two at once: ${label}`);
          await release.promise;
          driving--;
          log.push(`end ${label}`);
          return label;
        },
      }),
      state: command({ summary: "Tells how many run", immediate: true, run: () => driving }),
    },
  });
  return {
    instrument,
    log,
    release: () => {
      release.resolve();
      release = Promise.withResolvers();
    },
  };
}

Deno.test("command server: many clients at once, each served in order", async () => {
  await using server = startServer();
  const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(server.commandServer.port)));
  await Promise.all(clients.map(async (client, number) => {
    const texts = Array.from({ length: 20 }, (_, at) => `client ${number} line ${at}`);
    await client.send(texts.map((text) => `echo ${text}\n`).join(""));
    deepStrictEqual(await client.lines(20), texts.map((text) => `OK ${text}`));
    client[Symbol.dispose]();
  }));
});

Deno.test("command server: any commands, cut anywhere, get the same replies in the same order", async () => {
  await using server = startServer();
  // Set before, so that setting them again changes no reply.
  await server.commandServer.command('parameters.set_par imagetitle "ü x"');
  await server.commandServer.command("exposure.set_roi 1 5 1 5 1 1");
  const line = fc.constantFrom(
    "echo é😀",
    "tempcon.get_control_temperature",
    "telescope.set_focus 1200",
    'parameters.set_par imagetitle "ü x"',
    "get_image_title",
    "nosuch.x",
    'a "b',
    "# nothing",
    "exposure.set_roi 1 5 1 5 1 1",
    "exposure.get_roi",
  );
  const bytes = (lines: string[]) => new TextEncoder().encode(lines.map((each) => `${each}\n`).join(""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(400), { maxLength: 5 }),
      async (lines, places) => {
        using whole = await RawClient.connect(server.commandServer.port);
        await whole.send(bytes(lines));
        const expected = await whole.lines(lines.length);
        using cut = await RawClient.connect(server.commandServer.port);
        const all = bytes(lines);
        let from = 0;
        for (const place of [...places.map((each) => each % all.length).sort((a, b) => a - b), all.length]) {
          await cut.send(all.subarray(from, place));
          await new Promise((resolve) => setTimeout(resolve, 0));
          from = place;
        }
        deepStrictEqual(await cut.lines(lines.length), expected);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("command server: one instrument never runs two commands at once, others go on, immediate ones overtake", async () => {
  const { instrument, log, release } = slowInstrument("slow");
  await using server = startServer({ instruments: [instrument, slowInstrument("other").instrument] });
  const [a, b, c] = await Promise.all([0, 1, 2].map(() => RawClient.connect(server.commandServer.port)));
  await a!.send("slow.work a\n");
  await eventually(() => log.length === 1, "the first command begins");
  await b!.send("slow.work b\n");
  strictEqual(await c!.ask("slow.state"), "OK 1");
  strictEqual(await c!.ask("other.state"), "OK 0");
  await eventually(
    async () => /"running": "work".*"waiting": 1/.test(await c!.ask("status")),
    "the second command waits",
  );
  release();
  strictEqual((await a!.lines(1))[0], "OK a");
  await eventually(() => log.length === 3, "the second command begins");
  release();
  strictEqual((await b!.lines(1))[0], "OK b");
  deepStrictEqual(log, ["begin a", "end a", "begin b", "end b"]);
  for (const client of [a, b, c]) client![Symbol.dispose]();
});

Deno.test("command server: a command past its deadline is answered, and the next waits until it has really stopped", async () => {
  const { instrument, log, release } = slowInstrument("slow", 0.1);
  await using server = startServer({ instruments: [instrument] });
  using client = await RawClient.connect(server.commandServer.port);
  strictEqual(await client.ask("slow.work a"), "ERROR Cannot finish work of slow within 0.1 s; it was told to stop");
  strictEqual(
    await client.ask("slow.work b"),
    "ERROR Cannot start work of slow within 0.1 s: it is still busy with work",
  );
  release();
  await eventually(() => log.includes("end a"), "the late command ends");
  await client.send("slow.work c\n");
  await eventually(() => log.includes("begin c"), "the next command begins");
  release();
  strictEqual((await client.lines(1))[0], "OK c");
  deepStrictEqual(log, ["begin a", "end a", "begin c", "end c"]);
});

Deno.test("command server: a client that leaves does not strand its instrument", async () => {
  const { instrument, log, release } = slowInstrument("slow");
  await using server = startServer({ instruments: [instrument] });
  const leaving = await RawClient.connect(server.commandServer.port);
  await leaving.send("slow.work a\n");
  await eventually(() => log.length === 1, "the command begins");
  leaving[Symbol.dispose]();
  release();
  await eventually(() => log.includes("end a"), "the command ends");
  using client = await RawClient.connect(server.commandServer.port);
  await client.send("slow.work b\n");
  await eventually(() => log.includes("begin b"), "the instrument is free");
  release();
  strictEqual((await client.lines(1))[0], "OK b");
});

Deno.test("command server: replies come also after the client has said that it sends no more", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.commandServer.port);
  await client.send("echo a\nexposure.get_status\necho b\nunfinished");
  await client.connection.closeWrite();
  match(await client.rest(), /^OK a\r\nOK \{.*\}\r\nOK b\r\n$/);
});

Deno.test("command server: an unfinished last line is not run", async () => {
  await using server = startServer();
  const client = await RawClient.connect(server.commandServer.port);
  await client.send("tempcon.set_control_temperature -50\ntempcon.set_control_temperature -1");
  await client.lines(1);
  client[Symbol.dispose]();
  using other = await RawClient.connect(server.commandServer.port);
  strictEqual(await other.ask("tempcon.get_control_temperature"), "OK -50.0");
});

Deno.test("command server: an overlong line and one that is not UTF-8 lose only themselves", async () => {
  await using server = startServer({ limits: { lineBytes: 100 } });
  using client = await RawClient.connect(server.commandServer.port);
  await client.send(`echo a\necho ${"x".repeat(200)}\necho b\n`);
  await client.send(new Uint8Array([0x65, 0xff, 0x0a]));
  await client.send("echo c\n");
  deepStrictEqual(await client.lines(5), [
    "OK a",
    "ERROR Cannot take the line: it is over 100 bytes",
    "OK b",
    "ERROR Cannot read the line: it is not valid UTF-8",
    "OK c",
  ]);
});

Deno.test("command server: HTTP is dropped, and nothing of it is run", async () => {
  await using server = startServer();
  for (const method of ["GET", "POST", "OPTIONS"]) {
    using browser = await RawClient.connect(server.commandServer.port);
    await browser.send(
      `${method} /${"x".repeat(70_000)} HTTP/1.1\r\n\r\ntempcon.set_control_temperature 1\r\nexit\r\n`,
    );
    strictEqual(await browser.rest(), "");
  }
  strictEqual(await server.commandServer.command("tempcon.get_control_temperature"), "OK -100.0");
});

// On Deno 2.4 a blocked write stays pending after its connection is closed, in the client and in the server.
const blockedWritesStay = Deno.version.deno.startsWith("2.4.");
const sanitize = { sanitizeOps: !blockedWritesStay, sanitizeResources: !blockedWritesStay };

/** Sends and never reads, until it is blocked or dropped. @returns How much was sent so far. */
function flood(client: RawClient): () => number {
  let sent = 0;
  void (async () => {
    for (; sent < 50_000_000; sent += 60_000) await client.send(`echo ${"x".repeat(59_994)}\n`);
  })().catch(() => {});
  return () => sent;
}

Deno.test({
  name: "command server: a client that does not read costs a bounded amount and delays nobody",
  ...sanitize,
  fn: async () => {
    await using server = startServer();
    using stuck = await RawClient.connect(server.commandServer.port);
    const sent = flood(stuck);
    await eventually(async () => {
      const before = sent();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return before > 0 && sent() === before;
    }, "the server stops reading from a client that does not read");
    ok(sent() < 40_000_000, `the server took ${sent()} bytes`);
    using client = await RawClient.connect(server.commandServer.port);
    strictEqual(await client.ask("echo still here"), "OK still here");
    const { sessions } = JSON.parse((await client.ask("status")).slice(3));
    strictEqual(sessions.length, 2, "it is not dropped either, as long as it may still begin to read");
  },
});

Deno.test({
  name: "command server: a client that reads nothing for too long is dropped",
  ...sanitize,
  fn: async () => {
    await using server = startServer({ limits: { stuckSeconds: 0.1 } });
    using stuck = await RawClient.connect(server.commandServer.port);
    using client = await RawClient.connect(server.commandServer.port);
    const sessions = async () => JSON.parse((await client.ask("status")).slice(3)).sessions.length;
    strictEqual(await stuck.ask("echo"), "OK");
    strictEqual(await sessions(), 2);
    flood(stuck);
    // The server looks for stuck clients every five seconds.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await eventually(async () => await sessions() === 1, "the client is dropped");
  },
});

Deno.test("command server: connections over the limit are refused with a clear error", async () => {
  await using server = startServer({ limits: { connectionsPerAddress: 2 } });
  const port = server.commandServer.port;
  using a = await RawClient.connect(port);
  using b = await RawClient.connect(port);
  await Promise.all([a.ask("echo"), b.ask("echo")]);
  using c = await RawClient.connect(port);
  strictEqual(await c.rest(), "ERROR Cannot take the connection: there are 2 from one address already\r\n");
  a[Symbol.dispose]();
  await eventually(async () => {
    using again = await RawClient.connect(port);
    return await again.ask("echo").then((reply) => reply === "OK", () => false);
  }, "a place is free again");
});

Deno.test("command server: register gives a client a name, which status tells with what it last asked", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.commandServer.port);
  strictEqual(await client.ask("register console"), "OK");
  match(await client.ask("register"), /^ERROR Cannot register that name/);
  const status = JSON.parse((await client.ask("status")).slice(3));
  const [session] = status.sessions;
  deepStrictEqual([session.name, session.protocol, session.role, session.lastRequest], [
    "console",
    "line",
    "admin",
    "status",
  ]);
  deepStrictEqual(status.listeners.map(({ protocol }: { protocol: string }) => protocol), ["line", "dashboard", "web"]);
});

Deno.test("command server: quit, bye and an empty line close the connection, exit stops the server, and help says so", async () => {
  await using server = startServer();
  for (const word of ["quit", "BYE", "closeconnection", ""]) {
    using client = await RawClient.connect(server.commandServer.port);
    await client.send(`${word}\n`);
    strictEqual(await client.rest(), "OK\r\n");
  }
  using client = await RawClient.connect(server.commandServer.port);
  const help = await client.ask("help");
  match(help, /^OK commands: .*\bquit, bye, closeconnection or an empty line \(closes this connection\)/);
  match(help, / exit \(stops the server, for everybody\)/);
  // Another text that stands alone, and one that a client could not split.
  strictEqual(await client.ask("echo  two  blanks"), "OK  two  blanks");
  strictEqual(await client.ask("echo it's here"), `OK "it's here"`);
});

Deno.test("command server: exit stops it, after the replies that are due", async () => {
  const { instrument, log, release } = slowInstrument("slow");
  const server = startServer({ instruments: [instrument] });
  using working = await RawClient.connect(server.commandServer.port);
  await working.send("slow.work a\n");
  await eventually(() => log.length === 1, "the command begins");
  using idle = await RawClient.connect(server.dashboardServer.port);
  using client = await RawClient.connect(server.commandServer.port);
  strictEqual(await client.ask("exit"), "OK");
  strictEqual(await idle.rest(), "");
  release();
  strictEqual((await working.lines(1))[0], "OK a");
  await server.finished;
});

Deno.test("command server: stopping does not wait for ever for a command that does not end", async () => {
  const { instrument, log, release } = slowInstrument("slow");
  const server = startServer({ instruments: [instrument] });
  using client = await RawClient.connect(server.commandServer.port);
  await client.send("slow.work a\n");
  await eventually(() => log.length === 1, "the command begins");
  await server.stop();
  strictEqual(await client.rest(), "");
  release();
  await eventually(() => log.length === 2, "the command ends");
});

Deno.test("command server: a port in use and an address that is not allowed are told with what to do", async () => {
  await using server = startServer();
  const { port } = server.commandServer;
  throws(() => new CommandServer({ port }).start(), {
    code: "cannot_listen",
    message:
      `Cannot listen on 127.0.0.1:${port}: another program uses port ${port}. Stop it, or choose another port with --command-port (0 takes any free one)`,
  });
  throws(() => startServer({ dashboardPort: port }), { code: "cannot_listen" });
  throws(() => new CommandServer({ host: "0.0.0.0" }), { code: "cannot_listen", message: /--insecure-open/ });
  throws(() => new CommandServer({ port: 0, host: "192.0.2.1", insecureOpen: true }).start(), {
    code: "cannot_listen",
    message: /192\.0\.2\.1 is not an address of this PC/,
  });
});

Deno.test("command server: a client that has gone stops driving its instrument", async () => {
  const { instrument, log, release } = slowInstrument("slow");
  await using server = startServer({ instruments: [instrument] });
  const going = await RawClient.connect(server.commandServer.port);
  await going.send("slow.work a\n".repeat(40));
  await eventually(() => log.length === 1, "the first command begins");
  going[Symbol.dispose]();
  using client = await RawClient.connect(server.commandServer.port);
  await eventually(async () => {
    release();
    return JSON.parse((await client.ask("status")).slice(3)).sessions.length === 1;
  }, "its session ends");
  // Its end shows when a reply cannot be written; until then it is as if it only sent no more.
  ok(log.length <= 8, `${log.length / 2} of its 40 commands were run`);
});

const python = await canRun("python3");

Deno.test({
  name: "command server: clients that reset their connection before it is accepted keep nobody waiting",
  ignore: !python, // needs python3 on this machine: Deno cannot make a socket reset
  fn: async () => {
    await using server = startServer();
    const script =
      "import socket,struct,sys\nfor _ in range(500):\n s=socket.create_connection(('127.0.0.1',int(sys.argv[1])))\n" +
      " s.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack('ii',1,0))\n s.close()";
    strictEqual((await runProgram("python3", ["-c", script, String(server.commandServer.port)])).code, 0);
    // A tenth of a second for each would be more than the client waits.
    using client = await RawClient.connect(server.commandServer.port);
    strictEqual(await client.ask("echo here"), "OK here");
  },
});

Deno.test("command server: what cannot be written as a reply is an error, and the client stays connected", async () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const odd = defineInstrument({
    title: "odd",
    commands: {
      now: command({ summary: "Returns at once", run: () => circular }),
      later: command({ summary: "Returns later", run: () => Promise.resolve(circular) }),
    },
  });
  await using server = startServer({ instruments: [odd] });
  using client = await RawClient.connect(server.commandServer.port);
  for (const name of ["now", "later"]) match(await client.ask(`odd.${name}`), /^ERROR AzcamError\(/);
  strictEqual(await client.ask("echo here"), "OK here");
});

Deno.test("CommandServer: starts again after it was stopped, however often it was", async () => {
  const server = new CommandServer({ port: 0 });
  await server.stop();
  for (let at = 0; at < 2; at++) {
    server.start();
    using client = await RawClient.connect(server.port);
    strictEqual(await client.ask("echo here"), "OK here");
    strictEqual(await server.command("echo a  b"), "OK a  b");
    match(await server.command("exit"), /^ERROR Cannot run exit here/);
    await Promise.all([server.stop(), server.stop()]);
  }
});

Deno.test("CommandServer: begin, start, stop and command, with instruments of one's own", async () => {
  const server = new CommandServer({
    port: 0,
    instruments: [slowInstrument("mine").instrument],
    welcomeMessage: "hello",
  });
  const served = server.begin();
  strictEqual(await server.command("mine.state"), "OK 0");
  strictEqual(await server.command("list"), "OK mine");
  using client = await RawClient.connect(server.port);
  strictEqual((await client.lines(1))[0], "hello");
  strictEqual(await client.ask("exit"), "OK");
  await served;
  strictEqual(server.listening, false);
  strictEqual(await server.command("mine.state"), "ERROR The server is stopping and takes no new commands");
});

Deno.test("CommandServer: a subclass overrides what happens for each connection", async () => {
  const seen: string[] = [];
  class Shouting extends CommandServer {
    protected override setup(session: LineSession): void {
      seen.push("setup");
      session.reply("WELCOME");
    }
    protected override async receiveCommand(session: LineSession): Promise<string | null> {
      const line = await super.receiveCommand(session);
      seen.push(`received ${line?.slice(0, 5) ?? "nothing"}`);
      return line?.replace("shout", "echo") ?? null;
    }
    protected override async handle(session: LineSession): Promise<void> {
      seen.push("handle");
      await super.handle(session);
    }
    protected override finish(): void {
      seen.push("finish");
    }
  }
  await using server = new Shouting({ port: 0 });
  server.start();
  const client = await RawClient.connect(server.port);
  strictEqual((await client.lines(1))[0], "WELCOME");
  strictEqual(await client.ask("shout hey"), "OK hey");
  client[Symbol.dispose]();
  await eventually(() => seen.length === 5, "the connection is finished");
  deepStrictEqual(seen, ["setup", "handle", "received shout", "received nothing", "finish"]);
});

Deno.test("command server: what PuTTY negotiates is answered and is part of no line; nor is a mark that a text is UTF-8", async () => {
  await using server = startServer();
  const [IAC, DONT, DO, WONT, WILL, SB, SE] = [255, 254, 253, 252, 251, 250, 240];
  const { port } = server.commandServer;
  const echo = new TextEncoder().encode("echo hi\r\n");
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    // It offers its window's size, wants an echo, and says the size, 80 columns by 10 rows: a line feed, that is none.
    await connection.write(
      Uint8Array.of(IAC, WILL, 31, IAC, DO, 1, IAC, DO, 3, IAC, SB, 31, 0, 80, 0, 10, IAC, SE, ...echo),
    );
    const said = [IAC, DONT, 31, IAC, WONT, 1, IAC, WILL, 3, ...new TextEncoder().encode("OK hi\r\n")];
    const heard: number[] = [];
    const buffer = new Uint8Array(256);
    while (heard.length < said.length) heard.push(...buffer.subarray(0, (await connection.read(buffer))!));
    deepStrictEqual(heard, said);
    await connection.write(Uint8Array.of(...echo.subarray(0, 4), IAC, 246, ...echo.subarray(4)));
    strictEqual(new TextDecoder().decode(buffer.subarray(0, (await connection.read(buffer))!)), "OK hi\r\n");
  } finally {
    connection.close();
  }
  using marked = await RawClient.connect(port);
  await marked.send(Uint8Array.of(0xef, 0xbb, 0xbf, ...echo));
  deepStrictEqual(await marked.lines(1), ["OK hi"]);
  using wide = await RawClient.connect(port);
  await wide.send(Uint8Array.of(0xff, 0xfe, ...[..."echo hi\r\n"].flatMap((letter) => [letter.charCodeAt(0), 0])));
  match((await wide.lines(1))[0]!, /^ERROR Cannot read the line: it is not valid UTF-8/);
});
