/**
 * Who may do what: every wire, route and command has a row, and each is walked as nobody, observer, operator, operator of
 * another instrument and admin, from this PC and from an address that is not it. What has no row fails.
 */
import { join } from "node:path";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { sessionWords } from "../../../protocol/command_line.ts";
import { transferStatus } from "../../../server/camera/image_transfer.ts";
import { Access, type AccessOptions } from "../../../server/access/admit.ts";
import { AccessStore } from "../../../server/access/access_store.ts";
import { AddressRoles } from "../../../server/access/addresses.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { outsideAddress, RawClient, startServer } from "../../fixture.ts";

/**
 * Who may: `anybody` without a token; `observer` and all above; `operator`, whichever instruments are theirs; `its
 * operator`, and not those of other instruments; `admin` alone.
 */
type May = "anybody" | "observer" | "operator" | "its operator" | "admin";

const people = ["nobody", "observer", "operator", "operator of another", "admin"] as const;
type Who = (typeof people)[number];

const allowed: Readonly<Record<May, readonly Who[]>> = {
  "anybody": people,
  "observer": ["observer", "operator", "operator of another", "admin"],
  "operator": ["operator", "operator of another", "admin"],
  "its operator": ["operator", "admin"],
  "admin": ["admin"],
};

/** What the operator of another instrument may drive. */
const othersInstrument = "gc_fid";

/** What every instrument has. */
const everywhere: Readonly<Partial<Record<May, string>>> = {
  "observer": "get describe help",
  "its operator": "set confirm revert",
};

/** What azcam's tools have in common. */
const ofTools = {
  reads: "get_keyword get_keywords read_header",
  drives: "initialize reset update_header set_keyword delete_keyword",
};

/** The commands of the demo bench; `operator` is what stops something. */
const commands: Readonly<Record<string, Readonly<Partial<Record<May, string>>>>> = {
  reactor_tc: {},
  methane_mfc: {},
  argon_mfc: {},
  oxygen_mfc: {},
  uv_light: {},
  picarro: {},
  gc_fid: {},
  exposure: {
    "observer": "get_exposuretime get_image_types get_image_type get_image_title get_filename get_test_image get_roi " +
      "get_format get_image_size get_focalplane get_exposuretime_remaining get_pixels_remaining get_exposureflag " +
      `finished get_status get_remote_imageserver ${ofTools.reads}`,
    "its operator":
      "set_exposuretime set_image_type set_image_title set_auto_title set_filename increment_filenumber " +
      "set_test_image set_roi roi_reset set_format set_focalplane expose expose1 test sequence sequence1 guide guide1 " +
      "begin integrate readout end flush parshift write_image discard_image give_up resume resume_exposure " +
      "start_readout set_shutter focus_set_pars focus_run focus_initialize focus_initalize check_image_ready " +
      `send_image read_header_file initialize_exposure reset_exposure ${ofTools.drives}`,
    "operator": "abort pause pause_exposure focus_abort",
    "admin": "set_remote_imageserver",
  },
  controller: {
    "observer": `get_exposuretime update_exposuretime_remaining get_pixels_remaining read_memory ${ofTools.reads}`,
    "its operator": "set_shutter flush parshift set_roi set_exposuretime exposure_resume start_readout board_command " +
      "upload_dsp_file load_file upload_file set_boards start_idle stop_idle power_on power_off clear_switches " +
      "reset_controller load_application write_memory set_shutter_state write_control set_bias_number " +
      "set_bias_voltages set_video_gain set_video_speed set_video_offset select_video_outputs set_mux set_dc_mode " +
      `test_datalink test start_exposure read_image set_synthetic_data ioctl ${ofTools.drives}`,
    "operator": "exposure_abort readout_abort exposure_pause",
  },
  tempcon: {
    "observer": `get_temperatures get_temperature get_control_temperature ${ofTools.reads}`,
    "its operator": `set_control_temperature set_calibrations set_corrections ${ofTools.drives}`,
  },
  instrument: {
    "observer":
      "get_filters get_filter get_wavelengths get_wavelength get_focus get_pressures get_pressure get_power " +
      `get_currents get_all_comps get_comps ${ofTools.reads}`,
    "its operator": "set_filter set_wavelength set_focus set_pressure set_shutter get_current set_comps comps_on " +
      `comps_off comps_delay ${ofTools.drives}`,
  },
  telescope: { "observer": `get_focus ${ofTools.reads}`, "its operator": `set_focus ${ofTools.drives}` },
  automation: {
    "observer": "list history show check files",
    // Of the instruments that a run drives, see runs_test.ts.
    "operator":
      "load rehearse cancel_rehearsal start pause resume skip stop abort answer move remove repeat edit after_failed " +
      "guard",
  },
  parameters: { "observer": "get_par", "its operator": "set_par save_pars read_parfile update_pars" },
  api: {
    "observer": "list status whoami get_logdata datalog help",
    // Of the instrument that they are about, see below.
    "operator": "trace take release hand_over try_now datalog_start datalog_stop",
    "admin": "switch_off switch_on",
  },
};

