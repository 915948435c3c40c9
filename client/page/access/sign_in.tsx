/**
 * The place where one signs in: with a token, or by a link that brought a secret.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import { Complaint, useWork } from "../bench/work.tsx";
import { passkeyHindrance, signInByPasskey } from "./passkeys.tsx";
import { begin, goToInstitute, signIn, signInState, takeSecret } from "./signing.ts";

/** The place. */
export function SignInPlace(): VNode {
  const [token, setToken] = useState("");
  const [institute, setInstitute] = useState<string | null>(null);
  const [work, complaint, busy] = useWork();
  const hindrance = passkeyHindrance();
  const enter = (credential: Parameters<typeof signIn>[0]) =>
    work(async () => {
      await signIn(credential);
      begin();
    });
  useEffect(() => {
    // Where the server does not answer, the page says so anyway.
    signInState().then(({ institute }) => setInstitute(institute), () => {});
  }, []);
  useEffect(() => {
    const take = () => {
      const secret = takeSecret();
      if (secret !== undefined) void enter({ secret });
    };
    take();
    // Another link may be opened in the same window.
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);
  return (
    <section class="sign-in">
      <h2>Sign in</h2>
      {institute !== null && (
        <p>
          <button
            type="button"
            id="sign-in-institute"
            class="strong"
            disabled={busy}
            onClick={() => void work(goToInstitute)}
          >
            Sign in with {institute}
          </button>
        </p>
      )}
      {hindrance === ""
        ? (
          <p>
            <button
              type="button"
              id="sign-in-passkey"
              disabled={busy}
              onClick={() =>
                void work(async () => {
                  await signInByPasskey();
                  begin();
                })}
            >
              Sign in with a passkey
            </button>
          </p>
        )
        : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter({ token: token.trim() });
        }}
      >
        <label for="sign-in-token">Your token</label>
        <input
          id="sign-in-token"
          type="password"
          name="token"
          autocomplete="current-password"
          placeholder="hg_…"
          spellcheck={false}
          value={token}
          aria-describedby="sign-in-help"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="strong" disabled={busy || token.trim() === ""}>Sign in</button>
        <Complaint text={complaint} />
      </form>
      <p class="about" id="sign-in-help">
        Whoever administers this bench gives you a token, or a link that signs you in once: on this page under People,
        or on the server's PC with{" "}
        <code>heliograph access add NAME</code>. The browser keeps neither of them, only that you have signed in.{" "}
        {hindrance}
      </p>
    </section>
  );
}
