/**
 * Tells people of alarms: whom and when by the rules of the bench file, and again and again until somebody has taken it.
 *
 * It hears of alarms on the bench's hub, and knows nothing of where they come from.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { AlarmDescription } from "../../protocol/alarms.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { ServerStatus } from "../../protocol/description.ts";
import type { MessagesDescription } from "../../protocol/messages.ts";
import type { AlarmEvent, Hub } from "../bench/hub.ts";
import { didYouMean, listed } from "../bench/names.ts";
import type { Processes } from "../processes/processes.ts";
import type { Command } from "../processes/starter.ts";
import { type Delivery, DeliveryError } from "./delivery.ts";
import { Heartbeat } from "./heartbeat.ts";
import { loadMail, sendMail } from "./mail.ts";
import type { MessagesWords, RuleWords, WebhookWords } from "./messages_schema.ts";
import { testValues, valuesOf } from "./notice_text.ts";
import { type Gathering, Notices } from "./notices.ts";
import { type Message, Outbox, type Patience, usualPatience } from "./outbox.ts";
import { type KeptMessages, OutboxStore } from "./outbox_store.ts";
import { isDue, isSevereEnough } from "./rules.ts";
import { Secrets } from "./secrets.ts";
import { secretFilesOf, type Way, waysOf } from "./ways.ts";
import { sendWebhook } from "./webhook.ts";

const log = getLogger(["heliograph", "messages"]);

/** An alarm of the server's own. */
export interface OwnAlarm {
  raise(reason: string): void;
  clear(): void;
}

/** Times, in seconds. */
export interface MessagesTimes extends Omit<Gathering, "digest">, Patience {
  /** How long a mail, a webhook and a program may take. */
  readonly deadlines: Readonly<Record<Way["kind"], number>>;
  /** How often it is looked whether a secret that was refused is another one. */
  readonly looks: number;
  /** How long after a start is waited before those are told who come after nobody has acknowledged. */
  readonly grace: number;
}

const usualTimes: MessagesTimes = {
  ...usualPatience,
  gather: 1,
  most: 3,
  deadlines: { mail: 90, webhook: 30, command: 30, mqtt: 30 },
  looks: 10,
  grace: 30,
};

/** The options of messages. */
export interface MessagesOptions {
  readonly hub: Hub;
  /** What the bench is called. */
  readonly title: () => string;
  /** The absolute path of the file that they are kept in. @default they are kept in memory */
  readonly file?: string | undefined;
  /** What starts programs. */
  readonly processes?: Processes | undefined;
  /** Publishes by MQTT. @returns When the broker has it. @default nothing is */
  readonly publish?: (topic: string, payload: string) => Promise<void>;
  /** Where it is told that messages cannot be sent. @default in the log alone */
  readonly own?: OwnAlarm | undefined;
  /** Other times than usual. */
  readonly times?: Partial<MessagesTimes> | undefined;
}

/** Somebody who is told if nobody acknowledges. */
interface Escalation extends Pick<RuleWords, "between" | "days"> {
  alarm: AlarmDescription;
  readonly to: readonly string[];
  readonly after: number;
  /** When, in seconds. */
  at: number;
}

/** How messages are doing, at a glance. */
type Summary = NonNullable<ServerStatus["messages"]>;

/** The longest time that is waited at once, in milliseconds. */
const longestTimer = 60_000;

/** Tells people of alarms. */
export class Messages {
  readonly #words: MessagesWords;
  readonly #title: () => string;
  readonly #processes: Processes | undefined;
  readonly #publish: MessagesOptions["publish"];
  readonly #own: OwnAlarm | undefined;
  readonly #times: MessagesTimes;
  readonly #names: ReadonlyMap<string, readonly Way[]>;
  readonly #ways = new Map<string, Way>();
  readonly #notices: Notices;
  readonly #outbox: Outbox;
  readonly #store: OutboxStore;
  readonly #secrets = new Secrets();
  /** The secret that each channel was tried with the last time. */
  readonly #tried = new Map<string, string>();
  readonly #heartbeat: Heartbeat | undefined;
  #escalations: Escalation[] = [];
  /** Who is told the end of which alarm. */
  readonly #returns = new Map<string, Set<string>>();
  readonly #ending = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #isOpen = false;
  #problem = "";
  #sent: Summary["sent"] = null;
  #failed: Summary["failed"] = null;

