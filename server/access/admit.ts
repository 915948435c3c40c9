/**
 * Admits callers: makes a principal of each and gives it a role. Every way in calls it, and nothing else decides roles.
 *
 * @module
 */

import type { Role } from "../bench/command.ts";
import { isLoopback } from "../network/loopback.ts";
import type { ClientConnection } from "../network/connection.ts";
import { type Arrival, Principal, type WayIn } from "./principal.ts";
import type { Session, Sessions } from "./sessions.ts";

/**
 * The role of a caller who proves nothing: all from this PC, as the originals have it. From elsewhere, which takes
 * `--insecure-open`, they drive the instruments but do not stop the server.
 */
function roleOf({ by, hostname = "" }: Arrival): Role {
  return by === "program" || isLoopback(hostname) ? "admin" : "operator";
}

/**
 * Lets somebody in.
 *
 * @param arrival What is known of them.
 */
export function admit<W extends WayIn>(arrival: Arrival<W>): Principal<W> {
  return new Principal(arrival, roleOf(arrival));
}

/**
 * Lets in who comes over a connection that stays.
 *
 * @param by Which wire it speaks.
 * @param connection What carries it.
 * @param sessions What gives it a number.
 */
export function admitConnection(
  by: Session["principal"]["by"],
  connection: ClientConnection,
  sessions: Pick<Sessions, "nextId">,
): Session["principal"] {
  const { hostname, address } = connection;
  return admit({ by, id: sessions.nextId(), hostname, address, gone: () => connection.closed });
}
