/**
 * Shares out the event loop: whoever has much to do lets everybody else come in between.
 *
 * While bytes of one client are ready, reading them takes no turn of the event loop: that client alone would be served
 * for seconds. So each client counts what it costs, gives up its turn after a bounded piece of work, and goes on when it
 * is called. Measured on Deno 2.4 and 2.9: neither `setImmediate` nor a message to oneself is enough, since the runtime
 * asks the system which sockets are ready at every 61st turn only, or when nothing is left to do. A byte that the server
 * sends to itself comes back when the system has been asked, whichever version it is, after some 15 µs.
 *
 * @module
 */

/** Units of a client between two looks at the clock, each of which costs as much as one; see {@linkcode LoopTurn}. */
const unitsBetweenLooks = 64;
/** For how long nobody need have asked which sockets are ready, in milliseconds; then that is asked. */
const askAfter = 0.5;
/** How long those who are being served may go on before the others come in, in milliseconds. */
const longestTurn = 3;
/** How many of the requests that one client has under way at once go on in one turn. */
const requestsAtOnce = 4;
/** What 2 to the power of this many characters cost, received or sent: one unit. */
const characterBits = 10;

/** The address at which the server connects to itself. */
const hostname = "127.0.0.1";

/** Waits until the system has been asked which sockets are ready, by a byte that comes back to whoever sent it. */
class Pulse {
  readonly #sender: Deno.TcpConn;
  readonly #receiver: Deno.TcpConn;
  readonly #byte = new Uint8Array(1);
  /** Larger than what comes: the runtime takes a read that is filled for a sign that more is there, and asks nobody. */
  readonly #buffer = new Uint8Array(16);

  private constructor(sender: Deno.TcpConn, receiver: Deno.TcpConn) {
    this.#sender = sender;
    this.#receiver = receiver;
    sender.setNoDelay(true);
  }

  /** Opens one. @returns It; `undefined` where the program may not connect to itself, or cannot. */
  static async open(): Promise<Pulse | undefined> {
    if (Deno.permissions.querySync({ name: "net", host: hostname }).state !== "granted") return undefined;
    try {
      using listener = Deno.listen({ hostname, port: 0 });
      const connecting = Deno.connect({ hostname, port: listener.addr.port });
      // Where nothing is accepted, that is what went wrong.
      connecting.catch(() => {});
      const receiver = await listener.accept();
      const sender = await connecting;
      // Another program of this PC may have been faster.
      if (receiver.remoteAddr.port === sender.localAddr.port) return new Pulse(sender, receiver);
      receiver.close();
      sender.close();
    } catch {
      // Out of file descriptors, say.
    }
    return undefined;
  }

