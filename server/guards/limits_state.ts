/**
 * What limits come to as time passes: how long something was on, how fast a value was changed, how often something was
 * done. They know neither fields nor clocks: both are handed to them. Times in milliseconds of a clock that nobody sets.
 *
 * @module
 */

/** How long something was on. */
export class DutyState {
  readonly #on: number;
  readonly #within: number;
  #spans: { readonly from: number; readonly to: number | undefined }[] = [];

  /** @param on For how long it may be on, @param within in any time so long. */
  constructor(on: number, within: number) {
    this.#on = on;
    this.#within = within;
  }

  /** Whether it is on. */
  get isOn(): boolean {
    const last = this.#spans.at(-1);
    return last !== undefined && last.to === undefined;
  }

  /** When it was on. */
  get spans(): readonly { readonly from: number; readonly to: number | undefined }[] {
    return this.#spans;
  }

  /** Takes what was known before. */
  resume(spans: readonly { readonly from: number; readonly to: number | undefined }[]): void {
    this.#spans = [...spans];
  }

  /** It is on now, or off. @returns Whether that is another than before. */
  set(on: boolean, now: number): boolean {
    this.#spans = this.#spans.filter(({ to }) => to === undefined || to > now - this.#within);
    if (on === this.isOn) return false;
    if (on) this.#spans.push({ from: now, to: undefined });
    else this.#spans.push({ from: this.#spans.pop()!.from, to: now });
    return true;
  }

  /** For how long it was on in the time that counts. */
  used(now: number): number {
    const begin = now - this.#within;
    return this.#spans.reduce((sum, { from, to = now }) => sum + Math.max(0, to - Math.max(from, begin)), 0);
  }

  /** Whether it may not be on now. */
  isOver(now: number): boolean {
    return this.used(now) >= this.#on;
  }

  /** From when on it may be on again, where it is off from now on. */
  free(now: number): number {
    let excess = this.used(now) - this.#on;
    if (excess < 0) return now;
    for (const { from, to = now } of this.#spans) {
      const begin = Math.max(from, now - this.#within);
      if (to <= begin) continue;
      if (excess < to - begin) return begin + excess + this.#within;
      excess -= to - begin;
    }
    return now;
  }
}

/** By how much a value may be changed in any time so long. */
export interface Rate {
  readonly by: number;
  readonly per: number;
}

/** How fast a value was changed. */
export class SlewState {
  readonly #up: Rate | undefined;
  readonly #down: Rate | undefined;
  #values: { readonly at: number; readonly value: number }[] = [];

  /** @param up How fast it may become more; `undefined` for as fast as anybody likes. @param down How fast less. */
  constructor(up: Rate | undefined, down: Rate | undefined) {
    this.#up = up;
    this.#down = down;
  }

  /** What it was, and since when. */
  get values(): readonly { readonly at: number; readonly value: number }[] {
    return this.#values;
  }

  /** Takes what was known before. */
  resume(values: readonly { readonly at: number; readonly value: number }[]): void {
    this.#values = [...values];
  }

  /** It is this from now on. @returns Whether that is another than before. */
  set(value: number, now: number): boolean {
    if (this.#values.at(-1)?.value === value) return false;
    this.#values.push({ at: now, value });
    const longest = Math.max(this.#up?.per ?? 0, this.#down?.per ?? 0);
    // The one that was so at the beginning of that time counts.
    while (this.#values.length > 1 && this.#values[1]!.at <= now - longest) this.#values.shift();
    return true;
  }

  /** What it was in that time: each value, and until when. */
  #within({ per }: Rate, now: number): { readonly value: number; readonly to: number }[] {
    return this.#values
      .map(({ value }, index) => ({ value, to: this.#values[index + 1]?.at ?? Infinity }))
      .filter(({ to }) => to > now - per);
  }

  /** Between which values it may be set now. */
  range(now: number): readonly [least: number, most: number] {
    const [up, down] = [this.#up, this.#down];
    return [
      down === undefined
        ? -Infinity
        : Math.max(-Infinity, ...this.#within(down, now).map(({ value }) => value)) - down.by,
      up === undefined ? Infinity : Math.min(Infinity, ...this.#within(up, now).map(({ value }) => value)) + up.by,
    ];
  }

  /** From when on it may be this; `Infinity` where it takes another step in between. */
  free(value: number, now: number): number {
    const wait = (rate: Rate | undefined, change: (before: number) => number) =>
      rate === undefined ? now : Math.max(
        now,
        ...this.#within(rate, now).filter((each) => isMore(change(each.value), rate.by)).map(({ to }) => to + rate.per),
      );
    return Math.max(wait(this.#up, (before) => value - before), wait(this.#down, (before) => before - value));
  }
}

/** Whether it is more, by more than what sums of decimals are wrong. */
function isMore(value: number, limit: number): boolean {
  return value - limit > 1e-9 * Math.max(1, Math.abs(limit));
}

/** How often something was done. */
export class OftenState {
  readonly #times: number;
  readonly #within: number;
  #done: number[] = [];

  /** @param times How often it may be done, @param within in any time so long. */
  constructor(times: number, within: number) {
    this.#times = times;
    this.#within = within;
  }

  /** When it was done. */
  get done(): readonly number[] {
    return this.#done;
  }

  /** Takes what was known before. */
  resume(done: readonly number[]): void {
    this.#done = [...done];
  }

  /** It is done. */
  note(now: number): void {
    this.#done = [...this.#done.filter((at) => at > now - this.#within), now];
  }

  /** How often it was done in the time that counts. */
  count(now: number): number {
    return this.#done.filter((at) => at > now - this.#within).length;
  }

  /** From when on it may be done again. */
  free(now: number): number {
    const recent = this.#done.filter((at) => at > now - this.#within);
    return recent.length < this.#times ? now : recent[recent.length - this.#times]! + this.#within;
  }
}
