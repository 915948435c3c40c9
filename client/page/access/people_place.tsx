/**
 * The place where administrators see and change who may do what: people, their tokens, and who has signed in.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type {
  AccessDescription,
  PersonDescription,
  SignedInDescription,
} from "../../../protocol/access_description.ts";
import { Complaint, useWork, type Work } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { Copy } from "../shell/copy.tsx";
import { timeText, useTimeZone } from "../shell/times.ts";
import { AddPerson } from "./add_person.tsx";
import { ask, linkOf } from "./signing.ts";

/** How often it is looked who has come, in milliseconds. */
const lookEvery = 5000;

/** A secret that is shown once. */
export interface Told {
  /** Whose it is. */
  readonly name: string;
  readonly kind: "token" | "link";
  readonly text: string;
}

/** The place. */
export function PeoplePlace({ bench }: { bench: LiveBench }): VNode | null {
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const [access, setAccess] = useState<AccessDescription>();
  const [told, setTold] = useState<Told>();
  const [work, complaint, busy, forget] = useWork();
  const allowed = may(welcome, "administer");
  const look = async () => setAccess(await ask<AccessDescription>("GET", "access"));
  useEffect(() => {
    if (!allowed || state !== "open") return;
    void work(look);
    // A failure of looking again is told where somebody asks for something.
    const timer = setInterval(() => void look().catch(() => {}), lookEvery);
    return () => clearInterval(timer);
  }, [allowed, state]);
  if (welcome !== undefined && !allowed) {
    return (
      <p class="people-place about">
        Saying who may do what needs the right to administer; you are {welcome.roleName || "nobody"}.
      </p>
    );
  }
  const change: Work = (what) =>
    work(async () => {
      await what();
      await look();
    });
  return (
    <div class="people-place">
      <h2>People and programs</h2>
      {told === undefined ? null : <Secret told={told} done={() => setTold(undefined)} />}
      <Complaint text={complaint} />
      {access === undefined ? null : (
        <>
          <ul class="people-list" aria-label="People and programs">
            {access.people.map((person) => (
              <Person key={person.name} bench={bench} person={person} change={change} tell={setTold} busy={busy} />
            ))}
          </ul>
          {access.people.length > 0 ? null : (
            <p class="about">
              Nobody has a token. {welcome?.person === ""
                ? "You are an admin since you are on the server's PC, or come from an address that is."
                : ""}
            </p>
          )}
          <AddPerson
            roles={access.roles}
            bench={bench}
            busy={busy}
            add={(grant) =>
              change(async () => {
                const { token } = await ask<{ token: string }>("POST", "access/people", grant);
                setTold({ name: grant.name, kind: "token", text: token });
              })}
            forget={forget}
          />
          <h2>Signed in with a browser</h2>
          {access.sessions.length > 0 ? null : <p class="about">Nobody.</p>}
          <ul class="people-list" aria-label="Sessions">
            {access.sessions.map((session) => (
              <Session key={session.number} bench={bench} session={session} change={change} busy={busy} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** A token or a link, as long as somebody looks at it. */
function Secret({ told: { name, kind, text }, done }: { readonly told: Told; readonly done: () => void }): VNode {
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), [text]);
  return (
    <section class="told-once" aria-label={`The ${kind} of ${name}`} ref={box} tabIndex={-1}>
      <p>
        {kind === "token"
          ? (
            <>
              The token of <strong>{name}</strong>. It is told once: keep it like a password.
            </>
          )
          : (
            <>
              A link for <strong>{name}</strong>: it signs one browser in, once, within a day.
            </>
          )}
      </p>
      <p class="line">
        <code>{text}</code> <Copy text={text} />
      </p>
      <button type="button" onClick={done}>Done</button>
    </section>
  );
}

function Person({ bench, person, change, tell, busy }: {
  readonly bench: LiveBench;
  readonly person: PersonDescription;
  readonly change: Work;
  readonly tell: (told: Told) => void;
  readonly busy: boolean;
}): VNode {
  const zone = useTimeZone();
  const [asked, setAsked] = useState<"renew" | "revoke">();
  const { name, role, instruments, purpose, until, used, from } = person;
  const now = new Date(bench.now());
  const path = `access/people/${encodeURIComponent(name)}`;
  const time = (text: string) => timeText(new Date(text), now, zone);
  const over = until !== null && Date.parse(until) <= now.getTime();
  const link = () =>
    change(async () => {
      const { secret } = await ask<{ secret: string }>("POST", `${path}/link`, {});
      tell({ name, kind: "link", text: linkOf(secret) });
    });
  const renew = () =>
    change(async () => {
      const { token } = await ask<{ token: string }>("POST", `${path}/renew`, {});
      tell({ name, kind: "token", text: token });
    });
  return (
    <li data-person={name}>
      <span>
        <strong>{name}</strong>
        {purpose === "" ? null : <span class="about">{purpose}</span>}
      </span>
      <span>
        {role}
        {instruments === null ? "" : ` of ${instruments.join(", ")}`}
      </span>
      <span class="about">
        {over
          ? <b class="over">Over since {time(until!)}</b>
          : until === null
          ? "Until revoked"
          : `Until ${time(until)}`};{" "}
        {used === null ? "never used" : `last used ${time(used)}${from === "" ? "" : ` from ${from}`}`}
        {person.passkeys.map(({ id, title }) => (
          <span key={id} class="passkey">
            Passkey {title}{" "}
            <button
              type="button"
              aria-label={`Remove the passkey ${title} of ${name}`}
              disabled={busy}
              onClick={() => void change(() => ask("DELETE", `${path}/passkeys/${encodeURIComponent(id)}`))}
            >
              Remove
            </button>
          </span>
        ))}
      </span>
      {asked === undefined
        ? (
          <span class="people-tools">
            <button type="button" aria-label={`Link for ${name}`} disabled={busy || over} onClick={() => void link()}>
              Link
            </button>
            <button type="button" aria-label={`Renew ${name}`} disabled={busy} onClick={() => setAsked("renew")}>
              Renew…
            </button>
            <button type="button" aria-label={`Revoke ${name}`} disabled={busy} onClick={() => setAsked("revoke")}>
              Revoke…
            </button>
          </span>
        )
        : (
          <span class="people-tools" role="group" aria-label={`${asked} ${name}`}>
            <span>
              {asked === "renew"
                ? "The old token ends, and what uses it is disconnected."
                : "They have no access any more, and are disconnected."}
            </span>
            <button
              type="button"
              class="danger"
              disabled={busy}
              onClick={() => {
                setAsked(undefined);
                void (asked === "renew" ? renew() : change(() => ask("DELETE", path)));
              }}
            >
              {asked === "renew" ? "Renew" : "Revoke"}
            </button>
            <button type="button" onClick={() => setAsked(undefined)}>Cancel</button>
          </span>
        )}
    </li>
  );
}

/** What a browser calls itself, in a word or two. */
function browserText(agent: string): string {
  const name = /Edg\//.test(agent)
    ? "Edge"
    : /Firefox\//.test(agent)
    ? "Firefox"
    : /Chrome\//.test(agent)
    ? "Chrome"
    : /Safari\//.test(agent)
    ? "Safari"
    : agent.slice(0, 30) || "a program";
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(agent)?.[0];
  return system === undefined ? name : `${name} on ${system.replace(" OS X", "")}`;
}

function Session({ bench, session, change, busy }: {
  readonly bench: LiveBench;
  readonly session: SignedInDescription;
  readonly change: Work;
  readonly busy: boolean;
}): VNode {
  const zone = useTimeZone();
  const now = new Date(bench.now());
  const time = (text: string) => timeText(new Date(text), now, zone);
  const { number, name, from, browser, began, used, until, pages, here } = session;
  return (
    <li data-session={number}>
      <span>
        <strong>{name}</strong> {here ? <span class="badge you">this browser</span> : null}
      </span>
      <span title={browser}>{browserText(browser)}, {from}</span>
      <span class="about">
        Signed in {time(began)}, {pages > 0 ? "open now" : `last used ${time(used)}`}; ends {time(until)}
      </span>
      <span class="people-tools">
        <button
          type="button"
          aria-label={`End the session of ${name}, ${browserText(browser)}`}
          disabled={busy}
          onClick={() => void change(() => ask("DELETE", `access/sessions/${number}`))}
        >
          End
        </button>
      </span>
    </li>
  );
}
