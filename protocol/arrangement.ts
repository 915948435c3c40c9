/**
 * The page's arrangement of the instruments, as it crosses the wires.
 *
 * @module
 */

/**
 * The page's arrangement of the instruments, and how it is kept. An instrument that is named nowhere comes last, in the
 * order of the bench: a new one is never invisible. One that is no longer on the bench keeps its place until it comes
 * back.
 */
export interface ArrangementState {
  /** The arrangement. */
  readonly arrangement: {
    /** The groups, in order: instruments that stand together on the page, under a title. */
    readonly groups: readonly {
      /** What people call it: one line, and no other group's. */
      readonly title: string;
      /** The names of its instruments, in order. */
      readonly instruments: readonly string[];
    }[];
    /** The names of the instruments of no group that come before those that are named nowhere. */
    readonly others: readonly string[];
    /** The names of the instruments that are hidden; each keeps its place. */
    readonly hidden: readonly string[];
    /** The names of the instruments that are shown though they stand aside, as azcam's `parameters` does. */
    readonly shown?: readonly string[];
    /** The names of the fields that matter most, by the names of their instruments, where people chose others. */
    readonly main?: Readonly<Record<string, readonly string[]>>;
    /** The plots that people have put together and kept, by name: each as the address of the page's plots tells it. */
    readonly plots?: Readonly<Record<string, string>>;
  };
  /** Whether it is still there after the server was started again. */
  readonly kept: boolean;
  /** What people should know of how it is kept; empty where all is well. */
  readonly hint: string;
  /** It grows with every change, until the server is started again. */
  readonly revision: number;
}

/** The page's arrangement of the instruments. */
export type Arrangement = ArrangementState["arrangement"];

/** Instruments that stand together on the page, under a title. */
export type ArrangementGroup = Arrangement["groups"][number];

/** The arrangement of a bench that nobody has arranged: all instruments in the order of the bench. */
export const noArrangement: Arrangement = { groups: [], others: [], hidden: [] };

/**
 * The form of a group's title by which titles are compared, so that people take equal ones for the same.
 *
 * @param title A group's title.
 */
export function sameTitle(title: string): string {
  return title.normalize("NFKC").toLowerCase();
}
