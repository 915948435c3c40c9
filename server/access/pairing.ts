/**
 * Answers what heliograph's own clients say over TLS before a port's own wire begins: who has a token, and pairing.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { certificateDigest, newNonce, type Paired, pairingProof, sameProof } from "../../protocol/pairing.ts";
import type { Known, PairingAnswers, PreambleAnswers } from "../network/preamble.ts";
import { type Access, wrongTokenPause } from "./admit.ts";

const log = getLogger(["heliograph", "access"]);

/** What a PC is told of the server that it was paired with. */
export type PairingTold = () => Pick<Paired, "title" | "ports">;

/** Answers for the access of one server. */
export class Doorkeeper implements PreambleAnswers {
  readonly #access: Access;
  readonly #authority: string | undefined;
  readonly #told: PairingTold;

  /**
   * Makes one.
   *
   * @param access Whose tokens and codes are known.
   * @param authority The certificate of the authority, as PEM. @default others vouch for the server's certificate
   * @param told What whoever is paired is told of the server.
   */
  constructor(access: Access, authority?: string, told: PairingTold = () => ({ title: "heliograph", ports: {} })) {
    this.#access = access;
    this.#authority = authority;
    this.#told = told;
  }

  /** Who has a token. @throws {HeliographError} Where nobody has it; not at once, so that a flood of them is none. */
  async find(token: string, address: string): Promise<Known> {
    try {
      const { person, roleName } = this.#access.identify(token, address);
      return { name: person, role: roleName };
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, wrongTokenPause));
      throw error;
    }
  }

  /** Begins to pair. */
  pair(told: unknown, address: string): PairingAnswers {
    const clientNonce = textOf(told, "nonce");
    const { store } = this.#access;
    this.#access.mayTry(address);
    const serverNonce = newNonce();
    return {
      say: { nonce: serverNonce },
      then: async (answer) => {
        const given = textOf(answer, "proof");
        const authorityDigest = await certificateDigest(this.#authority);
        for (const { digest: codeDigest, name, role } of store.invitations("pairing")) {
          const facts = { codeDigest, authorityDigest, clientNonce, serverNonce };
          if (!sameProof(await pairingProof("client", facts), given)) continue;
          const token = await store.redeem({ digest: codeDigest });
          log.info("Paired {name} ({role}) at {address}", { name, role, address });
          const proof = await pairingProof("server", facts);
          return { proof, token, name, role, ...this.#told() } satisfies Paired;
        }
        this.#access.triedInVain(
          address,
          "a pairing code",
          "it is wrong, was used or is too old, or another PC answered",
        );
        throw new HeliographError(
          "no_credential",
          "The code is wrong, has been used or is too old; or another PC answers in the place of this one. " +
            "“heliograph pair” on the instrument PC makes a new one",
        );
      },
    };
  }
}

function textOf(told: unknown, name: string): string {
  const value = (told as Readonly<Record<string, unknown>> | null)?.[name];
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new HeliographError("bad_message", `Cannot pair: ${name} is not 64 hexadecimal digits`);
}
