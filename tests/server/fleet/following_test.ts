/** PCs that follow one another only where somebody looks, by a real NATS server that tells who has subscribed to what. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { NatsConnectionImpl, setTransportFactory } from "npm:@nats-io/nats-core@3.4.0/internal";
import { command, defineInstrument, type Instrument } from "../../../mod.ts";
import type { WatchEvent } from "../../../protocol/framed_message.ts";
import { type AskMessage, type FleetDescription, partsOf, subjects } from "../../../protocol/fleet.ts";
import { Principal } from "../../../server/access/principal.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { Watch } from "../../../server/faces/shared/watch.ts";
import { DenoTransport } from "../../../server/fleet/transport.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { hasNats, NatsServer } from "../../nats.ts";
import { inFolder } from "../guards/lab.ts";
import { fleetAlone, gauge, Pc } from "./pc.ts";

const options = { ignore: !hasNats };
setTransportFactory({ factory: () => new DenoTransport(), defaultPort: 4222 });

/** Hears what the PCs of a broker say, and asks the broker who hears what. */
class Observer {
  /** Who had whom describe an instrument: `warm-lab cold-lab/gauge`. */
  readonly described: string[] = [];
  /** The instruments whose readings were published. */
  readonly published = new Set<string>();
  readonly #connection: NatsConnectionImpl;
  readonly #monitor: string;

  private constructor(connection: NatsConnectionImpl, monitor: string) {
    this.#connection = connection;
    this.#monitor = monitor;
  }

  static async start(broker: NatsServer): Promise<Observer> {
    const connection = await NatsConnectionImpl.connect({ servers: `127.0.0.1:${broker.port}` });
    const [, port] = /http monitor on 127\.0\.0\.1:(\d+)/.exec(broker.told)!;
    const observer = new Observer(connection as NatsConnectionImpl, `http://127.0.0.1:${port}/connz?subs=1`);
    connection.subscribe(subjects.ask("*", "*"), {
      callback: (_, message) => {
        const [, asker, asked] = partsOf(message.subject);
        const { cmd, instrument } = (message.json() as AskMessage).message;
        if (cmd === "Describe") observer.described.push(`${asker} ${asked}/${instrument}`);
      },
    });
    connection.subscribe(subjects.readings("*", "*"), {
      callback: (_, { subject }) => void observer.published.add(partsOf(subject).slice(1).join("/")),
    });
    await connection.flush();
    return observer;
  }

  /** Who has whom describe itself. */
  get pairs(): string[] {
    return [...new Set(this.described.map((each) => each.split("/")[0]!))].sort();
  }

