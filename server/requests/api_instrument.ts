/**
 * The default instrument `api`: it answers commands without a dot.
 *
 * @module
 */

import { localTime } from "../../protocol/local_time.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { usualInterval } from "../../protocol/data_log.ts";
import { parseDuration, usualControl } from "../../protocol/duration.ts";
import { principalOf, whoIs } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { type Caller, command } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import { helpCommand, helpInstrument } from "../bench/describe.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, ownInstruments } from "../bench/names.ts";
import type { Sessions } from "../access/sessions.ts";
import type { DataLog } from "../records/data_log.ts";
import { traceOf } from "./trace.ts";

/** azcam's `api` answers for the camera's tools; the first that has a command gets it. */
const azcamTools = ["exposure", "parameters", "tempcon", "instrument", "telescope"];

const words = [
  "echo [TEXT]",
  "eval EXPRESSION",
  "register NAME [TOKEN]",
  "auth TOKEN",
  "note TEXT (in the journal)",
  "quit, bye, closeconnection or an empty line (closes this connection)",
  "exit (stops the server, for everybody)",
  "datalog, datalog_start [NAME] [EVERY] [FIELDS], datalog_stop",
  "help [NAME]",
  "list",
  "status",
  "take INSTRUMENT [DURATION]",
  "release INSTRUMENT",
  "hand_over INSTRUMENT CLIENT",
  "INSTRUMENT.COMMAND ARGUMENTS… KEY=VALUE…",
];

/** An argument that came as it was given: requests of programs bring numbers, lines bring text. */
function numberOrText(given: unknown): number | string {
  return typeof given === "number" ? given : String(given);
}

/**
 * Makes the default instrument.
 *
 * @param bench The bench it tells of.
 * @param dispatcher Who finds instruments, and knows who has control of them.
 * @param sessions Who is connected.
 * @param dataLog Writes PyOpticon's data log.
 * @param status What `status` tells.
 * @param logged What `get_logdata` tells.
 */
