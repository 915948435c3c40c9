/**
 * One client that sends as fast as it can, until it is killed: WIRE KIND PORT [DELAY], in milliseconds.
 *
 * Says so when a first piece has been sent.
 */

const [wire, kind, port] = [Deno.args[0]!, Deno.args[1]!, Number(Deno.args[2])];
const encoder = new TextEncoder();
const long = "x".repeat(60_000);

/** What is sent again and again, by wire and kind. */
const lines: Record<string, string> = {
  sets: "tempcon.set_control_temperature -100",
  reads: "tempcon.get_control_temperature",
  status: "status",
  describe: "tempcon.describe",
  long: `echo ${long}`,
  evaluations: "eval 1 + 1",
  faults: "nosuch.command",
};
const tempcon = { widget_nickname: "tempcon", instrument: "tempcon" };
const messages: Record<string, Record<string, unknown>> = {
  sets: { cmd: "Call", ...tempcon, command: "set_control_temperature", args: [-100] },
  reads: { cmd: "Call", ...tempcon, command: "get_control_temperature" },
  status: { cmd: "Status" },
  describe: { cmd: "Describe" },
  long: { cmd: "Get", ...tempcon, field_name: long },
  evaluations: { cmd: "Eval", code: "1 + 1", language: "javascript" },
  watch: { cmd: "Watch" },
  // Also tells what is kept of the journal.
  follow: { cmd: "Follow" },
};
const raw: Record<string, Record<string, unknown>> = {
  sets: { cmd: "Set", widget_nickname: "UV Light", field_name: "Status Selection", new_value: "On", printout: false },
  reads: { cmd: "Get", widget_nickname: "UV Light", field_name: "Status Selection", printout: false },
  long: { cmd: "Get", widget_nickname: "UV Light", field_name: long, printout: false },
  evaluations: { cmd: "Eval", code: "1 + 1", printout: false },
};
const http: Record<string, string> = {
  sets: post("/api/v1/instruments/tempcon/commands/set_control_temperature", { args: [-100] }),
  reads: `GET /api/v1/instruments/tempcon HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
  status: `GET /api/v1/status HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
  describe: `GET /api/v1/instruments HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
  long: post("/api/v1/instruments/tempcon/commands/get_control_temperature", { args: [], padding: long }),
  evaluations: post("/api/v1/eval", { code: "1 + 1", language: "javascript" }),
};

function post(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

/** One request, `number` telling its id where it has one. */
function request(number: number): string {
  switch (wire) {
    case "line":
    case "deaf":
      return `${lines[kind]}\n`;
    case "raw":
      return JSON.stringify(raw[kind]);
    case "framed":
    case "websocket":
      return JSON.stringify({ id: number, ...messages[kind] });
    default:
      return http[kind]!;
  }
}

/** About 64 KB of requests, or one where that is longer; a subscription has an id of its own, and is ended again. */
function block(): string {
  let text = "";
  for (let number = 1; text === "" || text.length < 65_536 && text.length + request(number).length < 65_536; number++) {
    text += request(number);
    if (kind === "watch" || kind === "follow") {
      text += JSON.stringify({ id: `end ${number}`, cmd: "Unwatch", watch: number });
    }
  }
  return text;
}

let said = false;

function begun(): void {
  if (!said) console.log("flooding");
  said = true;
}

async function flood(): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(262_144);
  if (wire !== "deaf") {
    void (async () => {
      while (await connection.read(buffer) !== null);
    })().catch(() => {});
  }
  const bytes = encoder.encode(block());
  for (;;) {
    for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
    begun();
  }
}

/** Connects, asks one thing, and goes. */
async function churn(): Promise<void> {
  const buffer = new Uint8Array(1024);
  for (;;) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(encoder.encode("echo\n"));
    await connection.read(buffer);
    begun();
  }
}

async function floodWebSocket(): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await new Promise((resolve, reject) => [socket.onopen, socket.onerror] = [resolve, reject]);
  const [first, last] = [request(1), request(2)];
  for (;;) {
    for (let count = 0; count < 32; count++) socket.send(count < 31 ? first : last);
    begun();
    do await new Promise((resolve) => setTimeout(resolve, 0)); while (socket.bufferedAmount > 65_536);
    // A server may drop whoever floods it.
    if (socket.readyState !== WebSocket.OPEN) return floodWebSocket();
  }
}

await new Promise((resolve) => setTimeout(resolve, Number(Deno.args[3] ?? 0)));
for (;;) {
  try {
    // One client: several connections only where one can ask for one thing at a time.
    if (wire === "websocket") await floodWebSocket();
    else if (kind === "connections") await Promise.all(Array.from({ length: 64 }, churn));
    else await Promise.all(Array.from({ length: wire === "http" ? 16 : 1 }, flood));
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