/** Lines: azcam's words, and commands of api that are about an instrument. */
const lines: readonly (readonly [line: string, may: May])[] = [
  ["", "anybody"],
  ["echo hello", "anybody"],
  ["closeconnection", "anybody"],
  ["quit", "anybody"],
  ["bye", "anybody"],
  ["auth hg_wrong", "anybody"],
  ["register somebody hg_wrong", "anybody"],
  ["register somebody", "observer"],
  ["updatemonitor", "anybody"],
  ["eval 1+1", "admin"],
  ["note a word", "operator"],
  ["trace tempcon", "its operator"],
  ["take tempcon 1s", "its operator"],
  ["release tempcon", "its operator"],
  ["hand_over tempcon 999", "its operator"],
  ["try_now tempcon", "its operator"],
];

/** Messages of the framed dialect, on the dashboard socket and the WebSocket. */
const messages: Readonly<Record<string, readonly [may: May, message: Record<string, unknown>]>> = {
  Get: ["observer", { instrument: "tempcon", field: "camtemp" }],
  Set: ["its operator", { instrument: "tempcon", field: "no such field", new_value: 1 }],
  Confirm: ["its operator", { instrument: "tempcon" }],
  Eval: ["admin", { code: "1" }],
  Exec: ["admin", { code: "1", language: "python" }],
  Close: ["anybody", {}],
  Hello: ["observer", {}],
  Describe: ["observer", {}],
  Call: ["its operator", { instrument: "tempcon", command: "set_control_temperature", kwargs: { no_such: 1 } }],
  Revert: ["its operator", { instrument: "tempcon" }],
  History: ["observer", { instrument: "tempcon", field: "camtemp" }],
  Trace: ["its operator", { instrument: "tempcon" }],
  Watch: ["observer", { instrument: "tempcon", field: "no such field" }],
  Follow: ["observer", { level: "error" }],
  Unwatch: ["observer", { watch: 99 }],
  Status: ["observer", {}],
  Ping: ["observer", {}],
  Take: ["its operator", { instrument: "tempcon", seconds: 0.001 }],
  Release: ["its operator", { instrument: "tempcon" }],
  HandOver: ["its operator", { instrument: "tempcon", session: 999 }],
  Disconnect: ["operator", { session: 999 }],
  SearchJournal: ["observer", { limit: 1 }],
  Records: ["observer", {}],
  Readings: ["observer", { fields: ["tempcon.camtemp"] }],
  Moment: ["observer", { at: 0 }],
  RecordedFields: ["observer", {}],
  Note: ["operator", { text: "a word" }],
  Arrange: ["operator", { arrangement: 1 }],
  KeepPlot: ["operator", { name: "none", plot: null }],
  BenchFile: ["admin", {}],
  Ports: ["admin", {}],
  EditBench: ["admin", { change: {}, digest: "", save: false }],
  TryInstrument: ["admin", { change: {}, digest: "" }],
  Ask: ["observer", { pc: "cold-lab", message: { cmd: "Status" } }],
  Switch: ["admin", { instrument: "no such instrument", on: true }],
};

