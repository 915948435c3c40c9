/** The last image over HTTP: its description, its pixels, and what is told where there is none. */
import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { configure, reset } from "npm:@logtape/logtape@2.4.2";
import { defineInstrument } from "../../../../mod.ts";
import { startServer } from "../../../fixture.ts";
import { CameraServer, readImage } from "../../camera/camera.ts";
import { ask, base, problems } from "./web_fixture.ts";

const path = "/api/v1/instruments/exposure/image";

Deno.test("web: the last image is described as OpenAPI says, and its pixels come as little-endian floats", async () => {
  await using camera = await CameraServer.start();
  const { server } = camera;
  await camera.tell("exposure.expose 0.1 flat");
  const { status, json } = await ask(server, "GET", path);
  strictEqual(status, 200);
  const document = (await ask(server, "GET", "/api/v1/openapi.json")).json;
  const { schema } =
    document.paths["/api/v1/instruments/{instrument}/image"].get.responses["200"].content["application/json"];
  deepStrictEqual(problems(json, schema, document), []);
  deepStrictEqual([json.width, json.height], [64, 48]);
  const query = new URLSearchParams({ x: "5", y: "7", width: "9", height: "3", identity: json.identity });
  const answer = await fetch(`${base(server)}${path}/pixels?${query}`);
  const pixels = new DataView(await answer.arrayBuffer());
  const told = ["content-type", "x-heliograph-columns", "x-heliograph-rows"].map((name) => answer.headers.get(name));
  deepStrictEqual([answer.status, told, pixels.byteLength], [200, ["application/octet-stream", "9", "3"], 4 * 27]);
  const { values, columns } = await (await readImage(`${camera.folder}/test.fits`)).pixels();
  strictEqual(pixels.getFloat32(4 * (2 * 9 + 8), true), values[(9 - 1) * columns + 13 - 1]);
  const whole = await fetch(`${base(server)}${path}/pixels?scale=5`);
  strictEqual((await whole.arrayBuffer()).byteLength, 4 * 13 * 10);
  const described = await ask(server, "GET", "/api/v1/instruments");
  const names = described.json.filter(({ hasImages }: { hasImages: boolean }) => hasImages);
  deepStrictEqual(names.map(({ name }: { name: string }) => name), ["exposure"]);
});

