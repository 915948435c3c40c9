/** The camera in the program as people run it: from its source with a task's permissions, and as the executable. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { eventually, RawClient, top } from "../fixture.ts";
import { programs, ServerProcess, source } from "../server_process.ts";
import { readImage } from "../server/camera/camera.ts";

for (const program of programs) {
  Deno.test(`${program.name}: the demo bench's camera writes into ./images, also after the server gave up its permissions`, async () => {
    await using server = new ServerProcess(program);
    const [port] = await server.ports();
    using client = await RawClient.connect(port);
    for (const title of ["first", "second"]) {
      strictEqual(await client.ask(`expose 0.1 object ${title}`), "OK");
      const [, file] = /^OK (.*)$/.exec(await client.ask("get_par imagefilename"))!;
      match(file!, /\/images\/test\.fits$/);
      const image = await readImage(file!);
      deepStrictEqual([image.value("OBJECT"), image.value("NAXIS1")], [title, 1024 + 32]);
    }
    match(await client.ask("set_par imagefolder /tmp"), /^ERROR .*images may only be written in .*\/images/);
    ok((await client.ask("get_par hostname")).length > 3);
  });

  Deno.test(`${program.name}: --image-folder says where images may go, and a stopped server leaves nothing half-written`, async () => {
    const folder = await Deno.makeTempDir();
    const mayWrite = { ...program, server: [...program.client, "server"] };
    try {
      {
        await using server = new ServerProcess(mayWrite, ["--image-folder", join(folder, "tonight")]);
        const [port] = await server.ports();
        using client = await RawClient.connect(port);
        strictEqual(await client.ask("expose 0 zero"), "OK", "the folder that the operator named is made");
        strictEqual(await client.ask("set_par imagetest 0"), "OK");
        strictEqual(await client.ask("expose1 60 object lost"), "OK");
        await eventually(async () => await client.ask("get_exposureflag") === "OK 1 EXPOSING", "it exposes");
        server.kill("SIGTERM");
        strictEqual(await server.end(), 0, server.err);
      }
      deepStrictEqual([...Deno.readDirSync(join(folder, "tonight"))].map(({ name }) => name), ["test.fits"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  Deno.test(`${program.name}: a camera in a bench file has the detector that the file says, and writes beside it`, async () => {
    const folder = await Deno.makeTempDir();
    const mayRead = { ...program, server: [...program.client, "server"] };
    try {
      const bench = await Deno.readTextFile(new URL("examples/benches/camera.json", top));
      await Deno.writeTextFile(join(folder, "camera.json"), bench);
      await using server = new ServerProcess(mayRead, ["--bench", join(folder, "camera.json")]);
      const [port] = await server.ports();
      using client = await RawClient.connect(port);
      strictEqual(await client.ask("get_focalplane"), "OK 1 1 2 2 '[0, 1, 2, 3]'");
      strictEqual(await client.ask("get_par systemname"), "OK 'Test Camera'");
      // It has given up its own permission to write by now.
      strictEqual(await client.ask("set_par last 5 azcamconsole"), "OK");
      strictEqual(await client.ask("save_pars"), "OK");
      match(await Deno.readTextFile(join(folder, "camera.state", "parameters.ini")), /^\[azcamconsole\]\nlast = 5\n/);
      strictEqual(await client.ask("read_parfile"), "OK");
      strictEqual(await client.ask("expose 0.1 flat"), "OK");
      const [, file] = /^OK (.*)$/.exec(await client.ask("get_filename"))!;
      strictEqual(file, `${folder.replaceAll("\\", "/")}/images/test.fits`);
      const image = await readImage(file!);
      deepStrictEqual([image.hdus.length, image.value("DETSIZE"), image.value("GAIN", 4)], [5, "[1:600,1:400]", 2.1]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

for (const program of programs) {
  Deno.test(`${program.name}: --image-port receives what another server's camera sends`, async () => {
    const folder = await Deno.makeTempDir();
    const mayWrite = { ...program, server: [...program.client, "server"] };
    try {
      const args = ["--image-port", "0", "--image-folder", join(folder, "received")];
      await using receiver = new ServerProcess(mayWrite, args);
      await receiver.ports();
      const [, imagePort] = /images in azcam's format +127\.0\.0\.1:(\d+)/.exec(receiver.out)!;
      await using sender = new ServerProcess(mayWrite, ["--image-folder", folder]);
      const [port] = await sender.ports();
      using client = await RawClient.connect(port);
      strictEqual(await client.ask(`set_remote_imageserver 127.0.0.1 ${imagePort}`), "OK");
      strictEqual(await client.ask("expose 0 zero sent"), "OK");
      deepStrictEqual(
        await Deno.readFile(join(folder, "received", "test.fits")),
        await Deno.readFile(join(folder, "test.fits")),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("source: a task that may not write where images shall go says so, and serves everything else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using server = new ServerProcess(source, ["--image-folder", folder]);
    const [port] = await server.ports();
    using client = await RawClient.connect(port);
    match(server.err, /exposure is not ready: This server was not started with permission to write in /);
    match(await client.ask("expose 0 zero"), /^ERROR .*not started with permission to write in/);
    strictEqual(await client.ask("tempcon.get_control_temperature"), "OK -100.0");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
