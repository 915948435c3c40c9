/** One client that floods the program, from its source, and the executable named by HELIOGRAPH_EXECUTABLE. */
import { ok } from "node:assert/strict";
import { RawClient } from "../fixture.ts";
import { Flooder } from "../flooder.ts";
import { linux, usage } from "../linux_processes.ts";
import { programs, ServerProcess } from "../server_process.ts";

/** Very generous: a few milliseconds are usual, and it was up to 19 s. */
const longestWait = 2000;
/** The server's memory meanwhile, in KiB; about half of that is usual. */
const mostMemory = 400 * 1024;

for (const program of programs) {
  for (
    const [name, wire, kind] of [
      ["lines, whose replies are read", "line", "sets"],
      ["lines, whose replies are never read", "deaf", "sets"],
      ["lines of 60 KB", "line", "long"],
      ["lines that are refused", "line", "faults"],
      ["Describe", "framed", "describe"],
      ["messages of 60 KB without an id", "raw", "long"],
      ["Watch and Unwatch", "framed", "watch"],
    ] as const
  ) {
    Deno.test(`${program.name}: a flood of ${name} keeps nobody else waiting, and takes little memory`, async () => {
      await using server = new ServerProcess(program);
      const [commandPort, dashboardPort] = await server.ports();
      using other = await RawClient.connect(commandPort);
      using page = await RawClient.connect(dashboardPort);
      await using flooder = new Flooder(wire, kind, wire === "line" || wire === "deaf" ? commandPort : dashboardPort);
      await flooder.begun();
      const begun = performance.now();
      let longest = 0;
      while (performance.now() - begun < 1000) {
        const asked = performance.now();
        await Promise.all([other.ask("exposure.abort"), page.request({ id: 1, cmd: "Ping" })]);
        longest = Math.max(longest, performance.now() - asked);
      }
      ok(longest < longestWait, `abort and Ping were answered after ${longest} ms`);
      if (!linux) return;
      const { kibibytes } = await usage(server.pid);
      ok(kibibytes < mostMemory, `the server takes ${kibibytes} KiB`);
    });
  }
}
