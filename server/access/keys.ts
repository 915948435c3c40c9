/**
 * Keeps the keys of one server: made at its first start, beside the bench file, and renewed before they end; or those
 * that its operator gives it, read again when they change.
 *
 * @module
 */

import { join } from "node:path";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { FileKeeper } from "../files/file_keeper.ts";
import { OwnerAccess } from "../files/owner_access.ts";
import { exchangeSecretFile, isReadableByOthers, readSecretFile } from "../files/secret_file.ts";
import type { Certificate } from "../network/inner_tls.ts";
import { type Authority, CertificateMaker } from "./authority.ts";

const log = getLogger(["heliograph", "keys"]);

/** How often it is looked whether a certificate is to be renewed, in milliseconds. */
const renewEvery = 3_600_000;
/** How often it is looked whether the operator's certificate has changed, in milliseconds. */
const lookEvery = 30_000;

/** The certificate of a server: one now, and others later. */
export interface ServerKeys {
  /** The authority's certificate, as PEM; `undefined` where others vouch for the server. */
  readonly authority: string | undefined;
  /** What is shown now. */
  readonly certificate: Certificate;
  /** Calls for each later certificate, until it is stopped. @param show Shows it to those who come from then on. */
  follow(show: (certificate: Certificate) => void): void;
  /** Looks at once whether there is another one. @param now The time, in milliseconds since 1970. */
  look(now?: number): Promise<void>;
  /** Ends. */
  stop(): void;
}

/** What is in the file of the keys, in this order. */
type Kept = Authority & { readonly server: Certificate };

const blocks = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\r?\n?/g;

function keptIn(file: string, text: string): Kept {
  const [certificate, key, cert, serverKey, ...more] = [...text.matchAll(blocks)].map(([block]) => block);
  const right = certificate?.includes("BEGIN CERTIFICATE") && key?.includes("BEGIN PRIVATE KEY") &&
    cert?.includes("BEGIN CERTIFICATE") && serverKey?.includes("BEGIN PRIVATE KEY") && more.length === 0;
  if (right) return { certificate: certificate!, key: key!, server: { cert: cert!, key: serverKey! } };
  throw new HeliographError(
    "cannot_listen",
    `Cannot use the keys in ${file}: they are not as they were written. Put back a copy of that file, or remove it: ` +
      "then new ones are made, and every other PC must be paired anew",
  );
}

/** Keys that this program makes itself. */
export class OwnKeys implements ServerKeys {
  /** The authority's certificate. */
  readonly authority: string;
  #certificate: Certificate;
  readonly #maker: CertificateMaker;
  readonly #kept: Authority;
  readonly #names: readonly string[];
  #show: (certificate: Certificate) => void = () => {};
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(maker: CertificateMaker, kept: Authority, certificate: Certificate, names: readonly string[]) {
    this.#maker = maker;
    this.#kept = kept;
    this.authority = kept.certificate;
    this.#certificate = certificate;
    this.#names = names;
  }

