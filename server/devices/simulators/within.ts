/**
 * Serves a simulator within this program, on a line without a socket: nothing outside of it is reached or needed.
 *
 * @module
 */

import type { Line } from "../transports/line.ts";
import { linesWithin } from "../transports/lines_within.ts";
import type { Registers } from "./registers.ts";
import { type RunningSimulator, serveWithin } from "./serve.ts";
import type { Simulator } from "./simulator.ts";

/** The longest part of its time that a simulator lets pass at once, in seconds. */
const longestStep = 1;

let last = 0;

/** Its time passes when it is asked: nobody has to step it meanwhile. */
class LateSimulator implements Simulator {
  readonly #simulator: Simulator;
  #seen = performance.now();

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  get commandEnd(): string {
    return this.#simulator.commandEnd;
  }

  get otherEnds(): Simulator["otherEnds"] {
    return this.#simulator.otherEnds;
  }

  get answerEnd(): string {
    return this.#simulator.answerEnd;
  }

  get encoding(): NonNullable<Simulator["encoding"]> {
    return this.#simulator.encoding ?? "utf8";
  }

  get talk(): Simulator["talk"] {
    const { talk } = this.#simulator;
    if (talk === undefined) return undefined;
    return {
      interval: talk.interval,
      say: () => {
        this.#catchUp();
        return talk.say();
      },
    };
  }

  get registers(): Simulator["registers"] {
    return this.#simulator.registers && this.#late(this.#simulator.registers);
  }

  get neighbours(): readonly Registers[] {
    return (this.#simulator.neighbours ?? []).map((each) => this.#late(each));
  }

  answer(command: string): string | undefined {
    this.#catchUp();
    return this.#simulator.answer(command);
  }

  #late(registers: Registers): Registers {
    return {
      ...registers.unit === undefined ? {} : { unit: registers.unit },
      read: (table, address) => {
        this.#catchUp();
        return registers.read(table, address);
      },
      write: (table, address, value) => {
        this.#catchUp();
        return registers.write(table, address, value);
      },
    };
  }

  #catchUp(): void {
    const now = performance.now();
    for (let left = (now - this.#seen) / 1000; left > 0; left -= longestStep) {
      this.#simulator.step?.(Math.min(left, longestStep));
    }
    this.#seen = now;
  }
}

/** One end of a line within this program. */
class Within implements Line {
  readonly #come: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  other: Within | undefined;

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const bytes = this.#come.shift();
      if (bytes !== undefined) return bytes;
      if (this.#closed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(new Error("the line is closed"));
    this.other!.#come.push(bytes);
    this.other!.#wake?.();
    return Promise.resolve();
  }

  close(): void {
    for (const end of [this, this.other!]) {
      end.#closed = true;
      end.#wake?.();
    }
  }
}

/** Makes a line within this program. */
function lineWithin(): [Line, Line] {
  const [one, other] = [new Within(), new Within()];
  one.other = other;
  other.other = one;
  return [one, other];
}

/**
 * Runs a simulator within this program, for any number of ports that are opened at its address.
 *
 * @param simulator Who answers. Its time passes in steps of at most a second, when it is asked.
 */
export function simulateWithin(simulator: Simulator): RunningSimulator {
  const late = new LateSimulator(simulator);
  const host = `simulator-${++last}.invalid`;
  const open = new Set<Line>();
  linesWithin.set(host, () => {
    const [here, there] = lineWithin();
    open.add(there);
    void serveWithin(late, there).finally(() => open.delete(there));
    return here;
  });
  return {
    address: `${simulator.registers === undefined ? "tcp" : "modbus+tcp"}://${host}:1`,
    close() {
      linesWithin.delete(host);
      for (const line of open) void line.close();
      return Promise.resolve();
    },
  };
}
