/**
 * The list of built-in drivers.
 *
 * @module
 */

import { agilent34970a } from "./agilent_34970a.ts";
import { aalborgDpc } from "./aalborg_dpc.ts";
import { alicat } from "./alicat.ts";
import { cryocon24 } from "./cryocon_24.ts";
import type { Driver } from "./driver.ts";
import { iotRelay } from "./iot_relay.ts";
import { julabo } from "./julabo.ts";
import { keithley2400 } from "./keithley_2400.ts";
import { lakeShore335 } from "./lake_shore_335.ts";
import { lx200 } from "./lx200.ts";
import { mks946 } from "./mks_946.ts";
import { newEraNe1000 } from "./new_era_ne1000.ts";
import { newportEsp300 } from "./newport_esp300.ts";
import { omegaUsbUtc } from "./omega_usb_utc.ts";
import { pfeifferTpg26x } from "./pfeiffer_tpg26x.ts";
import { picarroG2210 } from "./picarro_g2210.ts";
import { scpiMultimeter } from "./scpi_multimeter.ts";
import { scpiPowerSupply } from "./scpi_power_supply.ts";
import { sr830 } from "./sr830.ts";
import { thorlabsSc10 } from "./thorlabs_sc10.ts";
import { valcoValve } from "./valco_valve.ts";

/** The built-in drivers by their names in a bench file. */
export const builtInDrivers: Readonly<Record<string, Driver>> = {
  "aalborg-dpc": aalborgDpc,
  "agilent-34970a": agilent34970a,
  "alicat": alicat,
  "cryocon-24": cryocon24,
  "iot-relay": iotRelay,
  "julabo": julabo,
  "keithley-2400": keithley2400,
  "lake-shore-335": lakeShore335,
  "lx200": lx200,
  "mks-946": mks946,
  "new-era-ne1000": newEraNe1000,
  "newport-esp300": newportEsp300,
  "omega-usb-utc": omegaUsbUtc,
  "pfeiffer-tpg26x": pfeifferTpg26x,
  "picarro-g2210": picarroG2210,
  "scpi-multimeter": scpiMultimeter,
  "scpi-power-supply": scpiPowerSupply,
  "sr830": sr830,
  "thorlabs-sc10": thorlabsSc10,
  "valco-valve": valcoValve,
};
