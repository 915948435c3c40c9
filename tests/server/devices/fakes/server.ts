/** What the servers of the fakes have in common: a TCP port, whose connections can be cut off. */
import type { Line } from "../../../../server/devices/transports/line.ts";
import { tcpLine } from "../../../../server/devices/transports/network.ts";

/** A listening fake. */
export interface FakeServer extends AsyncDisposable {
  readonly port: number;
  /** Cuts everybody off. */
  hangUp(): void;
}

/**
 * Listens on loopback.
 *
 * @param port Where; 0 for any.
 * @param serve Speaks on a connection until it ends; what it throws ends it.
 */
export function serveFake(port: number, serve: (line: Line) => Promise<void>): FakeServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const lines = new Set<Line>();
  const accepting = (async () => {
    for await (const connection of listener) {
      const line = tcpLine(connection as Deno.TcpConn);
      lines.add(line);
      void serve(line).catch(() => {}).then(() => {
        lines.delete(line);
        line.close();
      });
    }
  })().catch(() => {});
  const hangUp = () => {
    for (const line of lines) line.close();
    lines.clear();
  };
  return {
    port: (listener.addr as Deno.NetAddr).port,
    hangUp,
    async [Symbol.asyncDispose]() {
      listener.close();
      hangUp();
      await accepting;
    },
  };
}

/** A text as bytes, a character for each. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
