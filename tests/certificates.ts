/** An authority and what it vouches for, for the tests of TLS; and a client that trusts nobody else. */
import { configure, reset } from "npm:@logtape/logtape@2.4.2";
import { ownName } from "../protocol/pairing.ts";
import { type Authority, CertificateMaker } from "../server/access/authority.ts";
import type { Certificate } from "../server/network/inner_tls.ts";
import { RawClient } from "./fixture.ts";

let made: Promise<{ authority: Authority; certificate: Certificate }> | undefined;

/** An authority and a certificate of it, made once. */
export function testCertificates(): Promise<{ authority: Authority; certificate: Certificate }> {
  return made ??= (async () => {
    const maker = await CertificateMaker.load();
    const authority = await maker.authority("the tests' PC");
    return { authority, certificate: await maker.certificate(authority, ["localhost", "127.0.0.1"]) };
  })();
}

/** What a client of the tests asks for. */
export interface SecureOptions {
  readonly hostname?: string;
  readonly authority?: string;
  readonly protocols?: string[];
  /** The server's name in its certificate. */
  readonly name?: string;
}

/** Connects by TLS. */
export async function secureClient(port: number, options: SecureOptions = {}): Promise<RawClient> {
  const { authority = (await testCertificates()).authority.certificate, protocols, hostname = "127.0.0.1" } = options;
  const socket = await Deno.connect({ hostname, port });
  const connection = await Deno.startTls(socket, {
    hostname: options.name ?? ownName,
    caCerts: [authority],
    ...(protocols === undefined ? {} : { alpnProtocols: protocols }),
  });
  try {
    await connection.handshake();
  } catch (error) {
    connection.close();
    throw error;
  }
  return new RawClient(connection);
}

/** What the log tells while something is done, each line as it reads. */
export async function toldBy(work: () => Promise<void>): Promise<string[]> {
  const told: string[] = [];
  await configure({
    reset: true,
    sinks: { told: ({ message }) => void told.push(message.map(String).join("")) },
    loggers: [
      { category: "heliograph", sinks: ["told"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    await work();
  } finally {
    await reset();
  }
  return told;
}
