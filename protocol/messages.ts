/**
 * What clients are told of messages: what waits to be sent, what was sent, and what could not be.
 *
 * @module
 */

/**
 * The states of a message: `waiting`; `sending`; `sent`, whoever delivers it has taken it; `failed`, it was tried for
 * days, and is not tried any more.
 */
export const messageStates = ["waiting", "sending", "sent", "failed"] as const;

/** One of the states of a message. */
export type MessageState = typeof messageStates[number];

/** A message to one person, or of one webhook or command. */
export interface MessageDescription {
  /** Its number, which is never used again. */
  readonly number: number;
  /** To whom, and by which way: `ana (mail)`. No address, which is nobody else's business. */
  readonly to: string;
  readonly subject: string;
  readonly state: MessageState;
  /** When it was made, ISO 8601 in UTC. */
  readonly made: string;
  /** How often it was tried. */
  readonly tries: number;
  /** What was said to it the last time, or why it could not be sent; empty where it was not tried yet. */
  readonly reason: string;
  /** In how many seconds it is tried again; `null` where it is not. */
  readonly again: number | null;
}

/** The messages of a bench. */
export interface MessagesDescription {
  /** Those who can be told, by name: people, webhooks, commands. */
  readonly names: readonly string[];
  /** The newest last. */
  readonly messages: readonly MessageDescription[];
  /** How many alarms are held back, to be told together with others. */
  readonly gathering: number;
  /** Why messages cannot be sent; empty where they can. */
  readonly problem: string;
  /** What a person should know of where they are kept; empty where all is well. */
  readonly hint: string;
  /** How the last heartbeat went; `null` where there is none. */
  readonly heartbeat: { readonly at: string | null; readonly reason: string } | null;
}
