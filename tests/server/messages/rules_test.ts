/** Whom messages go to, when, and how many: what knows no clock and no network. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { AlarmDescription } from "../../../protocol/alarms.ts";
import { DeliveryError } from "../../../server/messages/delivery.ts";
import { messagesSchema, type WebhookWords } from "../../../server/messages/messages_schema.ts";
import { Notices } from "../../../server/messages/notices.ts";
import { testValues, valuesOf } from "../../../server/messages/notice_text.ts";
import { Outbox } from "../../../server/messages/outbox.ts";
import { isDue, isSevereEnough } from "../../../server/messages/rules.ts";
import { readyRequest } from "../../../server/messages/webhook.ts";
import { checkMessages } from "../../../server/messages/ways.ts";
import { alarmOf } from "./post.ts";

Deno.test("messages: a rule counts by severity, time of day and day, a night belongs to the day it begins on", () => {
  ok(isSevereEnough({ severity: "high" }, "critical") && isSevereEnough({}, "low"));
  ok(!isSevereEnough({ severity: "high" }, "medium"));
  // 2026-11-27 is a Friday.
  const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute);
  const night = { between: [22 * 60, 8 * 60] as [number, number], days: ["fri"] as const };
  const cases: [Date, boolean][] = [
    [at(27, 21, 59), false],
    [at(27, 22), true],
    [at(28, 7, 59), true],
    [at(28, 8), false],
    [at(28, 22), false],
    [at(27, 3), false],
  ];
  for (const [when, so] of cases) strictEqual(isDue(night, when), so, String(when));
  const office = { between: [8 * 60, 18 * 60] as [number, number] };
  ok(isDue(office, at(29, 8)) && !isDue(office, at(29, 18)) && isDue({}, at(29, 18)));
});

Deno.test("messages: a flood becomes one message, and an alarm that comes and goes one with a count", () => {
  const notices = new Notices({ gather: 1, digest: 60, most: 3 });
  for (let index = 0; index < 500; index++) {
    notices.add(
      "ana",
      { ...alarmOf(`Alarm ${index}`), severity: index === 77 ? "critical" : "low" },
      "raised",
      index / 500,
    );
  }
  deepStrictEqual(notices.take(0.9), []);
  strictEqual(notices.next, 1);
  const [digest, ...others] = notices.take(1);
  deepStrictEqual(others, []);
  strictEqual(digest!.notices.length + digest!.left, 500);
  const values = valuesOf("lab", digest!.notices, digest!.left);
  match(values.subject, /^\[lab\] CRITICAL: 500 alarms: Alarm 77, /);
  match(values.message, /^CRITICAL: 500 alarms: .*\n\nCRITICAL: Alarm 77\n/);
  ok(values.message.length < 3000, "Slack takes 3000 characters");
  strictEqual(notices.next, Infinity);

  // Every two seconds for an hour.
  const told: number[] = [];
  let times = 0;
  for (let now = 100; now < 3700; now++) {
    if (now % 2 === 0) notices.add("bob", alarmOf("Door"), "raised", now);
    for (const { name, notices: [notice] } of notices.take(now)) {
      if (name !== "bob") continue;
      told.push(now);
      times += notice!.times;
    }
  }
  ok(told.length < 8, `${told.length} messages in an hour`);
  strictEqual(told[0], 101, "the first is told at once");
  ok(times > 900, "all are counted");
  match(valuesOf("lab", [{ alarm: alarmOf("Door"), times: 30, unacknowledged: 0 }]).message, /It came 30 times since/);
  // It has calmed down for longer than it was held back: told at once again.
  notices.take(20_000);
  notices.add("bob", alarmOf("Door"), "raised", 50_000);
  strictEqual(notices.next, 50_001);

  // Different alarms, one after another: three are told at once, then those of a minute together.
  let messages = 0;
  strictEqual(notices.take(59_000).length, 1);
  for (let now = 60_000; now < 60_060; now++) {
    if (now % 4 === 0) notices.add("eve", alarmOf(`New ${now}`), "raised", now);
    messages += notices.take(now).length;
  }
  strictEqual(messages, 3);
  strictEqual(notices.take(60_062)[0]?.notices.length, 12);
});

Deno.test("messages: what one says is in words, also that it is over, or that nobody has acknowledged it", () => {
  const alarm = { ...alarmOf("Too hot\r\nBcc: eve@x.edu"), text: "Open the window", reason: "oven.T is 301 °C" };
  const values = valuesOf("lab", [{ alarm, times: 1, unacknowledged: 0 }]);
  strictEqual(values.subject, "[lab] HIGH: Too hot Bcc: eve@x.edu");
  match(
    values.message,
    /^HIGH: Too hot Bcc: eve@x.edu\nWhat to do: Open the window\nWhy: oven\.T is 301 °C\nIt came at 20/,
  );
  strictEqual(values.priority, "4");
  const late = valuesOf("lab", [{ alarm, times: 0, unacknowledged: 600 }]);
  match(late.subject, /HIGH, not acknowledged for 10 min: Too hot/);
  const over = valuesOf("lab", [{ alarm: { ...alarm, state: "normal", active: false }, times: 0, unacknowledged: 0 }]);
  match(over.subject, /returned: Too hot/);
  match(over.message, /It is so no more; it is normal since/);
  match(testValues("lab", "ana\nx").message, /no alarm\. Asked for by ana x at/);
});

Deno.test("messages: a value is escaped by where it stands in a webhook, and becomes nothing but text", () => {
  const alarm: AlarmDescription = {
    ...alarmOf(`Quote " and \\ and {secret}`),
    reason: `","x":"y"\u0000\n<!channel>&?#/`,
  };
  const values = valuesOf("lab", [{ alarm, times: 1, unacknowledged: 0 }]);
  const of = (webhook: Partial<WebhookWords>) => readyRequest({ url: "https://h.x/a", ...webhook }, values, "s3/cr?et");
  const table = JSON.parse(of({ body: { a: "{title}", b: ["{reason}", 5] } }).body!);
  deepStrictEqual(table, { a: values.title, b: [values.reason, 5] });
  const text = of({ body: '{"a": "{title}", "b": "{reason}"}', headers: { "Content-Type": "application/json" } });
  deepStrictEqual(JSON.parse(text.body!), { a: values.title, b: values.reason });
  const form = of({ body: "a={title}&b={reason}", headers: { "content-type": "application/x-www-form-urlencoded" } });
  deepStrictEqual([...new URLSearchParams(form.body)], [["a", values.title], ["b", values.reason]]);
  strictEqual(
    of({ url: "https://h.x/{secret}/{title}" }).url,
    `https://h.x/s3/cr?et/${encodeURIComponent(values.title)}`,
  );
  const headers =
    of({ headers: { Title: "Ofen: {reason}", Umlaut: "Öfen", Authorization: "Bearer {secret}" } }).headers;
  match(headers.get("title")!, /^Ofen: ","x":"y" </);
  strictEqual(headers.get("umlaut"), `=?UTF-8?B?${btoa("\u00c3\u0096fen")}?=`);
  strictEqual(headers.get("authorization"), "Bearer s3/cr?et");
  strictEqual(of({ body: "{title}" }).headers.get("content-type"), "text/plain; charset=utf-8");
});

Deno.test("messages: what keeps a message waits longer each time, holds up its own way alone, and is told once", () => {
  const outbox = new Outbox({ waits: [5, 15, 60], lasting: 900, refusals: 4 });
  const channelOf = (way: string) => way.split(" ")[0];
  const values = valuesOf("lab", [{ alarm: alarmOf("Too hot"), times: 1, unacknowledged: 0 }]);
  const add = (way: string, now = 0) => outbox.add(way, way, values, now, new Date());
  const take = (now: number) => outbox.take(channelOf, now)!;
  const gone = new DeliveryError("gone");
  const [first, second, hook] = [add("mail ana"), add("mail bob"), add("hook x")];
  strictEqual(take(0), first);
  strictEqual(take(0), hook, "the mail server gets one at a time");
  strictEqual(outbox.failed(first!, "mail", gone, 0), false, "it may well work the next time");
  strictEqual(take(4.9), undefined, "nor is the other one tried while the server is gone");
  outbox.sent(hook!, "hook", "200");
  strictEqual(outbox.next(channelOf), 5);
  strictEqual(take(5), first);
  outbox.failed(first!, "mail", gone, 5);
  strictEqual(take(20), first);
  strictEqual(outbox.failed(first!, "mail", gone, 20), true, "now it is told");
  strictEqual(outbox.problem(channelOf), "gone");
  strictEqual(take(80), first);
  strictEqual(outbox.failed(first!, "mail", gone, 80), false, "once");
  // One address is refused: the other one is sent.
  strictEqual(take(140), first);
  const refused = new DeliveryError("no such user", { about: "message", lasts: true });
  strictEqual(outbox.failed(first!, "mail", refused, 140), true, "what lasts is told at once");
  strictEqual(take(140), second);
  outbox.sent(second!, "mail", "250");
  strictEqual(outbox.problem(channelOf), "mail ana: no such user");
  strictEqual(outbox.next(channelOf), 140 + 900);
  for (let now = 1040; first!.state !== "failed"; now += 900) outbox.failed(take(now), "mail", refused, now);
  match(first!.reason, /^given up after it was refused 4 times: no such user/);
  strictEqual(outbox.retry(5000), 1);
  strictEqual(take(5000), first);
  // A changed password: told at once, not tried for a quarter of an hour, or until it is another one.
  strictEqual(
    outbox.failed(first!, "mail", new DeliveryError("login", { lasts: true, credentials: true }), 5000),
    true,
  );
  strictEqual(take(5899), undefined);
  deepStrictEqual(outbox.refused, ["mail"]);
  outbox.tryNow("mail");
  strictEqual(take(5001), first);
  outbox.failed(first!, "mail", new DeliveryError("busy", { after: 77 }), 5001);
  strictEqual(outbox.next(channelOf), 5078, "as it was told");
  ok(outbox.forget(first!.number));
  strictEqual(outbox.problem(channelOf), "");
  for (let index = 0; index < 300; index++) add("mail ana", 9000);
  const failed = outbox.messages.filter(({ state }) => state === "failed");
  strictEqual(failed.length, 50, "of more than 250 the oldest are given up, which is told");
  match(outbox.problem(channelOf), /more than 250 messages wait/);
});

Deno.test("messages: what a bench file says wrongly is told with its place and what would be right", () => {
  const problems = (words: unknown): string[] => {
    const found: string[] = [];
    checkMessages(messagesSchema.parse(words), (path, message) => found.push(`${path.join(".")}: ${message}`));
    return found;
  };
  const hook = { url: "https://ntfy.sh/x", body: "{massage}" };
  deepStrictEqual(
    problems({
      people: { ana: { mail: "ana@x.edu" }, bob: {}, eve: { webhook: "ntfi" } },
      webhooks: { ntfy: hook, ana: { url: "https://{title}.x/a?{secret}", headers: { A: "{x}" } } },
      commands: { siren: ["siren.bat", "{title}"], horn: ["horn", "{secret}"] },
      rules: [{ to: ["anna"], returns: true, unacknowledged: "5m" }],
      heartbeat: { url: "https://hc.x/{title}" },
    }).map((each) => each.slice(0, 90)),
    [
      "webhooks.ana: ana is the name of somebody else too: rules could mean either",
      "rules.0.to.0: there is no anna (did you mean ana?); there is ana, bob, eve, ntfy, siren, horn",
      "rules.0.returns: has no meaning beside unacknowledged: who was told at once is told the end",
      'people.ana.mail: needs to know how mail is sent: say "mail" with server and from in messages',
      "people.bob: needs mail, a webhook or a topic of mqtt",
      "people.eve.webhook: there is no webhook ntfi (did you mean ntfy?)",
      "webhooks.ntfy.body: nothing is called {massage} (did you mean message?); there is subject, ",
      "webhooks.ana.url: has a place before its path, which nothing may fill",
      "webhooks.ana.headers.A: nothing is called {x}; there is subject, message, title, severity, pri",
      "webhooks.ana: {secret} needs a secretFile that it stands in",
      "commands.siren: a .bat or .cmd takes no places in its arguments: it reads all of it as JSON f",
      "commands.horn.1: nothing is called {secret}; there is subject, message, title, severity, prior",
      "heartbeat.url: nothing is called {title}; there is secret",
    ].map((each) => each.slice(0, 90)),
  );
  deepStrictEqual(problems({}).map((each) => each.slice(0, 17)), ["rules: is missing"]);
  deepStrictEqual(
    problems({
      people: { ana: { mail: "ana@x.edu" } },
      mail: { server: "smtp.x.edu", from: "lab@x.edu", user: "lab", passwordFile: "p", security: "none" },
      rules: [{ to: ["ana"] }],
    }),
    ["mail.security: none would send the password for all to read: give starttls or tls"],
  );
});
