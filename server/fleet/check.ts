/**
 * Checks what a bench file says of its fleet against the broker and the other PCs, as a person would: one thing after the
 * other, and what to do about each that is wrong.
 *
 * @module
 */

import { partsOf, type PresenceMessage, protocolNumber, subjects } from "../../protocol/fleet.ts";
import { version } from "../../protocol/version.ts";
import { wireError } from "../bench/wire_error.ts";
import { Broker } from "./broker.ts";
import { presenceSchema } from "./fleet_messages.ts";
import type { FleetWords } from "./fleet_schema.ts";

/** How long other PCs have to say that they are there, in milliseconds. */
const listenFor = 1500;
/** A clock that is off by more, in seconds, is told. */
const clockOff = 2;

/** Something that was looked at. */
export interface FleetFinding {
  /** Whether it is as it should be; `note` for what works and should be known. */
  readonly state: "well" | "note" | "wrong";
  /** What is so, and what to do about it. */
  readonly text: string;
}

/**
 * Checks a fleet's words. Nothing is changed, and no other PC takes this one for one that has come.
 *
 * @param words Files as absolute paths.
 * @returns What was found, in the order in which it was looked at; what needs something that is wrong is not looked at.
 */
export async function checkFleet(words: FleetWords): Promise<FleetFinding[]> {
  const { name, credentials } = words;
  const found: FleetFinding[] = [];
  const tell = (state: FleetFinding["state"], text: string) => void found.push({ state, text });
  const first = Promise.withResolvers<string>();
  const refused: string[] = [];
  const broker = new Broker(words, {
    joined: () => first.resolve(""),
    lost: (reason) => first.resolve(reason),
    refused: (reason) => void refused.push(reason),
  });
  try {
    await broker.open();
  } catch (error) {
    tell("wrong", wireError(error).message);
    return found;
  }
  try {
    const reason = await first.promise;
    if (reason !== "") {
      tell("wrong", reason);
      return found;
    }
    const secure = [words.broker].flat().some((each) => /^tls:/i.test(each));
    tell("well", `${broker.address} answers${secure ? ", and has proved itself" : ""}, and lets this PC in`);
    if (!secure) tell("note", "Whoever is on the way to the broker reads along: tls:// is for that");
    const heard = new Map<string, { readonly presence: PresenceMessage; readonly at: number }>();
    broker.subscribe(subjects.here("*"), ({ subject, text }) => {
      const presence = presenceIn(text);
      if (presence?.name === partsOf(subject)[1]) heard.set(presence!.name, { presence: presence!, at: Date.now() });
    });
    // What a PC needs; what is empty nobody takes for a message.
    for (const needed of [subjects.who("*"), subjects.ask("*", name), subjects.readings("*", "*")]) {
      broker.subscribe(needed, () => {});
    }
    for (const needed of [subjects.here(name), subjects.readings(name, "check"), subjects.ask(name, name)]) {
      broker.publish(needed, "");
    }
    broker.publish(subjects.who(name), "");
    const other = presenceIn(await broker.ask(subjects.name(name), "", listenFor / 1000).catch(() => "") ?? "");
    await new Promise((resolve) => setTimeout(resolve, listenFor));
    if (refused.length === 0) tell("well", `${name} may speak in its own name`);
    for (const each of new Set(refused)) {
      const user = credentials === undefined ? "whoever has no credentials" : `the user of ${credentials}`;
      tell(
        "wrong",
        `${each}. That is what ${user} may do there: it is another PC's, or the broker's configuration is older; ` +
          `“heliograph fleet init” writes one, and nats-server --signal reload has the broker read it`,
      );
    }
    if (other !== undefined) {
      tell(
        "note",
        `A PC is called ${name} already: the one of ${other.title}, whose server began ${other.started}. ` +
          `Where that is not this PC's own server, give this one another name in "fleet" of its bench file`,
      );
    }
    heard.delete(name);
    if (heard.size === 0) {
      tell(
        "note",
        "No other PC is there; where this broker is a site's own, its log says whether it reaches the main one (Leafnode)",
      );
    }
    for (const [pc, { presence, at }] of [...heard].sort(([one], [other]) => one < other ? -1 : 1)) {
      tellOther(pc, presence, at, tell);
    }
    return found;
  } finally {
    await broker.stop();
  }
}

function tellOther(
  pc: string,
  presence: PresenceMessage,
  at: number,
  tell: (state: FleetFinding["state"], text: string) => void,
): void {
  if (presence.leaves) return;
  const ahead = Math.round((Date.parse(presence.now) - at) / 100) / 10;
  tell("well", `${pc} is there, with ${presence.title}`);
  if (Math.abs(ahead) > clockOff) {
    tell(
      "wrong",
      `The clock of ${pc} is ${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} this PC's: let both be set by ` +
        "the network's time (NTP), or their records do not fit together",
    );
  }
  if ((presence.protocol ?? 1) > protocolNumber) {
    tell("note", `${pc} knows more of fleets than this version of heliograph: install the newer one here too`);
  } else if (presence.version !== version) {
    tell("note", `${pc} has heliograph ${presence.version}, and this PC ${version}`);
  }
}

function presenceIn(text: string): PresenceMessage | undefined {
  try {
    return presenceSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