const json = (body: unknown): RequestInit => ({
  body: JSON.stringify(body),
  headers: { "Content-Type": "application/json" },
});

const rangeQuery = "/prometheus/api/v1/query_range?query=heliograph_field&start=0&end=1&step=1";

/** Routes of HTTP: whom they answer, what stands in their braces, and what is sent. */
const routes: Readonly<Record<string, readonly [may: May, path?: string | undefined, init?: RequestInit]>> = {
  "GET /api/v1/instruments": ["observer"],
  "GET /api/v1/instruments/{instrument}": ["observer", "/api/v1/instruments/tempcon"],
  "GET /api/v1/instruments/{instrument}/fields/{field}": ["observer", "/api/v1/instruments/tempcon/fields/camtemp"],
  "PUT /api/v1/instruments/{instrument}/fields/{field}": [
    "its operator",
    "/api/v1/instruments/tempcon/fields/none",
    json({ value: 1 }),
  ],
  "GET /api/v1/instruments/{instrument}/fields/{field}/history": [
    "observer",
    "/api/v1/instruments/tempcon/fields/camtemp/history",
  ],
  "GET /api/v1/instruments/{instrument}/trace": ["its operator", "/api/v1/instruments/tempcon/trace"],
  "POST /api/v1/instruments/{instrument}/confirm": ["its operator", "/api/v1/instruments/tempcon/confirm", json({})],
  "POST /api/v1/instruments/{instrument}/revert": ["its operator", "/api/v1/instruments/tempcon/revert", json({})],
  "POST /api/v1/instruments/{instrument}/commands/{command}": [
    "its operator",
    "/api/v1/instruments/tempcon/commands/set_control_temperature",
    json({ kwargs: { no_such: 1 } }),
  ],
  "POST /api/v1/instruments/{instrument}/control": [
    "its operator",
    "/api/v1/instruments/tempcon/control",
    json({ seconds: 0.001 }),
  ],
  "DELETE /api/v1/instruments/{instrument}/control": ["its operator", "/api/v1/instruments/tempcon/control"],
  "PUT /api/v1/instruments/{instrument}/control": [
    "its operator",
    "/api/v1/instruments/tempcon/control",
    json({ session: 999 }),
  ],
  "GET /api/v1/instruments/{instrument}/image": ["observer", "/api/v1/instruments/exposure/image"],
  "GET /api/v1/instruments/{instrument}/images": ["observer", "/api/v1/instruments/exposure/images"],
  "GET /api/v1/instruments/{instrument}/image/header": ["observer", "/api/v1/instruments/exposure/image/header"],
  "GET /api/v1/instruments/{instrument}/image/statistics": [
    "observer",
    "/api/v1/instruments/exposure/image/statistics",
  ],
  "GET /api/v1/instruments/{instrument}/image/histogram": ["observer", "/api/v1/instruments/exposure/image/histogram"],
  "GET /api/v1/instruments/{instrument}/image/file": ["observer", "/api/v1/instruments/exposure/image/file"],
  "GET /api/v1/instruments/{instrument}/image/pixels": ["observer", "/api/v1/instruments/exposure/image/pixels"],
  "GET /api/v1/status": ["observer"],
  "GET /api/v1/whoami": ["observer"],
  "GET /api/v1/session": ["anybody"],
  "POST /api/v1/session": ["anybody", undefined, json({})],
  "DELETE /api/v1/session": ["anybody"],
  "POST /api/v1/session/openid": ["anybody", undefined, json({})],
  "GET /api/v1/session/openid": ["anybody"],
  "POST /api/v1/session/passkey/options": ["anybody", undefined, json({})],
  "POST /api/v1/session/passkey": ["anybody", undefined, json({})],
  "GET /api/v1/session/passkeys": ["observer"],
  "POST /api/v1/session/passkeys/options": ["observer", undefined, json({})],
  "POST /api/v1/session/passkeys": ["observer", undefined, json({})],
  "DELETE /api/v1/session/passkeys/{passkey}": ["observer", "/api/v1/session/passkeys/none"],
  "DELETE /api/v1/access/people/{name}/passkeys/{passkey}": ["admin", "/api/v1/access/people/none/passkeys/none"],
  "GET /api/v1/access": ["admin"],
  "POST /api/v1/access/people": ["admin", undefined, json({ name: "", role: "observer" })],
  "DELETE /api/v1/access/people/{name}": ["admin", "/api/v1/access/people/none"],
  "POST /api/v1/access/people/{name}/renew": ["admin", "/api/v1/access/people/none/renew", json({})],
  "POST /api/v1/access/people/{name}/link": ["admin", "/api/v1/access/people/none/link", json({})],
  "DELETE /api/v1/access/sessions/{session}": ["admin", "/api/v1/access/sessions/999"],
  "GET /api/v1/overview": ["observer"],
  "GET /api/v1/clients": ["observer"],
  "DELETE /api/v1/clients/{session}": ["operator", "/api/v1/clients/999"],
  "GET /api/v1/journal": ["observer"],
  "GET /api/v1/journal/records": ["observer", "/api/v1/journal/records?limit=1"],
  "POST /api/v1/eval": ["admin", undefined, json({ code: "1" })],
  "GET /api/v1/history": ["observer", "/api/v1/history?fields=tempcon.camtemp"],
  "GET /api/v1/history/fields": ["observer"],
  "GET /api/v1/moment": ["observer", "/api/v1/moment?at=0"],
  "GET /api/v1/export": ["observer"],
  "GET /prometheus/api/v1/query": ["observer", "/prometheus/api/v1/query?query=heliograph_field"],
  "POST /prometheus/api/v1/query": ["observer", "/prometheus/api/v1/query?query=heliograph_field", json({})],
  "GET /prometheus/api/v1/query_range": ["observer", rangeQuery],
  "POST /prometheus/api/v1/query_range": ["observer", rangeQuery, json({})],
  "GET /prometheus/api/v1/series": ["observer", "/prometheus/api/v1/series?match[]=heliograph_field"],
  "POST /prometheus/api/v1/series": ["observer", "/prometheus/api/v1/series?match[]=heliograph_field", json({})],
  "GET /prometheus/api/v1/labels": ["observer"],
  "POST /prometheus/api/v1/labels": ["observer", undefined, json({})],
  "GET /prometheus/api/v1/label/{label}/values": ["observer", "/prometheus/api/v1/label/field/values"],
  "GET /prometheus/api/v1/metadata": ["observer"],
  "GET /api/v1/arrangement": ["observer"],
  "PUT /api/v1/arrangement": ["operator", undefined, json({})],
  "PUT /api/v1/plots/{name}": ["operator", "/api/v1/plots/warm", json({ plot: "last=1h" })],
  "DELETE /api/v1/plots/{name}": ["operator", "/api/v1/plots/none"],
  "GET /api/v1/openapi.json": ["anybody"],
  "GET /healthz": ["anybody"],
  "GET /metrics": ["observer"],
  "GET /ws": ["observer"],
  "GET /api/{command}": ["observer", "/api/list"],
  "GET /api/{tool}/{command}": ["observer", "/api/tempcon/get_temperatures"],
  "POST /api": [
    "its operator",
    undefined,
    json({ command: "tempcon.set_control_temperature", kwargs: { no_such: 1 } }),
  ],
};

