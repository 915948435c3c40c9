/**
 * Simulates the flow of gas through a mass flow controller.
 *
 * @module
 */

import { follow, Noise } from "./physics.ts";

/** The modes of a mass flow controller's valve. */
export const flowModes = ["Closed", "Setpoint", "Open"];

/** A mass flow controller's valve and meter: the flow follows what the mode asks for, with a lag and some noise. */
export class FlowPhysics {
  /** One of {@linkcode flowModes}. */
  mode = "Closed";
  /** The flow that is asked for, in sccm. */
  setpoint = 0;
  /** The flow that goes through, in sccm. */
  flow = 0;
  /** The most that goes through, in sccm. */
  readonly fullScale: number;
  readonly #noise: Noise;

  /** Makes a closed one. @param fullScale The most that goes through, in sccm. @param seed The seed of its noise. */
  constructor(fullScale: number, seed: number) {
    this.fullScale = fullScale;
    this.#noise = new Noise(seed);
  }

  /** Lets time pass. @param seconds How much. */
  step(seconds: number): void {
    const target = this.mode === "Closed" ? 0 : this.mode === "Open" ? this.fullScale : this.setpoint;
    this.flow = follow(this.flow, target, 1.5, seconds);
  }

  /** The reading of the meter, in sccm; never below zero, as PyOpticon's widgets clip it. */
  measured(): number {
    return this.flow < 1e-3 ? 0 : Math.max(0, this.flow + this.#noise.normal(this.fullScale * 0.0005));
  }
}
