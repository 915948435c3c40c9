/**
 * Makes this server's own certificate authority, and the certificates that it gives to the server itself.
 *
 * What makes certificates is loaded only where some may have to be made: a server of this PC alone needs none.
 *
 * @module
 */

import { ownName } from "../../protocol/pairing.ts";
import type { Certificate } from "../network/inner_tls.ts";

/** The kind of the keys: what every browser and every Deno takes. */
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 86_400_000;
/** For how long an authority is good, in days. */
const authorityDays = 7300;
/** For how long a certificate is good, in days: systems refuse longer ones. */
const certificateDays = 397;
/** What is left when a certificate is renewed, in days. */
const renewedBefore = 130;

/** An authority: its certificate, which everybody may know, and its key, which nobody may. */
export interface Authority {
  /** Its certificate, as PEM. */
  readonly certificate: string;
  /** Its private key, as PEM. */
  readonly key: string;
}

/** What makes certificates, once it has been loaded. */
async function library() {
  await import("npm:reflect-metadata@0.2.2");
  const x509 = await import("npm:@peculiar/x509@2.2.0");
  x509.cryptoProvider.set(crypto);
  return x509;
}

type Library = Awaited<ReturnType<typeof library>>;

function pem(label: string, bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}

function bytesOf(pem: string): Uint8Array<ArrayBuffer> {
  const text = atob(pem.replace(/-----[^-]+-----|\s/g, ""));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function privateKey({ privateKey }: CryptoKeyPair): Promise<string> {
  return pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", privateKey));
}

function serialNumber(): string {
  // Positive, and never twice.
  return `01${
    [...crypto.getRandomValues(new Uint8Array(15))].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  }`;
}

const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;

/** Makes certificates for one server. */
export class CertificateMaker {
  readonly #x509: Library;

  private constructor(x509: Library) {
    this.#x509 = x509;
  }

  /** Loads what makes certificates, before permissions are given up. */
  static async load(): Promise<CertificateMaker> {
    return new CertificateMaker(await library());
  }

  /**
   * Makes an authority.
   *
   * @param name Whose it is, for people: this PC's name.
   * @param now The time, in milliseconds since 1970.
   */
  async authority(name: string, now: number = Date.now()): Promise<Authority> {
    const { X509CertificateGenerator, BasicConstraintsExtension, KeyUsagesExtension, KeyUsageFlags } = this.#x509;
    const { SubjectKeyIdentifierExtension } = this.#x509;
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: [{ CN: [`heliograph on ${name}`] }],
      notBefore: new Date(now - day),
      notAfter: new Date(now + authorityDays * day),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { certificate: `${certificate.toString("pem")}\n`, key: await privateKey(keys) };
  }

  /**
   * Makes a certificate for the server.
   *
   * @param authority Whose it is.
   * @param names By which names and addresses clients reach the server.
   * @param now The time, in milliseconds since 1970.
   */
  async certificate(authority: Authority, names: readonly string[], now: number = Date.now()): Promise<Certificate> {
    const x509 = this.#x509;
    const issuer = new x509.X509Certificate(authority.certificate);
    const signingKey = await crypto.subtle.importKey("pkcs8", bytesOf(authority.key), algorithm, false, ["sign"]);
    const keys = await newKeys();
    // No longer than whoever vouches for it.
    const end = Math.min(now + certificateDays * day, issuer.notAfter.getTime());
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [names[0] ?? ownName] }],
      issuer: issuer.subjectName,
      notBefore: new Date(now - day),
      notAfter: new Date(end),
      signingKey,
      publicKey: keys.publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        // Deno takes none without it.
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          [...new Set([ownName, ...names])].map((value) => ({
            type: isAddress(value) ? "ip" as const : "dns" as const,
            value,
          })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ],
    });
    return { cert: `${made.toString("pem")}\n`, key: await privateKey(keys) };
  }

  /** From when to when a certificate is good, in milliseconds since 1970, and the names and addresses in it. */
  describe(certificate: string): { readonly from: number; readonly until: number; readonly names: readonly string[] } {
    const read = new this.#x509.X509Certificate(certificate);
    const names = read.getExtension(this.#x509.SubjectAlternativeNameExtension)?.names.items ?? [];
    return {
      from: read.notBefore.getTime(),
      until: read.notAfter.getTime(),
      names: names.map(({ value }) => value),
    };
  }

  /** Whether an authority vouches for a certificate. */
  async vouches(authority: Authority, certificate: string): Promise<boolean> {
    const issuer = new this.#x509.X509Certificate(authority.certificate);
    return await new this.#x509.X509Certificate(certificate).verify({ publicKey: issuer, signatureOnly: true });
  }

  /**
   * Whether a certificate of ours serves on.
   *
   * @param names The names that it must have.
   * @param now The time, in milliseconds since 1970.
   */
  serves(certificate: string, names: readonly string[], now: number = Date.now()): boolean {
    const { from, until, names: has } = this.describe(certificate);
    return from <= now && now < until - renewedBefore * day && names.every((name) => has.includes(name));
  }
}

/** Whether a name is an IP address. */
export function isAddress(name: string): boolean {
  return name.includes(":") || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name);
}

const dnsName = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** The names and addresses that can stand in a certificate, in lower case and each once. */
export function certifiable(names: readonly string[]): string[] {
  const lower = names.map((name) => name.toLowerCase()).filter((name) => isAddress(name) || dnsName.test(name));
  return [...new Set(lower)];
}
