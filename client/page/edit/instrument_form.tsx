/**
 * The form by which an instrument is added to the bench, or changed: it is checked while somebody types.
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
  BenchEntry,
  EditableBench,
  EntryPath,
  PluggedPort,
  TriedField,
} from "../../../protocol/bench_edit.ts";
import { Complaint, useWork } from "../bench/work.tsx";
import type { LiveBench } from "../live/live_bench.ts";
import { Diff } from "./diff.tsx";
import { ChooseDriver } from "./driver_choice.tsx";
import { escaped, inOrder, numberOr, textFor, unescaped, valueAt, withValue } from "./entry.ts";
import { FieldTable } from "./field_table.tsx";
import { Line, OtherProblems } from "./form_parts.tsx";

/** How long nothing is typed before it is checked, in milliseconds. */
const pause = 300;

/** The addresses of what is not plugged in, for who has to type one. */
const examples = ["tcp://192.168.1.20:5025", "udp://192.168.1.20:4001", "serial:///dev/ttyUSB0?baud=9600"]
  .concat("serial://COM3?baud=9600", "gpib://192.168.1.20/14", "hislip://192.168.1.20", "vxi11://192.168.1.20")
  .concat("modbus+tcp://192.168.1.20", "usbtmc:///dev/usbtmc0");

interface Option {
  readonly description?: string;
  readonly type?: string;
}

