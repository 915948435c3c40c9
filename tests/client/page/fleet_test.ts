/** A fleet on one page, in a real browser: two real servers, and a real NATS server between them. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument, HeliographServer, type Instrument } from "../../../mod.ts";
import { hasNats, NatsServer } from "../../nats.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { inFolder } from "../../server/guards/lab.ts";
import { violations } from "./accessible.ts";
import { inBrowsers, outsiders, poorContrasts, unnamedControls } from "./page_fixture.ts";

/** Where pictures are put, for who looks at them. */
const pictures = Deno.env.get("FLEET_PICTURES");

function gauge(title: string) {
  let pressure = 3;
  return defineInstrument({
    title,
    fields: {
      Pressure: { type: "float", unit: "mbar", decimals: 2, read: () => pressure += 0.01, pollInterval: 0.2 },
      Valve: { type: "float", unit: "%", minimum: 0, maximum: 10, initial: 0, write: () => {} },
    },
  });
}

function pc(broker: NatsServer, name: string, folder: string, instruments: Instrument[], beside: object = {}) {
  return new HeliographServer({
    instruments,
    name: `Bench of ${name}`,
    commandPort: 0,
    dashboardPort: 0,
    webPort: 0,
    tlsPort: 0,
    poll: true,
    sandbox: { languages: [] },
    records: { folder: join(folder, `${name}.records`) },
    fleet: {
      broker: `nats://127.0.0.1:${broker.port}`,
      name,
      roles: { "*": "operator" },
      page: `https://${name}:2404`,
    },
    ...beside,
  });
}

const night = {
  title: "Oxygen steps",
  steps: [{ set: "gauge.valve", to: 2 }, { wait: "8h" }],
};

