/** An open line to an instrument: bytes out, bytes in. */
export interface Line {
  /** Whether each read is one whole answer, with or without its end, as a datagram is. @default false */
  readonly whole?: boolean;
  /** Whether an answer is always to what was written last: no other one comes late. @default false */
  readonly onlyLatest?: boolean;
  /**
   * Waits for the next bytes, one read at a time.
   *
   * @returns Bytes that stay as they are until the next read; `null` when the other end has closed, or once the line is closed here.
   * @throws {HeliographError} The line has broken: a cable was pulled.
   */
  read(): Promise<Uint8Array | null>;
  /**
   * Sends bytes, which must stay as they are until then.
   *
   * @param answerWithin Where an answer is waited for, how long, in seconds. A line on which answers come by themselves
   * pays no heed to it; one on which they are fetched fetches none without it.
   * @returns When they are handed to the system.
   * @throws {HeliographError} The line has broken, or was closed.
   */
  write(bytes: Uint8Array, answerWithin?: number): Promise<void>;
  /**
   * Closes it; twice does nothing. Nothing is read or written any more when this returns.
   *
   * @returns When what was sent last has been delivered too, as far as that can be known.
   */
  close(): void | Promise<void>;
}
