import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import { configure, type LogRecord, reset } from "npm:@logtape/logtape@2.4.2";
import fc from "npm:fast-check@4.10.2";
import { ImageServer, type ImageServerOptions } from "../../../../server/faces/images/image_server.ts";
import { sendImage, type SendImageOptions } from "../../../../server/camera/image_sender.ts";
import {
  decodeHeader,
  decodeStatus,
  encodeHeader,
  encodeStatus,
  type ImageTransferHeader,
  plainImageName,
} from "../../../../server/camera/image_transfer.ts";
import { FileNotWritten, PixelStore, type ReceivedFile } from "../../../../server/camera/pixel_store.ts";
import { eventually, RawClient } from "../../../fixture.ts";

const status0 = "0               ";
const status1 = "-1              ";
const status2 = "-2              ";
const status3 = "-3              ";

const plain: ImageTransferHeader = {
  bytes: 2880,
  name: "image.fits",
  overwrite: false,
  kind: "fits",
  columns: 64,
  rows: 48,
  display: false,
};

const ascii = (text: string) => new TextEncoder().encode(text);

/** A header as azcam's senders write it. */
function headerOf(bytes: number, name: string, rest = "0 64 48 0"): Uint8Array {
  return ascii(`${String(bytes).padStart(16)} ${name} ${rest}`.padEnd(256));
}

/** Bytes that differ from place to place, so that none can be lost, doubled or exchanged. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0, value = 1; at < length; at++) {
    value = (Math.imul(value, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = value >>> 16;
  }
  return bytes;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Two temporary folders, one to send from and one to receive in, and what may read and write them. */
class Folders {
  readonly from = Deno.makeTempDirSync({ prefix: "heliograph-send-" });
  readonly to = Deno.makeTempDirSync({ prefix: "heliograph-receive-" });
  readonly store = new PixelStore([this.from, this.to]);

  /** Makes an image to be sent. @returns Its path. */
  image(bytes: Uint8Array, name = "local.fits"): string {
    const file = join(this.from, name);
    Deno.writeFileSync(file, bytes);
    return file;
  }

  received(): string[] {
    return [...Deno.readDirSync(this.to)].map(({ name }) => name).sort();
  }

  read(name: string): Uint8Array {
    return Deno.readFileSync(join(this.to, name));
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(join(this.to, name), text);
  }

  /** A server that receives into one of them. */
  server(options: Partial<ImageServerOptions> = {}): ImageServer {
    const server = new ImageServer({ port: 0, store: this.store, folder: this.to, ...options });
    server.start();
    return server;
  }

  /** Sends an image to a port of this PC. */
  send(port: number, file: string, options: Partial<SendImageOptions> = {}): Promise<void> {
    const { bytes: _, ...header } = plain;
    return sendImage({ ...header, host: "127.0.0.1", port, file, store: this.store, ...options });
  }

  [Symbol.dispose](): void {
    this.store.stop();
    Deno.removeSync(this.from, { recursive: true });
    Deno.removeSync(this.to, { recursive: true });
  }
}

/** What one connection does in the place of a receiver. */
type Conversation = (connection: Deno.TcpConn) => Promise<void>;

/** A receiver that is not heliograph's. */
class OtherReceiver {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting: Promise<void>;
  failure: unknown;

