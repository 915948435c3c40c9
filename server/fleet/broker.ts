/**
 * The connection to a fleet's broker, a NATS server: it is tried until it is there, and again whenever it is lost.
 *
 * @module
 */

import type { Msg, NatsConnection } from "npm:@nats-io/nats-core@3.4.0";
import type { Authenticator } from "npm:@nats-io/nats-core@3.4.0/internal";
import { HeliographError } from "../../protocol/errors.ts";
import { localTime } from "../../protocol/local_time.ts";
import { unreachedBy } from "../network/unreached.ts";
import type { FleetWords } from "./fleet_schema.ts";
import { closedEarly, DenoTransport } from "./transport.ts";

/** How long a try takes at most, and the pause between two, in milliseconds. */
const tryFor = 5000;
const pause = 2000;
/** How long the end waits for what is still to be sent, in milliseconds. */
const flushFor = 500;
/** After how many milliseconds of silence the broker is asked whether it is there; it counts as lost after two of them. */
const askAfter = 5000;

/** What the broker hands on. */
export interface BrokerOwner {
  /** It is there, for the first time or again. */
  readonly joined: () => void;
  /** It is not. @param reason Why, for people. */
  readonly lost: (reason: string) => void;
  /** It does not allow something. @param reason What, for people. */
  readonly refused: (reason: string) => void;
}

/** A message from the broker. */
export interface BrokerMessage {
  readonly subject: string;
  readonly text: string;
  /** Answers it; `undefined` where nobody waits for an answer. */
  readonly answer: ((text: string) => void) | undefined;
}

/** The reason of a failure, in a person's words. */
function inWords(error: unknown, broker: string, { credentials, authority }: FleetWords): string {
  const text = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const all = `${text} ${cause}`;
  if (all.includes(closedEarly)) {
    return `${broker} closed the connection as this PC came in: its log says why; look at "credentials", too`;
  }
  if (/authorization violation|authentication/i.test(all)) {
    return credentials === undefined
      ? `${broker} lets nobody in without credentials: say "credentials" in the bench file`
      : `${broker} does not take the credentials in ${credentials}: give the ones that were made for it, or have the ` +
        "broker read its configuration anew, nats-server --signal reload";
  }
  const renew = "“heliograph fleet init” makes another one where broker.pem is removed";
  if (/expired/i.test(all)) {
    const [, seconds] = /not valid after (\d+)/.exec(all) ?? [];
    const when = seconds === undefined ? "" : ` on ${localTime(new Date(Number(seconds) * 1000)).slice(0, 10)}`;
    return `the certificate of ${broker} has expired${when}: ${renew}; where that is not so, set this PC's clock`;
  }
  if (/not valid yet|NotValidYet/i.test(all)) {
    return `the certificate of ${broker} is not valid yet: set the clock of this PC, or of the one that made it`;
  }
  if (/not valid for name|NotValidForName/i.test(all)) {
    const names = [...all.matchAll(/(?:DnsName|IpAddress)\("?([^")]+)"?\)/g)].map(([, each]) => each)
      .filter((each) => each !== "heliograph.internal");
    const is = names.length === 0 ? "another name" : names.join(", ");
    return `the certificate of ${broker} is for ${is}: call it so in "broker", or make another one, fleet init --broker`;
  }
  if (/certificate|UnknownIssuer/i.test(all)) {
    const by = authority === undefined ? "this PC trusts" : `${authority} holds`;
    return `${broker} did not prove itself by an authority that ${by}: say "authority", the fleet-authority.pem of this ` +
      `fleet (${text})`;
  }
  switch (unreachedBy(error)) {
    case "name":
      return `${broker} has a name that nobody knows: look how it is written, or give the broker's address`;
    case "refused":
      return `nothing listens at ${broker}: start nats-server there, and let its firewall have the port`;
    case "unreachable":
    case "silent":
      return `${broker} did not answer within ${
        tryFor / 1000
      } s: see whether that PC is on, and what a firewall lets through`;
  }
  return `${broker}: ${text}`;
}

/** The connection to the broker. */
export class Broker {
  readonly #words: FleetWords;
  readonly #owner: BrokerOwner;
  #authenticator: Authenticator | undefined;
  #authority: string | undefined;
  #connection: NatsConnection | undefined;
  #connected = false;
  /** Ends the waiting for answers. */
  readonly #pending = new Set<(reason: Error) => void>();
  #stopped = false;
  #wake: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  /** Makes it. @param words Where it is; files as absolute paths. */
  constructor(words: FleetWords, owner: BrokerOwner) {
    this.#words = words;
    this.#owner = owner;
  }

