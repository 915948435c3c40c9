/** Image folders: nothing is written or read outside of them, and nothing of a server that was killed is left in them. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { encodeHeader } from "../../../server/camera/image_transfer.ts";
import { PixelStore } from "../../../server/camera/pixel_store.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { programs, ServerProcess } from "../../server_process.ts";
import { CameraServer } from "./camera.ts";

/** Makes a symbolic link to a folder or a file; on Windows, folders get one that every user may make. */
function link(target: string, path: string): void {
  const isFolder = Deno.statSync(target).isDirectory;
  Deno.symlinkSync(target, path, { type: isFolder ? "junction" : "file" });
}

/** Whether symbolic links can be made here, and are then seen as such. */
function linksWork(): boolean {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(join(folder, "target"));
    link(join(folder, "target"), join(folder, "link"));
    return Deno.lstatSync(join(folder, "link")).isSymlink;
  } catch {
    return false;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const links = linksWork();
if (!links) console.log("No symbolic links can be made here: what becomes of them is not tested");

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test({
  name: "image folders: a symbolic link leads nowhere outside of them, whether a folder or a file is written or read",
  ignore: !links,
  fn: async () => {
    const outside = await Deno.makeTempDir();
    await Deno.writeTextFile(join(outside, "secret"), "secret");
    await Deno.writeTextFile(join(outside, "test.fits"), "somebody's");
    try {
      await using camera = await CameraServer.start();
      const store = new PixelStore([camera.folder]);
      // The first Worker has its types checked, which takes longer than a client waits.
      await store.start();
      link(outside, join(camera.folder, "away"));
      await Deno.mkdir(join(camera.folder, "tonight"));
      link(join(camera.folder, "tonight"), join(camera.folder, "here"));
      await camera.tell("set_par imagefolder away");
      const refused =
        /its folder is a symbolic link out of the image folders, to .*; start the server with --image-folder/;
      match(await camera.ask("expose 3600 object"), refused);
      await camera.tell("set_par imagetest 0", "set_par imageoverwrite 1", "set_par imagefolder away/none");
      match(await camera.ask("expose 3600 object"), /its folder does not exist|symbolic link out of/);
      deepStrictEqual(names(outside), ["secret", "test.fits"]);
      // One that leads to another place in the image folders is as good as that.
      await camera.tell("set_par imagefolder here", "set_par imageroot a", "expose 0 zero");
      deepStrictEqual(names(join(camera.folder, "tonight")), ["a0001.fits"]);
      // Where the image itself would be, the link is replaced, and not what it leads to.
      await camera.tell("set_par imagetest 1", `set_par imagefolder ${camera.folder}`);
      if (Deno.build.os !== "windows") {
        link(join(outside, "test.fits"), join(camera.folder, "test.fits"));
        await camera.tell("expose 0 zero");
        ok(Deno.lstatSync(join(camera.folder, "test.fits")).isFile);
      }
      strictEqual(await Deno.readTextFile(join(outside, "test.fits")), "somebody's");

      const gone = new AbortController().signal;
      const out = { code: "command_failed", message: /it is a symbolic link out of the image folders, to .*secret/ };
      await rejects(store.read(join(camera.folder, "away/secret"), 0, 10), out);
      await rejects(store.look(join(camera.folder, "away/secret"), undefined, gone), out);
      await rejects(store.receive(join(camera.folder, "away/new.fits"), false), { message: refused });
      await rejects(store.check({ file: `${camera.folder}/away/x.fits`, overwrite: true, createFolder: false }), {
        message: refused,
      });
      strictEqual((await store.read(join(camera.folder, "here/a0001.fits"), 0, 10)).length, 10);
      if (Deno.build.os !== "windows") {
        link(join(outside, "secret"), join(camera.folder, "image.fits"));
        await rejects(store.read(join(camera.folder, "image.fits"), 0, 10), out);
        link(join(camera.folder, "here/a0001.fits"), join(camera.folder, "latest.fits"));
        strictEqual((await store.read(join(camera.folder, "latest.fits"), 0, 10)).length, 10);
      }
      store.stop();
      deepStrictEqual(names(outside), ["secret", "test.fits"]);
    } finally {
      await Deno.remove(outside, { recursive: true });
    }
  },
});

Deno.test({
  name: "image folders: the operator's folder may itself be a symbolic link",
  ignore: !links,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(join(folder, "disk"));
      link(join(folder, "disk"), join(folder, "images"));
      const store = new PixelStore([join(folder, "images")]);
      const image = await store.receive(join(folder, "images", "a.fits"), false);
      await image.append(new Uint8Array(5));
      await image.keep();
      deepStrictEqual(names(join(folder, "disk")), ["a.fits"]);
      strictEqual((await store.read(join(folder, "images", "a.fits"), 0, 10)).length, 5);
      store.stop();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Whether the system tells who still has a file; where it does not, only what was left untouched is an orphan. */
const tellsOwners = "tryLockSync" in Deno.FsFile.prototype;

Deno.test("image folders: what a server that has ended left is removed, and nothing that is anybody else's", async () => {
  const folder = await Deno.makeTempDir();
  const at = (name: string) => join(folder, name);
  const old = new Date(Date.now() - 3_600_000);
  const write = (name: string, time: Date) => {
    Deno.writeTextFileSync(at(name), "part");
    Deno.utimeSync(at(name), time, time);
  };
  const ours = ["a.fits.0123abcd.part", "cmp.0007flat.fits.deadbeef.part"];
  const others = [
    "a.part",
    "a.fits.part",
    "upper.fits.0123ABCD.part",
    "short.fits.0123abc.part",
    "a.fits.0123abcd.part.fits",
    ".0123abcd.part",
    "a.fits",
  ];
  for (const name of [...ours, ...others]) write(name, old);
  Deno.mkdirSync(at("b.fits.0123abcd.part"));
  write("young.fits.0123abcd.part", new Date(Date.now() + 3_600_000));
  // A receiver that waits for its sender, in another process.
  const waiting = "waiting.fits.0123abcd.part";
  write(waiting, tellsOwners ? old : new Date(Date.now() - 60_000));
  using held = Deno.openSync(at(waiting), { write: true });
  held.lockSync(true);
  Deno.mkdirSync(at("sub"));
  write("sub/c.fits.0123abcd.part", old);
  const kept = [...others, "b.fits.0123abcd.part", "young.fits.0123abcd.part", waiting, "sub"].sort();
  const store = new PixelStore([folder]);
  try {
    await store.start();
    deepStrictEqual(names(folder), kept);
    // A folder below them is looked through when something is written there.
    deepStrictEqual(names(at("sub")), ["c.fits.0123abcd.part"]);
    await (await store.receive(join(folder, "sub", "d.fits"), false)).drop();
    deepStrictEqual(names(at("sub")), []);
  } finally {
    store.stop();
    held.close();
    await Deno.remove(folder, { recursive: true });
  }
});

const lost = {
  bytes: 10_000_000,
  name: "lost.fits",
  overwrite: false,
  kind: "fits",
  columns: 100,
  rows: 100,
  display: false,
} as const;

for (const program of programs) {
  Deno.test({
    name:
      `image folders, ${program.name}: what is left of a server that was killed is gone when the next one has started`,
    // A process is killed by its signal.
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const folder = await Deno.makeTempDir();
      const mayWrite = { ...program, server: [...program.client, "server"] };
      const args = ["--image-folder", folder, "--image-port", "0"];
      try {
        const killed = new ServerProcess(mayWrite, args);
        await killed.ports();
        const port = /images? .*?127\.0\.0\.1:(\d+)/i.exec(killed.out);
        ok(port !== null, killed.out);
        using sender = await RawClient.connect(Number(port[1]));
        await sender.send(encodeHeader(lost));
        await sender.send("x".repeat(100_000));
        await eventually(() => names(folder).length === 1, `an image is being received: ${killed.err}`);
        killed.kill("SIGKILL");
        await killed.end();
        const [part] = names(folder);
        match(part!, /^lost\.fits\.[0-9a-f]{8}\.part$/);
        const long = new Date(Date.now() - 3_600_000);
        if (!tellsOwners) await Deno.utime(join(folder, part!), long, long);
        await using server = new ServerProcess(mayWrite, args);
        await server.ports();
        await eventually(() => names(folder).length === 0, "it is removed");
        await eventually(() => server.err.includes(`Removed ${join(folder, part!)}`), `the log says so: ${server.err}`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
