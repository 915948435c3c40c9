/**
 * llhttp, the HTTP/1.1 parser of Node.js, as the WebAssembly that undici carries: one for all connections.
 *
 * @module
 */

import wasm from "npm:undici@7.30.2/lib/llhttp/llhttp-wasm.js";

/** The results of llhttp that are told apart here. */
export const errno = { ok: 0, user: 24, paused: 21, pausedUpgrade: 22 } as const;

/** The callbacks of llhttp while it parses; each answers one of {@linkcode errno}. */
export interface Callbacks {
  /** A piece of the target. */
  url(bytes: Uint8Array): number;
  /** A piece of a field's name, of the head or of the trailer. */
  fieldName(bytes: Uint8Array): number;
  /** A piece of a field's value. */
  fieldValue(bytes: Uint8Array): number;
  /** The head has ended. */
  headersComplete(upgrade: boolean, keepAlive: boolean): number;
  /** A piece of the body. */
  body(bytes: Uint8Array): number;
  /** The message has ended. */
  messageComplete(): number;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(size: number): number;
  free(address: number): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, bytes: number, length: number): number;
  llhttp_resume(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_method_name(method: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
}

/** Requests, not responses. */
const requests = 1;

/** The window that is parsed at once, in bytes. */
const windowBytes = 65_536;

/** Whose bytes are being parsed: parsing never waits for anything. */
let callbacks: Callbacks;

const ignored = () => errno.ok;

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm as unknown as Uint8Array<ArrayBuffer>), {
  env: {
    wasm_on_message_begin: ignored,
    wasm_on_status: ignored,
    wasm_on_url: (_: number, at: number, length: number) => callbacks.url(view(at, length)),
    wasm_on_header_field: (_: number, at: number, length: number) => callbacks.fieldName(view(at, length)),
    wasm_on_header_value: (_: number, at: number, length: number) => callbacks.fieldValue(view(at, length)),
    wasm_on_headers_complete: (_: number, _status: number, upgrade: number, keepAlive: number) =>
      callbacks.headersComplete(upgrade !== 0, keepAlive !== 0),
    wasm_on_body: (_: number, at: number, length: number) => callbacks.body(view(at, length)),
    wasm_on_message_complete: () => callbacks.messageComplete(),
  },
});
const llhttp = exports as unknown as Exports;
llhttp._initialize();
const window = llhttp.malloc(windowBytes);

function view(at: number, length: number): Uint8Array {
  return new Uint8Array(llhttp.memory.buffer, at, length);
}

function text(at: number): string {
  const bytes = new Uint8Array(llhttp.memory.buffer, at);
  return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
}

/** The result of parsing a piece: how far, and why no further. */
export interface Parsed {
  /** How many bytes of it were taken. */
  readonly taken: number;
  /** One of {@linkcode errno}, or another number of llhttp's for a fault. */
  readonly errno: number;
}

/** llhttp's state for one connection. */
export class Llhttp {
  readonly #parser: number = llhttp.llhttp_alloc(requests);
  readonly #callbacks: Callbacks;

  /** Makes it; it must be freed. @param callbacks What it calls. */
  constructor(callbacks: Callbacks) {
    this.#callbacks = callbacks;
  }

  /** Parses a piece, or its beginning. @param bytes The piece. */
  parse(bytes: Uint8Array): Parsed {
    const piece = bytes.subarray(0, windowBytes);
    view(window, piece.length).set(piece);
    callbacks = this.#callbacks;
    const found = llhttp.llhttp_execute(this.#parser, window, piece.length);
    const taken = found === errno.ok ? piece.length : llhttp.llhttp_get_error_pos(this.#parser) - window;
    if (found === errno.paused) llhttp.llhttp_resume(this.#parser);
    return { taken, errno: found };
  }

  /** The error of the last parse, in llhttp's words. */
  get reason(): string {
    return text(llhttp.llhttp_get_error_reason(this.#parser));
  }

  /** The method of the request. */
  get method(): string {
    return text(llhttp.llhttp_method_name(llhttp.llhttp_get_method(this.#parser)));
  }

  /** The version of the request, `1.1`. */
  get version(): string {
    return `${llhttp.llhttp_get_http_major(this.#parser)}.${llhttp.llhttp_get_http_minor(this.#parser)}`;
  }

  /** Forgets it. */
  [Symbol.dispose](): void {
    llhttp.llhttp_free(this.#parser);
  }
}
