/** A mail server, web addresses and alarms, for the tests of messages. */
// deno-lint-ignore-file no-explicit-any -- the packages have no types
import { simpleParser as parse } from "npm:mailparser@3.14.2";
import { SMTPServer as Server } from "npm:smtp-server@3.21.6";
import type { AlarmDescription, AlarmState } from "../../../protocol/alarms.ts";
import { Hub } from "../../../server/bench/hub.ts";
import { Messages, type MessagesOptions } from "../../../server/messages/messages.ts";
import { messagesSchema } from "../../../server/messages/messages_schema.ts";
import { identifierOf } from "../../../server/bench/names.ts";
import { eventually } from "../../fixture.ts";

interface SMTPServer {
  readonly server: { address(): { readonly port: number } };
  on(event: "error", listener: () => void): void;
  listen(port: number, host: string, listening: (value?: any) => void): void;
  close(closed: () => void): void;
}
const SMTPServer = Server as any as new (options: object) => SMTPServer;
const simpleParser = parse as any as (stream: unknown) => Promise<{
  readonly subject?: string;
  readonly text?: string;
  readonly messageId?: string;
  readonly from: { readonly text: string };
  readonly headers: ReadonlyMap<string, unknown>;
}>;

/** An alarm that has just come. */
export function alarmOf(title: string, state: AlarmState = "unacknowledged"): AlarmDescription {
  const at = new Date().toISOString();
  return {
    name: identifierOf(title),
    title,
    severity: "high",
    text: "",
    state,
    active: state === "unacknowledged" || state === "acknowledged",
    reason: "",
    since: at,
    raised: at,
    times: 1,
    fields: [],
    acknowledged: null,
    setAside: null,
    shelvedUntil: null,
  };
}

/** Alarms of a bench, as its guards tell of them. */
export class Alarms {
  readonly hub = new Hub();

  /** An alarm is in another state. */
  tell(alarm: AlarmDescription, from: AlarmState, by = ""): void {
    this.hub.publish("alarm", { alarm, from, by });
  }

  raise(title: string, change: Partial<AlarmDescription> = {}): AlarmDescription {
    const alarm = { ...alarmOf(title), ...change };
    this.tell(alarm, "normal");
    return alarm;
  }
}

