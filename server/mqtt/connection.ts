/**
 * The connection to an MQTT broker: it is tried until it is there, and again whenever it is lost.
 *
 * @module
 */

import { joined } from "../../protocol/bytes.ts";
import {
  type BrokerPacket,
  connectPacket,
  type ConnectWords,
  disconnectPacket,
  PacketReader,
  pingPacket,
  publishPacket,
  subscribePacket,
  unsubscribePacket,
} from "../../protocol/mqtt.ts";
import { unreachedBy } from "../network/unreached.ts";

/** How long a try takes at most, in milliseconds. */
const tryFor = 5000;
/** The pause between two tries, which doubles up to the longest, in milliseconds. */
const [shortestPause, longestPause] = [1000, 30_000];
/** A connection that lasted so long was a good one, in milliseconds. */
const good = 5000;
/** After how many seconds of silence the broker counts this end as gone; after half of that it is asked. */
const keepAlive = 20;
/** How long the end waits for what is still to be sent, in milliseconds. */
const flushFor = 500;
/** More bytes than this wait for no broker: what nobody has to have is left out. */
const mostWaiting = 262_144;

/** Where a broker is, and how it and this end prove themselves. */
export interface BrokerAddress {
  /** `mqtts://broker.lab:8883`. */
  readonly url: string;
  /** The certificate of its own authority, as PEM. @default those that this PC trusts */
  readonly authority?: string | undefined;
  /** By which this end proves itself, as PEM. @default none */
  readonly proof?: { readonly cert: string; readonly key: string } | undefined;
  readonly connect: Omit<ConnectWords, "keepAlive">;
}

/** Whom it tells. */
export interface ConnectionOwner {
  /** It is there, for the first time or again: nothing of what was asked for before counts. */
  readonly connected: () => void;
  /** It is not. @param reason Why, for people. */
  readonly lost: (reason: string) => void;
  readonly message: (topic: string, payload: Uint8Array, retain: boolean) => void;
  /** The broker has a publication. @param id As `publish` returned it. */
  readonly has: (id: number) => void;
  /** The broker has taken a subscription, or has not. */
  readonly subscribed: (id: number, granted: boolean) => void;
}

/** What a broker that refuses says, in a person's words. */
const refusals: Readonly<Record<number, string>> = {
  1: "speaks no MQTT 3.1.1",
  2: "does not take the name of this client",
  3: "says that it cannot serve now",
  4: "does not take the user and the password",
  5: "lets this client in no more than anybody: look at its user, its password and the broker's rules",
};

class Refused extends Error {}

/** What else may listen there. */
function otherwise(url: string): string {
  return url.startsWith("mqtts:")
    ? "; is TLS at that port, and does it ask for a certificate (certificateFile)?"
    : "; is it TLS there (mqtts://)?";
}

/** The reason of a failure, in a person's words. */
function inWords(error: unknown, url: string, { authority, proof }: BrokerAddress): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Refused) return text;
  // What the broker says of this end's.
  if (/fatal alert: \w*(?:Certificate|UnknownCA|AccessDenied)/i.test(text)) {
    const what = proof === undefined
      ? "asks for a certificate: say certificateFile and keyFile"
      : "does not take the certificate in certificateFile";
    return `${url} ${what} (${text})`;
  }
  if (/found in (?:certificate|key) data/i.test(text)) return `certificateFile, keyFile: ${text}`;
  if (/certificate|UnknownIssuer|NotValidForName/i.test(text)) {
    const by = authority === undefined ? "this PC trusts" : "authorityFile holds";
    return `${url} did not prove itself by an authority that ${by}: ${text}`;
  }
  if (error instanceof RangeError) return `what listens at ${url} does not speak MQTT${otherwise(url)}`;
  switch (unreachedBy(error)) {
    case "name":
      return `${url} has a name that nobody knows: look how it is written, or give the broker's address`;
    case "refused":
      return `nothing listens at ${url}`;
    case "closed":
      return `${url} closed the connection${otherwise(url)}`;
  }
  return `${url}: ${text}`;
}

/** The connection to a broker. */
export class MqttConnection {
  readonly #address: BrokerAddress;
  readonly #owner: ConnectionOwner;
  #socket: Deno.Conn | undefined;
  /** Counts tries, so that what comes of one that was given up is told from what counts. */
  #attempt = 0;
  #isThere = false;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #writing: Promise<void> | undefined;
  #number = 0;
  #stopped = false;
  #wake: () => void = () => {};
  /** Ends a try that is under way. */
  #giveUp: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  /** Makes it. */
  constructor(address: BrokerAddress, owner: ConnectionOwner) {
    this.#address = address;
    this.#owner = owner;
  }

  /** Begins to connect. */
  open(): void {
    this.#running = this.#run();
  }

  /** Whether it is there. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** Publishes. @param retain Whether the broker keeps it. @returns The number by which the broker says that it has it. */
  publish(topic: string, payload: string, retain = true): number {
    const id = this.#nextNumber();
    this.#send(publishPacket(topic, payload, retain, id));
    return id;
  }

