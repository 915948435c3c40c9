/** The codes an instrument may fail with; each is one of the wire's error codes. */
export type InstrumentErrorCode =
  | "unknown_field"
  | "unknown_command"
  | "bad_argument"
  | "out_of_limits"
  | "not_a_setting"
  | "command_failed"
  | "not_connected"
  | "deadline_exceeded";

/** An instrument's refusal or failure. Throw it from a handler to tell the client what went wrong. */
export class InstrumentError extends Error {
  /** The stable code, for scripts to branch on. @default "command_failed" */
  readonly code: InstrumentErrorCode;

  /**
   * Makes an error to be thrown.
   *
   * @param message What went wrong, on what, why, and what would be right.
   * @param code The stable code.
   * @param options `cause`: the error behind this one, if any.
   */
  constructor(message: string, code: InstrumentErrorCode = "command_failed", options?: ErrorOptions) {
    super(message, options);
    this.name = "InstrumentError";
    this.code = code;
  }
}
