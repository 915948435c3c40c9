/**
 * The schemas of the JSON on the wires: bodies are checked with them, and OpenAPI's components are made from them.
 *
 * Clients and the page import the types of `description.ts` instead: they need no zod. The compiler holds each schema to
 * its type, property by property. Those with an `id` are OpenAPI's components of that name.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type { Arrangement, ArrangementState } from "./arrangement.ts";
import type {
  ArgumentDescription,
  CommandDescription,
  ContactDescription,
  DrawingBinding,
  DrawingElement,
  FieldDescription,
  FieldHistory,
  HolderDescription,
  Identity,
  ImageDescription,
  ImageHduDescription,
  ImageHistogramDescription,
  InstrumentDescription,
  JournalEntry,
  Lease,
  LineTraceDescription,
  OverviewDescription,
  RecentImageDescription,
  RegionStatisticsDescription,
  ServerStatus,
  SessionDescription,
  WireValue,
} from "./description.ts";
import { type ErrorCode, errorCodes } from "./errors.ts";
import type { JournalRecord } from "./records.ts";
import {
  accesses,
  alarmLimits,
  contactStates,
  journalKinds,
  journalLevels,
  numberFormats,
  qualities,
  rights,
  roles,
  valueTypes,
  wires,
} from "./vocabulary.ts";

/** A type without what only TypeScript knows: `readonly`, and `undefined` beside what may be left out. */
type Plain<T> = T extends object ? { -readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> } : T;

/** `true` if two types have the same properties, of the same types, the same of which may be left out. */
type Same<A, B> = (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;

/** Takes the schema of a type; one that says more or less than the type is an error of the compiler. */
export function of<T>(): <S extends z.ZodType>(schema: Same<z.output<S>, T> extends true ? S : never) => z.ZodType<T> {
  return (schema) => schema as unknown as z.ZodType<T>;
}

const text = z.string();
const flag = z.boolean();
const number = z.number();
const count = z.int().min(0);
const time = text.meta({ format: "date-time" });

/** One of the stable error codes. */
export const errorCode: z.ZodType<ErrorCode> = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);

/** A field's or argument's value. */
export const wireValue: z.ZodType<WireValue> = z.union([number, text, flag]);

/** The body of an error over HTTP; in the framed dialect `error` is the same. */
export const errorAnswer: z.ZodType<{ readonly error: { readonly code: ErrorCode; readonly message: string } }> = z
  .strictObject({
    error: z.strictObject({
      code: errorCode.describe("stable: scripts may branch on it"),
      message: text.describe("for people; it may change"),
    }),
  }).meta({ id: "Error", description: "What went wrong" });

const valueShape = {
  type: z.enum(valueTypes),
  unit: text.optional().describe("the unit people read"),
  minimum: number.optional(),
  maximum: number.optional(),
  choices: z.array(text).optional(),
  decimals: count.optional().describe("how many decimals a float is shown with"),
  format: z.enum(numberFormats).optional().describe("how people read a number"),
  summary: text.optional(),
};

/** A field, and what it holds. */
export const fieldDescription: z.ZodType<FieldDescription> = of<FieldDescription>()(
  z.strictObject({
    name: text,
    title: text,
    access: z.enum(accesses),
    needsConfirm: flag.describe("whether a changed setting waits for confirm"),
    log: flag.describe("whether it belongs into the data log"),
    compute: text.optional().describe("the expression by which it is computed from other fields, where it is"),
    readback: z.strictObject({
      field: text.describe("its name, of the same instrument"),
      tolerance: number.describe("by how much two numbers may differ and still be the same"),
      within: number.describe("how long the device may take, in seconds"),
    }).optional().describe("for a setting: the field by which the device says what it made of it"),
    ...valueShape,
    value: wireValue.nullable().describe("null when it has not been read yet"),
    text: text.describe("the value as people read it"),
    quality: z.enum(qualities),
    time: time.nullable().describe("when it was read or set"),
    staged: flag.optional().describe("changed, and waiting for confirm"),
    applied: text.optional().describe("while it waits: the text of what it was before"),
    reason: text.optional().describe("why the quality is not good"),
    beyond: z.enum(alarmLimits).optional().describe("the worst of its alarm limits that its value is beyond"),
    staleAfter: number.optional()
      .describe("for how many seconds what was read is good; not there where it is not read again and again"),
    alarm: z.strictObject({
      lowLow: number.optional(),
      low: number.optional(),
      high: number.optional(),
      highHigh: number.optional(),
    }).optional().describe("its alarm limits"),
  }).meta({ id: "Field", description: "A field, and what it holds" }),
);

