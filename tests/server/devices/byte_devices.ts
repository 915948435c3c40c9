/** Devices of raw bytes, on TCP and on a pseudo terminal: each character of a text is a byte. */
import { byteText, textBytes } from "../../../server/devices/transports/line_codec.ts";
import { openPty } from "../../../server/devices/transports/pty.ts";
import { loadSerialLibrary } from "../../../server/devices/transports/serial.ts";
import { poller } from "../../../server/devices/transports/unix_poller.ts";

// The library stays open: the leak sanitizer of the tests must not see it being opened in one of them.
loadSerialLibrary();

/** What a device does with what has come: says how many bytes of it were a command; 0 waits for more. */
export type Handle = (come: string, send: (text: string) => Promise<void>) => number;

/** A device on a line. */
export interface ByteDevice extends AsyncDisposable {
  readonly address: string;
  /** What came, command by command. */
  readonly commands: string[];
  /** Sends without being asked. */
  send(text: string): Promise<void>;
}

/** Commands that end with a text. */
export function ended(
  end: string,
  behaviour: (command: string, send: (text: string) => Promise<void>) => void,
): Handle {
  return (come, send) => {
    const at = come.indexOf(end);
    if (at < 0) return 0;
    behaviour(come.slice(0, at), send);
    return at + end.length;
  };
}

function receiver(handle: Handle, commands: string[], send: (text: string) => Promise<void>) {
  let come = "";
  return (bytes: Uint8Array) => {
    come += byteText(bytes);
    for (let taken = 1; taken > 0 && come !== ""; come = come.slice(taken)) {
      taken = handle(come, send);
      if (taken > 0) commands.push(come.slice(0, taken));
    }
  };
}

/** A device on a TCP port. @param banner What it says when somebody connects. */
export function tcpBytes(handle: Handle, banner = ""): ByteDevice {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const commands: string[] = [];
  const connections = new Set<Deno.Conn>();
  const serve = async (connection: Deno.Conn) => {
    const send = async (text: string) => void await connection.write(textBytes(text)).catch(() => {});
    const take = receiver(handle, commands, send);
    if (banner !== "") await send(banner);
    try {
      for await (const bytes of connection.readable) take(bytes);
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
  return {
    address: `tcp://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    commands,
    async send(text) {
      for (const connection of connections) await connection.write(textBytes(text)).catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) {
        try {
          connection.close();
        } catch {
          // Closed by the other end.
        }
      }
      await accepting;
    },
  };
}

/** A device on a pseudo terminal. */
export async function ptyBytes(handle: Handle): Promise<ByteDevice> {
  const pty = await openPty();
  const commands: string[] = [];
  const send = async (text: string) => void await pty.line.write(textBytes(text)).catch(() => {});
  const take = receiver(handle, commands, send);
  const serving = (async () => {
    for (let bytes = await pty.line.read(); bytes !== null; bytes = await pty.line.read()) take(bytes);
  })().catch(() => {});
  return {
    address: `serial://${pty.path}`,
    commands,
    send,
    async [Symbol.asyncDispose]() {
      pty.close();
      await serving;
      await poller.idle();
    },
  };
}
