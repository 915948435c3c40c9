/**
 * Changes a bench while it runs, and its file with it: checks a change, writes the file, and lets the bench follow.
 *
 * @module
 */

import { basename } from "node:path";
import type {
  BenchChange,
  BenchEdit,
  BenchEntry,
  EditableBench,
  EditProblem,
  TriedField,
} from "../../../protocol/bench_edit.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { Bench } from "../../bench/bench.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { identifierOf } from "../../bench/names.ts";
import { triedFields } from "../../devices/try_out.ts";
import { Port } from "../../devices/transports/port.ts";
import { FileKeeper } from "../../files/file_keeper.ts";
import { BenchFileError, Source } from "../../files/source.ts";
import { loadChanged } from "../bench_file.ts";
import type { LoadedBench } from "../loaded_bench.ts";
import type { Standing } from "../loading/load_source.ts";
import type { Redirect } from "../loading/ports.ts";
import { readyMade } from "../ready_made.ts";
import { fixedReason, forbidden } from "./allowed.ts";
import { driverChoices, wordMeanings } from "./choices.ts";
import { difference } from "./difference.ts";
import { EditedText } from "./edited_text.ts";
import { isSame } from "./same.ts";

/** What a bench that is changed here was loaded from. */
export interface EditedBench {
  /** The absolute path of its file, without symbolic links. */
  readonly file: string;
  /** The absolute path of the file that keeps what it was before the last change. */
  readonly previous: string;
  /** What was loaded from it. */
  readonly loaded: Pick<LoadedBench, "instruments" | "ports" | "imageFolders">;
  /** Changes addresses, as when the bench was loaded. @default as they are */
  readonly redirect?: Redirect | undefined;
}