/** What a web address was asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A web address that answers as it is told. */
export class Web implements AsyncDisposable {
  readonly asked: Asked[] = [];
  answer: (asked: Asked) => Response | Promise<Response> = () => new Response("ok");
  readonly #server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const asked = { method, headers, path: pathname + search, body: await request.text() };
    this.asked.push(asked);
    return await this.answer(asked);
  });

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async until(count: number): Promise<readonly Asked[]> {
    await eventually(() => this.asked.length >= count, `${count} requests came, and not ${this.asked.length}`);
    return this.asked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Times of tests: whoever waits does so for a moment. */
export const quick = { gather: 0.02, waits: [0.05], lasting: 0.2, looks: 0.05, grace: 0.05 };

/** Messages of what a bench file says, open. */
export async function messagesOf(
  words: unknown,
  alarms: Alarms,
  options: Partial<MessagesOptions> = {},
): Promise<Messages & AsyncDisposable> {
  const messages = new Messages(messagesSchema.parse(words), {
    hub: alarms.hub,
    title: () => "lab",
    times: quick,
    ...options,
  });
  await messages.open();
  return Object.assign(messages, { [Symbol.asyncDispose]: () => messages.stop() });
}

/** Deno 2.4, whose `node:net` and `node:tls` serve worse than they ask: mail is sent on it all the same. */
export const isOldDeno: boolean = Deno.version.deno.startsWith("2.4.");

/** The options of a test with a mail server. */
export const withMail = { sanitizeOps: !isOldDeno, sanitizeResources: !isOldDeno } as const;

/** A mail as it came. */
export interface Mail {
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly id: string;
  readonly headers: ReadonlyMap<string, unknown>;
  /** How it came: who logged in, and whether that was by TLS. */
  readonly user: string;
  readonly secure: boolean;
}

/** What a mail server does other than take everything. */
export interface MailOptions {
  /** What clients must log in with; `undefined` for nothing. */
  login?: { user: string; password: string };
  /** TLS from the first byte, or when asked for. */
  security?: "none" | "starttls" | "tls";
  /** Refuses an address, with this code and text. */
  refuses?: (address: string) => [code: number, text: string] | undefined;
  /** Waited for before a message is taken. */
  before?: Promise<unknown>;
}

/** A real mail server. */
export class MailServer implements AsyncDisposable {
  readonly mails: Mail[] = [];
  /** What clients logged in with. */
  readonly logins: string[] = [];
  options: MailOptions;
  #server: SMTPServer;
  #front: Deno.Listener | undefined;
  readonly #carrying = new Set<Promise<unknown>>();
  readonly #closing: (() => void)[] = [];
  readonly #listening: Promise<void>;

  private constructor(
    options: MailOptions,
    pem: { readonly cert: string; readonly key: string } | undefined,
    port: number,
  ) {
    this.options = options;
    const { security = "none" } = options;
    this.#server = new SMTPServer({
      ...(security === "starttls" ? pem : {}),
      disabledCommands: security === "starttls" ? [] : ["STARTTLS"],
      allowInsecureAuth: true,
      authOptional: options.login === undefined,
      disableReverseLookup: true,
      onAuth: ({ username, password }: { username: string; password: string }, _: unknown, done: Done) => {
        this.logins.push(`${username} ${password}`);
        const { login } = this.options;
        if (username === login?.user && password === login.password) return done(null, { user: username });
        // A careless server tells the password again.
        done(Object.assign(new Error(`535 not with ${password}`), { responseCode: 535 }));
      },
      onRcptTo: ({ address }: { address: string }, _: unknown, done: Done) => {
        const refused = this.options.refuses?.(address);
        done(refused === undefined ? null : Object.assign(new Error(refused[1]), { responseCode: refused[0] }));
      },
      onData: (
        stream: unknown,
        session: { user?: string; secure: boolean; envelope: { rcptTo: { address: string }[] } },
        done: Done,
      ) => {
        void (async () => {
          const { subject = "", text = "", messageId = "", from, headers } = await simpleParser(stream);
          const to = session.envelope.rcptTo.map(({ address }) => address).join();
          const secure = session.secure || security === "tls";
          this.mails.push({
            to,
            from: from.text,
            subject,
            text,
            id: messageId,
            headers,
            user: session.user ?? "",
            secure,
          });
          await this.options.before;
          done(null);
        })();
      },
    });
    this.#server.on("error", () => {});
    this.#listening = new Promise((resolve) =>
      this.#server.listen(security === "tls" ? 0 : port, "127.0.0.1", resolve)
    );
    if (security === "tls") this.#front = Deno.listenTls({ port, hostname: "127.0.0.1", ...pem! });
  }

  /** @param pem What it shows. @param port Where it listens. @default any */
  static async start(
    options: MailOptions = {},
    pem?: { readonly cert: string; readonly key: string },
    port = 0,
  ): Promise<MailServer> {
    const server = new MailServer(options, pem, port);
    await server.#listening;
    if (server.#front !== undefined) void server.#carry(server.#front);
    return server;
  }

  get port(): number {
    return (this.#front?.addr as Deno.NetAddr | undefined)?.port ?? this.#server.server.address().port;
  }

  async until(count: number): Promise<readonly Mail[]> {
    await eventually(() => this.mails.length >= count, `${count} mails came, and not ${this.mails.length}`);
    return this.mails;
  }

  /** Takes TLS off: the package's own is not served by every Deno that this runs on. */
  async #carry(front: Deno.Listener): Promise<void> {
    try {
      for await (const outer of front) {
        const inner = await Deno.connect({ hostname: "127.0.0.1", port: this.#server.server.address().port });
        const close = () => {
          for (const each of [outer, inner]) {
            try {
              each.close();
            } catch {
              // It was closed.
            }
          }
        };
        this.#closing.push(close);
        for (const [from, to] of [[outer, inner], [inner, outer]] as const) {
          // Who does not shake hands leaves nothing open.
          this.#carrying.add(from.readable.pipeTo(to.writable).catch(() => {}).then(close));
        }
      }
    } catch {
      // It has ended.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#front?.close();
    for (const close of this.#closing) close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all(this.#carrying);
    // On Deno 2.4 a server of node:net does not learn that a connection which was cut is closed.
    if (!isOldDeno) await closed;
  }
}

type Done = (error: Error | null, found?: object) => void;