/** Something that happened. */
export const journalEntry: z.ZodType<JournalEntry> = of<JournalEntry>()(
  z.strictObject({
    number: count.describe("counts up"),
    kind: z.enum(journalKinds)
      .describe("what somebody asked for, code or an image that somebody sent, or a line of the server's log"),
    time: time.describe("when it began"),
    level: z.enum(journalLevels).describe("what only reads is debug; else what failed is warning"),
    client: text.describe("who asked, as the log calls them; empty for nobody"),
    session: count.describe("the number of the connection that asked; 0 for none"),
    wire: text.optional().describe("how they came"),
    address: text.optional().describe("where they came from"),
    instrument: text.describe("what was asked; empty for none"),
    text: text.describe("a command as an azcam line, or what the log told"),
    answer: text.optional().describe("the answer as azcam's reply line"),
    seconds: number.optional().describe("how long the answer took"),
    count: count.optional().describe("how often the same was asked within a second, where it stands for all of them"),
  }).meta({ id: "JournalEntry", description: "Something that happened" }),
);

/** A record of the journal. */
export const journalRecord: z.ZodType<JournalRecord> = of<JournalRecord>()(
  z.strictObject({
    number: count.describe("its number in the folder of the records"),
    kind: z.enum(journalKinds),
    time: time.describe("when it began"),
    level: z.enum(journalLevels),
    client: text.describe("who asked, or of whom the log tells; empty for nobody"),
    wire: text.optional(),
    address: text.optional(),
    instrument: text.describe("what was asked, or what the log calls it; empty for none"),
    text,
    answer: text.optional(),
    seconds: number.optional(),
    count: count.optional(),
    begun: count.optional().describe("the number of the record that told that it had begun"),
    forgotten: z.strictObject({ number: count, digest: text }).optional()
      .describe("the last of the records that were forgotten before this one"),
  }).meta({ id: "JournalRecord", description: "Something that happened, as it is kept" }),
);

/** The last exchanges on the line of an instrument. */
export const lineTrace: z.ZodType<LineTraceDescription> = of<LineTraceDescription>()(
  z.strictObject({
    address: text,
    entries: z.array(
      z.strictObject({
        number: count,
        time,
        kind: z.enum(["sent", "received", "note"]),
        text,
        about: count.optional(),
        understood: flag.optional(),
      }),
    ),
  }).meta({ id: "Trace", description: "What was sent on a line and what came, and what was made of it" }),
);

/** The history of a numeric field. */
export const fieldHistory: z.ZodType<FieldHistory> = of<FieldHistory>()(
  z.strictObject({
    times: z.array(number).describe("when each was read or set, in seconds since 1970, oldest first"),
    values: z.array(number.nullable()).describe("null where from then on there was none to be trusted"),
  }).meta({ id: "History", description: "What a number has been; each value held until the next" }),
);

/** One argument of a command. */
export const argumentDescription: z.ZodType<ArgumentDescription> = of<ArgumentDescription>()(
  z.strictObject({
    name: text,
    ...valueShape,
    default: wireValue.optional().describe("what it is when left out; one without must be given"),
  }).meta({ id: "Argument", description: "An argument of a command" }),
);

/** One command of an instrument. */
export const commandDescription: z.ZodType<CommandDescription> = of<CommandDescription>()(
  z.strictObject({
    name: text,
    summary: text,
    arguments: z.array(argumentDescription),
    takesMore: flag.describe("whether it takes any further arguments"),
    role: z.enum(roles).describe("the least role that may call it"),
    immediate: flag.describe("whether it overtakes commands that wait"),
    stop: flag.describe("whether it stops something: every operator may call it, whoever has control"),
    deadline: number.describe("the time it may take in seconds, waiting included"),
    confirm: text.optional().describe("what people are asked before they run it"),
  }).meta({ id: "Command", description: "A command of an instrument" }),
);

