/** The web addresses of docs/messages.md are asked for what their services want. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../mod.ts";
import type { MessagesWords } from "../server/messages/messages_schema.ts";
import { Messages } from "../server/messages/messages.ts";
import { placeholders } from "../server/messages/template.ts";
import { codeBlocks, readFile } from "./documents.ts";
import { eventually } from "./fixture.ts";
import { inFolder } from "./server/guards/lab.ts";
import { Alarms, quick, Web } from "./server/messages/post.ts";

Deno.test("docs: the page of messages reaches ntfy, Slack, Teams and Telegram as they want it, and its mail is one that check takes", () =>
  inFolder(async (folder) => {
    const blocks = (await codeBlocks("docs/messages.md")).filter(({ language }) => language === "json");
    const secrets = {
      "mail.password": "password",
      "ntfy.topic": "lab-9f2c",
      "slack.hook": "T0/B0/XX",
      "teams.hook": "7f/triggers/manual/paths/invoke?api-version=1&sig=Z%2F",
      "telegram.token": "12:AAE",
      "beat.id": "6a-0b",
    };
    for (const [name, text] of Object.entries(secrets)) {
      await Deno.writeTextFile(join(folder, name), `${text}\n`, { mode: 0o600 });
    }
    const load = async (code: string) => {
      const file = join(folder, "lab.json");
      await Deno.writeTextFile(file, code);
      const { close, messages, missing } = await loadBench(file);
      await close();
      deepStrictEqual(missing, []);
      return messages as MessagesWords;
    };
    strictEqual((await load(blocks[0]!.code)).mail!.passwordFile, join(folder, "mail.password"));
    await using web = new Web();
    const hosts = /https:\/\/(ntfy\.sh|hooks\.slack\.com|prod-07\.[\w.]+|api\.telegram\.org|hc-ping\.com)/g;
    const words = await load(blocks[1]!.code.replace(hosts, `${web.origin}/$1`));
    const alarms = new Alarms();
    const messages = new Messages(words, { hub: alarms.hub, title: () => "Reactor", times: quick });
    await messages.open();
    try {
      alarms.raise("Too hot", { text: "Close the gas", reason: 'oven is "301" °C' });
      await eventually(() => web.asked.length === 5, "all are asked");
    } finally {
      await messages.stop();
    }
    const asked = (host: string) => {
      const found = web.asked.find(({ path }) => path.startsWith(`/${host}`))!;
      return { ...found, path: found.path.slice(found.path.indexOf("/", 1)) };
    };
    const ntfy = asked("ntfy");
    deepStrictEqual([ntfy.method, ntfy.path], ["POST", "/lab-9f2c"]);
    deepStrictEqual(["title", "priority", "tags"].map((name) => ntfy.headers.get(name)), [
      "[Reactor] HIGH: Too hot",
      "4",
      "warning",
    ]);
    match(ntfy.body, /^HIGH: Too hot\nWhat to do: Close the gas\nWhy: oven is "301" °C\n/);
    const slack = asked("hooks");
    deepStrictEqual([slack.method, slack.path, slack.headers.get("content-type")], [
      "POST",
      "/services/T0/B0/XX",
      "application/json",
    ]);
    const { text, blocks: [block] } = JSON.parse(slack.body);
    strictEqual(text, "[Reactor] HIGH: Too hot");
    deepStrictEqual([block.type, block.text.type, block.text.text], ["section", "plain_text", ntfy.body]);
    const teams = asked("prod");
    strictEqual(teams.path, "/workflows/7f/triggers/manual/paths/invoke?api-version=1&sig=Z%2F");
    const [{ contentType, content }] = JSON.parse(teams.body).attachments;
    strictEqual(contentType, "application/vnd.microsoft.card.adaptive");
    deepStrictEqual(
      content.body.map(({ text }: { text: string }) => text).slice(0, 3),
      ["[Reactor] HIGH: Too hot", "Close the gas", 'oven is "301" °C'],
    );
    const telegram = asked("api.telegram");
    strictEqual(telegram.path, "/bot12:AAE/sendMessage");
    deepStrictEqual(JSON.parse(telegram.body), { chat_id: 123456789, text: ntfy.body });
    deepStrictEqual([asked("hc-ping").method, asked("hc-ping").path], ["GET", "/6a-0b"]);
    const page = await readFile("docs/messages.md");
    for (const word of Object.keys(placeholders)) ok(page.includes(`\`{${word}}\``), `the page lacks {${word}}`);
  }));
