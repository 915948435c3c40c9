/** Exposures from the command line: in this process, and as people run it, with Ctrl-C. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { RemoteCamera } from "../../cli/remote_camera.ts";
import type { ProgressContext } from "../../cli/terminal.ts";
import { command, defineInstrument, type HeliographServer } from "../../mod.ts";
import type { PyOpticonSocketClient } from "../../client/mod.ts";
import { demoInstruments } from "../../server/config/demo_bench.ts";
import { contextOf, run } from "../cli_fixture.ts";
import { originalDashboard } from "../client/original_servers.ts";
import { canRun, dashboardClient, eventually, noColours, startServer, top } from "../fixture.ts";
import { type Program, ProgramProcess, programs } from "../server_process.ts";

const windows = Deno.build.os === "windows";

/** A server whose camera writes into a folder of its own. */
async function withCamera(
  work: (server: HeliographServer, folder: string, client: PyOpticonSocketClient) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "heliograph-expose-" });
  const camera = { imageFolders: [folder], readoutRate: 1e8, flushSeconds: 0.01 };
  try {
    await using server = startServer({ instruments: demoInstruments({ camera }) });
    await server.ready;
    await using client = dashboardClient(server);
    await client.setField("exposure", "imagetest", 0);
    await work(server, folder.replaceAll("\\", "/"), client);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs `expose` in this process; nobody looks at standard error unless told so. */
function expose(server: HeliographServer, words: readonly string[], errorTerminal = false) {
  const context: Partial<ProgressContext> = { errorTerminal };
  return run(["expose", ...words, "--port", String(server.dashboardServer.port)], context);
}

/** Asks for an exposure as another client does, and waits until it is under way. */
async function somebodyElses(client: PyOpticonSocketClient, seconds: number): Promise<{ ended: Promise<unknown> }> {
  const ended = client.call("exposure", "expose", [seconds, "flat", "somebody else's"]);
  ended.catch(() => {});
  await eventually(async () => await client.getField("exposure", "state") === "exposing", "the other one exposes");
  return { ended };
}

Deno.test("expose: tells the image's file and nothing else, and what is not given stays as it is set", async () => {
  await withCamera(async (server, folder, client) => {
    deepStrictEqual(await expose(server, ["0.05", "--type", "object", "--title", "M 51"]), {
      code: 0,
      out: `${folder}/image0001.fits\n`,
      err: "",
    });
    ok((await Deno.stat(`${folder}/image0001.fits`)).size > 2_000_000);
    deepStrictEqual(
      [await client.getField("exposure", "imagetype"), await client.getField("exposure", "imagetitle")],
      ["object", "M 51"],
    );
    const again = await expose(server, ["0.02", "--json", "--count", "2"]);
    const about = { type: "object", seconds: 0.02, title: "M 51", count: 2 };
    deepStrictEqual(again.out.trim().split("\n").map((line) => JSON.parse(line)), [
      { file: `${folder}/image0002.fits`, ...about, number: 1 },
      { file: `${folder}/image0003.fits`, ...about, number: 2 },
    ]);
    deepStrictEqual([again.code, again.err], [0, ""]);
    const zero = JSON.parse((await expose(server, ["--type", "zero", "--json"])).out);
    deepStrictEqual([zero.type, zero.seconds], ["zero", 0]);
  });
});

Deno.test("expose: what is wrong is told before anything is exposed, or in the server's words", async () => {
  await withCamera(async (server, folder, client) => {
    const wrong: [words: string[], code: number, err: RegExp][] = [
      [[], 2, /^Say how long: heliograph expose SECONDS; only --type zero needs no time\n$/],
      [["--type", "dark"], 2, /^Say how long/],
      [["soon"], 2, /soon is not an exposure time: give seconds, at least 0/],
      [["-1"], 2, /-1 is not an exposure time/],
      [["Infinity"], 2, /Infinity is not an exposure time/],
      [["1", "--count", "0"], 2, /0 is not a number of exposures: give 1 to 1000000/],
      [["1", "--type", "flot"], 1, /not one of zero, object, flat, dark, HeNe, Ar \(did you mean flat\?\)/],
      [["1", "--title", "Ünder"], 1, /the character Ü .* cannot be written in a FITS header/],
      [["1", "--camera", "tempcon"], 1, /^tempcon is no camera; give another one by --camera\n$/],
      [["1", "--camera", "exposuer"], 1, /No instrument is called exposuer \(did you mean exposure\?\)/],
    ];
    for (const [words, code, err] of wrong) {
      const failed = await expose(server, words);
      match(failed.err, err);
      deepStrictEqual([failed.code, failed.out], [code, ""], words.join(" "));
    }
    strictEqual(await client.getField("exposure", "lastfile"), "");
    deepStrictEqual([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("expose: a failure ends the count", async () => {
  await withCamera(async (server, folder) => {
    await Deno.writeTextFile(`${folder}/image0002.fits`, "in the way");
    const failed = await expose(server, ["--type", "zero", "--count", "3"]);
    deepStrictEqual([failed.code, failed.out], [1, `${folder}/image0001.fits\n`]);
    match(failed.err, /image0002\.fits/);
    strictEqual(failed.err.split("\n").length, 2, failed.err);
  });
});

Deno.test("expose: says that test images overwrite one another, where there are several", async () => {
  await withCamera(async (server, folder, client) => {
    await client.setField("exposure", "imagetest", 1);
    strictEqual((await expose(server, ["--type", "zero"])).err, "");
    const several = await expose(server, ["--type", "zero", "--count", "2"]);
    strictEqual(several.out, `${folder}/test.fits\n`.repeat(2));
    match(several.err, /^These are test images: each overwrites .* heliograph set exposure imagetest 0\n$/);
  });
});

Deno.test("expose: an original dashboard cannot do it, and that is said", async () => {
  await using original = await originalDashboard();
  const { code, out, err } = await run(["expose", "1", "--port", String(original.port)]);
  deepStrictEqual([code, out], [1, ""]);
  match(err, /an original PyOpticon dashboard knows only Get, Set, Confirm, Eval and Exec/);
});

Deno.test("expose: a terminal sees what the camera does, on standard error and in one line", async () => {
  await withCamera(async (server, folder) => {
    const { code, out, err } = await expose(server, ["0.7", "--type", "object", "--count", "2"], true);
    deepStrictEqual([code, out], [0, `${folder}/image0001.fits\n${folder}/image0002.fits\n`]);
    for (const each of ["1 of 2", "2 of 2"]) match(err, new RegExp(`\r${each}  exposing     ━*─+  0\\.[0-7] s left`));
    strictEqual(err.includes("\n"), false, "it is redrawn, and nothing of it stays");
    ok(err.endsWith("\r\x1b[K"), "it is taken away at the end");
  });
});

Deno.test("expose: waits for somebody else's exposure, says so, and comes after it", async () => {
  await withCamera(async (server, folder, client) => {
    const other = await somebodyElses(client, 1);
    const { code, out, err } = await expose(server, ["--type", "zero"]);
    deepStrictEqual([code, out], [0, `${folder}/image0002.fits\n`]);
    match(err, /^Waiting: exposure is busy with expose for \d s already\n$/);
    await other.ended;
  });
});

Deno.test("expose: that an exposure has begun is not believed before those in front of it are done", async () => {
  await withCamera(async (server, _, client) => {
    await using camera = await RemoteCamera.connect(
      contextOf(),
      { host: "127.0.0.1", port: server.dashboardServer.port, timeout: 5, json: false },
      "exposure",
      () => {},
    );
    const others = [client.call("exposure", "expose", [1, "flat"]), client.call("exposure", "expose", [1, "dark"])];
    let done = 0;
    for (const other of others) void other.then(() => done++);
    await eventually(async () => (await camera.status()).waiting === 1, "one exposes and one waits");
    const { begun, ended } = camera.expose({ seconds: 60, type: "object" });
    await eventually(async () => (await camera.status()).waiting === 2, "it waits behind both");
    const behind = client.call("exposure", "expose", [0, "zero"]);
    await begun;
    strictEqual(done, 2);
    strictEqual(await client.getField("exposure", "imagetype"), "object");
    await camera.abort();
    await rejects(ended, /^HeliographError: Exposure aborted$/);
    await behind;
  });
});

Deno.test("expose: a connection that is lost is an error, and is told as one", async () => {
  await withCamera(async (server, _, client) => {
    using proxy = new Proxy(server.dashboardServer.port);
    const lost = run(["expose", "60", "--type", "dark", "--port", String(proxy.port)]);
    await eventually(async () => await client.getField("exposure", "state") === "exposing", "it exposes");
    proxy.cut();
    const { code, out, err } = await lost;
    deepStrictEqual([code, out], [3, ""]);
    match(err, /^The connection to the dashboard ended: /);
    await client.call("exposure", "abort");
  });
});

/** A port through which another one is reached, until it is cut. */
class Proxy implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open: Deno.TcpConn[] = [];

  constructor(port: number) {
    void this.#serve(port).catch(() => {});
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  cut(): void {
    for (const closable of [this.#listener, ...this.#open.splice(0)]) {
      try {
        closable.close();
      } catch {
        // It is closed already.
      }
    }
  }

  [Symbol.dispose](): void {
    this.cut();
  }

  async #serve(port: number): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port });
      this.#open.push(near, far);
      for (const [from, to] of [[near, far], [far, near]] as const) void this.#pass(from, to).catch(() => {});
    }
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      for (let written = 0; written < count;) written += await to.write(buffer.subarray(written, count));
    }
    await to.closeWrite();
  }
}

/** A child process that exposes. */
class ExposeProcess extends ProgramProcess {
  constructor(program: Program, server: HeliographServer, words: readonly string[]) {
    super(program, [...program.client, "expose", ...words, "--port", String(server.dashboardServer.port)]);
  }

  async ended(): Promise<{ code: number; out: string; err: string }> {
    return { code: await this.end(), out: this.out, err: this.err };
  }
}

for (const program of programs) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.test({
      name: `${program.name}: ${signal} aborts the exposure, and no further one is begun`,
      ignore: windows, // Windows knows no signals between processes
      fn: async () => {
        await withCamera(async (server, folder, client) => {
          const process = new ExposeProcess(program, server, ["60", "--type", "object", "--count", "3"]);
          await eventually(async () => await client.getField("exposure", "state") === "exposing", "it exposes");
          process.kill(signal);
          deepStrictEqual(await process.ended(), { code: 130, out: "", err: "aborted; 0 of 3 taken\n" });
          deepStrictEqual(
            [await client.getField("exposure", "state"), await client.getField("exposure", "message")],
            ["idle", "Exposure aborted"],
          );
          deepStrictEqual([...Deno.readDirSync(folder)], []);
        });
      },
    });
  }

  Deno.test({
    name: `${program.name}: Ctrl-C while somebody else's exposure is waited for leaves that one alone`,
    ignore: windows,
    fn: async () => {
      await withCamera(async (server, folder, client) => {
        const other = await somebodyElses(client, 600);
        const process = new ExposeProcess(program, server, ["60", "--type", "object"]);
        await eventually(() => process.err.startsWith("Waiting: "), "it waits");
        process.kill("SIGINT");
        const { code, out, err } = await process.ended();
        deepStrictEqual([code, out], [130, ""]);
        match(err, /^Waiting: .*\naborted before it began; what others do goes on\n$/);
        strictEqual(await client.getField("exposure", "state"), "exposing");
        await client.call("exposure", "start_readout", []);
        await other.ended;
        deepStrictEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["image0001.fits"]);
      });
    },
  });

  Deno.test({
    name: `${program.name}: a second Ctrl-C leaves at once`,
    ignore: windows,
    fn: async () => {
      const exposed = Promise.withResolvers<void>();
      let aborts = 0;
      const camera = defineInstrument({
        title: "exposure",
        fields: { state: { type: "text", initial: "exposing" }, lastfile: { type: "text", initial: "" } },
        commands: {
          expose: command({ summary: "Expose, for ever", takesMore: true, run: () => exposed.promise }),
          abort: command({ summary: "Abort nothing", immediate: true, run: () => void aborts++ }),
        },
      });
      await using server = startServer({ instruments: [camera] });
      const process = new ExposeProcess(program, server, ["60"]);
      await eventually(() => camera.queue.running?.name === "expose", "it exposes");
      process.kill("SIGINT");
      await eventually(() => aborts === 1, "it aborts");
      await new Promise((resolve) => setTimeout(resolve, 400));
      process.kill("SIGINT");
      deepStrictEqual(await process.ended(), { code: 130, out: "", err: "left; what the server does goes on\n" });
      exposed.resolve();
    },
  });
}

const pty = !windows && await canRun("script");

for (const program of programs) {
  Deno.test({
    name: `${program.name}: on a real terminal the progress is seen, and Ctrl-C aborts`,
    ignore: !pty, // needs util-linux's script, which makes the terminal
    fn: async () => {
      await withCamera(async (server) => {
        const words = [program.path, ...program.client, "expose", "60", "--type", "object", "--port"];
        const line = [...words, String(server.dashboardServer.port)].map((word) => `'${word}'`).join(" ");
        const child = new Deno.Command("script", {
          args: ["-qec", line, "/dev/null"],
          cwd: top,
          stdin: "piped",
          stdout: "piped",
          env: { TERM: "xterm", ...noColours },
        }).spawn();
        let seen = "";
        const reading = (async () => {
          for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) seen += text;
        })();
        const input = child.stdin.getWriter();
        await eventually(() => /exposing +━*─+ {2}\d+\.\d s left/.test(seen), `the progress: ${seen}`);
        await input.write(new Uint8Array([3]));
        await reading;
        await input.close().catch(() => {});
        ok(seen.endsWith("\r\x1b[Kaborted\r\n"), seen);
        strictEqual((await child.status).code, 130);
      });
    },
  });
}
