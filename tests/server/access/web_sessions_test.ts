/** Signing in with a browser, over real sockets: cookies, sessions and their ends, and what administrators do there. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { configure, getTextFormatter, reset } from "npm:@logtape/logtape@2.4.2";
import { Access } from "../../../server/access/admit.ts";
import { AccessStore } from "../../../server/access/access_store.ts";
import { WebSessions } from "../../../server/access/web_sessions.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { startServer } from "../../fixture.ts";
import { RawWebSocket } from "../faces/web/web_fixture.ts";

/** A browser as far as this takes one: it keeps its cookie, and says where its page is from. */
class Visitor {
  readonly #server: HeliographServer;
  cookie = "";

  constructor(server: HeliographServer) {
    this.#server = server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.webServer.port}`;
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.origin}/api/v1${path}`, {
      method,
      headers: {
        "Origin": this.origin,
        ...this.cookie === "" ? {} : { "Cookie": this.cookie },
        ...body === undefined ? {} : { "Content-Type": "application/json" },
        ...headers,
      },
      ...body === undefined ? {} : { body: JSON.stringify(body) },
    });
    const set = response.headers.get("set-cookie");
    if (set !== null) this.cookie = set.split(";")[0]!;
    const text = await response.text();
    return { status: response.status, set, json: text === "" ? undefined : JSON.parse(text) };
  }

  /** A WebSocket with the cookie, as its server answers Hello, and when it is closed. */
  async socket(): Promise<{ readonly hello: Record<string, unknown>; readonly closed: Promise<unknown> }> {
    // Browsers send these fields by themselves.
    const socket = await RawWebSocket.connect(this.#server, `Cookie: ${this.cookie}`, `Origin: ${this.origin}`);
    await socket.send(JSON.stringify({ id: 1, cmd: "Hello", name: "" }));
    const told = await socket.read();
    const closed = socket.closeCode().catch(() => {}).finally(() => socket[Symbol.dispose]());
    closings.push(closed);
    return { hello: JSON.parse(told), closed };
  }
}

/** When each WebSocket is closed, at the latest by the server's end. */
const closings: Promise<unknown>[] = [];

async function withServer(
  run: (parts: { server: HeliographServer; store: AccessStore; token: string; later: (ms: number) => void }) => Promise<
    void
  >,
): Promise<void> {
  const store = new AccessStore();
  let ahead = 0;
  const browsers = new WebSessions({ seconds: 1000, idleSeconds: 100, now: () => Date.now() + ahead });
  const server = startServer({}, { access: new Access({ store, browsers, loopback: "token" }) });
  try {
    const token = await store.add({ name: "ana", role: "operator", instruments: ["tempcon"] });
    await run({ server, store, token, later: (ms) => ahead += ms });
  } finally {
    await server.stop();
    await Promise.all(closings.splice(0));
  }
}

Deno.test("sessions: a token is changed for a cookie, which signs in until one signs out", async () => {
  await withServer(async ({ server, token }) => {
    const visitor = new Visitor(server);
    deepStrictEqual((await visitor.ask("GET", "/session")).json, {
      who: null,
      signedIn: false,
      until: null,
      institute: null,
    });
    strictEqual((await visitor.ask("GET", "/status")).status, 401);
    strictEqual((await visitor.ask("POST", "/session", { token: "hg_wrong" })).status, 401);
    strictEqual((await visitor.ask("POST", "/session", { token, secret: token })).status, 400);
    strictEqual((await visitor.ask("POST", "/session", {})).status, 400);
    strictEqual((await visitor.ask("POST", "/session", { token }, { Origin: "http://evil.example" })).status, 403);
    strictEqual(visitor.cookie, "");

    const { status, set, json } = await visitor.ask("POST", "/session", { token });
    strictEqual(status, 200);
    match(set!, /^__Host-heliograph-\d+=hg_[\w-]{43}; Path=\/; Max-Age=1000; Secure; HttpOnly; SameSite=Strict$/);
    ok(!set!.includes(token), "the token is not what the browser keeps");
    deepStrictEqual([json.who.person, json.who.instruments, json.signedIn], ["ana", ["tempcon"], true]);
    strictEqual((await visitor.ask("GET", "/status")).status, 200);
    const { hello, closed } = await visitor.socket();
    strictEqual((hello.value as { person: string }).person, "ana");
    strictEqual((await visitor.ask("GET", "/access")).status, 403, "for administrators alone");
    strictEqual((await visitor.ask("GET", "/status", undefined, { Origin: "http://evil.example" })).status, 403);

    const before = visitor.cookie;
    strictEqual((await visitor.ask("DELETE", "/session")).status, 200);
    match(visitor.cookie, /=$/, "the browser keeps none");
    await closed;
    visitor.cookie = before;
    strictEqual((await visitor.ask("GET", "/status")).status, 401, "the server knows the old one no more");
  });
});

Deno.test("sessions: they end by time, unused, and with the token; an open page uses them", async () => {
  await withServer(async ({ server, store, token, later }) => {
    const [first, second] = [new Visitor(server), new Visitor(server)];
    await first.ask("POST", "/session", { token });
    later(99_000);
    strictEqual((await first.ask("GET", "/status")).status, 200);
    later(99_000);
    strictEqual((await first.ask("GET", "/status")).status, 200, "it was used in between");
    later(101_000);
    strictEqual((await first.ask("GET", "/status")).status, 401);

    await first.ask("POST", "/session", { token });
    await first.socket();
    later(500_000);
    strictEqual((await first.ask("GET", "/status")).status, 200, "its page was open");
    later(501_000);
    strictEqual((await first.ask("GET", "/status")).status, 401, "no page is open for ever");

    await first.ask("POST", "/session", { token });
    await second.ask("POST", "/session", { token });
    const { closed } = await second.socket();
    await store.revoke("ana");
    await closed;
    for (const each of [first, second]) strictEqual((await each.ask("GET", "/status")).status, 401);
  });
});

Deno.test("sessions: the secret of a link signs in once, and is worth nothing to who was sent away", async () => {
  await withServer(async ({ server, store, token }) => {
    const link = (name: string, kind: "link" | "pairing" = "link") =>
      store.invite({ name, role: "operator", kind, seconds: 60 });
    const secret = await link("ana");
    const visitor = new Visitor(server);
    strictEqual((await visitor.ask("POST", "/session", { secret })).json.who.person, "ana");
    strictEqual((await visitor.ask("POST", "/session", { secret })).status, 401, "it was used");
    ok(store.find(token) !== undefined, "whoever has a token keeps it");
    strictEqual((await visitor.ask("POST", "/session", { secret: await link("bob") })).json.who.person, "bob");
    strictEqual(store.people.length, 2, "whom nobody knew is known from then on");
    strictEqual((await visitor.ask("POST", "/session", { secret: await link("bob", "pairing") })).status, 401);
    const late = await link("ana");
    await store.revoke("ana");
    strictEqual((await visitor.ask("POST", "/session", { secret: late })).status, 401);
  });
});

Deno.test("sessions: administrators add, renew, link and revoke, and end sessions; the journal tells who did", async () => {
  const lines: string[] = [];
  const format = getTextFormatter();
  await configure({
    sinks: { kept: (record) => lines.push(format(record)) },
    loggers: [
      { category: ["heliograph"], sinks: ["kept"], lowestLevel: "trace" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  try {
    await withServer(async ({ server, store, token }) => {
      const [admin, ana] = [new Visitor(server), new Visitor(server)];
      await admin.ask("POST", "/session", { token: await store.add({ name: "ada", role: "admin" }) });
      await ana.ask("POST", "/session", { token });
      const added = await admin.ask("POST", "/access/people", {
        name: "night script",
        role: "operator",
        instruments: ["tempcon"],
        days: 90,
        purpose: "cools down",
      });
      match(added.json.token, /^hg_/);
      strictEqual((await admin.ask("POST", "/access/people", { name: "NIGHT script", role: "operator" })).status, 400);
      match((await admin.ask("POST", "/access/people", { name: "x", role: "king" })).json.error.message, /observer/);
      const { people, sessions, roles } = (await admin.ask("GET", "/access")).json;
      deepStrictEqual(people.map(({ name }: { name: string }) => name), ["ana", "ada", "night script"]);
      deepStrictEqual(
        sessions.map(({ name, here }: { name: string; here: boolean }) => [name, here]),
        [["ada", true], ["ana", false]],
      );
      ok(roles.some(({ role }: { role: string }) => role === "operator"));
      ok(!JSON.stringify([people, sessions]).includes("hg_"));

      const renewed = await admin.ask("POST", "/access/people/night%20script/renew", {});
      strictEqual(store.find(added.json.token), undefined);
      strictEqual(store.find(renewed.json.token)?.name, "night script");
      const { secret } = (await admin.ask("POST", "/access/people/ana/link", {})).json;
      strictEqual((await new Visitor(server).ask("POST", "/session", { secret })).json.who.person, "ana");
      strictEqual((await admin.ask("DELETE", `/access/sessions/${sessions[1].number}`)).status, 200);
      strictEqual((await ana.ask("GET", "/status")).status, 401);
      strictEqual((await admin.ask("DELETE", "/access/people/night%20script")).status, 200);
      strictEqual((await admin.ask("DELETE", "/access/people/night%20script")).status, 400);

      const told = lines.join("");
      match(
        told,
        /ada .*gave access to "night script".*ada .*renewed.*ada .*link for "ana".*ended a session of "ana".*away/s,
      );
      ok(!told.includes("hg_"), "no secret is told");
    });
  } finally {
    await reset();
  }
});
