/**
 * What a broker is to retain, topic by topic: only the newest of each waits, however slow the broker is.
 *
 * @module
 */

/** How many publications are on their way at once. */
const mostUnderWay = 32;

/** What carries it. */
export interface Carrier {
  readonly isThere: () => boolean;
  /** @returns The number by which the broker says that it has it. */
  publish(topic: string, payload: string): number;
}

/** What a broker is to retain. */
export class Retained {
  readonly #carrier: Carrier;
  readonly #wanted = new Map<string, string>();
  /** Topics that are to be empty, until the broker has that. */
  readonly #cleared = new Set<string>();
  /** What the broker does not have yet, in the order in which it goes. */
  readonly #waiting = new Set<string>();
  /** What is on its way: the topic and what was published of it, by number. */
  readonly #underWay = new Map<number, { readonly topic: string; readonly payload: string }>();
  #idle: (() => void) | undefined;

  /** @param carrier What publishes, each with a number. */
  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  /** How many topics the broker does not have as they are. */
  get waiting(): number {
    return this.#waiting.size + this.#underWay.size;
  }

  /** How many topics there are. */
  get size(): number {
    return this.#wanted.size;
  }

  /** Whether a topic is one of them. */
  wants(topic: string): boolean {
    return this.#wanted.has(topic);
  }

  /** All topics. */
  topics(): string[] {
    return [...this.#wanted.keys()];
  }

  /**
   * Publishes it, unless the broker has it so.
   *
   * @param again Whether also where it has.
   * @returns Whether it is published.
   */
  set(topic: string, payload: string, again = false): boolean {
    if (!again && this.#wanted.get(topic) === payload) return false;
    this.#wanted.set(topic, payload);
    this.#cleared.delete(topic);
    this.#goes(topic);
    return true;
  }

  /** Has the broker forget a topic. */
  clear(topic: string): void {
    this.#wanted.delete(topic);
    this.#cleared.add(topic);
    this.#goes(topic);
  }

  /** The broker is there, and may have forgotten everything. @param last The topic that goes last, and what is there then. */
  begin(last: string, payload: string): void {
    this.#underWay.clear();
    this.#waiting.clear();
    this.#wanted.delete(last);
    this.#wanted.set(last, payload);
    for (const topic of [...this.#cleared, ...this.#wanted.keys()]) this.#waiting.add(topic);
    this.#go();
  }

  /** The broker has a publication. */
  has(id: number): void {
    const carried = this.#underWay.get(id);
    if (carried === undefined) return;
    this.#underWay.delete(id);
    if (carried.payload === "" && !this.#waiting.has(carried.topic)) this.#cleared.delete(carried.topic);
    this.#go();
  }

  /** When the broker has everything, or some milliseconds have gone by. */
  async settled(milliseconds: number): Promise<void> {
    if (this.waiting === 0 || !this.#carrier.isThere()) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((go) => {
      this.#idle = go;
      timer = setTimeout(go, milliseconds);
    });
    clearTimeout(timer);
  }

  #goes(topic: string): void {
    this.#waiting.add(topic);
    this.#go();
  }

  #go(): void {
    if (!this.#carrier.isThere()) return;
    for (const topic of this.#waiting) {
      if (this.#underWay.size >= mostUnderWay) return;
      this.#waiting.delete(topic);
      const payload = this.#wanted.get(topic) ?? "";
      this.#underWay.set(this.#carrier.publish(topic, payload), { topic, payload });
    }
    if (this.waiting === 0) this.#idle?.();
  }
}
