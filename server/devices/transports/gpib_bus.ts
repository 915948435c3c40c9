/**
 * A GPIB bus behind a Prologix or AR488 controller: what is sent and read for its instruments, one at a time.
 *
 * What a controller is told begins with `++`; all else goes to the instrument whose address was set last. The controller
 * reads only when it is told to (`++auto 0`), and marks the end of each answer with a byte of our choice. A read that
 * ends without an answer is followed by a question to the controller itself: its reply says that nothing more comes of
 * that read, and where there is none the controller is gone, rather than the instrument silent.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { quoted } from "../../bench/answer_errors.ts";
import { byteText } from "./line_codec.ts";
import type { Line } from "./line.ts";

/** Where an instrument is on the bus. */
export interface GpibPlace {
  readonly primary: number;
  readonly secondary?: number;
  /** The byte that ends its answers; EOI does where there is none. */
  readonly readEnd?: number;
}

/** What a read brought. */
export interface GpibPart {
  readonly bytes: Uint8Array;
  /** Whether the answer ends with it. */
  readonly whole: boolean;
}

/** How long a controller has to say its version, in seconds: an Arduino starts anew when its port is opened. */
const versionSeconds = 5;
const versionTries = 6;

/** How long a controller has for what it does itself, beyond the time of a read, in seconds. */
const controllerSeconds = 3;

/** The byte that a controller puts behind each answer: a record separator, which no text holds. */
const answerEnd = 0x1e;

const [LF, CR, ESC, PLUS] = [10, 13, 27, 43];

/** An instrument's bytes as the controller takes them: what would end a command, or begin one of its own, is escaped. */
export function escapeForController(bytes: Uint8Array): Uint8Array {
  const escaped: number[] = [];
  for (const byte of bytes) {
    if (byte === LF || byte === CR || byte === ESC || byte === PLUS) escaped.push(ESC);
    escaped.push(byte);
  }
  return Uint8Array.from([...escaped, LF]);
}

/** The commands of a controller that concern one instrument, and whether it replies to them. */
export const controllerCommands: ReadonlyMap<string, boolean> = new Map([
  ["++spoll", true],
  ["++clr", false],
  ["++trg", false],
  ["++loc", false],
  ["++llo", false],
]);

/** A bus, open. */
export class GpibBus {
  readonly #line: Line;
  readonly #name: string;
  /** What the controller has said, and nobody has taken yet: a character for each byte. */
  #said = "";
  #wake = () => {};
  #failure: HeliographError | undefined;
  /** The last of those who wait for their turn. */
  #turn: Promise<unknown> = Promise.resolve();
  #addressed = "";
  #readTimeout = 0;
  readonly #onBroken = new Set<(reason: HeliographError) => void>();
  /** The instruments that may still hold an answer nobody waits for. */
  readonly #due = new Set<string>();

  /**
   * Takes over the line to a controller, which is closed where none is at its other end.
   *
   * @param name What errors call it.
   */
  private constructor(line: Line, name: string) {
    this.#line = line;
    this.#name = name;
    void this.#readOn();
  }

  /**
   * Greets the controller at the other end of a line, and sets it.
   *
   * @param line The line; closed where there is no controller.
   * @param name What errors call the controller.
   * @throws {HeliographError} `not_connected`: it is none, or says nothing.
   */
  static async open(line: Line, name: string): Promise<GpibBus> {
    const bus = new GpibBus(line, name);
    try {
      const version = await bus.#version();
      // Else each change of address would be written to the controller's EEPROM, which wears out.
      const keep = /prologix/i.test(version) ? ["++savecfg 0"] : [];
      const settings = [
        "++mode 1",
        "++auto 0",
        "++ifc",
        "++eoi 1",
        "++eos 3",
        `++eot_char ${answerEnd}`,
        "++eot_enable 1",
      ];
      for (const setting of [...keep, ...settings]) await bus.#tell(setting);
      return bus;
    } catch (error) {
      bus.close();
      throw error;
    }
  }

