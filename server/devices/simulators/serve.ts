/**
 * Serves a simulator on a real line: a TCP or UDP port, a pseudo terminal, a serial port.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { AnswerSplitter } from "../transports/answer_splitter.ts";
import { type Framing, framingOf } from "../transports/framing.ts";
import type { Line } from "../transports/line.ts";
import { byteText, lineCodec } from "../transports/line_codec.ts";
import { tcpLine } from "../transports/network.ts";
import { openPty } from "../transports/pty.ts";
import { FaultPlan, type Faults, garbage, noFaults, wrongLength } from "./faults.ts";
import { serveRegisters } from "./registers.ts";
import type { Simulator } from "./simulator.ts";

/** A simulator that runs. */
export type RunningSimulator = ReturnType<typeof simulateTcp>;

const stepInterval = 100;

function delay(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Lets a simulator's time pass by the clock. @returns What stops it. */
function runTime(simulator: Simulator): () => void {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    simulator.step?.((now - last) / 1000);
    last = now;
  }, stepInterval);
  return () => clearInterval(timer);
}

/** The bytes to send, and whether the line is dropped then. */
interface Sent {
  readonly bytes: Uint8Array;
  readonly drop: boolean;
}

/** An answer with whatever goes wrong with it; `undefined` where nothing is sent. */
async function spoilt(answer: string, { answerEnd, encoding }: Simulator, plan: FaultPlan): Promise<Sent | undefined> {
  const { encode } = lineCodec(encoding ?? "utf8");
  const bytes = encode(answer + answerEnd);
  switch (plan.next()) {
    case "silent":
      return undefined;
    case "garbage":
      return { bytes: garbage(encode(answerEnd)), drop: false };
    case "slow":
      await delay(plan.delay);
      break;
    case "drop":
      return { bytes: bytes.subarray(0, bytes.length / 2), drop: true };
    case "length":
      return { bytes: encode(wrongLength(answer) + answerEnd), drop: false };
    case undefined:
  }
  return { bytes, drop: false };
}

/** Cuts what comes into commands. */
function commandSplitter({ commandEnd, otherEnds = [], encoding }: Simulator): AnswerSplitter {
  const codec = lineCodec(encoding);
  const framings = [commandEnd, ...otherEnds].map((end) => framingOf({ receiveEnd: byteText(codec.encode(end)) }));
  // Whichever end comes first.
  const cut: Framing["cut"] = (bytes) => {
    const cuts = framings.map((framing) => framing.cut(bytes)).filter((each) => typeof each !== "number");
    return cuts.reduce((first, each) => each.taken < first.taken ? each : first, cuts[0]!) ?? bytes.length + 1;
  };
  return new AnswerSplitter(framings.length === 1 ? framings[0]! : { ...framings[0]!, cut }, codec);
}

/** Answers on one line until it ends, and closes it. */
async function serveLine(simulator: Simulator, line: Line, plan: FaultPlan): Promise<void> {
  if (simulator.registers !== undefined) {
    // Whoever talked to it has gone, where it fails.
    await serveRegisters([simulator.registers, ...simulator.neighbours ?? []], line).catch(() => {});
    line.close();
    return;
  }
  const splitter = commandSplitter(simulator);
  const send = async (answer: string) => {
    const sent = await spoilt(answer, simulator, plan);
    if (sent === undefined) return;
    await line.write(sent.bytes).catch(() => line.close());
    if (sent.drop) line.close();
  };
  const { talk } = simulator;
  const talking = talk && setInterval(() => send(talk.say()), talk.interval * 1000);
  try {
    for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) {
      for (const command of splitter.push(bytes)) {
        if (simulator.otherEnds !== undefined && command.trim() === "") continue;
        const answer = simulator.answer(command.trim());
        if (answer !== undefined) await send(answer);
      }
    }
  } catch {
    // Whoever talked to it has gone.
  } finally {
    clearInterval(talking);
    line.close();
  }
}

/** Answers on one line within this program until it ends, without faults. */
export function serveWithin(simulator: Simulator, line: Line): Promise<void> {
  return serveLine(simulator, line, new FaultPlan(noFaults));
}

/** @throws {TypeError} For a Modbus device, which is simulated over TCP only. */
function refuseRegisters({ registers }: Simulator): void {
  if (registers !== undefined) throw new TypeError("Cannot simulate a Modbus device there: give --port PORT");
}

/**
 * Runs a simulator on a TCP port, for any number of clients.
 *
 * @example
 * ```ts
 * import { simulateTcp } from "@heliograph/heliograph/testing";
 *
 * const echo = { commandEnd: "\n", answerEnd: "\n", answer: (command: string) => command };
 * const simulator = simulateTcp(echo, 0);
 * console.log(simulator.address.startsWith("tcp://127.0.0.1:")); // true
 * await simulator.close();
 * ```
 *
 * @param simulator Who answers.
 * @param port The port; 0 takes any free one.
 * @param faults What goes wrong. @default nothing
 * @param host The address to listen on. @default "127.0.0.1"
 * @returns Where it is, as a bench file names it, and what ends it.
 * @throws {Deno.errors.AddrInUse} The port is taken.
 */
