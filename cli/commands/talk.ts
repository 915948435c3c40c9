/**
 * `heliograph talk`: a terminal to one port.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { loadBenchWith } from "../../server/config/bench_file.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { unescaped } from "../../protocol/escapes.ts";
import { printable } from "../../protocol/printable.ts";
import { unended } from "../../server/bench/answer_errors.ts";
import { type Address, parseAddress, portName, settledFormat } from "../../server/devices/transports/address.ts";
import { lineCodec, type LineEncoding } from "../../server/devices/transports/line_codec.ts";
import { openLine } from "../../server/devices/transports/open_line.ts";
import { dashboardClient, dashboardFlags, parseSeconds, sameServer } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { driverProcesses } from "../driver_processes.ts";
import { exitCodeOf, exitCodes, failureText, UsageError } from "../exit_codes.ts";
import { heldBy } from "../held_ports.ts";
import { takeLines } from "../line_editor.ts";
import { painter, preciseClock, writeJson } from "../output.ts";
import { type Came, type TalkFormat, TalkLine } from "../talk_line.ts";
import { benchInstrument, whichInstrument } from "./bench_file.ts";
import { showTrace } from "./trace.ts";

/** The flags of `heliograph talk`. */
interface TalkFlags {
  readonly send?: string;
  readonly timeout: number;
  readonly end?: string;
  readonly sendEnd?: string;
  readonly receiveEnd?: string;
  readonly encoding?: LineEncoding;
  readonly hex: boolean;
  readonly timestamps: boolean;
  readonly bench?: string;
  readonly json: boolean;
  readonly host: string;
  readonly port: number;
}

const endNames: Readonly<Record<string, string>> = { CR: "\r", LF: "\n", CRLF: "\r\n", NONE: "" };

/** An end from the command line. */
function parseEnd(text: string): string {
  const named = endNames[text.toUpperCase()];
  // Sent as letters it would be a silence that nobody understands.
  if (named === undefined && /^[crlf]{2,}$/i.test(text)) {
    throw new Error(`${text} is no end: give CR, LF, CRLF, NONE, or its bytes as in \\r\\n`);
  }
  return named ?? unescaped(text);
}

const endPlaceholder = { kind: "parsed", parse: parseEnd, optional: true, placeholder: "END" } as const;

/** `heliograph talk ADDRESS` */
export const talkCommand = buildCommand({
  docs: { brief: "A terminal to one port: what is typed is sent, and what comes is shown with its ends" },
  parameters: {
    flags: {
      send: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Send this, print the answer, and end: for scripts",
      },
      timeout: { kind: "parsed", parse: parseSeconds, default: "1", brief: "How many seconds an answer may take" },
      end: {
        ...endPlaceholder,
        brief: "What ends what is sent and what comes: CR, LF, CRLF, NONE or \\r\\n [default = LF]",
      },
      sendEnd: { ...endPlaceholder, brief: "What ends what is sent, where that is another" },
      receiveEnd: { ...endPlaceholder, brief: "What ends what comes, where that is another; NONE: a pause does" },
      encoding: {
        kind: "enum",
        values: ["latin1", "utf8"],
        optional: true,
        brief: "What its text is in [default = latin1]",
      },
      hex: { kind: "boolean", default: false, brief: "Show bytes as hexadecimal digits" },
      timestamps: { kind: "boolean", default: false, brief: "Show when it was" },
      bench: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Talk to an instrument of this bench file, with its address, ends and encoding",
        placeholder: "FILE",
      },
      json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" },
      host: { ...dashboardFlags.host, brief: "The server that is asked whether it holds the port" },
      port: { ...dashboardFlags.port, brief: "That server's port" },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "ADDRESS",
        brief: "As in a bench file: tcp://10.0.0.5:5025, serial:///dev/ttyUSB0?baud=9600; with --bench an instrument",
        parse: String,
        optional: true,
      }],
    },
  },
  async func(this: CliContext, flags: TalkFlags, where?: string): Promise<void> {
    const { address, format, settle } = await lineOf(flags, where);
    const holding = await heldBy(address, flags);
    if (holding !== undefined) return await showInstead(this, flags, address, holding.name, holding.title);
    using talk = new TalkLine(await openLine(address), format);
    if (settle > 0) await new Promise((resolve) => setTimeout(resolve, settle * 1000));
    if (flags.send !== undefined) return await sendOnce(this, flags, talk, format, flags.send);
    await converse(this, flags, talk, format, portName(address));
  },
});