/** Whether a line was refused for who asked; what it says else does not matter here. */
const refusesLine = /say first who you are|it needs the role|you may drive/;
const refusals = ["no_credential", "not_allowed"];

/** A server that asks everybody for a token, and a token for each column. */
class Guarded implements AsyncDisposable {
  private constructor(
    readonly server: HeliographServer,
    readonly tokens: Readonly<Partial<Record<Who, string>>>,
    readonly hostname: string,
  ) {}

  static async start(hostname: string, options: AccessOptions = {}): Promise<Guarded> {
    const store = new AccessStore();
    const add = (name: string, role: string, instruments?: string[]) => store.add({ name, role, instruments });
    const tokens = {
      "observer": await add("olga", "observer"),
      "operator": await add("oscar", "operator"),
      "operator of another": await add("otto", "operator", [othersInstrument]),
      "admin": await add("ada", "admin"),
    };
    const folder = await Deno.makeTempDir();
    // That it listens is one thing, whom it lets in another.
    const listen = hostname === "127.0.0.1" ? {} : { host: "0.0.0.0", insecureOpen: true } as const;
    const access = new Access({ store, loopback: "token", ...options });
    const runFiles = { state: join(folder, "state", "runs.json"), folder };
    const server = startServer({ ...listen, images: { port: 0, folder }, runFiles }, { access });
    await server.ready;
    return new Guarded(server, tokens, hostname);
  }

