/**
 * The descriptions of instruments and of the server: help, completion, tables and the page are made from them. The
 * schemas of `schemas.ts` are held to these types by the compiler.
 *
 * @module
 */

import type {
  Access,
  ContactState,
  JournalKind,
  JournalLevel,
  NumberFormat,
  Quality,
  Role,
  ValueType,
  Wire,
} from "./vocabulary.ts";

export type { Access, ContactState, JournalKind, JournalLevel, NumberFormat, Quality, Role, ValueType, Wire };

/**
 * A field's or argument's value as it crosses the wire: a switch is a boolean, a choice its text.
 *
 * @example
 * ```ts
 * import type { WireValue } from "@heliograph/heliograph/client";
 *
 * const text = (value: WireValue) => typeof value === "boolean" ? value ? "on" : "off" : String(value);
 * console.log(text(true), text(1.5)); // on 1.5
 * ```
 */
export type WireValue = number | string | boolean;

/**
 * The values that a field or an argument may have: as it is declared, and as it is described to clients.
 *
 * @example
 * ```ts
 * import { command, type ValueDescription } from "@heliograph/heliograph";
 *
 * const millimetres: ValueDescription<"float"> = { type: "float", unit: "mm", minimum: 0, maximum: 25 };
 * command({ summary: "Move there", arguments: { to: millimetres }, run: ({ to }) => `at ${to} mm` });
 * ```
 */
export interface ValueDescription<T extends ValueType = ValueType> {
  /** The type of value. */
  readonly type: T;
  /** The unit people read, for example `°C` or `sccm`. */
  readonly unit?: string;
  /** The smallest allowed number, in `unit`. @default any */
  readonly minimum?: number;
  /** The largest allowed number, in `unit`. @default any */
  readonly maximum?: number;
  /** What a `choice` can be; what is proposed for a `text`, which may be something else. */
  readonly choices?: readonly string[];
  /** How many decimals a `float` is shown with; how many digits, where its format is `significant`. @default as many as it has */
  readonly decimals?: number;
  /** How people read a number: `fixed`, `significant`, `scientific`, `engineering`; an `int` also `hexadecimal`, `binary`. */
  readonly format?: "fixed" | "significant" | "scientific" | "engineering" | "hexadecimal" | "binary";
  /** What it is, in a line. */
  readonly summary?: string;
}

/**
 * The reading of a field: its value, time and quality.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { type FieldReading, PyOpticonSocketClient } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
 * const { value, quality }: FieldReading = await dashboard.getReading("UV Light", "Status Selection");
 * console.log(value, quality); // Off good
 * ```
 */
export interface FieldReading {
  /** The value; `null` when it has not been read yet. */
  readonly value: WireValue | null;
  /** The value as people and PyOpticon's clients read it: `30.0`, `On`, `No Reading`, `Read Error`. */
  readonly text: string;
  /** `good`: as read. `stale`: not read yet, or not for too long. `error`: reading failed. */
  readonly quality: "good" | "stale" | "error";
  /** When it was read or set, ISO 8601 in UTC; `null` when never. */
  readonly time: string | null;
  /** A setting that was changed and waits for `confirm`. */
  readonly staged?: boolean;
  /** While it waits: the text of what it was before, to which `revert` puts it back. */
  readonly applied?: string;
  /** Why the quality is not good. */
  readonly reason?: string;
  /** The worst of its alarm limits that its value is beyond; left out where it is beyond none. */
  readonly beyond?: "lowLow" | "low" | "high" | "highHigh";
  /** The unit people read, for example `°C` or `sccm`. */
  readonly unit?: string;
}

/** The state of a field: its reading without the unit. */
export type FieldState = Omit<FieldReading, "unit">;

/** The values of a numeric field during the last hour. */
export interface FieldHistory {
  /** When each value was read or set, in seconds since 1970, oldest first. */
  readonly times: readonly number[];
  /** The values, each of which held until the next; `null` where from then on there was none to be trusted. */
  readonly values: readonly (number | null)[];
}

