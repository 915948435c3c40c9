/**
 * Checks the roles that a bench file gives to addresses, groups, other PCs and a broker.
 *
 * @module
 */

import { roles } from "../../../protocol/vocabulary.ts";
import { didYouMean } from "../../bench/names.ts";
import type { Path } from "../../files/source.ts";
import type { FleetWords } from "../../fleet/fleet_schema.ts";
import type { MqttWords } from "../../mqtt/mqtt_schema.ts";
import type { AccessWords } from "../access_words.ts";
import type { Problems } from "./problems.ts";

/** The parts of a bench file that give roles. */
interface RoleWords extends AccessWords {
  readonly fleet?: FleetWords | undefined;
  readonly mqtt?: MqttWords | undefined;
}

/** Checks that there are the roles that are given. */
export function checkRoles(
  { roles: named = {}, addresses = {}, openid, fleet, mqtt }: RoleWords,
  problems: Problems,
): void {
  const known = [...roles, ...Object.keys(named)];
  const check = (path: Path, roles: Readonly<Record<string, string>>) => {
    for (const [whose, role] of Object.entries(roles)) {
      if (known.includes(role)) continue;
      problems.add([...path, whose], `is ${role}${didYouMean(role, known)}; roles are ${known.join(", ")}`);
    }
  };
  check(["addresses"], addresses);
  check(["openid", "groups"], openid?.groups ?? {});
  check(["fleet", "roles"], fleet?.roles ?? {});
  check(["mqtt"], mqtt?.role === undefined ? {} : { role: mqtt.role });
}
