/** Messages of a server process, which has given up its permissions and is killed in the middle of one. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { MessagesDescription } from "../../protocol/messages.ts";
import { valuesOf } from "../../server/messages/notice_text.ts";
import { eventually } from "../fixture.ts";
import { run } from "../cli_fixture.ts";
import { programs, ServerProcess } from "../server_process.ts";
import { inFolder } from "../server/guards/lab.ts";
import { alarmOf, MailServer, Web, withMail } from "../server/messages/post.ts";

/** A message that was waiting when a server ended. */
function waiting(): object {
  return {
    last: 7,
    messages: [{
      number: 7,
      id: "one",
      way: "mail ana ana@x.edu",
      label: "ana (mail)",
      values: valuesOf("lab", [{ alarm: alarmOf("Too hot"), times: 1, unacknowledged: 0 }]),
      made: new Date().toISOString(),
      state: "waiting",
      tries: 0,
      refusals: 0,
      reason: "",
      told: false,
      perhapsSent: false,
    }],
    gathering: [],
    escalations: [],
    returns: {},
  };
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesIn(join(folder, name));
    else yield join(folder, name);
  }
}

for (const program of programs) {
  Deno.test(
    `${program.name}: what waited is sent after a kill, mail, webhooks and programs work without permissions, and no secret is told anywhere`,
    withMail,
    () =>
      inFolder(async (folder) => {
        const before = Promise.withResolvers<void>();
        await using post = await MailServer.start({
          login: { user: "lab", password: "sesame mail" },
          before: before.promise,
        });
        await using web = new Web();
        web.answer = ({ path }) => new Response(`no ${path}`, { status: path.includes("well") ? 200 : 403 });
        const [file, state, out] = [join(folder, "lab.json"), join(folder, "lab.state"), join(folder, "siren.json")];
        const siren = join(folder, "siren.ts");
        await Deno.writeTextFile(siren, `Deno.writeTextFileSync(${JSON.stringify(out)}, JSON.stringify(Deno.args));`);
        await Deno.writeTextFile(join(folder, "mail.password"), "sesame mail", { mode: 0o600 });
        await Deno.writeTextFile(join(folder, "hook.secret"), "sesame/hook", { mode: 0o600 });
        const hook = (path: string) => ({ url: `${web.origin}/${path}/{secret}`, secretFile: "hook.secret" });
        const command = ["run", "--quiet", "--no-config", "--no-lock", `--allow-write=${out}`, siren, "{title}"];
        await Deno.writeTextFile(
          file,
          JSON.stringify({
            name: "lab",
            messages: {
              people: { ana: { mail: "ana@x.edu" } },
              mail: {
                server: "localhost",
                port: post.port,
                security: "none",
                user: "lab",
                passwordFile: "mail.password",
                from: "lab@x.edu",
              },
              webhooks: { well: hook("well"), ill: hook("ill") },
              commands: { siren: [Deno.execPath(), ...command] },
              rules: [{ to: ["ana"] }],
              heartbeat: { ...hook("beat"), every: "10s" },
            },
            instruments: [{ title: "Telescope", driver: "simulated-telescope" }],
          }),
        );
        await Deno.mkdir(state);
        await Deno.writeTextFile(join(state, "messages.json"), JSON.stringify(waiting()));
        const serve = [...program.client, "server"];
        const args = ["--bench", file, "--records", join(folder, "lab.records"), "--log-level", "debug"];
        const told: string[] = [];
        {
          const server = new ServerProcess({ ...program, server: serve }, args);
          await post.until(1);
          await eventually(
            async () => (await Deno.readTextFile(join(state, "messages.json"))).includes('"sending"'),
            "it is written down",
          );
          await server.ports();
          server.kill("SIGKILL");
          await server.end();
          told.push(server.out, server.err);
        }
        before.resolve();
        const server = new ServerProcess({ ...program, server: serve }, args);
        try {
          const [, dashboard] = await server.ports();
          const [first, again] = await post.until(2);
          strictEqual(first!.id, again!.id);
          match(again!.text, /Perhaps this came before/);
          const ask = async (...words: string[]) => {
            const { out, err } = await run(["messages", ...words, "--port", String(dashboard)]);
            told.push(out, err);
            return out + err;
          };
          match(await ask("test", "ana"), /^ana \(mail\): taken: 250 /);
          strictEqual(post.mails.length, 3);
          match(await ask("test", "well"), /^well: taken: 200 no \/well\/…/);
          match(await ask("test", "ill"), /ill: NOT taken: .* refused it: 403 no \/ill\/…/);
          match(await ask("test", "siren"), /^siren: taken: done/);
          deepStrictEqual(JSON.parse(await Deno.readTextFile(out)), ["This is a test"]);
          post.options = { login: { user: "lab", password: "another" } };
          match(await ask("test", "ana"), /NOT taken: the mail server localhost refused the login: .*535 not with …/);
          const described = JSON.parse(await ask("--json")) as MessagesDescription;
          strictEqual(described.messages[0]!.state, "sent");
          match(described.heartbeat!.reason, /refused it: 403 no \/beat\/…/);
          match(server.err, /The heartbeat is not taken/);
        } finally {
          await server[Symbol.asyncDispose]();
        }
        told.push(server.out, server.err);
        ok(!told.join("\n").includes("sesame"), told.find((each) => each.includes("sesame")));
        for await (const path of filesIn(folder)) {
          if (path.endsWith("hook.secret") || path.endsWith("mail.password")) continue;
          const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
          ok(!text.includes("sesame"), `${path} holds a secret`);
        }
      }),
  );
}
