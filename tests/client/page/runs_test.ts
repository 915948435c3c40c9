/** The page's runs in a real browser: started, watched, changed, paused, answered, stopped, and looked back at. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument, loadBench } from "../../../mod.ts";
import { eventually, startServer } from "../../fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { inFolder } from "../../server/guards/lab.ts";
import { furnace } from "../../server/rehearsal/furnace.ts";
import { violations } from "./accessible.ts";
import { inBrowsers } from "./page_fixture.ts";

const night = {
  title: "Oxygen steps",
  summary: "Warms the oven",
  parameters: {
    hot: { unit: "°C", minimum: 1, maximum: 90, summary: "how hot it gets" },
    hold: { type: "text", default: "1h" },
    gas: { type: "choice", choices: ["argon", "air"], default: "argon" },
  },
  steps: [
    { set: "oven.setpoint", to: "${hot}" },
    { waitUntil: "oven.temperature > 33.0 && oven.setpoint > 0" },
    { wait: "${hold}" },
    { askPerson: "Is the ${gas} open?" },
    { wait: "8h" },
  ],
  finally: [{ set: "oven.setpoint", to: 0 }],
};

inBrowsers({
  name: "runs: started from a file, watched, changed, paused, answered, stopped with finally, and run again",
  browsers: ["chromium"],
  fn: (t, browser) =>
    inFolder(async (folder) => {
      const told: number[] = [];
      const oven = defineInstrument({
        title: "Oven",
        fields: {
          Temperature: { type: "float", unit: "°C", decimals: 1, initial: 20 },
          Setpoint: {
            type: "float",
            unit: "°C",
            minimum: 0,
            maximum: 100,
            initial: 20,
            write: (value: number) => void told.push(value),
          },
        },
      });
      await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify(night));
      await Deno.writeTextFile(
        join(folder, "bad.run.json"),
        `{\n  "steps": [\n    { "set": "oven.setpiont", "to": 1 }\n  ]\n}`,
      );
      await using server = startServer({
        webPort: 0,
        instruments: [oven],
        runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
      });
      await server.prepare();
      const url = base(server);
      await using page = await browser.open(`${url}/#/bench`);
      const strip = ".run-strip";

      await t.step("a file says what is wrong with it, with line and column, and cannot be started", async () => {
        await page.click("[data-place=runs]");
        await page.shows(".runs-place", "No run is under way");
        await page.choose("#run-file", "bad.run.json");
        await page.shows(".run-problems", "line 3, column 7:");
        await page.shows(".run-problems", "did you mean setpoint?");
        ok(await page.evaluate(`document.querySelector(".run-look [type=submit]").disabled`));
      });

      await t.step("its parameters are asked for, with limits, and checked before it starts", async () => {
        await page.choose("#run-file", "night.run.json");
        await page.shows(".run-parameters", "How hot it gets; 1 to 90 °C");
        await page.click(".run-look [type=submit]");
        await page.shows(".run-parameters", "Must be given");
        strictEqual(await page.evaluate("document.activeElement.id"), "run-parameter-hot");
        await page.type("95");
        await page.shows(".run-parameters", "above its maximum of 90 °C");
        await page.fill("#run-parameter-hot", "40");
        await page.choose("#run-parameter-gas", "air");
        await page.shows(".run-look .run-steps", "Set Setpoint of Oven to 40 °C");
        await page.shows(".run-look .run-steps", "Is the air open?");
        deepStrictEqual(await violations(page), []);
        await page.press("Enter");
      });

      await t.step("it is seen as its steps, with what it waits for part by part, as that changes", async () => {
        await page.shows(".run-now h3", "Oxygen steps");
        await page.shows(".run-now .run-step.done", "Set Setpoint of Oven to 40 °C");
        await page.shows(".run-now .run-step.now", "oven.temperature > 33.0");
        await page.shows(".run-now .guard-parts .broken", "20.0 °C");
        await page.shows(".run-now .guard-parts .well", "oven.setpoint > 0");
        await page.shows(".run-now .run-progress", "1/5 steps done");
        await page.shows(".run-now .run-progress", "≥ 9 h left");
        await page.until(`document.querySelectorAll(".run-now .strip-chart canvas").length === 1`);
        oven.fields.Temperature.update(28.5);
        await page.shows(".run-now .guard-parts .broken", "28.5 °C");
        await page.shows(strip, "1/5");
        deepStrictEqual(told, [40]);
        deepStrictEqual(await violations(page), []);
      });

      await t.step("what is still to come is changed, and a step that is wrong says why", async () => {
        await page.click("[aria-label='Change step 3']");
        await page.until(`document.activeElement.matches(".step-form textarea")`);
        await page.fill(".step-form textarea", '{ "wait": "soon" }');
        await page.click(".step-form [type=submit]");
        await page.shows(".step-form .complaint", "should be a time such as");
        await page.fill(".step-form textarea", '{ "note": "changed" }');
        await page.click(".step-form [type=submit]");
        await page.until(`document.querySelector(".step-form") === null`);
        await page.shows(".run-now .run-steps", "Note: changed");
        await page.shows(".run-now", "changed since");
        await page.click("[aria-label='Insert a step before step 4']");
        await page.fill(".step-form textarea", '{ "set": "oven.setpoint", "to": 41 }');
        await page.click(".step-form [type=submit]");
        await page.shows(".run-now .run-progress", "1/6 steps done");
      });

      await t.step("a run that is paused says so at every place, and goes on", async () => {
        await page.click(".run-now .run-doings button");
        await page.shows(".run-paused", "paused it");
        await page.evaluate(`location.hash = "#/bench"`);
        await page.shows(`${strip}.warn`, "paused");
        await page.shows(".run-strip-place [role=status]", "The run Oxygen steps is paused: ");
        await page.click(strip);
        await page.shows(".run-now .run-doings .strong", "Resume");
        await page.click(".run-now .run-doings .strong");
        await page.until(`document.querySelector(".run-paused") === null`);
      });

      await t.step("what it asks is answered, from the keyboard", async () => {
        oven.fields.Temperature.update(34);
        await page.shows(".run-asked", "Is the air open?");
        await page.shows(`${strip}.warn`, "asks");
        deepStrictEqual(told, [40, 41]);
        deepStrictEqual(await violations(page), []);
        await page.fill(".run-asked input", "it is");
        await page.press("Enter");
        await page.shows(".run-now .run-step.now", "Wait 8h");
        await page.click(".run-now .folded:last-child summary");
        await page.shows(".run-lines", "it is");
      });

      await t.step("who may only look sees it all, is told why nothing can be done, also on a phone", async () => {
        await using reader = await browser.open(`${url}/?readonly#/runs`, 390, 844);
        await reader.shows(".run-now", "Wait 8h");
        await reader.shows(".run-now", "You may look, and not drive");
        strictEqual(
          await reader.evaluate(`document.querySelectorAll(".run-now .run-doings button:not(:disabled)").length`),
          0,
        );
        await reader.choose("#run-file", "night.run.json");
        await reader.shows(".run-look", "You may look, and not drive");
        ok(await reader.evaluate(`document.querySelector(".run-look [type=submit]").disabled`));
        match(String(await reader.evaluate("document.documentElement.scrollWidth <= innerWidth")), /true/);
        for (const scheme of ["light", "dark"]) {
          await reader.prefer({ "prefers-color-scheme": scheme });
          deepStrictEqual(await violations(reader), []);
        }
      });

      await t.step("Stop says what it does, and does finally; the history tells what became of it", async () => {
        await page.click(".run-now .run-doings .danger");
        await page.shows(".run-now .sure", "does its finally: set Setpoint of Oven to 0 °C");
        await page.until(`document.activeElement.matches(".sure .danger")`);
        await page.press("Enter");
        await eventually(() => told.at(-1) === 0, "finally is done");
        await page.shows(".runs-idle", "No run is under way");
        await page.shows(".run-ended", "stopped it");
        await page.click("[aria-label='Show steps, plot and lines of run 1']");
        await page.shows(".run-ended .run-steps", "not done");
        await page.until(`document.querySelectorAll(".run-ended .strip-chart canvas").length === 1`);
        await page.shows(".run-ended .legend", "Oven Temperature (°C)");
        deepStrictEqual(await violations(page), []);
      });

      await t.step("it is run again with what it was given, at a time; the queue is moved and emptied", async () => {
        await page.click(".run-ended a.button");
        await page.until(`document.querySelector("#run-parameter-hot")?.value === "40"`);
        strictEqual(await page.evaluate(`document.querySelector("#run-parameter-gas").value`), "air");
        await page.shows(".run-look .run-steps", "Note: changed");
        await page.fill(".run-look .run-at input", "8h");
        await page.until(`!document.querySelector(".run-look .run-at button").disabled`);
        await page.click(".run-look .run-at button");
        await page.shows(".run-waiting .run-state", "Begins");
        await page.click("[aria-label='Repeat Oxygen steps']");
        await page.until(`document.querySelectorAll(".run-waiting").length === 2`);
        await page.click(".run-waiting:last-child [aria-label='Move Oxygen steps up']");
        await page.shows(".run-waiting:first-child", "Run 3,");
        await page.choose(".run-after select", "go on");
        await eventually(
          async () => (await server.commandServer.command("automation.list")).includes('"go on"'),
          "it is known to the server",
        );
        deepStrictEqual(await violations(page), []);
        for (const left of [1, 0]) {
          await page.click("[aria-label='Remove Oxygen steps']");
          await page.until(`document.querySelectorAll(".run-waiting").length === ${left}`);
        }
      });

      await t.step("a file of the browser's PC is sent, and a run that is done says so", async () => {
        const own = JSON.stringify({ title: "Short", steps: [{ note: "from afar" }] });
        await page.evaluate(`{
          const box = document.querySelector(".run-start [type=file]");
          const files = new DataTransfer();
          files.items.add(new File([${JSON.stringify(own)}], "own.run.json"));
          box.files = files.files;
          box.dispatchEvent(new Event("change", { bubbles: true }));
        }`);
        await page.shows(".run-look h4", "Short");
        await page.click(".run-look [type=submit]");
        await page.shows(".run-ended.good", "Short");
        await page.press("k", 2);
        await page.type("runs");
        await page.shows("#found", "Runs");
        deepStrictEqual(page.complaints, []);
      });
    }),
});

const rehearsedSteps = {
  parameters: { gas: { minimum: 0, maximum: 50 } },
  steps: [
    { set: "furnace.setpoint", to: 40 },
    { waitUntil: "furnace.level > 1000.0", timeout: "5m", otherwise: [{ note: "it stays low" }] },
    { set: "furnace.gas", to: "${gas}" },
    { ramp: "furnace.setpoint", from: 40, to: 90, over: "20m", every: "10s" },
    { wait: "1h" },
  ],
};

inBrowsers({
  name: "runs: a file is rehearsed before its start: how it ends, what it meets, when it does what, and the readings",
  fn: (t, browser) =>
    inFolder(async (folder) => {
      const bench = join(folder, "lab.json");
      await Deno.writeTextFile(bench, JSON.stringify(furnace));
      await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify(rehearsedSteps));
      const forever = [{ repeat: "forever", steps: [{ set: "furnace.gas", to: 1 }, { wait: "1s" }] }];
      await Deno.writeTextFile(join(folder, "long.run.json"), JSON.stringify({ steps: forever }));
      const { instruments, guards } = await loadBench(bench);
      const runFiles = { state: join(folder, "lab.state", "runs.json"), folder };
      await using server = startServer(
        { webPort: 0, instruments, guards, runFiles },
        { rehearsals: { bench, startsDrivers: false } },
      );
      await server.prepare();
      const url = base(server);
      await using page = await browser.open(`${url}/#/runs`);

      await t.step(
        "what is missing is asked for first; then it is told what comes of it, and nothing is driven",
        async () => {
          await page.choose("#run-file", "night.run.json");
          await page.shows(".run-look", "Steps");
          await page.click(".run-rehearse");
          await page.shows(".run-parameters", "Must be given");
          strictEqual(await page.evaluate("document.activeElement.id"), "run-parameter-gas");
          await page.type("5");
          await page.until(`!document.querySelector(".run-parameters .complaint")`);
          await page.evaluate(`document.querySelector(".run-rehearse").focus()`);
          await page.press("Enter");
          await page.shows(".run-rehearsal.good .rehearsal-end", "It would be done, in 1 h 25 min");
          ok(await page.evaluate(`document.activeElement.matches(".run-rehearsal")`));
          for (
            const met of ["Time-out: furnace.level > 1000.0", "Alarm: Warm (high)", "Interlock: No gas when hot"]
          ) await page.shows(".run-rehearsal > .run-steps", met);
          await page.shows(".rehearsed-values", "Furnace Gas");
          await page.until(`document.querySelectorAll(".run-rehearsal .strip-chart canvas").length > 0`);
          strictEqual(await server.commandServer.command("furnace.get Gas"), "OK 0.0");
          deepStrictEqual(await violations(page), []);
          // What it was of is another now.
          await page.fill("#run-parameter-gas", "6");
          await page.until(`document.querySelector(".run-rehearsal") === null`);
        },
      );

      await t.step("it is cancelled; another one meanwhile is refused, in words", async () => {
        await page.choose("#run-file", "long.run.json");
        await page.shows(".run-look", "Again and again");
        await page.click(".run-rehearse");
        await page.shows(".run-rehearsing", "Rehearsing");
        await page.shows(".run-rehearse", "Cancel the rehearsal");
        match(await server.commandServer.command("automation.rehearse night.run.json gas=1"), /is under way/);
        await page.click(".run-rehearse");
        await page.until(`document.querySelector(".run-rehearse").textContent === "Rehearse"`);
        await eventually(
          async () => !/is under way/.test(await server.commandServer.command("automation.rehearse night.run.json")),
          "it has ended",
        );
      });

      await t.step("who may only look is not offered it; on a phone it is seen whole", async () => {
        await using reader = await browser.open(`${url}/?readonly#/runs`, 390, 844);
        await reader.shows(".run-start", "Start a run");
        await reader.choose("#run-file", "night.run.json");
        await reader.shows(".run-look", "You may look, and not drive");
        ok(await reader.evaluate(`document.querySelector(".run-rehearse") === null`));
        await using phone = await browser.open(`${url}/#/runs`, 390, 844);
        await phone.choose("#run-file", "night.run.json");
        await phone.fill("#run-parameter-gas", "5");
        await phone.shows(".run-look .run-steps", "Set Gas of Furnace to 5");
        await phone.click(".run-rehearse");
        await phone.shows(".run-rehearsal", "It would be done");
        strictEqual(await phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
        for (const scheme of ["light", "dark"]) {
          await phone.prefer({ "prefers-color-scheme": scheme });
          deepStrictEqual(await violations(phone), []);
        }
        deepStrictEqual([...page.complaints, ...phone.complaints], []);
      });
    }),
});
