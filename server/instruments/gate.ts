/**
 * Lets one caller drive the whole bench for a while: nobody else's commands start in between.
 *
 * @module
 */

/** The gate that all the queues of a bench share. It is open unless somebody holds it. */
export class Gate {
  #holder: object | undefined;
  readonly #waiting: (() => void)[] = [];
  readonly #opened = new Set<() => void>();

  /** Calls the listener whenever the gate opens. */
  onOpen(listener: () => void): void {
    this.#opened.add(listener);
  }

  /**
   * Whether a caller's commands may start now. What a command that has started calls in turn always passes: it would
   * otherwise wait for a holder who waits for it.
   *
   * @param caller Who asked for the command.
   * @param nested Whether a running command asks for it.
   */
  passes(caller: object, nested: boolean): boolean {
    return this.#holder === undefined || this.#holder === caller || nested;
  }

  /**
   * Waits for the gate and holds it: commands that run go on, but only the holder's start.
   *
   * @param caller Who shall have it.
   * @returns What opens it again; calling it twice does nothing.
   */
  async hold(caller: object): Promise<() => void> {
    while (this.#holder !== undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#holder = caller;
    return () => {
      if (this.#holder !== caller) return;
      this.#holder = undefined;
      const next = this.#waiting.shift();
      if (next !== undefined) next();
      for (const opened of this.#opened) opened();
    };
  }
}
