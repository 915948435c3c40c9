/**
 * Sends mail by SMTP.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import type { MailWords } from "./messages_schema.ts";
import { type Delivery, DeliveryError } from "./delivery.ts";
import { oneLine } from "./template.ts";

/** How long each stage may take, in seconds: connecting, the first words, and each answer after them. */
const stage = 15;

/** Nodemailer, as far as it is used here: it comes without types. */
interface Nodemailer {
  createTransport(options: object): { sendMail(mail: object): Promise<{ readonly response: string }>; close(): void };
}

/** What nodemailer throws. */
interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

let loading: Promise<Nodemailer> | undefined;

/** Loads what speaks SMTP, before the server gives up the right to read it. */
export function loadMail(): Promise<Nodemailer> {
  return loading ??= import("npm:nodemailer@10.6.1").then(({ default: loaded }) => loaded as unknown as Nodemailer);
}

/** Where mail goes, and who sends it. */
export interface MailSettings extends MailWords {
  readonly password: string | undefined;
  /** The certificate of the server's own authority, as PEM. */
  readonly authority: string | undefined;
}

/**
 * Sends a mail to one address.
 *
 * @returns What the mail server said.
 * @throws {DeliveryError} Where it has not taken it.
 */
export async function sendMail(
  settings: MailSettings,
  address: string,
  { id, values, signal }: Delivery,
): Promise<string> {
  const { server, security = "starttls", user, password, authority, from } = settings;
  const { port = security === "tls" ? 465 : security === "none" ? 25 : 587 } = settings;
  const nodemailer = await loadMail();
  const domain = from.slice(from.lastIndexOf("@") + 1);
  let opened: Duplex | undefined;
  const transport = nodemailer.createTransport({
    host: server,
    port,
    // Otherwise it would ask for the name of this PC, which the server may do no more.
    name: domain,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
    tls: {
      servername: isAddress(server) ? undefined : server,
      ...(authority === undefined ? {} : { ca: [authority] }),
    },
    connectionTimeout: stage * 1000,
    greetingTimeout: stage * 1000,
    socketTimeout: stage * 1000,
    // Addresses and attachments of files or of the web: nobody is to have these read.
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket(_: unknown, take: (error: Error | null, found?: object) => void) {
      const opening = security === "tls" ? openTls(server, port, authority) : openPlain(server, port);
      opening.then((socket) => {
        opened = socket;
        if (signal.aborted) socket.destroy();
        take(null, { connection: socket, secured: security === "tls" });
      }, take);
    },
  });
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    opened?.destroy();
    transport.close();
    aborted.reject(new DeliveryError(`the mail server ${server} has not taken it within the time that it has`));
  };
  signal.addEventListener("abort", abort);
  try {
    const { response } = await Promise.race([
      transport.sendMail({
        from: { name: `heliograph ${oneLine(values.bench ?? "")}`, address: from },
        to: { name: "", address },
        subject: oneLine(values.subject ?? ""),
        text: values.message ?? "",
        messageId: `<${id}@${domain}>`,
        headers: {
          // No out-of-office notes to it.
          "Auto-Submitted": "auto-generated",
          ...(["high", "critical"].includes(values.severity ?? "") ? { Importance: "high", "X-Priority": "1" } : {}),
        },
      }),
      aborted.promise,
    ]);
    return response;
  } catch (error) {
    if (error instanceof DeliveryError) throw error;
    throw deliveryError(error as SmtpError, server);
  } finally {
    signal.removeEventListener("abort", abort);
    transport.close();
    opened?.destroy();
  }
}

/** What an error of SMTP means. */
function deliveryError(
  { code = "", responseCode = 0, command = "", message }: SmtpError,
  server: string,
): DeliveryError {
  const isLasting = responseCode >= 500;
  const said = oneLine(message);
  if (code === "EAUTH" && !(responseCode >= 400 && responseCode < 500)) {
    return new DeliveryError(`the mail server ${server} refused the login: ${said}`, {
      lasts: true,
      credentials: true,
    });
  }
  // Whoever sends is the same for all mail.
  if ((code === "EENVELOPE" && !command.startsWith("MAIL")) || code === "EMESSAGE") {
    const what = code === "EMESSAGE" ? "the message" : "the address";
    return new DeliveryError(`the mail server ${server} refused ${what}: ${said}`, {
      about: "message",
      lasts: isLasting,
    });
  }
  if (responseCode !== 0) {
    return new DeliveryError(`the mail server ${server} refused to take mail: ${said}`, { lasts: isLasting });
  }
  return new DeliveryError(`cannot reach the mail server ${server}: ${said}`);
}

function isAddress(server: string): boolean {
  return /^[\d.]+$/.test(server) || server.includes(":");
}

function openPlain(host: string, port: number): Promise<Socket> {
  const opened = Promise.withResolvers<Socket>();
  const socket = connect({ host, port });
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${stage} s`)), stage * 1000);
  socket.once("error", opened.reject);
  socket.once("connect", () => opened.resolve(socket));
  return opened.promise.finally(() => clearTimeout(timer));
}

/** TLS from the first byte: that of `node:tls` waits for ever on some of the Denos that this runs on. */
async function openTls(hostname: string, port: number, authority: string | undefined): Promise<Duplex> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${stage} s`)), stage * 1000);
  const opening = (async () => {
    const options = { hostname, port, ...(authority === undefined ? {} : { caCerts: [authority] }) };
    const connection = await Deno.connectTls(options);
    try {
      await connection.handshake();
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  })();
  try {
    return duplexOf(await Promise.race([opening, late.promise]));
  } catch (error) {
    opening.then((connection) => connection.close(), () => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A connection as `node:stream` has it. */
function duplexOf(connection: Deno.TlsConn): Duplex {
  const writer = connection.writable.getWriter();
  const reader = connection.readable.getReader();
  const duplex = new Duplex({
    read() {
      reader.read().then(
        ({ done, value }) => void duplex.push(done ? null : value),
        (error) => void duplex.destroy(error as Error),
      );
    },
    write(chunk: Uint8Array, _, done) {
      writer.write(chunk).then(() => done(), done);
    },
    final(done) {
      writer.close().then(() => done(), () => done());
    },
    destroy(error, done) {
      try {
        connection.close();
      } catch {
        // It was closed.
      }
      done(error);
    },
  });
  // What nodemailer expects of a socket; deadlines are kept here.
  return Object.assign(duplex, { setTimeout: () => duplex, setKeepAlive: () => duplex, setNoDelay: () => duplex });
}
