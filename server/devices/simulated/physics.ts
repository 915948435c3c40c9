/**
 * Parts of all simulated instruments: lags, noise that repeats with its seed, and waiting for something to happen.
 *
 * @module
 */

/**
 * A value that follows its target with a time constant, as temperatures and flows do.
 *
 * @param value The value now.
 * @param target Where it goes.
 * @param timeConstant In seconds; after one, 63 % of the way is done.
 * @param seconds How much time passes.
 * @returns The value then; exact for any step, so that one step of 60 s equals sixty of 1 s.
 */
export function follow(value: number, target: number, timeConstant: number, seconds: number): number {
  return target + (value - target) * Math.exp(-seconds / timeConstant);
}

/** Noise that is the same on every run with the same seed. */
export class Noise {
  #state: number;

  /** @param seed Any whole number. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** @returns A number from 0 up to 1 (the mulberry32 generator). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /**
   * @param deviation The standard deviation.
   * @returns A number around 0 (Box and Muller).
   */
  normal(deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** Something that moves to where it is told at a constant speed, and can be waited for. */
export class Mover {
  #position: number;
  #target: number;
  readonly #speed: number;
  #arrived: (() => void)[] = [];

  /**
   * @param position Where it stands.
   * @param speed In its unit per second.
   */
  constructor(position: number, speed: number) {
    this.#position = this.#target = position;
    this.#speed = speed;
  }

  /** The current position. */
  get position(): number {
    return this.#position;
  }

  /** The position it moves to. */
  get target(): number {
    return this.#target;
  }

  /**
   * Sends it off.
   *
   * @param target Where to.
   * @param signal Stops it where it is, and ends the wait.
   * @returns When it has arrived, in simulated time.
   */
  async moveTo(target: number, signal: AbortSignal): Promise<void> {
    this.#target = target;
    if (this.#position === target) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = () => {
      this.#target = this.#position;
      reject(signal.reason);
    };
    this.#arrived.push(resolve);
    signal.addEventListener("abort", stop, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** @param seconds How much simulated time passes. */
  step(seconds: number): void {
    const way = this.#target - this.#position;
    const reach = this.#speed * seconds;
    this.#position = Math.abs(way) <= reach ? this.#target : this.#position + Math.sign(way) * reach;
    if (this.#position === this.#target) { for (const arrived of this.#arrived.splice(0)) arrived(); }
  }
}
