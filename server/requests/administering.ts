/**
 * The requests by which administrators see and change who may do what: people, their tokens, and sessions of browsers.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { AccessDescription, PersonDescription } from "../../protocol/access_description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { nameKey } from "../access/access_file.ts";
import type { KnownPerson } from "../access/access_store.ts";
import type { Access } from "../access/admit.ts";
import type { Principal } from "../access/principal.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { RequestOf } from "./request.ts";

const log = getLogger(["heliograph", "access"]);

/** For how long a link for a browser is good, in seconds: a day. */
const linkSeconds = 86_400;

/** The parts of the server that these requests act on. */
interface AdministeringParts {
  readonly access: Pick<Access, "store" | "browsers">;
}

function describePerson(
  { name, role, instruments, purpose, made, until, used, from }: KnownPerson,
): Omit<PersonDescription, "passkeys"> {
  return {
    name,
    role,
    instruments: instruments ?? null,
    purpose: purpose ?? "",
    made,
    until: until ?? null,
    used: used ?? null,
    from: from ?? "",
  };
}

/** What administrators ask for; the log tells who did it. */
export function administeringRequests({ access: { store, browsers } }: AdministeringParts, dispatcher: Dispatcher) {
  const known = (name: string): KnownPerson => {
    const found = store.people.find((one) => nameKey(one.name) === nameKey(name));
    if (found === undefined) throw new HeliographError("bad_argument", `Nobody is called ${name.slice(0, 64)} here`);
    return found;
  };
  /** Who asks, as the log calls them: what they do may end what they are called by. */
  const administrator = (principal: Principal, cmd: string): string => {
    dispatcher.check(principal, "administer", cmd);
    return principal.label;
  };
  return {
    People: ({ cmd }: RequestOf<"People">, principal: Principal): AccessDescription => {
      administrator(principal, cmd);
      return {
        people: store.people.map((person) => ({
          ...describePerson(person),
          passkeys: (store.passkeysOf(person.name) ?? []).map(({ id, title, made }) => ({ id, title, made })),
        })),
        sessions: browsers.describe(principal.proof),
        roles: store.roles.all.map(({ roleName, rights }) => ({ role: roleName, rights: [...rights] })),
      };
    },
    AddPerson: async ({ cmd, grant }: RequestOf<"AddPerson">, principal: Principal): Promise<{ token: string }> => {
      const client = administrator(principal, cmd);
      const token = await store.add(grant);
      const which = grant.instruments === undefined ? "" : ` of ${grant.instruments.join(", ")}`;
      log.info("{client} gave access to {name}, as {role}", {
        client,
        name: grant.name,
        role: `${grant.role}${which}`,
      });
      return { token };
    },
    RenewPerson: async (
      { cmd, name, days }: RequestOf<"RenewPerson">,
      principal: Principal,
    ): Promise<{ token: string }> => {
      const client = administrator(principal, cmd);
      const { name: whose } = known(name);
      const token = await store.renew(whose, days);
      log.info("{client} renewed the token of {name}", { client, name: whose });
      return { token };
    },
    LinkPerson: async (
      { cmd, name }: RequestOf<"LinkPerson">,
      principal: Principal,
    ): Promise<{ secret: string; until: string }> => {
      const client = administrator(principal, cmd);
      const { name: whose, role } = known(name);
      const until = new Date(Date.now() + linkSeconds * 1000).toISOString();
      const secret = await store.invite({ name: whose, role, kind: "link", seconds: linkSeconds });
      log.info("{client} made a link for {name} to sign in", { client, name: whose });
      return { secret, until };
    },
    RevokePerson: async ({ cmd, name }: RequestOf<"RevokePerson">, principal: Principal): Promise<undefined> => {
      const client = administrator(principal, cmd);
      const { name: whose } = known(name);
      await store.revoke(whose);
      log.info("{client} took the access of {name} away", { client, name: whose });
      return undefined;
    },
    RemovePasskey: async (
      { cmd, name, passkey }: RequestOf<"RemovePasskey">,
      principal: Principal,
    ): Promise<undefined> => {
      const client = administrator(principal, cmd);
      const { name: whose } = known(name);
      await store.removePasskey(whose, passkey);
      log.info("{client} removed a passkey of {name}", { client, name: whose });
      return undefined;
    },
    EndSession: ({ cmd, session }: RequestOf<"EndSession">, principal: Principal): undefined => {
      const client = administrator(principal, cmd);
      log.info("{client} ended a session of {name}", { client, name: browsers.endNumber(session) });
      return undefined;
    },
  };
}