if (hasNats) {
  inBrowsers({
    name: "fleet: both PCs on one page, the other's bench driven, plotted and found; one that goes is said",
    fn: (t, browser) =>
      inFolder(async (folder) => {
        await using broker = await NatsServer.start();
        await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify(night));
        const cold = () =>
          pc(broker, "cold-lab", folder, [gauge("Gauge"), gauge("Spare Gauge")], {
            guards: { alarms: { "Too much": { when: "gauge.pressure > 3", severity: "high" } } },
            runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
          });
        let there = cold();
        there.start();
        await using here = pc(broker, "warm-lab", folder, [gauge("Gauge")]);
        here.start();
        try {
          await here.prepare();
          await there.prepare();
          const line = async (server: HeliographServer, text: string) => {
            using client = await RawClient.connect(server.commandServer.port);
            return await client.ask(text);
          };
          await using page = await browser.open(`${base(here)}#/fleet`);
          const card = (name: string) => `[aria-labelledby=pc-${name}]`;
          const picture = async (name: string) => {
            if (pictures === undefined) return;
            for (const width of [1280, 390]) {
              await page.resize(width, 800);
              await page.screenshot(join(pictures, `${name}-${width}.png`));
            }
            await page.resize(1280, 800);
          };

          await t.step("every PC has a card, with its alarms and its runs as they change", async () => {
            await page.shows(card("warm-lab"), "this PC");
            await page.shows(card("cold-lab"), "Bench of cold-lab");
            await page.shows(card("cold-lab"), "1 alarm, 1 unacknowledged");
            await page.shows(`${card("cold-lab")} .fleet-alarm`, "Too much");
            match(await line(there, "automation.load night.run.json"), /^OK/);
            match(await line(there, "automation.start"), /^OK/);
            await page.shows(`${card("cold-lab")} .fleet-run`, "Oxygen steps under way");
            await page.shows(`${card("cold-lab")} .fleet-run`, "1/2 steps done, ");
            await picture("fleet");
            await page.click(`${card("cold-lab")} button`);
            await page.shows(card("cold-lab"), "all acknowledged");
            ok((await violations(page)).length === 0, String(await violations(page)));
            strictEqual(String(await page.evaluate(unnamedControls)), "");
            for (const width of [1280, 390]) {
              await page.resize(width, 800);
              strictEqual(String(await page.evaluate(outsiders)), "", `${width} pixels wide`);
            }
            await page.resize(1280, 800);
            strictEqual(String(await page.evaluate(poorContrasts)), "");
          });

          const gaugeThere = `[aria-labelledby="card-cold-lab/spare_gauge"]`;
          await t.step("the other's bench is opened, and driven there", async () => {
            await page.click("#pc-cold-lab");
            await page.shows(".pc-bench", "cold-lab/Spare Gauge");
            const valve = `${gaugeThere} [data-field=valve]`;
            await page.fill(`${valve} input`, "7");
            await page.press("Enter");
            await eventually(async () => await line(there, "spare_gauge.get valve") === "OK 7.0", "it is set there");
            match(await line(there, "spare_gauge.set valve 5"), /^OK/);
            await page.until(`document.querySelector('${valve} input').value === "5.0"`);
            const menu = async (what: string) => {
              await page.click(`${gaugeThere} .menu-button`);
              await page.click(`.card-menu [aria-label="${what} control of cold-lab/spare_gauge"]`);
              await page.until(`document.querySelector(".card-menu") === null`);
            };
            await menu("Take");
            match(await line(there, "spare_gauge.set valve 4"), /^ERROR .*warm-lab.* has control of it/);
            await menu("Release");
            // What is refused there is told as of there.
            using holder = await RawClient.connect(there.commandServer.port);
            await holder.ask("take spare_gauge");
            await page.fill(`${valve} input`, "6");
            await page.press("Enter");
            await page.shows(gaugeThere, "cold-lab: ");
            strictEqual(
              await page.evaluate(`document.querySelector(".pc-bench .about a").href`),
              "https://cold-lab:2404/",
            );
            await picture("bench");
            strictEqual(String(await page.evaluate(outsiders)), "");
          });

          await t.step("fields of both are on one time axis, from the records of each", async () => {
            await page.evaluate(`location.hash = "#/plots?f=gauge.pressure&f=cold-lab/gauge.pressure&last=8h"`);
            await page.shows(".plot", "cold-lab/Gauge Pressure");
            await page.until(`document.querySelector(".plot canvas") !== null`);
            const history = async (fields: string) =>
              await (await fetch(`${base(here)}/api/v1/history?${fields}&points=100`)).json();
            await eventually(async () => {
              const { series } = await history("field=gauge.pressure&field=cold-lab/gauge.pressure");
              return series.length === 2 && series[1].instrument === "cold-lab/gauge" &&
                series[1].points.times.length > 0;
            }, "the records of both are asked");
            await page.until(`document.querySelector(".past-failure") === null`);
            await picture("plots");
          });

          await t.step("the search finds what is on the other", async () => {
            await page.click("#open-search");
            await page.fill("dialog input", "spare");
            await page.shows("#found", "cold-lab/Spare Gauge");
            await page.press("Enter");
            await page.until(`location.hash === "#/fleet/cold-lab/spare_gauge"`);
            await page.shows(gaugeThere, "Pressure");
          });

          await t.step("one that goes is said, and is live again when it is back", async () => {
            await there.stop();
            await page.shows(".pc-bench", "cold-lab is not connected, last seen");
            await page.shows(gaugeThere, "No contact");
            await picture("away");
            await page.click(".pc-head a");
            await page.shows(card("cold-lab"), "Not connected, last seen");
            await page.shows(card("cold-lab"), "What was told last");
            await picture("fleet-away");
            strictEqual(String(await page.evaluate(poorContrasts)), "");
            const answer = await fetch(
              `${base(here)}/api/v1/history?field=gauge.pressure&field=cold-lab/gauge.pressure&points=100`,
            );
            const { series, unreached } = await answer.json();
            strictEqual(series.length, 1, "what is here is told all the same");
            match(unreached["cold-lab"], /cold-lab is not connected/);
            there = cold();
            there.start();
            await page.shows(card("cold-lab"), "1 alarm");
            await page.click("#pc-cold-lab");
            await page.until(`!document.querySelector('${gaugeThere}')?.textContent.includes("No contact")`);
            const value = `document.querySelector('${gaugeThere} [data-field=pressure]').textContent`;
            const before = await page.evaluate(value);
            await page.until(`${value} !== ${JSON.stringify(before)}`);
          });
        } finally {
          await there.stop();
        }
      }),
  });
}
