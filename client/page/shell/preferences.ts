/**
 * How this browser shows the page: density, times, and light or dark.
 *
 * @module
 */

import { Live } from "../live/live.tsx";
import { keep, readKept } from "./kept.ts";
import { view } from "./place.ts";

/** How close things stand, and how large they are. */
export const densities = ["comfortable", "compact", "wall"] as const;
/** Whose clock times are written by. */
export const timeZones = ["local", "utc"] as const;
/** Light or dark; `system` follows the PC. */
export const themes = ["system", "light", "dark"] as const;

export type Density = typeof densities[number];
export type TimeZoneChoice = typeof timeZones[number];
export type Theme = typeof themes[number];

/** A choice that the browser keeps, and that the style sheets see as an attribute of `<html>`. */
function kept<T extends string>(name: string, choices: readonly [T, ...T[]], forced?: T): Live<T> {
  const stored = readKept(`heliograph.${name}`);
  const live = new Live<T>(forced ?? choices.find((choice) => choice === stored) ?? choices[0]);
  const show = () => document.documentElement.dataset[name] = live.value;
  show();
  live.subscribe(() => {
    show();
    keep(`heliograph.${name}`, live.value);
  });
  return live;
}

/** How close things stand. */
export const density: Live<Density> = kept("density", densities, view.wall ? "wall" : undefined);
/** Whose clock times are written by. */
export const timeZone: Live<TimeZoneChoice> = kept("times", timeZones);
/** Light or dark. */
export const theme: Live<Theme> = kept("theme", themes);

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
function darkNow(): boolean {
  return theme.value === "dark" || theme.value === "system" && systemIsDark.matches;
}

/** Whether the page is dark now: for what is drawn, and does not follow the style sheets. */
export const isDark: Live<boolean> = new Live(darkNow());
theme.subscribe(() => isDark.value = darkNow());
systemIsDark.addEventListener("change", () => isDark.value = darkNow());