  constructor(conversation: Conversation) {
    this.#accepting = this.#accept(conversation);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(conversation: Conversation): Promise<void> {
    for (;;) {
      let connection: Deno.TcpConn;
      try {
        connection = await this.#listener.accept();
      } catch {
        return;
      }
      await conversation(connection).catch((error) => this.failure = error);
      try {
        connection.close();
      } catch {
        // The conversation has closed it.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
  }
}

async function say(connection: Deno.TcpConn, text: string | Uint8Array): Promise<void> {
  const bytes = typeof text === "string" ? ascii(text) : text;
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

/** Reads a number of bytes; fewer where the connection ends. */
async function take(connection: Deno.TcpConn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let count = 0;
  while (count < length) {
    const more = await connection.read(bytes.subarray(count));
    if (more === null) break;
    count += more;
  }
  return bytes.subarray(0, count);
}

/** azcam's own receiver: a status after the header, and after the data only where some are missing. */
function originalReceiver(folder: string, talks = true): OtherReceiver {
  return new OtherReceiver(async (connection) => {
    const header = new TextDecoder().decode(await take(connection, 256)).replaceAll('"', "");
    const size = Number(header.slice(0, 16));
    let [name] = header.slice(17).split(" ") as [string];
    const overwrite = name.startsWith("!");
    name = name.replace(/^!+/, "");
    const status = Deno.readDirSync(folder).some((entry) => entry.name === name) && !overwrite
      ? status2
      : name.includes("/")
      ? status3
      : status0;
    if (talks) await say(connection, status);
    if (status !== status0) return;
    const data = await take(connection, size);
    Deno.writeFileSync(join(folder, name), data);
    if (data.length < size && talks) await say(connection, status2);
  });
}

/** azcam's senders: one reads a status after the data, the other one nothing; neither waits after the header. */
async function originalSender(port: number, header: Uint8Array, data: Uint8Array, reads: boolean): Promise<string> {
  using client = await RawClient.connect(port);
  await client.send(header);
  if (!reads) {
    for (let from = 0; from < data.length; from += 32_768) await client.send(data.subarray(from, from + 32_768));
    // It waits a second there, so that nothing of it is lost when it closes with the status unread.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return "";
  }
  await client.send(data);
  return (await client.until((text) => text.length >= 16)).slice(0, 1);
}

/** Sends bytes and reads all that comes until the server ends the connection. */
async function talk(port: number, ...pieces: (Uint8Array | string)[]): Promise<string> {
  using client = await RawClient.connect(port);
  for (const piece of pieces) await client.send(piece);
  return await client.rest();
}

/** Runs something and tells what the image server's log said meanwhile. */
async function logged(work: () => Promise<void>): Promise<string[]> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => void records.push(record) },
    loggers: [
      { category: ["heliograph", "images"], sinks: ["memory"], lowestLevel: "info" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    await work();
  } finally {
    await reset();
  }
  return records.map(({ level, message }) => `${level}: ${message.join("")}`);
}

Deno.test("image header: it is what azcam's senders write, 256 characters", () => {
  const header = { ...plain, bytes: 4_204_800, name: "obj/image.0001.fits", overwrite: true, kind: "mef" } as const;
  strictEqual(
    new TextDecoder().decode(encodeHeader({ ...header, columns: 2048, rows: 1024, display: true })),
    "         4204800 !obj/image.0001.fits 1 2048 1024 1".padEnd(256),
  );
});

Deno.test("image header: what was encoded is decoded again", () => {
  const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const letters = [..."abcXYZ019._+-()/\\:!~#%&"];
  const name = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 180 })
    .filter((text) => !text.startsWith("!"));
  const header = fc.record({
    bytes: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    name,
    overwrite: fc.boolean(),
    kind: fc.constantFrom("fits", "mef", "binary"),
    columns: count,
    rows: count,
    display: fc.boolean(),
  });
  fc.assert(fc.property(header, (each) => deepStrictEqual(decodeHeader(encodeHeader(each)), { ...each })));
});

Deno.test("image header: quotes, folders, blanks and other padding are read as azcam's senders mean them", () => {
  const read = (name: string, rest?: string) => decodeHeader(headerOf(2880, name, rest));
  deepStrictEqual(read("image.fits"), plain);
  deepStrictEqual(read("!image.fits"), { ...plain, overwrite: true });
  deepStrictEqual(read('"image.fits"'), plain);
  for (const name of ['"!my image.fits"', '!"my image.fits"', "'!my image.fits'", "!my image.fits"]) {
    deepStrictEqual(read(name), { ...plain, name: "my image.fits", overwrite: true });
  }
  strictEqual(read("C:\\data\\image.fits").name, "C:\\data\\image.fits");
  deepStrictEqual(read("image.bin", "3 0 0 1"), {
    ...plain,
    name: "image.bin",
    kind: "binary",
    columns: 0,
    rows: 0,
    display: true,
  });
  const padded = headerOf(2880, "image.fits");
  padded.fill(0, padded.findLastIndex((byte) => byte !== 0x20) + 1);
  deepStrictEqual(decodeHeader(padded), plain);
});

Deno.test("image header: one that is none is refused with what is wrong", () => {
  const text = (wrong: string) => decodeHeader(ascii(wrong.padEnd(256)));
  throws(() => decodeHeader(new Uint8Array(255)), { code: "bad_argument", message: /255 bytes instead of 256/ });
  throws(() => decodeHeader(new Uint8Array(256)), /begins with "" instead of a size/);
  throws(() => decodeHeader(headerOf(1, "a\0b.fits")), /byte 19 is 0,/);
  throws(() => decodeHeader(headerOf(1, "a\n.fits")), /byte 19 is 10,/);
  throws(() => decodeHeader(headerOf(1, "ä.fits").subarray(0, 256)), /byte 18 is 195,/);
  throws(() => text("              -5 a.fits 0 1 1 0"), /no image has -5 bytes/);
  throws(() => text("               0 a.fits 0 1 1 0"), /no image has 0 bytes/);
  throws(() => text("9999999999999999 a.fits 0 1 1 0"), /no image has 9999999999999999 bytes/);
  throws(() => text("             1e3 a.fits 0 1 1 0"), /begins with "1e3" instead of a size/);
  throws(() => text("12345678901234567 a.fits 0 1 1 0"), /the size must be followed by a file name/);
  throws(() => text("               5 a.fits 0 1 1"), /the size must be followed by a file name/);
  throws(() => text("               5 0 1 1 0"), /the size must be followed by a file name/);
  throws(() => text('               5 "" 0 1 1 0'), /the file name is empty/);
  throws(() => text("               5 ! 0 1 1 0"), /the file name is empty/);
  throws(() => text("               5 a.fits 7 1 1 0"), /file type 7 is none of 0 \(FITS\)/);
  throws(() => text("               5 a.fits -1 1 1 0"), /file type -1/);
  throws(() => text("               5 a.fits 0 -1 1 0"), /no image has -1 columns and 1 rows/);
});

