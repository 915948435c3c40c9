/**
 * IoT relay behind an Arduino, as PyOpticon's `IotRelayWidget` drives it.
 *
 * @module
 */

import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

const positions = { Off: "0", On: "1" };

function simulator(): Simulator {
  let on = false;
  return {
    commandEnd: "\n",
    answerEnd: "\r\n",
    answer(command) {
      if (command === "0" || command === "1") on = command === "1";
      return command === "Q" ? on ? "1" : "0" : undefined;
    },
  };
}

/** IoT relay: serial, 115200 bits per second; the Arduino starts anew when its port is opened. */
export const iotRelay: Driver = {
  address: "serial:///dev/ttyACM0",
  simulator,
  description: {
    summary: "IoT relay behind an Arduino",
    line: { sendEnd: "\n", receiveEnd: "\n", settle: 2, serial: { baud: 115_200 } },
    handshake: { ask: "Q", pattern: "^[01]$" },
    fields: {
      "Status Selection": {
        type: "choice",
        choices: positions,
        initial: "Off",
        needsConfirm: true,
        write: "{value}",
        readback: { field: "Actual Status" },
      },
      "Actual Status": { type: "choice", choices: positions, read: { ask: "Q", pattern: "^[01]$" } },
    },
  },
};
