/** What the tests of HTTP and WebSockets share. */
import type { HeliographServer } from "../../../../mod.ts";
import { RawClient } from "../../../fixture.ts";

/** An HTTP reply: its status, header fields, text, and the JSON in it where it is JSON. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- tests take it apart
  readonly json: any;
}

/** Where a server answers HTTP. */
export function base(server: HeliographServer): string {
  return `http://127.0.0.1:${server.webServer.port}`;
}

/** Asks by HTTP; a body is sent as JSON. */
export async function ask(
  server: HeliographServer,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<HttpReply> {
  const response = await fetch(base(server) + path, {
    method,
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
  return { status: response.status, headers: response.headers, text, json: isJson && text !== "" && JSON.parse(text) };
}

/** Sends the bytes of a request as they are, and reads the reply. */
export async function rawRequest(server: HeliographServer, lines: readonly string[], body = ""): Promise<HttpReply> {
  using client = await RawClient.connect(server.webServer.port);
  await client.send(`${lines.join("\r\n")}\r\n\r\n${body}`);
  const head = lines[0]!.startsWith("HEAD ");
  return parseReply(await client.until((text) => isWhole(text, head)));
}

function isWhole(reply: string, head: boolean): boolean {
  const end = reply.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = Number(/\ncontent-length: *(\d+)/i.exec(reply.slice(0, end))?.[1] ?? 0);
  return head || new TextEncoder().encode(reply.slice(end + 4)).length >= length;
}

/** Takes an HTTP reply apart. */
export function parseReply(reply: string): HttpReply {
  const [head = "", ...rest] = reply.split("\r\n\r\n");
  const [first = "", ...fields] = head.split("\r\n");
  const headers = new Headers(fields.map((field) => field.split(/: */, 2) as [string, string]));
  const text = rest.join("\r\n\r\n");
  const isJson = (headers.get("content-type") ?? "").startsWith("application/json");
  return { status: Number(first.split(" ")[1]), headers, text, json: isJson && text !== "" && JSON.parse(text) };
}

/** A WebSocket whose messages are read one by one. */
export class WebClient {
  readonly socket: WebSocket;
  /** How it was closed. */
  readonly closed: Promise<CloseEvent>;
  readonly #received: string[] = [];
  #arrived: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      this.#received.push(data);
      this.#arrived();
    };
    this.closed = new Promise((resolve) => socket.onclose = resolve);
  }

  static async connect(server: HeliographServer): Promise<WebClient> {
    const socket = new WebSocket(`${base(server).replace("http", "ws")}/ws`);
    const client = new WebClient(socket);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return client;
  }

  send(data: string | ArrayBuffer): void {
    this.socket.send(data);
  }

  /** The next messages. */
  async messages(count: number): Promise<Record<string, unknown>[]> {
    while (this.#received.length < count) await new Promise<void>((resolve) => this.#arrived = resolve);
    return this.#received.splice(0, count).map((text) => JSON.parse(text));
  }

  /** Sends a message and reads its reply. */
  async request(message: Record<string, unknown>): Promise<Record<string, unknown>> {
    this.send(JSON.stringify(message));
    return (await this.messages(1))[0]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

/** A WebSocket made of bytes, for clients that behave badly: it reads only when it is told to. */
export class RawWebSocket {
  readonly connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.connection = connection;
  }

  static async connect(server: HeliographServer, ...fields: readonly string[]): Promise<RawWebSocket> {
    const { port } = server.webServer;
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = new RawWebSocket(connection);
    const lines = ["GET /ws HTTP/1.1", `Host: 127.0.0.1:${port}`, ...upgradeFields, ...fields];
    await client.#write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
    // The reply's head, byte by byte: frames may follow it.
    let head = "";
    while (!head.endsWith("\r\n\r\n")) head += new TextDecoder().decode(await client.#bytes(1));
    if (!head.startsWith("HTTP/1.1 101")) throw new Error(head);
    return client;
  }

  /** Sends a text frame. */
  async send(text: string): Promise<void> {
    const payload = new TextEncoder().encode(text);
    const length = payload.length < 126
      ? [0x80 | payload.length]
      : [0x80 | 126, payload.length >> 8, payload.length & 0xff];
    // Masked with zeros, which changes nothing.
    await this.#write(new Uint8Array([0x81, ...length, 0, 0, 0, 0, ...payload]));
  }

  /** Sends bytes, which may be frames. */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
  }

  /** Reads the next frame. */
  async frame(): Promise<{ readonly opcode: number; readonly payload: Uint8Array }> {
    const [first = 0, second = 0] = await this.#bytes(2);
    let length = second & 0x7f;
    if (length === 126) length = new DataView((await this.#bytes(2)).buffer).getUint16(0);
    else if (length === 127) length = Number(new DataView((await this.#bytes(8)).buffer).getBigUint64(0));
    return { opcode: first & 0x0f, payload: await this.#bytes(length) };
  }

  /** Reads the next text frame. */
  async read(): Promise<string> {
    for (;;) {
      const { opcode, payload } = await this.frame();
      if (opcode === 1) return new TextDecoder().decode(payload);
    }
  }

  /** Reads to the close frame. @returns Its code. */
  async closeCode(): Promise<number> {
    for (;;) {
      const { opcode, payload } = await this.frame();
      if (opcode === 8) return payload[0]! << 8 | payload[1]!;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) written += await this.connection.write(bytes.subarray(written));
  }

  async #bytes(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      const more = await this.connection.read(bytes.subarray(filled));
      if (more === null) throw new Error("the connection ended");
      filled += more;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }
}

/** What makes a request that of a WebSocket. */
export const upgradeFields = [
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

// deno-lint-ignore no-explicit-any -- a schema is any JSON
type Schema = any;

/** What is wrong with a value by a schema, as far as the API's schemas go. */
export function problems(value: unknown, schema: Schema, document: Schema, at = "value"): string[] {
  if (schema.$ref !== undefined) {
    return problems(value, document.components.schemas[schema.$ref.split("/").at(-1)], document, at);
  }
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.map((one: Schema) => problems(value, one, document, at));
    return all.some((found: string[]) => found.length === 0) ? [] : all.flat();
  }
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [`${at} is ${value}`];
  const is = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const types = schema.type === undefined
    ? [is]
    : [schema.type].flat().map((type) => type === "integer" ? "number" : type);
  if (!types.includes(is)) return [`${at} is ${is}, not ${types}`];
  if (is === "array") {
    return (value as unknown[]).flatMap((each, index) =>
      problems(each, schema.prefixItems?.[index] ?? schema.items ?? {}, document, `${at}[]`)
    );
  }
  if (is !== "object" || schema.properties === undefined) return [];
  const object = value as Record<string, unknown>;
  return [
    ...(schema.required ?? []).filter((key: string) => !(key in object)).map((key: string) => `${at} lacks ${key}`),
    ...Object.entries(object).flatMap(([key, each]) => {
      const property = schema.properties[key];
      if (property !== undefined) return problems(each, property, document, `${at}.${key}`);
      return schema.additionalProperties === false ? [`${at}.${key} is not described`] : [];
    }),
  ];
}
