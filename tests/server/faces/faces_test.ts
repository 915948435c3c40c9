/** The ways in of a server: each is listed, started and stopped like the others, whatever it speaks. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { JournalEntry, ServerStatus } from "../../../protocol/description.ts";
import { HeliographServer } from "../../../mod.ts";
import type { Face } from "../../../server/faces/face.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

/** A header as azcam's senders write it. */
const headerOf = (bytes: number, name: string) => ascii(`${String(bytes).padStart(16)} ${name} 0 64 48 0`.padEnd(256));

async function statusOf(server: HeliographServer): Promise<ServerStatus> {
  return JSON.parse((await server.commandServer.command("status")).slice(3));
}

async function withImages(work: (server: HeliographServer, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using server = startServer({ images: { port: 0, folder } });
    await server.ready;
    await work(server, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("faces: an image that is being received is a session and a listener in status, and told in the journal", async () => {
  await withImages(async (server, folder) => {
    const { port } = server.imageServer!;
    const { listeners } = await statusOf(server);
    deepStrictEqual(listeners.map(({ protocol }) => protocol), ["line", "dashboard", "web", "image"]);
    deepStrictEqual(listeners.at(-1), { protocol: "image", host: "127.0.0.1", port });
    using watcher = await RawClient.connect(server.dashboardServer.port);
    strictEqual((await watcher.request({ id: 1, cmd: "Follow", level: "info" })).ok, true);
    using sender = await RawClient.connect(port);
    await sender.send(headerOf(3, "image.fits"));
    await sender.until((text) => text.length >= 16);
    const session = (await statusOf(server)).sessions.find(({ protocol }) => protocol === "image")!;
    deepStrictEqual([session.name, session.role, session.lastRequest], ["", "admin", "image.fits (3 bytes)"]);
    await sender.send("xyz");
    await sender.rest();
    strictEqual(await Deno.readTextFile(`${folder}/image.fits`), "xyz");
    await eventually(async () => (await statusOf(server)).sessions.length === 1, "the session has ended");
    // One that is refused is told with the reason.
    using again = await RawClient.connect(port);
    await again.send(headerOf(3, "image.fits"));
    await again.rest();
    const told = async () => {
      const entries: JournalEntry[] = await (await fetch(`http://127.0.0.1:${server.webServer.port}/api/v1/journal`))
        .json();
      return entries.filter(({ kind }) => kind === "image");
    };
    const [taken, refused] = await told();
    deepStrictEqual([taken!.text, taken!.answer, taken!.level, taken!.session], [
      "image.fits (3 bytes)",
      "OK",
      "info",
      session.session,
    ]);
    strictEqual(taken!.client, `client ${session.session} (${session.address})`);
    match(refused!.answer!, /^ERROR Cannot write .*a file of that name is there already/);
    strictEqual(refused!.level, "warning");
  });
});

Deno.test("faces: who sends an image is disconnected like anybody else, and nothing of the image is left", async () => {
  await withImages(async (server, folder) => {
    using client = await RawClient.connect(server.dashboardServer.port);
    using sender = await RawClient.connect(server.imageServer!.port);
    await sender.send(headerOf(1000, "image.fits"));
    await sender.until((text) => text.length >= 16);
    const { session } = (await statusOf(server)).sessions.find(({ protocol }) => protocol === "image")!;
    strictEqual((await client.request({ id: 1, cmd: "Disconnect", session })).ok, true);
    await sender.rest();
    await eventually(async () => (await statusOf(server)).sessions.length === 1, "the session has ended");
    deepStrictEqual([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("faces: a way in of one's own is bound, prepared, started and stopped with the others, and listed", async () => {
  const done: string[] = [];
  let listening = false;
  const own = (): Face => ({
    name: "own",
    get addresses() {
      return listening ? [{ protocol: "line" as const, host: "127.0.0.1", port: 1 }] : [];
    },
    bind: () => void done.push("bind"),
    prepare: () => Promise.resolve(void done.push("prepare")),
    start: () => {
      done.push("start");
      listening = true;
    },
    stop: () => Promise.resolve(void done.push("stop")),
  });
  const server = new HeliographServer({
    instruments: demoInstruments(),
    commandPort: 0,
    dashboardPort: 0,
    poll: false,
    sandbox: { languages: [] },
  }, { faces: [own] });
  strictEqual((await statusOf(server)).listeners.length, 0);
  server.start();
  await server.ready;
  deepStrictEqual((await statusOf(server)).listeners.at(-1), { protocol: "line", host: "127.0.0.1", port: 1 });
  await server.stop();
  deepStrictEqual(done, ["bind", "prepare", "start", "stop"]);
});
