/** Whoever a run acts for may not drive any more: it pauses, somebody else goes on with it, and finally acts all the same. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { AccessStore } from "../../../server/access/access_store.ts";
import { Access } from "../../../server/access/admit.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { serve } from "./lab.ts";
import { simulatedCamera } from "../../../server/camera/simulated/camera.ts";
import { quick } from "../camera/camera.ts";

Deno.test("runs: a run pauses when its starter may not drive any more; who may resumes it, and finally acts with the rights of the start", () =>
  inFolder(async (folder) => {
    const store = new AccessStore();
    const add = (name: string, role: string, instruments?: string[]) => store.add({ name, role, instruments });
    const [ana, ben, cid, ada] = [
      await add("ana", "operator"),
      await add("ben", "operator", ["oven"]),
      await add("cid", "operator", ["pump"]),
      await add("ada", "admin"),
    ];
    await using lab = await serve(folder, {}, { access: new Access({ store, loopback: "token" }) });
    const client = async (token: string) => {
      const lines = await RawClient.connect(lab.server.commandServer.port);
      strictEqual(await lines.ask(`auth ${token}`), "OK");
      return lines;
    };
    strictEqual(await lab.lines.ask(`auth ${ana}`), "OK");
    using bens = await client(ben);
    using cids = await client(cid);
    using adas = await client(ada);
    const show = async (id = 0) => JSON.parse((await adas.ask(`automation.show ${id}`)).replace(/^OK /, ""));
    const paused = (why: RegExp) =>
      eventually(async () => {
        const { state, reason } = await show();
        return state === "paused" && why.test(reason);
      }, `it is paused: ${why}`);
    const id = await lab.run({
      steps: [{ wait: "1h" }, { set: "oven.setpoint", to: 5 }, { wait: "1h" }],
      finally: [{ set: "oven.flow", to: 0 }],
    });
    await store.revoke("ana");
    await paused(/^ana may not drive oven any more; somebody who may can resume it$/);
    match(await cids.ask("automation.resume"), /^ERROR .*Cannot resume run 1: for that, you would have to drive oven$/);
    strictEqual(await bens.ask("automation.resume"), "OK");
    strictEqual(await bens.ask("automation.skip"), "OK");
    await eventually(() => lab.told.length === 1, "it goes on for ben");
    strictEqual((await show()).who, "ben");
    await store.revoke("ben");
    await paused(/^ben may not drive oven any more/);
    strictEqual(await adas.ask("automation.stop"), "OK");
    await eventually(async () => (await show(id)).ended !== null, "it has ended");
    const { state, reason } = await show(id);
    deepStrictEqual([state, lab.told], ["stopped", ["setpoint 5", "flow 0"]], reason);
  }));

Deno.test("runs: the shutter is closed when the starter's rights end in the midst of an exposure, and stop ends the image", () =>
  inFolder(async (folder) => {
    const store = new AccessStore();
    const [ana, ada] = [
      await store.add({ name: "ana", role: "operator" }),
      await store.add({ name: "ada", role: "admin" }),
    ];
    const camera = simulatedCamera({ ...quick, imageFolders: [folder] });
    await using lab = await serve(folder, { instruments: [camera] }, {
      access: new Access({ store, loopback: "token" }),
    });
    strictEqual(await lab.lines.ask(`auth ${ana}`), "OK");
    using adas = await RawClient.connect(lab.server.commandServer.port);
    strictEqual(await adas.ask(`auth ${ada}`), "OK");
    await lab.run({ steps: [{ expose: 600, type: "dark" }], finally: [{ call: "exposure.test", arguments: [0, 0] }] });
    const state = (wanted: string) =>
      eventually(async () => await adas.ask("exposure.get state") === `OK ${wanted}`, `the camera is ${wanted}`);
    await state("exposing");
    await store.revoke("ana");
    await state("paused");
    match(await adas.ask("automation.get Reason"), /ana may not drive exposure any more/);
    strictEqual(await adas.ask("automation.stop"), "OK");
    await eventually(async () => /"state":\s*"stopped"/.test(await adas.ask("automation.history")), "it has ended");
    strictEqual(await adas.ask("exposure.get lastfile").then((said) => said.endsWith("test.fits")), true);
  }));
