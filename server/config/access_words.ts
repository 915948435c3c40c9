/**
 * The words of a bench file that say who may do what, and how they come: `roles`, `addresses`, `loopback`, `tls`,
 * `trustedProxies`.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { rights, roles } from "../../protocol/vocabulary.ts";
import { isNetwork } from "../access/addresses.ts";
import type { NamedRoles } from "../access/rights.ts";

/** Code is evaluated by admins only: no other role says it. */
const sayable = rights.filter((right) => right !== "evaluate");

const roleName = z.string().min(1).max(64).regex(
  /^\S(?:.*\S)?$/,
  "a role has a name that begins and ends with a letter",
)
  .refine((name) => !(roles as readonly string[]).includes(name), "is what every bench has, and stays as it is");

/** The words, with what they may be. */
export const accessWords = {
  roles: z.record(roleName, z.array(z.enum(sayable as [typeof sayable[number], ...typeof sayable])).min(1))
    .optional().meta({
      description:
        "Roles of this bench by name, besides observer, operator and admin: what each may do besides reading",
    }),
  addresses: z.record(
    z.string().refine(isNetwork, 'must be an address or a network, as in "10.1.2.0/28"'),
    z.string().min(1),
  ).optional().meta({
    description:
      "The role of whoever comes from an address or a network without a token, for programs that can give none",
  }),
  loopback: z.enum(["open", "token"]).optional().meta({
    description: "open: whoever is on this PC may do everything; token: they need one as well. Default open",
  }),
  tls: z.strictObject({
    cert: z.string().min(1).meta({ description: "The certificate, a PEM file, as seen from this file" }),
    key: z.string().min(1).meta({ description: "Its private key, a PEM file, as seen from this file" }),
  }).optional().meta({
    description:
      "A certificate of one's own and its private key, as PEM files as seen from this file; read again when " +
      "they change. Default: the server makes its own, in the folder .keys beside this file",
  }),
  trustedProxies: z.array(z.string().refine(isNetwork, 'must be an address or a network, as in "10.1.2.0/28"'))
    .optional().meta({
      description:
        "Addresses and networks of proxies before the web port: what they say of where a request comes from " +
        "is believed, and nobody else's",
    }),
};

/** Who may do what, as a bench file says it. */
export interface AccessWords {
  /** Roles of the bench, besides those that every bench has. */
  readonly roles?: NamedRoles | undefined;
  /** Networks, and the names of roles. */
  readonly addresses?: Readonly<Record<string, string>> | undefined;
  /** Whether this PC's own callers need a token. */
  readonly loopback?: "open" | "token" | undefined;
  /** A certificate of the operator's and its key: files, as seen from the bench file. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Networks whose proxies are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
}

const schema = z.object(accessWords);

/** The words of a bench file that is otherwise not looked at. @returns Them; `undefined` where they are wrong. */
export function accessWordsOf(described: unknown): AccessWords | undefined {
  return schema.safeParse(described).data;
}