  /** Waits for one turn of the event loop. @throws When the connection to itself has been lost. */
  async beat(): Promise<void> {
    const back = this.#receiver.read(this.#buffer);
    const [, count] = await Promise.all([this.#sender.write(this.#byte), back]);
    if (count === null) throw new Error("the server's connection to itself has ended");
  }

  /** Closes it. */
  close(): void {
    for (const end of [this.#sender, this.#receiver]) {
      try {
        end.close();
      } catch {
        // It has been closed.
      }
    }
  }
}

/**
 * The turns of one client: how much it may do before others come in between. A unit is a short command, or 1,024
 * characters received or sent. What a client asks over several connections, or all at once, may share one: the client's
 * requests then take turns among themselves, and the client counts once.
 *
 * @example
 * ```ts
 * import { LoopTurns } from "./loop_turns.ts";
 *
 * const turn = new LoopTurns().client();
 * for (const line of ["echo", "status"]) {
 *   turn.charge(line.length);
 *   await turn.pause();
 * }
 * ```
 */
export class LoopTurn {
  readonly #turns: LoopTurns;
  #left = unitsBetweenLooks;
  /** Resumes what waits for this client's turn, in order. */
  readonly #waiting: (() => void)[] = [];
  /** Of what was called, what found the time used up by others: it is called first. */
  readonly #late: (() => void)[] = [];

  /** Makes one; {@linkcode LoopTurns.client} does. @param turns All the turns. */
  constructor(turns: LoopTurns) {
    this.#turns = turns;
  }

  /** Counts a piece of work. @param characters How much was received or sent for it. */
  charge(characters: number): void {
    this.#left -= 1 + (characters >>> characterBits);
  }

  /** Lets others come in between where that is due. @returns When to go on; `undefined` means at once. */
  pause(): Promise<void> | undefined {
    if (this.#left > 0 && this.#waiting.length === 0) return undefined;
    this.#left = unitsBetweenLooks;
    // Behind what else of this client waits: it would otherwise go on beside that.
    return this.#turns.look() || this.#waiting.length > 0 ? this.#wait() : undefined;
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#turns.queue(this, false);
    });
    while (this.#turns.look()) {
      await new Promise<void>((resolve) => {
        this.#late.push(resolve);
        this.#turns.queue(this, true);
      });
    }
  }

  /** Goes on with what waited longest. @returns Whether more waits. */
  resume(): boolean {
    const called = this.#late.splice(0);
    called.push(...this.#waiting.splice(0, requestsAtOnce - called.length));
    for (const resume of called) resume();
    return this.#waiting.length > 0;
  }
}

/** The turns of all the clients of one server. */
export class LoopTurns {
  /** Clients that have given up their turn, in the order in which they are called; `late` ones first. */
  readonly #waiting = new Set<LoopTurn>();
  readonly #late = new Set<LoopTurn>();
  #turning = false;
  /** When the system was last asked which sockets are ready, as far as is known: all those were served, or will be now. */
  #asked = 0;
  #pulse: Pulse | undefined;
  #opening: Promise<void> | undefined;
  #users = 0;

  /** The turn of a client that has come. */
  client(): LoopTurn {
    return new LoopTurn(this);
  }

  /**
   * A server begins. From soon after that a turn costs some 15 µs; before, and where the program may not connect to
   * itself, 1 to 2 ms.
   */
  open(): void {
    if (this.#users++ > 0) return;
    this.#opening = Pulse.open().then((pulse) => {
      this.#pulse = pulse;
    });
  }

  /** A server has stopped; the last one closes what `open` has opened. */
  async close(): Promise<void> {
    await this.#opening;
    if (--this.#users > 0) return;
    this.#pulse?.close();
    this.#pulse = undefined;
  }

  /**
   * Looks at the clock. While most clients wait for more to come, the system is asked all the time, and nobody has to
   * give up a turn.
   *
   * @returns Whether those who are being served have had their time.
   */
  look(): boolean {
    const since = performance.now() - this.#asked;
    if (since < askAfter) return false;
    if (!this.#turning) void this.#goRound();
    return since >= longestTurn;
  }

  /** Calls a client when its turn comes. @param late Whether it was called already, in vain. */
  queue(turn: LoopTurn, late: boolean): void {
    (late ? this.#late : this.#waiting).add(turn);
  }

  async #goRound(): Promise<void> {
    this.#turning = true;
    do {
      await this.#beat();
      this.#asked = performance.now();
      // All of them: whoever finds that those before have used up the time waits on.
      const called = new Set([...this.#late, ...this.#waiting]);
      this.#late.clear();
      this.#waiting.clear();
      for (const turn of called) if (turn.resume()) this.#waiting.add(turn);
    } while (this.#waiting.size > 0);
    this.#turning = false;
  }

  async #beat(): Promise<void> {
    const pulse = this.#pulse;
    if (pulse === undefined) return await new Promise((resolve) => setTimeout(resolve, 0));
    try {
      await pulse.beat();
    } catch {
      pulse.close();
      if (this.#pulse === pulse) this.#pulse = undefined;
    }
  }
}
