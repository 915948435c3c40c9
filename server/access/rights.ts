/**
 * Roles as sets of rights: those that every bench has, and those that a bench file names.
 *
 * @module
 */

import { type Right, rights, type Role, roleRights, roles } from "../../protocol/vocabulary.ts";

/** What somebody may do, and what that is called. */
export interface Standing {
  /** What the role is called; empty where it has no rights. */
  readonly roleName: string;
  /** What it may do. */
  readonly rights: ReadonlySet<Right>;
  /** The names of the instruments that it may drive; `undefined` for all. */
  readonly instruments?: ReadonlySet<string> | undefined;
}

/** Somebody who has proved who they are. */
export interface Person extends Standing {
  /** What they are called: nobody else may call themselves so. */
  readonly name: string;
  /** Whether the token that proved it is not valid any more. */
  readonly ended: boolean;
  /** When it ends at the latest, in milliseconds since 1970. @default that is not known */
  readonly until?: number;
}

/** The roles that every bench has. */
const builtIn: Readonly<Record<Role, Standing>> = {
  observer: { roleName: "observer", rights: new Set(roleRights.observer) },
  operator: { roleName: "operator", rights: new Set(roleRights.operator) },
  admin: { roleName: "admin", rights: new Set(roleRights.admin) },
};

/** One of the roles that every bench has. */
export function standingOf(role: Role): Standing {
  return builtIn[role];
}

/** The standing of who comes from elsewhere and has proved nothing: nothing but to say who they are. */
export const nobody: Standing = { roleName: "", rights: new Set() };

/**
 * The built-in role that comes closest to a set of rights from below, for what knows no others: drivers, and programs
 * that branch on it.
 */
export function nearestRole(has: ReadonlySet<Right>): Role {
  if (rights.every((right) => has.has(right))) return "admin";
  return has.has("drive") ? "operator" : "observer";
}

/** The roles that a bench file names, each with what it may do. */
export type NamedRoles = Readonly<Record<string, readonly Right[]>>;

/** The roles of one bench. */
export class Roles {
  readonly #known = new Map<string, Standing>(roles.map((role) => [role, builtIn[role]]));

  /**
   * Makes the table.
   *
   * @param named Those of the bench file, which has checked them. Whoever may do anything may also read.
   */
  constructor(named: NamedRoles = {}) {
    for (const [roleName, rights] of Object.entries(named)) {
      this.#known.set(roleName, { roleName, rights: new Set<Right>(["read", ...rights]) });
    }
  }

  /** A role by its name, or `undefined`. */
  find(name: string): Standing | undefined {
    return this.#known.get(name);
  }

  /** All of them, the built-in ones first. */
  get all(): readonly Standing[] {
    return [...this.#known.values()];
  }
}