export function apiInstrument(
  bench: Bench,
  dispatcher: Pick<Dispatcher, "instrument" | "control" | "allow">,
  sessions: Pick<Sessions, "called">,
  dataLog: Pick<DataLog, "start" | "stop" | "state">,
  status: () => unknown,
  logged: () => readonly string[],
): Instrument {
  const reading = { role: "observer", immediate: true } as const;
  /** An instrument that whoever asks may drive. */
  const driven = (name: string, caller: Caller, what: string) => {
    const instrument = dispatcher.instrument(name);
    dispatcher.allow(principalOf(caller), "drive", what, instrument.name);
    return instrument;
  };
  const takeable = (name: string, caller: Caller, what: string) => {
    if (dispatcher.instrument(name).name !== "api") return driven(name, caller, what).name;
    const why = "it drives nothing, and everybody needs it";
    throw new HeliographError("bad_argument", `Cannot take or release api: ${why}; "list" tells the instruments`);
  };
  /** Asks for control where the instrument is another PC's. */
  const askThere = (name: string, caller: Caller, what: string, message: Record<string, unknown>) => {
    const { remote } = dispatcher.instrument(name);
    if (remote === undefined) return undefined;
    driven(name, caller, what);
    return remote(message, caller, 10).then(() => undefined);
  };
  const instrumentArgument = { type: "text", summary: "its name or title" } as const;
  const others = () => bench.instruments.filter(({ name }) => name !== "api");
  return defineInstrument({
    title: "api",
    summary: "what answers a command without a dot",
    aside: true,
    answersFor: azcamTools,
    commands: {
      list: command({
        ...reading,
        summary: "List the instruments",
        // heliograph's own are none that somebody put on the bench.
        run: () => bench.instruments.map(({ name }) => name).filter((name) => !ownInstruments.has(name)),
      }),
      status: command({
        ...reading,
        summary: "Tell uptime, listeners, sessions and what the instruments are doing, as JSON",
        run: status,
      }),
      trace: command({
        summary: "Tell the last exchanges on an instrument's line: what was sent and came, and what was made of it",
        arguments: {
          instrument: instrumentArgument,
          after: { type: "int", default: 0, minimum: 0, summary: "the number of the last entry that is known already" },
        },
        immediate: true,
        run: ({ instrument, after }, { caller }) => traceOf(driven(instrument, caller, "trace"), after),
      }),
      whoami: command({
        ...reading,
        summary: "Tell who you are to the server and what you may do, as JSON",
        run: (_, { caller }) => whoIs(principalOf(caller)),
      }),
      get_logdata: command({
        ...reading,
        summary: "Tell what the log has said since this was last asked: azcam's parameter logdata",
        run: logged,
      }),
      datalog: command({
        ...reading,
        summary: "Tell how PyOpticon's data log stands: whether it is written, into which file, how often, as JSON",
        run: () => dataLog.state,
      }),
      datalog_start: command({
        summary: "Begin a data log as PyOpticon's, or continue one: a CSV file with a row of values again and again",
        arguments: {
          name: {
            type: "text",
            default: "",
            summary: "a file of the folder for logs; PyOpticon's name where left out",
          },
          every: { type: "text", default: usualInterval, summary: "how often a row is written, h:mm:ss" },
          fields: {
            type: "text",
            default: "",
            summary: "INSTRUMENT or INSTRUMENT.FIELD, several with commas; all that belong into a log where left out",
          },
        },
        immediate: true,
        run: ({ name, every, fields }) =>
          dataLog.start({ name, every, fields: fields.split(",").map((entry) => entry.trim()).filter(Boolean) }),
      }),
      datalog_stop: command({
        summary: "End the data log",
        immediate: true,
        run: () => dataLog.stop(),
      }),
      take: command({
        summary: "Take control of an instrument: until it is released, or you asked for nothing for DURATION, others " +
          "can read it but not drive it",
        arguments: {
          instrument: instrumentArgument,
          duration: {
            type: "text",
            asGiven: true,
            default: `${usualControl / 60}m`,
            summary: "90, 90s, 10m or 2h, at most 24h",
          },
          unit: { type: "text", default: "", summary: "of the duration, where it is a word of its own: minutes" },
          force: { type: "switch", default: false, summary: "from somebody else; needs the right to take over" },
        },
        immediate: true,
        run: ({ instrument, duration, unit, force }, { caller }) => {
          const time = unit === "" ? numberOrText(duration) : `${duration} ${unit}`;
          const seconds = parseDuration(time);
          return askThere(instrument, caller, "take", { cmd: "Take", seconds, force }) ??
            dispatcher.control.take(takeable(instrument, caller, "take"), caller, seconds, force);
        },
      }),
      release: command({
        summary: "Release an instrument: everybody may drive it again",
        arguments: {
          instrument: instrumentArgument,
          force: { type: "switch", default: false, summary: "also from somebody else; needs the right to take over" },
        },
        immediate: true,
        run: ({ instrument, force }, { caller }) =>
          askThere(instrument, caller, "release", { cmd: "Release", force }) ??
            dispatcher.control.release(takeable(instrument, caller, "release"), caller, force),
      }),
      hand_over: command({
        summary: "Give control of an instrument to another client, without anybody getting in between",
        arguments: {
          instrument: instrumentArgument,
          client: { type: "text", asGiven: true, summary: 'its number or name, as "status" tells them' },
          force: { type: "switch", default: false, summary: "also from somebody else; needs the right to take over" },
        },
        immediate: true,
        run: ({ instrument, client, force }, { caller }) =>
          dispatcher.control.handOver(
            takeable(instrument, caller, "hand_over"),
            caller,
            sessions.called(numberOrText(client)).principal,
            usualControl,
            force,
          ),
      }),
      try_now: command({
        summary: "Try an instrument that does not answer now, without waiting for the next try",
        arguments: { instrument: instrumentArgument },
        immediate: true,
        run: ({ instrument }, { caller }) => {
          const { title, contact } = driven(instrument, caller, "try_now");
          const why = contact === undefined
            ? "it has no port"
            : contact.tryNow === undefined
            ? "what keeps its contact cannot be hurried"
            : contact.state === "off"
            ? contact.reason === "" ? "it has not been started" : `it is ${contact.reason}`
            : contact.state === "connected"
            ? "it answers"
            : "";
          if (why !== "") throw new HeliographError("command_failed", `Cannot try ${title} now: ${why}`);
          contact!.tryNow!();
        },
      }),
      switch_off: command({
        summary: "Free the port of an instrument for another program: it is not read and takes no commands meanwhile",
        role: "admin",
        arguments: { instrument: instrumentArgument },
        immediate: true,
        run: async ({ instrument }, { caller }) => {
          const found = dispatcher.instrument(instrument);
          dispatcher.control.check(found.name, caller, "switch off");
          const [, time] = localTime(new Date()).split(" ");
          await bench.switchOff(found, `switched off by ${principalOf(caller).label} at ${time!.slice(0, 5)}`);
        },
      }),
      switch_on: command({
        summary: "Take the port of an instrument again that was switched off",
        role: "admin",
        arguments: { instrument: instrumentArgument },
        immediate: true,
        run: ({ instrument }, { caller }) => {
          const found = dispatcher.instrument(instrument);
          dispatcher.control.check(found.name, caller, "switch on");
          bench.switchOn(found);
        },
      }),
      help: command({
        ...reading,
        summary: "Tell what there is, what an instrument can do, or how a command is called",
        arguments: { name: { type: "text", default: "", summary: "INSTRUMENT or INSTRUMENT.COMMAND" } },
        run: ({ name }) => {
          if (name === "") {
            const titles = others().map((instrument) =>
              instrument.name === instrument.title ? instrument.name : `${instrument.name} (${instrument.title})`
            );
            return `commands: ${words.join(", ")}; instruments: ${titles.join(", ")}; help INSTRUMENT tells more`;
          }
          const instrument = bench.find(name);
          if (instrument !== undefined) return helpInstrument(instrument);
          const dot = name.lastIndexOf(".");
          const owner = dot < 0 ? bench.find("api") : bench.find(name.slice(0, dot));
          const wanted = name.slice(dot + 1);
          const candidates = [owner, ...(owner?.answersFor ?? []).map((other) => bench.find(other))];
          const answering = candidates.find((candidate) => candidate?.findCommand(wanted) !== undefined);
          if (answering !== undefined) return helpCommand(answering, wanted);
          throw new HeliographError(
            "unknown_command",
            `Cannot help with ${name}: no such instrument or command${didYouMean(name, bench.names())}`,
          );
        },
      }),
    },
  });
}
