/**
 * The words of a bench file that say who may do what, and how they come: `roles`, `addresses`, `loopback`, `tls`,
 * `trustedProxies`.
 *
 * @module
 */

import { resolve } from "node:path";
import * as z from "npm:zod@4.6.7";
import { rights, roles } from "../../protocol/vocabulary.ts";
import { isNetwork } from "../access/addresses.ts";
import type { OpenIdWords } from "../access/openid.ts";
import type { NamedRoles } from "../access/rights.ts";
import { isLoopback } from "../network/loopback.ts";

/** A role of a bench file never lets code be evaluated: that is admin's alone. */
const sayable = rights.filter((right) => right !== "evaluate");

const roleName = z.string().min(1).max(64).regex(
  /^\S(?:.*\S)?$/,
  "a role has a name that begins and ends with a letter",
)
  .refine((name) => !(roles as readonly string[]).includes(name), "is what every bench has, and stays as it is");

/** Where secrets go, only TLS goes; but for a provider on this PC. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)));
}

function isPage(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && url.search === "";
}

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
  openid: z.strictObject({
    issuer: z.string().refine(isIssuer, "must be an address that begins with https://").meta({
      description: "The address of the institute's provider: https://login.example.edu/realms/staff",
    }),
    clientId: z.string().min(1).meta({ description: "What the provider calls this server" }),
    clientSecretFile: z.string().min(1).optional().meta({
      description: "The file with the secret that the provider gave for it, as seen from this file",
    }),
    page: z.string().refine(isPage, "must be an address without a path: https://lab-pc.example.edu:2403").meta({
      description:
        "By which address people reach the page: https://lab-pc.example.edu:2403; the provider sends browsers back " +
        "to /api/v1/session/openid there",
    }),
    groups: z.record(z.string().min(1), z.string().min(1)).meta({
      description: "The role of each group; of several, the first one here counts",
    }),
    groupsClaim: z.string().min(1).optional().meta({ description: "The claim that holds the groups. Default groups" }),
    nameClaim: z.string().min(1).optional().meta({
      description: "The claim that holds what somebody is called. Default preferred_username, else email, else sub",
    }),
    scope: z.string().regex(/(^| )openid( |$)/, "must hold openid").optional().meta({
      description: "What is asked for. Default openid profile email",
    }),
    title: z.string().min(1).max(64).optional().meta({ description: "What the page calls the institute" }),
    hours: z.number().min(0.1).max(720).optional().meta({
      description: "After how many hours people have to sign in again. Default 12",
    }),
  }).optional().meta({ description: "An institute whose people may sign in, with OpenID Connect" }),
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
  /** An institute whose people may sign in; its file is as seen from the bench file. */
  readonly openid?: OpenIdWords | undefined;
  /** Networks whose proxies are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
}

const schema = z.object(accessWords);

/** The words of a bench file that is otherwise not looked at. @returns Them; `undefined` where they are wrong. */
export function accessWordsOf(described: unknown): AccessWords | undefined {
  return schema.safeParse(described).data;
}

/** Who may do what on a bench. @param beside The absolute path of its file's folder. @returns It, with absolute paths. */
export function accessOptions(
  { roles, addresses, loopback, tls, openid, trustedProxies }: AccessWords,
  beside: string,
): AccessWords {
  return {
    roles,
    addresses,
    loopback,
    tls: tls && { cert: resolve(beside, tls.cert), key: resolve(beside, tls.key) },
    openid: openid && {
      ...openid,
      clientSecretFile: openid.clientSecretFile && resolve(beside, openid.clientSecretFile),
    },
    trustedProxies,
  };
}