Deno.test("image header: what a receiver would misread is not sent", () => {
  const refused = (wrong: Partial<ImageTransferHeader>, message: RegExp) =>
    throws(() => encodeHeader({ ...plain, ...wrong }), { code: "bad_argument", message });
  refused({ name: "" }, /name is empty/);
  refused({ name: "my image.fits" }, /neither blanks nor quotes/);
  refused({ name: '"a".fits' }, /neither blanks nor quotes/);
  refused({ name: "!a.fits" }, /may not begin with !/);
  refused({ name: "ä.fits" }, /printable ASCII/);
  refused({ name: "a\0.fits" }, /printable ASCII/);
  refused({ bytes: 0 }, /at least 1 byte, and is 0/);
  refused({ bytes: 2 ** 60 }, /at least 1 byte, and is/);
  refused({ bytes: 1.5 }, /at least 1 byte, and is 1.5/);
  refused({ columns: -1 }, /-1 columns and 48 rows/);
  const longest = { ...plain, columns: 0, rows: 0, name: "n".repeat(231) };
  strictEqual(decodeHeader(encodeHeader(longest)).name, longest.name);
  refused({ ...longest, overwrite: true }, /has 231 characters, and 230 fit/);
});

Deno.test("image names: only plain ones become files, without the folders in front", () => {
  strictEqual(plainImageName("a/b\\my image_1+2-(3).fits"), "my image_1+2-(3).fits");
  strictEqual(plainImageName("../../etc/x.fits"), "x.fits");
  strictEqual(plainImageName("CONE.fits"), "CONE.fits");
  for (
    const name of [
      ..."/ .. . .hidden a/.. -rf x. C:x.fits C:\\ x:y a*.fits a?.fits a|b a<b $HOME.fits `x` a;b ~x %x a'b a~1.fits"
        .split(" "),
      ..."NUL nul.fits CON Com1.fits lpt9.x.y aux. test.fits.part x.PART".split(" "),
      "NUL .fits",
      "x.fits ",
      "",
      "a\0b",
      "a\nb",
      "ä.fits",
    ]
  ) throws(() => plainImageName(name), { code: "bad_argument", message: /^Cannot name an image / }, name);
});

Deno.test("image status: it is 16 characters, and a text that is none is told from it", () => {
  for (const [status, text] of [[0, status0], [-1, status1], [-2, status2], [-3, status3]] as const) {
    strictEqual(encodeStatus(status), text);
    strictEqual(decodeStatus(text), status);
  }
  strictEqual(decodeStatus("0"), 0);
  strictEqual(decodeStatus("HTTP/1.1 400 Bad"), undefined);
  strictEqual(decodeStatus(""), undefined);
});

Deno.test("images: what heliograph sends to heliograph arrives byte for byte, whatever its size", async () => {
  using folders = new Folders();
  await using server = folders.server();
  for (const [at, size] of [1, 2880, 65_536, 1 << 20, (1 << 20) + 1, 7_654_321].entries()) {
    const bytes = pattern(size);
    await folders.send(server.port, folders.image(bytes), { name: `image${at}.fits` });
    ok(same(folders.read(`image${at}.fits`), bytes), `${size} bytes`);
  }
  strictEqual(folders.received().length, 6);
});

Deno.test("images: heliograph sends to azcam's own receiver, and to one that says nothing", async () => {
  using folders = new Folders();
  const bytes = pattern(3_000_001);
  const file = folders.image(bytes);
  for (const [name, talks] of [["original.fits", true], ["silent.fits", false]] as const) {
    await using receiver = originalReceiver(folders.to, talks);
    await folders.send(receiver.port, file, { name });
    ok(same(folders.read(name), bytes), name);
    strictEqual(receiver.failure, undefined);
  }
});