/** The contact of an instrument: whether it answers. */
export const contactDescription: z.ZodType<ContactDescription> = of<ContactDescription>()(
  z.strictObject({
    address: text,
    state: z.enum(contactStates),
    reason: text,
    since: time.optional().describe("since when it is in this state"),
    nextTry: time.optional().describe("when a lost one is tried again"),
  })
    .meta({ id: "Contact", description: "Whether a real instrument answers" }),
);

/** The holder of an instrument: who has control of it. */
export const holderDescription: z.ZodType<HolderDescription> = of<HolderDescription>()(
  z.strictObject({
    name: text,
    session: count.describe("the number of their connection; 0 for an HTTP request and the server's own program"),
    address: text,
    until: time.describe("when it ends if they ask for nothing more"),
  }).meta({ id: "Holder", description: "Who has control of an instrument" }),
);

/** The reply to `Take`. */
export const lease: z.ZodType<Lease> = of<Lease>()(
  z.strictObject({ instrument: text, holder: holderDescription, until: time })
    .meta({ id: "Lease", description: "Whose an instrument is now" }),
);

/** An instrument, its fields with their values, and its commands. */
export const instrumentDescription: z.ZodType<InstrumentDescription> = of<InstrumentDescription>()(
  z.strictObject({
    name: text,
    title: text,
    caption: text.describe("what stands over it on the page; most often the title"),
    summary: text,
    fields: z.array(fieldDescription),
    main: z.array(text).optional().describe("the names of the fields that matter most, where it declares them"),
    aside: flag.optional().describe("whether it is shown only to who asks for it: azcam's api and parameters"),
    commands: z.array(commandDescription),
    contact: contactDescription.nullable().describe("null for one that needs none, as simulated ones"),
    hasImages: flag.describe("whether it takes images, the last of which can be looked at"),
    fault: text.optional().describe("what went wrong last in its code, and how often"),
    holder: holderDescription.nullable().describe("null when nobody has control"),
  }).meta({ id: "Instrument", description: "An instrument, its fields with their values, and its commands" }),
);

const level = z.tuple([number, number]);

/** One of the last images of an instrument. */
export const recentImageDescription: z.ZodType<RecentImageDescription> = of<RecentImageDescription>()(
  z.strictObject({
    identity: text.describe("what no other image has; it is asked for with it"),
    file: text.describe("the absolute path of its file on the server's PC"),
    time: number.describe("when it was written, in milliseconds since 1970"),
  }).meta({ id: "RecentImage", description: "One of the last images of a camera" }),
);

/** The header of one part of an image's file. */
export const imageHduDescription: z.ZodType<ImageHduDescription> = of<ImageHduDescription>()(
  z.strictObject({
    number: count.describe("its number in the file, from 1"),
    kind: text.describe("primary, or what kind of extension it is"),
    name: text.describe("its EXTNAME, or empty"),
    cards: z.array(text).describe("its cards as they stand in the file, without END"),
  }).meta({ id: "ImageHdu", description: "The header of one part of an image's file" }),
);

const orNone = number.nullable();

/** The statistics of a region of an image. */
export const regionStatistics: z.ZodType<RegionStatisticsDescription> = of<RegionStatisticsDescription>()(
  z.strictObject({
    count: count.describe("how many pixels have a value"),
    mean: orNone,
    median: orNone.describe("of an even number of pixels, the mean of the two in the middle"),
    deviation: orNone.describe("the standard deviation of a sample: divided by the count less 1"),
    minimum: orNone,
    maximum: orNone,
  }).meta({ id: "RegionStatistics", description: "The statistics of a region; null where no pixel has a value" }),
);

