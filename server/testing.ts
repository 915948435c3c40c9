/**
 * Tools for tests of one's own instruments and drivers: simulated instruments on ports that a driver can be pointed to,
 * with faults where they are wanted, and clocks that are advanced by hand.
 *
 * @example A driver's port, answered by a simulator
 * ```ts
 * import { simulateTcp } from "@heliograph/heliograph/testing";
 *
 * const lamp = { commandEnd: "\n", answerEnd: "\n", answer: (command: string) => command === "on?" ? "1" : undefined };
 * const simulator = simulateTcp(lamp, 0);
 * console.log(simulator.address.startsWith("tcp://127.0.0.1:")); // true
 * await simulator.close();
 * ```
 *
 * @module
 */

export { type Clock, SimulatedClock } from "./camera/clock.ts";
export type { Faults } from "./devices/simulators/faults.ts";
export { simulatePty, simulateTcp, simulateUdp } from "./devices/simulators/serve.ts";
export type { Simulator } from "./devices/simulators/simulator.ts";
