/**
 * Passkeys: signing in by one, and one's own as a list.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { PasskeyDescription } from "../../../protocol/access_description.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import { ask } from "./signing.ts";

/** Why this browser offers no passkeys here; empty where it does. */
export function passkeyHindrance(): string {
  const { hostname } = location;
  if (/^\[|^[\d.]+$/.test(hostname)) {
    return "Passkeys need a name in the address: localhost on the server's PC, or the server's name.";
  }
  if (!isSecureContext) return "Passkeys need an address that begins with https, with a certificate that is trusted.";
  const known = typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;
  return known ? "" : "This browser knows no passkeys.";
}

/** What the browser says where a passkey is not made or used. */
async function asked<T>(work: () => Promise<T | null>): Promise<T> {
  let made: T | null;
  try {
    made = await work();
  } catch (error) {
    const { name, message } = error as DOMException;
    throw new Error(
      name === "InvalidStateError"
        ? "This device has a passkey of yours already"
        : name === "NotAllowedError"
        ? `No passkey was given, or the browser does not trust this server's certificate (${message})`
        : message,
    );
  }
  if (made === null) throw new Error("The browser gave no passkey");
  return made;
}

/** Signs in by a passkey. */
export async function signInByPasskey(): Promise<void> {
  const options = await ask<PublicKeyCredentialRequestOptionsJSON>("POST", "session/passkey/options", {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await asked(() => navigator.credentials.get({ publicKey }));
  await ask("POST", "session/passkey", { credential });
}

async function register(title: string): Promise<void> {
  const options = await ask<PublicKeyCredentialCreationOptionsJSON>("POST", "session/passkeys/options", {});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await asked(() => navigator.credentials.create({ publicKey }));
  await ask("POST", "session/passkeys", { title, credential });
}

/** The passkeys of who has signed in. */
export function OwnPasskeys(): VNode {
  const [list, setList] = useState<readonly PasskeyDescription[]>([]);
  const [title, setTitle] = useState("");
  const [work, complaint, busy] = useWork();
  const hindrance = passkeyHindrance();
  const look = async () =>
    setList((await ask<{ passkeys: readonly PasskeyDescription[] }>("GET", "session/passkeys")).passkeys);
  const change = (what: () => Promise<unknown>) =>
    work(async () => {
      await what();
      await look();
    });
  // Whom an institute knows has none here.
  useEffect(() => void look().catch(() => {}), []);
  return (
    <div class="passkeys">
      <ul aria-label="Your passkeys">
        {list.map(({ id, title, made }) => (
          <li key={id} class="line" data-passkey={id}>
            <span>
              Passkey <strong>{title}</strong> since {made.slice(0, 10)}
            </span>
            <button
              type="button"
              aria-label={`Remove the passkey ${title}`}
              disabled={busy}
              onClick={() => void change(() => ask("DELETE", `session/passkeys/${encodeURIComponent(id)}`))}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      {hindrance !== "" ? <p class="about">{hindrance}</p> : (
        <form
          class="line"
          onSubmit={(event) => {
            event.preventDefault();
            void change(() => register(title.trim())).then((done) => {
              if (done) setTitle("");
            });
          }}
        >
          <input
            type="text"
            name="passkey"
            maxLength={64}
            aria-label="What the new passkey is called"
            placeholder="This phone, that key …"
            autocomplete="off"
            value={title}
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
          <button type="submit" disabled={busy || title.trim() === ""}>Add a passkey</button>
        </form>
      )}
      <Complaint text={complaint} />
    </div>
  );
}
