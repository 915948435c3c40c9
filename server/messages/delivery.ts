/**
 * What it means that a message could not be delivered.
 *
 * @module
 */

/** A message could not be delivered. */
export class DeliveryError extends Error {
  /** Whether it is about everything that goes this way, or about this message alone. */
  readonly about: "way" | "message";
  /** Whether it will probably be so again until a person does something: then it is tried seldom, and told at once. */
  readonly lasts: boolean;
  /** Whether what proves who asks was refused: another secret is tried at once. */
  readonly credentials: boolean;
  /** In how many seconds it may be tried again, where that was said. */
  readonly after: number | undefined;

  /** @param message Why, in words for people; without any secret. */
  constructor(
    message: string,
    { about = "way", lasts = false, credentials = false, after }: {
      readonly about?: "way" | "message";
      readonly lasts?: boolean;
      readonly credentials?: boolean;
      readonly after?: number | undefined;
    } = {},
  ) {
    super(message);
    this.name = "DeliveryError";
    this.about = about;
    this.lasts = lasts;
    this.credentials = credentials;
    this.after = after;
  }
}

/** A message on its way. */
export interface Delivery {
  /** Stays the same when it is sent again, so that who gets it twice can tell. */
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
  /** Aborted where it takes too long, or the server stops. */
  readonly signal: AbortSignal;
}
