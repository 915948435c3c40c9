/** The page of the program as people start it, from the source and as the executable, in real browsers. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { eventually, RawClient } from "../fixture.ts";
import { card, field, inBrowsers } from "../client/page/page_fixture.ts";
import { programs, ServerProcess } from "../server_process.ts";

for (const program of programs) {
  inBrowsers({
    name: `page, ${program.name}: a setting is confirmed, an exposure taken and another stopped, and two pages see it`,
    async fn(_, browser) {
      // The task may write into ./images, and nowhere else.
      await using server = new ServerProcess(program, ["--web-port", "0"]);
      const [command] = await server.ports();
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(server.out)![0];
      await using page = await browser.open(url);
      await using other = await browser.open(url, 360, 740);
      for (const each of [page, other]) await each.shows("header", "Connected");

      await page.fill("#setting-argon_mfc-setpoint_entry", "12.5");
      await page.press("Enter");
      await other.shows(`${card("argon_mfc")} .staged`, "Setpoint Entry");
      await other.click("[aria-label='Confirm Argon MFC']");
      await page.shows(field("argon_mfc", "device_setpoint"), "12.5");

      using azcam = await RawClient.connect(command);
      const camera = card("exposure");
      await page.fill(`${camera} .exposuretime input`, "600");
      await page.choose(`${camera} .imagetype select`, "dark");
      await page.click(`${camera} .expose`);
      await other.shows(`${camera} .state`, "exposing");
      await other.click(`${camera} .danger`);
      await page.shows(camera, "Exposure aborted");
      await eventually(async () => await azcam.ask("exposure.get state") === "OK idle", "the camera is idle again");
      deepStrictEqual([...page.complaints, ...other.complaints], []);
      ok([...page.hosts].every((host) => url.endsWith(host)));
    },
  });
}
