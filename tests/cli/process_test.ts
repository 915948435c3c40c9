/** The program as a process: from its source, and as the executable named by HELIOGRAPH_EXECUTABLE. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { AzcamClient, PyOpticonSocketClient } from "../../client/mod.ts";
import { canRun, eventually, noColours, RawClient, runProgram, top } from "../fixture.ts";
import { ofTask, type Program, programs, ServerProcess } from "../server_process.ts";

for (const program of programs) {
  const windows = Deno.build.os === "windows";

  Deno.test(`${program.name}: the server says what listens where and what to try, and both clients drive it`, async () => {
    const server = new ServerProcess(program);
    const [commandPort, socketNumber] = await server.ports();
    match(server.out, /^heliograph \d+\.\d+\.\d+ serves the demo bench: 13 simulated instruments\n/);
    match(server.out, /On the bench: Reactor TC, .*UV Light.*tempcon/);
    // What it says to try is typed as it stands, however it was started.
    const [, line] = /^Try in another terminal.*:\n {2}(.* list --port \d+)$/m.exec(server.out)!;
    if (!windows) {
      const { stdout, stderr } = await runProgram("sh", ["-c", line!], { stdin: "null" });
      match(stdout, /^name +title .*\nreactor_tc +Reactor TC/m, `${line}: ${stderr}`);
    }
    {
      await using azcam = new AzcamClient({ port: commandPort });
      deepStrictEqual(await azcam.command("get_image_types"), ["OK", "zero", "object", "flat", "dark", "HeNe", "Ar"]);
      await using dashboard = new PyOpticonSocketClient({ socketNumber, handleErrors: "exception" });
      await dashboard.setField("UV Light", "Status Selection", "On");
      await dashboard.doConfirm("UV Light");
      for await (const update of dashboard.watch("UV Light", "Actual Status")) {
        if (update.event === "field" && update.value === "On") break;
      }
      deepStrictEqual(await azcam.command("exit"), ["OK"]);
    }
    strictEqual(await server.end(), 0);
    match(server.err, /stops the server\n.*Stopped\n$/s);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.test({
      name: `${program.name}: ${signal} stops the server cleanly, whoever is connected`,
      ignore: windows, // Windows knows no signals between processes
      fn: async () => {
        const server = new ServerProcess(program);
        const [commandPort, socketNumber] = await server.ports();
        using idle = await RawClient.connect(commandPort);
        using watching = await RawClient.connect(socketNumber);
        strictEqual(await idle.ask("echo"), "OK");
        strictEqual((await watching.request({ id: 1, cmd: "Watch" })).ok, true);
        server.kill(signal);
        strictEqual(await idle.rest(), "");
        await watching.rest();
        strictEqual(await server.end(), 0);
      },
    });
  }

  Deno.test(`${program.name}: logs are JSON lines where that is asked for, and clients cannot forge one`, async () => {
    const server = new ServerProcess(program, ["--json-logs", "--log-level", "debug"]);
    const ready = /"command":"127\.0\.0\.1:(\d+)"/;
    await eventually(() => ready.test(server.err), "the server is ready");
    strictEqual(server.out, "");
    using client = await RawClient.connect(Number(ready.exec(server.err)![1]));
    await client.ask('echo "\u001b[31m" {"level":"ERROR"}');
    await client.ask("exit");
    strictEqual(await server.end(), 0);
    const records = server.err.trim().split("\n").map((line) => JSON.parse(line));
    ok(records.some(({ message }) => /echo/.test(message)), server.err);
    ok(records.every(({ level }) => level !== "ERROR"), server.err);
  });

  Deno.test(`${program.name}: the log is a line for each record, whatever clients send`, async () => {
    const server = new ServerProcess(program, ["--log-level", "debug"]);
    const [commandPort] = await server.ports();
    using client = await RawClient.connect(commandPort);
    await client.ask("echo \u001b[31mred\rforged\u0085line");
    await client.ask("exit");
    strictEqual(await server.end(), 0);
    match(server.err, /echo \\u001b\[31mred\\rforged\\u0085line/);
    // deno-lint-ignore no-control-regex -- control characters are what must not be there
    strictEqual(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(server.err), false);
  });

  Deno.test(`${program.name}: client subcommands, exit codes and pipes`, async () => {
    const server = new ServerProcess(program);
    const [commandPort, dashboardPort] = await server.ports();
    const cli = (...args: string[]) => runProgram(program.path, [...program.client, ...args], { stdin: "null" });
    deepStrictEqual(await cli("call", "--port", `${dashboardPort}`, "tempcon", "get_control_temperature"), {
      code: 0,
      stdout: "-100\n",
      stderr: "",
    });
    match((await cli("list", "--port", `${dashboardPort}`)).stdout, /^name +title .*\nreactor_tc +Reactor TC/);
    deepStrictEqual(await cli("command", "--port", `${commandPort}`, "nosuch.x"), {
      code: 1,
      stdout: "ERROR AzcamError('remote call not allowed: nosuch')\n",
      stderr: "",
    });
    strictEqual((await cli("get", "--port", `${dashboardPort}`)).code, 2);
    const [print, success] = ["print('from Python')", { code: 0, stderr: "" }];
    const typescript = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(typescript, "const name: string = getDashboard().name; console.log(name);");
    deepStrictEqual(await cli("eval", "--port", `${dashboardPort}`, "6 * 7"), { ...success, stdout: "42\n" });
    deepStrictEqual(await cli("exec", "--port", `${dashboardPort}`, typescript, "--show-output"), {
      ...success,
      stdout: "demo bench\n",
    });
    await Deno.remove(typescript);
    strictEqual((await cli("eval", "--port", `${dashboardPort}`, "--python", print)).code, 0);
    match(server.err, /client \d+.* prints: demo bench\n.*client \d+.* prints: from Python\n/s);
    const shell = new Deno.Command(program.path, {
      args: [...program.client, "shell", "--port", `${dashboardPort}`],
      cwd: top,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const input = shell.stdin.getWriter();
    await input.write(
      new TextEncoder().encode(
        "get uv_light status_selection\neval 'a' + \"b\"\neval --python print('c') or 1 / 2\ntempcon.get_control_temperature\nset uv_light status_selection On\nnosuch.x\n# comment\nget_roi",
      ),
    );
    await input.close();
    const output = await shell.output();
    deepStrictEqual([output.code, new TextDecoder().decode(output.stdout), new TextDecoder().decode(output.stderr)], [
      1,
      "Off\nab\nc\n0.5\n-100\n1\n1024\n1\n1024\n1\n1\n",
      "status_selection of uv_light waits for confirm: confirm uv_light\n" +
      'No instrument is called nosuch; "list" tells what there is\n',
    ]);
    await cli("command", "--port", `${commandPort}`, "exit");
    strictEqual(await server.end(), 0);
    strictEqual((await cli("list", "--port", `${dashboardPort}`)).code, 3);
  });

  const pty = !windows && await canRun("script");

  Deno.test({
    name: `${program.name}: the shell completes, remembers, and survives Ctrl-C, on a real terminal`,
    ignore: !pty, // needs util-linux's script, which makes the terminal
    fn: async () => {
      const server = new ServerProcess(program);
      const [commandPort, port] = await server.ports();
      const home = await Deno.makeTempDir();
      // The task may write below $HOME only, the executable anywhere: each keeps its history where it may.
      const args = program.client.map((arg) => arg.replaceAll(Deno.env.get("HOME")!, home));
      const session = async (keys: readonly [send: string, until: RegExp][]): Promise<string> => {
        const command = [program.path, ...args, "shell", "--port", String(port)].map((word) => `'${word}'`).join(" ");
        const child = new Deno.Command("script", {
          args: ["-qec", command, "/dev/null"],
          cwd: top,
          stdin: "piped",
          stdout: "piped",
          env: {
            HOME: home,
            TERM: "xterm",
            ...noColours,
            DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
          },
        }).spawn();
        let seen = "";
        let all = "";
        const reading = (async () => {
          for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
            seen += text;
            all += text;
          }
        })();
        const input = child.stdin.getWriter();
        for (const [send, until] of [["", /heliograph> /] as const, ...keys]) {
          seen = "";
          // Key by key, as a person types: readline completes nothing in a paste.
          for (const key of send) {
            await input.write(new TextEncoder().encode(key));
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          await eventually(
            () => until.test(seen) || until.test(all) && send === "",
            `${JSON.stringify(send)} gives ${until} in ${JSON.stringify(seen)}`,
          );
        }
        await input.write(new Uint8Array([4]));
        await reading;
        await input.close().catch(() => {});
        strictEqual((await child.status).code, 0);
        return all;
      };
      await session([
        ["set uv\t", /uv_light/],
        [" st\t", /status_selection/],
        [" On\r", /waits for confirm: confirm uv_light\r\n[^]*heliograph> /],
        ["confirm uv_light\r", /heliograph> /],
        ['get "UV L\t', /UV Light"/],
        [" 'Act\t", /Actual Status'/],
        ["\r", /heliograph> /],
        ["status\r", /listener +address\r\n[^]*client +name +address/],
        ["get uv_light status_selection\r", /On {2}\(good, [\d:]+\)\r\n/],
        ["watch picarro\r", /CH4/],
        ["\x03", /heliograph> /],
        ["nosuch.x\r", /No instrument is called nosuch/],
        ["half a line\x03", /heliograph> /],
      ]);
      await session([["\x1b[A", /nosuch\.x/], ["\x1b[A\r", /CH4/], ["\x03", /heliograph> /]]);
      await Deno.remove(home, { recursive: true });
      using client = await RawClient.connect(commandPort);
      await client.ask("exit");
      await server.end();
    },
  });
}

Deno.test("source: the start task may listen on this PC only, and says so", async () => {
  for (const flags of [[], ["--insecure-open"]]) {
    const { code, stderr } = await runProgram(Deno.execPath(), [...ofTask("start"), "--host", "0.0.0.0", ...flags]);
    deepStrictEqual([code, stderr.includes("this task may only listen on 127.0.0.1")], [5, true], stderr);
  }
});

/** A server from source with permissions of its own. */
function withPermissions(...permissions: string[]): Program {
  const words = ["run", "--quiet", "--no-prompt", ...permissions, "cli/main.ts", "server"];
  return { name: "source", path: Deno.execPath(), server: words, client: [] };
}