/** The form. */
export function InstrumentForm({ bench, file: given, ports, name, first, done }: {
  readonly bench: LiveBench;
  readonly file: EditableBench;
  readonly ports: readonly PluggedPort[];
  /** The name of the instrument; `undefined` for one that is added. */
  readonly name: string | undefined;
  /** What the file says of it now. */
  readonly first: BenchEntry;
  /** Leaves the form. @param title Of what was written, if it was. */
  readonly done: (title?: string, later?: string) => void;
}): VNode {
  // What somebody else changes meanwhile must not be lost: a change is of what was seen at first.
  const [file] = useState(given);
  const [entry, setEntry] = useState(first);
  const [raw, setRaw] = useState<string | undefined>(undefined);
  const [edit, setEdit] = useState<BenchEdit | undefined>(undefined);
  const [tried, setTried] = useState<readonly TriedField[]>([]);
  const [reviewing, setReviewing] = useState(false);
  const [work, complaint, busy] = useWork();
  const asked = useRef(0);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [reviewing]);
  const wrongJson = raw === undefined ? "" : jsonProblem(raw);
  const change: BenchChange = name === undefined
    ? { kind: "add", entry: inOrder(entry) }
    : { kind: "change", instrument: name, entry };
  useEffect(() => {
    // What was tried was another one.
    setTried([]);
    if (entry.title === undefined && name === undefined) return;
    const number = ++asked.current;
    const timer = setTimeout(() =>
      void work(async () => {
        const checked = await bench.checkChange(change, file.digest);
        // What was typed since is checked anew.
        if (number === asked.current) setEdit(checked);
      }), pause);
    return () => clearTimeout(timer);
  }, [entry]);
  const take = (path: EntryPath, value: unknown) => {
    setRaw(undefined);
    setEntry(withValue(entry, path, value));
  };
  const chosen = file.drivers.find((driver) => driver.name === entry.driver);
  const isDescribed = entry.driver === undefined;
  const problems = edit?.problems ?? [];
  const { words } = file;
  const shown: EntryPath[] = [];
  const line = (label: string, path: EntryPath, more: Partial<Parameters<typeof Line>[0]> = {}) => {
    shown.push(path);
    const help = more.help ?? words.instrument[String(path[0])] ?? "";
    const text = textFor(valueAt(entry, path));
    return (
      <Line
        key={path.join(".")}
        label={label}
        path={path}
        text={text}
        problems={problems}
        take={(typed) => take(path, typed === "" ? undefined : typed)}
        {...more}
        help={help}
      />
    );
  };
  const number = (label: string, path: EntryPath, more: Partial<Parameters<typeof Line>[0]> = {}) =>
    line(label, path, { ...more, take: (typed) => take(path, numberOr(typed)) });
  const ready = edit !== undefined && problems.length === 0 && wrongJson === "" && !busy;
  const title = name === undefined ? "Add an instrument" : `Change ${String(first.title)}`;
  if (reviewing && edit !== undefined) {
    return (
      <section class="edit-review">
        <h2 tabIndex={-1} ref={heading}>{file.file} will be changed like this</h2>
        <Diff lines={edit.diff} />
        {edit.later === "" ? null : <p class="edit-later">{edit.later}</p>}
        <div class="edit-buttons">
          <button
            type="button"
            class="strong"
            disabled={busy}
            onClick={() =>
              void work(async () => {
                const made = await bench.makeChange(change, file.digest);
                setEdit(made);
                if (made.problems.length > 0) setReviewing(false);
                else done(String(entry.title), made.later);
              })}
          >
            Write {file.file}
          </button>
          <button type="button" onClick={() => setReviewing(false)}>Back</button>
        </div>
        <Complaint text={complaint} />
      </section>
    );
  }
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) setReviewing(true);
      }}
    >
      <h2 tabIndex={-1} ref={heading}>{title}</h2>
      {name !== undefined ? null : (
        <ChooseDriver
          drivers={file.drivers}
          chosen={textFor(entry.driver)}
          choose={(driver) => {
            // What belongs to the one driver means nothing to the other.
            const { driver: _, parameters: __, options: ___, fields: ____, line: _____, ...kept } = entry;
            setRaw(undefined);
            setEntry(driver === "" ? kept : { ...kept, driver });
          }}
        />
      )}
      {line("Title", ["title"], { required: true, placeholder: "UV Light" })}
      {chosen !== undefined && chosen.address === "" ? null : (
        <>
          {line("Port", ["port"], {
            list: "edit-ports",
            required: true,
            placeholder: chosen?.address ?? "tcp://192.168.1.20:5025",
            help: ports.length === 0
              ? "Nothing is plugged in that the server sees; type an address"
              : "Choose what is plugged in, or type an address",
          })}
          <datalist id="edit-ports">
            {ports.map(({ address, description, usedBy }) => (
              <option key={address} value={address}>
                {description}
                {usedBy.length === 0 ? "" : `, used by ${usedBy.join(", ")}`}
              </option>
            ))}
            {chosen === undefined ? null : <option value={chosen.address}>as its manual has it</option>}
            {examples.map((address) => <option key={address} value={address}>example</option>)}
          </datalist>
        </>
      )}
      {chosen?.parameters.map(({ name: parameter, summary, default: fallback }) =>
        line(summary === "" ? parameter : capital(summary), ["parameters", parameter], {
          help: fallback === "" ? "must be given" : "",
          placeholder: fallback,
          required: fallback === "",
        })
      )}
      {Object.entries((chosen?.options?.properties ?? {}) as Record<string, Option>).map((
        [option, { description = "" }],
      ) =>
        number(option, ["options", option], {
          help: description,
          placeholder: /default (\S+)$/.exec(description)?.[1] ?? "",
        })
      )}
      {!isDescribed ? null : (
        <>
          {[["Ends of commands", "sendEnd"], ["Ends of answers", "receiveEnd"]].map(([label, word]) =>
            line(label!, ["line", word!], {
              text: escaped(textFor(valueAt(entry, ["line", word!]))),
              take: (typed) => take(["line", word!], typed === "" ? undefined : unescaped(typed)),
              placeholder: valueAt(entry, ["line", word!]) === "" ? "none" : "\\n",
              help: "as its manual has it, for example \\r\\n",
            })
          )}
          <FieldTable
            entry={entry}
            change={(next) => {
              setRaw(undefined);
              setEntry(next);
            }}
            problems={problems}
            words={words.field}
          />
          {(shown.push(...Object.keys((entry.fields ?? {}) as object).map((field) => ["fields", field])), null)}
        </>
      )}
      <details class="edit-more">
        <summary>More</summary>
        {line("Caption", ["caption"])}
        {line("Summary", ["summary"])}
        {number("Read every", ["pollInterval"], { placeholder: "1" })}
        <label class="edit-check">
          <input
            type="checkbox"
            checked={entry.polling !== false}
            onChange={(event) => take(["polling"], event.currentTarget.checked ? undefined : false)}
          />
          Speak with it when the server starts
        </label>
        <label class="edit-raw">
          <span>As the file has it, for what the form cannot say</span>
          <textarea
            rows={10}
            spellcheck={false}
            aria-invalid={wrongJson !== "" || undefined}
            value={raw ?? JSON.stringify(entry, null, 2)}
            onInput={(event) => {
              const text = event.currentTarget.value;
              setRaw(text);
              if (jsonProblem(text) === "") setEntry(JSON.parse(text));
            }}
          />
          {wrongJson === "" ? null : <span class="complaint" role="status">{wrongJson}</span>}
        </label>
      </details>
      <Tried fields={tried} />
      <OtherProblems problems={problems} shown={shown} />
      <Complaint text={complaint} />
      <div class="edit-buttons">
        <button type="submit" class="strong" disabled={!ready}>Review…</button>
        {chosen !== undefined && chosen.address === "" ? null : (
          <button
            type="button"
            disabled={!ready}
            onClick={() => void work(async () => setTried(await bench.tryChange(change, file.digest)))}
          >
            Try it
          </button>
        )}
        <button type="button" onClick={() => done()}>Cancel</button>
        <span role="status" class="about">
          {edit === undefined ? "" : ready ? "Nothing is wrong with it" : ""}
        </span>
      </div>
    </form>
  );
}

/** What came of asking each field once. */
function Tried({ fields }: { fields: readonly TriedField[] }): VNode | null {
  if (fields.length === 0) return null;
  return (
    <table class="edit-tried">
      <caption>Asked once; nothing was set</caption>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Asked</th>
          <th scope="col">Answered</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(({ field, asked, answered, value, reason }) => (
          <tr key={field}>
            <th scope="row">{field}</th>
            <td>
              <code>{asked}</code>
            </td>
            <td>
              <code>{answered}</code>
            </td>
            <td>{reason === "" ? value : <span class="complaint">{reason}</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function jsonProblem(text: string): string {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? "" : "should be an object in { }";
  } catch (error) {
    return (error as Error).message;
  }
}
