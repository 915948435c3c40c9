/** One client that sends as fast as it can, and what others are kept waiting for. */
import { ok } from "node:assert/strict";
import { RawClient, top } from "../../fixture.ts";
import { Flooder } from "../../flooder.ts";

/** A server as a process of its own, and its ports for lines, dashboards and HTTP. */
async function startFlooded() {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", "tests/server/network/flooded_server.ts"],
    cwd: top,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  const [line, dashboard, web] = new TextDecoder().decode((await reader.read()).value).trim().split(" ").map(Number);
  await reader.cancel();
  const end = async () => {
    child.kill("SIGKILL");
    await child.status;
  };
  return { ports: { line: line!, dashboard: dashboard!, web: web! }, [Symbol.asyncDispose]: end };
}

/**
 * Counted rather than timed: a slow machine serves the flood as slowly as anybody else. While reads that were ready took
 * no turn of the event loop, it were thousands.
 */
const mostBetween = 1000;

for (
  const { name, wire, port } of [
    { name: "a client that pipelines lines and reads the replies", wire: "line", port: "line" },
    { name: "a client that sends lines and never reads", wire: "deaf", port: "line" },
    { name: "a client that pipelines HTTP requests", wire: "http", port: "web" },
  ] as const
) {
  Deno.test(`flood: between two answers to others, ${name} gets few`, async () => {
    await using server = await startFlooded();
    using other = await RawClient.connect(server.ports.line);
    const sets = async () => Number((await other.ask("tempcon.sets")).split(" ")[1]);
    await sets();
    await using flooder = new Flooder(wire, "sets", server.ports[port]);
    await flooder.begun();
    const between: number[] = [];
    for (let last = await sets(); between.length < 50;) {
      const now = await sets();
      between.push(now - last);
      last = now;
    }
    between.sort((a, b) => a - b);
    ok(between.at(-1)! > 0, "nothing of the flood was served");
    ok(between[25]! < mostBetween, `the flood got ${between} in between`);
  });
}