/** A bench file, taken apart. */
interface Content {
  readonly text: string;
  readonly source: Source;
  readonly entries: readonly BenchEntry[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** Instruments of the old file and of the new one, by their places; one of the two is missing where it came or went. */
interface Pair {
  readonly old: number | undefined;
  readonly now: number | undefined;
}

/** Refuses a change that somebody else's control forbids. */
export type Refusal = (instrument: Instrument, what: string) => void;

function unavailable(message: string): HeliographError {
  return new HeliographError("unavailable", message);
}

async function digestOf(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return bytes.toHex?.() ?? [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The instruments of two files that are the same ones, and those that came and went. */
function pairs(old: readonly BenchEntry[], now: readonly BenchEntry[]): Pair[] {
  const nameOf = (entry: BenchEntry) => typeof entry?.title === "string" ? identifierOf(entry.title) : "";
  const left = new Map(old.map((entry, index) => [nameOf(entry), index]));
  const matched: { old: number | undefined; now: number | undefined }[] = now.map((entry, index) => {
    const name = nameOf(entry);
    const at = left.get(name);
    left.delete(name);
    return { old: at, now: index };
  });
  const came = matched.filter(({ old }) => old === undefined);
  // One that has another title is the same one.
  if (came.length === 1 && left.size === 1) came[0]!.old = [...left.values()][0];
  else matched.push(...[...left.values()].map((index) => ({ old: index, now: undefined })));
  return matched;
}

/** Why an instrument that is made now cannot begin before the next start; empty where it can. */
function laterReason(entry: BenchEntry): string {
  const { driver } = entry;
  const needs = typeof driver === "string" && Object.hasOwn(readyMade, driver) ? readyMade[driver]!.needs : undefined;
  return needs === undefined ? "" : `${entry.title} begins after the next start of the server: ${needs}`;
}

/** Changes one bench, by its file. */
export class BenchEditor {
  readonly #bench: Bench;
  readonly #edited: EditedBench | undefined;
  readonly #keeper: FileKeeper | undefined;
  readonly #drawing: () => Promise<string | undefined>;
  /** Why nothing can be changed here; empty where it can. */
  #fixed: string;
  /** What the file held when the bench was last made to follow it. */
  #known = "";
  /** What stands on the bench, by the text of its entry. */
  readonly #standing = new Map<string, Standing>();
  /** The entries that this file has had: they may be put back. */
  readonly #trusted = new Set<string>();
  /** Why an entry does not run as the file says, by its text. */
  readonly #later = new Map<string, string>();
  #working: Promise<unknown> = Promise.resolve();

  /**
   * Reads nothing yet.
   *
   * @param bench What runs.
   * @param edited Its file, or why it cannot be changed here.
   * @param drawing Reads the overview drawing, as SVG, that a change must leave right.
   */
  constructor(bench: Bench, edited: EditedBench | string, drawing: () => Promise<string | undefined>) {
    this.#bench = bench;
    this.#drawing = drawing;
    this.#fixed = typeof edited === "string" ? edited : "";
    this.#edited = typeof edited === "string" ? undefined : edited;
    this.#keeper = this.#edited && new FileKeeper(this.#edited.file, { previous: this.#edited.previous });
  }

  /** Reads the file, before the server gives up its permissions. Nothing is thrown. */
  async open(): Promise<void> {
    const [keeper, edited] = [this.#keeper, this.#edited];
    if (keeper === undefined || edited === undefined) return;
    try {
      keeper.start();
      const { text, entries } = this.#content(await keeper.readExactly() ?? "");
      const { instruments, ports } = edited.loaded;
      if (entries.length !== instruments.length || entries.some(({ title }, at) => title !== instruments[at]!.title)) {
        throw new TypeError("it was changed while the server started");
      }
      this.#known = text;
      for (const [at, entry] of entries.entries()) {
        const instrument = instruments[at]!;
        this.#stands(entry, { instrument, port: ports.get(instrument.title) });
      }
    } catch (error) {
      this.#fixed = `${basename(edited.file)} cannot be changed here: ${(error as Error).message}`;
    }
  }

  /** Ends. */
  async stop(): Promise<void> {
    await this.#working.catch(() => {});
    this.#keeper?.stop();
  }

  /** The file, and what may be changed in it. */
  async describe(): Promise<EditableBench> {
    const [keeper, edited] = [this.#keeper, this.#edited];
    const all = { drivers: driverChoices(), words: wordMeanings() };
    const none = { ...all, file: edited ? basename(edited.file) : "", digest: "", previous: "", instruments: [] };
    if (this.#fixed !== "" || keeper === undefined || edited === undefined) return { ...none, fixed: this.#fixed };
    const text = await keeper.readExactly();
    if (text !== this.#known) return { ...none, fixed: this.#changedOnDisk() };
    const { entries, named } = this.#content(text);
    const previous = await keeper.readExactly("previous").catch(() => undefined);
    return {
      ...none,
      fixed: "",
      digest: await digestOf(text),
      previous: previous === undefined || previous === text ? "" : basename(edited.previous),
      instruments: entries.map((entry) => ({
        name: identifierOf(String(entry.title)),
        title: String(entry.title),
        entry,
        fixed: fixedReason(entry, named),
        later: this.#later.get(JSON.stringify(entry)) ?? "",
      })),
    };
  }

  /**
   * Checks a change, and makes it.
   *
   * @param change What.
   * @param options The digest of the file as they saw it; whether it is made where nothing is wrong; who makes it; what
   * refuses it where somebody else has control of an instrument.
   * @returns What is wrong, or what it makes of the file.
   * @throws {HeliographError} `unavailable` where the bench cannot be changed here, or was changed meanwhile.
   */
  edit(
    change: BenchChange,
    options: { readonly digest: string; readonly save: boolean; readonly by: string; readonly refuse: Refusal },
  ): Promise<BenchEdit> {
    // One after the other: each is made of what the one before has left.
    const working = this.#working.catch(() => {}).then(() => this.#edit(change, options));
    this.#working = working;
    return working;
  }

  /**
   * Asks each field of an instrument once as a change would have it; neither the file nor the bench changes.
   *
   * @param change It adds or changes one.
   * @param options The digest of the file as they saw it; what refuses it where somebody else has control of an
   * instrument on the same line.
   * @throws {HeliographError} `bad_argument` where something is wrong with it, or `not_connected`.
   */
  tryOut(change: BenchChange, { digest, refuse }: { digest: string; refuse: Refusal }): Promise<readonly TriedField[]> {
    const working = this.#working.catch(() => {}).then(() => this.#tryOut(change, digest, refuse));
    this.#working = working;
    return working;
  }

  async #tryOut(change: BenchChange, digest: string, refuse: Refusal): Promise<readonly TriedField[]> {
    if (change.kind !== "add" && change.kind !== "change") {
      throw new HeliographError("bad_argument", `Cannot try to ${change.kind}: only what is added or changed is tried`);
    }
    const { problems } = await this.#edit(change, { digest, save: false, by: "", refuse: () => {} });
    if (problems.length > 0) {
      const wrong = problems.map(({ path, message }) => `${path.join(".")} ${message}`.trim()).join("; ");
      throw new HeliographError("bad_argument", `Cannot try it: ${wrong}`);
    }
    const old = this.#content(this.#known);
    const now = this.#content(await this.#wanted(change, old));
    const all = pairs(old.entries, now.entries);
    const pair = all.find((each) => each.old === undefined || !isSame(old.entries[each.old], now.entries[each.now!]));
    const at = pair?.now;
    if (at === undefined) {
      throw new HeliographError(
        "bad_argument",
        "Cannot try it: it is as it runs; change something first, or see under Line of its card what goes over it",
      );
    }
    const { redirect, loaded: { imageFolders } } = this.#edited!;
    const was = pair!.old === undefined ? undefined : this.#standing.get(JSON.stringify(old.entries[pair!.old]));
    const beside = was?.port !== undefined && was.port.used ? [was.port] : [];
    const standing = this.#standingIn(now, all);
    let made: readonly Instrument[];
    try {
      made = (await loadChanged(now.source, standing, { redirect, imageFolders, beside })).instruments;
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      const [problem] = error.problems;
      throw new HeliographError(
        "bad_argument",
        `Cannot try it while it runs: ${problem!.message}; free its port first`,
      );
    }
    try {
      const { contact } = made[at]!;
      const onLine = [...standing.values(), was].flatMap((each) => each?.port?.name === contact?.address ? each! : []);
      // A question may be anything: it is not put to what somebody else drives.
      for (const { instrument } of onLine) refuse(instrument, "try");
      const shared = onLine.length > 0;
      return await triedFields(made[at]!, shared);
    } finally {
      for (const [index, { contact }] of made.entries()) if (!standing.has(index)) contact?.gone?.();
    }
  }

  async #edit(
    change: BenchChange,
    { digest, save, by, refuse }: { digest: string; save: boolean; by: string; refuse: Refusal },
  ): Promise<BenchEdit> {
    const [keeper, edited] = [this.#keeper, this.#edited];
    if (this.#fixed !== "" || keeper === undefined || edited === undefined) throw unavailable(this.#fixed);
    const file = basename(edited.file);
    const text = await keeper.readExactly();
    if (text !== this.#known) throw unavailable(this.#changedOnDisk());
    if (digest !== await digestOf(text)) {
      throw unavailable(
        `Cannot change ${file}: somebody else has changed it meanwhile; look at it anew, and change that`,
      );
    }
    const old = this.#content(text);
    const outcome = (problems: readonly EditProblem[]): BenchEdit => ({
      problems,
      diff: [],
      saved: false,
      digest,
      later: "",
    });
    const wanted = await this.#wanted(change, old);
    let now: Content;
    try {
      now = this.#content(wanted);
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      return outcome(error.problems.map(({ message }) => ({ path: [], message })));
    }
    const all = pairs(old.entries, now.entries);
    const changed = all.filter(({ old: a, now: b }) =>
      a === undefined || b === undefined || !isSame(old.entries[a], now.entries[b])
    );
    const problems = this.#forbidden(old, now, changed);
    if (problems.length > 0) return outcome(this.#placed(problems, change, changed));
    const wrong = await this.#wrong(now, all);
    if (wrong.length > 0) return outcome(this.#placed(wrong, change, changed));
    const later = changed.flatMap(({ now: at }) => at === undefined ? [] : laterReason(now.entries[at]!)).filter(
      Boolean,
    );
    const made = { problems: [], diff: difference(text, wanted), later: later.join("; ") };
    if (!save || text === wanted) return { ...made, saved: false, digest };
    for (const { old: at } of changed) {
      const standing = at === undefined ? undefined : this.#standing.get(JSON.stringify(old.entries[at]));
      if (standing !== undefined) refuse(standing.instrument, change.kind === "remove" ? "remove" : "change");
    }
    await this.#make(old, now, all, changed, by, () => keeper.replace(wanted, text));
    return { ...made, saved: true, digest: await digestOf(wanted) };
  }

  /** The text of the file after a change. */
  async #wanted(change: BenchChange, { text, entries }: Content): Promise<string> {
    const edited = new EditedText(text);
    const place = (name: string) => {
      const at = entries.findIndex(({ title }) => identifierOf(String(title)) === identifierOf(name));
      if (at < 0) {
        throw new HeliographError("unknown_instrument", `The bench file has no instrument ${name}`, { subject: name });
      }
      return at;
    };
    switch (change.kind) {
      case "add":
        edited.append(["instruments"], change.entry);
        return edited.text;
      case "change": {
        const at = place(change.instrument);
        edited.change(["instruments", at], entries[at], change.entry);
        return edited.text;
      }
      case "remove":
        edited.remove(["instruments", place(change.instrument)]);
        return edited.text;
      case "restore": {
        const previous = await this.#keeper!.readExactly("previous");
        if (previous === undefined) throw unavailable(`There is no ${basename(this.#edited!.previous)} to put back`);
        return previous;
      }
    }
  }

  #content(text: string): Content {
    const source = Source.parse(basename(this.#edited!.file), text);
    const { instruments, ports } = (source.value ?? {}) as { instruments?: unknown; ports?: unknown };
    const isTable = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
    if (!Array.isArray(instruments) || !instruments.every(isTable)) {
      throw new BenchFileError([source.problem(["instruments"], "should be a list of instruments in { }")]);
    }
    return { text, source, entries: instruments, named: isTable(ports) ? ports as Record<string, unknown> : {} };
  }

  /** What may not be changed here. */
  #forbidden(old: Content, now: Content, changed: readonly Pair[]): EditProblem[] {
    const problems: EditProblem[] = [];
    const [was, is] = [old.source.value, now.source.value] as Record<string, unknown>[];
    for (const key of new Set([...Object.keys(was!), ...Object.keys(is!)])) {
      if (key === "instruments" || isSame(was![key], is![key])) continue;
      problems.push({ path: [key], message: "is changed in the bench file itself, not here" });
    }
    for (const pair of changed) {
      const entry = pair.now === undefined ? undefined : now.entries[pair.now];
      const before = pair.old === undefined ? undefined : old.entries[pair.old];
      // What has stood in this file may be put back, but not in the place of what is not changed here.
      const trusted = entry !== undefined && this.#trusted.has(JSON.stringify(entry));
      if (trusted && (before === undefined || fixedReason(before, old.named) === "")) continue;
      const wrong = forbidden(before, entry, now.named);
      const at = pair.now === undefined ? [] : ["instruments", pair.now];
      problems.push(...wrong.map(({ path, message }) => ({ path: [...at, ...path], message })));
    }
    return problems;
  }

  /** What `heliograph check` would say of it; nothing of what runs is touched. */
  async #wrong(now: Content, all: readonly Pair[]): Promise<EditProblem[]> {
    const ports = new Map<Port, Port>();
    const copy = (port: Port) => {
      let made = ports.get(port);
      if (made === undefined) ports.set(port, made = new Port(port.address, port.format));
      return made;
    };
    const standing = this.#standingIn(now, all);
    const beside = new Map(
      [...standing].map(([at, { instrument, port }]) => [at, { instrument, port: port && copy(port) }] as const),
    );
    try {
      const { imageFolders } = this.#edited!.loaded;
      await loadChanged(now.source, beside, { imageFolders, drawing: await this.#drawing() });
      return [];
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      return error.problems.map(({ file, line, where, message }) =>
        file === now.source.file
          ? { path: pathOf(where), message }
          : { path: [], message: `${basename(file)} has ${where}${line ? ` in line ${line}` : ""}: ${message}` }
      );
    }
  }

  #standingIn({ entries }: Content, all: readonly Pair[]): Map<number, Standing> {
    const standing = new Map<number, Standing>();
    for (const { now } of all) {
      const found = now === undefined ? undefined : this.#standing.get(JSON.stringify(entries[now]));
      if (now !== undefined && found !== undefined) standing.set(now, found);
    }
    return standing;
  }

  /** Writes the file, and lets the bench follow it. */
  async #make(
    old: Content,
    now: Content,
    all: readonly Pair[],
    changed: readonly Pair[],
    by: string,
    write: () => Promise<void>,
  ): Promise<void> {
    const { redirect, loaded: { imageFolders } } = this.#edited!;
    const standing = this.#standingIn(now, all);
    const { instruments, ports } = await loadChanged(now.source, standing, { redirect, imageFolders });
    try {
      await write();
    } catch (error) {
      for (const [at, { contact }] of instruments.entries()) if (!standing.has(at)) contact?.gone?.();
      throw unavailable(`Cannot write ${basename(this.#edited!.file)}: ${(error as Error).message}`);
    }
    this.#known = now.text;
    for (const pair of changed) {
      const was = pair.old === undefined ? undefined : this.#standing.get(JSON.stringify(old.entries[pair.old]));
      if (pair.old !== undefined) this.#standing.delete(JSON.stringify(old.entries[pair.old]));
      if (pair.now === undefined) {
        if (was !== undefined) {
          await this.#bench.remove(was.instrument, `${was.instrument.title} is being removed by ${by}`);
        }
        continue;
      }
      const entry = now.entries[pair.now]!;
      const instrument = instruments[pair.now]!;
      this.#trusted.add(JSON.stringify(entry));
      const later = laterReason(entry);
      if (later !== "") {
        this.#later.set(JSON.stringify(entry), later);
        // What runs goes on until then.
        if (was !== undefined) this.#standing.set(JSON.stringify(entry), was);
        continue;
      }
      this.#stands(entry, { instrument, port: ports.get(instrument.title) });
      const why = (title: string) => `${title} is being changed by ${by}`;
      if (was === undefined) this.#bench.add(instrument, pair.now);
      else await this.#bench.replace(was.instrument, instrument, why(was.instrument.title));
    }
  }

  #stands(entry: BenchEntry, standing: Standing): void {
    const text = JSON.stringify(entry);
    this.#standing.set(text, standing);
    this.#trusted.add(text);
  }

  /** Problems of the one instrument that is added or changed have its entry as their top. */
  #placed(problems: readonly EditProblem[], { kind }: BenchChange, changed: readonly Pair[]): EditProblem[] {
    const at = changed.find(({ now }) => now !== undefined)?.now;
    return problems.map(({ path, message }) => {
      const own = (kind === "add" || kind === "change") && path[0] === "instruments" && path[1] === at;
      return { path: own ? path.slice(2) : path, message };
    });
  }

  #changedOnDisk(): string {
    const file = basename(this.#edited!.file);
    return `${file} was changed on the disk since the server read it: start the server again to run what it says, ` +
      `then it can be changed here`;
  }
}

/** A place as problems tell it: `instruments[0].fields.Flow Rate`. */
function pathOf(where: string): (string | number)[] {
  return [...where.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, name]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? JSON.parse(`"${quoted}"`) as string : name!
  );
}