Deno.test("source: a server that may not start a sandbox serves without one, and says why", async () => {
  await using server = new ServerProcess(withPermissions("--allow-net=127.0.0.1"));
  const [commandPort] = await server.ports();
  using client = await RawClient.connect(commandPort);
  strictEqual(
    await client.ask("eval 1"),
    "ERROR Cannot start a sandbox: this program may not start any process (--allow-run)",
  );
  strictEqual(await client.ask("tempcon.get_control_temperature"), "OK -100.0");
});

Deno.test("source: a server that may listen on its own ports only serves without a sandbox, and says why", async () => {
  const listeners = [0, 0, 0].map(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const own = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  const net = `--allow-net=${own.map((port) => `127.0.0.1:${port}`).join(",")}`;
  const ports = ["--command-port", "--dashboard-port", "--web-port"].flatMap((flag, index) => [flag, `${own[index]}`]);
  await using server = new ServerProcess(withPermissions(net, "--allow-run"), [], ports);
  const [commandPort] = await server.ports();
  using client = await RawClient.connect(commandPort);
  match(await client.ask("eval 1"), /^ERROR Cannot start a sandbox: Requires net access to "127\.0\.0\.1:0"/);
});

Deno.test("source: --eval none runs no code, and says so", async () => {
  await using server = new ServerProcess(withPermissions("--allow-net=127.0.0.1"), ["--eval", "none"]);
  const [commandPort] = await server.ports();
  match(server.out, /code that clients send +is not run \(--eval none\)\n/);
  using client = await RawClient.connect(commandPort);
  strictEqual(await client.ask("eval 1"), "ERROR Cannot run code: this server evaluates none (--eval none)");
  // Nor may this one write images, or keep parameters.
  const [parameters, exposure, ...others] = server.err.split("\n");
  match(parameters!, /Parameter files can be neither read nor kept: .*permission to read and write/);
  match(exposure!, /exposure is not ready: .*permission to write/);
  deepStrictEqual(others, [""]);
});
