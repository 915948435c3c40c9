/**
 * What clients and servers say over TLS before a port's own wire begins, and how two PCs prove that they know one code.
 *
 * @module
 */

/** The protocol that a client names with TLS (ALPN) which has something to say first. */
export const preambleProtocol = "heliograph/1";

/** The name that every certificate of heliograph's own has: its clients ask for it, whatever address they dialled. */
export const ownName = "heliograph.internal";

/** What a client sends without TLS to learn the server's authority: that is no secret, and is proved by the code. */
export const authorityQuestion = "heliograph authority\n";

/** The longest first line, in bytes. */
export const longestFirstLine = 16_384;

const encoder = new TextEncoder();

/** The letters of a code: none that is read as another. */
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** 16 letters of 5 bits: 80 bits. */
const codeLetters = 16;

/** A new code for pairing, as people read it: `7QFM-29XA-…`. */
export function newPairingCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(codeLetters));
  const code = [...bytes].map((byte) => letters[byte % letters.length]!).join("");
  return code.replace(/.{4}(?=.)/g, "$&-");
}

/** A code as it was made, of what somebody typed: without blanks and hyphens, and letters that look like digits. */
export function typedCode(typed: string): string {
  const code = typed.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  return code.replace(/.{4}(?=.)/g, "$&-");
}

/** Bytes as hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Something that is never said twice: 256 bits, in hexadecimal. */
export function newNonce(): string {
  return hex(crypto.getRandomValues(new Uint8Array(32)));
}

/** The SHA-256 of a text, in hexadecimal. */
export async function digestOfText(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

/** The digest of a certificate, by which it is known: SHA-256 of its bytes, in hexadecimal; of none, empty. */
export async function certificateDigest(certificate: string | undefined): Promise<string> {
  if (certificate === undefined) return "";
  const text = atob(certificate.replace(/-----[^-]+-----|\s/g, ""));
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** What both sides know when they pair. */
export interface PairingFacts {
  /** The SHA-256 of the code, in hexadecimal. */
  readonly codeDigest: string;
  /** The digest of the authority: the server's own, or that which the client has seen. */
  readonly authorityDigest: string;
  /** What the client made up. */
  readonly clientNonce: string;
  /** What the server made up. */
  readonly serverNonce: string;
}

/**
 * The proof that one side knows the code, and sees the authority that the other one sees.
 *
 * @param side Whose proof it is: one side's is not the other's.
 * @returns HMAC with SHA-256, in hexadecimal.
 */
export async function pairingProof(
  side: "client" | "server",
  { codeDigest, authorityDigest, clientNonce, serverNonce }: PairingFacts,
): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(codeDigest), algorithm, false, ["sign"]);
  const text = ["heliograph pairing 1", side, authorityDigest, clientNonce, serverNonce].join("\n");
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text))));
}

/** Whether two proofs are the same; how long it takes tells nothing. */
export function sameProof(one: string, other: string): boolean {
  let different = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) different |= one.charCodeAt(at) ^ other.charCodeAt(at % (other.length || 1));
  return different === 0;
}

/** What a PC is told that was paired. */
export interface Paired {
  /** That the server knows the code as well. */
  readonly proof: string;
  /** The PC's own token. */
  readonly token: string;
  /** The name that the token proves. */
  readonly name: string;
  /** The name of its role. */
  readonly role: string;
  /** What the bench is called. */
  readonly title: string;
  /** The server's ports by the names of the wires. */
  readonly ports: Readonly<Record<string, number>>;
}

/**
 * The address by which a browser signs in with a one-time secret. Behind the `#` no server and no log sees it.
 *
 * @param page The address of the page.
 * @param secret The one-time secret.
 */
export function signInAddress(page: string, secret: string): string {
  return `${page}/#/sign-in?secret=${encodeURIComponent(secret)}`;
}