/** How many pixels of an image have which values. */
export const imageHistogram: z.ZodType<ImageHistogramDescription> = of<ImageHistogramDescription>()(
  z.strictObject({
    from: number.describe("where the first bin begins"),
    to: number.describe("where the last bin ends"),
    below: count.describe("how many pixels are darker than all bins"),
    above: count.describe("how many are brighter"),
    counts: z.array(count).describe("how many pixels are in each bin; all bins are as wide"),
  }).meta({ id: "ImageHistogram", description: "How many pixels of an image have which values" }),
);

/** An image of an instrument. */
export const imageDescription: z.ZodType<ImageDescription> = of<ImageDescription>()(
  z.strictObject({
    identity: text.describe("what no other image has; its pixels are asked for with it"),
    file: text.describe("the absolute path of its file on the server's PC"),
    width: count.describe("how many columns, all amplifiers together and without overscan"),
    height: count.describe("how many rows"),
    header: z.array(
      z.strictObject({ keyword: text, value: wireValue, unit: text.optional() }).describe("A card of the header"),
    ).describe("what its header says that people ask for first"),
    levels: z.strictObject({
      automatic: level.describe("1 % of the pixels are darker than black, 0.5 % brighter than white"),
      wide: level.describe("0.1 % are darker, 0.05 % brighter"),
      full: level.describe("the smallest and the largest value"),
    }).describe("Black and white between which it is worth looking at"),
  }).meta({ id: "Image", description: "The last image of a camera" }),
);

/** One client connection. */
export const sessionDescription: z.ZodType<SessionDescription> = of<SessionDescription>()(
  z.strictObject({
    session: count.describe("its number"),
    name: text,
    address: text,
    protocol: z.enum(wires),
    role: z.enum(roles),
    person: text.describe("the name that it has proved by a token, or empty"),
    connected: time,
    lastRequest: text,
    lastRequestTime: time.nullable(),
  }).meta({ id: "Client", description: "A connection" }),
);

/** Who somebody is to the server. */
export const identity: z.ZodType<Identity> = of<Identity>()(
  z.strictObject({
    name: text.describe("the name that was given or proved, or empty"),
    person: text.describe("the name that was proved by a token, or empty"),
    role: z.enum(roles).describe("the built-in role that comes closest to what you may do"),
    roleName: text.describe("what your role is called on this bench"),
    rights: z.array(z.enum(rights)).describe("what you may do"),
    instruments: z.array(text).nullable().describe("the names of the instruments that you may drive; null for all"),
  }).meta({ id: "Identity", description: "Who you are to the server" }),
);

/** The status of the server. */
export const serverStatus: z.ZodType<ServerStatus> = of<ServerStatus>()(
  z.strictObject({
    server: text,
    version: text,
    simulated: flag.describe("whether simulators stand in the place of the instruments"),
    uptime: number.describe("in seconds"),
    records: z.strictObject({
      kept: flag.describe("whether what happens is kept over restarts"),
      folder: text.describe("where; empty for nowhere"),
      hint: text.describe("what a person should know; empty for nothing"),
    }),
    guards: z.strictObject({
      tripped: z.array(text).describe("interlocks that forbid something now"),
      bypassed: z.array(text).describe("interlocks that are out of force for a while"),
      expired: z.array(text).describe("watchdogs that nobody has renewed in time"),
      alarms: z.strictObject({
        low: count,
        medium: count,
        high: count,
        critical: count,
        unacknowledged: count.describe("of how many of them nobody has said that they know"),
        setAside: count.describe("how many are shelved or out of service"),
      }).describe("how many alarms stand, by severity"),
    }).optional(),
    messages: z.strictObject({
      sent: z.strictObject({ to: text, subject: text, time: text }).nullable().describe("what was taken last"),
      waiting: count.describe("how many wait or are being sent"),
      failed: z.strictObject({ to: text, reason: text, time: text }).nullable().describe("what failed last"),
    }).optional(),
    mqtt: z.strictObject({
      broker: text.describe("as the bench file says it"),
      connected: flag.describe("whether it is there"),
      reason: text.describe("why it is not; empty where it is"),
      waiting: count.describe("how many topics it does not have yet as they are"),
    }).optional(),
    datalog: z.strictObject({
      running: flag.describe("whether rows of PyOpticon's data log are written"),
      file: text.describe("which was written last; empty before the first row"),
      folder: text.describe("of the logs; empty where the server has none"),
      every: text.describe("h:mm:ss"),
      fields: z.array(text).describe("what was asked for; empty for all that belong into a log"),
      rows: count.describe("how many were written"),
      problem: text.describe("why it cannot be written; empty where it can"),
    }),
    listeners: z.array(
      z.strictObject({ protocol: z.enum([...wires, "tls"]), host: text, port: count }).describe(
        "Something that listens",
      ),
    ),
    sessions: z.array(sessionDescription),
    instruments: z.array(
      z.strictObject({
        name: text,
        running: text.describe("the command that runs now, or empty"),
        runningFor: number.describe("in seconds"),
        waiting: count.describe("how many commands wait"),
        contact: contactDescription.nullable(),
        holder: holderDescription.nullable(),
      }).describe("What an instrument is doing"),
    ),
  }).meta({ id: "Status", description: "What the server is doing" }),
);

