/**
 * The event register of IEEE 488.2, by which instruments tell what they refused that have no error queue.
 *
 * @module
 */

/** `*ESR?`, `*CLS` and the bits that refusals set. */
export class CommonEvents {
  // It was switched on since somebody last looked.
  #events = 128;

  /**
   * Answers the commands of the register, and notes which of the others are refused.
   *
   * @param command The command.
   * @param others Throws a RangeError for a parameter that cannot be, and a SyntaxError for what is no command.
   */
  answer(command: string, others: (command: string) => string | undefined): string | undefined {
    const events = this.#events;
    if (/^\*(?:ESR\?|CLS)$/i.test(command)) {
      this.#events = 0;
      return command.endsWith("?") ? String(events) : undefined;
    }
    try {
      return others(command);
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof SyntaxError)) throw error;
      // Bit 4: an execution error; bit 5: a command error.
      this.#events |= error instanceof RangeError ? 16 : 32;
      return undefined;
    }
  }
}
