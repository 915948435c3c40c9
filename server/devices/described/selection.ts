/**
 * Remembers what is selected on a port: the unit that listens, the channel that is read.
 *
 * @module
 */

import type { Port, Turn } from "../transports/port.ts";
import type { FilledSteps } from "./wording.ts";

const selections = new WeakMap<Port, Selection>();

/** What is selected on one port, for all who speak on it. */
export class Selection {
  /** From the outermost, which holds the others: after it has changed, what was selected within it is not known. */
  #now: string[] = [];

  /** That of a port. */
  static of(port: Port): Selection {
    let selection = selections.get(port);
    if (selection === undefined) selections.set(port, selection = new Selection());
    return selection;
  }

  /**
   * Selects what is not selected already.
   *
   * @param turn The port, for as long as what is selected is used.
   * @param wanted What to say for it, the outermost first.
   */
  async select(turn: Turn, wanted: readonly FilledSteps[]): Promise<void> {
    let same = 0;
    while (same < wanted.length && wanted[same]!.key === this.#now[same]) same++;
    if (same === wanted.length) return;
    // A list of its own: where this is interrupted, what it goes on to note is not what is selected.
    const now = this.#now = this.#now.slice(0, same);
    for (const each of wanted.slice(same)) {
      await each.run(turn);
      now.push(each.key);
    }
  }

  /** What is selected is not known: the instrument may have been switched off. */
  forget(): void {
    this.#now = [];
  }
}