Deno.test("web: an image's header, statistics, histogram and file come as OpenAPI says, for whichever image is named", async () => {
  await using camera = await CameraServer.start();
  const { server } = camera;
  await camera.tell("parameters.set_par imagetest 0", "parameters.set_par imageroot 'M51 (a)_'");
  await camera.tell("exposure.expose 0.1 flat first", "exposure.expose 0 zero second");
  const document = (await ask(server, "GET", "/api/v1/openapi.json")).json;
  const get = async (operation: string, query = "") => {
    const of = "/api/v1/instruments/{instrument}/";
    const { status, json } = await ask(server, "GET", `${of.replace("{instrument}", "exposure")}${operation}${query}`);
    strictEqual(status, 200, JSON.stringify(json));
    const { schema } = document.paths[of + operation].get.responses["200"].content["application/json"];
    deepStrictEqual(problems(json, schema, document), [], operation);
    return json;
  };
  const [second, first] = await get("images");
  const named = `identity=${first.identity}`;
  strictEqual((await get("image", `?${named}`)).file, first.file);
  strictEqual((await get("image")).identity, second.identity);
  const header: { cards: string[] }[] = await get("image/header", `?${named}`);
  match(header.flatMap(({ cards }) => cards).join("\n"), /^OBJECT {2}= 'first/m);
  const whole = await get("image/statistics", `?${named}`);
  strictEqual(whole.count, 64 * 48);
  const part = await get("image/statistics", `?x=10&y=5&width=3&height=2&${named}`);
  strictEqual(part.count, 6);
  const histogram = await get("image/histogram", `?bins=16&${named}`);
  deepStrictEqual([histogram.from, histogram.to, histogram.counts.length], [whole.minimum, whole.maximum, 16]);
  strictEqual(histogram.counts.reduce((sum: number, each: number) => sum + each), 64 * 48);
  for (const query of ["from=", "from=a", "to=Infinity", "from=5&to=1", "bins=0", "bins=5000"]) {
    strictEqual((await ask(server, "GET", `${path}/histogram?${query}`)).status, 400, query);
  }
  const file = await fetch(`${base(server)}${path}/file?${named}`);
  deepStrictEqual(new Uint8Array(await file.arrayBuffer()), await Deno.readFile(first.file));
  strictEqual(
    file.headers.get("content-disposition"),
    `attachment; filename="M51__a__0001.fits"; filename*=UTF-8''M51%20%28a%29_0001.fits`,
  );
  for (const identity of ["../../etc/passwd", first.file, "1-x", ""]) {
    const refused = await ask(server, "GET", `${path}/file?identity=${encodeURIComponent(identity)}`);
    strictEqual(refused.status, 409, identity);
  }
  await Deno.remove(first.file);
  deepStrictEqual(await get("images"), [second]);
  strictEqual((await ask(server, "GET", `${path}/file?${named}`)).status, 404);
});

Deno.test("web: where there is no such image, or no such part of it, an error says so", async () => {
  await using camera = await CameraServer.start();
  const get = async (suffix = "", instrument = "exposure") => {
    const { status, json } = await ask(camera.server, "GET", `/api/v1/instruments/${instrument}/image${suffix}`);
    return [status, json.error.code, json.error.message];
  };
  const refused = async (status: number, code: string, text: RegExp, ...which: Parameters<typeof get>) => {
    const [is, as, why] = await get(...which);
    deepStrictEqual([is, as], [status, code], why);
    match(why, text);
  };
  await refused(404, "command_failed", /No image has been written/);
  await refused(404, "command_failed", /No image has been written/, "/pixels");
  await refused(404, "unavailable", /tempcon takes no images/, "", "tempcon");
  await refused(404, "unknown_instrument", /nosuch/, "/pixels", "nosuch");
  await camera.tell("exposure.expose 0 zero");
  await refused(409, "command_failed", /no longer kept/, "/pixels?x=1&y=1&width=1&height=1&identity=1-x");
  await refused(400, "out_of_limits", /not all in the image/, "/pixels?x=65&y=1&width=1&height=1");
  await refused(400, "out_of_limits", /not all in the image/, "/pixels?x=65");
  await refused(400, "bad_argument", /scale must be a whole number/, "/pixels?scale=0");
  for (const x of ["-1", "1.5", "1e3", "", "a"]) await refused(400, "bad_argument", /x is/, `/pixels?x=${x}`);
  // There is no way to name a file.
  await refused(404, "bad_message", /Nothing is at/, "/test.fits");
  await Deno.remove(`${camera.folder}/test.fits`);
  await refused(404, "command_failed", /moved or removed/);
});

Deno.test({
  name: "web: a pipe in the place of the last image is no file, and the camera goes on",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using camera = await CameraServer.start();
    await camera.tell("exposure.expose 0 zero");
    const file = `${camera.folder}/test.fits`;
    await Deno.remove(file);
    strictEqual((await new Deno.Command("mkfifo", { args: [file] }).output()).success, true);
    match((await ask(camera.server, "GET", path)).text, /it is no file/);
    await Deno.remove(file);
    await camera.tell("exposure.expose 0 zero");
    strictEqual((await ask(camera.server, "GET", path)).status, 200);
  },
});

Deno.test("web: who gives an image up before it comes is no failure of the server", async () => {
  const asked = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  const slow = (signal: AbortSignal) => {
    asked.resolve();
    return new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => {
        reject(signal.reason);
        called.resolve();
      })
    );
  };
  const told: string[] = [];
  await configure({
    sinks: { told: ({ level, message }) => void told.push(`${level}: ${message.join("")}`) },
    loggers: [
      { category: "heliograph", sinks: ["told"], lowestLevel: "info" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
    reset: true,
  });
  try {
    const later = (_: unknown, __: unknown, signal: AbortSignal) => slow(signal);
    const images = { describe: slow, recent: slow, tile: later, ask: later };
    await using server = startServer({ instruments: [defineInstrument({ title: "eye", images })] });
    const gone = new AbortController();
    const request = fetch(`${base(server)}/api/v1/instruments/eye/image`, { signal: gone.signal });
    await asked.promise;
    gone.abort();
    await rejects(request);
    await called.promise;
    strictEqual((await ask(server, "GET", "/healthz")).status, 200);
    deepStrictEqual(told, []);
  } finally {
    await reset();
  }
});
