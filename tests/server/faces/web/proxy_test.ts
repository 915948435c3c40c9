/** Behind a proxy: only the proxies that the operator names are believed, and whoever comes through one is not here. */
import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import { Access } from "../../../../server/access/admit.ts";
import { Proxies } from "../../../../server/faces/web/proxies.ts";
import { RawClient, startServer } from "../../../fixture.ts";

const read = (networks: string[], headers: Record<string, string>, address = "127.0.0.1") =>
  new Proxies(networks).read(new Headers(headers), address);

Deno.test("proxies: where a request comes from is what the last trusted proxy says, and nobody before it", () => {
  const trusted = ["127.0.0.1", "10.9.0.0/24"];
  strictEqual(read([], {}), undefined);
  strictEqual(read(trusted, {}, "192.0.2.7"), undefined);
  const from = (headers: Record<string, string>) => read(trusted, headers)!.hostname;
  strictEqual(from({ "X-Forwarded-For": "203.0.113.9" }), "203.0.113.9");
  strictEqual(from({ "X-Forwarded-For": "127.0.0.1, 203.0.113.9, 10.9.0.3" }), "203.0.113.9");
  strictEqual(from({ "X-Forwarded-For": "203.0.113.9:51234" }), "203.0.113.9");
  strictEqual(from({ Forwarded: 'for="[2001:db8::1]:4711";proto=https, for=10.9.0.3' }), "2001:db8::1");
  deepStrictEqual(read(trusted, { Forwarded: "for=203.0.113.9;proto=https;host=lab.example" }), {
    hostname: "203.0.113.9",
    scheme: "https",
    host: "lab.example",
  });
  // Trusted alone: the request began on the proxy's own PC, which is not this one as far as anybody can tell.
  for (const headers of [{}, { "X-Forwarded-For": "" }, { "X-Forwarded-For": "unknown" }, { Forwarded: "for=_x" }]) {
    throws(() => read(trusted, headers as Record<string, string>), /does not say from which address/);
  }
  throws(() => read(trusted, { "X-Forwarded-For": "203.0.113.0/24" }), /does not say/);
  throws(() => read(trusted, { "X-Forwarded-For": "192.0.2.1", Forwarded: "for=192.0.2.2" }), /both/);
  for (const name of ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"]) {
    throws(() => read(["10.9.0.1"], { [name]: "127.0.0.1" }), /no proxy that this server trusts/);
  }
});

Deno.test("proxies: who comes through one needs a token, by HTTP and by WebSocket, wherever they say they are", async () => {
  const access = new Access();
  const token = await access.store.add({ name: "ana", role: "operator" });
  await using server = startServer({ webNames: ["lab.example"] }, { access, trustedProxies: ["127.0.0.0/8"] });
  const { port } = server.webServer;
  const ask = async (path: string, fields: Record<string, string>) => {
    using client = await RawClient.connect(port);
    const all = { Host: "lab.example", Connection: "close", ...fields };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await client.send(`GET ${path} HTTP/1.1\r\n${lines}\r\n`);
    return await client.until((text) => text.includes("\r\n\r\n"));
  };
  const here = { "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1" };
  match(await ask("/api/v1/status", here), /^HTTP\/1\.1 401 /);
  match(await ask("/api/v1/status", { ...here, "X-Forwarded-For": "203.0.113.9" }), /^HTTP\/1\.1 401 /);
  const bearer = { Authorization: `Bearer ${token}` };
  match(await ask("/api/v1/status", { ...here, ...bearer, Origin: "https://lab.example" }), /^HTTP\/1\.1 200 /);
  match(await ask("/api/v1/status", { ...here, ...bearer, Origin: "http://lab.example" }), /^HTTP\/1\.1 403 /);
  match(await ask("/api/v1/status", { ...here, ...bearer, Host: "evil.example" }), /^HTTP\/1\.1 403 /);
  match(await ask("/api/v1/status", bearer), /^HTTP\/1\.1 403 [\s\S]*does not say from which address/);
  const upgrade = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  using client = await RawClient.connect(port);
  const lines = Object.entries({ Host: "lab.example", ...here, ...upgrade }).map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  await client.send(`GET /ws HTTP/1.1\r\n${lines.join("")}\r\n`);
  match(await client.until((text) => text.includes("\r\n\r\n")), /^HTTP\/1\.1 101 /);
  // A masked text frame, with a mask of zeros.
  const message = new TextEncoder().encode('{"id":1,"cmd":"Describe"}');
  await client.send(new Uint8Array([0x81, 0x80 | message.length, 0, 0, 0, 0, ...message]));
  match(await client.until((text) => text.includes("}")), /"ok":false.*"no_credential"/);
});
