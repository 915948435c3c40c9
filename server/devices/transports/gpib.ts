/**
 * Lines to the instruments behind GPIB controllers. Each instrument has a line of its own; those behind one controller
 * share its bus, and its queue.
 *
 * @module
 */

import { joined } from "../../../protocol/bytes.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { controllerName, type GpibAddress, turnSeconds } from "./gpib_address.ts";
import { controllerCommands, GpibBus, type GpibPart } from "./gpib_bus.ts";
import type { Line } from "./line.ts";
import { openTcp } from "./network.ts";
import { openSerial } from "./serial.ts";
import { WholeAnswers } from "./whole_answers.ts";

/** The buses that lines use or open now, by the names of their controllers. */
const buses = new Map<string, { readonly bus: Promise<GpibBus>; users: number }>();

/**
 * Opens the line to an instrument behind a GPIB controller, and the controller where it is not open.
 *
 * @returns The line; each read is one answer.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export async function openGpib(address: GpibAddress): Promise<Line> {
  const name = controllerName(address);
  const { bus, leave } = await joinBus(name, address);
  try {
    if (address.clear && bus.isDue(address)) await bus.use(() => bus.command(address, "++clr"));
    bus.setDue(address, false);
  } catch (error) {
    void leave();
    throw error;
  }
  return new GpibLine(bus, address, leave);
}

async function joinBus(
  name: string,
  { controller }: GpibAddress,
): Promise<{ bus: GpibBus; leave: () => Promise<void> }> {
  let shared = buses.get(name);
  if (shared === undefined) {
    const opening = controller.kind === "serial"
      ? openSerial(controller.serial)
      : openTcp(controller.host, controller.port);
    const title = controller.kind === "serial" ? `the serial port ${name}` : name;
    const made = { bus: opening.then((line) => GpibBus.open(line, title)), users: 0 };
    buses.set(name, shared = made);
    const forget = () => void (buses.get(name) === made && buses.delete(name));
    made.bus.then((bus) => bus.onBroken(forget), forget);
  }
  const joined = shared;
  joined.users++;
  let left = false;
  const leave = async () => {
    if (left) return;
    left = true;
    if (--joined.users > 0) return;
    if (buses.get(name) === joined) buses.delete(name);
    await joined.bus.then((bus) => bus.close(), () => {});
  };
  try {
    return { bus: await joined.bus, leave };
  } catch (error) {
    void leave();
    throw error;
  }
}

/** The line to one instrument. */
class GpibLine implements Line {
  readonly whole = true;
  readonly #bus: GpibBus;
  readonly #address: GpibAddress;
  readonly #leave: () => Promise<void>;
  readonly #answers = new WholeAnswers();
  readonly #forget: () => void;
  /** Counts what was sent: a question is given up with the next one. */
  #sent = 0;
  #closed = false;

  /** Makes it. @param leave Called when it is closed. */
  constructor(bus: GpibBus, address: GpibAddress, leave: () => Promise<void>) {
    this.#bus = bus;
    this.#address = address;
    this.#leave = leave;
    this.#forget = bus.onBroken((reason) => this.#answers.fail(reason));
  }

  read(): Promise<Uint8Array | null> {
    return this.#answers.next();
  }

  async write(bytes: Uint8Array, answerWithin?: number): Promise<void> {
    if (this.#closed) throw new HeliographError("not_connected", "the line is closed");
    const number = ++this.#sent;
    const text = new TextDecoder().decode(bytes).trim();
    if (controllerCommands.has(text)) {
      const reply = await this.#bus.use(() => this.#bus.command(this.#address, text));
      if (reply !== "") this.#answers.push(new TextEncoder().encode(reply));
      return;
    }
    const sent = Promise.withResolvers<void>();
    const first = this.#bus.use(async () => {
      await this.#bus.send(this.#address, bytes);
      if (answerWithin !== undefined) this.#bus.setDue(this.#address, true);
      sent.resolve();
      // Most answer at once: then the bus need not be addressed again.
      return answerWithin === undefined
        ? undefined
        : await this.#bus.read(this.#address, Math.min(turnSeconds, answerWithin));
    });
    if (answerWithin === undefined) return await first.then(() => {});
    this.#collect(first, number, performance.now() + answerWithin * 1000).catch(() => {});
    await Promise.race([sent.promise, first]);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    this.#answers.close();
    await this.#leave();
  }

  /** Reads on until the answer is whole, in turns with the other instruments, or until nobody waits for it. */
  async #collect(first: Promise<GpibPart | undefined>, number: number, until: number): Promise<void> {
    const parts: Uint8Array[] = [];
    for (let part = await first; part !== undefined;) {
      if (part.bytes.length > 0) parts.push(part.bytes);
      if (part.whole) {
        this.#bus.setDue(this.#address, false);
        if (number === this.#sent) this.#answers.push(joined(parts));
        return;
      }
      const left = (until - performance.now()) / 1000;
      if (number !== this.#sent || this.#closed || left <= 0) return;
      part = await this.#bus.use(() => this.#bus.read(this.#address, Math.min(turnSeconds, left)));
    }
  }
}
