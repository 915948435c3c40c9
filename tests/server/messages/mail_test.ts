/** Mail, by a real mail server. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { testCertificates, toldBy } from "../../certificates.ts";
import { eventually, localName as host } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { Alarms, isOldDeno, MailServer, messagesOf, quick, withMail } from "./post.ts";

/** What a bench file says of mail to ana and bob by a server. */
function words({ port }: { readonly port: number }, mail: object, rule: object = {}): object {
  return {
    people: { ana: { mail: "ana@x.edu" }, bob: { mail: "bob@x.edu" } },
    mail: { server: host, port, security: "none", from: "lab@x.edu", ...mail },
    rules: [{ to: ["ana", "bob"], ...rule }],
  };
}

Deno.test(
  "mail: comes by STARTTLS and by TLS after a login, with one line as its subject; a stranger's certificate gets nothing",
  withMail,
  () =>
    inFolder(async (folder) => {
      const { authority: { certificate }, certificate: pem } = await testCertificates();
      const [authorityFile, passwordFile] = [join(folder, "ca.pem"), join(folder, "password")];
      await Deno.writeTextFile(authorityFile, certificate);
      await Deno.writeTextFile(passwordFile, "right horse\n", { mode: 0o600 });
      // On Deno 2.4 no server of node:tls takes STARTTLS.
      const both = isOldDeno ? ["tls"] as const : ["starttls", "tls"] as const;
      for (const security of both) {
        await using server = await MailServer.start({ security, login: { user: "lab", password: "right horse" } }, pem);
        const alarms = new Alarms();
        {
          const login = { security, authorityFile, user: "lab", passwordFile };
          await using messages = await messagesOf(words(server, login), alarms);
          alarms.raise("Too hot\r\nBcc: eve@x.edu", { reason: "301 °C", text: "Close the gas" });
          const [mail] = await server.until(2);
          strictEqual(mail!.subject, "[lab] HIGH: Too hot Bcc: eve@x.edu");
          match(mail!.text, /What to do: Close the gas\nWhy: 301 °C\n/);
          match(mail!.from, /heliograph lab.*<lab@x\.edu>/);
          strictEqual(mail!.headers.get("auto-submitted"), "auto-generated");
          deepStrictEqual(server.mails.map(({ to }) => to).sort(), ["ana@x.edu", "bob@x.edu"]);
          ok(server.mails.every(({ user, secure }) => user === "lab" && secure));
          deepStrictEqual([...new Set(server.logins)], ["lab right horse"]);
          await eventually(() => messages.describe().messages.every(({ state }) => state === "sent"), "all is taken");
        }
        server.logins.splice(0);
        const times = { ...quick, waits: [3600] };
        await using stranger = await messagesOf(words(server, { security, user: "lab", passwordFile }), alarms, {
          times,
        });
        alarms.raise("Stranger");
        await eventually(() => stranger.describe().messages.some(({ reason }) => reason !== ""), "it is tried");
        match(
          stranger.describe().messages[0]!.reason,
          new RegExp(`cannot reach the mail server ${host}: .*certificate`, "i"),
        );
        deepStrictEqual(server.logins, [], "the password goes to nobody else");
      }
      // One that has no TLS gets no password either.
      await using plain = await MailServer.start({ login: { user: "lab", password: "right horse" } });
      const alarms = new Alarms();
      const login = { security: "starttls", authorityFile, user: "lab", passwordFile };
      await using messages = await messagesOf(words(plain, login), alarms);
      alarms.raise("Too hot");
      await eventually(() => messages.describe().messages.some(({ reason }) => reason !== ""), "it is tried");
      match(messages.describe().messages[0]!.reason, /STARTTLS/);
      deepStrictEqual(plain.logins, []);
    }),
);

Deno.test(
  "mail: a refused login is told at once and not tried again until the password is another one; it is told nowhere",
  withMail,
  () =>
    inFolder(async (folder) => {
      const passwordFile = join(folder, "password");
      await Deno.writeTextFile(passwordFile, "old horse battery", { mode: 0o600 });
      await using server = await MailServer.start({ login: { user: "lab", password: "new horse battery" } });
      const file = join(folder, "lab.state", "messages.json");
      const raised: string[] = [];
      const own = { raise: (reason: string) => void raised.push(reason), clear: () => void raised.push("") };
      const log = await toldBy(async () => {
        const alarms = new Alarms();
        const times = { ...quick, lasting: 900 };
        const given = words(server, { user: "lab", passwordFile });
        await using messages = await messagesOf(given, alarms, { own, times, file });
        alarms.raise("Too hot");
        await eventually(() => raised.length > 0, "it is told");
        match(raised[0]!, new RegExp(`^the mail server ${host} refused the login: .*535 not with …`));
        const { problem, messages: waiting } = messages.describe();
        strictEqual(problem, raised[0]);
        deepStrictEqual(waiting.map(({ state, tries }) => [state, tries]), [["waiting", 1], ["waiting", 0]]);
        ok(waiting[0]!.again! > 800);
        deepStrictEqual(server.logins, ["lab old horse battery"], "nobody's account is locked by wrong passwords");
        await Deno.writeTextFile(passwordFile, "new horse battery\n");
        await server.until(2);
        await eventually(() => raised.at(-1) === "", "all is well");
        strictEqual(raised.length, 2);
        strictEqual(messages.describe().problem, "");
      });
      const everywhere = [...log, ...raised, await Deno.readTextFile(file)].join("\n");
      match(everywhere, /Cannot tell ana \(mail\)/);
      ok(!everywhere.includes("horse"), everywhere);
    }),
);

