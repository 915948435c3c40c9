/** The command line against an original PyOpticon dashboard, and against the wrong port of each kind of server. */
import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { watch } from "../../cli/commands/bench.ts";
import { AzcamClient, PyOpticonSocketClient } from "../../client/mod.ts";
import { otherServer, serverKind } from "../../protocol/other_server.ts";
import { greeter, originalCommandServer, originalDashboard } from "../client/original_servers.ts";
import { contextOf, run } from "../cli_fixture.ts";
import { canRun, eventually, startServer, top } from "../fixture.ts";

/** The stand-in that evaluates Python. */
async function pythonDashboard() {
  const child = new Deno.Command("python3", {
    args: [new URL("tests/client/original_dashboard.py", top).pathname],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await reader.read()).value);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

Deno.test({
  name:
    "cli: an original dashboard is read, listed, described, set and watched as far as it can be, and the rest is told",
  ignore: !await canRun("python3"), // the stand-in evaluates Python, as the original does
  fn: async () => {
    await using server = await pythonDashboard();
    const at = ["--port", String(server.port)];
    const cli = ([command, ...words]: string[]) => run([command!, ...at, ...words]);
    const refused = (err: RegExp) => ({ code: 1, out: "", err });
    const cases: [words: string[], expected: { code: number; out: string | RegExp; err: RegExp | "" }][] = [
      [["get", "UV Light", "Actual Status"], { code: 0, out: "No Reading\n", err: "" }],
      [["get", "UV Light", "Actual Status", "--json"], {
        code: 0,
        out: '{"value":"No Reading","text":"No Reading"}\n',
        err: "",
      }],
      [["get", "UV Light", "zzz"], refused(/^The dashboard knows nothing called 'zzz'\n$/)],
      [["set", "UV Light", "Status Selection", "On"], {
        code: 0,
        out: "",
        err: /sends it to the device at the confirm: heliograph confirm "UV Light" --port \d+\n$/,
      }],
      [["confirm", "UV Light"], { code: 0, out: "", err: "" }],
      [["list"], {
        code: 0,
        out: /^nickname +title +fields\nReactor TC +Reactor Thermocouple +1\nUV Light +UV Light +2\n$/,
        err: /^An original PyOpticon dashboard: it has no commands/,
      }],
      [["list", "--json"], {
        code: 0,
        out: /^\[\{"name":"Reactor TC","title":"Reactor Thermocouple","fields":1\},/,
        err: "",
      }],
      [["describe", "UV Light"], {
        code: 0,
        out:
          /^UV Light\n\nfield +value +access\nStatus Selection +On +setting, needs confirm\nActual Status +No Reading +readout\n$/,
        err: /neither units and limits nor whether a value is good/,
      }],
      [["describe", "Nope"], refused(/^The dashboard knows nothing called 'Nope'\n$/)],
      [
        ["status"],
        refused(/^Cannot do status: an original PyOpticon dashboard knows only Get, Set, Confirm, Eval and Exec\n$/),
      ],
      [["eval", "--python", "1+1"], { code: 0, out: "2\n", err: "" }],
      [["eval", "--python", "1, 2 # a comment"], { code: 0, out: "(1, 2)\n", err: "" }],
      [["eval", "--python", "1/0"], refused(/division by zero\n$/)],
      [["eval", "1+1"], refused(/^Cannot run JavaScript there: an original PyOpticon dashboard runs Python only/)],
      [["exec", "-"], refused(/^Cannot run JavaScript there: an original/)],
      [["call", "UV Light", "x"], refused(/^Cannot do call: an original/)],
      [["take", "UV Light", "--name", "ada"], refused(/^Cannot do take: an original/)],
      [["expose", "1"], refused(/^Cannot do expose: an original/)],
      [["shell"], refused(/^Cannot do shell: an original/)],
    ];
    for (const [words, { code, out, err }] of cases) {
      const got = await cli(words);
      strictEqual(got.code, code, `${words}: ${got.err}`);
      for (const [text, wanted] of [[got.out, out], [got.err, err]] as const) {
        if (wanted instanceof RegExp) match(text, wanted);
        else strictEqual(text, wanted, words.join(" "));
      }
    }
    // It tells of no changes, and is asked again and again.
    await using client = new PyOpticonSocketClient({ socketNumber: server.port, handleErrors: "exception" });
    const abort = new AbortController();
    let seen = "";
    const write = (text: string) => void (seen += text);
    const context = { ...contextOf(), process: { stdout: { write }, stderr: { write } } };
    const watching = watch(context, client, false, "UV Light", undefined, abort.signal);
    await eventually(() => /UV Light {2}Actual Status {2}No Reading\n/.test(seen), "the snapshot is shown");
    await client.setField("UV Light", "Status Selection", "Off");
    await eventually(() => /UV Light {2}Status Selection {2}Off\n/.test(seen), "the change is shown");
    abort.abort();
    await watching;
    strictEqual(seen.match(/Actual Status/g)!.length, 1, "only what changes is shown");
  },
});

Deno.test("cli: get asks an original dashboard once, as its own clients do", async () => {
  await using server = await originalDashboard();
  strictEqual((await run(["get", "UV Light", "Actual Status", "--port", String(server.port)])).out, "No Reading\n");
  await eventually(() => server.received.length === 2, "the dashboard is told that the client goes");
  const [get, ...others] = server.received.map((text) => JSON.parse(text));
  deepStrictEqual([get.cmd, get.widget_nickname, get.field_name], ["Get", "UV Light", "Actual Status"]);
  deepStrictEqual(others, [{ cmd: "Close" }]);
});

Deno.test("cli: on a wrong port each client says what listens there", async () => {
  await using server = startServer({ webPort: 0 });
  await using azcam = await originalCommandServer();
  await using greeting = await originalCommandServer("Welcome to azcam");
  await using dashboard = await originalDashboard();
  const web = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => new Response("hello"));
  const [lines, socket, page] = [server.commandServer.port, server.dashboardServer.port, server.webServer.port];
  const asked = async (words: string[], port: number) => {
    // A client that waited for its timeout would say so instead.
    const { code, err } = await run([words[0]!, "--port", String(port), "--timeout", "60", ...words.slice(1)]);
    return [code, err];
  };
  const told = (port: number, what: string, wanted: string) =>
    new RegExp(`^Cannot use 127\\.0\\.0\\.1:${port}: what listens there is ${what} .*, and this needs ${wanted} `);
  for (const words of [["get", "a", "b"], ["list"], ["describe", "a"], ["watch"], ["set", "a", "b", "1"], ["shell"]]) {
    for (
      const [port, what] of [[lines, "an azcam"], [azcam.port, "an azcam"], [greeting.port, "an azcam"], [
        page,
        "a web",
      ], [
        web.addr.port,
        "a web",
      ]] as const
    ) {
      const [code, err] = await asked(words, port);
      strictEqual(code, 3, `${words} on ${what}: ${err}`);
      match(String(err), told(port, `${what}(?: command)? server`, "a PyOpticon dashboard"));
    }
  }
  for (
    const [port, what] of [[socket, "heliograph's PyOpticon dashboard"], [page, "a web server"], [
      web.addr.port,
      "a web server",
    ]] as const
  ) {
    const [code, err] = await asked(["command", "tempcon.get_temperatures"], port);
    strictEqual(code, 3, String(err));
    match(String(err), told(port, what, "an azcam command server"));
  }
  // The original drops whoever says what is not JSON.
  const [code, err] = await asked(["command", "tempcon.get_temperatures"], dashboard.port);
  strictEqual(code, 3);
  match(
    String(err),
    /ended before the reply .*: 127\.0\.0\.1:\d+ has not said a word, as an original PyOpticon dashboard does not\n$/,
  );
  await using camera = new AzcamClient({ port: page });
  await rejects(camera.command("echo"), { code: "connection_failed" });
  await web.shutdown();
});

Deno.test("cli: a server that greets and then stays silent is no dashboard, and its greeting no reply", async () => {
  const subcommands = [
    ["get", "uv_light", "Actual Status"],
    ["set", "uv_light", "Status Selection", "On"],
    ["confirm", "uv_light"],
    ["eval", "1"],
    ["exec", "-"],
    ["status"],
    ["call", "uv_light", "x"],
    ["list"],
    ["watch"],
    ["shell"],
  ];
  for (
    const [greeting, what] of [
      ["SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "there is an SSH server"],
      ["220 mail ESMTP\r\n", "there is a mail or FTP server"],
      ["Welcome to the lab\r\n", 'there said "Welcome to the lab"'],
    ] as const
  ) {
    await using server = greeter(greeting);
    for (const [subcommand, ...words] of subcommands) {
      const { code, out, err } = await run([
        subcommand!,
        "--port",
        String(server.port),
        "--timeout",
        "60",
        ...words,
      ]);
      deepStrictEqual([code, out], [3, ""], `${subcommand} on ${greeting}: ${err}`);
      match(
        err,
        new RegExp(`^Cannot use 127\\.0\\.0\\.1:${server.port}: what listens ${what}, and this needs a PyOpticon`),
      );
    }
    strictEqual(
      server.received.some((text) => /"cmd":"(?:Set|Confirm|Eval|Exec)"/.test(text)),
      false,
      "nothing is driven",
    );
  }
});

Deno.test("cli: on a port that stays silent a subcommand says that nothing was sent for it", async () => {
  await using server = greeter("");
  for (
    const [subcommand, ...words] of [["list"], ["describe", "x"], ["set", "a", "b", "1"], ["confirm", "a"], ["client"]]
  ) {
    const { code, err } = await run([subcommand!, ...words, "--port", String(server.port), "--timeout", "0.1"]);
    strictEqual(code, 4);
    match(
      err,
      new RegExp(`:${server.port} has not said within [0-9.]+ s what it is, and \\w+ was not sent: an original`),
    );
    match(err, new RegExp(`${subcommand === "client" ? "shell" : subcommand} was not sent`));
  }
});

Deno.test("cli: command takes for a reply only what azcam's servers say, and tells what else has been said", async () => {
  const command = (port: number, timeout = "60") =>
    run(["command", "--port", String(port), "--timeout", timeout, "tempcon.get_temperatures"]);
  await using ssh = greeter("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
  const refused = await command(ssh.port);
  deepStrictEqual([refused.code, refused.out], [3, ""]);
  match(refused.err, /what listens there is an SSH server, and this needs an azcam command server/);
  await using chat = greeter("Hello\r\n", "Who are you?\r\n");
  const answered = await command(chat.port);
  deepStrictEqual([answered.code, answered.out], [3, ""]);
  match(answered.err, /what listens there said "Hello.*Who are you\?", and this needs an azcam command server/);
  await using silent = greeter("Hello\r\n");
  const waited = await command(silent.port, "0.3");
  strictEqual(waited.code, 4);
  match(waited.err, /may or may not have run: 127\.0\.0\.1:\d+ has only said "Hello", which is no azcam reply\n$/);
});

Deno.test("PyOpticonSocketClient: a setting, a confirm and code have one answer, which no other text is taken for", async () => {
  await using server = greeter("", "Who are you?");
  for (const cmd of ["setField", "doConfirm", "doExec"] as const) {
    await using client = new PyOpticonSocketClient({ socketNumber: server.port, handleErrors: "exception" });
    const done = cmd === "setField"
      ? client.setField("UV Light", "Status Selection", "On")
      : cmd === "doConfirm"
      ? client.doConfirm("UV Light")
      : client.doExec("pass", { language: "python" });
    await rejects(done, { code: "connection_failed", message: /what listens there said "Who are you\?"/ });
  }
});

Deno.test("protocol: a server of another kind is known by how it answers, and a dashboard's text is not taken for one", () => {
  const cases: [text: string, kind: ReturnType<typeof serverKind>][] = [
    ["SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "ssh"],
    ["220 mail ESMTP\r\n", "mail"],
    ["220 (vsFTPd 3.0.3)\r\n", "mail"],
    ["220 °C\r\n", undefined],
    ["HTTP/1.1 400 Bad Request\r\n", "web"],
    ["<!DOCTYPE HTML>\n<html>", "web"],
    ["\x15\x03\x01\x00\x02\x02\x28", "tls"],
    ["ERROR AttributeError('?')\r\n", "azcam"],
    ["OK\r\n", undefined],
    ["Welcome\r\nERROR what\r\n", "azcam"],
    ["Error: 'zzz'", "dashboard"],
    ['{"id":1,"ok":true}', "dashboard"],
    ["OK", undefined],
    ["ERROR", undefined],
    ["No Reading", undefined],
    ["21.5\r\n", undefined],
  ];
  for (const [text, kind] of cases) strictEqual(serverKind(text), kind, JSON.stringify(text));
  strictEqual(otherServer("pc:1", "HTTP/1.1 200 OK", "azcam").code, "connection_failed");
});