/**
 * The last exchanges on the line of an instrument.
 *
 * @example
 * ```ts
 * import { type LineTraceDescription, PyOpticonSocketClient } from "@heliograph/heliograph/client";
 *
 * // What was sent to an instrument lately.
 * async function sent(dashboard: PyOpticonSocketClient, instrument: string): Promise<string[]> {
 *   const { entries }: LineTraceDescription = await dashboard.trace(instrument);
 *   return entries.filter(({ kind }) => kind === "sent").map(({ text }) => text);
 * }
 * console.log(sent.length); // 2
 * ```
 */
export interface LineTraceDescription {
  /** Where the instrument is. */
  readonly address: string;
  /** What was sent, what came, and what was made of it, oldest first. */
  readonly entries: readonly {
    /** Counts up from 1 on each line. */
    readonly number: number;
    /** When it was, ISO 8601 in UTC. */
    readonly time: string;
    /** `sent` and `received` are bytes; `note` is what was made of them, or what else happened. */
    readonly kind: "sent" | "received" | "note";
    /** The bytes as text, with escapes for what is no printable character; what happened, in words. */
    readonly text: string;
    /** The number of what a note is about. */
    readonly about?: number;
    /** Whether what was received is the answer to a question; which field's value it is, a note tells. */
    readonly understood?: boolean;
  }[];
}

/** One entry of a line's trace: bytes that were sent or came, or what was made of them. */
export type TraceEntry = LineTraceDescription["entries"][number];

/**
 * One field of an instrument, and what it holds.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { type FieldDescription, PyOpticonSocketClient } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
 * const unit = ({ title, unit = "" }: FieldDescription) => `${title} ${unit}`;
 * console.log((await dashboard.describe("tempcon")).fields.map(unit));
 * ```
 */
export interface FieldDescription extends ValueDescription, FieldReading {
  /** An identifier: `actual_status`. */
  readonly name: string;
  /** What people and PyOpticon's scripts call it: `Actual Status`. */
  readonly title: string;
  /** `readout`: read only. `setting`: can be set. */
  readonly access: "readout" | "setting";
  /** Whether a changed setting waits for `confirm`. */
  readonly needsConfirm: boolean;
  /** Whether it belongs into the data log. */
  readonly log: boolean;
  /** The expression by which it is computed from other fields, where it is. */
  readonly compute?: string;
  /** For a setting: the field by which the device says what it made of it. */
  readonly readback?: {
    /** The name of that field of the same instrument: `actual_status`. */
    readonly field: string;
    /** By how much two numbers may differ and still be the same, in the setting's unit; 0 for anything else. */
    readonly tolerance: number;
    /** How long the device may take, in seconds. */
    readonly within: number;
  };
  /** For how many seconds what was read is good; not there where it is not read again and again. */
  readonly staleAfter?: number;
  /** Its alarm limits, where it has any. */
  readonly alarm?: {
    readonly lowLow?: number;
    readonly low?: number;
    readonly high?: number;
    readonly highHigh?: number;
  };
}

/** The field by which a device says what it made of a setting. */
export type Readback = NonNullable<FieldDescription["readback"]>;

/** One command of an instrument. */
export type CommandDescription = InstrumentDescription["commands"][number];

/** One argument of a command. */
export type ArgumentDescription = CommandDescription["arguments"][number];

/**
 * The reply to `Take`: the new holder of the instrument.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { type Lease, PyOpticonSocketClient } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port, name: "night run" });
 * const lease: Lease = await dashboard.take("tempcon", { seconds: 60 });
 * console.log(lease.instrument, lease.holder.name); // tempcon night run
 * await dashboard.release("tempcon");
 * ```
 */
