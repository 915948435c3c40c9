/**
 * Simulates the temperature of a detector in its cryostat.
 *
 * @module
 */

import { follow } from "./physics.ts";

/**
 * A cold finger at -185 °C cools the detector with a time constant of four minutes; the heater holds it at the control
 * temperature once it is there.
 */
export class CryostatPhysics {
  /** The control temperature (set point), in °C. */
  control = -100;
  /** Whether the heater works. */
  heating = true;
  /** The detector's temperature, in °C. */
  detector = 20;
  /** The cold finger's temperature, in °C. */
  finger = 20;

  /** Lets time pass. @param seconds How much. */
  step(seconds: number): void {
    this.finger = follow(this.finger, -185, 120, seconds);
    const cooled = follow(this.detector, this.finger, 240, seconds);
    if (!this.heating) {
      this.detector = cooled;
      return;
    }
    // The heater only warms: above the set point the detector cools towards the finger, below it the heater works.
    const heated = follow(this.detector, this.control, 20, seconds);
    this.detector = this.detector > this.control ? Math.max(this.control, cooled) : Math.min(this.control, heated);
  }
}
