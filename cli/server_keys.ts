/**
 * Makes what lets clients of other PCs in at `heliograph server`: its keys, its doorway, and what to do next.
 *
 * @module
 */

import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { besideBench } from "../server/config/beside.ts";
import { hostName } from "../server/config/server_settings.ts";
import type { Access } from "../server/access/admit.ts";
import { certifiable } from "../server/access/authority.ts";
import { GivenKeys, OwnKeys, type ServerKeys } from "../server/access/keys.ts";
import { Doorkeeper, type PairingTold } from "../server/access/pairing.ts";
import { Doorway } from "../server/network/first_byte.ts";
import { UsageError } from "./exit_codes.ts";

/** What the keys depend on. */
export interface KeySettings {
  /** The bench file. @default the demo bench */
  readonly bench: string | undefined;
  /** A certificate of one's own: both files or neither. */
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** What the bench file says of them: absolute paths. */
  readonly fromFile: { readonly cert: string; readonly key: string } | undefined;
  /** Names by which people reach this PC. */
  readonly names: readonly string[];
  /** The address that is listened on. */
  readonly host: string;
}

/** The addresses of this PC, as far as this program may know them. */
function ownAddresses(): string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((all) => all ?? []).map(({ address }) => address)
      // An address that holds for one network card only says which one.
      .filter((address) => !address.startsWith("fe80:"));
  } catch {
    return [];
  }
}

/** The folder of the keys. */
export function keysFolder(bench: string | undefined): string {
  return bench === undefined ? resolve("demo.keys") : besideBench(resolve(bench)).keys;
}

/** Opens the keys of a server that other PCs reach; before permissions are given up. */
export async function openKeys({ bench, tlsCert, tlsKey, fromFile, names, host }: KeySettings): Promise<ServerKeys> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("--tls-cert and --tls-key belong together: give the certificate and its private key");
  }
  if (tlsCert !== undefined) return await GivenKeys.open(resolve(tlsCert), resolve(tlsKey!));
  if (fromFile !== undefined) return await GivenKeys.open(fromFile.cert, fromFile.key);
  const anywhere = host === "0.0.0.0" || host === "::";
  const known = [
    hostName() ?? "localhost",
    "localhost",
    "127.0.0.1",
    "::1",
    ...names,
    ...(anywhere ? ownAddresses() : [host]),
  ];
  return await OwnKeys.open(keysFolder(bench), certifiable(known));
}

/**
 * Makes sure that a certificate of one's own can be used, where this PC's own clients alone come and none is shown: it is
 * found out now, and not when the server is opened to others.
 *
 * @throws {UsageError | HeliographError} Where it cannot be used.
 */
export async function checkGivenKeys(settings: KeySettings): Promise<void> {
  const { tlsCert, tlsKey, fromFile } = settings;
  if ((tlsCert ?? tlsKey ?? fromFile) !== undefined) (await openKeys(settings)).stop();
}

/** Makes what lets clients in by these keys. */
export function doorwayOf(keys: ServerKeys, access: Access, told: PairingTold): Doorway {
  const { certificate, authority } = keys;
  const doorway = new Doorway({
    certificate,
    authority,
    servesPlain: (address) => access.servesPlain(address),
    answers: new Doorkeeper(access, authority, told),
  });
  keys.follow((next) => doorway.show(next));
  return doorway;
}
