/**
 * Pairs this PC with a server on another one, by a code that both know.
 *
 * @module
 */

import { HeliographError } from "../protocol/errors.ts";
import {
  authorityQuestion,
  certificateDigest,
  digestOfText,
  newNonce,
  type Paired,
  pairingProof,
  sameProof,
  typedCode,
} from "../protocol/pairing.ts";
import { firstAnswer, secureConnect } from "./secure.ts";
import { connect, inTime, type Wait, writeText } from "./waiting.ts";

/** What this PC has learned of a server. */
export interface PairedServer extends Omit<Paired, "proof"> {
  /** The certificate of its authority, as PEM; `undefined` where this PC trusts it anyway. */
  readonly authority: string | undefined;
}

const longestAnswer = 65_536;

/** Asks a server, without TLS, who vouches for it. Nothing of the answer is believed before the code has proved it. */
async function askAuthority(host: string, port: number, wait: Wait): Promise<string | undefined> {
  const connection = await connect(host, port, wait);
  const other = `Cannot pair with ${host}:${port}: there is no heliograph that other PCs may reach there. ` +
    "Start it with --host 0.0.0.0, and give the port of its dashboard, its lines or its page";
  try {
    await writeText(connection, authorityQuestion);
    const bytes = new Uint8Array(longestAnswer);
    let length = 0;
    const whole = (async () => {
      for (let count: number | null = 0; count !== null && length < bytes.length; length += count ?? 0) {
        count = await connection.read(bytes.subarray(length));
      }
    })();
    await inTime(whole, wait, "the question who vouches for the server");
    const answer: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(0, length)));
    const { authority } = answer as { readonly authority?: unknown };
    if (authority === undefined || typeof authority === "string") return authority;
  } catch (error) {
    throw new HeliographError("connection_failed", other, { cause: error });
  } finally {
    connection.close();
  }
  throw new HeliographError("connection_failed", other);
}

/**
 * Pairs with a server.
 *
 * @param host Its name or address.
 * @param port Any of its ports.
 * @param code The code that it showed, as somebody typed it.
 * @param authority The certificate of its authority, as PEM, where that is known already. @default the server is asked
 * @returns What is to be kept of it.
 * @throws {HeliographError} `no_credential` where one side does not know the code, or somebody stands between.
 */
export async function pairWith(
  host: string,
  port: number,
  code: string,
  wait: Wait,
  authority?: string,
): Promise<PairedServer> {
  const found = authority ?? await askAuthority(host, port, wait);
  const clientNonce = newNonce();
  const first = { pair: { nonce: clientNonce } };
  const { connection, answer } = await secureConnect(host, port, { authority: found, first }, wait);
  try {
    const serverNonce = (answer.pair as { readonly nonce: string }).nonce;
    const facts = {
      codeDigest: await digestOfText(typedCode(code)),
      authorityDigest: await certificateDigest(found),
      clientNonce,
      serverNonce,
    };
    await writeText(connection, `${JSON.stringify({ proof: await pairingProof("client", facts) })}\n`);
    const { pair } = await inTime(firstAnswer(connection), wait, "the proof of the code") as { readonly pair: Paired };
    const { proof, ...paired } = pair;
    if (!sameProof(await pairingProof("server", facts), proof)) {
      throw new HeliographError(
        "no_credential",
        `Refused ${host}:${port}: it does not know the code, so another PC answers in the place of the one that was meant`,
      );
    }
    return { ...paired, authority: found };
  } finally {
    connection.close();
  }
}
