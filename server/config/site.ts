/**
 * The bench file's word `site`: where on Earth the bench stands, by which a run knows the height of the sun.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";

/** A place on Earth. */
export interface Site {
  /** In degrees, north positive. */
  readonly latitude: number;
  /** In degrees, east positive. */
  readonly longitude: number;
  /** Above sea level, in metres. @default 0 */
  readonly elevation?: number | undefined;
}

/** The bench file's word `site`. */
export const siteSchema: z.ZodType<Site> = z.strictObject({
  latitude: z.number().min(-90).max(90).meta({ description: "In degrees, north positive: 31.96" }),
  longitude: z.number().min(-180).max(180).meta({ description: "In degrees, east positive: -111.6 for Arizona" }),
  elevation: z.number().min(-500).max(20_000).optional().meta({
    description: "Above sea level, in metres; default 0",
  }),
});