  connect(port: number): Promise<RawClient> {
    return RawClient.connect(port, this.hostname);
  }

  async line(who: Who): Promise<RawClient> {
    const client = await this.connect(this.server.commandServer.port);
    const token = this.tokens[who];
    if (token !== undefined) strictEqual(await client.ask(`auth ${token}`), "OK");
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}

/** Asks for each row as everybody, and compares who was let in with who may. */
async function walk<Row>(
  rows: readonly (readonly [row: Row, may: May])[],
  ask: (who: Who, rows: readonly Row[]) => Promise<boolean[]>,
): Promise<void> {
  const found = new Map<Who, boolean[]>();
  for (const who of people) found.set(who, await ask(who, rows.map(([row]) => row)));
  const wrong = rows.flatMap(([row, may], at) => {
    const let_in = people.filter((who) => found.get(who)![at]);
    const right = JSON.stringify(let_in) === JSON.stringify(allowed[may]);
    return right ? [] : [`${JSON.stringify(row)}: ${let_in.join(", ") || "nobody at all"}, and not ${may}`];
  });
  deepStrictEqual(wrong, []);
}

/** The rows of all commands, with an argument that none has: whoever may call one is told that. */
function commandRows(server: HeliographServer): (readonly [string, May])[] {
  const rows = new Map<string, May>();
  for (const [instrument, table] of Object.entries(commands)) {
    const entries = [...Object.entries(table), ...instrument === "api" ? [] : Object.entries(everywhere)];
    for (const [may, names] of entries) {
      for (const name of names.split(" ").filter((each) => each !== "")) {
        rows.set(
          `${instrument}.${name}`,
          [othersInstrument, "automation"].includes(instrument) && may === "its operator" ? "operator" : may as May,
        );
      }
    }
  }
  const there = server.bench.instruments.flatMap(({ name, commands }) => [
    ...[...commands.keys()].map((command) => `${name}.${command}`),
    ...name === "api"
      ? []
      : Object.values(everywhere).flatMap((names) => names.split(" ").map((each) => `${name}.${each}`)),
  ]);
  deepStrictEqual([...rows.keys()].toSorted(), there.toSorted(), "every command has a row, and no row is without one");
  return [...rows].map(([command, may]) => [`${command} no_such_argument=1`, may]);
}

async function walkLines(guarded: Guarded): Promise<void> {
  await walk(commandRows(guarded.server), async (who, rows) => {
    using client = await guarded.line(who);
    await client.send(`${rows.join("\n")}\n`);
    return (await client.lines(rows.length)).map((reply) => !refusesLine.test(reply));
  });
  const words = lines.map(([line]) => line.split(" ")[0]!);
  deepStrictEqual(sessionWords.filter((word) => word !== "exit" && !words.includes(word)), [], "words without a row");
  await walk(lines, async (who, rows) => {
    const replies: boolean[] = [];
    for (const row of rows) {
      using client = await guarded.line(who);
      replies.push(!refusesLine.test(await client.ask(row)));
    }
    return replies;
  });
}

async function walkMessages(guarded: Guarded): Promise<void> {
  const { dashboardServer, webServer } = guarded.server;
  using asking = await guarded.connect(dashboardServer.port);
  const { error } = await asking.request({ id: 1, cmd: "Nonsense" });
  const known = /one of (.*)$/.exec((error as { message: string }).message)![1]!.split(", ");
  deepStrictEqual(known.toSorted(), Object.keys(messages).toSorted(), "every message has a row");
  const rows = Object.entries(messages).filter(([cmd]) => cmd !== "Close")
    .map(([cmd, [may, message]]) => [{ cmd, ...message }, may] as const);
  type Reply = { id: number; ok: boolean; error?: { code: string }; event?: string };
  const letIn = (replies: readonly Reply[], count: number) => {
    const refused = new Set(replies.filter(({ error }) => refusals.includes(error?.code ?? "")).map(({ id }) => id));
    return Array.from({ length: count }, (_, id) => !refused.has(id + 1));
  };
  await walk(rows, async (who, asked) => {
    using client = await guarded.connect(dashboardServer.port);
    const token = guarded.tokens[who];
    if (token !== undefined) ok((await client.request({ id: 0, cmd: "Hello", token })).ok);
    for (const [at, message] of asked.entries()) await client.send(JSON.stringify({ ...message, id: at + 1 }));
    const replies: Reply[] = [];
    while (replies.length < asked.length) {
      const reply: Reply = JSON.parse((await client.lines(1))[0]!);
      if (reply.event === undefined) replies.push(reply);
    }
    return letIn(replies, asked.length);
  });
  await walk(rows, async (who, asked) => {
    const socket = new WebSocket(`ws://${guarded.hostname}:${webServer.port}/ws`);
    const token = guarded.tokens[who];
    const replies: Reply[] = [];
    const wanted = asked.length + (token === undefined ? 0 : 1);
    const done = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        const reply: Reply = JSON.parse(data);
        if (reply.event === undefined && replies.push(reply) === wanted) resolve();
      };
    });
    await new Promise((resolve) => socket.onopen = resolve);
    if (token !== undefined) socket.send(JSON.stringify({ id: 0, cmd: "Hello", token }));
    for (const [at, message] of asked.entries()) socket.send(JSON.stringify({ ...message, id: at + 1 }));
    await done;
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
    return letIn(replies, asked.length);
  });
  // PyOpticon's own form, which can give no token.
  for (
    const [cmd, [, message]] of Object.entries(messages).filter(([cmd]) => /^(Get|Set|Confirm|Eval|Exec)$/.test(cmd))
  ) {
    using raw = await guarded.connect(dashboardServer.port);
    await raw.send(JSON.stringify({ cmd, ...message }));
    match(await raw.until((text) => text.includes(".") || text.length > 40), /^Error: .*say first who you are/);
  }
}

