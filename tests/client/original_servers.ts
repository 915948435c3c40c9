/**
 * Stand-ins for the two originals, which cannot be installed where the tests run: they answer what the transcripts
 * recorded, and show the originals' faults, which a client of theirs must live with.
 */
import { top } from "../fixture.ts";

interface Entry {
  readonly send: string | readonly string[];
  readonly reply: string | null;
  readonly closes?: boolean;
}

async function recorded(file: string): Promise<Entry[]> {
  return JSON.parse(await Deno.readTextFile(new URL(`tests/data/${file}`, top)));
}

/** A running stand-in. */
export interface Original extends AsyncDisposable {
  readonly port: number;
  /** Every message or segment that came in, as text. */
  readonly received: string[];
}

function listen(serve: (connection: Deno.TcpConn) => Promise<void>, received: string[]): Original {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      serving.push(
        serve(connection).catch(() => {}).finally(() => {
          open.delete(connection);
          try {
            connection.close();
          } catch {
            // Closed already.
          }
        }),
      );
    }
  })();
  return {
    port: listener.addr.port,
    received,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) connection.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}

async function receive(connection: Deno.TcpConn, length: number): Promise<string> {
  const buffer = new Uint8Array(length);
  const count = await connection.read(buffer);
  if (count === null) throw new Error("closed");
  return new TextDecoder().decode(buffer.subarray(0, count));
}

async function reply(connection: Deno.TcpConn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

/**
 * PyOpticon's dashboard: takes what one `recv(1024)` gives for one message, ignores keys it does not know, answers raw
 * text, drops the client on whatever it cannot read, and answers an unknown command with its last reply.
 *
 * @param delay How long it takes for each reply, in milliseconds, below 0 for one that never comes; the last goes for all that follow.
 */
export async function originalDashboard(...delay: number[]): Promise<Original> {
  const replies = new Map<string, string>();
  for (const { send, reply: answer } of await recorded("pyopticon-dashboard.json")) {
    if (typeof send === "string" && answer) {
      try {
        const message = JSON.parse(send);
        if ("printout" in message && !replies.has(key(message))) replies.set(key(message), answer);
      } catch {
        // The recording holds malformed messages as well.
      }
    }
  }
  const received: string[] = [];
  return listen(async (connection) => {
    let last: string | undefined;
    for (;;) {
      const text = await receive(connection, 1024);
      received.push(text);
      const message = JSON.parse(text);
      if (message.cmd === "Close") return;
      const known = ["Get", "Set", "Confirm", "Eval", "Exec"].includes(message.cmd);
      if (known) {
        last = "printout" in message
          ? replies.get(key(message)) ?? `Error: '${message.field_name}'`
          : "Error: 'printout'";
      }
      if (last === undefined) return;
      const wait = delay.length > 1 ? delay.shift()! : delay[0] ?? 0;
      if (wait < 0) continue;
      await new Promise((resolve) => setTimeout(resolve, wait));
      await reply(connection, last);
    }
  }, received);
}

function key(message: Record<string, unknown>): string {
  const { cmd, widget_nickname, field_name, new_value, code } = message;
  return JSON.stringify([cmd, widget_nickname, field_name, new_value, code]);
}

/** azcam's command server, one segment a command; it greets its clients if it is given a welcome message. */
export async function originalCommandServer(welcome?: string): Promise<Original> {
  const replies = new Map<string, string>();
  for (const { send, reply: answer } of await recorded("azcam-command-server.json")) {
    if (typeof send === "string") replies.set(send.trim(), answer ?? "");
  }
  const received: string[] = [];
  return listen(async (connection) => {
    if (welcome !== undefined) await reply(connection, `${welcome}\r\n`);
    for (;;) {
      const text = await receive(connection, 1024);
      received.push(text);
      const line = text.trim();
      if (line === "hang") continue;
      const echoed = /^echo (.*)$/i.exec(line);
      await reply(
        connection,
        echoed === null ? replies.get(line) ?? "ERROR AttributeError('?')\r\n" : `OK ${echoed[1]}\r\r\n`,
      );
    }
  }, received);
}

/**
 * A server of another kind.
 *
 * @param greeting What it says at once, to whoever comes.
 * @param answer What it says to whatever it is sent; nothing, where it stays silent.
 */
export function greeter(greeting: string, answer = ""): Original {
  const received: string[] = [];
  return listen(async (connection) => {
    await reply(connection, greeting);
    for (;;) {
      received.push(await receive(connection, 1024));
      await reply(connection, answer);
    }
  }, received);
}
