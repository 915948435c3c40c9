/** Takes pictures of every place of the page, at three widths, light and dark, into docs/pictures: `deno task pictures [PLACE…]`. */
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { demoOverview } from "../../../server/config/demo_overview.ts";
import type { GuardsWords } from "../../../server/guards/guards_schema.ts";
import { startServer } from "../../fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { Browser, findBrowser } from "./browser.ts";

const program = await findBrowser("chromium");
if (program === undefined) {
  throw new Error("Cannot take pictures without a Chromium; install one, or set CHROMIUM_PATH");
}

/** The places, each with what is done there before it is taken. */
const places: Readonly<Record<string, string>> = {
  bench: "#/bench",
  overview: "#/overview",
  plots: "#/plots?f=reactor_tc.temperature&f=argon_mfc.actual_flow&last=10m",
  images: "#/images/exposure",
  runs: "#/runs",
  guards: "#/guards",
  journal: "#/journal",
  edit: "#/edit",
};

/** What guards stand in the pictures. */
const guards: GuardsWords = {
  safeState: [{ set: "methane_mfc.setpoint_entry", to: 0 }, { set: "argon_mfc.setpoint_entry", to: 0 }],
  interlocks: {
    "Reactor too hot": {
      when: "reactor_tc.temperature > 300",
      until: "reactor_tc.temperature < 290",
      latched: true,
      summary: "The catalyst sinters above 320 °C",
      forbids: [{ set: "methane_mfc.setpoint_entry", above: 5 }],
      trips: [{ set: "methane_mfc.setpoint_entry", to: 0 }],
    },
    "No argon": {
      must: "argon_mfc.actual_flow > 1",
      forbids: ["uv_light"],
      trips: ["safe state"],
      grace: 0,
    },
  },
  limits: { "tempcon.control_temperature": { slew: { up: { by: 5, per: 60 } } } },
  alarms: {
    "Camera warm": {
      when: "tempcon.camtemp > -110",
      severity: "medium",
      text: "Fill the dewar: the key is in the office",
    },
  },
};

/** The run that is under way in the pictures. */
const run = {
  title: "Oxygen steps",
  parameters: { flow: { unit: "sccm", minimum: 1, maximum: 50 } },
  steps: [
    { set: "argon_mfc.setpoint_entry", to: "${flow}" },
    { wait: "4s" },
    { set: "argon_mfc.setpoint_entry", to: "${flow / 2}" },
    { wait: "4s" },
    { waitUntil: "reactor_tc.temperature > 33.0 && argon_mfc.actual_flow < 40.0", held: "30s", timeout: "1h" },
    { ramp: "argon_mfc.setpoint_entry", to: 2, over: "30m" },
    { wait: "6h" },
  ],
  finally: [{ set: "argon_mfc.setpoint_entry", to: 0 }],
};

const folder = await Deno.makeTempDir();
const pictures = new URL("../../../docs/pictures/", import.meta.url);
await Deno.mkdir(pictures, { recursive: true });
try {
  const camera = { imageFolders: [folder.replaceAll("\\", "/")] };
  const file = `${folder}/lab.svg`;
  await Deno.writeTextFile(file, demoOverview);
  await using server = startServer({
    poll: true,
    webPort: 0,
    instruments: demoInstruments({ camera }),
    overview: { svg: demoOverview, file },
    guards,
    runFiles: { state: `${folder}/lab.state/runs.json`, folder },
  });
  await server.prepare();
  await server.ready;
  await Deno.writeTextFile(`${folder}/night.run.json`, JSON.stringify(run));
  await server.commandServer.command("exposure.expose 0.5 object 'first light'");
  await using browser = await Browser.start(program);
  await using page = await browser.open(base(server));
  await page.shows("header", "Connected");
  await page.fill("#setting-argon_mfc-setpoint_entry", "12.5");
  await page.press("Enter");
  const only = Deno.args;
  for (const [place, hash] of Object.entries(places)) {
    if (only.length > 0 && !only.includes(place)) continue;
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    if (place === "runs") {
      await server.commandServer.command("automation.load night.run.json flow=30");
      await server.commandServer.command("automation.start 1");
      await page.shows(".run-step.now", "reactor_tc.temperature");
    }
    for (const [width, height] of [[390, 844], [1280, 800], [2560, 1440]] as const) {
      await page.resize(width, height);
      for (const scheme of ["light", "dark"]) {
        await page.prefer({ "prefers-color-scheme": scheme });
        // What is fetched and drawn anew comes a moment later.
        await new Promise((resolve) => setTimeout(resolve, 500));
        await page.screenshot(new URL(`${place}-${width}-${scheme}.webp`, pictures).pathname);
      }
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
