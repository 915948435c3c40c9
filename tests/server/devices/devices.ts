/** Instruments for the tests: real sockets and ptys that behave as a test wants, and benches that talk to them. */
import { loadBench } from "../../../server/config/bench_file.ts";
import type { BenchField } from "../../../server/bench/field.ts";
import { poller } from "../../../server/devices/transports/unix_poller.ts";
import { openPty } from "../../../server/devices/transports/pty.ts";
import { loadSerialLibrary } from "../../../server/devices/transports/serial.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { RawClient, startServer } from "../../fixture.ts";

// The library stays open: the leak sanitizer of the tests must not see it being opened in one of them.
loadSerialLibrary();

/** What a device does with a command: answers with what it returns, or sends by itself whenever it likes. */
export type Behaviour = (command: string, send: (text: string) => void) => string | undefined | void;

/** A device on a real line, with every command that it got. */
export interface Device extends AsyncDisposable {
  readonly address: string;
  readonly commands: string[];
  /** Cuts whoever talks to it off; on a pty that is for ever. */
  hangUp(): void;
  /** Sends without being asked. */
  send(text: string): void;
}

interface Ends {
  readonly commandEnd?: string;
  readonly answerEnd?: string;
}

/** A device on a TCP port. */
export function tcpDevice(behaviour: Behaviour, { commandEnd = "\n", answerEnd = "\n" }: Ends = {}, port = 0): Device {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const commands: string[] = [];
  const connections = new Set<Deno.Conn>();
  const encoder = new TextEncoder();
  const serve = async (connection: Deno.Conn) => {
    const send = (text: string) => void connection.write(encoder.encode(text + answerEnd)).catch(() => {});
    let rest = "";
    try {
      for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split(commandEnd);
        rest = lines.pop()!;
        for (const line of lines) {
          commands.push(line);
          const answer = behaviour(line, send);
          if (typeof answer === "string") send(answer);
        }
      }
    } catch {
      // Cut off.
    }
    connections.delete(connection);
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      void serve(connection);
    }
  })().catch(() => {});
  const hangUp = () => {
    for (const connection of connections) {
      try {
        connection.close();
      } catch {
        // Closed by the other end.
      }
    }
    connections.clear();
  };
  return {
    address: `tcp://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    commands,
    hangUp,
    send(text) {
      for (const connection of connections) void connection.write(encoder.encode(text + answerEnd)).catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      hangUp();
      await accepting;
    },
  };
}

/** A character for each byte, and back. */
export const bytewise = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
export const asText = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** An instrument that takes and says bytes, written as a text with a character for each; it notes what it was sent. */
export function byteDevice(end: string, answer: (command: string) => string | undefined, banner = "") {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const commands: string[] = [];
  const serve = async (connection: Deno.Conn) => {
    let rest = "";
    if (banner !== "") await connection.write(bytewise(banner));
    for await (const bytes of connection.readable) {
      const parts = (rest + asText(bytes)).split(end);
      rest = parts.pop()!;
      for (const command of parts) {
        commands.push(command);
        const said = answer(command);
        if (said !== undefined) await connection.write(bytewise(said));
      }
    }
  };
  const serving = (async () => {
    for await (const connection of listener) void serve(connection).catch(() => {});
  })().catch(() => {});
  return {
    address: `tcp://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    commands,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

/** A device on a pseudo terminal. */
export async function ptyDevice(
  behaviour: Behaviour,
  { commandEnd = "\r", answerEnd = "\r" }: Ends = {},
): Promise<Device> {
  const pty = await openPty();
  const commands: string[] = [];
  const encoder = new TextEncoder();
  const send = (text: string) => void pty.line.write(encoder.encode(text + answerEnd)).catch(() => {});
  const serving = (async () => {
    let rest = "";
    for (let bytes = await pty.line.read(); bytes !== null; bytes = await pty.line.read()) {
      const lines = (rest + new TextDecoder().decode(bytes)).split(commandEnd);
      rest = lines.pop()!;
      for (const line of lines) {
        commands.push(line);
        const answer = behaviour(line, send);
        if (typeof answer === "string") send(answer);
      }
    }
  })().catch(() => {});
  return {
    address: `serial://${pty.path}`,
    commands,
    hangUp: () => pty.close(),
    send,
    async [Symbol.asyncDispose]() {
      pty.close();
      await serving;
      await poller.idle();
    },
  };
}

/** A server on a bench file, and a client of its azcam wire. */
export class ServedBench implements AsyncDisposable {
  readonly server: HeliographServer;
  readonly client: RawClient;
  readonly #folder: string;

  private constructor(server: HeliographServer, client: RawClient, folder: string) {
    this.server = server;
    this.client = client;
    this.#folder = folder;
  }

  /** Writes a bench file, loads it, and serves it. */
  static async of(bench: Record<string, unknown> & { instruments: unknown[] }): Promise<ServedBench> {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/bench.json`;
    await Deno.writeTextFile(file, JSON.stringify(bench));
    const { instruments } = await loadBench(file);
    const server = startServer({ instruments, poll: true });
    return new ServedBench(server, await RawClient.connect(server.commandServer.port), folder);
  }

  /** Serves one instrument. */
  static one(instrument: Record<string, unknown>): Promise<ServedBench> {
    return ServedBench.of({ instruments: [instrument] });
  }

  /** A field as it is now. */
  field(instrument: string, field: string) {
    return this.server.bench.find(instrument)!.field(field);
  }

  /** Sends a command line and takes the reply. */
  ask(line: string): Promise<string> {
    return this.client.ask(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.server.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Every good value that a field has or had. */
export function goodValues(bench: ServedBench, instrument: string): Map<string, Set<unknown>> {
  const seen = new Map<string, Set<unknown>>();
  const note = (field: BenchField) => {
    if (field.quality === "good") seen.set(field.title, (seen.get(field.title) ?? new Set()).add(field.value));
  };
  bench.server.bench.onChange(({ name }, field) => {
    if (name === instrument) note(field);
  });
  // What was read before is told no more.
  bench.server.bench.find(instrument)!.allFields.forEach(note);
  return seen;
}