/** The page's arrangement of the instruments. */
export const arrangement: z.ZodType<Arrangement> = of<Arrangement>()(
  z.strictObject({
    groups: z.array(
      z.strictObject({
        title: text.describe("one line of at most 80 characters, and no other group's"),
        instruments: z.array(text).describe("their names in order; each has one place in all"),
      }).describe("Instruments that stand together"),
    ).describe("in order"),
    others: z.array(text).describe("the names of those of no group, in order"),
    hidden: z.array(text).describe("the names of those that are hidden; each keeps its place"),
    shown: z.array(text).optional().describe("the names of those that are shown though they stand aside"),
    main: z.record(text, z.array(text)).optional()
      .describe("the names of the fields that matter most, by their instrument, where people chose others"),
    plots: z.record(text, text).optional()
      .describe("the plots that people have kept, by name: what stands behind #/plots? in the page's address"),
  }).meta({
    id: "Arrangement",
    description: "How the page arranges the instruments; one that is named nowhere comes last",
  }),
);

/** The arrangement, and how it is kept. */
export const arrangementState: z.ZodType<ArrangementState> = of<ArrangementState>()(
  z.strictObject({
    arrangement,
    kept: flag.describe("whether it is still there after the server was started again"),
    hint: text.describe("what people should know of how it is kept; empty where all is well"),
    revision: count.describe("it grows with every change, until the server is started again"),
  }).meta({ id: "ArrangementState", description: "The arrangement, and how it is kept" }),
);

const drawnField = z.strictObject({ instrument: text, field: text });
const texts = z.record(z.string(), text);

const drawingBinding: z.ZodType<DrawingBinding> = of<DrawingBinding>()(z.strictObject({
  field: drawnField.optional().describe("its text is this value"),
  state: drawnField.optional().describe("it shows this state"),
  colours: z.array(z.strictObject({ test: text, colour: text })).optional()
    .describe("the colours of states, the first whose test fits"),
  open: text.optional().describe("the name of the instrument that it opens"),
  command: z.strictObject({ instrument: text, command: text, args: z.array(text), keywords: texts }).optional()
    .describe("the command that it asks about and runs"),
}));

const drawingElement: z.ZodType<DrawingElement> = z.strictObject({
  tag: text,
  attributes: texts,
  style: texts.optional(),
  binding: drawingBinding.optional(),
  get children() {
    return z.array(z.union([text, drawingElement]));
  },
}).meta({ id: "DrawingElement", description: "An element of an overview drawing" }) as z.ZodType<DrawingElement>;

/** The overview drawing of a bench. */
export const overviewDescription: z.ZodType<OverviewDescription> = of<OverviewDescription>()(
  z.strictObject({
    drawing: drawingElement.nullable().describe("null where the bench has none"),
    sheet: text.describe("the style sheet of the drawing"),
    problem: text.describe("why its file cannot be used as it is now, or empty"),
  }).meta({ id: "Overview", description: "The overview drawing of a bench" }),
);
