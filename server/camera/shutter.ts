/**
 * Knows whether the camera's shutter is open, by what its detector is told: an exposure's steps and hands move the same
 * one.
 *
 * @module
 */

import type { Detector } from "./detector.ts";

/** The parts of a detector that move its shutter. */
type Moving = Pick<Detector, "begin" | "pause" | "resume" | "end" | "abort" | "setShutter">;

/**
 * The same detector, which tells whenever its shutter has been moved.
 *
 * @param detector The detector.
 * @param told Told when the shutter has moved, and whether it is open.
 */
export function watchShutter(detector: Detector, told: (open: boolean) => void): Detector {
  /** Whether light is let in when the exposure is resumed. */
  let lit = false;
  const moving: Moving = {
    begin: async (light, surroundings) => {
      await detector.begin(light, surroundings);
      told(lit = light !== "none");
    },
    pause: () => detector.pause().then(() => told(false)),
    resume: () => detector.resume().then(() => told(lit)),
    end: () => detector.end().then(() => told(false)),
    abort: () => detector.abort().then(() => told(false)),
    setShutter: (open) => detector.setShutter(open).then(() => told(open)),
  };
  return new Proxy(detector, {
    get(target, name) {
      if (Object.hasOwn(moving, name)) return moving[name as keyof Moving];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
