/** A session as PyOpticon's own client has it, call by call, over the demo bench: the texts that come back. */
import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { read, startServer } from "../../../fixture.ts";

/** What PyOpticon's client does: a message without an end, and the first 1,024 bytes that come are its reply. */
class OriginalClient {
  readonly #connection: Deno.TcpConn;
  readonly #handleErrors: "none" | "print" | "exception";
  readonly printed: string[] = [];

  private constructor(connection: Deno.TcpConn, handleErrors: "none" | "print" | "exception") {
    this.#connection = connection;
    this.#handleErrors = handleErrors;
  }

  static async open(port: number, handleErrors: "none" | "print" | "exception" = "none"): Promise<OriginalClient> {
    return new OriginalClient(await Deno.connect({ hostname: "127.0.0.1", port }), handleErrors);
  }

  getField(widget_nickname: string, field_name: string, printout = true): Promise<string> {
    return this.#query({ cmd: "Get", widget_nickname, field_name, printout });
  }

  setField(widget_nickname: string, field_name: string, new_value: unknown, printout = true): Promise<string> {
    return this.#query({ cmd: "Set", widget_nickname, field_name, new_value, printout });
  }

  doConfirm(widget_nickname: string, printout = true): Promise<string> {
    return this.#query({ cmd: "Confirm", widget_nickname, printout });
  }

  doEval(code: string, printout = true): Promise<string> {
    return this.#query({ cmd: "Eval", code, printout });
  }

  /** @param code What `inspect.getsource` gives of a function. */
  doExec(code: string, printout = true): Promise<string> {
    return this.#query({ cmd: "Exec", code, printout });
  }

  /** Says goodbye. @returns What comes after it: nothing. */
  async close(): Promise<number | null> {
    await this.#send({ cmd: "Close" });
    return await this.#connection.read(new Uint8Array(1));
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #send(message: Record<string, unknown>): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(message));
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
  }