  /** @param words What the bench file says, with the absolute paths of its files. */
  constructor(words: MessagesWords, { hub, title, file, processes, publish, own, times = {} }: MessagesOptions) {
    this.#words = words;
    this.#title = title;
    this.#processes = processes;
    this.#publish = publish;
    this.#own = own;
    this.#times = { ...usualTimes, ...times };
    this.#names = waysOf(words);
    for (const ways of this.#names.values()) for (const way of ways) this.#ways.set(way.key, way);
    const { digest = 60, heartbeat } = words;
    this.#notices = new Notices({ ...this.#times, digest });
    this.#outbox = new Outbox(this.#times);
    this.#store = new OutboxStore(file);
    this.#heartbeat = heartbeat && new Heartbeat(heartbeat, () => this.#beat(heartbeat));
    this.#unsubscribe = hub.subscribe("alarm", (event) => this.#hear(event), { name: "messages" });
  }

  #now(): number {
    return performance.now() / 1000;
  }

  readonly #channelOf = (way: string): string | undefined => this.#ways.get(way)?.channel;

  /** Gets what it needs of this PC, and goes on with what waited; before the server gives up its permissions. */
  async open(): Promise<void> {
    for (const command of Object.values(this.#words.commands ?? {})) {
      this.#processes?.allow(command as unknown as Command);
    }
    const [kept] = await Promise.all([
      this.#store.open(),
      this.#secrets.open(secretFilesOf(this.#words)),
      this.#words.mail === undefined ? undefined : loadMail(),
    ]);
    if (this.#ending.signal.aborted) return;
    if (kept !== undefined) this.#resume(kept);
    this.#isOpen = true;
    if (this.#heartbeat !== undefined) void this.#heartbeat.start();
    this.#looking = setInterval(() => void this.#lookAtSecrets(), this.#times.looks * 1000);
    this.#look();
  }

  /** Hears of an alarm that is in another state. */
  #hear({ alarm, from }: AlarmEvent): void {
    const now = this.#now();
    const { name, state, active } = alarm;
    for (const each of this.#escalations) if (each.alarm.name === name) each.alarm = alarm;
    if (state === "unacknowledged" && from !== "unacknowledged") this.#raised(alarm, now);
    // Who is to come if nobody acknowledges comes also where it went by itself: nobody has looked.
    else if (state !== "unacknowledged" && state !== "returned") {
      this.#escalations = this.#escalations.filter((each) => each.alarm.name !== name);
    }
    const isSetAside = state === "shelved" || state === "suppressed" || state === "out of service";
    if (isSetAside || active === false) {
      if (!isSetAside) {
        for (const to of this.#returns.get(name) ?? []) this.#notices.add(to, alarm, "returned", now);
      }
      this.#returns.delete(name);
    }
    this.#look();
  }

  #raised(alarm: AlarmDescription, now: number): void {
    const at = new Date();
    // Who stands in several rules is told once.
    const told = new Set<string>();
    const { rules = [] } = this.#words;
    for (const { to, between, days, unacknowledged, returns, severity } of rules) {
      if (!isSevereEnough({ severity }, alarm.severity)) continue;
      if (unacknowledged !== undefined) {
        const isThere = this.#escalations.some((each) =>
          each.alarm.name === alarm.name && each.after === unacknowledged && each.to.join() === to.join()
        );
        if (isThere) continue;
        this.#escalations.push({ alarm, to, after: unacknowledged, at: now + unacknowledged, between, days });
        continue;
      }
      if (!isDue({ between, days }, at)) continue;
      for (const name of to) {
        told.add(name);
        if (returns !== true) continue;
        const there = this.#returns.get(alarm.name) ?? new Set();
        this.#returns.set(alarm.name, there.add(name));
      }
    }
    for (const name of told) this.#notices.add(name, alarm, "raised", now);
  }

  /** Does whatever is due, and comes again when something else is. */
  #look(): void {
    if (!this.#isOpen || this.#ending.signal.aborted) return;
    const now = this.#now();
    const due = this.#escalations.filter(({ at }) => at <= now);
    if (due.length > 0) {
      this.#escalations = this.#escalations.filter(({ at }) => at > now);
      for (const { to, alarm, after, between, days } of due) {
        if (!isDue({ between, days }, new Date())) continue;
        for (const name of to) this.#notices.add(name, alarm, after, now);
      }
    }
    for (const { name, notices, left } of this.#notices.take(now)) {
      const values = valuesOf(this.#title(), notices, left);
      for (const { key, label } of this.#names.get(name) ?? []) this.#outbox.add(key, label, values, now, new Date());
    }
    for (let message; (message = this.#outbox.take(this.#channelOf, now)) !== undefined;) {
      const sending = this.#send(message, this.#ways.get(message.way)!);
      this.#sending.add(sending);
      void sending.finally(() => this.#sending.delete(sending));
    }
    this.#tellOwn();
    this.#keep();
    const next = Math.min(
      this.#notices.next,
      this.#outbox.next(this.#channelOf),
      ...this.#escalations.map(({ at }) => at),
    );
    clearTimeout(this.#timer);
    this.#timer = next === Infinity
      ? undefined
      : setTimeout(() => this.#look(), Math.min(longestTimer, Math.max(0, (next - this.#now()) * 1000) + 1));
  }

  async #send(message: Message, way: Way): Promise<void> {
    const { channel, label, kind } = way;
    const { id, perhapsSent } = message;
    const note = "Perhaps this came before: the server was ended while it was being sent.";
    const values = perhapsSent
      ? { ...message.values, message: `${message.values.message}\n\n${note}` }
      : message.values;
    const deadline = AbortSignal.timeout(this.#times.deadlines[kind] * 1000);
    try {
      const said = await this.#deliver(way, { id, values, signal: AbortSignal.any([deadline, this.#ending.signal]) });
      this.#outbox.sent(message, channel, said);
      this.#sent = { to: label, subject: message.values.subject, time: new Date().toISOString() };
      log.info("Told {label}: {subject}", { label, subject: message.values.subject });
    } catch (error) {
      // What was under way is sent again after the start, and says so.
      if (this.#ending.signal.aborted) return;
      const failure = error as DeliveryError;
      this.#failed = { to: label, reason: failure.message, time: new Date().toISOString() };
      if (this.#outbox.failed(message, channel, failure, this.#now())) {
        log.error("Cannot tell {label}: {reason}. It is tried again; {subject}", {
          label,
          reason: failure.message,
          subject: message.values.subject,
        });
      }
    }
    this.#look();
  }

  /** Delivers it. @returns What was said to it. @throws {DeliveryError} Without any secret in it. */
  async #deliver(way: Way, delivery: Delivery): Promise<string> {
    try {
      return this.#secrets.without(await this.#deliverBy(way, delivery)).slice(0, 300);
    } catch (error) {
      const { message } = error as Error;
      const { about, lasts, credentials, after } = error instanceof DeliveryError
        ? error
        : new DeliveryError(message, { lasts: true, credentials: true });
      throw new DeliveryError(this.#secrets.without(message).slice(0, 500), { about, lasts, credentials, after });
    }
  }

  async #deliverBy(way: Way, delivery: Delivery): Promise<string> {
    switch (way.kind) {
      case "mail": {
        const mail = this.#words.mail!;
        const { authorityFile } = mail;
        const password = await this.#secret(way);
        const authority = authorityFile === undefined ? undefined : await this.#secrets.read(authorityFile);
        return await sendMail({ ...mail, password, authority }, way.address, delivery);
      }
      case "webhook":
        return await sendWebhook(way.webhook, await this.#secret(way) ?? "", delivery);
      case "command":
        return await this.#runCommand(way.command as unknown as Command, delivery);
      case "mqtt":
        if (this.#publish === undefined) throw new DeliveryError("there is no MQTT broker", { lasts: true });
        await this.#publish(way.topic, JSON.stringify({ id: delivery.id, ...delivery.values }))
          .catch((error): never => {
            throw new DeliveryError((error as Error).message);
          });
        return "the broker has it";
    }
  }

  async #runCommand(command: Command, { values, signal }: Delivery): Promise<string> {
    if (this.#processes === undefined) throw new DeliveryError("this program starts no others", { lasts: true });
    const [program] = command;
    const { code, complaint } = await this.#processes.run(command, JSON.stringify(values), values, signal)
      .catch((error): never => {
        throw new DeliveryError(`cannot start ${program}: ${(error as Error).message}`, { lasts: true });
      });
    if (signal.aborted) throw new DeliveryError(`${program} has not ended within the time that it has`);
    if (code !== 0) throw new DeliveryError(`${program} ended with ${code}${complaint === "" ? "" : `: ${complaint}`}`);
    return "done";
  }

  /** What a way proves with who asks, as its file says now. */
  async #secret(way: Way): Promise<string | undefined> {
    const file = way.kind === "mail"
      ? this.#words.mail?.passwordFile
      : way.kind === "webhook"
      ? way.webhook.secretFile
      : undefined;
    if (file === undefined) return undefined;
    this.#tried.delete(way.channel);
    const secret = await this.#secrets.read(file);
    this.#tried.set(way.channel, secret);
    return secret;
  }

  /** What was refused is tried at once where the secret is another one than then. */
  async #lookAtSecrets(): Promise<void> {
    await this.#secrets.look();
    for (const channel of this.#outbox.refused) {
      const way = [...this.#ways.values()].find((each) => each.channel === channel);
      if (way === undefined) continue;
      const tried = this.#tried.get(channel);
      const now = await this.#secret(way).catch(() => undefined);
      if (now !== undefined && now !== tried) this.#outbox.tryNow(channel);
    }
    this.#look();
  }

  /** The own alarm says whether messages can be sent. */
  #tellOwn(): void {
    const problem = [this.#outbox.problem(this.#channelOf), this.#secrets.problem].filter(Boolean).join("; ");
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem === "") this.#own?.clear();
    else this.#own?.raise(problem);
  }

  async #beat({ url, secretFile }: { readonly url: string; readonly secretFile?: string | undefined }): Promise<void> {
    const webhook: WebhookWords = { url, method: "GET", secretFile };
    const way: Way = { kind: "webhook", key: "heartbeat", label: "heartbeat", channel: "heartbeat", webhook };
    const deadline = AbortSignal.timeout(this.#times.deadlines.webhook * 1000);
    await this.#deliver(way, { id: "", values: {}, signal: AbortSignal.any([deadline, this.#ending.signal]) });
  }

  /**
   * Sends somebody a message that is no alarm, by each of their ways.
   *
   * @param by Who asks for it.
   * @returns A line for each way.
   * @throws {HeliographError} Where one of them does not work.
   */
  async test(name: string, by: string): Promise<string[]> {
    const ways = this.#names.get(name);
    const known = [...this.#names.keys()];
    if (ways === undefined) {
      throw new HeliographError(
        "bad_argument",
        `There is nobody called ${name}${didYouMean(name, known)}; there is ${listed(known)}`,
      );
    }
    const values = testValues(this.#title(), by);
    let failed = false;
    const lines = await Promise.all(ways.map(async (way) => {
      const deadline = AbortSignal.timeout(this.#times.deadlines[way.kind] * 1000);
      const signal = AbortSignal.any([deadline, this.#ending.signal]);
      try {
        const said = await this.#deliver(way, { id: `test.${crypto.randomUUID()}`, values, signal });
        this.#outbox.works(way.channel);
        return `${way.label}: taken: ${said}`;
      } catch (error) {
        failed = true;
        return `${way.label}: NOT taken: ${(error as Error).message}`;
      }
    }));
    this.#look();
    if (failed) throw new HeliographError("command_failed", lines.join("; "));
    return lines;
  }

  /** Tries at once whatever waits, or was given up. @returns How many. */
  retry(): number {
    const count = this.#outbox.retry(this.#now());
    this.#look();
    return count;
  }

  /** Forgets a message, or all that wait or were given up. @throws {HeliographError} Where there is none. */
  forget(which: number | "all"): void {
    const numbers = which === "all"
      ? this.#outbox.messages.filter(({ state }) => state === "waiting" || state === "failed").map(({ number }) =>
        number
      )
      : [which];
    const done = numbers.filter((number) => this.#outbox.forget(number));
    this.#look();
    if (which !== "all" && done.length === 0) {
      throw new HeliographError(
        "bad_argument",
        `There is no message ${which} that is not being sent; "list" tells them`,
      );
    }
  }

  /** How they are doing. */
  get summary(): Summary {
    const waiting = this.#outbox.messages.filter(({ state }) => state === "waiting" || state === "sending").length;
    return { sent: this.#sent, waiting, failed: this.#failed };
  }

  /** All that people may know of messages. */
  describe(): MessagesDescription {
    return {
      names: [...this.#names.keys()],
      messages: this.#outbox.describe(this.#channelOf, this.#now()),
      gathering: this.#notices.size,
      problem: this.#problem,
      hint: this.#store.hint,
      heartbeat: this.#heartbeat?.state ?? null,
    };
  }

  /** Why messages that wait would be lost with the server; empty where they would not. */
  get lossReason(): string {
    return this.#store.failed ? this.#store.hint : "";
  }

  /** Why the heartbeat was not taken the last time; empty where it was, or there is none. */
  get heartbeatReason(): string {
    return this.#heartbeat?.state.reason ?? "";
  }

  #keep(): void {
    this.#store.keep(() => {
      const left = this.#now();
      return {
        last: this.#outbox.last,
        messages: this.#outbox.messages.map(({ next: _, ...message }) => message),
        gathering: this.#notices.waiting,
        escalations: this.#escalations.map(({ at, between, days, to, ...rest }) => ({
          ...rest,
          to: [...to],
          at: new Date(Date.now() + (at - left) * 1000).toISOString(),
          ...(between === undefined ? {} : { between: [between[0], between[1]] as [number, number] }),
          ...(days === undefined ? {} : { days: [...days] }),
        })),
        returns: Object.fromEntries([...this.#returns].map(([name, to]) => [name, [...to]])),
      };
    });
  }

  #resume({ last, messages, gathering, escalations, returns }: KeptMessages): void {
    const now = this.#now();
    this.#outbox.resume(messages.map((message) => ({ ...message, next: now })), last);
    for (const { name, notice } of gathering) if (this.#names.has(name)) this.#notices.resume(name, notice, now);
    for (const { at, after, ...rest } of escalations) {
      // A clock that was set neither makes it early nor puts it off for long.
      const left = Math.min(
        Math.max((Date.parse(at) - Date.now()) / 1000, this.#times.grace),
        Math.max(after, this.#times.grace),
      );
      this.#escalations.push({ ...rest, after, at: now + left, between: rest.between, days: rest.days });
    }
    for (const [name, to] of Object.entries(returns)) this.#returns.set(name, new Set(to));
    const waiting = this.#outbox.messages.filter(({ state }) => state === "waiting").length;
    if (waiting > 0) log.info("{waiting} messages that waited before the start are sent now", { waiting });
  }

  /** Ends; what was not sent is kept. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    clearTimeout(this.#timer);
    clearInterval(this.#looking);
    this.#heartbeat?.stop();
    const wasOpen = this.#isOpen;
    this.#ending.abort();
    await Promise.all(this.#sending);
    if (wasOpen) this.#keep();
    await this.#store.stop();
    this.#secrets.stop();
  }
}
