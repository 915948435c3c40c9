/**
 * The list of built-in drivers.
 *
 * @module
 */

import { aalborgDpc } from "./aalborg_dpc.ts";
import { cryocon24 } from "./cryocon_24.ts";
import type { Driver } from "./driver.ts";
import { iotRelay } from "./iot_relay.ts";
import { mks946 } from "./mks_946.ts";
import { omegaUsbUtc } from "./omega_usb_utc.ts";
import { picarroG2210 } from "./picarro_g2210.ts";
import { scpiMultimeter } from "./scpi_multimeter.ts";
import { scpiPowerSupply } from "./scpi_power_supply.ts";
import { valcoValve } from "./valco_valve.ts";

/** The built-in drivers by their names in a bench file. */
export const builtInDrivers: Readonly<Record<string, Driver>> = {
  "aalborg-dpc": aalborgDpc,
  "cryocon-24": cryocon24,
  "iot-relay": iotRelay,
  "mks-946": mks946,
  "omega-usb-utc": omegaUsbUtc,
  "picarro-g2210": picarroG2210,
  "scpi-multimeter": scpiMultimeter,
  "scpi-power-supply": scpiPowerSupply,
  "valco-valve": valcoValve,
};
