/** How often PCs of a large fleet say that they are there, and how soon it is known of one that is looked at that it is not. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { NatsConnectionImpl, setTransportFactory } from "npm:@nats-io/nats-core@3.4.0/internal";
import { type AskMessage, partsOf, type PresenceMessage, subjects } from "../../../protocol/fleet.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { describeInstrument } from "../../../server/bench/describe.ts";
import { DenoTransport } from "../../../server/fleet/transport.ts";
import { eventually } from "../../fixture.ts";
import { hasNats, NatsServer } from "../../nats.ts";
import { fleetAlone, gauge } from "./pc.ts";

setTransportFactory({ factory: () => new DenoTransport(), defaultPort: 4222 });

function presenceOf(name: string): PresenceMessage {
  const now = new Date().toISOString();
  return {
    ...{ name, instance: name, title: `${name} bench`, version: "0.2.0", started: now, now, bench: 0, trouble: "" },
    ...{ instruments: ["gauge"], leaves: false, every: 25 },
  };
}

Deno.test(
  "fleet: of a thousand PCs each says every 25 s that it is there, changes at once; one that is looked at is asked",
  { ignore: !hasNats },
  async () => {
    await using broker = await NatsServer.start();
    const fleet = fleetAlone(broker, "warm-lab", new Bench(), { askAfter: 0.2, lookEvery: 50 });
    // All the others but one, on one connection.
    const crowd = await NatsConnectionImpl.connect({ servers: `127.0.0.1:${broker.port}` });
    const cold = await NatsConnectionImpl.connect({ servers: `127.0.0.1:${broker.port}` });
    try {
      const said: PresenceMessage[] = [];
      crowd.subscribe(subjects.here("warm-lab"), { callback: (_, message) => void said.push(message.json()) });
      const asked: string[] = [];
      const { instrument } = gauge();
      cold.subscribe(subjects.ask("*", "cold-lab"), {
        callback: (_, message) => {
          const { cmd } = message.json<AskMessage>().message;
          asked.push(String(cmd));
          const value = cmd === "Describe" ? describeInstrument(instrument) : presenceOf("cold-lab");
          message.respond(JSON.stringify({ id: 1, ok: true, value }));
        },
      });
      await cold.flush();
      await fleet.open();
      await eventually(() => said.length > 0, "it is in the fleet");
      strictEqual(said[0]!.every, 5, "alone it says so every five seconds");
      for (let at = 0; at < 998; at++) {
        crowd.publish(subjects.here(`lab-${at}`), JSON.stringify(presenceOf(`lab-${at}`)));
      }
      cold.publish(subjects.here("cold-lab"), JSON.stringify(presenceOf("cold-lab")));
      await eventually(() => fleet.describe().members.length === 1000, "it has heard of all");

      // All of them ask who is there: each is told alone, and what changes is told to all.
      said.length = 0;
      const told = new Map<string, number>();
      const answers = crowd.subscribe(subjects.ask("warm-lab", "*"), {
        callback: (_, message) => {
          const { cmd, here } = message.json<AskMessage>().message;
          const [, , whom] = partsOf(message.subject);
          if (cmd === "Here" && (here as PresenceMessage).name === "warm-lab") {
            told.set(whom!, (told.get(whom!) ?? 0) + 1);
          }
        },
      });
      const who = JSON.stringify({ directly: true });
      for (let at = 0; at < 998; at++) crowd.publish(subjects.who(`lab-${at}`), who);
      await eventually(() => told.size === 998, "each is told");
      deepStrictEqual([...new Set(told.values())], [1], "once");
      answers.unsubscribe();
      deepStrictEqual(said, [], "and nobody else");
      fleet.changed();
      await eventually(() => said.length > 0, "the change is told");
      deepStrictEqual(said.map(({ every }) => every), [25]);

      // One that has come tells it alone; nobody tells of another PC.
      const tell = (pc: string, here: PresenceMessage) =>
        crowd.publish(
          subjects.ask(pc, "warm-lab"),
          JSON.stringify({
            ...{ for: { name: "", rights: [] }, seconds: 5, message: { cmd: "Here", here } },
          }),
        );
      tell("liar", presenceOf("new-lab"));
      tell("newer-lab", presenceOf("newer-lab"));
      await eventually(() => fleet.describe().members.some(({ name }) => name === "newer-lab"), "it is known");
      ok(!fleet.describe().members.some(({ name }) => name === "new-lab"));

      // A namesake that came later hears at once of this one, not by the next turn: it has to give way.
      said.length = 0;
      crowd.publish(subjects.here("warm-lab"), JSON.stringify({ ...presenceOf("warm-lab"), instance: "a namesake" }));
      await eventually(() => said.some(({ instance }) => instance !== "a namesake"), "the namesake is told");

      const coldLab = () => fleet.describe().members.find(({ name }) => name === "cold-lab")!;
      await new Promise((resolve) => setTimeout(resolve, 400));
      deepStrictEqual(asked, [], "nobody looks at it");
      await fleet.follow("cold-lab/gauge");
      await eventually(() => asked.filter((each) => each === "Here").length > 1, "it is asked again and again");
      ok(coldLab().here);
      // It is killed: it says nothing any more, not that it goes either.
      await cold.close();
      await eventually(() => !coldLab().here, "it is known that it has gone");
      match(coldLab().reason, /^cold-lab is not connected, last seen /);
      ok(fleet.describe().members.filter(({ here }) => here).length === 1000, "the others are there");
    } finally {
      await fleet.stop();
      await crowd.close();
      if (!cold.isClosed()) await cold.close();
    }
  },
);