  /**
   * Reads them, or makes them; before permissions are given up.
   *
   * @param folder The absolute path of their folder, `lab.keys`.
   * @param names The names and addresses by which the server is reached; the first is that of this PC.
   * @param now The time, in milliseconds since 1970.
   * @throws {HeliographError} `cannot_listen` where they cannot be read or written.
   */
  static async open(folder: string, names: readonly string[], now: number = Date.now()): Promise<OwnKeys> {
    const file = join(folder, "keys.pem");
    const maker = await CertificateMaker.load();
    try {
      const text = readSecretFile(file);
      const known = text === undefined ? undefined : keptIn(file, text);
      const authority = known ?? await maker.authority(names[0] ?? "this PC", now);
      tellClock(maker.describe(authority.certificate), now, file);
      // A certificate of another authority is no certificate.
      const serves = known !== undefined && maker.serves(known.server.cert, names, now) &&
        await maker.vouches(authority, known.server.cert);
      const server = serves ? known.server : await maker.certificate(authority, names, now);
      if (!serves) write(folder, file, text, { ...authority, server });
      if (known === undefined) log.info("Made the keys of this server in {folder}", { folder });
      else if (!serves) log.info("Made a new certificate for this server: names, or how long it is good");
      if (isReadableByOthers(file)) {
        Deno.chmodSync(file, 0o600);
        log.warning("Others could read {file}: now its owner alone can. If somebody did, remove it and pair anew", {
          file,
        });
      }
      // Those that were made without it, too.
      const owner = OwnerAccess.usual;
      const protects = owner?.protect(folder, "folder") === true && owner.protect(file, "file");
      if (Deno.build.os === "windows" && !protects) {
        log.warning("Make sure that nobody else may read {folder}: see docs/connect.md", { folder });
      }
      return new OwnKeys(maker, authority, server, names);
    } catch (error) {
      if (error instanceof HeliographError) throw error;
      throw new HeliographError(
        "cannot_listen",
        `Cannot keep the keys of this server in ${folder}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  /** What is shown now. */
  get certificate(): Certificate {
    return this.#certificate;
  }

  /** Renews the certificate before it ends, for as long as the server runs; the next start writes one. */
  follow(show: (certificate: Certificate) => void): void {
    this.#show = show;
    this.#timer = setInterval(() => void this.look(), renewEvery);
    Deno.unrefTimer(this.#timer);
  }

  /** Renews it where that is due. */
  async look(now: number = Date.now()): Promise<void> {
    if (this.#maker.serves(this.#certificate.cert, this.#names, now)) return;
    try {
      this.#certificate = await this.#maker.certificate(this.#kept, this.#names, now);
      this.#show(this.#certificate);
      log.info("Renewed the certificate of this server");
    } catch (error) {
      log.error("Cannot renew the certificate of this server: {reason}", { reason: (error as Error).message });
    }
  }

  /** Ends. */
  stop(): void {
    clearInterval(this.#timer);
  }
}

function write(folder: string, file: string, before: string | undefined, { certificate, key, server }: Kept): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  OwnerAccess.usual?.protect(folder, "folder");
  if (!exchangeSecretFile(file, before, certificate + key + server.cert + server.key)) {
    throw new Error("another program has changed them meanwhile");
  }
  // For browsers and other programs: this one may be given to anybody.
  Deno.writeTextFileSync(join(folder, "authority.pem"), certificate);
}

/** A clock that is set wrong makes every client refuse what is right. */
function tellClock(
  { from, until }: { readonly from: number; readonly until: number },
  now: number,
  file: string,
): void {
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  if (now >= from && now < until) return;
  log.error(
    "The clock of this PC says {today}, but the keys in {file} are good from {from} to {until}: clients will refuse them. Set the clock right; or remove that file, and pair every other PC anew",
    { today: day(now), file, from: day(from), until: day(until) },
  );
}

/** Keys that the operator gives, of an authority that clients know from elsewhere. */
export class GivenKeys implements ServerKeys {
  /** Others vouch for it. */
  readonly authority = undefined;
  #certificate: Certificate;
  readonly #files: readonly [cert: FileKeeper, key: FileKeeper];
  #show: (certificate: Certificate) => void = () => {};
  #timer: ReturnType<typeof setInterval> | undefined;
  #failing = false;

  private constructor(files: readonly [FileKeeper, FileKeeper], certificate: Certificate) {
    this.#files = files;
    this.#certificate = certificate;
  }

  /**
   * Reads them; before permissions are given up.
   *
   * @param cert The absolute path of the certificate, and of what is between it and its authority, as PEM.
   * @param key The absolute path of its private key, as PEM.
   * @throws {HeliographError} `cannot_listen` where they cannot be read.
   */
  static async open(cert: string, key: string): Promise<GivenKeys> {
    const files = [new FileKeeper(cert, { readOnly: true }), new FileKeeper(key, { readOnly: true })] as const;
    try {
      const certificate = await read(files);
      if (isReadableByOthers(key)) log.warning("Others can read {key}: make its owner the only one who can", { key });
      return new GivenKeys(files, certificate);
    } catch (error) {
      for (const file of files) file.stop();
      throw new HeliographError("cannot_listen", `Cannot use the certificate: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** What is shown now. */
  get certificate(): Certificate {
    return this.#certificate;
  }

  /** Looks every half minute whether they have changed. */
  follow(show: (certificate: Certificate) => void): void {
    this.#show = show;
    this.#timer = setInterval(() => void this.look(), lookEvery);
    Deno.unrefTimer(this.#timer);
  }

  /** Looks whether they have changed. What cannot be used changes nothing, and is told once. */
  async look(): Promise<void> {
    try {
      const next = await read(this.#files);
      if (next.cert === this.#certificate.cert && next.key === this.#certificate.key) return;
      // It may be that one of the two files is still the old one.
      this.#show(next);
      this.#certificate = next;
      this.#failing = false;
      log.info("Took another certificate from {file}", { file: this.#files[0].file });
    } catch (error) {
      if (!this.#failing) {
        log.error("Cannot use the new certificate; the old one stays: {reason}", { reason: (error as Error).message });
      }
      this.#failing = true;
    }
  }

  /** Ends. */
  stop(): void {
    clearInterval(this.#timer);
    for (const file of this.#files) file.stop();
  }
}

async function read(files: readonly [FileKeeper, FileKeeper]): Promise<Certificate> {
  // One after the other: where both are wrong, the certificate is told.
  const [cert, key] = [await readOne(files[0]), await readOne(files[1])];
  if (!cert.includes("BEGIN CERTIFICATE")) throw new Error(`${files[0].file} holds no certificate as PEM`);
  if (!key.includes("PRIVATE KEY")) throw new Error(`${files[1].file} holds no private key as PEM`);
  checkUsable({ cert, key }, files[0].file, files[1].file);
  return { cert, key };
}

async function readOne(file: FileKeeper): Promise<string> {
  let text: string | undefined;
  try {
    text = await file.read();
  } catch (error) {
    throw new Error(`${file.file}: ${(error as Error).message}`);
  }
  if (text === undefined) throw new Error(`${file.file} is not there`);
  return text;
}

/** Makes sure that a server can be known by a certificate: what serves TLS says so at once. */
function checkUsable({ cert, key }: Certificate, certFile: string, keyFile: string): void {
  try {
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key }).close();
  } catch (error) {
    const { message } = error as Error;
    const what = /mismatch/i.test(message)
      ? `the private key in ${keyFile} does not belong to the certificate in ${certFile}`
      : /private key/i.test(message)
      ? `${keyFile}: ${message}`
      : `${certFile}: ${message}`;
    throw new Error(what, { cause: error });
  }
}
