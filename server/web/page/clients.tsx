/**
 * Who is connected, and the name of this page.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useState } from "npm:preact@11.2.0/hooks";
import { mayDo } from "./allowed.ts";
import type { Bench } from "./bench.ts";
import { useLive } from "./live.tsx";
import { ageText } from "./readout.tsx";
import { Complaint, useWork } from "./work.tsx";

const wires = {
  line: "azcam line",
  dashboard: "PyOpticon",
  web: "page",
} as const;

/** The panel with all clients. */
export function ClientsPanel({ bench }: { bench: Bench }): VNode {
  const status = useLive(bench.status);
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const [name, setName] = useState(bench.name);
  const [work, complaint] = useWork();
  const held = new Map<number, string[]>();
  for (const { holder, name: instrument } of status?.instruments ?? []) {
    if (holder !== null) {
      held.set(holder.session, [...held.get(holder.session) ?? [], instrument]);
    }
  }
  return (
    <>
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault();
          void work(() => bench.rename(name.trim()));
        }}
      >
        <input
          type="text"
          aria-label="Your name, for the others"
          placeholder="Your name, for the others"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" disabled={state !== "open" || name.trim() === ""}>
          Take this name
        </button>
      </form>
      <Complaint text={complaint} />
      <ul class="clients">
        {status?.sessions.map((
          {
            session,
            name: client,
            address,
            protocol,
            role,
            lastRequest,
            lastRequestTime,
          },
        ) => (
          <li key={session}>
            <strong>{client === "" ? `client ${session}` : client}</strong>
            {session === welcome?.session
              ? <span class="badge you">this page</span>
              : mayDo(welcome?.role, "operator")
              ? (
                <button
                  type="button"
                  class="plain"
                  aria-label={`Disconnect ${client === "" ? `client ${session}` : client}`}
                  disabled={state !== "open"}
                  onClick={() => void work(() => bench.disconnect(session))}
                >
                  Disconnect
                </button>
              )
              : null}
            <span class="about">{wires[protocol]}, {address}, {role}</span>
            {held.has(session) ? <span class="about">holds {held.get(session)!.join(", ")}</span> : null}
            {lastRequestTime === null || lastRequest === "Status" ? null : (
              <span class="about">
                {lastRequest}, {ageText((bench.now() - Date.parse(lastRequestTime)) / 1000)} ago
              </span>
            )}
          </li>
        ))}
      </ul>
      {status === undefined ? null : (
        <p class="about">
          {status.server} {status.version}, up for {ageText(status.uptime)};{" "}
          {status.listeners.map(({ protocol, host, port }) => `${protocol} ${host}:${port}`).join(", ")}
        </p>
      )}
    </>
  );
}
