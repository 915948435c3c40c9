/** The page's guards in real browsers: the place, the safe state, and what is forbidden said at its control. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { groupsOf } from "../../../client/page/guards/guard_words.ts";
import type { TripDescription } from "../../../protocol/guards.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { Devices, inFolder, Lab, serve } from "../../server/guards/lab.ts";
import { Web } from "../../server/messages/post.ts";
import { violations } from "./accessible.ts";
import { guardedBench } from "./guards_bench.ts";
import { card, field, inBrowsers } from "./page_fixture.ts";

Deno.test("guards: what trips within ten seconds of another belongs together, the first first", () => {
  const trip = (name: string, second: number) =>
    ({ name, time: new Date(1_700_000_000_000 + second * 1000).toISOString() }) as TripDescription;
  const groups = groupsOf([trip("4", 60), trip("3", 15), trip("2", 8), trip("1", 0)]);
  deepStrictEqual(groups.map((each) => each.map(({ name }) => name)), [["4"], ["1", "2", "3"]]);
});

inBrowsers({
  name: "guards: they are seen, said at each control that they forbid, bypassed and reset, and the bench is made safe",
  fn: (t, browser) =>
    inFolder(async (folder) => {
      await using devices = new Devices();
      const { probe, water, oven, gas } = devices;
      await using web = new Web();
      const messages = {
        webhooks: { ana: { url: `${web.origin}/ana`, body: "{title}" } },
        rules: [{ severity: "low", to: ["ana"] }],
      };
      await using lab = await serve(folder, guardedBench(devices), { webPort: 0, messages });
      await lab.until("too_hot", "clear");
      await lab.until("no_water", "clear");
      const url = base(lab.server);
      await using page = await browser.open(`${url}/#/guards`);
      const hot = "#guard-too_hot";

      await t.step("all is well, with each part's value and how far it is from tripping", async () => {
        await page.shows(".guards-summary", "All is well: 2 interlocks clear, 1 watchdog in time");
        await page.shows("[aria-labelledby=guards-alarms]", "None: all are normal");
        await page.shows("header", "All well");
        await page.shows(".messages-line", "Messages: none sent since the start; none waits");
        await page.shows(`${hot} .guard-parts`, "20.0 °C");
        await page.shows(`${hot} .guard-parts`, "280 away from tripping");
        await page.shows("#guard-night .guard-state", "left");
        // Nobody asks again: the server tells.
        probe.values.T = "240";
        await page.shows(`${hot} .guard-parts`, "60 away from tripping");
        deepStrictEqual(await violations(page), []);
      });

      await t.step("a watchdog is renewed", async () => {
        await page.click("[aria-label='Renew Night']");
        await eventually(
          async () => !(await lab.described()).watchdogs[0]!.renewedBy.includes("start of the server"),
          "it is renewed",
        );
      });

      await t.step(
        "an alarm says what to do, colours its field, is acknowledged, shelved with a reason, and comes back",
        async () => {
          await page.mouse("mouseMoved", { x: 5, y: 5 });
          gas.values.B = "0.1";
          probe.values.T = "260";
          const [low, high] = ["#guard-alarm-bottle_empty", "#guard-alarm-temperature_of_probe_high"];
          await page.shows(low, "Change the bottle: the spare one stands in the corridor");
          await page.shows(`${low} .alarm-state`, "unacknowledged");
          // The worse comes first, whichever was earlier.
          await page.until(`document.querySelector(".alarm-list li")?.matches("${high}")`);
          await page.shows(".guard-strip", "1 medium, 1 low");
          await page.shows(".messages-line", "the last to ana, today");
          await page.shows("[aria-labelledby=guards-alarms]", "Acknowledge all 2");
          await page.click("[aria-label='Acknowledge Bottle empty']");
          await page.shows(low, "knows, since today");
          await page.until(`document.querySelector("${low} .alarm-state").textContent === "acknowledged"`);
          await page.click("[aria-label='Shelve Bottle empty']");
          await page.until(`document.querySelector(".guard-form [type=submit]").disabled`);
          await page.type("it is ordered");
          await page.click(".guard-form [type=submit]");
          await page.shows(`${low} .guard-bypass`, "it is ordered");
          await page.shows(".guard-strip", "Temperature of Probe high");
          deepStrictEqual(await violations(page), []);
          await page.click("[aria-label='Unshelve Bottle empty']");
          // It comes back as one that nobody knows of.
          await page.shows(`${low} .alarm-state`, "unacknowledged");
          await page.click("[aria-label='Acknowledge Bottle empty']");
          await page.until(`document.querySelector("${low} .alarm-state").textContent === "acknowledged"`);
          gas.values.B = "1";
          // It stays under the pointer for a while.
          await page.shows(`${low} .alarm-state`, "normal");
          await page.mouse("mouseMoved", { x: 5, y: 5 });
          await page.until(`document.querySelector("${low}") === null`);
          await page.click(`${high} .guard-doings a`);
          await page.shows(`${card("probe")} .main-value.alarmed.severity-medium .alarm-mark`, "high");
          deepStrictEqual(await violations(page), []);
          await page.click(`${card("probe")} .alarm-mark`);
          await page.until(`document.activeElement.matches("${high}")`);
          await page.click("[aria-label='Acknowledge Temperature of Probe high']");
          await page.shows(".guard-strip.calm", "Temperature of Probe high");
        },
      );

      await t.step("an alarm sounds in a browser that wants it, until somebody says that they know", async () => {
        const script = `globalThis.tones = 0;
          const { start } = OscillatorNode.prototype;
          OscillatorNode.prototype.start = function (...args) { tones++; return start.apply(this, args); };`;
        await using loud = await browser.open(`${url}/#/guards`, 1280, 800, script);
        await loud.shows("[aria-labelledby=guards-alarms]", "Temperature of Probe high");
        gas.values.B = "0.1";
        await loud.shows("#guard-alarm-bottle_empty", "unacknowledged");
        strictEqual(await loud.evaluate("tones"), 0, "nobody wants it");
        await loud.click(".sound-switch input");
        // Without a sound card, Firefox never begins.
        if (!await loud.evaluate("navigator.userAgent.includes('Firefox')")) await loud.until("tones > 0");
        strictEqual(await loud.evaluate("localStorage['heliograph.sound']"), "on");
        await loud.click("[aria-label='Acknowledge Bottle empty']");
        await loud.click(".sound-switch input");
        gas.values.B = "1";
      });

      await t.step("each control that is forbidden says so, with the reason, before anybody tries", async () => {
        await page.evaluate(`location.hash = "#/bench"`);
        await page.until(`document.querySelector("${field("gas", "setpoint")} input")?.disabled === false`);
        await page.fill(`${field("oven", "program")} input`, "7");
        await page.press("Enter");
        await page.shows(".confirm-bar", "1 change waits");
        probe.values.T = "301";
        await page.shows(
          `${card("gas")} > .forbidden`,
          "Too hot forbids whatever drives it: Temperature of Probe is 301",
        );
        await page.until(`document.querySelector("${field("gas", "setpoint")} input").disabled`);
        await page.shows(field("oven", "program"), "Too hot forbids this");
        await page.shows(".confirm-bar", "Too hot forbids Program of Oven");
        await page.until(`document.querySelector("[aria-label='Confirm Oven']").disabled`);
        ok(
          !await page.evaluate(`document.querySelector("[aria-label='Revert Oven']").disabled`),
          "to put it back is allowed",
        );
        // Power may be set, but not above 20.
        await page.shows(field("oven", "power"), "Too hot forbids above 20");
        await page.fill(`${field("oven", "power")} input`, "21");
        await page.shows(`${field("oven", "power")} .complaint`, "above 20: Too hot forbids that now");
        await page.press("Enter");
        ok(await page.evaluate(`document.querySelector("[aria-label='Set Power']").disabled`));
        await page.fill(`${field("oven", "power")} input`, "19");
        await page.press("Enter");
        await eventually(() => oven.told.includes("SET P 19"), "it is set");
        ok(!oven.told.includes("SET P 21"), "nothing was sent");
        await page.click(`${card("oven")} .commands summary`);
        await page.click(`${card("oven")} [data-command=ramp] button`);
        await page.shows(`${card("oven")} [data-command=ramp]`, "Too hot forbids this");
        ok(await page.evaluate(`document.querySelector("[data-command=ramp] [type=submit]").disabled`));
        await page.click(`${card("oven")} [data-command=abort] button`);
        await page.until(`!document.querySelector("[data-command=abort] [type=submit]").disabled`);
        deepStrictEqual(await violations(page), []);
      });

      await t.step(
        "the header says what has tripped, and leads there; what came first is told, with its trail",
        async () => {
          await page.click(".guard-strip");
          await page.shows(`${hot} .guard-state`, "tripped");
          await page.shows(`${hot} .steps`, "Call close of Gas done");
          await page.until(`document.querySelector("[aria-label='Reset Too hot']").disabled`);
          await page.shows(".trip", "Broke first: probe.temperature > 300");
          await page.click(".trip button");
          await page.until(`document.querySelectorAll(".trail path").length === 2`);
          await page.until(`document.querySelector(".trail path").getAttribute("d").length > 10`);
          deepStrictEqual(await violations(page), []);
        },
      );

      await t.step(
        "it is bypassed with a reason and an end that everybody sees, and put into force again",
        async () => {
          await page.click("[aria-label='Bypass Too hot']");
          await page.until(`document.querySelector(".guard-form [type=submit]").disabled`);
          await page.until(`document.activeElement.matches(".guard-form input")`);
          await page.type("the sensor is changed");
          await page.click(".guard-form [type=submit]");
          await page.shows(`${hot} .guard-bypass`, "the sensor is changed");
          await page.shows(".guard-strip", "1 bypassed");
          await page.evaluate(`location.hash = "#/bench"`);
          await page.until(`!document.querySelector("${field("gas", "setpoint")} input").disabled`);
          probe.values.T = "20";
          await page.evaluate(`location.hash = "#/guards/too_hot"`);
          await page.click("[aria-label='End the bypass of Too hot']");
          await page.shows(`${hot} .guard-state`, "waits for a reset");
          strictEqual(await page.evaluate("document.activeElement.id"), "guard-too_hot");
          await page.click("[aria-label='Reset Too hot']");
          await page.shows(`${hot} .guard-state`, "clear");
        },
      );

      await t.step("what trips moves no card under the pointer; it comes first once the pointer has gone", async () => {
        const card = "#guard-no_water";
        const place = `(() => {
          const { left, top } = document.querySelector("${card}").getBoundingClientRect();
          return [Math.round(left), Math.round(top)];
        })()`;
        const first = `document.querySelector(".guard-cards article").id`;
        await page.mouse("mouseMoved", { x: 5, y: 5 });
        await page.until(`${first} === "guard-too_hot"`);
        await page.evaluate(
          `document.querySelector("${card}").scrollIntoView({ block: "center", behavior: "instant" })`,
        );
        const before = await page.evaluate(place);
        await page.mouse("mouseMoved", { x: before[0] + 20, y: before[1] + 20 });
        water.values.F = "1";
        gas.values.B = "0.1";
        await page.shows(`${card} .guard-state`, "tripped");
        await page.shows(".alarm-list", "Bottle empty");
        const [left] = await page.evaluate(place);
        strictEqual(left, before[0]);
        strictEqual(await page.evaluate(first), "guard-too_hot");
        await page.mouse("mouseMoved", { x: 5, y: 5 });
        await page.until(`${first} === "guard-no_water"`);
        water.values.F = "5";
        await page.shows(`${card} .guard-state`, "clear");
        gas.values.B = "1";
      });

      await t.step("a click and Enter make the bench safe from any place, and what failed is said", async () => {
        await page.evaluate(`location.hash = "#/journal"`);
        const before = gas.told.length;
        await page.click("#safe-state");
        await page.until(`document.activeElement.matches(".make-safe")`);
        deepStrictEqual(await violations(page), []);
        await page.press("Enter");
        await page.shows("dialog", "Done: the bench is in its safe state.");
        ok(gas.told.slice(before).includes("CLOSE"));
        await page.press("Escape");
        await gas[Symbol.asyncDispose]();
        devices.gas = new Lab({});
        await page.click("#safe-state");
        await page.press("Enter");
        await page.shows("dialog [role=alert]", "The safe state is NOT reached");
        await page.shows("dialog .step.failed", "it is tried again");
        await page.press("Escape");
      });

      await t.step("what is limited says at its control what is left, before anybody tries", async () => {
        await page.evaluate(`location.hash = "#/bench"`);
        // What is staged is 7, from 1.
        await page.shows(".confirm-bar", "Program of Oven may be changed by 5 in 1 min; now -4 to 6 is allowed");
        await page.until(`document.querySelector("[aria-label='Confirm Oven']").disabled`);
        await page.fill(`${field("oven", "program")} input`, "6");
        await page.press("Enter");
        await page.click("[aria-label='Confirm Oven']");
        await eventually(() => oven.told.includes("SET N 6"), "it is sent");
        ok(!oven.told.includes("SET N 7"), "nothing else was");
        const [rate, pump] = [field("water", "rate"), field("water", "pump")];
        await page.shows(`${rate} .limited`, "not faster than 5 L/min in 1 min up: now at most 10 L/min");
        await page.fill(`${rate} input`, "11");
        await page.shows(`${rate} .complaint`, "now at most 10 L/min");
        ok(await page.evaluate(`document.querySelector("[aria-label='Set Rate']").disabled`));
        await page.fill(`${rate} input`, "8");
        await page.press("Enter");
        await eventually(() => water.told.includes("SET F 8"), "it is set");
        deepStrictEqual(water.told.filter((each) => each.startsWith("SET F")), ["SET F 8"], "nothing else was sent");
        // Its valve is stuck: it answers, and does not do it.
        water.values.F = "5";
        await page.shows(rate, "not responding: Flow is 5");
        await page.shows(`${pump} .limited`, "on for 0 of 1 s in 1 h");
        await page.click(`${pump} [role=switch]`);
        await page.shows(`${pump} .forbidden`, "on for 1 of 1 s in 1 h; again");
        await page.until(`document.querySelector("${pump} [role=switch]").matches("[aria-checked=false]:disabled")`);
        await page.click(`${card("water")} .commands summary`);
        await page.click(`${card("water")} [data-command=flush] button`);
        await page.shows("[data-command=flush] .limited", "called 0 of 1 time in 10 min");
        await page.click("[data-command=flush] [type=submit]");
        await page.shows("[data-command=flush] .forbidden", "called 1 of 1 time in 10 min; again");
        await page.until(`document.querySelector("[data-command=flush] [type=submit]").disabled`);
        deepStrictEqual(await violations(page), []);
        await page.evaluate(`location.hash = "#/guards"`);
        await page.shows("#guard-limit-water-pump", "On for at most 1 s in 1 h");
        water.values.F = "8";
        await page.shows("#guard-limit-water-rate", "Changed by at most 5 in 1 min up");
        await page.until(`!document.querySelector("#guard-limit-water-rate .guard-reason")`);
        deepStrictEqual(await violations(page), []);
      });

      await t.step("who may only look has no controls, also on a wall and a phone", async () => {
        for (const [query, width] of [["?readonly", 390], ["?view=wall", 1920]] as const) {
          await using reader = await browser.open(`${url}/${query}#/guards`, width, 844);
          await reader.shows(".guards-summary", "critical");
          strictEqual(await reader.evaluate(`document.querySelectorAll("main .guard button, #safe-state").length`), 0);
          match(String(await reader.evaluate(`document.documentElement.scrollWidth <= innerWidth`)), /true/);
          deepStrictEqual(await violations(reader), []);
        }
      });
    }),
});

inBrowsers({
  name: "guards: what is forbidden or limited of a camera says so at its Expose, before anybody tries",
  fn: (_t, browser) =>
    inFolder(async (folder) => {
      const camera = { imageFolders: [folder.replaceAll("\\", "/")] };
      await using server = startServer({
        instruments: demoInstruments({ camera }),
        // As a bench file is read.
        guards: {
          interlocks: {
            "Lamp on": {
              when: "uv_light.actual_status == 'On'",
              forbids: ["exposure.expose", { call: "exposure.sequence", argument: "number_exposures", above: 5 }],
            },
          },
          limits: {
            "exposure.sequence": { often: { times: 1, in: 3600 } },
            "exposure.exposuretime": { slew: { up: { by: 5, per: 60 } } },
          },
        },
        poll: true,
        webPort: 0,
      });
      await server.ready;
      using lines = await RawClient.connect(server.commandServer.port);
      await lines.ask("exposure.set imagetest 1");
      await lines.ask("exposure.set exposuretime 1");
      await using page = await browser.open(`${base(server)}/#/images`);
      const form = ".images-place .exposure-form";
      const isOff = async (off: boolean) => {
        await page.until(`document.querySelector("${form} .expose").disabled === ${off}`).catch(async (error) => {
          throw new Error(`${error.message}: ${await page.evaluate(`document.querySelector("${form}").textContent`)}`);
        });
      };
      const time = `${form} .exposuretime input`;
      await isOff(false);
      await page.shows(`${form} .limited`, "not faster than 5 s in 1 min up: now at most 6.0 s");
      await page.fill(time, "100");
      await page.shows(`${form} .forbidden`, "now at most 6.0 s");
      await isOff(true);
      await page.fill(time, "2");
      await isOff(false);
      await lines.ask('uv_light.set "Status Selection" On');
      await lines.ask("uv_light.confirm");
      await page.shows(form, "Lamp on forbids expose of exposure");
      await isOff(true);
      await page.fill(`${form} .how-many input`, "6");
      await page.shows(form, "called 0 of 1 time in 1 h");
      await page.shows(form, "Lamp on forbids");
      await isOff(true);
      await page.fill(`${form} .how-many input`, "2");
      await isOff(false);
      deepStrictEqual(await violations(page), []);
      await page.click(`${form} .expose`);
      await page.shows(form, "called 1 of 1 time in 1 h; again");
      await isOff(true);
      strictEqual(await lines.ask("exposure.get exposuretime"), "OK 2.0");
      await eventually(async () => (await lines.ask("exposure.get state")) === "OK idle", "both are taken");
      match(await lines.ask("exposure.sequence 2"), /^ERROR .*sequence of exposure may be called once in 1 h/);
      await isOff(true);
    }),
});