  /** Publishes what is not retained, and is left out where the broker is slow. */
  tell(topic: string, payload: string): void {
    if (this.#isThere && this.#bytes < mostWaiting) this.#send(publishPacket(topic, payload, false));
  }

  /** Asks for the messages of topics. @returns The number by which the broker says whether it does. */
  subscribe(topics: readonly string[]): number {
    const id = this.#nextNumber();
    this.#send(subscribePacket(id, topics));
    return id;
  }

  /** Asks for them no more. */
  unsubscribe(topics: readonly string[]): void {
    this.#send(unsubscribePacket(this.#nextNumber(), topics));
  }

  /** Ends it, with a goodbye once all is sent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    this.#giveUp();
    if (this.#isThere) {
      this.#send(disconnectPacket);
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([this.#writing, new Promise((go) => timer = setTimeout(go, flushFor))]);
      clearTimeout(timer);
    }
    this.#drop();
    await this.#running;
  }

  #nextNumber(): number {
    return this.#number = this.#number % 65_535 + 1;
  }

  async #run(): Promise<void> {
    let pause = shortestPause;
    while (!this.#stopped) {
      const began = performance.now();
      let reason: string;
      try {
        reason = await this.#connectOnce();
      } catch (error) {
        reason = inWords(error, this.#address.url, this.#address);
      }
      const wasThere = this.#isThere;
      this.#drop();
      if (this.#stopped) return;
      this.#owner.lost(reason);
      if (wasThere && performance.now() - began > good) pause = shortestPause;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((go) => {
        this.#wake = go;
        timer = setTimeout(go, pause);
      });
      clearTimeout(timer);
      pause = Math.min(2 * pause, longestPause);
    }
  }

  /** Connects, and serves until it ends. @returns Why it has ended, where the broker closed it. */
  async #connectOnce(): Promise<string> {
    const { url, connect } = this.#address;
    const packets = await this.#within(this.#enter(), `${url} did not answer within ${tryFor / 1000} s`);
    this.#isThere = true;
    let heard = performance.now();
    const looking = setInterval(() => {
      const silent = performance.now() - heard;
      if (silent > keepAlive * 1500) this.#drop();
      else if (silent > keepAlive * 500 - 1000) this.#send(pingPacket);
    }, keepAlive * 250);
    try {
      this.#owner.connected();
      for await (const packet of packets) {
        heard = performance.now();
        this.#take(packet);
      }
      return performance.now() - heard > keepAlive * 1500
        ? `${url} does not answer any more`
        : `${url} closed the connection; where that happens again and again, another is called ${connect.client} too`;
    } finally {
      clearInterval(looking);
    }
  }

  /** Connects, proves itself and is let in. @returns What comes then. */
  async #enter(): Promise<AsyncGenerator<BrokerPacket>> {
    const { url, authority, proof, connect } = this.#address;
    const attempt = this.#attempt;
    const { hostname, port, isSecure } = partsOf(url);
    const caCerts = authority === undefined ? [] : [authority];
    let socket: Deno.Conn;
    if (isSecure && proof !== undefined) {
      // What upgrades a connection takes no certificate of this end's.
      const secure = await Deno.connectTls({ hostname, port, caCerts, ...proof });
      this.#keep(socket = secure, attempt);
      await secure.handshake();
    } else {
      const plain = await Deno.connect({ hostname, port });
      this.#keep(socket = plain, attempt);
      plain.setNoDelay(true);
      if (isSecure) {
        const secure = await Deno.startTls(plain, { hostname, caCerts });
        this.#keep(socket = secure, attempt);
        await secure.handshake();
      }
    }
    this.#send(connectPacket({ ...connect, keepAlive }));
    const packets = packetsOf(socket);
    const { done, value } = await packets.next();
    if (done) throw new Refused(`${url} closed the connection at once${otherwise(url)}`);
    if (value.kind !== "connack") throw new RangeError("something else than it comes first");
    if (value.code !== 0) throw new Refused(`${url} ${refusals[value.code] ?? `refuses, with code ${value.code}`}`);
    return packets;
  }

  /** A socket that is there too late is closed. */
  #keep(socket: Deno.Conn, attempt: number): void {
    if (attempt === this.#attempt) this.#socket = socket;
    else {
      close(socket);
      throw new Error("it was given up");
    }
  }

  async #within<T>(work: Promise<T>, late: string): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      this.#giveUp = () => reject(new Refused(late));
      timer = setTimeout(this.#giveUp, tryFor);
    });
    // What it says after that is nobody's.
    work.catch(() => {});
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      clearTimeout(timer);
      this.#giveUp = () => {};
    }
  }

  #take(packet: BrokerPacket): void {
    switch (packet.kind) {
      case "publish":
        return this.#owner.message(packet.topic, packet.payload, packet.retain);
      case "puback":
        return this.#owner.has(packet.id);
      case "suback":
        return this.#owner.subscribed(packet.id, packet.granted);
    }
  }

  #send(bytes: Uint8Array): void {
    if (this.#socket === undefined) return;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#writing ??= this.#write(this.#socket).finally(() => this.#writing = undefined);
  }

  async #write(socket: Deno.Conn): Promise<void> {
    try {
      // What is asked for in one turn goes in one packet of TCP.
      await Promise.resolve();
      while (this.#waiting.length > 0 && socket === this.#socket) {
        const all = joined(this.#waiting.splice(0));
        for (let sent = 0; sent < all.length;) sent += await socket.write(all.subarray(sent));
        this.#bytes = Math.max(0, this.#bytes - all.length);
      }
    } catch {
      // Reading tells why.
    }
  }

  #drop(): void {
    this.#attempt++;
    this.#isThere = false;
    this.#waiting = [];
    this.#bytes = 0;
    if (this.#socket !== undefined) close(this.#socket);
    this.#socket = undefined;
  }
}

/** Where a broker listens. */
function partsOf(url: string): { readonly hostname: string; readonly port: number; readonly isSecure: boolean } {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === "mqtts:";
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (isSecure ? 8883 : 1883)), isSecure };
}

async function* packetsOf(socket: Deno.Conn): AsyncGenerator<BrokerPacket> {
  const reader = new PacketReader();
  for (;;) {
    const buffer = new Uint8Array(16_384);
    const count = await socket.read(buffer);
    if (count === null) return;
    yield* reader.take(buffer.subarray(0, count));
  }
}

function close(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}