  /** Who takes whose readings: `warm-lab cold-lab`. */
  async following(): Promise<string[]> {
    const { connections } = await (await fetch(this.#monitor)).json() as {
      readonly connections: readonly { readonly name?: string; readonly subscriptions_list?: readonly string[] }[];
    };
    return connections.flatMap(({ name = "", subscriptions_list = [] }) =>
      !name.startsWith("heliograph ") ? [] : subscriptions_list.flatMap((subject) => {
        const [kind, pc] = partsOf(subject);
        return kind === "readings" ? [`${name.slice("heliograph ".length)} ${pc}`] : [];
      })
    ).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

/** Watches an instrument, as a client's message does. */
function watchOf(bench: Bench, instrument: Instrument, told: WatchEvent[]): Watch {
  const services = {
    bench,
    control: { holderOf: () => null },
    arrangement: { onChange: () => () => {} },
    guards: undefined,
    runs: undefined,
  };
  const session = {
    connection: { closed: false, address: "", sendMessage: (text: string) => void told.push(JSON.parse(text)) },
    turn: { charge: () => {} },
    pace: () => undefined,
  };
  return new Watch(1, services as never, session as never, instrument, undefined);
}

async function startBroker(): Promise<NatsServer> {
  return await NatsServer.start(["--http_port", "-1"]);
}

Deno.test(
  "fleet: a PC is described and followed by those alone who look at it, whatever asks first",
  options,
  async () => {
    await using broker = await startBroker();
    await using observer = await Observer.start(broker);
    const cold = gauge();
    const relay = defineInstrument({
      title: "Relay",
      commands: {
        ask: command({
          summary: "Read another PC's gauge",
          role: "observer",
          run: (_, { call }) => call("warm-lab/gauge", "get", "pressure"),
        }),
      },
    });
    await using coldLab = new Pc(broker, "cold-lab", [cold.instrument, relay]);
    await using warmLab = new Pc(broker, "warm-lab", [gauge().instrument]);
    await using thirdLab = new Pc(broker, "third-lab", [gauge().instrument]);
    await using fourthLab = new Pc(broker, "fourth-lab", [gauge().instrument]);
    await using fifthLab = new Pc(broker, "fifth-lab", [gauge().instrument]);
    for (const pc of [coldLab, warmLab, thirdLab, fourthLab, fifthLab]) {
      await eventually(async () => {
        const { members } = JSON.parse((await pc.line("fleet.list")).slice(3)) as FleetDescription;
        return members.filter(({ here, instruments }) => here && instruments.includes("gauge")).length === 5;
      }, "they know of one another");
    }
    match(
      await warmLab.line("cold-lab/gage.get valve"),
      /^ERROR cold-lab has no instrument called gage \(did you mean gauge\?\); it has .*gauge/,
    );
    match(
      await warmLab.line("cold-leb/gauge.get valve"),
      /^ERROR No PC of the fleet is called cold-leb \(did you mean/,
    );
    deepStrictEqual([observer.described, await observer.following()], [[], []], "nobody has looked yet");
    // Who hears all, as a PC of an older version, is told.
    cold.instrument.fields.Pressure.update(3.5);
    await eventually(() => observer.published.has("cold-lab/gauge"), "readings are published all the same");

    strictEqual(await warmLab.line("cold-lab/gauge.get pressure"), "OK 3.50", "on azcam's line");
    const got = await thirdLab.framed({ cmd: "Get", instrument: "cold-lab/Gauge", field: "Pressure" });
    deepStrictEqual([got.value, got.quality], [3.5, "good"], "in the framed dialect, by its title");
    strictEqual(await coldLab.line("relay.ask"), "OK 3.00", "by the code of an instrument");
    strictEqual(await thirdLab.line("take fourth-lab/gauge 5m"), "OK", "as an argument");
    match(await fourthLab.line("help fifth-lab/gauge.slowly"), /^OK .*Take long/);
    {
      // Ended before it has begun.
      using client = await RawClient.connect(coldLab.server.dashboardServer.port);
      const watch = { id: 1, cmd: "Watch", instrument: "third-lab/gauge" };
      const get = { id: 3, cmd: "Get", instrument: "third-lab/gauge", field: "Pressure" };
      const messages = [watch, { id: 2, cmd: "Unwatch", watch: 1 }, get, { ...watch, instrument: "third-lab/gage" }];
      await client.send(messages.map((each) => `${JSON.stringify(each)}\n`).join(""));
      const replies = (await client.lines(4)).map((each) => JSON.parse(each)).map(({ id, ok }) => `${id} ${ok}`);
      deepStrictEqual(replies.sort(), ["1 false", "1 true", "2 true", "3 true"]);
      strictEqual(JSON.parse(await client.ask('{"id":4,"cmd":"Ping"}')).id, 4, "nothing is told of it");
    }
    {
      await using client = fifthLab.client();
      const changes = client.watch("cold-lab/gauge", "Pressure")[Symbol.asyncIterator]();
      const next = async (): Promise<unknown> => {
        for (;;) {
          const { value } = await changes.next();
          if (value?.event === "field" && value.quality === "good") return value.value;
        }
      };
      strictEqual(await next(), 3.5, "by a watch");
      cold.instrument.fields.Pressure.update(4.5);
      strictEqual(await next(), 4.5);
      // Whoever watches is told again once the broker is back.
      await broker.kill();
      cold.instrument.fields.Pressure.update(5.5);
      await broker.start();
      strictEqual(await next(), 5.5);
      await changes.return?.();
    }
    const pairs = [
      "cold-lab third-lab",
      "cold-lab warm-lab",
      "fifth-lab cold-lab",
      "fourth-lab fifth-lab",
      "third-lab cold-lab",
      "third-lab fourth-lab",
      "warm-lab cold-lab",
    ];
    deepStrictEqual(observer.pairs, pairs);
    await using again = await Observer.start(broker);
    await eventually(async () => (await again.following()).join() === pairs.join(), "each is back");
  },
);

Deno.test(
  "fleet: who is asked for no more is followed no more, unless somebody watches, waits or expects; later all is fresh",
  options,
  async () => {
    await using broker = await startBroker();
    await using observer = await Observer.start(broker);
    const cold = gauge();
    await using coldLab = new Pc(broker, "cold-lab", [cold.instrument]);
    const bench = new Bench();
    const fleet = fleetAlone(broker, "warm-lab", bench, { followFor: 0.1, lookEvery: 20 });
    bench.elsewhere = fleet;
    await fleet.open();
    try {
      const name = "cold-lab/gauge";
      await eventually(() => fleet.pcOf(name) !== undefined, "it is there");
      const pressure = () => {
        const { value, quality } = fleet.find(name)!.field("pressure");
        return [value, quality];
      };
      /** Whether it is still followed after it has been looked at many times. */
      const isFollowed = async () => {
        await new Promise((resolve) => setTimeout(resolve, 400));
        return fleet.elsewhere.instruments.length > 0 && (await observer.following()).length === 1;
      };
      const forgotten = async () => {
        await eventually(() => fleet.elsewhere.instruments.length === 0, "it is forgotten");
        await eventually(async () => (await observer.following()).length === 0, "its readings are left");
        strictEqual(fleet.find(name), undefined, "nothing that was told then is told now");
      };
      await fleet.follow(name);
      deepStrictEqual(pressure(), [3, "good"]);
      await forgotten();
      cold.instrument.fields.Pressure.update(7);

      await fleet.follow(name);
      deepStrictEqual(pressure(), [7, "good"]);
      const told: WatchEvent[] = [];
      const watch = watchOf(bench, fleet.find(name)!, told);
      ok(await isFollowed(), "somebody watches");
      cold.instrument.fields.Pressure.update(8);
      await eventually(() => told.some((event) => event.event === "field" && event.value === 8), "its readings come");
      watch.stop();
      // Whoever stops twice counts once.
      watch.stop();
      await fleet.follow(name);
      const person = new Principal({ by: "program", name: "ana" }, "operator");
      const slowly = fleet.find(name)!.remote!({ cmd: "Call", command: "slowly", args: [], kwargs: {} }, person, 30);
      let answered = false;
      const settled = slowly.then(() => answered = true);
      await eventually(() => answered || fleet.elsewhere.instruments.length === 0, "either comes");
      ok(answered, "whoever waits for an answer gets it");
      await settled;
      await forgotten();

      // Asked for in the moment in which it is forgotten, it is there.
      await fleet.follow(name);
      let asked: Promise<void> | undefined;
      const end = fleet.elsewhere.hub.subscribe("change", () => asked ??= fleet.follow(name), { name: "the test" });
      await eventually(() => asked !== undefined, "it is forgotten");
      end();
      await asked;
      deepStrictEqual(pressure(), [8, "good"]);
      await forgotten();
      {
        let changes = 0;
        using conditions = fleet.expecting(() => void changes++);
        using early = fleet.expecting(() => {});
        strictEqual(early.expect("late-lab/gauge", "Pressure")?.known, false, "it was not heard of yet");
        strictEqual(conditions.expect(name, "Pressure")?.known, false);
        await eventually(() => conditions.expect(name, "Pressure")?.known === true, "it is known");
        ok(changes > 0, "it is said that it is");
        ok(await isFollowed(), "a condition names it");
        await using _late = new Pc(broker, "late-lab", [gauge().instrument]);
        await eventually(
          () => early.expect("late-lab/gauge", "Pressure")?.known === true,
          "it is followed when it comes",
        );
        await new Promise((resolve) => setTimeout(resolve, 400));
        deepStrictEqual(await observer.following(), ["warm-lab cold-lab", "warm-lab late-lab"]);
        // A run ends, and guards end with the server.
        early[Symbol.dispose]();
        early[Symbol.dispose]();
        await eventually(
          async () => (await observer.following()).join() === "warm-lab cold-lab",
          "nobody names it now",
        );
      }
      await forgotten();
      strictEqual(fleet.expect(name, "Pressure")?.known, false, "what is only checked is followed as usual");
      await eventually(() => fleet.elsewhere.instruments.length > 0, "it is followed");
      await forgotten();
      strictEqual(await coldLab.line("gauge.get valve"), "OK 0.0");
    } finally {
      await fleet.stop();
    }
  },
);

Deno.test(
  "fleet: what a run says of a PC at which nobody looks is checked when it is loaded",
  options,
  () =>
    inFolder(async (folder) => {
      await using broker = await startBroker();
      await using _cold = new Pc(broker, "cold-lab", [gauge().instrument]);
      const runFiles = { state: `${folder}/runs.json`, folder };
      await using warm = new Pc(broker, "warm-lab", [gauge().instrument], {}, { runFiles });
      await eventually(async () => /cold-lab bench/.test(await warm.line("fleet.list")), "it is there");
      const check = async (field: string) => {
        const text = JSON.stringify({ steps: [{ waitUntil: `field("cold-lab/gauge", "${field}") < 10` }] });
        const { value } = await warm.framed({
          ...{ cmd: "Call", instrument: "automation", command: "check", args: ["a.run.json", text], kwargs: {} },
        });
        return (value as { readonly problems: readonly { readonly message: string }[] }).problems.map((each) =>
          each.message
        );
      };
      match((await check("Presure")).join(), /has no field Presure \(did you mean Pressure\?\)/);
      deepStrictEqual(await check("Pressure"), []);
    }),
);
