/** Measures what TLS costs the line wire: replies a second, idle connections, and a flood of handshakes. */
import { join } from "node:path";
import Table from "npm:cli-table3@0.6.5";
import { CertificateMaker } from "../server/access/authority.ts";
import { AzcamClient } from "../client/mod.ts";
import { load, median, type Result, spawn, start } from "./processes.ts";

const rounds = 5;
const seconds = 1;
/** How many idle connections are wanted. */
const wanted = 10_000;
/** By how many processes they are held. */
const holding = 4;

/** Prints what it measures. */
export async function measureTls(): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const maker = await CertificateMaker.load();
    const authority = await maker.authority("the benchmark");
    const made = await maker.certificate(authority, ["localhost"]);
    const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await Deno.writeTextFile(ca, authority.certificate);
    await Deno.writeTextFile(cert, made.cert);
    await Deno.writeTextFile(key, made.key);
    const { child, ports: [port, , , tlsPort] } = await start("heliograph_server.ts", cert, key);
    try {
      await measureRates(port!, tlsPort!, ca);
      await measureFlood(port!, tlsPort!, ca);
      await measureIdle(port!, tlsPort!, ca);
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Without TLS, and with it: at the port of all wires, and at azcam's, where the first byte tells both apart. */
async function measureRates(port: number, tlsPort: number, ca: string): Promise<void> {
  const ways = [["plain", port], ["TLS port", tlsPort, ca], ["azcam's port by TLS", port, ca]] as const;
  const table = new Table({
    head: ["load", "way", "replies/s", "of plain", "p50 / p99 ms"],
    style: { head: [], border: [] },
  });
  const loads = [["1 client", 1, 1], ["32 clients", 32, 1], ["32 clients, 16 pipelined", 32, 16]] as const;
  for (const [name, clients, depth] of loads) {
    const results = ways.map((): Result[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, [, to, ...authority]] of ways.entries()) {
        results[at]!.push(await load<Result>("load.ts", to, clients, depth, seconds, ...authority));
      }
    }
    const of = (at: number, what: keyof Result) => median(results[at]!.map((result) => result[what]));
    for (const [at, [way]] of ways.entries()) {
      // Each beside the plain one of its own round: the PC does other things too.
      const ratio = median(results[at]!.map(({ rate }, round) => rate / results[0]![round]!.rate));
      const waits = `${of(at, "p50").toFixed(3)} / ${of(at, "p99").toFixed(3)}`;
      table.push([name, way, Math.round(of(at, "rate")).toLocaleString("en"), ratio.toFixed(2), waits]);
    }
  }
  console.log(table.toString());
}

/** How long others wait for an echo while handshakes, or wrong tokens, come as fast as one PC makes them. */
async function measureFlood(port: number, tlsPort: number, ca: string): Promise<void> {
  const floods = [
    ["handshakes at the TLS port", tlsPort, "handshakes"],
    ["handshakes at azcam's port", port, "handshakes"],
    ["wrong tokens at the TLS port", tlsPort, "tokens"],
  ] as const;
  for (const [what, to, kind] of floods) {
    const flooder = spawn("handshakes.ts", to, ca, kind);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const waits: number[] = [];
    await using client = new AzcamClient({ port });
    const until = performance.now() + 5000;
    while (performance.now() < until) {
      const begun = performance.now();
      await client.command("echo");
      waits.push(performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    flooder.kill("SIGKILL");
    await flooder.status;
    waits.sort((one, other) => one - other);
    const [p99, most] = [waits[Math.floor(waits.length * 0.99)]!, waits.at(-1)!];
    console.log(
      `During a flood of ${what} an echo takes ${p99.toFixed(1)} ms (p99; aim: below 20), at most ${most.toFixed(0)}`,
    );
  }
}

/** How many can be connected who say nothing: they are other processes' connections, which have as few descriptors. */
async function measureIdle(port: number, tlsPort: number, ca: string): Promise<void> {
  // Opened before there is no room.
  await using client = new AzcamClient({ port });
  const memory = async () => Number((await client.command("memory.rss"))[1]);
  for (const [what, to] of [["at the TLS port", tlsPort], ["at azcam's port", port]] as const) {
    const before = await memory();
    const holders = Array.from({ length: holding }, () => start("idle.ts", String(to), ca, String(wanted / holding)));
    const held = await Promise.all(holders);
    const count = held.reduce((sum, { ports: [each] }) => sum + each!, 0);
    const each = (await memory() - before) / count / 1024;
    const begun = performance.now();
    await client.command("echo");
    const wait = performance.now() - begun;
    console.log(
      `${count.toLocaleString("en")} of ${wanted.toLocaleString("en")} idle TLS connections ${what} cost ` +
        `${each.toFixed(1)} KiB each; another one's echo takes ${wait.toFixed(1)} ms then`,
    );
    for (const { child } of held) child.kill("SIGKILL");
    await Promise.all(held.map(({ child }) => child.status));
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}
