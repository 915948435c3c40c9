/**
 * The bench file as the page changes it: what may be added, what was changed, and what is wrong with that.
 *
 * @module
 */

/** A place in an instrument's entry, or in the file: keys and indexes from its top. */
export type EntryPath = readonly (string | number)[];

/** An instrument's entry in a bench file. */
export type BenchEntry = Readonly<Record<string, unknown>>;

/** A change of a bench file. */
export type BenchChange =
  | { readonly kind: "add"; readonly entry: BenchEntry }
  /** `instrument` is its name; the entry takes the place of what the file says of it. */
  | { readonly kind: "change"; readonly instrument: string; readonly entry: BenchEntry }
  | { readonly kind: "remove"; readonly instrument: string }
  /** Puts the previous file back. */
  | { readonly kind: "restore" };

/** A parameter of a built-in driver. */
export interface DriverParameter {
  readonly name: string;
  readonly summary: string;
  /** What it is where it is not given; empty where it must be. */
  readonly default: string;
}

/** A driver that an instrument can be added with. */
export interface DriverChoice {
  readonly name: string;
  readonly summary: string;
  /** What its address looks like; empty where it takes none. */
  readonly address: string;
  readonly parameters: readonly DriverParameter[];
  /** What its options may be, as JSON Schema; `null` where it takes none. */
  readonly options: Readonly<Record<string, unknown>> | null;
}

/** An instrument of a bench file. */
export interface EditableInstrument {
  readonly name: string;
  readonly title: string;
  /** What the file says of it. */
  readonly entry: BenchEntry;
  /** Why it is not changed here; empty where it may be. */
  readonly fixed: string;
  /** Why it runs as the file says only after the next start of the server; empty where it does now. */
  readonly later: string;
}

/** A bench file, as far as it can be changed here. */
export interface EditableBench {
  /** The file's name; empty where there is none. */
  readonly file: string;
  /** Stands for what the file holds now; a change carries it, so that nobody else's is lost. */
  readonly digest: string;
  /** Why it is not changed here; empty where it may be. */
  readonly fixed: string;
  /** The name of the previous file; empty where there is none. */
  readonly previous: string;
  readonly instruments: readonly EditableInstrument[];
  readonly drivers: readonly DriverChoice[];
  /** What each word for an instrument and for a field means. */
  readonly words: {
    readonly instrument: Readonly<Record<string, string>>;
    readonly field: Readonly<Record<string, string>>;
  };
}

/** Something that is wrong with a change. */
export interface EditProblem {
  /** Where: of an instrument that is added or changed from its entry's top, otherwise from the file's. */
  readonly path: EntryPath;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** A line of what a change makes of the file. */
export interface DiffLine {
  /** `=`: stays. `-`: goes. `+`: comes. */
  readonly kind: "=" | "-" | "+";
  /** Its number in the new file, or in the old one where it goes. */
  readonly line: number;
  readonly text: string;
}

/** A change, checked; and made where that was asked for and nothing is wrong. */
export interface BenchEdit {
  readonly problems: readonly EditProblem[];
  readonly diff: readonly DiffLine[];
  /** Whether the file holds it now. */
  readonly saved: boolean;
  /** Stands for what the file holds now. */
  readonly digest: string;
  /** What of it takes effect only after the next start of the server, and why; empty where all of it does now. */
  readonly later: string;
}

/** What came of asking a field once. */
export interface TriedField {
  readonly field: string;
  /** What was sent, with escapes. */
  readonly asked: string;
  /** What came, with escapes. */
  readonly answered: string;
  /** The value as people read it; empty where there is none. */
  readonly value: string;
  /** Why there is none; empty where there is one. */
  readonly reason: string;
}

/** A port that is plugged in. */
export interface PluggedPort {
  /** What to write as the instrument's port. */
  readonly address: string;
  /** What it is, as far as the system knows. */
  readonly description: string;
  /** The titles of the instruments of this bench that use it. */
  readonly usedBy: readonly string[];
}