  async #version(): Promise<string> {
    let heard = "";
    for (let attempt = 0; attempt < versionTries; attempt++) {
      await this.#tell("++ver");
      heard += await this.#until(
        (said) => /488|gpib|prologix/i.test(said) && said.endsWith("\n"),
        versionSeconds / versionTries,
      );
      if (/488|gpib|prologix/i.test(heard)) {
        // Several questions may have been asked: each of the replies must have come.
        for (let more = attempt; more > 0; more--) await this.#until((said) => said.includes("\n"), 0.2);
        return heard;
      }
      // Who says something else to it twice is something else.
      if (attempt > 0 && heard.length > 1) break;
    }
    const said = heard === "" ? "says nothing" : `says ${quoted(heard.slice(0, 100))}`;
    throw new HeliographError(
      "not_connected",
      `${this.#name} is no Prologix or AR488 controller: asked ++ver, it ${said}. For a serial one, check baud`,
    );
  }

  /** Tells when the bus breaks, until the returned function is called. */
  onBroken(told: (reason: HeliographError) => void): () => void {
    if (this.#failure === undefined) this.#onBroken.add(told);
    else told(this.#failure);
    return () => void this.#onBroken.delete(told);
  }

  /** Waits until nobody else uses the bus, and uses it. */
  use<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      if (this.#failure !== undefined) throw this.#failure;
      return work();
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  /**
   * Sends bytes to an instrument.
   *
   * @param bytes All of a message: EOI goes with the last of them.
   */
  async send(place: GpibPlace, bytes: Uint8Array): Promise<void> {
    await this.#address(place);
    await this.#write(escapeForController(bytes));
  }

  /**
   * Reads what an instrument says.
   *
   * @param seconds How long to wait for its first byte, and for each further one: 3 at most.
   */
  async read(place: GpibPlace, seconds: number): Promise<GpibPart> {
    await this.#address(place);
    const milliseconds = Math.round(Math.min(3000, Math.max(10, seconds * 1000)));
    if (milliseconds !== this.#readTimeout) await this.#tell(`++read_tmo_ms ${milliseconds}`);
    this.#readTimeout = milliseconds;
    this.#said = "";
    await this.#tell(`++read ${place.readEnd ?? "eoi"}`);
    const end = place.readEnd === undefined ? [answerEnd] : [answerEnd, place.readEnd];
    const ended = (said: string) => end.includes(said.charCodeAt(said.length - 1));
    let said = "";
    for (let more = " "; more !== "" && !ended(said);) {
      // Each byte may take as long as the first.
      more = await this.#until((heard) => heard !== "", milliseconds / 1000 + 0.05);
      said += more;
    }
    // Bytes of a picture may look like the end, and a late answer may have come just now.
    if (!ended(said) || /[^\t\n\r -~]/.test(said.slice(0, -1))) said += await this.#rest(place, milliseconds / 1000);
    const whole = ended(said);
    const bytes = Uint8Array.from(
      said.endsWith(String.fromCharCode(answerEnd)) ? said.slice(0, -1) : said,
      (c) => c.charCodeAt(0),
    );
    return { bytes, whole };
  }

  /** Carries out a command of the controller for an instrument. @returns The reply; empty where it has none. */
  async command(place: GpibPlace, command: string): Promise<string> {
    await this.#address(place);
    this.#said = "";
    await this.#tell(command);
    if (!(controllerCommands.get(command) ?? false)) return "";
    const reply = await this.#until((said) => said.endsWith("\n"), controllerSeconds);
    if (reply === "") this.#lost(command);
    return reply.trim();
  }

  /** Whether an instrument may still hold an answer that nobody waits for. */
  isDue({ primary, secondary }: GpibPlace): boolean {
    return this.#due.has(`${primary} ${secondary}`);
  }

  /** Remembers whether it does. */
  setDue({ primary, secondary }: GpibPlace, due: boolean): void {
    if (due) this.#due.add(`${primary} ${secondary}`);
    else this.#due.delete(`${primary} ${secondary}`);
  }

  /** Closes it. @returns When what was sent last has been delivered. */
  close(): void | Promise<void> {
    return this.#fail(new HeliographError("not_connected", `${this.#name} was closed`));
  }

  /** What is left of a read, up to the controller's reply to a question of its own. */
  async #rest(place: GpibPlace, seconds: number): Promise<string> {
    await this.#tell("++addr");
    const reply = new RegExp(`${place.primary}(?: ${place.secondary ?? 0})?\r?\n$`);
    const rest = await this.#until((said) => reply.test(said), seconds + controllerSeconds);
    if (!reply.test(rest)) this.#lost("++addr");
    return rest.replace(reply, "");
  }

  #lost(command: string): never {
    const reason = new HeliographError("not_connected", `no answer from the controller ${this.#name} to ${command}`);
    this.#fail(reason);
    throw reason;
  }

  async #address({ primary, secondary }: GpibPlace): Promise<void> {
    const address = `${primary}${secondary === undefined ? "" : ` ${secondary}`}`;
    if (address !== this.#addressed) await this.#tell(`++addr ${address}`);
    this.#addressed = address;
  }

  #tell(command: string): Promise<void> {
    return this.#write(new TextEncoder().encode(`${command}\n`));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#line.write(bytes);
    } catch (error) {
      this.#fail(new HeliographError("not_connected", `${this.#name} broke: ${(error as Error).message}`));
      throw this.#failure;
    }
  }

  /**
   * Waits until what the controller has said is enough, and takes it.
   *
   * @returns What it has said within the time, enough or not.
   */
  async #until(enough: (said: string) => boolean, seconds: number): Promise<string> {
    const until = performance.now() + seconds * 1000;
    while (!enough(this.#said) && this.#failure === undefined) {
      const left = until - performance.now();
      if (left <= 0) break;
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      const timer = setTimeout(woken.resolve, left);
      await woken.promise;
      clearTimeout(timer);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const said = this.#said;
    this.#said = "";
    return said;
  }

  async #readOn(): Promise<void> {
    let reason = `${this.#name} was closed by the other end`;
    try {
      for (let bytes = await this.#line.read(); bytes !== null; bytes = await this.#line.read()) {
        this.#said += byteText(bytes);
        this.#wake();
      }
    } catch (error) {
      reason = `${this.#name} broke: ${(error as Error).message}`;
    }
    this.#fail(new HeliographError("not_connected", reason));
  }

  #fail(reason: HeliographError): void | Promise<void> {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    const closed = this.#line.close();
    this.#wake();
    for (const told of [...this.#onBroken]) told(reason);
    return closed;
  }
}
