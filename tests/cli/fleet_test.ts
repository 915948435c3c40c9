/** A fleet as people set it up: the broker's files, PCs as programs, and the subcommands that reach them. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { run } from "../cli_fixture.ts";
import { codeBlocks } from "../documents.ts";
import { eventually } from "../fixture.ts";
import { hasNats, NatsServer } from "../nats.ts";
import { type Program, programs, ServerProcess } from "../server_process.ts";
import { inFolder } from "../server/guards/lab.ts";

/** Windows as it runs in tests knows no names, and certificates of addresses are as good. */
const host = "127.0.0.1";

/** What stands on each PC. */
const instruments = [{
  title: "Oven",
  port: "tcp://127.0.0.1:5025",
  fields: {
    Temperature: { type: "float", unit: "°C", read: "T?" },
    Power: { type: "float", minimum: 0, maximum: 80, write: "P {value}" },
  },
}];

/** The program with the permissions that a bench file of one's own needs. */
function own(program: Program): Program {
  return { ...program, server: [...program.client, "server"] };
}

async function benchOf(folder: string, fleet: object): Promise<string> {
  const file = join(folder, "lab.json");
  await Deno.writeTextFile(file, JSON.stringify({ name: "a bench", instruments, fleet }));
  return file;
}

for (const program of programs) {
  Deno.test({
    name:
      `${program.name}: fleet init, a broker with TLS, and three PCs: each speaks in its own name only, and reaches the others`,
    ignore: !hasNats,
    fn: () =>
      inFolder(async (folder) => {
        const lab = join(folder, "fleet");
        const names = ["cold-lab", "warm-lab", "third-lab"];
        const [sh] = (await codeBlocks("docs/fleet.md")).filter(({ language }) => language === "sh");
        strictEqual(sh!.code, "heliograph fleet init lab-fleet --broker nats.lab cold-lab reactor-lab\n");
        const init = await run(["fleet", "init", lab, "--broker", `${host}:1`, ...names]);
        strictEqual(init.code, 0, init.err);
        match(
          init.out,
          /nats-server --config nats-server\.conf\nFor cold-lab: carry .*cold-lab to it, and there\n {2}.*fleet join cold-lab --bench FILE\n/,
        );
        match((await run(["fleet", "init", lab, "cold-lab"])).err, /cold-lab is in this fleet already/);
        match((await run(["fleet", "init", lab, "Cold_Lab"])).err, /lower-case letters, digits and hyphens/);
        match(
          (await run(["fleet", "init", join(folder, "none"), "a"])).err,
          /say by which name the PCs reach its broker/,
        );
        // The port is what the test is given.
        const configuration = join(lab, "nats-server.conf");
        const text = await Deno.readTextFile(configuration);
        await Deno.writeTextFile(configuration, text.replace("port: 1\n", ""));
        await using broker = await NatsServer.start(["--config", "nats-server.conf"], lab);

        const wordsOf = async (name: string) => {
          const { fleet } = JSON.parse(await Deno.readTextFile(join(lab, name, "fleet.json")));
          deepStrictEqual(fleet, {
            broker: `tls://${host}:1`,
            name,
            credentials: "fleet.seed",
            authority: "fleet-authority.pem",
          });
          return { ...fleet, broker: `tls://${host}:${broker.port}`, roles: { "*": "operator" } };
        };
        const start = async (name: string, changed: object = {}) =>
          new ServerProcess(own(program), [
            "--bench",
            await benchOf(join(lab, name), { ...await wordsOf(name), ...changed }),
            "--simulate",
            "--web-port",
            "0",
            "--tls-port",
            "0",
          ]);
        await using cold = await start("cold-lab");
        await using warm = await start("warm-lab");
        const [[coldLine], [, port]] = await Promise.all([cold.ports(), warm.ports()]);
        ok(coldLine > 0);
        const ask = (...words: string[]) => run([...words, "--port", String(port)]);
        await eventually(async () => /cold-lab.* well /.test((await ask("fleet")).out), "cold-lab is there");
        await eventually(
          async () => (await ask("get", "oven", "temperature", "--server", "cold-lab")).code === 0,
          "it is read",
        );
        match((await ask("get", "oven", "temperature", "--server", "cold-lab")).out, /^\d+\.\d+/);
        match((await ask("list", "--server", "cold-lab")).out, /\boven\b.*\bOven\b/);
        strictEqual((await ask("set", "cold-lab/oven", "power", "7")).code, 0);
        match((await ask("get", "cold-lab/oven", "power")).out, /^7\.0/);
        match((await ask("set", "oven", "power", "700", "--server", "cold-lab")).err, /cold-lab: .*maximum of 80/);
        const { out: address } = await ask("fleet", "page");
        match(address, /^http:\/\/127\.0\.0\.1:\d+\/#\/fleet\n$/);
        match(await (await fetch(address.trim())).text(), /<title>/);
        match((await ask("status", "--server", "cald-lab")).err, /did you mean cold-lab\?/);

        // As the document says.
        for (const { language, code } of await codeBlocks("docs/fleet.md")) {
          if (language !== "text" || !code.startsWith("heliograph fleet ")) continue;
          for (const line of code.trimEnd().split("\n")) {
            const words = line.replace(/#.*/, "").trim().split(" ").slice(1)
              .map((word) =>
                ({
                  "cold-lab/tempcon": "cold-lab/oven",
                  tempcon: "oven",
                  camtemp: "temperature",
                  control_temperature: "power",
                  "-90": "5",
                })[word] ?? word
              );
            const { code, err } = await ask(...words);
            strictEqual(code, 0, `${line}: ${err}`);
          }
        }

        // It has its seed, and calls itself by another's name: the broker lets it speak in its own alone.
        {
          await using liar = await start("third-lab", { name: "cold-lab" });
          await liar.ports();
          await eventually(
            () => /Permissions Violation[\s\S]*look at the permissions of cold-lab there/i.test(liar.err),
            "it is told",
          );
        }
        {
          await Deno.writeTextFile(
            join(lab, "third-lab", "fleet-authority.pem"),
            await Deno.readTextFile(join(lab, "broker.pem")),
          );
          await using stranger = await start("third-lab");
          await stranger.ports();
          await eventually(() => /did not prove itself by an authority that .* holds/.test(stranger.err), "it is told");
        }
        match((await ask("get", "cold-lab/oven", "power")).out, /^5\.0/);

        await broker.kill();
        await eventually(
          async () => /not in its fleet/.test((await ask("set", "cold-lab/oven", "power", "8")).err),
          "it is said",
        );
        strictEqual((await ask("set", "oven", "power", "8")).code, 0, "alone it works on");
        await broker.start();
        await eventually(async () => (await ask("set", "cold-lab/oven", "power", "9")).code === 0, "it is back");
        cold.kill("SIGKILL");
        await eventually(
          async () =>
            /cold-lab is not connected, last seen/.test((await ask("set", "cold-lab/oven", "power", "3")).err),
          "it is gone",
        );
        match((await ask("fleet")).out, /cold-lab .* cold-lab is not connected, last seen/);
      }),
  });
}

Deno.test("cli: a bench that is in no fleet says so, and what to do", () =>
  inFolder(async (folder) => {
    const file = join(folder, "lab.json");
    await Deno.writeTextFile(file, JSON.stringify({ instruments }));
    await using server = new ServerProcess(own(programs[0]!), ["--bench", file, "--simulate", "--web-port", "0"]);
    const [, port] = await server.ports();
    const ask = (...words: string[]) => run([...words, "--port", String(port)]);
    match(
      (await ask("fleet")).err,
      /This bench is in no fleet: say "fleet" in its bench file; “fleet init” writes what that needs/,
    );
    match(
      (await ask("list", "--server", "cold-lab")).err,
      /Cannot ask cold-lab: this bench is in no fleet.*or pair with that PC/,
    );
    match(
      (await ask("fleet", "joyn")).err,
      /Cannot do joyn with the fleet \(did you mean join\?\): give list, page, records, check, join FOLDER, init FOLDER PC…, or nothing/,
    );
  }));
