/**
 * The page's copy of the arrangement that all pages share.
 *
 * @module
 */

import { type Arrangement, type ArrangementState, noArrangement } from "../../../protocol/arrangement.ts";
import { Live } from "./live.tsx";

/** The arrangement: what the server tells, and before it does, what this page has just done. */
export class SharedArrangement {
  /** What the page shows. */
  readonly shown: Live<Arrangement> = new Live<Arrangement>(noArrangement);
  /** Whether the server has told it: before that nothing is shown, which would only jump about. */
  readonly known: Live<boolean> = new Live(false);
  /** What people should know of how it is kept. */
  readonly hint: Live<string> = new Live("");
  readonly #send: (arrangement: Arrangement) => Promise<unknown>;
  #told: ArrangementState = { arrangement: noArrangement, kept: true, hint: "", revision: -1 };
  /** How many changes the server has not answered. */
  #asking = 0;

  /** Makes it. @param send Gives the server an arrangement, and answers with its {@linkcode ArrangementState}. */
  constructor(send: (arrangement: Arrangement) => Promise<unknown>) {
    this.#send = send;
  }

  /** The server is asked for everything anew; one that was started again counts from the beginning. */
  begin(): void {
    this.#told = { ...this.#told, revision: -1 };
  }

  /** Takes what the server tells. */
  told(state: ArrangementState): void {
    if (state.revision < this.#told.revision) return;
    this.#told = state;
    this.hint.value = state.hint;
    // What this page has done since is not undone for a moment by what it had done before.
    if (this.#asking > 0) return;
    const same = JSON.stringify(state.arrangement) === JSON.stringify(this.shown.value);
    if (!same) this.shown.value = state.arrangement;
    this.known.value = true;
  }

  /** Changes it here at once, and for everybody. @throws {HeliographError} Where it is refused; then it is as before. */
  async change(arrangement: Arrangement): Promise<void> {
    if (arrangement === this.shown.value) return;
    this.shown.value = arrangement;
    this.#asking++;
    let answer = this.#told;
    try {
      answer = await this.#send(arrangement) as ArrangementState;
    } finally {
      this.#asking--;
      this.told(answer.revision < this.#told.revision ? this.#told : answer);
    }
  }
}
