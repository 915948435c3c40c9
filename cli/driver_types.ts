/**
 * The types for drivers of one's own, written by docs/generate_types.ts.
 *
 * @module
 */

/** The text of a file of declarations. */
export const driverTypes =
  `// The types of heliograph for drivers of one's own, for editors; heliograph itself does not read this file.
// \`heliograph types\` writes it anew.

export {};

/**
 * heliograph, for a driver of one's own: its function's first argument.
 */
export interface DriverApi {
  /** Declares an instrument. */
  readonly defineInstrument: typeof defineInstrument;
  /** Declares a command. */
  readonly command: typeof command;
  /** What to throw so that the client is told what went wrong: \`new HeliographError("command_failed", "why")\`. */
  readonly HeliographError: typeof HeliographError;
  /** The same as drivers of 0.1 throw it: \`new InstrumentError("why", "command_failed")\`. */
  readonly InstrumentError: new (message: string, code?: ErrorCode, options?: ErrorOptions) => HeliographError;
  /** Keeps an instrument on a port in contact: for \`contact\`, and for talking to it. */
  readonly PortContact: typeof PortContact;
  /** The check sums that instruments have: \`checkSums.crc16modbus(bytes)\` is a number. */
  readonly checkSums: Readonly<
    Record<
      "xor" | "sum" | "lrc" | "sumInverted" | "sum16" | "crc16modbus" | "crcCcitt" | "crcXmodem",
      (bytes: Uint8Array) => number
    >
  >;
  /**
   * Cuts the first answer off bytes, as a port does.
   *
   * @returns The answer without its end, and the bytes after it; \`undefined\` where it is not whole.
   */
  readonly answerIn: (
    bytes: Uint8Array,
    shape: Shape,
  ) => { readonly answer: Uint8Array; readonly rest: Uint8Array } | undefined;
  /** Makes azcam's \`exposure\` of a detector: a camera whose controller is one's own. */
  readonly azcamExposure: typeof azcamExposure;
}

/**
 * A driver of one's own: what its file exports by default. It runs in a process of its own, with what its instrument's
 * \`permissions\` in the bench file grant and nothing else.
 */
export type DriverModule = (
  heliograph: DriverApi,
  /** The words of the bench file for the instrument. */
  setup: {
    /** What people shall call it. */
    readonly title: string;
    /** The bench file's \`options\`; empty where it has none. */
    readonly options: Readonly<Record<string, unknown>>;
    /** Its port, where the bench file names one; spoken on as the bench file's \`line\` says. The server opens it. */
    readonly port: Port | undefined;
    /** The folder of the driver's file, which it may read. */
    readonly folder: string;
    /** Absolute paths of the folders that images may be written to; its \`permissions\` have to grant them to it. */
    readonly imageFolders: readonly string[];
  },
) => Instrument | Promise<Instrument>;

/** The words of the bench file for the instrument: the function's second argument. */
export type DriverSetup = Parameters<DriverModule>[1];

/**
 * The declaration of an instrument.
 */
export interface InstrumentSpec<F extends Record<string, ValueType>> {
  /** What people call it, and PyOpticon's nickname: \`UV Light\`. Clients also reach it as \`uv_light\`. */
  readonly title: string;
  /** What stands over it on the page, and in PyOpticon's scripts as a widget's \`name\`. @default the title */
  readonly caption?: string;
  /** What it is, in a line. */
  readonly summary?: string;
  /** Its fields by title: \`Actual Status\`, which clients also reach as \`actual_status\`. @default none */
  readonly fields?: { readonly [K in keyof F]: FieldSpec<F[K]> };
  /**
   * The fields that matter most, one or two, by their titles or names: what the page shows large. @default the first
   * readouts that are numbers
   */
  readonly main?: readonly string[];
  /** Its commands by name, or a function that makes them from the instrument's fields. @default none */
  readonly commands?:
    | Readonly<Record<string, Command>>
    | ((fields: { readonly [K in keyof F]: Field<ValueOf<F[K]>> }) => Readonly<Record<string, Command>>);
  /** Instruments whose commands it answers as well, each in its own queue: what azcam's \`api\` does. @default none */
  readonly answersFor?: readonly string[];
  /** How often its fields are read, in seconds. @default 1 */
  readonly pollInterval?: number;
  /** After how many seconds without a reading a field is stale. @default three poll intervals, and at least 5 */
  readonly staleAfter?: number;
  /** After how many seconds without a reading a field is in error. @default three times \`staleAfter\` */
  readonly errorAfter?: number;
  /** What keeps it in contact, where it is a real one. @default none */
  readonly contact?: Contact;
  /** Whether its fields are set beside a running command, since setting them drives nothing. @default false */
  readonly settingsBeside?: boolean;
  /** Makes it ready, before the server gives up the permissions that it does not need for serving. */
  readonly start?: () => Promise<void> | undefined;
  /** Ends what it does, when the server stops. */
  readonly stop?: () => Promise<void>;
  /** Advances a simulation. @param seconds How much simulated time passes. */
  readonly step?: (seconds: number) => void;
}

/**
 * The declaration of a field.
 */
export interface FieldSpec<T extends ValueType = ValueType> extends ValueDescription<T> {
  /** \`readout\`: read only. \`setting\`: can be set. @default "setting" where there is \`write\` or \`needsConfirm\` */
  readonly access?: "readout" | "setting";
  /** Whether a changed setting waits for \`confirm\`, as PyOpticon's entries do. @default false */
  readonly needsConfirm?: boolean;
  /** What it holds before anything was read or set. @default nothing, which reads \`No Reading\` */
  readonly initial?: ValueOf<T>;
  /**
   * Reads the hardware; called at the poll interval. Throw a HeliographError where it fails: with the code
   * \`not_connected\` where nothing answers, and the field keeps its value until it is stale.
   *
   * @param signal Aborted when the reading takes too long.
   * @param pass The same object for all the fields that are read in one go: one answer may hold several.
   */
  readonly read?: (signal: AbortSignal, pass: object) => ValueOf<T> | Promise<ValueOf<T>>;
  /** Whether it is updated by what the instrument sends without being asked, and goes stale when that ends. @default false */
  readonly listens?: boolean;
  /** How often it is read, in seconds. @default the instrument's poll interval */
  readonly pollInterval?: number;
  /**
   * For how long each of its readings is kept, where that differs from the other fields: \`2y\`; \`false\` for not at all.
   *
   * @default as the records say
   */
  readonly keep?: string | false;
  /** The FITS keyword by which the headers of images say it, for example \`CAMTEMP\`. @default none */
  readonly keyword?: string;
  /** For a setting: the field by which the device says what it made of it. @default none */
  readonly readback?: {
    /** The title or the name of a field of the same instrument, of the same type. */
    readonly field: string;
    /** By how much two numbers may differ and still be the same, in the setting's unit. @default 0 */
    readonly tolerance?: number;
    /** How long the device may take, in seconds. @default 10 */
    readonly within?: number;
  };
  /**
   * How it is computed from other fields of the bench: \`voltage * current\`. It is computed whenever one of them changes,
   * and cannot be read or set in another way. @default it is not
   */
  readonly compute?: string;
  /** The alarm limits of a number: beyond them, a person is called. @default none */
  readonly alarm?: { readonly lowLow?: number; readonly low?: number; readonly high?: number; readonly highHigh?: number } & {
    /** By how much it must be back within a limit before its alarm returns. @default 0 */
    readonly deadband?: number;
    /** For how long it must be beyond a limit, in seconds. @default 0 */
    readonly delay?: number;
    /** How soon a person has to do something beyond \`low\` or \`high\`; \`lowLow\` and \`highHigh\` are one more severe. @default "medium" */
    readonly severity?: "low" | "medium" | "high" | "critical";
    /** What a person should do. */
    readonly text?: string;
  };
  /** Writes the hardware; called when the field is set, or at \`confirm\` where it needs one. */
  readonly write?: (value: ValueOf<T>, signal: AbortSignal) => unknown;
}

/**
 * A field of a running instrument, typed by its declaration.
 */
export interface Field<V extends WireValue = WireValue> {
  /** An identifier: \`actual_status\`. */
  readonly name: string;
  /** What people and PyOpticon's scripts call it: \`Actual Status\`. */
  readonly title: string;
  /** The value; \`undefined\` when it has not been read or set yet. */
  readonly value: V | undefined;
  /** Whether to trust it. */
  readonly quality: "good" | "stale" | "error";
  /**
   * Sets what the field holds, without writing any hardware, and publishes the change.
   *
   * @param value The value, which must be of the declared type and within the limits.
   */
  update(value: V): void;
}

/**
 * The declaration of a command.
 */
export interface CommandSpec<A extends Record<string, ValueType>> {
  /** What it does, in a line; ends without a full stop. */
  readonly summary: string;
  /** Its arguments, in order; each can also be given as \`name=value\`. @default none */
  readonly arguments?: {
    readonly [K in keyof A]: ValueDescription<A[K]> & {
      /**
       * What it is when left out (azcam's clients may also send \`None\`); without one it must be given. It may be beyond
       * the limits, where it stands for something else: \`-1\` for "as it is".
       */
      readonly default?: ValueOf<A[K]>;
    };
  };
  /** Takes any further positional and keyword arguments. @default false */
  readonly takesMore?: boolean;
  /** The least role that may call it. @default "operator" */
  readonly role?: Role;
  /**
   * Does not wait behind a running command: for status, and for reading what is in memory. It passes nobody who has
   * control: that takes \`stop\`.
   * @default false
   */
  readonly immediate?: boolean;
  /**
   * Stops or puts out something: every operator of the bench may call it, whoever has control and of whichever
   * instruments they are; it does not wait behind a running command either. @default false
   */
  readonly stop?: boolean;
  /**
   * Does not wait behind a running command either, since it drives nothing: it sets in memory what the next one uses.
   * @default false
   */
  readonly beside?: boolean;
  /**
   * Whatever else its caller has asked for of this instrument and what still waits is not started any more: for an abort.
   *
   * @default false
   */
  readonly dropsWaiting?: boolean;
  /** The time it may take in seconds, waiting included. @default 30 */
  readonly deadline?: number;
  /**
   * What people are asked on the page before they run it, for what cannot be undone: \`The image in the detector is lost\`.
   *
   * @default nothing
   */
  readonly confirm?: string;
  /**
   * \`float\`: numbers, also those in a list, read \`1.0\` rather than \`1\` on azcam's wire. \`tuple\`: a list is a tuple in
   * Python code, and reads \`(1, 2)\` on azcam's wire.
   */
  readonly returns?: "float" | "tuple";
  /**
   * Does it.
   *
   * @returns Nothing, text, a number, a boolean, a list of these, or a mapping; or a promise of it.
   */
  readonly run: (args: { readonly [K in keyof A]: ValueOf<A[K]> }, context: CommandContext) => unknown;
}

/**
 * The context of a command's handler, beside its arguments.
 */
export interface CommandContext {
  /** Aborted when the command's deadline passes: stop what you do, and throw. */
  readonly signal: AbortSignal;
  /** What the caller may do. */
  readonly role: Role;
  /** Who asked: a session, code, or the command that called this one; \`gone\` once nobody waits for the answer. */
  readonly caller: { readonly role: Role; readonly gone?: boolean };
  /** Positional arguments beyond the declared ones, where the command \`takesMore\`. */
  readonly more: readonly unknown[];
  /** Keyword arguments that are not declared, where the command \`takesMore\`. */
  readonly moreKeywords: ReadonlyMap<string, unknown>;
  /**
   * Calls a command of another instrument, with the caller's own role and in that instrument's queue.
   *
   * @param instrument Its name or title.
   * @param command The command's name.
   * @param args Positional arguments, text or typed.
   * @returns What it returned: at once where nothing had to be waited for, as a promise otherwise.
   */
  readonly call: (instrument: string, command: string, ...args: unknown[]) => unknown;
  /**
   * Calls a command that goes on after this one has answered: it is done also when the caller has gone, and waits its
   * turn like any other.
   *
   * @param instrument Its name or title.
   * @param command The command's name.
   * @param args Positional arguments, text or typed.
   * @returns What it returned; somebody has to look at whether it failed.
   */
  readonly callInBackground: (instrument: string, command: string, ...args: unknown[]) => unknown;
  /**
   * As \`callInBackground\`, for what puts an instrument back as it was: a lamp out, a focus where it stood. It is done
   * also when somebody else has taken control of that instrument meanwhile.
   *
   * @param instrument Its name or title.
   * @param command The command's name.
   * @param args Positional arguments, text or typed.
   * @returns What it returned; somebody has to look at whether it failed.
   */
  readonly putBack: (instrument: string, command: string, ...args: unknown[]) => unknown;
}

/**
 * A turn on the port, and what its holder may do.
 */
export interface Turn {
  /** Whether the last question was left without an answer, or was given up: the instrument may have been off. */
  readonly unanswered: boolean;
  /** \`immediate\`: abort and stop. \`command\`: what a client asked for. \`poll\`: what can wait. */
  readonly urgency: "immediate" | "command" | "poll";
  /** Aborted when the turn is to end; \`undefined\` where it takes as long as it takes. */
  readonly signal: AbortSignal | undefined;
  /**
   * Sends a command that has no answer. A text gets the line's end, bytes go out as they are.
   *
   * @param deaf How long the instrument hears nothing after it, in seconds: nothing is sent meanwhile. @default 0
   * @param timeout How long its prompt or its echo may take, in seconds, where the line has one. @default 1
   */
  send(command: string | Uint8Array, deaf?: number, timeout?: number): Promise<void>;
  /**
   * Waits, and keeps the turn meanwhile. What is immediate ends a wait and takes the turn away, unless the turn is
   * immediate itself: then nothing more can be sent in it.
   */
  wait(seconds: number): Promise<void>;
  /**
   * Asks a question.
   *
   * @returns The answer, without its end.
   * @throws {HeliographError} \`not_connected\` when none came in time, \`command_failed\` when it is not what was expected.
   */
  ask(question: {
    /** What is sent: a text without its end, or bytes as they are. */
    readonly text: string | Uint8Array;
    /** How its answer ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
    /** How long to wait for the answer, in seconds. */
    readonly timeout: number;
    /** Whether a line is an answer to it. */
    readonly accepts: (answer: string) => boolean;
    /** What its answer looks like, for the error: what follows \`should have\`. */
    readonly expected: string;
    /** Whether the instrument may also say nothing; then the answer is empty. @default false */
    readonly optional?: boolean;
    /**
     * Whether it is sent also while a late answer could be taken for its own: it does something, and its answer says only
     * that it is done. What is immediate always is, but on a network line that is opened anew first. @default false
     */
    readonly always?: boolean;
    /** Whether a line is a refusal of it. @default none is */
    readonly refuses?: (answer: string) => boolean;
    /** Whether nothing is late where nothing came in time: only a refusal is listened for. @default false */
    readonly onlyRefused?: boolean;
    /** How long the instrument hears nothing after it was sent, in seconds. @default 0 */
    readonly deaf?: number;
  }): Promise<string>;
  /**
   * Asks a question whose answer is no text.
   *
   * @returns The bytes of the answer.
   * @throws {HeliographError} As \`ask\`.
   */
  askBytes(question: {
    /** What is sent: a text without its end, or bytes as they are. */
    readonly text: string | Uint8Array;
    /** How long to wait for the answer, in seconds. */
    readonly timeout: number;
    /** How its answer ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
    /** Whether bytes are an answer to it, a right check sum for example. @default all are */
    readonly accepts?: (answer: Uint8Array) => boolean;
    /** What its answer looks like, for the error: what follows \`should have\`. @default been another one */
    readonly expected?: string;
  }): Promise<Uint8Array>;
  /**
   * Hears what comes by itself, answer after answer, until the loop over it ends. What comes then is nobody's.
   *
   * @returns Ends when nothing came for so long.
   * @throws {HeliographError} \`not_connected\` where the line breaks.
   */
  receive(stream: {
    /** What is sent first. @default nothing */
    readonly text?: string | Uint8Array | undefined;
    /** How long to wait for each, in seconds. */
    readonly timeout: number;
    /** How each ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
  }): AsyncGenerator<Uint8Array, void, void>;
}

/**
 * How an answer ends. At most one of \`length\`, \`block\` and \`answerEnds\`; where a question says nothing of it, its answer
 * ends as the others on the line.
 */
export interface Shape {
  /** What ends it, and is no part of it; empty where nothing does. */
  readonly receiveEnd?: string | undefined;
  /** How many bytes it has, or where it says how many. */
  readonly length?: number | {
    /** Where the number is, counted in bytes from 0. */
    readonly at: number;
    /** How many bytes, digits or not, the number has. @default 1 */
    readonly bytes?: number | undefined;
    /** How it is written. @default binary */
    readonly as?: "binary" | "decimal" | "hexadecimal" | undefined;
    /** Which byte of a binary number comes first: \`big\` is the one that counts most. @default big */
    readonly order?: "big" | "little" | undefined;
    /** How many bytes the whole answer has more than the number says. @default 0 */
    readonly plus?: number | undefined;
  } | undefined;
  /** Whether it may be a block as SCPI has them: \`#42048\`, 2048 bytes and the line's end. */
  readonly block?: boolean | undefined;
  /** A pattern that is found as soon as the answer is whole; what it finds is part of the answer. */
  readonly answerEnds?: string | undefined;
  /** How many answers, one after another, are one. @default 1 */
  readonly lines?: number | undefined;
  /** After how many seconds without another byte what has come is the answer. @default never */
  readonly quiet?: number | undefined;
}

/** The routines at the beginning and the end of contact. */
export interface Routine {
  /** What people call the instrument. */
  readonly title: string;
  /** Makes sure that it is there and the right one, and makes it ready. */
  readonly greet: (turn: Turn) => Promise<void>;
  /** What is said before the server stops. */
  readonly farewell?: (turn: Turn) => Promise<void>;
  /** Puts something around all that is said in a turn: an address, a check sum. @default nothing */
  readonly around?: (turn: Turn) => Turn;
  /** After how many seconds without a word it counts as lost, where it talks without being asked. @default never */
  readonly silentAfter?: number;
  /** The first wait before it is tried again, in seconds; each further one is twice as long. @default 0.5 */
  readonly shortestWait?: number;
  /** The longest wait, in seconds. @default 30 */
  readonly longestWait?: number;
  /** The most that the instrument delays what is immediate besides the line's gap, in seconds. @default 0 */
  readonly delays?: () => number;
}

/**
 * Keeps an instrument in contact; instruments of one's own may have one that is not made of a port.
 */
export interface Contact {
  /** Where it is, for people. */
  readonly address: string;
  /** \`off\`: not started. \`connecting\`: the first try is under way. \`lost\`: it does not answer and is tried again. */
  readonly state: "off" | "connecting" | "connected" | "lost";
  /** Why it does not; empty where it does. */
  readonly reason: string;
  /** Since when it is in this state, in milliseconds since 1970. @default unknown */
  readonly since?: number;
  /** When a lost one is tried again, in milliseconds since 1970. @default unknown */
  readonly nextTry?: number;
  /** Begins. @param changed Told of every change of the state. */
  start(changed: () => void): void;
  /** Says goodbye and ends; \`reason\` says then why the goodbye was not heard, if it was not. */
  stop(): Promise<void>;
}

/**
 * The TypeScript type of a \`ValueType\`: numbers, booleans for a switch, text for the others.
 */
export type ValueOf<T extends ValueType> = T extends "float" | "int" ? number : T extends "switch" ? boolean : string;

/**
 * The values that a field or an argument may have: as it is declared, and as it is described to clients.
 */
export interface ValueDescription<T extends ValueType = ValueType> {
  /** The type of value. */
  readonly type: T;
  /** The unit people read, for example \`°C\` or \`sccm\`. */
  readonly unit?: string;
  /** The smallest allowed number, in \`unit\`. @default any */
  readonly minimum?: number;
  /** The largest allowed number, in \`unit\`. @default any */
  readonly maximum?: number;
  /** What a \`choice\` can be; what is proposed for a \`text\`, which may be something else. */
  readonly choices?: readonly string[];
  /** How many decimals a \`float\` is shown with; how many digits, where its format is \`significant\`. @default as many as it has */
  readonly decimals?: number;
  /** How people read a number: \`fixed\`, \`significant\`, \`scientific\`, \`engineering\`; an \`int\` also \`hexadecimal\`, \`binary\`. */
  readonly format?: "fixed" | "significant" | "scientific" | "engineering" | "hexadecimal" | "binary";
  /** What it is, in a line. */
  readonly summary?: string;
}

/**
 * A field's or argument's value as it crosses the wire: a switch is a boolean, a choice its text.
 */
export type WireValue = number | string | boolean;

/**
 * The type of a value: a number with or without a fraction, text, one of a list, or on and off.
 */
export type ValueType = "float" | "int" | "text" | "choice" | "switch";

/**
 * A role: an observer reads, an operator also drives, an admin also evaluates code and stops the server.
 */
export type Role = "observer" | "operator" | "admin";

/**
 * The options of a camera.
 */
export interface CameraOptions {
  /** What people call it. @default "exposure" */
  readonly title?: string;
  /** What it is, in a line. */
  readonly summary: string;
  /** The detector. */
  readonly detector: Detector;
  /** Absolute paths of the folders that images may be written to; none where exposures cannot be taken. */
  readonly imageFolders: readonly string[];
  /** The time it goes by. @default the PC's clock */
  readonly clock?: Clock;
  /** What the header says that wrote it. @default "heliograph" */
  readonly software?: string;
  /** azcam's name for the system. @default "sim" */
  readonly systemName?: string;
  /** The instrument whose focus a focus sequence moves, until \`focuscomponent\` is set. @default "instrument" */
  readonly focusComponent?: "instrument" | "telescope";
}

/**
 * A detector with its controller and shutter. It is driven by one exposure at a time.
 */
export interface Detector {
  /** What it is, for the header: \`simulated CCD\`. */
  readonly title: string;
  /** The format it is made with. */
  readonly format: DetectorFormat;
  /** The amplifiers it is made with. */
  readonly focalPlane: FocalPlane;
  /** An amplifier's gain in electrons per number. @param amplifier From 1. */
  gain(amplifier: number): number;
  /** An amplifier's read noise in electrons. @param amplifier From 1. */
  readNoise(amplifier: number): number;
  /**
   * Clears the charge.
   *
   * @param cycles How often.
   * @param signal Ends it early; then it throws the signal's reason.
   */
  flush(cycles: number, signal: AbortSignal): Promise<void>;
  /**
   * Begins to collect charge, with the shutter open unless there is to be no light. Where the charge can be shifted it
   * may be begun again after \`end\`, before it is read out: what it collects then adds to what is there.
   *
   * @param light What the shutter lets in: nothing, a lamp (for flats and comparisons), or the sky through telescope and filter.
   * @param surroundings The instruments of the bench, such as the telescope; \`find\` takes a name or title.
   */
  begin(
    light: "none" | "flat" | "sky",
    surroundings: {
      readonly instruments: readonly Instrument[];
      find(name: string): Instrument | undefined;
    } | undefined,
  ): Promise<void>;
  /** Closes the shutter; the charge stays. */
  pause(): Promise<void>;
  /** Opens it again where it was open. */
  resume(): Promise<void>;
  /** Closes the shutter: the charge waits to be read out. */
  end(): Promise<void>;
  /** Closes the shutter and forgets the charge; it fits in whatever it does. */
  abort(): Promise<void>;
  /**
   * Shifts the charge along the columns, without reading it; left out where the detector cannot. A focus sequence needs
   * it.
   *
   * @param rows How far: positive is towards the readout, negative away from it.
   * @param signal Ends it early; then it throws the signal's reason.
   */
  shift?(rows: number, signal: AbortSignal): Promise<void>;
  /** Opens or closes the shutter by hand. */
  setShutter(open: boolean): Promise<void>;
  /**
   * Reads the charge out.
   *
   * @param readout What is to be read: the format as it is set, and what each amplifier reads.
   * @param report Told how many pixels are still to come, all amplifiers together.
   * @param signal Ends it early; then it throws the signal's reason.
   * @returns Each amplifier's image, in the order of the readouts: columns × rows numbers, row by row as they were read.
   */
  readOut(
    readout: { readonly format: DetectorFormat; readonly readouts: readonly AmplifierReadout[] },
    report: (pixelsRemaining: number) => void,
    signal: AbortSignal,
  ): Promise<readonly Uint16Array[]>;
  /** Prepares what it needs for images, where there is a folder for them: before the server gives up its permissions. */
  start?(): Promise<void> | void;
  /** Gives up what it holds, when the server stops. */
  stop(): Promise<void>;
}

/**
 * A detector's format, in pixels: azcam's \`get_format\`, in its order.
 */
export interface DetectorFormat {
  /** Columns that see light (\`ns_total\`). */
  readonly columns: number;
  /** Dark columns before them, which are physically there (\`ns_predark\`). */
  readonly darkColumns: number;
  /** How many of the dark columns are read, per amplifier, as underscan (\`ns_underscan\`). */
  readonly underscanColumns: number;
  /** Columns that each amplifier reads after the last one, with no pixel behind them (\`ns_overscan\`). */
  readonly overscanColumns: number;
  /** Rows that see light (\`np_total\`). */
  readonly rows: number;
  /** Dark rows before them (\`np_predark\`). */
  readonly darkRows: number;
  /** How many of the dark rows are read, per amplifier (\`np_underscan\`). */
  readonly underscanRows: number;
  /** Rows that each amplifier reads after the last one (\`np_overscan\`). */
  readonly overscanRows: number;
  /** Rows that the image is shifted before it is read, on a frame transfer detector (\`np_frametransfer\`). */
  readonly frameTransferRows: number;
}

/**
 * The amplifiers of a detector: how many read it, and from which corners; azcam's \`get_focalplane\`.
 */
export interface FocalPlane {
  /** Detectors side by side. */
  readonly detectorsX: number;
  /** Detectors above one another. */
  readonly detectorsY: number;
  /** Amplifiers side by side. */
  readonly amplifiersX: number;
  /** Amplifiers above one another. */
  readonly amplifiersY: number;
  /**
   * A digit for each amplifier, row by row from the lower left: 0 reads towards the left and down, 1 towards the right,
   * 2 up, 3 right and up.
   */
  readonly configuration: string;
}

/**
 * The readout of one amplifier: an image of its own, in the order in which its pixels come.
 */
export interface AmplifierReadout {
  /** Which of the focal plane's amplifiers it is, from 1. */
  readonly number: number;
  /** The image's size, with underscan and overscan (NAXIS1). */
  readonly columns: number;
  /** The image's size, with underscan and overscan (NAXIS2). */
  readonly rows: number;
  /** Columns of the image before its data. */
  readonly underscanColumns: number;
  /** Columns of the image with data. */
  readonly dataColumns: number;
  /** Columns of the image after its data. */
  readonly overscanColumns: number;
  /** Rows of the image before its data. */
  readonly underscanRows: number;
  /** Rows of the image with data. */
  readonly dataRows: number;
  /** Rows of the image after its data. */
  readonly overscanRows: number;
  /** The detector's column (from 1) of the first data pixel that is read; binning goes on from it. */
  readonly startColumn: number;
  /** The detector's row (from 1) of the first data pixel that is read. */
  readonly startRow: number;
  /** 1 where the columns are read from left to right, -1 from right to left. */
  readonly columnStep: 1 | -1;
  /** 1 where the rows are read from the bottom up, -1 from the top down. */
  readonly rowStep: 1 | -1;
  /** How many columns make one of the image. */
  readonly columnBinning: number;
  /** How many rows make one of the image. */
  readonly rowBinning: number;
}

/**
 * A clock that can be waited for.
 */
export interface Clock {
  /** Seconds since some moment; never set back, whatever happens to the date. */
  now(): number;
  /** The date and time. */
  date(): Date;
  /**
   * Waits.
   *
   * @param seconds How long; nothing and less is over at once.
   * @param signal Ends the wait.
   * @throws The signal's reason.
   */
  wait(seconds: number, signal?: AbortSignal): Promise<void>;
}

/** One of heliograph's stable codes for errors. */
export type ErrorCode =
  | "bad_message"
  | "message_too_long"
  | "unknown_instrument"
  | "unknown_field"
  | "unknown_command"
  | "unknown_client"
  | "bad_argument"
  | "out_of_limits"
  | "not_a_setting"
  | "command_failed"
  | "not_connected"
  | "code_failed"
  | "limit_exceeded"
  | "deadline_exceeded"
  | "too_many_requests"
  | "not_allowed"
  | "no_credential"
  | "held"
  | "forbidden"
  | "unavailable"
  | "stopping"
  | "cannot_listen"
  | "connection_failed"
  | "connection_lost"
  | "no_reply"
  | "aborted";

/** An error with a stable code. */
export declare class HeliographError extends Error {
  /** The stable code. */
  readonly code: ErrorCode;
  /** The unknown name, where the error is about one. */
  readonly subject: string;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { readonly subject?: string });
}

/** A command as declared; made by \`command\`. */
export interface Command {
  /** What it does, in a line. */
  readonly summary: string;
}

/** An instrument; made by \`defineInstrument\`. */
export interface Instrument {
  /** An identifier: \`uv_light\`. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** Its fields, in the order of the declaration. */
  readonly allFields: readonly Field[];
  /** A field by its name or title. */
  field(name: string): Field;
}

/** The one line to one or several instruments. */
export interface Port {
  /** The path of a serial port, the address of a network one. */
  readonly name: string;
  /** Hears every line that is not an answer, until the returned function is called. */
  listen(listener: (line: string) => boolean): () => void;
  /** Tells when the line breaks by itself, until the returned function is called. */
  onBroken(told: (reason: HeliographError) => void): () => void;
  /** Whether an instrument uses it now. */
  readonly used: boolean;
  /** The last exchanges on it, the oldest first; after the one of a number, where that is given. */
  exchanges(after?: number): {
    readonly number: number;
    /** When it was, ISO 8601 in UTC. */
    readonly time: string;
    /** \`sent\` and \`received\` are bytes; \`note\` is what was made of them, or what else happened. */
    readonly kind: "sent" | "received" | "note";
    /** The bytes as text with escapes; what happened, in words. */
    readonly text: string;
  }[];
  /** Opens it for one more instrument. */
  join(): Promise<void>;
  /** An instrument needs it no more. */
  leave(): void;
  /** Waits for a turn and uses it: nobody else's commands come in between. */
  use<T>(
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T>;
}

/** Keeps an instrument on a port in contact. */
export declare class PortContact implements Contact {
  readonly address: string;
  state: Contact["state"];
  reason: string;
  constructor(port: Port, routine: Routine);
  start(changed: () => void): void;
  stop(): Promise<void>;
  /** It has said something by itself. */
  heard(): void;
  /** Uses the port for this instrument. */
  use<T>(
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T>;
}

/** Declares an instrument. */
declare function defineInstrument<F extends Record<string, ValueType>>(
  spec: InstrumentSpec<F>,
): Instrument & { readonly fields: { readonly [K in keyof F]: Field<ValueOf<F[K]>> } };

/** Declares a command. */
declare function command<A extends Record<string, ValueType>>(spec: CommandSpec<A>): Command;

/** A camera as azcam's \`exposure\`. */
declare function azcamExposure(options: CameraOptions): Instrument;
`;