export function simulateTcp(
  simulator: Simulator,
  port: number,
  faults: Faults = noFaults,
  host = "127.0.0.1",
): {
  /** Where it is, as a bench file names it. */
  readonly address: string;
  /** Ends it: whoever talks to it is cut off. */
  close(): Promise<void>;
} {
  const listener = Deno.listen({ hostname: host, port });
  const stopTime = runTime(simulator);
  const plan = new FaultPlan(faults);
  const lines = new Map<Line, Promise<void>>();
  const accepting = (async () => {
    for await (const connection of listener) {
      const line = tcpLine(connection);
      lines.set(line, serveLine(simulator, line, plan).finally(() => lines.delete(line)));
    }
  })().catch(() => {});
  return {
    address: `${simulator.registers === undefined ? "tcp" : "modbus+tcp"}://${host}:${
      (listener.addr as Deno.NetAddr).port
    }`,
    async close() {
      stopTime();
      listener.close();
      for (const line of lines.keys()) line.close();
      await Promise.all([accepting, ...lines.values()]);
    },
  };
}

/**
 * Runs a simulator on a UDP port: a datagram holds one or several commands, and each answer is a datagram.
 *
 * @example
 * ```ts
 * import { simulateUdp } from "@heliograph/heliograph/testing";
 *
 * const echo = { commandEnd: "\n", answerEnd: "\n", answer: (command: string) => command };
 * const simulator = await simulateUdp(echo, 0);
 * console.log(simulator.address.startsWith("udp://127.0.0.1:")); // true
 * await simulator.close();
 * ```
 *
 * @param simulator Who answers.
 * @param port The port; 0 takes any free one.
 * @param faults What goes wrong; a dropped line is silence here. @default nothing
 * @param host The address to listen on. @default "127.0.0.1"
 */
export async function simulateUdp(
  simulator: Simulator,
  port: number,
  faults: Faults = noFaults,
  host = "127.0.0.1",
): Promise<ReturnType<typeof simulateTcp>> {
  refuseRegisters(simulator);
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const plan = new FaultPlan(faults);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, host, resolve);
  });
  const stopTime = runTime(simulator);
  let closed = false;
  socket.on("message", async (datagram: Uint8Array, from: { address: string; port: number }) => {
    const splitter = commandSplitter(simulator);
    for (const command of [...splitter.push(datagram), splitter.flush()]) {
      const answer = command.trim() === "" ? undefined : simulator.answer(command.trim());
      const sent = answer === undefined ? undefined : await spoilt(answer, simulator, plan);
      if (sent !== undefined && !sent.drop && !closed) socket.send(sent.bytes, from.port, from.address);
    }
  });
  return {
    address: `udp://${host}:${socket.address().port}`,
    close() {
      stopTime();
      closed = true;
      return new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

/**
 * Runs a simulator on a serial port.
 *
 * @param simulator Who answers.
 * @param line The port's line.
 * @param address What the port is called.
 * @param faults What goes wrong. @default nothing
 */
export function simulateSerial(
  simulator: Simulator,
  line: Line,
  address: string,
  faults: Faults = noFaults,
): RunningSimulator {
  refuseRegisters(simulator);
  const stopTime = runTime(simulator);
  const serving = serveLine(simulator, line, new FaultPlan(faults));
  return {
    address,
    async close() {
      stopTime();
      line.close();
      await serving;
    },
  };
}

/**
 * Runs a simulator on a pseudo terminal, which programs open like a serial port.
 *
 * @example
 * ```ts
 * import { simulatePty } from "@heliograph/heliograph/testing";
 *
 * // Tells a driver's test where it finds an instrument that repeats what it is told.
 * async function withEcho(test: (address: string) => Promise<void>): Promise<void> {
 *   const echo = { commandEnd: "\r", answerEnd: "\r", answer: (command: string) => command };
 *   const simulator = await simulatePty(echo);
 *   await test(simulator.address); // serial:///dev/pts/3
 *   await simulator.close();
 * }
 * ```
 *
 * @param simulator Who answers.
 * @param faults What goes wrong. @default nothing
 * @throws {HeliographError} On Windows, which has none.
 */
export async function simulatePty(
  simulator: Simulator,
  faults: Faults = noFaults,
): Promise<ReturnType<typeof simulateTcp>> {
  refuseRegisters(simulator);
  const pty = await openPty();
  return simulateSerial(simulator, pty.line, `serial://${pty.path}`, faults);
}
