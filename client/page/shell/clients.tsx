/**
 * The list of the connected clients, with what they hold and last did, and the name of this page.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useState } from "npm:preact@11.2.0/hooks";
import type { HolderDescription, SessionDescription } from "../../../protocol/description.ts";
import { mayDo, type Wire } from "../../../protocol/vocabulary.ts";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { ageText } from "../bench/readout.tsx";
import { Complaint, useWork, type Work } from "../bench/work.tsx";

const wires: Readonly<Record<Wire, string>> = {
  line: "azcam line",
  dashboard: "PyOpticon",
  web: "page",
  image: "azcam image",
};

function nameOf({ name, session }: Pick<SessionDescription, "name" | "session">): string {
  return name === "" ? `client ${session}` : name;
}

/** The panel with all clients. */
export function ClientsPanel({ bench }: { bench: LiveBench }): VNode {
  const status = useLive(bench.status);
  const { state } = useLive(bench.connection);
  const instruments = useLive(bench.instruments);
  // Who has proved a name keeps it.
  const person = useLive(bench.welcome)?.person ?? "";
  const [name, setName] = useState(bench.name);
  const [work, complaint] = useWork();
  useEffect(() => bench.lookAtClients(), [bench]);
  const clients = status?.sessions ?? [];
  return (
    <>
      {person === ""
        ? (
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
        )
        : null}
      <Complaint text={complaint} />
      <ul class="clients">
        {clients.map((client) => (
          <Client
            key={client.session}
            bench={bench}
            client={client}
            others={clients.filter(({ session, role }) => session !== client.session && mayDo(role, "operator"))}
            instruments={instruments}
            work={work}
          />
        ))}
      </ul>
      {status?.mqtt === undefined ? null : (
        <p class="about">
          {status.mqtt.connected
            ? `Published by MQTT: ${status.mqtt.broker}`
            : `Not published by MQTT: ${status.mqtt.reason}`}
        </p>
      )}
      {status === undefined ? null : (
        <p class="about">
          {status.server} {status.version}, up for {ageText(status.uptime)};{" "}
          {status.listeners.map(({ protocol, host, port }) => `${protocol} ${host}:${port}`).join(", ")}.{" "}
          <a href="/api/v1/openapi.json">HTTP API</a>, <a href="/metrics">metrics</a>
        </p>
      )}
    </>
  );
}

function Client({ bench, client, others, instruments, work }: {
  readonly bench: LiveBench;
  readonly client: SessionDescription;
  readonly others: readonly SessionDescription[];
  readonly instruments: readonly LiveInstrument[];
  readonly work: Work;
}): VNode {
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const { session, address, protocol, role, lastRequest, lastRequestTime } = client;
  const called = nameOf(client);
  const here = session === welcome?.session;
  return (
    <li data-session={session}>
      <strong>{called}</strong>
      {here ? <span class="badge you">this page</span> : may(welcome, "disconnect")
        ? (
          <button
            type="button"
            class="plain"
            aria-label={`Disconnect ${called}`}
            disabled={state !== "open"}
            onClick={() => void work(() => bench.disconnect(session))}
          >
            Disconnect
          </button>
        )
        : null}
      <span class="about">{wires[protocol]}, {address}, {role}</span>
      {instruments.map((instrument) => (
        <Held
          key={instrument.name}
          bench={bench}
          instrument={instrument}
          session={session}
          others={others}
          work={work}
        />
      ))}
      {lastRequestTime === null ? null : (
        <span class="about">
          {lastRequest}, {ageText((bench.now() - Date.parse(lastRequestTime)) / 1000)} ago
        </span>
      )}
    </li>
  );
}

/** An instrument, where this client holds it: who may, takes it, releases it, or hands it over. */
function Held({ bench, instrument, session, others, work }: {
  readonly bench: LiveBench;
  readonly instrument: LiveInstrument;
  readonly session: number;
  readonly others: readonly SessionDescription[];
  readonly work: Work;
}): VNode | null {
  const holder: HolderDescription | null = useLive(instrument.holder);
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const [receiver, setReceiver] = useState("");
  if (holder === null || holder.session !== session) return null;
  const { name, title } = instrument;
  const off = state !== "open";
  return (
    <span class="held">
      <span>holds {title}</span>
      {bench.isMine(holder)
        ? (
          <>
            <button
              type="button"
              class="plain"
              aria-label={`Release ${title}, as the list of clients shows it`}
              disabled={off}
              onClick={() => void work(() => bench.release(name))}
            >
              Release
            </button>
            {others.length === 0 ? null : (
              <>
                <select
                  aria-label={`Hand ${title} over to`}
                  value={receiver}
                  disabled={off}
                  onChange={(event) => setReceiver(event.currentTarget.value)}
                >
                  <option value="">To…</option>
                  {others.map((other) => (
                    <option key={other.session} value={String(other.session)}>{nameOf(other)}</option>
                  ))}
                </select>
                <button
                  type="button"
                  class="plain"
                  aria-label={`Hand ${title} over`}
                  disabled={off || receiver === ""}
                  onClick={() => void work(() => bench.handOver(name, Number(receiver)))}
                >
                  Hand over
                </button>
              </>
            )}
          </>
        )
        : may(welcome, "takeOver")
        ? (
          <button
            type="button"
            class="plain"
            aria-label={`Take ${title} from them`}
            disabled={off}
            onClick={() => void work(() => bench.take(name, true))}
          >
            Take over
          </button>
        )
        : null}
    </span>
  );
}
