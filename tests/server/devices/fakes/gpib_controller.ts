/**
 * A Prologix controller with instruments on its bus, as the manual of the GPIB-ETHERNET describes it: what begins with
 * `++` is its own, an escape takes the meaning from the byte behind it, a read waits for the instrument and marks EOI.
 */
import type { Line } from "../../../../server/devices/transports/line.ts";
import { openPty } from "../../../../server/devices/transports/pty.ts";
import { tcpLine } from "../../../../server/devices/transports/network.ts";
import type { Behaviour, Device } from "../devices.ts";

/** An instrument on the bus. */
export interface BusInstrument {
  readonly behaviour: Behaviour;
  /** What it was told, as it came. */
  readonly told: string[];
  /** The device clears that it got. */
  clears: number;
  /** The status byte for serial polls. */
  status: number;
  /** The answers that wait to be fetched. */
  readonly output: string[];
}

/** Makes an instrument for the bus. */
export function busInstrument(behaviour: Behaviour): BusInstrument {
  return { behaviour, told: [], clears: 0, status: 0, output: [] };
}

interface Options {
  /** By their addresses: `14`, `9 96`. */
  readonly instruments: Readonly<Record<string, BusInstrument>>;
  /** What it says of itself. */
  readonly version?: string;
  readonly port?: number;
}

/** A controller's state, and what it was told. */
export class FakeController {
  readonly commands: string[] = [];
  readonly #options: Options;
  #address = "0";
  #readTimeout = 200;
  #endByte: number | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Speaks on a line until it ends. */
  async serve(line: Line): Promise<void> {
    let message = "";
    let escaped = false;
    let own = true;
    try {
      for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) {
        for (const byte of bytes) {
          if (escaped || (byte !== 27 && byte !== 10 && byte !== 13)) {
            // What begins with two pluses is the controller's, unless they are escaped.
            if (message.length < 2) own &&= byte === 43 && !escaped;
            message += String.fromCharCode(byte);
            escaped = false;
          } else if (byte === 27) escaped = true;
          else {
            const [whole, command] = [message, own];
            [message, own] = ["", true];
            if (whole !== "") await (command ? this.#command(whole, line) : this.#send(whole));
          }
        }
      }
    } catch {
      // Cut off.
    }
  }

  #send(told: string): void {
    const instrument = this.#options.instruments[this.#address];
    if (instrument === undefined) return;
    instrument.told.push(told);
    const answer = instrument.behaviour(told.replace(/[\r\n]+$/, ""), (text) => instrument.output.push(text));
    if (typeof answer === "string") instrument.output.splice(0, Infinity, answer);
  }

  async #command(message: string, line: Line): Promise<void> {
    const reply = (text: string) => line.write(latin1(`${text}\r\n`));
    const instrument = this.#options.instruments[this.#address];
    this.commands.push(message);
    const [command, ...words] = message.split(" ");
    if (command === "++ver") {
      return await reply(this.#options.version ?? "Prologix GPIB-ETHERNET Controller version 01.06.06.00");
    }
    if (command === "++addr" && words.length === 0) return await reply(this.#address);
    if (command === "++addr") this.#address = words.join(" ");
    if (command === "++read_tmo_ms") this.#readTimeout = Number(words[0]);
    if (command === "++eot_char") this.#endByte = Number(words[0]);
    if (command === "++spoll") return await reply(String(instrument?.status ?? 0));
    if (command === "++clr" && instrument !== undefined) {
      instrument.clears++;
      instrument.output.length = 0;
    }
    if (command !== "++read") return;
    for (const until = performance.now() + this.#readTimeout; performance.now() < until;) {
      const answer = instrument?.output.shift();
      if (answer !== undefined) {
        const end = this.#endByte === undefined ? "\0" : String.fromCharCode(this.#endByte);
        // A network cuts anywhere, also behind a byte that looks like the end.
        const cut = answer.indexOf(end) + 1;
        if (cut > 0) {
          await line.write(latin1(answer.slice(0, cut)));
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return await line.write(latin1(answer.slice(cut) + end));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A controller on a TCP port; `address` is that of its instrument 14. */
export function gpibController(options: Options): Device & { readonly host: string } {
  const controller = new FakeController(options);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: options.port ?? 0 });
  const lines = new Set<Line>();
  const accepting = (async () => {
    for await (const connection of listener) {
      const line = tcpLine(connection as Deno.TcpConn);
      lines.add(line);
      void controller.serve(line).then(() => line.close());
    }
  })().catch(() => {});
  const hangUp = () => {
    for (const line of lines) line.close();
    lines.clear();
  };
  const host = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  return {
    host,
    address: `gpib://${host}/14`,
    commands: controller.commands,
    hangUp,
    send: (text) => lines.forEach((line) => void line.write(latin1(text)).catch(() => {})),
    async [Symbol.asyncDispose]() {
      listener.close();
      hangUp();
      await accepting;
    },
  };
}

/** A controller on a pseudo terminal. */
export async function gpibControllerOnPty(options: Options): Promise<{ path: string } & AsyncDisposable> {
  const pty = await openPty();
  const serving = new FakeController(options).serve(pty.line);
  return {
    path: pty.path,
    async [Symbol.asyncDispose]() {
      pty.line.close();
      await serving;
    },
  };
}
