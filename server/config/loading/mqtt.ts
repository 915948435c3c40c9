/**
 * Checks what a bench file says of MQTT.
 *
 * @module
 */

import { resolve } from "node:path";
import type { Instrument } from "../../bench/instrument.ts";
import { checkDriven } from "../../mqtt/mqtt_commands.ts";
import { mqttFiles, type MqttWords } from "../../mqtt/mqtt_schema.ts";
import { checkNamedFields } from "./named_fields.ts";
import type { Problems } from "./problems.ts";

/**
 * Checks what is published and driven by MQTT.
 *
 * @param beside The absolute path of the file's folder.
 * @param lookForFiles Whether files are looked for; one that is not there keeps no bench from being served.
 * @returns What it says, with absolute paths.
 */
export async function readMqtt(
  given: MqttWords | undefined,
  instruments: readonly Instrument[],
  beside: string,
  lookForFiles: boolean,
  problems: Problems,
): Promise<MqttWords | undefined> {
  if (given === undefined) return undefined;
  // Of a bench that is wrong itself, not all is there that may be named.
  if (problems.count === 0) {
    checkNamedFields(["mqtt", "fields"], given.fields, instruments, problems);
    checkDriven(given.commands ?? [], instruments, (index, why) => problems.add(["mqtt", "commands", index], why));
  }
  if (given.passwordFile !== undefined && given.user === undefined) {
    problems.add(["mqtt", "user"], "is missing: MQTT takes no password without a user");
  }
  if ((given.certificateFile === undefined) !== (given.keyFile === undefined)) {
    problems.add(["mqtt"], "certificateFile and keyFile belong together: give both, or neither");
  } else if (given.certificateFile !== undefined && /^mqtt:/i.test(given.broker)) {
    problems.add(["mqtt", "broker"], "must be mqtts:// where this PC proves itself by a certificate");
  }
  const words: { -readonly [word in keyof MqttWords]: MqttWords[word] } = { ...given };
  for (const word of mqttFiles) {
    const file = given[word];
    if (file === undefined) continue;
    const found = words[word] = resolve(beside, file);
    if (lookForFiles) await problems.lookFor(["mqtt", word], found);
  }
  return words;
}
