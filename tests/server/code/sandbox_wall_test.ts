/** The second wall around a sandbox's process: what holds where code has got past the runtime's permissions. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { seccompFilter } from "../../../server/code/seccomp_filter.ts";
import { top } from "../../fixture.ts";
import { linux } from "../../linux_processes.ts";

const walled = linux && Deno.build.arch === "x86_64";

for (const sources of [false, true]) {
  Deno.test({
    name: `sandbox wall: Linux refuses programs, connections, signals and files to code with every permission (${
      sources ? "started from source" : "in an executable"
    })`,
    ignore: !walled, // the wall is Linux's on x86-64
    fn: async () => {
      const folder = await Deno.makeTempDir();
      await Deno.mkdir(`${folder}/sources`);
      await Deno.writeTextFile(`${folder}/secret`, "secret");
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      using socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
      const program = new URL("tests/server/code/walled_program.ts", top).href;
      const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "-A", "--quiet", "--no-check", "--unstable-worker-options", program],
          ...[String(listener.addr.port), folder, ...(sources ? [`${folder}/sources`] : [])],
        ],
        env: { NO_COLOR: "1" },
      }).output();
      ok(success, new TextDecoder().decode(stderr));
      const { confined, closed, tries, works, told } = JSON.parse(new TextDecoder().decode(stdout));
      strictEqual(closed, true);
      for (const name of works) strictEqual(told[name], "done", name);
      // Without Landlock, what is started from source may still read what its user may.
      const readable = sources && !confined
        ? ["read a file", "read /etc/passwd", "read another process's environment", "list a folder", "open a terminal"]
        : [];
      for (const name of tries.filter((name: string) => !readable.includes(name))) {
        match(
          told[name],
          /^PermissionDenied: |^NotFound: Failed to spawn|^(?:Type)?Error: (?:refused|.*denied|error sending request|fetch failed)/,
          `${name}: ${told[name]}`,
        );
      }
      deepStrictEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["secret", "socket", "sources"]);
      strictEqual(await Deno.readTextFile(`${folder}/secret`), "secret");
      socket.close();
      await Deno.remove(folder, { recursive: true });
    },
  });
}

Deno.test("sandbox wall: a process whose own thread is kept busy ends when it uses too much memory", async () => {
  const watch = JSON.stringify(new URL("server/code/memory_watch.ts", top).href);
  const program = `const worker = new Worker(${watch}, { type: "module" });
    const running = new SharedArrayBuffer(4);
    worker.postMessage({ most: 300_000_000, running });
    await new Promise((resolve) => worker.onmessage = resolve);
    const kept = [];
    const keep = () => kept.push(new Uint8Array(5_000_000).fill(1));
    // While nothing runs, it is not looked at.
    while (Deno.memoryUsage().rss < 350_000_000) keep();
    kept.splice(20);
    Atomics.store(new Int32Array(running), 0, 1);
    Atomics.notify(new Int32Array(running), 0);
    // This thread does nothing else any more.
    for (;;) if (kept.length < 2000) keep();`;
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    stderr: "null",
  }).output();
  strictEqual(code, 77);
});

Deno.test("sandbox wall: the filter is a program that the kernel can run, whatever is granted", () => {
  for (const files of ["none", "reading", "writing"] as const) {
    for (const network of [false, true]) {
      const filter = seccompFilter({ files, network, pid: 1234 });
      const count = filter.length / 8;
      // What the kernel takes at most.
      ok(count > 100 && count <= 4096, `${count}`);
      for (let at = 0; at < count; at++) {
        const [jumps, ifTrue, ifFalse] = [filter[8 * at]! % 8 === 5, filter[8 * at + 2]!, filter[8 * at + 3]!];
        if (jumps) ok(at + 1 + Math.max(ifTrue, ifFalse) < count, `${files} ${network} ${at}`);
      }
      strictEqual(filter[8 * (count - 1)], 6);
    }
  }
});