async function walkRoutes(guarded: Guarded): Promise<void> {
  const web = `http://${guarded.hostname}:${guarded.server.webServer.port}`;
  const { paths } = await (await fetch(`${web}/api/v1/openapi.json`)).json() as { paths: Record<string, object> };
  const there = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  deepStrictEqual(there.toSorted(), Object.keys(routes).toSorted(), "every route has a row");
  await walk(
    Object.entries(routes).map(([route, [may]]) => [route, may] as const),
    (who, rows) =>
      Promise.all(rows.map(async (route) => {
        const [method, template] = route.split(" ") as [string, string];
        const [, path = template, init = {}] = routes[route]!;
        const token = guarded.tokens[who];
        const credential = token === undefined ? {} : { Authorization: `Bearer ${token}` };
        const response = await fetch(web + path, { method, ...init, headers: { ...init.headers, ...credential } });
        await response.body?.cancel();
        strictEqual(response.status === 401, response.headers.has("www-authenticate"));
        return response.status !== 401 && response.status !== 403;
      })),
  );
  // Without being asked who one is: the page itself, which tells nothing of the bench.
  const page = await fetch(`${web}/`);
  await page.body?.cancel();
  ok(page.status !== 401);
}

/** An image's header: of one byte. */
const image = new TextEncoder().encode(`${"1".padStart(16)} a.fits 0 64 48 0`.padEnd(256) + "x");

