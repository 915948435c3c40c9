/**
 * The requests to the server, whichever way in they came by, and their replies.
 *
 * @module
 */

import type { AccessDescription } from "../../protocol/access_description.ts";
import type { ArrangementState } from "../../protocol/arrangement.ts";
import type { BenchEdit, EditableBench, PluggedPort, TriedField } from "../../protocol/bench_edit.ts";
import type { DashboardRequest } from "../../protocol/dashboard_message.ts";
import type {
  FieldHistory,
  Identity,
  InstrumentDescription,
  JournalEntry,
  Lease,
  LineTraceDescription,
  OverviewDescription,
  ServerStatus,
  SessionDescription,
  Welcome,
} from "../../protocol/description.ts";
import type { RecordsDescription } from "../../protocol/records.ts";
import type { JournalLevel } from "../../protocol/vocabulary.ts";
import type { Grant } from "../access/access_file.ts";
import type { Principal } from "../access/principal.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { Evaluated } from "../code/messages.ts";
import type { EvaluationOptions } from "../code/sandbox.ts";
import type { Journal } from "../records/journal.ts";
import type { RemoteAnswer } from "../fleet/fleet.ts";
import type { CommandCounts, CommandRequest } from "./dispatcher.ts";

/** A request of anybody who was let in; a command may be one of the default instrument's. */
export type Request =
  | Exclude<DashboardRequest, { readonly cmd: "Call" | "Close" }>
  | CommandRequest & { readonly cmd: "Call" }
  /** Finds an instrument, or a field of it; `undefined` stands for all. */
  | { readonly cmd: "Find"; readonly instrument: string | undefined; readonly field: string | undefined }
  /** What tells of the last image of an instrument. */
  | { readonly cmd: "Image"; readonly instrument: string }
  /** Who asks, and what they may do. */
  | { readonly cmd: "WhoAmI" }
  /** The overview drawing. */
  | { readonly cmd: "Overview" }
  /** Who is connected. */
  | { readonly cmd: "Clients" }
  /** What is kept of the journal, from a level on. */
  | { readonly cmd: "Journal"; readonly level: JournalLevel }
  /** How the page is arranged. */
  | { readonly cmd: "Arrangement" }
  /** Who may do what, and who has signed in. */
  | { readonly cmd: "People" }
  /** Adds a person or a program. */
  | { readonly cmd: "AddPerson"; readonly grant: Grant }
  /** Makes somebody a new token. @param days For how many. */
  | { readonly cmd: "RenewPerson"; readonly name: string; readonly days: number | undefined }
  /** Makes a link by which somebody signs in with a browser, once. */
  | { readonly cmd: "LinkPerson"; readonly name: string }
  /** Takes somebody's token away. */
  | { readonly cmd: "RevokePerson"; readonly name: string }
  /** Removes a passkey of somebody. */
  | { readonly cmd: "RemovePasskey"; readonly name: string; readonly passkey: string }
  /** Ends the session of a browser, by its number. */
  | { readonly cmd: "EndSession"; readonly session: number }
  /** How many commands of each instrument were answered. */
  | { readonly cmd: "Metrics" }
  /** Stops the server. */
  | { readonly cmd: "Exit" };

/** What a `Find` or a `Watch` is about; `undefined` stands for all instruments, or all fields of one. */
export interface Found {
  /** The instrument. */
  readonly instrument: Instrument | undefined;
  /** The field. */
  readonly field: BenchField | undefined;
}

/** A reply that is JSON already: it is large, and was made by another thread. */
export class JsonText {
  /** The JSON, on one line. */
  readonly json: string;

  /** Takes it as it is. */
  constructor(json: string) {
    this.json = json;
  }
}