Deno.test(
  "mail: an address that is refused keeps no other from theirs; one that is put off is tried again until it is taken",
  withMail,
  async () => {
    const refusals: string[] = [];
    const alarms = new Alarms();
    await using server = await MailServer.start({
      refuses: (address) => {
        refusals.push(address);
        // Greylisted: strangers are asked to come again.
        if (address.startsWith("ana")) {
          return refusals.filter((each) => each === address).length < 4 ? [451, "come again"] : undefined;
        }
        return [550, "no such user"];
      },
    });
    await using messages = await messagesOf(words(server, {}), alarms, { times: { ...quick, lasting: 900 } });
    alarms.raise("Too hot");
    const [mail] = await server.until(1);
    strictEqual(mail!.to, "ana@x.edu");
    await eventually(() => messages.describe().messages[0]!.state === "sent", "ana is told");
    const [ana, bob] = messages.describe().messages;
    strictEqual(ana!.tries, 4);
    deepStrictEqual([bob!.to, bob!.state, bob!.tries], ["bob (mail)", "waiting", 1]);
    match(bob!.reason, new RegExp(`^the mail server ${host} refused the address: .*550 no such user`));
    match(messages.describe().problem, /^bob \(mail\): the mail server/, "and that is told");
    messages.forget(bob!.number);
    strictEqual(messages.describe().problem, "");
  },
);

Deno.test(
  "mail: is kept while the mail server is gone or slow, also over a restart, and says that it may come twice",
  // Its `node:net` does not give the port free again.
  { ignore: isOldDeno },
  () =>
    inFolder(async (folder) => {
      const file = join(folder, "lab.state", "messages.json");
      const free = await MailServer.start();
      const { port } = free;
      await free[Symbol.asyncDispose]();
      const alarms = new Alarms();
      {
        await using messages = await messagesOf(words({ port }, {}), alarms, { file });
        alarms.raise("Too hot");
        await eventually(() => messages.describe().problem !== "", "it is told that it is gone");
        match(messages.describe().problem, new RegExp(`cannot reach the mail server ${host}: .*refused`, "i"));
      }
      // A server that takes connections and says nothing: each try has its deadline.
      {
        using silent = Deno.listen({ hostname: "127.0.0.1", port });
        const connections: Deno.Conn[] = [];
        const accepting = (async () => {
          for await (const each of silent) connections.push(each);
        })().catch(() => {});
        const deadlines = { mail: 0.1, webhook: 1, command: 1, mqtt: 1 };
        const messages = await messagesOf(words({ port }, {}), alarms, { file, times: { ...quick, deadlines } });
        await eventually(() => connections.length > 1, "it is tried again");
        match(messages.describe().messages[0]!.reason, /has not taken it within the time/);
        await messages.stop();
        silent.close();
        await accepting;
        for (const each of connections) each.close();
      }
      // The server is ended when the message was taken, before that was said.
      const said = Promise.withResolvers<void>();
      const id = await (async () => {
        await using server = await MailServer.start({ before: said.promise }, undefined, port);
        const messages = await messagesOf(words({ port }, {}), alarms, { file });
        const [mail] = await server.until(1);
        await messages.stop();
        said.resolve();
        return mail!.id;
      })();
      await using server = await MailServer.start({}, undefined, port);
      await using messages = await messagesOf(words({ port }, {}), alarms, { file });
      const [again, other] = await server.until(2);
      strictEqual(again!.id, id, "who gets it twice can tell");
      match(again!.text, /Perhaps this came before/);
      match(again!.subject, /Too hot/);
      strictEqual(other!.to, "bob@x.edu");
      await eventually(() => messages.describe().messages.every(({ state }) => state === "sent"), "all is sent");
      strictEqual(messages.describe().hint, "");
    }),
);
