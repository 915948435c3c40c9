/**
 * The place of the overview drawing.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect, useLayoutEffect, useRef, useState } from "npm:preact@11.2.0/hooks";
import { formatCommandLine } from "../../../protocol/command_line.ts";
import type { DrawingBinding, DrawingElement } from "../../../protocol/description.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import { useLive } from "../live/live.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import type { LiveField, LiveInstrument } from "../live/live_instrument.ts";
import { may, mayCall } from "../live/may.ts";
import { draw, drawnFields, drawnText } from "./drawing.ts";
import { overviewOf } from "./overview.ts";

type Command = NonNullable<DrawingBinding["command"]>;

/** The place. */
export function OverviewPlace({ bench, addressOf }: {
  readonly bench: LiveBench;
  /** Where an instrument is shown. */
  readonly addressOf: (instrument: LiveInstrument) => string;
}): VNode {
  const overview = overviewOf(bench);
  const shown = useLive(overview.shown);
  useEffect(() => overview.follow(), []);
  if (shown === undefined) return <p class="overview-none" role="status">Fetching the drawing…</p>;
  const { drawing, sheet, problem } = shown;
  return (
    <div class="overview-place">
      {problem === ""
        ? null
        : <p class="complaint overview-problem" role="alert">Not all of the drawing can be used: {problem}</p>}
      {drawing === null
        ? <p class="overview-none">This bench has no drawing. Name one in its file: "overview": "reactor.svg".</p>
        : <Drawing bench={bench} drawing={drawing} sheet={sheet} addressOf={addressOf} />}
    </div>
  );
}

function Drawing({ bench, drawing, sheet, addressOf }: {
  readonly bench: LiveBench;
  readonly drawing: DrawingElement;
  readonly sheet: string;
  readonly addressOf: (instrument: LiveInstrument) => string;
}): VNode {
  const box = useRef<HTMLDivElement>(null);
  const instruments = useLive(bench.instruments);
  const welcome = useLive(bench.welcome);
  const connected = useLive(bench.connection).state === "open";
  const [asked, setAsked] = useState<Command>();
  const byName = new Map(instruments.map((each) => [each.name, each]));
  useLayoutEffect(() =>
    draw(box.current!, drawing, sheet, {
      instruments: byName,
      mayRun: (instrument, name) => {
        const command = byName.get(instrument)?.commands.find((each) => each.name === name);
        return command === undefined ? may(welcome, "drive", instrument) : mayCall(welcome, instrument, command);
      },
      open: (instrument) => location.assign(addressOf(instrument)),
      run: setAsked,
    }), [drawing, sheet, instruments, welcome]);
  return (
    <>
      <div class="overview-scroll" tabIndex={-1}>
        <div
          ref={box}
          class={`overview-drawing ${connected ? "" : "lost"}`}
          role="group"
          aria-label="Overview drawing"
        />
      </div>
      <ul class="unseen" aria-label="Values of the drawing">
        {drawnFields(drawing, byName).map(({ instrument, field }) => (
          <DrawnValue key={`${instrument.name} ${field.spec.name}`} instrument={instrument} field={field} />
        ))}
      </ul>
      {asked === undefined ? null : <AskedCommand bench={bench} command={asked} close={() => setAsked(undefined)} />}
    </>
  );
}

function DrawnValue({ instrument, field }: { instrument: LiveInstrument; field: LiveField }): VNode {
  const reading = useLive(field.reading);
  const text = drawnText(field, reading);
  return <li>{instrument.caption}, {field.spec.title}: {reading.quality === "good" ? text : "no value"}</li>;
}

/** Asks whether a command of the drawing is meant, and runs it. */
function AskedCommand({ bench, command: { instrument, command, args, keywords }, close }: {
  readonly bench: LiveBench;
  readonly command: Command;
  readonly close: () => void;
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [work, complaint, busy] = useWork();
  const given = new Map<string, unknown>(Object.entries(keywords));
  const described = bench.instruments.value.find(({ name }) => name === instrument);
  const summary = described?.commands.find(({ name }) => name === command)?.summary;
  useLayoutEffect(() => dialog.current!.showModal(), []);
  const run = async () => {
    if (await work(() => bench.call(instrument, command, args, given))) dialog.current!.close();
  };
  return (
    <dialog ref={dialog} class="overview-ask" aria-labelledby="overview-ask" onClose={close}>
      <h2 id="overview-ask">{described?.caption ?? instrument}</h2>
      <p>
        <code>{formatCommandLine(instrument, command, args, given)}</code>
      </p>
      {summary === undefined ? null : <p>{summary}</p>}
      <Complaint text={complaint} />
      <div class="buttons">
        <button type="button" class="strong" disabled={busy} onClick={() => void run()}>Run</button>
        <button type="button" onClick={() => dialog.current!.close()}>Cancel</button>
      </div>
    </dialog>
  );
}