/** The replies to requests, by kind; `unknown` is whatever an instrument's command returns. */
export interface Replies {
  readonly Get: BenchField;
  readonly Describe: InstrumentDescription | InstrumentDescription[];
  readonly History: FieldHistory;
  readonly Trace: LineTraceDescription;
  readonly Status: ServerStatus;
  readonly Ping: undefined;
  readonly Hello: Welcome;
  /** What is to be watched: the way in sends its changes. */
  readonly Watch: Found;
  /** What is to be followed: the way in sends its entries. */
  readonly Follow: Pick<Journal, "follow" | "kept">;
  readonly Unwatch: undefined;
  readonly Find: Found;
  readonly Image: Pick<Instrument, "title" | "images">;
  readonly WhoAmI: Identity;
  readonly Overview: OverviewDescription;
  readonly Clients: SessionDescription[];
  readonly Journal: JournalEntry[];
  readonly Arrangement: ArrangementState;
  readonly People: AccessDescription;
  readonly AddPerson: { readonly token: string };
  readonly RenewPerson: { readonly token: string };
  /** Until when the link is good, ISO 8601 in UTC. */
  readonly LinkPerson: { readonly secret: string; readonly until: string };
  readonly RevokePerson: undefined;
  readonly RemovePasskey: undefined;
  readonly EndSession: undefined;
  readonly Metrics: ReadonlyMap<string, CommandCounts>;
  readonly Exit: undefined;
  readonly Take: Lease;
  readonly Release: unknown;
  readonly HandOver: Lease;
  readonly Disconnect: undefined;
  readonly Set: unknown;
  readonly Confirm: unknown;
  readonly Revert: unknown;
  readonly Call: unknown;
  readonly Eval: Evaluated;
  readonly Exec: Evaluated;
  readonly Arrange: ArrangementState;
  readonly KeepPlot: ArrangementState;
  readonly BenchFile: EditableBench;
  readonly Ports: readonly PluggedPort[];
  readonly EditBench: BenchEdit;
  readonly TryInstrument: readonly TriedField[];
  readonly Switch: undefined;
  /** A list of `JournalRecord`s. */
  readonly SearchJournal: JsonText;
  readonly Records: RecordsDescription;
  /** A `HistoryAnswer`. */
  readonly Readings: JsonText;
  /** A `MomentAnswer`. */
  readonly Moment: JsonText;
  /** A list of `RecordedField`s. */
  readonly RecordedFields: JsonText;
  readonly Note: undefined;
  readonly Ask: RemoteAnswer;
}

/** The words that requests begin with. */
export type RequestKind = keyof Replies;

/** The kinds of requests that are answered at once, since nothing has to be waited for. */
export type ImmediateKind = Exclude<
  RequestKind,
  | "Get"
  | "Describe"
  | "Find"
  | "Watch"
  | "Note"
  | "Release"
  | "Ask"
  | "Take"
  | "HandOver"
  | "History"
  | "Trace"
  | "Set"
  | "Confirm"
  | "Revert"
  | "Call"
  | "Eval"
  | "Exec"
  | "Arrange"
  | "KeepPlot"
  | "Overview"
  | "BenchFile"
  | "Ports"
  | "EditBench"
  | "TryInstrument"
  | "Switch"
  | "SearchJournal"
  | "Records"
  | "Readings"
  | "Moment"
  | "RecordedFields"
  | "AddPerson"
  | "RenewPerson"
  | "LinkPerson"
  | "RevokePerson"
  | "RemovePasskey"
>;

/** A request of one kind. */
export type RequestOf<K extends RequestKind> = Request & { readonly cmd: K };

/** The reply to a request of one kind. */
export type Reply<K extends RequestKind> = Replies[K];

/** The options of running code for one client. */
export interface EvaluatorOptions extends EvaluationOptions {
  /** Takes what the code prints, besides the log. */
  readonly output?: (text: string) => void;
}

/** Runs requests: ways in, and code, hand theirs to it. */
export interface RequestRunner {
  /**
   * Runs a request.
   *
   * @param request What to do.
   * @param principal Who asks.
   * @param options How code is run, where the request brings any.
   * @returns The reply: at once where nothing had to be waited for, as a promise otherwise.
   * @throws {HeliographError} When it is refused or fails.
   */
  run<K extends ImmediateKind>(request: RequestOf<K>, principal: Principal): Reply<K>;
  run<K extends RequestKind>(
    request: RequestOf<K>,
    principal: Principal,
    options?: EvaluatorOptions,
  ): Reply<K> | Promise<Reply<K>>;
}