async function imageStatus(guarded: Guarded): Promise<number> {
  using client = await guarded.connect(guarded.server.imageServer!.port);
  await client.send(image);
  return Number.parseInt((await client.rest()).trim().split(/\s+/)[0] ?? "-1");
}

async function walkEverything(hostname: string): Promise<void> {
  await using guarded = await Guarded.start(hostname);
  await walkLines(guarded);
  await walkMessages(guarded);
  await walkRoutes(guarded);
  strictEqual(await imageStatus(guarded), transferStatus.notWritten, "who sends images can give no token");
  // What stops the server comes last.
  for (const who of people.filter((each) => each !== "admin")) {
    using client = await guarded.line(who);
    match(await client.ask("exit"), refusesLine);
  }
  using client = await guarded.line("admin");
  strictEqual(await client.ask("exit"), "OK");
  await guarded.server.finished;
}

Deno.test({
  name: "table: who may do what, from this PC",
  // The library that lists serial ports stays loaded.
  sanitizeResources: false,
  fn: () => walkEverything("127.0.0.1"),
});

const outside = outsideAddress();

Deno.test({
  name: "table: who may do what, from an address that is not this PC's own",
  ignore: outside === undefined,
  sanitizeResources: false,
  fn: () => walkEverything(outside!),
});

Deno.test({
  name: "table: addresses with a role have it without a token, on every wire; other addresses have none",
  ignore: outside === undefined,
  fn: async () => {
    await using operators = await Guarded.start(outside!, {
      addresses: new AddressRoles({ "0.0.0.0/0": "observer", [`${outside}/32`]: "operator" }),
    });
    using line = await operators.line("nobody");
    strictEqual(await line.ask("tempcon.set_control_temperature -90"), "OK");
    match(await line.ask("exit"), refusesLine);
    strictEqual(await imageStatus(operators), transferStatus.taken);
    await using observers = await Guarded.start(outside!, { addresses: new AddressRoles({ "0.0.0.0/0": "observer" }) });
    using reading = await observers.line("nobody");
    match(await reading.ask("tempcon.get_temperatures"), /^OK /);
    match(await reading.ask("tempcon.set_control_temperature -90"), refusesLine);
    strictEqual(await imageStatus(observers), transferStatus.notWritten);
  },
});

Deno.test("table: whoever may drive one instrument drives no other through it", async () => {
  const store = new AccessStore();
  await using server = startServer({}, { access: new Access({ store, loopback: "token" }) });
  const token = await store.add({ name: "pam", role: "operator", instruments: ["parameters", "exposure"] });
  using client = await RawClient.connect(server.commandServer.port);
  strictEqual(await client.ask(`auth ${token}`), "OK");
  strictEqual(await client.ask("parameters.set_par imagetype dark"), "OK");
  match(await client.ask("instrument.comps_on"), refusesLine);
  match(await client.ask("exposure.set_exposuretime 0.1"), /^OK/);
  match(await client.ask("take instrument"), refusesLine);
});