  async #query(message: Record<string, unknown>): Promise<string> {
    await this.#send(message);
    const buffer = new Uint8Array(1024);
    const reply = new TextDecoder().decode(buffer.subarray(0, await this.#connection.read(buffer) ?? 0));
    if (!reply.startsWith("Error") || this.#handleErrors === "none") return reply;
    if (this.#handleErrors === "exception") throw new Error(`In ${message.cmd}, ${reply}`);
    this.printed.push(`In ${message.cmd}, ${reply}`);
    return reply;
  }
}

/** Each widget of PyOpticon's demo dashboard: what its fields hold before anything was read, and what may be set there. */
const widgets: Record<string, { window: string; fields: Record<string, string>; texts: Record<string, string[]> }> = {
  "Reactor TC": { window: "Reactor Thermocouple", fields: { Temperature: "No Reading" }, texts: {} },
  "Methane MFC": {
    window: "Methane MFC",
    fields: {
      "Gas Selection": "Ar",
      "Mode Selection": "Closed",
      "Setpoint Entry": "0.0",
      "Device Mode": "No Reading",
      "Device Setpoint": "No Reading",
      "Actual Flow": "No Reading",
      "Device Gas": "No Reading",
    },
    texts: {
      "Gas Selection": ["CH4", "Ar"],
      "Mode Selection": ["Open", "Setpoint"],
      "Setpoint Entry": ["12.50", "30", "1e1", "007.5", "+4", ".5", "0"],
    },
  },
  ...Object.fromEntries(["Argon MFC", "Oxygen MFC"].map((title) => [title, {
    window: title,
    fields: {
      "Scale Factor Entry": "1.00",
      "Mode Selection": "Closed",
      "Setpoint Entry": "0.0",
      "Device Mode": "No Reading",
      "Device Setpoint": "No Reading",
      "Actual Flow": "No Reading",
      "Device Scale Factor": "No Reading",
    },
    texts: {
      "Scale Factor Entry": ["1", "0.340", "3.4e-1"],
      "Mode Selection": ["Setpoint", "Closed"],
      "Setpoint Entry": ["100", "80.10"],
    },
  }])),
  "UV Light": {
    window: "UV Light",
    fields: { "Status Selection": "Off", "Actual Status": "No Reading" },
    texts: { "Status Selection": ["On", "Off"] },
  },
  Picarro: {
    window: "Picarro",
    fields: { "CH4 (ppm)": "No Reading", "CO2 (ppm)": "No Reading", "H2O (vol %)": "No Reading" },
    texts: {},
  },
  "GC FID": {
    window: "GC FID",
    fields: {
      "GC Logfile": "simulated.res",
      Sensitivity: "Low",
      "CH4 (ppm)": "No Reading",
      "CO2 (ppm)": "No Reading",
    },
    texts: { Sensitivity: ["Medium", "High", "Low"] },
  },
};

Deno.test("PyOpticon's client: every text that it sets comes back as it was, confirmed or not, and readouts follow", async () => {
  await using server = startServer();
  using client = await OriginalClient.open(server.dashboardServer.port, "exception");
  let calls = 0;
  const get = (widget: string, field: string) => (calls++, client.getField(widget, field, calls % 2 === 0));
  for (const [widget, { fields, texts }] of Object.entries(widgets)) {
    const held = Object.fromEntries(
      await Array.fromAsync(Object.keys(fields), async (field) => [field, await get(widget, field)]),
    );
    deepStrictEqual(held, fields, widget);
    for (const [field, each] of Object.entries(texts)) {
      for (const text of each) {
        strictEqual(await client.setField(widget, field, text, calls % 2 === 0), "Success");
        strictEqual(await get(widget, field), text, `${field} of ${widget}`);
        strictEqual(await client.doConfirm(widget, calls % 2 === 0), "Success");
        strictEqual(await get(widget, field), text, `${field} of ${widget}, confirmed`);
      }
    }
  }
  // What the instruments read is theirs, and written as PyOpticon's widgets write it.
  await client.setField("Methane MFC", "Setpoint Entry", "12.50");
  await client.doConfirm("Methane MFC");
  server.bench.step(60);
  for (const instrument of server.bench.instruments) await read(instrument);
  strictEqual(await get("Methane MFC", "Device Setpoint"), "12.5");
  strictEqual(await get("Methane MFC", "Setpoint Entry"), "12.50");
  strictEqual(await get("Methane MFC", "Device Mode"), "Setpoint");
  match(await get("Methane MFC", "Actual Flow"), /^12\.\d$/);
  strictEqual(await get("Argon MFC", "Device Scale Factor"), "0.34");
  match(await get("Reactor TC", "Temperature"), /^2\d$/);
  match(await get("Picarro", "CH4 (ppm)"), /^\d+\.\d{4}$/);
  match(await get("GC FID", "CO2 (ppm)"), /^4\d\d\.\d$/);
  strictEqual(await client.close(), null);
});

Deno.test("PyOpticon's client: code sees each widget by nickname and name, and the same texts", async () => {
  await using server = startServer({ sandbox: {} });
  using client = await OriginalClient.open(server.dashboardServer.port, "exception");
  const names = await client.doEval(
    "'|'.join([w.nickname + '=' + w.name for w in get_dashboard().get_widgets_by_nickname().values()])",
  );
  const demo = Object.entries(widgets).map(([nickname, { window }]) => `${nickname}=${window}`).join("|");
  strictEqual(names.slice(0, demo.length), demo);
  strictEqual(
    await client.doEval("str(get_dashboard().get_widget_by_nickname('GC FID').log_data())"),
    "OrderedDict({'Sensitivity': 'Low', 'CH4 (ppm)': 'No Reading', 'CO2 (ppm)': 'No Reading'})",
  );
  const entry = "get_dashboard().get_field('Methane MFC', 'Setpoint Entry')";
  await client.setField("Methane MFC", "Setpoint Entry", "30");
  strictEqual(await client.doEval(`str(${entry} == '30')`), "True");
  const script = `def wait():
    d = get_dashboard()
    d.set_field('Methane MFC', 'Setpoint Entry', '12.50')
    assert ${entry} == '12.50'
    d.set_field('Methane MFC', 'Setpoint Entry', 20)
    assert ${entry} == '20'
    d.get_widget_by_nickname('Methane MFC').set_field('Setpoint Entry', 20.0)
    do_threadsafe(lambda: d.set_field('UV Light', 'Status Selection', 'On'))
`;
  strictEqual(await client.doExec(script), "Success");
  strictEqual(await client.getField("Methane MFC", "Setpoint Entry"), "20.0");
  strictEqual(await client.getField("UV Light", "Status Selection"), "On");
  strictEqual(
    await client.doExec("l = lambda: get_dashboard().set_field('GC FID', 'Sensitivity', 'High')\n"),
    "Success",
  );
  strictEqual(await client.getField("GC FID", "Sensitivity"), "High");
  strictEqual(await client.doEval("str(round(2.675, 2)) + ' ' + str(8.2) + ' ' + 'é'.upper()"), "2.67 8.2 É");
  strictEqual(await client.doEval("''"), " ", "an empty reply would leave it waiting");
});

Deno.test("PyOpticon's client: its three errors modes", async () => {
  await using server = startServer();
  const { port } = server.dashboardServer;
  const wrong = (client: OriginalClient) =>
    [
      () => client.getField("Nope", "Temperature"),
      () => client.getField("UV Light", "zzz"),
      () => client.setField("Methane MFC", "Setpoint Entry", "much"),
      () => client.setField("Methane MFC", "Actual Flow", "3"),
      () => client.doConfirm("Nope"),
    ] as const;
  using silent = await OriginalClient.open(port);
  for (const call of wrong(silent)) match(await call(), /^Error: /);
  using printing = await OriginalClient.open(port, "print");
  for (const call of wrong(printing)) match(await call(), /^Error: /);
  deepStrictEqual(printing.printed.map((line) => line.split(" ").slice(0, 3).join(" ")), [
    "In Get, Error:",
    "In Get, Error:",
    "In Set, Error:",
    "In Set, Error:",
    "In Confirm, Error:",
  ]);
  using throwing = await OriginalClient.open(port, "exception");
  for (const call of wrong(throwing)) await rejects(call, /^Error: In (Get|Set|Confirm), Error: /);
  strictEqual(await throwing.getField("Methane MFC", "Setpoint Entry"), "0.0", "it goes on, and nothing was set");
});
