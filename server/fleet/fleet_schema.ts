/**
 * The words of a bench file about its fleet.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { fleetName, fleetNameRule } from "../../protocol/fleet.ts";

/** What a bench file says of its fleet. */
export interface FleetWords {
  readonly broker: string | readonly string[];
  readonly name: string;
  readonly credentials?: string | undefined;
  readonly authority?: string | undefined;
  readonly gather?: string | undefined;
  readonly roles?: Readonly<Record<string, string>> | undefined;
  readonly page?: string | undefined;
}

const broker = z.string().regex(
  /^(?:nats|tls):\/\/(?:\[[0-9a-f:.]+\]|[^/:@\s]+)(?::\d{1,5})?$/i,
  "must be tls://HOST:PORT, or nats://HOST:PORT where nobody can listen on the way",
);

/** Where a page is: nothing that a browser would run. */
export const pageAddress = z.string().max(1000).regex(/^https?:\/\/[^\s"<>]+$/i, "must be https://HOST:PORT");

/** What a bench file may say of its fleet. */
export const fleetSchema = z.strictObject({
  broker: z.union([broker, z.array(broker).min(1).max(20)]).meta({
    description: "Where the NATS server is: tls://nats.lab:4222; several where there are several",
  }),
  name: z.string().regex(fleetName, `must be ${fleetNameRule}`).meta({
    description: "What this PC is called in the fleet: cold-lab. No other may have the name",
  }),
  credentials: z.string().min(1).optional().meta({
    description: "The file with what this PC proves itself by: an nkey's seed, or NATS' .creds",
  }),
  authority: z.string().min(1).optional().meta({
    description: "The file with the certificate of the broker's authority. Default those that this PC trusts",
  }),
  gather: z.string().min(1).optional().meta({
    description: "A folder in which this PC gathers the records of all others. Default it gathers none",
  }),
  roles: z.record(z.string().min(1).max(64), z.string().min(1)).optional().meta({
    description: "What the other PCs may do here at most: a role for each name; * for all others. Default observer",
  }),
  page: pageAddress.optional().meta({
    description: "Where the other PCs reach the page of this one: https://cold-lab:2404. Their pages lead there",
  }),
}) satisfies z.ZodType<FleetWords>;
