/**
 * Who you are, what you may do, and until when; and the way in and out.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { SignInState } from "../../../protocol/access_description.ts";
import type { Welcome } from "../../../protocol/description.ts";
import type { Right } from "../../../protocol/vocabulary.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { addressOf, view } from "../shell/place.ts";
import { timeText, useTimeZone } from "../shell/times.ts";
import { OwnPasskeys } from "./passkeys.tsx";
import { signInState, signOut } from "./signing.ts";

/** What each right allows, in people's words: "You may …". */
const rightTexts: Readonly<Record<Exclude<Right, "read" | "drive">, string>> = {
  takeOver: "take them from others",
  disconnect: "disconnect others",
  arrange: "arrange the page",
  evaluate: "run code",
  administer: "change the bench and who may do what",
  shutdown: "stop the server",
};

/** What somebody may do, as a sentence. @param titleOf What an instrument is called. */
export function mayText(
  { rights, instruments }: Pick<Welcome, "rights" | "instruments">,
  titleOf: (name: string) => string,
): string {
  const driven = !rights.includes("drive")
    ? []
    : instruments === null
    ? ["drive the instruments"]
    : [instruments.length === 0 ? "drive none of the instruments" : `drive ${instruments.map(titleOf).join(", ")}`];
  const others = rights.flatMap((right) => right === "read" || right === "drive" ? [] : [rightTexts[right]]);
  const all = [...driven, ...others];
  if (all.length === 0) return "You may look at everything, and change nothing.";
  const last = all.pop()!;
  return `You may ${all.length === 0 ? last : `${all.join(", ")} and ${last}`}.`;
}

/** What one may do. */
export function Who({ bench, close }: { bench: LiveBench; close: () => void }): VNode {
  const welcome = useLive(bench.welcome);
  const instruments = useLive(bench.instruments);
  if (view.readOnly) return <p>This page was opened by a link without controls: it changes nothing.</p>;
  const titleOf = (name: string) => instruments.find((each) => each.name === name)?.title ?? name;
  return (
    <div class="who">
      {welcome === undefined ? null : (
        <p>
          {welcome.person === "" ? null : (
            <>
              You are <strong>{welcome.person}</strong>, {welcome.roleName}.{" "}
            </>
          )}
          {mayText(welcome, titleOf)}
        </p>
      )}
      {may(welcome, "administer")
        ? (
          <p>
            <a id="people-place" href={addressOf("people")} onClick={close}>
              People: who may do what, tokens, and who has signed in
            </a>
          </p>
        )
        : null}
    </div>
  );
}

/** The way in and out. It has to be asked for: below it stands nothing that would move when it comes. */
export function WayInAndOut({ bench, close }: { bench: LiveBench; close: () => void }): VNode | null {
  const welcome = useLive(bench.welcome);
  const zone = useTimeZone();
  const [state, setState] = useState<SignInState>();
  const [work, complaint, busy] = useWork();
  // Where it cannot be asked, there is nothing to sign out of.
  useEffect(() => void signInState().then(setState, () => {}), []);
  if (view.readOnly) return null;
  return (
    <div class="who">
      {state?.signedIn === true
        ? (
          <p class="line">
            <span>
              Signed in with this browser until{" "}
              {timeText(new Date(state.until!), new Date(bench.now()), zone)}, or until the server restarts.
            </span>
            <button type="button" id="sign-out" disabled={busy} onClick={() => void work(signOut)}>Sign out</button>
          </p>
        )
        : state !== undefined && welcome?.person === ""
        ? (
          <p>
            <a href={addressOf("sign-in")} onClick={close}>Sign in as somebody</a>
          </p>
        )
        : null}
      {state?.signedIn === true ? <OwnPasskeys /> : null}
      <Complaint text={complaint} />
    </div>
  );
}