export interface Lease {
  /** The instrument's name. */
  readonly instrument: string;
  /** Who has control of it. */
  readonly holder: {
    /** The name they hold it by, or empty. */
    readonly name: string;
    /** The number of the connection that took it; 0 for an HTTP request, and for the server's own program. */
    readonly session: number;
    /** The IP address of their PC. */
    readonly address: string;
    /** When control ends if they ask for nothing more, ISO 8601 in UTC. */
    readonly until: string;
  };
  /** When control ends if they ask for nothing more, ISO 8601 in UTC. */
  readonly until: string;
}

/** The holder of an instrument: who has control of it. */
export type HolderDescription = Lease["holder"];

/** The commands that every instrument has. */
export const standardCommandNames: readonly string[] = ["get", "set", "confirm", "revert", "describe", "help"];

/** The time that a command may take where its declaration says nothing, in seconds, waiting included. */
export const usualDeadline = 30;

/**
 * An instrument, its fields with their values, and its commands.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { type InstrumentDescription, PyOpticonSocketClient } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
 * const light: InstrumentDescription = await dashboard.describe("UV Light");
 * console.log(light.fields.map(({ title }) => title)); // [ "Status Selection", "Actual Status" ]
 * ```
 */
export interface InstrumentDescription {
  /** An identifier: `uv_light`. */
  readonly name: string;
  /** What people call it, and PyOpticon's nickname: `UV Light`. */
  readonly title: string;
  /** What stands over it on the page, and PyOpticon's scripts call a widget's `name`; most often the title. */
  readonly caption: string;
  /** What it is, in a line. */
  readonly summary: string;
  /** Its fields, in the order of the declaration. */
  readonly fields: readonly FieldDescription[];
  /** The names of the fields that matter most, where it declares them: `["camtemp"]`. */
  readonly main?: readonly string[];
  /** Whether it stands beside the instruments and is shown to who asks for it: azcam's `api` and `parameters`. */
  readonly aside?: boolean;
  /** Its own commands; `get`, `set`, `confirm`, `revert`, `describe` and `help` exist on every instrument. */
  readonly commands: readonly {
    /** An identifier: `set_filter`. */
    readonly name: string;
    /** What it does, in a line. */
    readonly summary: string;
    /** Its arguments, in order. */
    readonly arguments: readonly (ValueDescription & {
      /** Its name, also its keyword. */
      readonly name: string;
      /** What it is when left out; an argument without one must be given. */
      readonly default?: WireValue;
    })[];
    /** Whether it takes any further arguments. */
    readonly takesMore: boolean;
    /** The least role that may call it. */
    readonly role: Role;
    /** Whether it overtakes commands that wait. */
    readonly immediate: boolean;
    /** Whether it stops something: every operator may call it, whoever has control. */
    readonly stop: boolean;
    /** The time it may take in seconds, waiting included. */
    readonly deadline: number;
    /** What people are asked before they run it: `The image in the detector is lost`. */
    readonly confirm?: string;
  }[];
  /** Whether it answers; `null` for one that needs no contact, as simulated ones. */
  readonly contact: {
    /** Where it is: the path of its serial port, or its network address. */
    readonly address: string;
    /** `off`: not started. `connecting`: the first try is under way. `lost`: it does not answer and is tried again. */
    readonly state: "off" | "connecting" | "connected" | "lost";
    /** Why it does not answer, or empty. */
    readonly reason: string;
    /** Since when it is in this state, ISO 8601 in UTC. */
    readonly since?: string;
    /** When a lost one is tried again, ISO 8601 in UTC. */
    readonly nextTry?: string;
  } | null;
  /** Whether it takes images, the last of which can be looked at over HTTP. */
  readonly hasImages: boolean;
  /** What went wrong last in its code, and how often; left out where nothing did. */
  readonly fault?: string;
  /** Who has control of it; `null` when nobody has: then everybody may drive it. */
  readonly holder: Lease["holder"] | null;
}

/** The contact of an instrument: whether it answers. */
export type ContactDescription = NonNullable<InstrumentDescription["contact"]>;

