/** Measures what TLS costs the line wire: replies a second, idle connections, and a flood of handshakes. */
import { join } from "node:path";
import Table from "npm:cli-table3@0.6.5";
import { ownName } from "../protocol/pairing.ts";
import { CertificateMaker } from "../server/access/authority.ts";
import { AzcamClient } from "../client/mod.ts";
import { load, median, type Result, spawn, start } from "./processes.ts";

const rounds = 5;
const seconds = 1;
const hostname = "127.0.0.1";
/** How many idle connections are wanted. */
const wanted = 10_000;

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
    const { child, ports: [port] } = await start("heliograph_server.ts", cert, key);
    try {
      await measureRates(port!, ca);
      await measureFlood(port!, ca);
      await measureIdle(port!, authority.certificate);
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Both by the same port: without TLS, and with it. */
async function measureRates(port: number, ca: string): Promise<void> {
  const table = new Table({
    head: ["load", "plain replies/s", "TLS replies/s", "ratio", "plain p50 / p99 ms", "TLS p50 / p99 ms"],
    style: { head: [], border: [] },
  });
  for (
    const [name, clients, depth] of [["1 client", 1, 1], ["32 clients", 32, 1], [
      "32 clients, 16 pipelined",
      32,
      16,
    ]] as const
  ) {
    const results: Record<"plain" | "tls", Result[]> = { plain: [], tls: [] };
    for (let round = 0; round < rounds; round++) {
      results.plain.push(await load<Result>("load.ts", port, clients, depth, seconds));
      results.tls.push(await load<Result>("load.ts", port, clients, depth, seconds, ca));
    }
    const of = (which: "plain" | "tls", what: keyof Result) => median(results[which].map((result) => result[what]));
    const latency = (which: "plain" | "tls") => `${of(which, "p50").toFixed(3)} / ${of(which, "p99").toFixed(3)}`;
    table.push([
      name,
      Math.round(of("plain", "rate")).toLocaleString("en"),
      Math.round(of("tls", "rate")).toLocaleString("en"),
      (of("tls", "rate") / of("plain", "rate")).toFixed(2),
      latency("plain"),
      latency("tls"),
    ]);
  }
  console.log(table.toString());
}

/** How long others wait for an echo while handshakes come as fast as one PC makes them. */
async function measureFlood(port: number, ca: string): Promise<void> {
  const flooder = spawn("handshakes.ts", port, ca);
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
  const p99 = waits[Math.floor(waits.length * 0.99)]!;
  console.log(
    `During a flood of handshakes an echo takes ${p99.toFixed(1)} ms (p99; aim: below 20), at most ${
      waits.at(-1)!.toFixed(0)
    }`,
  );
}

async function measureIdle(port: number, authority: string): Promise<void> {
  // Opened before there is no room.
  await using client = new AzcamClient({ port });
  const memory = async () => Number((await client.command("memory.rss"))[1]);
  const before = await memory();
  const idle: Deno.TlsConn[] = [];
  let why = "";
  const one = async () => {
    const socket = await Deno.connect({ hostname, port });
    const connection = await Deno.startTls(socket, { hostname: ownName, caCerts: [authority] });
    // Served, and not only accepted.
    await connection.write(new TextEncoder().encode("echo\n"));
    if (await connection.read(new Uint8Array(16)) === null) throw new Error("the server closed it");
    idle.push(connection);
  };
  while (idle.length < wanted && why === "") {
    await Promise.all(Array.from({ length: 50 }, one)).catch((error) => why = (error as Error).message);
  }
  const each = (await memory() - before) / idle.length / 1024;
  const only = idle.length < wanted ? ` (no more: ${why}; each takes 3 descriptors of the server)` : "";
  console.log(`${idle.length.toLocaleString("en")} idle TLS connections${only} cost ${each.toFixed(1)} KiB each`);
  for (const connection of idle) connection.close();
}