/** Where to talk and how, from the flags or from a bench file. */
async function lineOf(
  { end, sendEnd = end, receiveEnd = end, encoding, bench }: TalkFlags,
  where: string | undefined,
): Promise<{ address: Address; format: TalkFormat; settle: number }> {
  if (bench !== undefined) {
    const loaded = await loadBenchWith(driverProcesses(), bench);
    await loaded.close();
    if (where === undefined) throw whichInstrument(loaded, bench);
    const instrument = benchInstrument(loaded, bench, where);
    const port = loaded.ports.get(instrument.title);
    if (port === undefined) throw new UsageError(`Cannot talk to ${instrument.title}: it has no "port" in ${bench}`);
    const { format, address } = port;
    return {
      address,
      settle: format.settle,
      format: {
        sendEnd: sendEnd ?? format.sendEnd,
        receiveEnd: receiveEnd ?? format.receiveEnd,
        encoding: encoding ?? format.encoding ?? "latin1",
      },
    };
  }
  if (where === undefined) {
    throw new UsageError("Say where: tcp://10.0.0.5:5025, serial:///dev/ttyUSB0?baud=9600, or --bench FILE INSTRUMENT");
  }
  try {
    const address = parseAddress(where);
    const usual = { sendEnd: "\n", receiveEnd: "\n", encoding: "latin1" as const, ...settledFormat(address) };
    const format = {
      sendEnd: sendEnd ?? usual.sendEnd,
      receiveEnd: receiveEnd ?? usual.receiveEnd,
      encoding: encoding ?? usual.encoding,
    };
    return { address, settle: 0, format };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Two on one port take each other's answers: whoever has it tells what goes over it. */
async function showInstead(
  context: CliContext,
  flags: TalkFlags,
  address: Address,
  instrument: string,
  title: string,
): Promise<void> {
  const { host, port, json } = flags;
  const { stderr } = context.process;
  const server = { host, port, json: false };
  const follow = sameServer(context, server, "trace", instrument, "--follow");
  const why = `${portName(address)} is held by the server on ${host}:${port}, for ${title}: "${
    sameServer(context, server, "off", instrument)
  }" frees it`;
  stderr.write(`${printable(`${why}. What goes over it, of which "${follow}" shows more:`)}\n`);
  context.process.exitCode = exitCodes.refused.code;
  await using client = dashboardClient(context, server);
  await showTrace(context, client, instrument, { follow: false, json });
}

/** What somebody has typed, as the bytes that are sent. */
function typedBytes(talk: TalkLine, typed: string, encoding: LineEncoding): Uint8Array {
  try {
    return talk.encode(unescaped(typed, lineCodec(encoding).byte));
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`Cannot send ${typed}: ${error.message}`);
    throw error;
  }
}

async function sendOnce(
  context: CliContext,
  flags: TalkFlags,
  talk: TalkLine,
  { sendEnd, receiveEnd, encoding }: TalkFormat,
  typed: string,
): Promise<void> {
  await talk.send(typedBytes(talk, typed, encoding));
  const came = await talk.next(flags.timeout);
  if (came === undefined) {
    const reason = talk.closed ?? `no answer to ${typed} within ${flags.timeout} s${otherEnds(flags, sendEnd)}`;
    throw new HeliographError("no_reply", reason);
  }
  if (flags.json) {
    writeJson(context, { answer: came.text, bytes: talk.shown(came.bytes, true), ended: came.ended });
  } else context.process.stdout.write(`${answerText(talk, came, flags)}\n`);
  if (came.ended) return;
  const { stderr } = context.process;
  stderr.write(`${printable(`${unended(came.text, receiveEnd, "--receive-end")} (within ${flags.timeout} s)`)}\n`);
  context.process.exitCode = exitCodes.noReply.code;
}

/** An instrument that waits for another end of a command is silent: what to try where nobody has said the end. */
function otherEnds({ end, sendEnd = end, bench }: TalkFlags, sent: string): string {
  return sendEnd === undefined && bench === undefined && sent === "\n"
    ? '; it was ended by "\\n": try --end CR and --end CRLF'
    : "";
}

/** What came, for a script: its text, or what the flags want to see of it. */
function answerText(talk: TalkLine, came: Came, { hex, timestamps }: TalkFlags): string {
  const text = hex ? talk.shown(came.bytes, true) : printable(came.text);
  return timestamps ? `${preciseClock(new Date().toISOString())}  ${text}` : text;
}

/** Sends line after line, and shows what comes. */
async function converse(
  context: CliContext,
  flags: TalkFlags,
  talk: TalkLine,
  { encoding }: TalkFormat,
  name: string,
): Promise<void> {
  const { stdout, stderr } = context.process;
  const paint = painter(context.colour);
  const ended = new AbortController();
  let leaving = false;
  let showing: Promise<void> | undefined;
  let redraw = () => {};
  const show = (arrow: string, bytes: Uint8Array) => {
    const time = flags.timestamps ? `${paint.dim(preciseClock(new Date().toISOString()))}  ` : "";
    redraw();
    stdout.write(`${time}${arrow}  ${talk.shown(bytes, flags.hex)}\n`);
  };
  await takeLines(context, {
    prompt: "> ",
    historyFile: context.historyFile === undefined ? undefined : `${context.historyFile}_talk`,
    signal: ended.signal,
    begun: (lines, interactive) => {
      if (!interactive) return;
      stdout.write(`${printable(name)}: what you type is sent, \\r, \\n and \\xHH are bytes; Ctrl-D leaves\n`);
      // What comes stands above the line that is being typed.
      redraw = () => stdout.write("\r\x1b[K");
      showing = (async () => {
        for (;;) {
          const came = await talk.next(Infinity, true);
          if (came === undefined) break;
          show("←", came.bytes);
          lines.prompt(true);
        }
        // Who leaves knows it.
        if (leaving) return;
        redraw();
        stderr.write(`${paint.red(printable(`${name}: ${talk.closed}`))}\n`);
        ended.abort();
      })();
    },
    run: async (typed) => {
      const bytes = typedBytes(talk, typed, encoding);
      if (talk.closed !== undefined) throw new HeliographError("not_connected", `${name}: ${talk.closed}`);
      await talk.send(bytes);
      if (showing !== undefined) show("→", bytes);
      else await printAnswer(context, flags, talk, bytes);
      return true;
    },
    failed: (error, interactive) => {
      stderr.write(`${paint.red(failureText(error, flags.json))}\n`);
      if (!interactive) context.process.exitCode = exitCodeOf(error);
    },
  });
  leaving = true;
  talk[Symbol.dispose]();
  await showing;
}

/** In a pipe the next line is sent when this one is answered, or no answer has come. */
async function printAnswer(context: CliContext, flags: TalkFlags, talk: TalkLine, sent: Uint8Array): Promise<void> {
  const came = await talk.next(flags.timeout);
  if (flags.json) {
    const beside = came === undefined
      ? {}
      : { answer: came.text, bytes: talk.shown(came.bytes, true), ended: came.ended };
    return writeJson(context, { sent: talk.shown(sent, false), ...beside });
  }
  if (came !== undefined) return void context.process.stdout.write(`${answerText(talk, came, flags)}\n`);
  // A command may have none; whoever counts answers knows by this which line was without one.
  const { stderr } = context.process;
  if (talk.closed === undefined) stderr.write(`no answer to ${talk.shown(sent, false)} within ${flags.timeout} s\n`);
}