Deno.test("images: what azcam's own receiver refuses is told in words", async () => {
  using folders = new Folders();
  const file = folders.image(pattern(3_000_000));
  folders.write("there.fits", "old");
  await using receiver = originalReceiver(folders.to);
  await rejects(folders.send(receiver.port, file, { name: "there.fits" }), {
    code: "command_failed",
    message: /^Cannot send there\.fits to 127\.0\.0\.1:\d+: a file of that name exists there already .*"-2"/,
  });
  await rejects(folders.send(receiver.port, file, { name: "nowhere/a.fits" }), {
    code: "command_failed",
    message: /: the folder does not exist there \(it answered "-3"\)/,
  });
  strictEqual(new TextDecoder().decode(folders.read("there.fits")), "old");
  await folders.send(receiver.port, file, { name: "there.fits", overwrite: true });
  strictEqual(folders.read("there.fits").length, 3_000_000);
});

Deno.test("images: both kinds of azcam's senders are received", async () => {
  using folders = new Folders();
  await using server = folders.server();
  const bytes = pattern(2_000_003);
  strictEqual(await originalSender(server.port, headerOf(bytes.length, "azcam.fits"), bytes, true), "0");
  await originalSender(server.port, headerOf(bytes.length, "data/dataserver.fits", "2 64 48 1"), bytes, false);
  await eventually(() => folders.received().join() === "azcam.fits,dataserver.fits", "both images are there");
  for (const name of folders.received()) ok(same(folders.read(name), bytes), name);
});

Deno.test("image server: a status after the header, and one when the image is on the disk", async () => {
  using folders = new Folders();
  await using server = folders.server();
  using client = await RawClient.connect(server.port);
  await client.send(headerOf(10, "image.fits"));
  strictEqual(await client.until((text) => text.length >= 16), status0);
  await client.send("01234");
  match(folders.received().join(), /^image\.fits\.[0-9a-f]{8}\.part$/);
  await client.send("56789 and what does not belong to it");
  strictEqual(await client.rest(), status0);
  deepStrictEqual(folders.received(), ["image.fits"]);
  strictEqual(new TextDecoder().decode(folders.read("image.fits")), "0123456789");
});

Deno.test("image server: a file takes the place of another only where that is asked for", async () => {
  using folders = new Folders();
  await using server = folders.server();
  folders.write("image.fits", "old");
  strictEqual(await talk(server.port, headerOf(3, "image.fits"), "new"), status2);
  strictEqual(new TextDecoder().decode(folders.read("image.fits")), "old");
  await rejects(folders.send(server.port, folders.image(pattern(9_000_000)), { name: "image.fits" }), {
    code: "command_failed",
    message: /a file of that name exists there already/,
  });
  // Also to a sender that looks for no status before it has sent everything.
  strictEqual(await talk(server.port, headerOf(9_000_000, "image.fits"), pattern(9_000_000)), status2);
  strictEqual(await talk(server.port, headerOf(3, '"!image.fits"'), "new"), status0 + status0);
  strictEqual(new TextDecoder().decode(folders.read("image.fits")), "new");
});

Deno.test("image server: a folder that is not there is told", async () => {
  using folders = new Folders();
  await using server = folders.server({ folder: join(folders.to, "gone") });
  strictEqual(await talk(server.port, headerOf(3, "image.fits"), "new"), status3);
  await rejects(folders.send(server.port, folders.image(pattern(10))), {
    code: "command_failed",
    message: /the folder does not exist there/,
  });
});

Deno.test("image server: an image that was cut off leaves nothing behind", async () => {
  using folders = new Folders();
  await using server = folders.server();
  folders.write("old.fits", "old");
  const bytes = pattern(3_000_000);
  for (const [name, sent] of [["none.fits", 0], ["some.fits", 5], ["!old.fits", 2_999_999]] as const) {
    const client = await RawClient.connect(server.port);
    await client.send(headerOf(bytes.length, name));
    strictEqual(await client.until((text) => text.length >= 16), status0);
    await client.send(bytes.subarray(0, sent));
    client[Symbol.dispose]();
    await eventually(() => folders.received().join() === "old.fits", `nothing is left of ${name}`);
  }
  strictEqual(new TextDecoder().decode(folders.read("old.fits")), "old");
  // One that has only ended its own side is told.
  using client = await RawClient.connect(server.port);
  await client.send(headerOf(100, "half.fits"));
  await client.send(bytes.subarray(0, 99));
  await client.connection.closeWrite();
  strictEqual(await client.rest(), status0 + status2);
  deepStrictEqual(folders.received(), ["old.fits"]);
});

