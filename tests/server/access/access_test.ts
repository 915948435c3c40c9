/** Tokens on every wire, over real sockets, and the file that they are kept in. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { configure, getTextFormatter, reset } from "npm:@logtape/logtape@2.4.2";
import { withoutSecrets } from "../../../protocol/secrets.ts";
import { Journal } from "../../../server/records/journal.ts";
import { Access } from "../../../server/access/admit.ts";
import { AccessStore } from "../../../server/access/access_store.ts";
import { Attempts } from "../../../server/access/attempts.ts";
import { Principal } from "../../../server/access/principal.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";

/** A server that asks for a token on this PC as well, and its store. */
function guarded(store = new AccessStore()): { server: HeliographServer; store: AccessStore } {
  return { server: startServer({}, { access: new Access({ store, loopback: "token" }) }), store };
}

function hello(token: string | undefined, id = 1) {
  return { id, cmd: "Hello", name: "script", ...token === undefined ? {} : { token } };
}

Deno.test("access: a token says who one is on azcam's line, the dashboard socket, HTTP and WebSockets", async () => {
  const { server, store } = guarded();
  await using _ = server;
  const token = await store.add({ name: "ana", role: "operator", instruments: ["tempcon"] });
  match(token, /^hg_[A-Za-z0-9_-]{43}$/);
  const { commandServer, dashboardServer, webServer } = server;

  using line = await RawClient.connect(commandServer.port);
  match(await line.ask("list"), /^ERROR .*say first who you are, by a token/);
  match(await line.ask("register ana"), /^ERROR /, "a name alone says nothing");
  strictEqual(await line.ask("echo hello"), "OK hello");
  match(await line.ask(`register bob ${token}`), /^ERROR .*wrong/, "azcam's word, with somebody else's name");
  strictEqual(await line.ask(`register ana ${token}`), "OK", "azcam's word");
  strictEqual(await line.ask("tempcon.set_control_temperature -90"), "OK");
  match(await line.ask("uv_light.set Setpoint 3"), /^ERROR .*you may drive tempcon, and not uv_light/);
  match(await line.ask("whoami"), /"person": ?"ana".*"roleName": ?"operator"/);
  strictEqual(await line.ask("register azcamconsole"), "OK", "clients of azcam do so");
  match(await line.ask("whoami"), /"name": ?"ana"/, "a proven name stays");
  match(await line.ask("exit"), /^ERROR .*needs the role admin/);

  using second = await RawClient.connect(commandServer.port);
  match(await second.ask("auth hg_wrongwrongwrong"), /^ERROR .*wrong/);
  strictEqual(await second.ask(`auth ${token}`), "OK");

  using framed = await RawClient.connect(dashboardServer.port);
  const refused = await framed.request(hello(undefined));
  strictEqual((refused.error as { code: string }).code, "no_credential");
  const { value } = await framed.request(hello(token, 2));
  const { person, name, instruments, rights } = value as Record<string, unknown>;
  deepStrictEqual([person, name, instruments, (rights as string[]).includes("evaluate")], [
    "ana",
    "ana",
    ["tempcon"],
    false,
  ]);

  const web = `http://127.0.0.1:${webServer.port}`;
  const get = async (headers: Record<string, string>, path = "/api/v1/status") => {
    const response = await fetch(`${web}${path}`, { headers });
    await response.body?.cancel();
    return [response.status, response.headers.get("www-authenticate")];
  };
  deepStrictEqual(await get({}), [401, 'Bearer realm="heliograph"']);
  deepStrictEqual(await get({ Authorization: "Bearer hg_no" }), [401, 'Bearer realm="heliograph"']);
  deepStrictEqual(await get({ Authorization: "Basic YTpi" }), [401, 'Bearer realm="heliograph"']);
  deepStrictEqual(await get({ Authorization: `Bearer ${token}` }), [200, null]);
  deepStrictEqual(await get({}, "/"), [200, null], "the page itself tells nothing of the bench");

  await using socket = new TestSocket(`ws://127.0.0.1:${webServer.port}/ws`);
  strictEqual((await socket.ask({ id: 1, cmd: "Describe" })).error.code, "no_credential");
  strictEqual((await socket.ask(hello(token, 2))).value.person, "ana");
});

