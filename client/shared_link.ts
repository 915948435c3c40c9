/**
 * The one open link that all calls of a client share: opened by the first call, and again when it was lost.
 *
 * @module
 */

import { HeliographError } from "../protocol/errors.ts";
import { DashboardLink, type LinkReply } from "./dashboard_link.ts";
import { type ClientSecurity, openConnection } from "./secure.ts";
import { BackOff, inTime, type Wait } from "./waiting.ts";

/**
 * The options of a shared link: the dashboard's address, the connection timeout in seconds, and the client's name, if
 * any.
 */
export interface SharedLinkOptions extends ClientSecurity {
  readonly host: string;
  readonly port: number;
  readonly timeout: number;
  readonly name: string;
  /** What is said besides where it cannot be reached. @default nothing */
  readonly otherwise?: string | undefined;
}

/** Why a dashboard may be silent. */
const oneAtATime = "an original PyOpticon dashboard serves one client at a time";

/** The link of a client to its dashboard. */
export class SharedLink {
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  /** Whether the dashboard has been reached at least once. */
  wasConnected = false;
  readonly #options: SharedLinkOptions;
  readonly #closing = new AbortController();
  #link: Promise<DashboardLink> | undefined;
  #lastId = 0;

  /** Opens nothing yet. @param options Where to, and as whom. */
  constructor(options: SharedLinkOptions) {
    this.#options = options;
    this.closed = this.#closing.signal;
  }

  /** An id that no other message of this client has. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Sends a message and waits for its reply. @param what What it is, for errors. @param output Told what code prints. */
  async request(
    link: DashboardLink,
    message: Readonly<Record<string, unknown>>,
    wait: Wait,
    what: string,
    output?: (text: string) => void,
  ): Promise<LinkReply> {
    const id = this.nextId();
    try {
      return await inTime(link.request(id, message, output), wait, what);
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      const { dialect } = link;
      if (error.code === "no_reply" || error.code === "aborted") link.abandon(id);
      if (error.code !== "no_reply" || dialect !== "unknown") throw error;
      throw new HeliographError("no_reply", `${error.message}: nothing has answered yet; ${oneAtATime}`, {
        cause: error,
      });
    }
  }

  /**
   * The dialect of the server, `framed` or `raw`; asks a question that both can answer where nothing has been asked
   * yet.
   *
   * @param what What will be asked then, for errors.
   */
  async dialect(wait: Wait, what: string): Promise<"framed" | "raw"> {
    const link = await this.connected(wait);
    if (link.dialect === "unknown") {
      const question = { cmd: "Get", widget_nickname: "", field_name: "", printout: false };
      const reply = await this.request(link, question, wait, "Get").catch((error) => {
        if (error.code === "no_reply") {
          const { host, port } = this.#options;
          throw new HeliographError(
            "no_reply",
            `${host}:${port} has not said within ${wait.timeout} s what it is, and ${what} was not sent: ${oneAtATime}`,
            { cause: error },
          );
        }
        if (!isAnswer(error)) throw error;
      });
      // There is no field without a name: an original dashboard says that.
      if (reply?.dialect === "raw" && !reply.text.startsWith("Error")) throw link.refuse(reply.text);
    }
    return link.dialect === "framed" ? "framed" : "raw";
  }

  /**
   * The link to a heliograph.
   *
   * @throws {HeliographError} `unavailable` where it is an original dashboard.
   */
  async framed(wait: Wait, what: string): Promise<DashboardLink> {
    if (await this.dialect(wait, what) === "framed") return await this.connected(wait);
    throw new HeliographError(
      "unavailable",
      `Cannot do ${what}: an original PyOpticon dashboard knows only Get, Set, Confirm, Eval and Exec`,
    );
  }

  /** The open link; a lost one is opened again, with growing pauses, until the wait is over. */
  async connected(wait: Wait): Promise<DashboardLink> {
    const { host, port } = this.#options;
    const until = performance.now() + wait.timeout * 1000;
    const backOff = new BackOff();
    for (;;) {
      if (this.closed.aborted) throw new HeliographError("aborted", "The client has been closed");
      const opening = this.#link ??= this.#open();
      // Only the link that was found wanting is given up: another call may have begun to open the next one.
      const giveUp = () => {
        if (this.#link === opening) this.#link = undefined;
      };
      try {
        const link = await inTime(opening, wait, `connecting to ${host}:${port}`);
        if (link.open) return link;
        giveUp();
      } catch (error) {
        if (!(error instanceof HeliographError) || error.code !== "connection_failed") throw error;
        giveUp();
        const overdue = wait.timeout > 0 && performance.now() >= until;
        if (!this.wasConnected || overdue) throw error;
        await backOff.wait(wait.signal);
      }
    }
  }

  /** Says goodbye and closes it; it cannot be used again. */
  async close(): Promise<void> {
    this.#closing.abort();
    const link = await this.#link?.catch(() => undefined);
    await link?.close();
  }

  /** Opens a link for whoever waits for one: no single caller's signal ends it, only the client's end does. */
  async #open(): Promise<DashboardLink> {
    const { host, port, timeout, name } = this.#options;
    const connection = await openConnection(host, port, "dashboard", this.#options, { timeout, signal: this.closed })
      .catch((error) => {
        throw explained(error, this.#options.otherwise);
      });
    const link = new DashboardLink(connection, `${host}:${port}`);
    // The name is told once the first reply has shown that the server knows Hello.
    link.decided.then(() => {
      this.wasConnected = true;
      if (link.dialect === "framed" && name !== "") return link.request(this.nextId(), { cmd: "Hello", name });
    }).catch(() => {});
    return link;
  }
}

/**
 * An error of not reaching what is meant, with what else its name may be.
 *
 * @param otherwise A sentence. @default nothing is added
 */
export function explained(error: unknown, otherwise = ""): unknown {
  const isUnreached = error instanceof HeliographError &&
    ["connection_failed", "not_connected", "unavailable"].includes(error.code);
  if (!isUnreached || otherwise === "") return error;
  return new HeliographError(error.code, `${error.message}${/[.?]$/.test(error.message) ? "" : "."} ${otherwise}`);
}

/** Whether the dashboard answered with it: what the errors mode is about. */
export function isAnswer(error: unknown): boolean {
  return error instanceof HeliographError &&
    !["connection_failed", "connection_lost", "no_reply", "aborted", "message_too_long"].includes(error.code);
}
