/**
 * Telnet's own bytes (RFC 854), which terminal servers, and PuTTY as it is set by default, send among those that are meant.
 *
 * Agreed to are bytes as they are (BINARY), no go-ahead, and that the other end echoes or not as it likes; all else is
 * refused. Byte 255 that is meant is doubled on the wire.
 *
 * @module
 */

const [IAC, DONT, DO, WONT, WILL, SB, SE] = [255, 254, 253, 252, 251, 250, 240];
const [BINARY, ECHO, SUPPRESS_GO_AHEAD] = [0, 1, 3];
const [CR, LF, NUL] = [13, 10, 0];

/** What the other end may do; what is done here. */
const theirs: ReadonlySet<number> = new Set([BINARY, ECHO, SUPPRESS_GO_AHEAD]);
const ours: ReadonlySet<number> = new Set([BINARY, SUPPRESS_GO_AHEAD]);

/** Tells telnet's own bytes from those that are meant: bytes in, bytes and replies out. */
export class TelnetDecoder {
  #state: "data" | "command" | "option" | "subnegotiation" | "subcommand" = "data";
  #verb = 0;
  #afterReturn = false;
  /** What was agreed to already, which is not said again: else two ends could go on for ever. */
  readonly #agreed = new Set<string>();

  /**
   * Takes bytes as they come, cut anywhere.
   *
   * @returns What was meant, and what is to be replied.
   */
  push(bytes: Uint8Array): { readonly data: Uint8Array; readonly reply: Uint8Array } {
    const data: number[] = [];
    const reply: number[] = [];
    for (const byte of bytes) this.#take(byte, data, reply);
    return { data: Uint8Array.from(data), reply: Uint8Array.from(reply) };
  }

  #take(byte: number, data: number[], reply: number[]): void {
    switch (this.#state) {
      case "data":
        if (byte === IAC) this.#state = "command";
        // A return by itself is sent with a NUL behind it, unless the line is binary.
        else if (!(byte === NUL && this.#afterReturn && !this.#agreed.has(`${WILL} ${BINARY}`))) data.push(byte);
        this.#afterReturn = byte === CR;
        return;
      case "command":
        this.#state = "data";
        if (byte === IAC) data.push(IAC);
        else if (byte === SB) this.#state = "subnegotiation";
        else if (byte >= WILL && byte <= DONT) {
          this.#verb = byte;
          this.#state = "option";
        }
        return;
      case "option":
        this.#state = "data";
        reply.push(...this.#answer(this.#verb, byte));
        return;
      case "subnegotiation":
        if (byte === IAC) this.#state = "subcommand";
        return;
      case "subcommand":
        this.#state = byte === SE ? "data" : "subnegotiation";
    }
  }

  /** Agrees to a change or refuses it; says nothing where it is so already. */
  #answer(verb: number, option: number): number[] {
    const [on, yes, no, may] = verb === WILL || verb === WONT ? [WILL, DO, DONT, theirs] : [DO, WILL, WONT, ours];
    const key = `${on} ${option}`;
    if (verb === WONT || verb === DONT) return this.#agreed.delete(key) ? [IAC, no, option] : [];
    if (this.#agreed.has(key)) return [];
    if (!may.has(option)) return [IAC, no, option];
    this.#agreed.add(key);
    return [IAC, yes, option];
  }

  /** Bytes as they are sent. */
  encode(bytes: Uint8Array): Uint8Array {
    const binary = this.#agreed.has(`${DO} ${BINARY}`);
    const sent: number[] = [];
    bytes.forEach((byte, at) => {
      sent.push(byte);
      if (byte === IAC) sent.push(IAC);
      if (byte === CR && !binary && bytes[at + 1] !== LF) sent.push(NUL);
    });
    return Uint8Array.from(sent);
  }
}
