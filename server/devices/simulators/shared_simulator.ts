/**
 * Puts several simulators on one line, as instruments that share a port.
 *
 * @module
 */

import { DescribedSimulator } from "./described_simulator.ts";
import type { Registers } from "./registers.ts";
import type { Simulator } from "./simulator.ts";

/** Several instruments on one line: each takes the commands that it understands. */
export class SharedSimulator implements Simulator {
  readonly commandEnd: string;
  readonly answerEnd: string;
  readonly #members: Simulator[] = [];
  #turn = 0;

  /** Puts the first on the line, whose ends of commands and answers are those of all. */
  constructor(first: Simulator) {
    this.commandEnd = first.commandEnd;
    this.answerEnd = first.answerEnd;
    this.#members.push(first);
  }

  get otherEnds(): Simulator["otherEnds"] {
    return this.#members[0]!.otherEnds;
  }

  get encoding(): NonNullable<Simulator["encoding"]> {
    return this.#members[0]!.encoding ?? "utf8";
  }

  get talk(): NonNullable<Simulator["talk"]> | undefined {
    const talkers = this.#members.flatMap(({ talk }) => talk ?? []);
    if (talkers.length === 0) return undefined;
    const interval = Math.min(...talkers.map((talker) => talker.interval)) / talkers.length;
    return { interval, say: () => talkers[this.#turn++ % talkers.length]!.say() };
  }

  get registers(): Simulator["registers"] {
    return this.#members[0]!.registers;
  }

  get neighbours(): readonly Registers[] {
    return this.#members.slice(1).flatMap(({ registers }) => registers ?? []);
  }

  /** Puts another one on the line. */
  add(simulator: Simulator): void {
    this.#members.push(simulator);
  }

  answer(command: string): string | undefined {
    const described = this.#members.filter((member) => member instanceof DescribedSimulator);
    const knowing = described.find((member) => member.knows(command));
    if (knowing !== undefined) return knowing.answer(command);
    for (const member of this.#members) {
      const answer = member.answer(command);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  step(seconds: number): void {
    for (const member of this.#members) member.step?.(seconds);
  }
}