/** A WebSocket that asks one thing after the other. */
class TestSocket {
  readonly #socket: WebSocket;
  readonly #open: Promise<unknown>;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#open = new Promise((resolve) => this.#socket.onopen = resolve);
  }

  // deno-lint-ignore no-explicit-any -- a reply is looked at as it comes
  async ask(message: unknown): Promise<any> {
    await this.#open;
    const reply = new Promise<string>((resolve) => this.#socket.onmessage = ({ data }) => resolve(data));
    this.#socket.send(JSON.stringify(message));
    return JSON.parse(await reply);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    await closed;
  }
}

Deno.test("access: a server takes the changes of another program at once, and ends the connections of the revoked", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "lab.access.json");
  // As `heliograph access` does it, which knows nothing of the server.
  const other = new AccessStore({ file });
  const { server, store } = guarded(new AccessStore({ file }));
  try {
    await server.ready;
    const token = await other.add({ name: "ana", role: "operator" });
    if (Deno.build.os !== "windows") strictEqual((await Deno.stat(file)).mode! & 0o777, 0o600);
    ok(!(await Deno.readTextFile(file)).includes(token), "only its digest is kept");
    await eventually(() => store.find(token) !== undefined, "the server takes the token");
    using line = await RawClient.connect(server.commandServer.port);
    strictEqual(await line.ask(`auth ${token}`), "OK");
    // Both write at once: nothing is lost.
    await Promise.all([
      store.add({ name: "one", role: "observer" }),
      other.add({ name: "two", role: "observer" }),
      store.add({ name: "three", role: "observer" }),
    ]);
    await eventually(() => store.people.length === 4, "the server knows all four");
    deepStrictEqual(store.people.map(({ name }) => name).toSorted(), ["ana", "one", "three", "two"]);
    await other.revoke("ana");
    await rejects(line.until(() => false), /closed the connection/);
    strictEqual(store.find(token), undefined);
    // What cannot be read takes nothing from anybody, and gives nobody anything.
    const before = store.people.length;
    await Deno.writeTextFile(file, "{");
    await rejects(store.add({ name: "four", role: "observer" }), /it is no JSON/);
    strictEqual(store.people.length, before);
  } finally {
    await server.stop();
    await other.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("access: a token ends by itself, is renewed, and comes of a one-time secret", async () => {
  const store = new AccessStore();
  const short = await store.add({ name: "guest", role: "observer", days: 0.2 / 86_400 });
  const long = await store.renew("guest", 1);
  strictEqual(store.find(short), undefined, "a new token ends the old one");
  strictEqual(store.find(long)?.name, "guest");
  const brief = await store.renew("guest", 0.05 / 86_400);
  const person = store.find(brief)!;
  let told = false;
  store.onChange(() => told = true);
  await eventually(() => told, "its end is told");
  ok(person.ended);
  strictEqual(store.find(brief), undefined);

  const secret = await store.invite({ name: "bob", role: "admin", kind: "link", seconds: 60 });
  const token = await store.redeem(secret);
  strictEqual(store.find(token)?.roleName, "admin");
  await rejects(store.redeem(secret), { code: "no_credential" }, "it is used up");
  const late = await store.invite({ name: "bob", role: "admin", kind: "link", seconds: 0 });
  await rejects(store.redeem(late), { code: "no_credential" });
  await rejects(store.add({ name: "eve", role: "queen" }), /there are observer, operator, admin/);
  await store.stop();
});

Deno.test("access: a proven name is that name, and control by it is nobody else's", async () => {
  const store = new AccessStore();
  await using server = startServer({}, { access: new Access({ store }) });
  using early = await RawClient.connect(server.commandServer.port);
  strictEqual(await early.ask("register Ana"), "OK", "nobody proves it yet");
  const token = await store.add({ name: "ana", role: "operator" });
  match(await early.ask("whoami"), /"name": ?""/, "it is somebody's now");
  match(await early.ask("register ANA"), /^ERROR .*somebody who proves it/);
  const named = await fetch(`http://127.0.0.1:${server.webServer.port}/api/v1/status`, {
    headers: { "X-Heliograph-Name": "ana" },
  });
  await named.body?.cancel();
  strictEqual(named.status, 401);

  using ana = await RawClient.connect(server.commandServer.port);
  strictEqual(await ana.ask(`auth ${token}`), "OK");
  strictEqual(await ana.ask("take tempcon"), "OK");
  match(await early.ask("tempcon.set_control_temperature -80"), /ana .*has control/);
  using again = await RawClient.connect(server.commandServer.port);
  strictEqual(await again.ask(`auth ${token}`), "OK");
  strictEqual(await again.ask("tempcon.set_control_temperature -80"), "OK", "it is theirs from wherever they come");
  const journal = await (await fetch(`http://127.0.0.1:${server.webServer.port}/api/v1/journal`)).json();
  const entry = journal.findLast(({ text }: { text: string }) => text === "tempcon.set_control_temperature -80");
  match(entry.client, /^ana \(client \d+, by token\)$/);
});

Deno.test("access: wrong tokens are slowed down by address and name, never this PC nor where one has proved oneself", () => {
  let now = 0;
  const attempts = new Attempts(() => now);
  const wait = (address: string, name = "") => {
    try {
      attempts.check(address, name);
      return 0;
    } catch (error) {
      return Number(/wait (\d+) s/.exec((error as Error).message)![1]);
    }
  };
  attempts.succeeded("10.0.0.1", "ana");
  for (let count = 0; count < 4; count++) attempts.failed("10.0.0.9", "ana");
  strictEqual(wait("10.0.0.9", "ana"), 0, "slips of the hand");
  attempts.failed("10.0.0.9", "ana");
  strictEqual(wait("10.0.0.9"), 1, "the address");
  strictEqual(wait("10.0.0.8", "ana"), 1, "the name from anywhere else");
  strictEqual(wait("10.0.0.1", "ana"), 0, "but not from where it was proved");
  for (let count = 0; count < 20; count++) attempts.failed("10.0.0.9", "ana");
  strictEqual(wait("10.0.0.9", "bob"), 60, "no longer than that");
  for (let count = 0; count < 100; count++) attempts.failed("127.0.0.1", "bob");
  strictEqual(wait("127.0.0.1", "bob"), 0);
  strictEqual(wait("10.0.0.7", "bob"), 0);
  now += 3_600_000;
  attempts.failed("10.0.0.9", "ana");
  strictEqual(wait("10.0.0.9", "ana"), 0, "it is forgotten");
});

Deno.test("access: from elsewhere nobody may do anything without a token, and nobody's deputy may do more", () => {
  const access = new Access();
  const arrival = { by: "line", id: 1 } as const;
  ok(access.admit({ ...arrival, hostname: "127.0.0.1" }).may("shutdown"));
  ok(access.admit({ ...arrival, hostname: "::1" }).may("shutdown"));
  const stranger = access.admit({ ...arrival, hostname: "10.0.0.9" });
  ok(!stranger.may("read"));
  ok(!stranger.deputy().may("read"));
  ok(!stranger.deputy({ role: "admin" }).may("read"));
  const operator = new Principal(arrival, "operator");
  ok(!operator.deputy({ role: "admin" }).may("evaluate"));
  ok(operator.deputy({ role: "observer" }).may("read") && !operator.deputy({ role: "observer" }).may("drive"));
});

Deno.test("access: who gives no token in time is sent away, on every wire that stays; who gave one stays", async () => {
  const store = new AccessStore();
  const token = await store.add({ name: "ana", role: "observer" });
  await using server = startServer({}, { access: new Access({ store, loopback: "token", credentialSeconds: 0.3 }) });
  using stays = await RawClient.connect(server.commandServer.port);
  strictEqual(await stays.ask(`auth ${token}`), "OK");
  const socket = new WebSocket(`ws://127.0.0.1:${server.webServer.port}/ws`);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  for (const { port } of [server.commandServer, server.dashboardServer]) {
    using client = await RawClient.connect(port);
    strictEqual(await client.rest(), "");
  }
  await closed;
  match(await stays.ask("tempcon.get_temperatures"), /^OK /);
});

Deno.test("access: wrong tokens are told in the journal once a minute, and no secret is told anywhere", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "lab.access.json");
  const records = join(folder, "lab.records");
  const log: string[] = [];
  const journal = new Journal();
  const format = getTextFormatter();
  await configure({
    reset: true,
    sinks: { memory: (record) => void log.push(withoutSecrets(format(record))), journal: journal.log },
    loggers: [
      { category: "heliograph", lowestLevel: "debug", sinks: ["memory", "journal"] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  const secrets: string[] = [];
  try {
    const store = new AccessStore({ file });
    const access = new Access({ store, loopback: "token" });
    const arrangementFile = join(folder, "lab.page.json");
    await using server = startServer({ records: { folder: records }, arrangementFile }, { access, journal });
    await server.ready;
    const token = await store.add({ name: "ana", role: "admin" });
    const link = await store.invite({ name: "bob", role: "observer", kind: "link", seconds: 60 });
    const wrong = `hg_${"w".repeat(43)}`;
    secrets.push(token, link, wrong);
    using line = await RawClient.connect(server.commandServer.port);
    const replies: string[] = [];
    for (
      const text of [
        `auth ${wrong}`,
        `register ana ${wrong}`,
        `auth ${token} and more`,
        `auth ${token}`,
        `register ana ${token}`,
        // Slips: what was meant for another word.
        `note ${token}`,
        `tempcon.set control_temperature ${token}`,
        `api.auth ${token}`,
        `echo2 ${token}`,
        `tempcon.get ${token}`,
        "status",
        "get_logdata",
        "whoami",
      ]
    ) replies.push(await line.ask(text));
    using framed = await RawClient.connect(server.dashboardServer.port);
    const ask = async (message: Record<string, unknown>) => JSON.stringify(await framed.request(message));
    replies.push(await ask({ id: 1, cmd: "Hello", token: wrong }), await ask({ id: 2, cmd: "Hello", token }));
    replies.push(await ask({ id: 3, cmd: "Status" }), await ask({ id: 4, cmd: "SearchJournal" }));
    await framed.request({ id: 5, cmd: "Arrange", arrangement: { groups: [], plots: [] } });
    const web = `http://127.0.0.1:${server.webServer.port}`;
    for (const path of ["/api/v1/status", "/api/v1/journal?level=debug", "/api/v1/clients", "/metrics", "/"]) {
      for (const given of [wrong, token]) {
        replies.push(await (await fetch(web + path, { headers: { Authorization: `Bearer ${given}` } })).text());
      }
    }
    const told = log.filter((text) => text.includes("access: Refused a token"));
    strictEqual(told.length, 1, "a flood of them is no flood of lines");
    const [entry] = journal.kept("warning").filter(({ text }) => text.startsWith("Refused a token"));
    match(entry!.text, /^Refused a token from 127\.0\.0\.1:\d+ \(line\): it is wrong, or not valid any more$/);
    const everywhere = [...replies, ...log, JSON.stringify(journal.kept("debug"))];
    for (const secret of secrets) {
      const where = everywhere.find((text) => text.includes(secret.slice(3)));
      strictEqual(where, undefined, `a secret is told in ${where?.slice(0, 200)}`);
    }
    await server.stop();
    for await (const path of filesIn(folder)) {
      const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
      for (const secret of secrets) ok(!text.includes(secret.slice(3)), `${path} holds a secret`);
    }
  } finally {
    await reset();
    await Deno.remove(folder, { recursive: true });
  }
});

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesIn(join(folder, name));
    else yield join(folder, name);
  }
}