/** One of the last images of an instrument, as HTTP tells it. */
export interface RecentImageDescription {
  /** What no other image has; it is asked for with it. */
  readonly identity: string;
  /** The absolute path of its file on the server's PC, with forward slashes. */
  readonly file: string;
  /** When its file was written, in milliseconds since 1970. */
  readonly time: number;
}

/** The header of one part of an image's file. */
export interface ImageHduDescription {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** `primary`, or what kind of extension it is, for example `IMAGE`. */
  readonly kind: string;
  /** Its name (EXTNAME), empty if it has none. */
  readonly name: string;
  /** Its cards as they stand in the file, without END and without the blanks at their ends. */
  readonly cards: readonly string[];
}

/** The statistics of a region of an image; all but the count are `null` where no pixel has a value. */
export interface RegionStatisticsDescription {
  /** How many pixels have a value. */
  readonly count: number;
  readonly mean: number | null;
  /** The value in the middle; of an even number of pixels, the mean of the two in the middle. */
  readonly median: number | null;
  /** The standard deviation of a sample. */
  readonly deviation: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** How many pixels of an image have which values. */
export interface ImageHistogramDescription {
  /** Where the first bin begins. */
  readonly from: number;
  /** Where the last bin ends. */
  readonly to: number;
  /** How many pixels are darker than all bins, and brighter. */
  readonly below: number;
  readonly above: number;
  /** How many pixels are in each bin. */
  readonly counts: readonly number[];
}

/** An image of an instrument, as HTTP tells it. */
export interface ImageDescription {
  /** What no other image has; its pixels are asked for with it. */
  readonly identity: string;
  /** The absolute path of its file on the server's PC, with forward slashes. */
  readonly file: string;
  /** How many columns it has: all amplifiers together, without overscan where the header tells what that is. */
  readonly width: number;
  /** How many rows it has. */
  readonly height: number;
  /** What its header says that people ask for first; what it does not have is left out. */
  readonly header: readonly {
    readonly keyword: string;
    readonly value: string | number | boolean;
    readonly unit?: string;
  }[];
  /** Black and white between which it is worth looking at: all but a few percent of the pixels, nearly all, and all. */
  readonly levels: Readonly<Record<"automatic" | "wide" | "full", readonly [black: number, white: number]>>;
}

/** Something that happened: somebody asked for something, or the server's log told of something. */
export interface JournalEntry {
  /** Counts up. A command is told when it begins and, with the same number, when it is answered. */
  readonly number: number;
  /**
   * `command`: somebody asked an instrument for something. `code`: somebody sent code. `image`: somebody sent an image.
   * `log`: the server's log. `setting`: a setting has another value. `client`: somebody came or went. `note`: somebody
   * wrote something down.
   */
  readonly kind: JournalKind;
  /** When it began, ISO 8601 in UTC. */
  readonly time: string;
  /** How important it is. */
  readonly level: JournalLevel;
  /** Who asked, or of whom the log tells, as the log calls them; empty for nobody. */
  readonly client: string;
  /** The number of the connection that asked; 0 for an HTTP request, the server's own program and the log. */
  readonly session: number;
  /** How they came: a wire, `http`, or `program` for the server's own; left out where nobody asked. */
  readonly wire?: string;
  /** Where they came from, `address:port`; left out where that is nowhere. */
  readonly address?: string;
  /** The name of the instrument that was asked, or what the log calls it; empty for none. */
  readonly instrument: string;
  /** A command as an azcam line, code as it is, or what the log told; cut where it is very long. */
  readonly text: string;
  /** The answer as azcam's reply line; only where there is one. */
  readonly answer?: string;
  /** How long the answer took, in seconds. */
  readonly seconds?: number;
  /** How often the same was asked within a second, where it stands for all of them. @default 1 */
  readonly count?: number;
}

/**
 * The status of a server.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { PyOpticonSocketClient, type ServerStatus } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
 * const { sessions, instruments }: ServerStatus = await dashboard.status();
 * console.log(sessions.length, instruments[0]?.name); // 1 reactor_tc
 * ```
 */
export interface ServerStatus {
  /** Always `heliograph`. */
  readonly server: string;
  /** Its version. */
  readonly version: string;
  /** Whether simulators stand in the place of the instruments, and no hardware is touched. */
  readonly simulated: boolean;
  /** For how many seconds it has been running. */
  readonly uptime: number;
  /** Whether what happens is kept over restarts, in which folder of its PC, and what a person should know of that. */
  readonly records: {
    readonly kept: boolean;
    readonly folder: string;
    readonly hint: string;
  };
  /** What of its guards people should know: titles of interlocks and watchdogs; where it has none, this is left out. */
  readonly guards?: {
    /** Interlocks that forbid something now. */
    readonly tripped: readonly string[];
    /** Interlocks that are out of force for a while. */
    readonly bypassed: readonly string[];
    /** Watchdogs that nobody has renewed in time. */
    readonly expired: readonly string[];
    /** How many alarms stand, by severity, of how many nobody has said that they know, and how many are set aside. */
    readonly alarms: Readonly<Record<"low" | "medium" | "high" | "critical", number>> & {
      /** Of how many of them nobody has said that they know. */
      readonly unacknowledged: number;
      /** How many are shelved or out of service. */
      readonly setAside: number;
    };
  };
  /** How the messages to people are doing; where its bench file says nothing of them, this is left out. */
  readonly messages?: {
    /** What was taken last since the server was started: to whom, without an address, and when, ISO 8601 in UTC. */
    readonly sent: { readonly to: string; readonly subject: string; readonly time: string } | null;
    /** How many wait or are being sent. */
    readonly waiting: number;
    /** What failed last since the server was started, also where it has been sent since. */
    readonly failed: { readonly to: string; readonly reason: string; readonly time: string } | null;
  };
  /** How publishing by MQTT is doing; where its bench file says nothing of that, this is left out. */
  readonly mqtt?: {
    /** Where the broker is, as the bench file says it. */
    readonly broker: string;
    /** Whether it is there. */
    readonly connected: boolean;
    /** Why it is not; empty where it is. */
    readonly reason: string;
    /** How many topics it does not have yet as they are. */
    readonly waiting: number;
  };
  /** How PyOpticon's data log stands. */
  readonly datalog: {
    /** Whether rows are written. */
    readonly running: boolean;
    /** The file that was written last, on the server's PC; empty before the first row. */
    readonly file: string;
    /** Its folder; empty where the server has none. */
    readonly folder: string;
    /** How often a row is written: `0:00:10`. */
    readonly every: string;
    /** The instruments and fields that were asked for; empty for all that belong into a log. */
    readonly fields: readonly string[];
    /** How many rows were written since it was begun. */
    readonly rows: number;
    /** Why it cannot be written; empty where it can. */
    readonly problem: string;
  };
  /** What listens where. */
  readonly listeners: readonly {
    /** Which wire: azcam's lines, PyOpticon's socket, HTTP and WebSockets, azcam's image transfer; or all, by TLS. */
    readonly protocol: "line" | "dashboard" | "web" | "image" | "tls";
    readonly host: string;
    readonly port: number;
  }[];
  /** Who is connected. */
  readonly sessions: readonly {
    /** A number that no other connection of this server run has. */
    readonly session: number;
    /** The name it registered, or empty. */
    readonly name: string;
    /** Where it comes from, `address:port`. */
    readonly address: string;
    /** Which wire it speaks: azcam's lines, PyOpticon's socket, a WebSocket, or azcam's image transfer. */
    readonly protocol: "line" | "dashboard" | "web" | "image";
    /** What it may do. */
    readonly role: Role;
    /** The name that they have proved by a token; empty where they have proved none. */
    readonly person: string;
    /** When it connected, ISO 8601 in UTC. */
    readonly connected: string;
    /** What it last asked, or empty. */
    readonly lastRequest: string;
    /** When it last asked, ISO 8601 in UTC, or `null`. */
    readonly lastRequestTime: string | null;
  }[];
  /** What the instruments are doing. */
  readonly instruments: readonly {
    /** The instrument's name. */
    readonly name: string;
    /** The command that runs now, or empty. */
    readonly running: string;
    /** For how many seconds it has been running. */
    readonly runningFor: number;
    /** How many commands wait for it. */
    readonly waiting: number;
    /** Whether it answers; `null` for one that needs no contact. */
    readonly contact: InstrumentDescription["contact"];
    /** Who has control of it, or `null`. */
    readonly holder: Lease["holder"] | null;
  }[];
}

/** One client connection as `status` tells it. */
export type SessionDescription = ServerStatus["sessions"][number];

/** The status of an instrument: what it is doing now. */
export type InstrumentStatus = ServerStatus["instruments"][number];

/**
 * The reply to `Hello`: the client's session and the server.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { PyOpticonSocketClient, type Welcome } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
 * const { server: program, role }: Welcome = await dashboard.hello();
 * console.log(program, role); // heliograph admin
 * ```
 */
export interface Welcome {
  /** When this run of the server began, ISO 8601 in UTC: connections are counted from there. */
  readonly started: string;
  /** Whether everybody who reaches the server's PC over the network gets in, without a token. */
  readonly open: boolean;
  /** Whether simulators stand in the place of the instruments, and no hardware is touched. */
  readonly simulated: boolean;
  /** What the bench is called. */
  readonly title: string;
  /** Always `heliograph`. */
  readonly server: string;
  /** The server's version. */
  readonly version: string;
  /** This connection's number. */
  readonly session: number;
  /** The name they registered or proved, or empty. */
  readonly name: string;
  /** The name they have proved by a token; empty where they have proved none. */
  readonly person: string;
  /** The built-in role that comes closest to what they may do. */
  readonly role: Role;
  /** What their role is called on this bench. */
  readonly roleName: string;
  /** What they may do. */
  readonly rights: readonly (
    | "read"
    | "drive"
    | "takeOver"
    | "disconnect"
    | "arrange"
    | "evaluate"
    | "administer"
    | "shutdown"
  )[];
  /** The names of the instruments that they may drive; `null` for all. */
  readonly instruments: readonly string[] | null;
}

/** Who somebody is to the server, and what they may do. */
export type Identity = Pick<Welcome, "name" | "person" | "role" | "roleName" | "rights" | "instruments">;

/** A value of the bench that an overview drawing names. */
export interface DrawnField {
  /** The instrument's name. */
  readonly instrument: string;
  /** The field's title. */
  readonly field: string;
}

/** The meaning of an element of an overview drawing. */
export interface DrawingBinding {
  /** Its text is this value. */
  readonly field?: DrawnField;
  /** It shows this state. */
  readonly state?: DrawnField;
  /** The colours of states: the first whose test fits counts. A test is a text, or `>`, `<`, `>=` or `<=` and a number. */
  readonly colours?: readonly { readonly test: string; readonly colour: string }[];
  /** The name of the instrument that it opens. */
  readonly open?: string;
  /** The command that it asks about and runs. */
  readonly command?: {
    readonly instrument: string;
    readonly command: string;
    readonly args: readonly string[];
    readonly keywords: Readonly<Record<string, string>>;
  };
}

/** An element of an overview drawing: nothing but what is harmless in a page. */
export interface DrawingElement {
  /** The name of an element of SVG. */
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** What its attribute `style` says. */
  readonly style?: Readonly<Record<string, string>>;
  readonly binding?: DrawingBinding;
  readonly children: readonly (DrawingElement | string)[];
}

/** The overview drawing of a bench. */
export interface OverviewDescription {
  /** The drawing; `null` where the bench has none. */
  readonly drawing: DrawingElement | null;
  /** The style sheet of the drawing. */
  readonly sheet: string;
  /** Why its file cannot be used as it is now; empty where it can. */
  readonly problem: string;
}