Deno.test("image server: nothing that a name says becomes a path, and hostile names are refused", async () => {
  using folders = new Folders();
  const inner = join(folders.to, "inner");
  Deno.mkdirSync(inner);
  await using server = folders.server({ folder: inner });
  for (const name of ["../a.fits", "/tmp/b.fits", "..\\..\\c.fits", "C:\\data\\d.fits", `${folders.from}/e.fits`]) {
    strictEqual(await talk(server.port, headerOf(1, name), "x"), status0 + status0, name);
  }
  for (const name of ["..", ".bashrc", "NUL", "com1.fits", "x.fits.part", "a:b.fits", "x.", "$(id)", "inner/"]) {
    strictEqual(await talk(server.port, headerOf(1, name), "x"), status2, name);
  }
  deepStrictEqual([...Deno.readDirSync(inner)].map(({ name }) => name).sort(), [..."abcde"].map((at) => `${at}.fits`));
  deepStrictEqual(folders.received(), ["inner"]);
  deepStrictEqual([...Deno.readDirSync(folders.from)], []);
});

Deno.test("image server: what is no header is refused, and the server goes on", async () => {
  using folders = new Folders();
  await using server = folders.server();
  for (
    const wrong of [
      "x".repeat(256),
      headerOf(-5, "a.fits"),
      headerOf(1, "a\0b.fits"),
      headerOf(1, "a.fits", "0 64"),
      // As the original is told to stop.
      "-1",
      "-1".padEnd(256),
    ]
  ) strictEqual(await talk(server.port, wrong), status1, String(wrong));
  using cut = await RawClient.connect(server.port);
  await cut.send("   12");
  await cut.connection.closeWrite();
  strictEqual(await cut.rest(), status1);
  for (const request of ["GET / HTTP/1.1\r\n\r\n", "POST /api HTTP/1.1\r\n\r\n"]) {
    strictEqual(await talk(server.port, request), "");
  }
  deepStrictEqual(folders.received(), []);
  strictEqual(await talk(server.port, headerOf(1, "a.fits"), "x"), status0 + status0);
});

Deno.test("image server: two senders at once do not disturb one another, and never share a name", async () => {
  using folders = new Folders();
  await using server = folders.server();
  const [a, b] = [pattern(5_000_000), pattern(5_000_001).map((byte) => byte ^ 0x55)];
  await Promise.all([
    folders.send(server.port, folders.image(a, "a"), { name: "a.fits" }),
    folders.send(server.port, folders.image(b, "b"), { name: "b.fits" }),
  ]);
  ok(same(folders.read("a.fits"), a) && same(folders.read("b.fits"), b));
  using first = await RawClient.connect(server.port);
  await first.send(headerOf(2, "!c.fits"));
  strictEqual(await first.until((text) => text.length >= 16), status0);
  strictEqual(await talk(server.port, headerOf(2, "!C.fits"), "22"), status2);
  await first.send("11");
  strictEqual(await first.rest(), status0);
  strictEqual(new TextDecoder().decode(folders.read("c.fits")), "11");
  strictEqual(await talk(server.port, headerOf(2, "!c.fits"), "22"), status0 + status0, "the name is free again");
});

Deno.test("image server: a sender that stalls is given up, with a status", async () => {
  using folders = new Folders();
  await using server = folders.server({ idleSeconds: 0.5, headerSeconds: 0.5 });
  strictEqual(await talk(server.port), status1);
  strictEqual(await talk(server.port, "    12"), status1);
  strictEqual(await talk(server.port, headerOf(12, "image.fits"), "01234"), status0 + status2);
  deepStrictEqual(folders.received(), []);
});

Deno.test("image server: an image over the limit and connections over the limit are refused", async () => {
  using folders = new Folders();
  await using server = folders.server({ largestImage: 10, connections: 2 });
  strictEqual(await talk(server.port, headerOf(11, "large.fits")), status2);
  strictEqual(await talk(server.port, headerOf(10, "small.fits"), "0123456789"), status0 + status0);
  using a = await RawClient.connect(server.port);
  using b = await RawClient.connect(server.port);
  for (const client of [a, b]) await client.send(headerOf(1, client === a ? "a.fits" : "b.fits"));
  for (const client of [a, b]) strictEqual(await client.until((text) => text.length >= 16), status0);
  strictEqual(await talk(server.port), status1);
  await rejects(folders.send(server.port, folders.image(pattern(5))), {
    code: "command_failed",
    message: /takes no image now/,
  });
  await a.send("x");
  strictEqual(await a.rest(), status0);
  await eventually(
    async () => await talk(server.port, headerOf(1, "!c.fits"), "x") === status0 + status0,
    "there is room for another",
  );
});

/** A store whose files take bytes only while they may. */
class SlowStore {
  readonly log: string[] = [];
  gate = Promise.withResolvers<void>();
  failure: Error | undefined;
  #atOnce = 0;

