/**
 * How high the sun stands, and when it will stand so high, for runs that wait for the night.
 *
 * @module
 */

import { Body, Equator, Horizon, Observer, SearchAltitude } from "npm:astronomy-engine@2.1.19";
import type { Site } from "../config/site.ts";

/** For how long it is looked ahead, in days: what is not so within a year never is. */
const longestSearch = 367;

/** What is waited for. */
export interface SunWait {
  readonly site: Site;
  /** In degrees; that of the middle of the sun, without refraction, as almanacs have twilight. */
  readonly altitude: number;
  /** Whether it is to be below, and not above. */
  readonly below: boolean;
}

/** Where a site stands, for the almanac. */
function observer({ latitude, longitude, elevation = 0 }: Site): Observer {
  return new Observer(latitude, longitude, elevation);
}

/** How high the sun stands, in degrees. */
export function sunAltitude(site: Site, time: Date): number {
  const { ra, dec } = Equator(Body.Sun, time, observer(site), true, true);
  return Horizon(time, observer(site), ra, dec).altitude;
}

/** Whether the sun stands as it is waited for. */
export function sunIsSo({ site, altitude, below }: SunWait, time: Date): boolean {
  const now = sunAltitude(site, time);
  return below ? now < altitude : now > altitude;
}

/** When the sun goes there next, in milliseconds since 1970; `undefined` where that is not within a year. */
export function sunComesTo({ site, altitude, below }: SunWait, time: Date): number | undefined {
  return SearchAltitude(Body.Sun, observer(site), below ? -1 : 1, time, longestSearch, altitude)?.date.getTime();
}

/** When that is, as people say it: `so now`, `about 18:42`, `not before 12 August`. */
export function sunText(wait: SunWait, time: Date, due: number | undefined = sunComesTo(wait, time)): string {
  if (sunIsSo(wait, time)) return "so now";
  if (due === undefined) return "not within a year";
  const then = new Date(due);
  const clock = [then.getHours(), then.getMinutes()].map((each) => String(each).padStart(2, "0")).join(":");
  if (due - time.getTime() < 86_400_000) return `about ${clock}`;
  const month = then.toLocaleString("en", { month: "long" });
  return `not today: about ${clock} on ${then.getDate()} ${month} ${then.getFullYear()}`;
}
