/** USBTMC devices: what is around the kernel's calls, with a pseudo terminal in the place of a device. */
import assert from "node:assert/strict";
import { parseAddress, portName } from "../../../server/devices/transports/address.ts";
import { Port } from "../../../server/devices/transports/port.ts";
import { openUsbtmc } from "../../../server/devices/transports/usbtmc.ts";
import { poller } from "../../../server/devices/transports/unix_poller.ts";
import { ptyDevice } from "./devices.ts";

const format = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };
const ignore = Deno.build.os !== "linux";

Deno.test({
  name: "usbtmc: messages go out and answers are fetched, without keeping anybody waiting; a device that goes is told",
  ignore,
  async fn() {
    const device = await ptyDevice((command) => command.endsWith("?") ? `${command}!` : undefined, {
      commandEnd: "\n",
      answerEnd: "\n",
    });
    const port = new Port(parseAddress(device.address.replace("serial:", "usbtmc:") + "?clear=no"), format);
    await port.join();
    const ask = (text: string) =>
      port.use("command", undefined, (turn) => turn.ask({ text, timeout: 2, accepts: () => true, expected: "come" }));
    assert.equal(await ask("A?"), "A?!");
    await port.use("command", undefined, (turn) => turn.send("OUTP ON"));
    assert.equal(await ask("B?"), "B?!");
    assert.deepEqual(device.commands, ["A?", "OUTP ON", "B?"]);
    const broken = new Promise<string>((resolve) => port.onBroken(({ message }) => resolve(message)));
    const asked = ask("SILENT").catch((error) => error.message);
    // The device goes while it is asked.
    while (!device.commands.includes("SILENT")) await new Promise((resolve) => setTimeout(resolve, 2));
    device.hangUp();
    assert.match(await broken, /The device \/dev\/pts\/\d+ is gone: it was switched off, or its cable was pulled/);
    assert.match(await asked, /is gone/);
    port.leave();
    await poller.idle();
  },
});

Deno.test({
  name: "usbtmc: what cannot be opened is told, with what to do",
  ignore,
  async fn() {
    const open = (address: string) => openUsbtmc(parseAddress(address) as never);
    await assert.rejects(
      open("usbtmc:///dev/usbtmc99"),
      /usbtmc99 is not there: plug the instrument in and switch it on/,
    );
    await assert.rejects(open("usbtmc:///dev/null"), /null cannot be cleared: is it a USBTMC device, and on\?/);
    assert.equal(portName(parseAddress("usbtmc:///dev/usbtmc0")), "/dev/usbtmc0");
    assert.throws(() => parseAddress("usbtmc://usbtmc0"), /give the device's file: usbtmc:\/\/\/dev\/usbtmc0/);
  },
});

Deno.test({
  name: "usbtmc: elsewhere than on Linux it is told what to use instead",
  ignore: !ignore,
  fn: () => assert.rejects(openUsbtmc(parseAddress("usbtmc:///dev/usbtmc0") as never), /on Linux only.*hislip:/),
});