  receive(): Promise<ReceivedFile> {
    return Promise.resolve({
      append: async (bytes) => {
        this.log.push(++this.#atOnce > 1 ? "two at once" : `append ${bytes.length}`);
        await this.gate.promise;
        this.#atOnce--;
        if (this.failure !== undefined) throw this.failure;
      },
      keep: () => Promise.resolve(void this.log.push("keep")),
      drop: () => Promise.resolve(void this.log.push("drop")),
    });
  }
}

Deno.test("image server: it reads no faster than the disk takes it", async () => {
  const store = new SlowStore();
  await using server = new ImageServer({ port: 0, store, folder: "/nowhere" });
  server.start();
  using client = await RawClient.connect(server.port);
  const total = 64 << 20;
  await client.send(headerOf(total, "image.fits"));
  let sent = 0;
  const sending = (async () => {
    const piece = new Uint8Array(1 << 18);
    for (; sent < total; sent += piece.length) await client.send(piece);
  })();
  await eventually(async () => {
    const before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return before > 0 && sent === before;
  }, "the sender has to wait");
  ok(sent < total / 2, `${sent} bytes were taken`);
  deepStrictEqual(store.log, [`append ${1 << 20}`]);
  store.gate.resolve();
  await sending;
  strictEqual(await client.rest(), status0 + status0);
  deepStrictEqual(store.log, [...Array(64).fill(`append ${1 << 20}`), "keep"]);
});

Deno.test("image server: the status for a folder that is not there goes by what the store means, not by its words", async () => {
  using folders = new Folders();
  const said = [
    [new FileNotWritten("/data/image.fits", "die Platte fehlt", "no_folder"), status3],
    [new FileNotWritten("/data/image.fits", "its folder does not exist", "other"), status2],
    [new Error("Cannot write /data/image.fits: its folder does not exist"), status2],
  ] as const;
  for (const [error, status] of said) {
    await using server = folders.server({ store: { receive: () => Promise.reject(error) } });
    strictEqual(await talk(server.port, headerOf(3, "image.fits"), "new"), status, error.message);
  }
  // The real store.
  await using missing = folders.server({ folder: join(folders.to, "its folder does not exist") });
  strictEqual(await talk(missing.port, headerOf(3, "image.fits"), "new"), status3);
  folders.write("file", "");
  await using file = folders.server({ folder: join(folders.to, "file") });
  strictEqual(await talk(file.port, headerOf(3, "image.fits"), "new"), status3);
});

Deno.test("image server: a full disk is told, and what was written is removed", async () => {
  const store = new SlowStore();
  store.failure = new Error("the disk is full");
  store.gate.resolve();
  await using server = new ImageServer({ port: 0, store, folder: "/nowhere" });
  server.start();
  strictEqual(await talk(server.port, headerOf(3, "image.fits"), "xyz"), status0 + status2);
  deepStrictEqual(store.log, ["append 3", "drop"]);
});

Deno.test("image server: every refusal is in the log, with its reason", async () => {
  using folders = new Folders();
  const lines = await logged(async () => {
    await using server = folders.server({ largestImage: 100, connections: 1, headerSeconds: 0.5, idleSeconds: 0.5 });
    const { port } = server;
    await talk(port, headerOf(1, "image.fits"), "x");
    await talk(port, headerOf(1, "image.fits"), "x");
    await talk(port, headerOf(101, "large.fits"));
    await talk(port, headerOf(1, "NUL"));
    await talk(port, "-1");
    await talk(port, "GET / HTTP/1.1\r\n\r\n");
    await talk(port, "12");
    await talk(port, headerOf(3, "cut.fits"), "x");
    using waiting = await RawClient.connect(port);
    await waiting.send(headerOf(1, "b.fits"));
    await waiting.until((text) => text.length >= 16);
    await talk(port);
    await waiting.connection.closeWrite();
    await waiting.rest();
  });
  deepStrictEqual(lines.map((line) => line.replaceAll(/127\.0\.0\.1:\d+/g, "HERE").replace(folders.to, "")), [
    "info: Received image.fits from HERE: 1 bytes",
    `warning: Refused an image from HERE: Cannot write ${join("/image.fits")}: a file of that name is there already`,
    "warning: Refused an image from HERE: it has 101 bytes, and 100 are the most that are taken",
    'warning: Refused an image from HERE: Cannot name an image "NUL": on Windows that is a device',
    "warning: Refused an image from HERE: it wants the server to stop (-1), which no sender may",
    "warning: Refused an image from HERE: it speaks HTTP, which this port does not",
    "warning: Refused an image from HERE: 2 of the header's 256 bytes came within 0.5 s",
    "warning: Refused an image from HERE: nothing came for 0.5 s after 1 of 3 bytes",
    "warning: Refused an image from HERE: there are 1 connections already",
    "warning: Refused an image from HERE: the connection ended after 0 of 1 bytes",
  ]);
});

Deno.test("image server: stopping finishes the image that has begun, and nothing else", async () => {
  using folders = new Folders();
  const server = folders.server();
  const { port } = server;
  using begun = await RawClient.connect(port);
  using idle = await RawClient.connect(server.port);
  await idle.send("    ");
  await begun.send(headerOf(3, "image.fits"));
  strictEqual(await begun.until((text) => text.length >= 16), status0);
  const stopped = Promise.all([server.stop(), server.stop()]);
  strictEqual(await idle.rest(), "");
  await begun.send("xyz");
  strictEqual(await begun.rest(), status0);
  await stopped;
  deepStrictEqual(folders.received(), ["image.fits"]);
  await rejects(RawClient.connect(port), Deno.errors.ConnectionRefused);
  server.start();
  strictEqual(await talk(server.port, headerOf(1, "again.fits"), "x"), status0 + status0);
  await server.stop();
});

Deno.test("image server: a port in use and an address that is not allowed are told with what to do", async () => {
  using folders = new Folders();
  await using server = folders.server();
  strictEqual(server.host, "127.0.0.1");
  const { port } = server;
  throws(() => folders.server({ port }), {
    code: "cannot_listen",
    message: new RegExp(
      `^Cannot listen on 127\\.0\\.0\\.1:${port}: another program uses port ${port}\\..*--image-port`,
    ),
  });
  throws(() => folders.server({ host: "0.0.0.0" }), { code: "cannot_listen", message: /--insecure-open/ });
  throws(() => folders.server({ host: "192.0.2.1", insecureOpen: true }), {
    code: "cannot_listen",
    message: /^Cannot listen on 192\.0\.2\.1:0: /,
  });
  await using open = folders.server({ host: "0.0.0.0", insecureOpen: true });
  strictEqual(await talk(open.port, headerOf(1, "a.fits"), "x"), status0 + status0);
});

Deno.test("sending images: nothing that listens there is told", async () => {
  using folders = new Folders();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await rejects(folders.send(port, folders.image(pattern(10))), {
    code: "not_connected",
    message: `Cannot send image.fits: cannot connect to tcp://127.0.0.1:${port}: nothing listens there`,
  });
});

Deno.test("sending images: a receiver that vanishes is told, whenever it does", async () => {
  using folders = new Folders();
  const file = folders.image(pattern(20_000_000));
  for (const taken of [0, 256, 2_000_000]) {
    await using receiver = new OtherReceiver(async (connection) => {
      if (taken > 256) await say(connection, status0);
      await take(connection, taken);
    });
    await rejects(folders.send(receiver.port, file), {
      code: "not_connected",
      message: /^Cannot send image\.fits to 127\.0\.0\.1:\d+: the connection was lost: /,
    }, `after ${taken} bytes`);
  }
});

Deno.test("sending images: a receiver that ends before it has all of the image has not taken it", async () => {
  using folders = new Folders();
  const release = Promise.withResolvers<void>();
  await using receiver = new OtherReceiver(async (connection) => {
    await take(connection, 2_000_000);
    await connection.closeWrite();
    await release.promise;
  });
  try {
    await rejects(folders.send(receiver.port, folders.image(pattern(20_000_000))), {
      code: "not_connected",
      message: /the connection was lost: the receiver ended it before it had all of the image$/,
    });
  } finally {
    release.resolve();
  }
});

Deno.test("sending images: a receiver that refuses the header is sent nothing more", async () => {
  using folders = new Folders();
  const more = Promise.withResolvers<number>();
  await using receiver = new OtherReceiver(async (connection) => {
    await take(connection, 256);
    await say(connection, status2);
    more.resolve((await take(connection, 1000)).length);
  });
  await rejects(folders.send(receiver.port, folders.image(pattern(1000))), { code: "command_failed" });
  strictEqual(await more.promise, 0);
});

Deno.test("sending images: a receiver that says it has the image need not end the connection", async () => {
  using folders = new Folders();
  const release = Promise.withResolvers<void>();
  await using receiver = new OtherReceiver(async (connection) => {
    await take(connection, 256 + 1000);
    await say(connection, status0 + status0);
    await release.promise;
  });
  try {
    await folders.send(receiver.port, folders.image(pattern(1000)), { timeout: 2 });
  } finally {
    release.resolve();
  }
});

Deno.test("sending images: an error after the last byte is an error, and so is what is no status", async () => {
  using folders = new Folders();
  const bytes = 100_000;
  const file = folders.image(pattern(bytes));
  const answers: [afterHeader: string, afterData: string, message: RegExp][] = [
    [status0, status2, /cannot be written there \(it answered "-2"\)/],
    ["", status2, /it answered "-2"/],
    ["", "2", /not enough space on the disk there/],
    ["1               ", "", /cannot be made there/],
    [status0, "7               ", /the receiver refuses it \(it answered "7"\)/],
    ["220 mail.example ESMTP\r\n", "", /it answered "220 mail\.example" instead of a status/],
    [status0, "what?", /it answered "what\?" instead of a status/],
  ];
  for (const [afterHeader, afterData, message] of answers) {
    await using receiver = new OtherReceiver(async (connection) => {
      await take(connection, 256);
      await say(connection, afterHeader);
      await take(connection, bytes);
      await say(connection, afterData);
    });
    await rejects(folders.send(receiver.port, file), { code: "command_failed", message }, afterHeader + afterData);
  }
  await using azcam = new OtherReceiver(async (connection) => {
    await take(connection, 256 + bytes);
    await say(connection, "0");
  });
  await folders.send(azcam.port, file);
});

Deno.test("sending images: a refusal is told although the connection breaks after it", async () => {
  using folders = new Folders();
  const file = folders.image(pattern(20_000_000));
  await using receiver = new OtherReceiver(async (connection) => {
    // Later than a sender waits for it: it is in the middle of the image.
    await take(connection, 256 + 500_000);
    await say(connection, status3);
  });
  const sent = folders.send(receiver.port, file);
  // Windows may throw the refusal away together with the connection.
  if (Deno.build.os === "windows") await rejects(sent, /the folder does not exist|Windows has not told$/);
  else await rejects(sent, { code: "command_failed", message: /the folder does not exist/ });
});

Deno.test("sending images: a receiver that takes nothing, or does not end, is not waited for for ever", async () => {
  using folders = new Folders();
  const large = folders.image(pattern(40_000_000), "large.fits");
  const small = folders.image(pattern(1000), "small.fits");
  const release = Promise.withResolvers<void>();
  await using stuck = new OtherReceiver(() => release.promise);
  await using endless = new OtherReceiver(async (connection) => {
    await say(connection, status0);
    await release.promise;
  });
  try {
    await rejects(folders.send(stuck.port, large, { timeout: 0.2 }), {
      code: "deadline_exceeded",
      message: /the receiver has taken nothing for 0\.2 s$/,
    });
    await rejects(folders.send(endless.port, small, { timeout: 0.2 }), {
      code: "deadline_exceeded",
      message: /has all of it but did not end within 0\.2 s; it may have been written or not/,
    });
  } finally {
    // Deno 2.4 ends a blocked write only when the other end closes.
    release.resolve();
  }
});

Deno.test("sending images: a signal calls it off, and nothing arrives", async () => {
  using folders = new Folders();
  await using server = folders.server();
  const file = folders.image(pattern(9_000_000));
  const reason = new Error("enough");
  await rejects(folders.send(server.port, file, { signal: AbortSignal.abort(reason) }), reason);
  const calledOff = new AbortController();
  let reads = 0;
  const read = (...task: Parameters<PixelStore["read"]>) => {
    if (task[2] > 1 && ++reads === 3) calledOff.abort(reason);
    return folders.store.read(...task);
  };
  await rejects(folders.send(server.port, file, { signal: calledOff.signal, store: { read } }), reason);
  await eventually(() => folders.received().length === 0, "nothing is left of it");
});

Deno.test("sending images: a file that is shorter, longer or another one meanwhile is not taken for an image", async () => {
  using folders = new Folders();
  await using server = folders.server();
  const before = pattern(5_000_000);
  const replaced = pattern(5_000_000).fill(0x2a, 0, 80);
  const changes: [what: string, change: (file: string) => void][] = [
    ["shorter", (file) => Deno.truncateSync(file, 3_000_000)],
    ["longer", (file) => Deno.writeFileSync(file, new Uint8Array(1), { append: true })],
    ["another", (file) => Deno.writeFileSync(file, replaced)],
  ];
  for (const [what, change] of changes) {
    const file = folders.image(before);
    let reads = 0;
    const read = (...task: Parameters<PixelStore["read"]>) => {
      if (task[2] > 1 && ++reads === 3) change(file);
      return folders.store.read(...task);
    };
    await rejects(folders.send(server.port, file, { store: { read } }), {
      code: "command_failed",
      message: /local\.fits: it changed while it was sent$/,
    }, what);
    await eventually(() => folders.received().length === 0, `nothing is left of the ${what} one`);
  }
  await rejects(folders.send(server.port, folders.image(new Uint8Array())), { code: "bad_argument", message: /0$/ });
  await rejects(folders.send(server.port, join(folders.from, "none.fits")), {
    code: "command_failed",
    message: /^Cannot read .*none\.fits: /,
  });
});
