/**
 * The place where admins change the bench: instruments are added, changed, removed, and switched off.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import type {
  BenchChange,
  BenchEdit,
  EditableBench,
  EditableInstrument,
  PluggedPort,
} from "../../../protocol/bench_edit.ts";
import { Complaint, useWork, type Work } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveInstrument } from "../live/live_instrument.ts";
import { useLive } from "../live/live.tsx";
import { may } from "../live/may.ts";
import { Diff } from "./diff.tsx";
import { InstrumentForm } from "./instrument_form.tsx";

/** The part of the address for an instrument that is added; no instrument is called so. */
const adding = "+";

/** The place. */
export function EditPlace({ bench, rest, addressOf }: {
  readonly bench: LiveBench;
  /** What the address says after the place: the name of an instrument, or `+`. */
  readonly rest: readonly string[];
  /** The address of this place, or of the form for an instrument. */
  readonly addressOf: (name?: string) => string;
}): VNode {
  const welcome = useLive(bench.welcome);
  const { state } = useLive(bench.connection);
  const instruments = useLive(bench.instruments);
  const [file, setFile] = useState<EditableBench | undefined>(undefined);
  const [ports, setPorts] = useState<readonly PluggedPort[]>([]);
  const [said, setSaid] = useState("");
  const [work, complaint, busy] = useWork();
  const mayEdit = may(welcome, "administer");
  const [name] = rest;
  const heading = useRef<HTMLHeadingElement>(null);
  const look = () => work(async () => setFile(await bench.benchFile()));
  useEffect(() => {
    if (!mayEdit || state !== "open") return;
    void look();
    // Without them an address is typed.
    bench.ports().then(setPorts, () => setPorts([]));
  }, [mayEdit, state, name, instruments]);
  // Who comes back from a form is at the top of the list, and not nowhere.
  useEffect(() => {
    if (said !== "") heading.current?.focus();
  }, [said, name]);
  const leave = (title?: string, later?: string) => {
    setSaid(title === undefined ? "" : later || `${title} is on the bench as ${file?.file} says now.`);
    void look();
    location.hash = addressOf();
  };
  if (welcome !== undefined && !mayEdit) {
    return (
      <p class="edit-place about">
        Changing the bench needs the right to administer; you are {welcome.roleName || "nobody"}.
      </p>
    );
  }
  if (file === undefined) {
    return (
      <div class="edit-place">
        <Complaint text={complaint} />
      </div>
    );
  }
  if (file.fixed !== "") {
    return (
      <section class="edit-place">
        <h2>Change the bench</h2>
        <p>{file.fixed}.</p>
      </section>
    );
  }
  const edited = file.instruments.find((each) => each.name === name);
  if (name === adding || edited?.fixed === "") {
    return (
      <div class="edit-place">
        <InstrumentForm
          key={name}
          bench={bench}
          file={file}
          ports={ports}
          name={edited?.name}
          first={edited?.entry ?? {}}
          done={leave}
        />
      </div>
    );
  }
  return (
    <section class="edit-place">
      <h2 tabIndex={-1} ref={heading}>Change the bench</h2>
      <p class="about">
        {file.file}. What is changed here takes effect at once; comments stay, and the old file is kept.
      </p>
      <p role="status">{said}</p>
      <ul class="edit-list">
        {file.instruments.map((each) => (
          <Row
            key={each.name}
            bench={bench}
            file={file}
            each={each}
            live={instruments.find((one) => one.name === each.name)}
            busy={busy}
            work={work}
            leave={leave}
            address={addressOf(each.name)}
          />
        ))}
      </ul>
      <div class="edit-buttons">
        <a class="button strong" href={addressOf(adding)}>Add an instrument</a>
        {file.previous === "" ? null : (
          <Reviewed
            bench={bench}
            file={file}
            change={{ kind: "restore" }}
            label="Put back the previous file"
            leave={() => leave(file.previous)}
          />
        )}
      </div>
      <Complaint text={complaint} />
    </section>
  );
}

function Row({ bench, file, each, live, busy, work, leave, address }: {
  readonly bench: LiveBench;
  readonly file: EditableBench;
  readonly each: EditableInstrument;
  readonly live: LiveInstrument | undefined;
  readonly busy: boolean;
  readonly work: Work;
  readonly leave: (title?: string, later?: string) => void;
  readonly address: string;
}): VNode {
  const { name, title, entry, fixed, later } = each;
  const driver = file.drivers.find((one) => one.name === entry.driver);
  return (
    <li>
      <span class="edit-title">{title}</span>
      <span class="about">
        {driver?.summary ?? String(entry.driver ?? "described in the file")}
        {typeof entry.port === "string" ? `, ${entry.port}` : ""}
      </span>
      <span class="edit-tools">
        {live === undefined ? null : <Switch bench={bench} live={live} busy={busy} work={work} />}
        {fixed === ""
          ? (
            <>
              <a class="button" href={address} aria-label={`Change ${title}`}>Change…</a>
              <Reviewed
                bench={bench}
                file={file}
                change={{ kind: "remove", instrument: name }}
                label="Remove…"
                named={`Remove ${title}`}
                leave={() => leave()}
              />
            </>
          )
          : <span class="about">changed in the file only: {fixed}</span>}
      </span>
      {later === "" ? null : <span class="edit-later">{later}</span>}
    </li>
  );
}

/** Frees the port of an instrument for another program, or takes it again. */
function Switch({ bench, live, busy, work }: {
  readonly bench: LiveBench;
  readonly live: LiveInstrument;
  readonly busy: boolean;
  readonly work: Work;
}): VNode | null {
  const contact = useLive(live.contact);
  if (contact === null) return null;
  const off = contact.state === "off";
  return (
    <>
      {off ? <span class="about">{contact.reason}</span> : null}
      <button
        type="button"
        disabled={busy}
        aria-label={`${off ? "Switch on" : "Free the port of"} ${live.title}`}
        onClick={() => void work(() => bench.switch(live.name, off))}
      >
        {off ? "Switch on" : "Free its port"}
      </button>
    </>
  );
}

/** A change without a form: what it makes of the file is seen before it is written. */
function Reviewed({ bench, file, change, label, named = label, leave }: {
  readonly bench: LiveBench;
  readonly file: EditableBench;
  readonly change: BenchChange;
  readonly label: string;
  readonly named?: string;
  readonly leave: () => void;
}): VNode {
  const [edit, setEdit] = useState<BenchEdit | undefined>(undefined);
  const [work, complaint, busy] = useWork();
  if (edit === undefined) {
    return (
      <>
        <button
          type="button"
          aria-label={named}
          disabled={busy}
          onClick={() => void work(async () => setEdit(await bench.checkChange(change, file.digest)))}
        >
          {label}
        </button>
        <Complaint text={complaint} />
      </>
    );
  }
  const wrong = edit.problems.map(({ message }) => message).join("; ");
  return (
    <div class="edit-review" role="group" aria-label={named}>
      {wrong === "" ? <Diff lines={edit.diff} /> : <Complaint text={wrong} />}
      <div class="edit-buttons">
        {wrong !== "" ? null : (
          <button
            type="button"
            class="strong"
            disabled={busy}
            onClick={() =>
              void work(async () => {
                const made = await bench.makeChange(change, file.digest);
                if (made.saved) leave();
                else setEdit(made);
              })}
          >
            Write {file.file}
          </button>
        )}
        <button type="button" onClick={() => setEdit(undefined)}>Cancel</button>
      </div>
      <Complaint text={complaint} />
    </div>
  );
}