  /** Where it is, for people. */
  get address(): string {
    return [this.#words.broker].flat().join(", ");
  }

  /** Whether it is there. */
  get connected(): boolean {
    return this.#connected;
  }

  /**
   * Reads what is needed, before the server gives up the permission to, and begins to connect.
   *
   * @throws {HeliographError} `bad_argument` where a file cannot be read, or holds no credentials.
   */
  async open(): Promise<void> {
    const { credentials, authority } = this.#words;
    // The library is loaded by whoever is in a fleet, and nobody else.
    const { credsAuthenticator, NatsConnectionImpl, nkeyAuthenticator, setTransportFactory } = await import(
      "npm:@nats-io/nats-core@3.4.0/internal"
    );
    setTransportFactory({ factory: () => new DenoTransport(), defaultPort: 4222 });
    if (credentials !== undefined) {
      const text = (await read(credentials, "credentials")).trim();
      const bytes = new TextEncoder().encode(text);
      if (text.startsWith("SU")) this.#authenticator = nkeyAuthenticator(bytes);
      else if (text.includes("NATS USER JWT")) this.#authenticator = credsAuthenticator(bytes);
      else {
        throw new HeliographError(
          "bad_argument",
          `${credentials} holds no credentials: an nkey's seed begins with SU, and a .creds file has a NATS USER JWT`,
        );
      }
    }
    if (authority !== undefined) this.#authority = await read(authority, "authority");
    this.#running = this.#run((options) => NatsConnectionImpl.connect(options));
  }

  /** Takes the messages of a subject, which may have wildcards. @param take Called for each. */
  subscribe(subject: string, take: (message: BrokerMessage) => void): () => void {
    const subscription = this.#connection!.subscribe(subject, {
      callback: (error, message) => {
        // What the broker does not allow is told by its status.
        if (error === null) take(messageOf(message));
      },
    });
    return () => subscription.unsubscribe();
  }

  /** Publishes; nothing happens while the broker is not there. */
  publish(subject: string, text: string): void {
    if (this.#connected) this.#connection!.publish(subject, text);
  }

  /**
   * Asks whoever takes the messages of a subject.
   *
   * @returns The answer; `undefined` where nobody takes them.
   * @throws {HeliographError} `not_connected` where the broker is not there, or is lost meanwhile; `deadline_exceeded`.
   */
  async ask(subject: string, text: string, seconds: number): Promise<string | undefined> {
    const connection = this.#connection;
    if (!this.#connected || connection === undefined) {
      throw new HeliographError("not_connected", "the broker cannot be reached");
    }
    const { promise: lost, reject } = Promise.withResolvers<never>();
    this.#pending.add(reject);
    try {
      // The library would wait on for an answer that cannot come any more.
      const answer = connection.request(subject, text, { timeout: seconds * 1000 });
      answer.catch(() => {});
      return (await Promise.race([answer, lost])).string();
    } catch (error) {
      if (error instanceof HeliographError) throw error;
      const { name } = error as Error;
      if (name === "NoRespondersError" || /no responders/i.test(String(error))) return undefined;
      if (name === "TimeoutError") {
        throw new HeliographError("deadline_exceeded", `there was no answer for ${seconds} s`);
      }
      throw new HeliographError("not_connected", `the broker was lost: ${(error as Error).message}`);
    } finally {
      this.#pending.delete(reject);
    }
  }

  /** The longest message that it takes, in bytes. */
  get longest(): number {
    return this.#connection?.info?.max_payload ?? 1_048_576;
  }

  /** Ends it, once all that was published is sent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    if (this.#connected) {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, flushFor);
      await Promise.race([this.#connection?.flush().catch(() => {}), late]);
      clearTimeout(timer);
    }
    await this.#connection?.close();
    await this.#running;
  }

  async #run(connect: (options: object) => Promise<NatsConnection>): Promise<void> {
    const { broker, name } = this.#words;
    const servers = [broker].flat();
    const secure = servers.some((each) => /^tls:/i.test(each));
    let told = "";
    while (!this.#stopped) {
      try {
        const connection = await connect({
          servers: servers.map((each) => each.replace(/^\w+:\/\//, "")),
          name: `heliograph ${name}`,
          inboxPrefix: `_INBOX_${name}`,
          timeout: tryFor,
          maxReconnectAttempts: -1,
          reconnectTimeWait: pause,
          pingInterval: askAfter,
          maxPingOut: 2,
          ignoreAuthErrorAbort: true,
          // Of what it is told of other servers nothing is believed: people say where the broker is.
          ignoreClusterUpdates: true,
          ...(secure ? { tls: this.#authority === undefined ? {} : { ca: this.#authority } } : {}),
          ...(this.#authenticator === undefined ? {} : { authenticator: this.#authenticator }),
        });
        if (this.#stopped) return void await connection.close();
        this.#connection = connection;
        this.#connected = true;
        this.#owner.joined();
        return await this.#follow(connection);
      } catch (error) {
        const reason = inWords(error, this.address, this.#words);
        if (reason !== told) this.#owner.lost(told = reason);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, pause);
      await promise;
      clearTimeout(timer);
    }
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "disconnect") {
        this.#connected = false;
        for (const reject of this.#pending) {
          reject(new HeliographError("not_connected", "the broker was lost meanwhile"));
        }
        if (!this.#stopped) this.#owner.lost(`the connection to ${this.address} is lost`);
      } else if (status.type === "reconnect") {
        this.#connected = true;
        this.#owner.joined();
      } else if (status.type === "error") {
        const text = status.error.message;
        // In the middle of the night somebody takes the credentials away.
        if (/authorization/i.test(text)) this.#owner.lost(inWords(status.error, this.address, this.#words));
        else this.#owner.refused(`the broker says: ${text}`);
      }
    }
  }
}

function messageOf(message: Msg): BrokerMessage {
  const { subject, reply } = message;
  return {
    subject,
    text: message.string(),
    answer: reply === undefined || reply === "" ? undefined : (text) => void message.respond(text),
  };
}

async function read(file: string, what: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new HeliographError(
      "bad_argument",
      `Cannot read the fleet's ${what}, ${file}: ${error instanceof Error ? error.message : error}`,
    );
  }
}
