/** PCs of a fleet, for its tests. */
import { command, defineInstrument, HeliographServer, type Instrument } from "../../../mod.ts";
import { PyOpticonSocketClient } from "../../../client/mod.ts";
import type { Bench } from "../../../server/bench/bench.ts";
import { Fleet, type FleetTimes } from "../../../server/fleet/fleet.ts";
import { eventually, RawClient } from "../../fixture.ts";
import type { NatsServer } from "../../nats.ts";

/** A PC of the fleet: its server, and clients of both wires. */
export class Pc {
  readonly server: HeliographServer;

  constructor(
    broker: NatsServer,
    name: string,
    instruments: Iterable<Instrument>,
    fleet: object = {},
    more: object = {},
  ) {
    this.server = new HeliographServer({
      instruments,
      name: `${name} bench`,
      commandPort: 0,
      dashboardPort: 0,
      webPort: 0,
      tlsPort: 0,
      sandbox: { languages: [] },
      fleet: { broker: `nats://127.0.0.1:${broker.port}`, name, roles: { "*": "operator" }, ...fleet },
      ...more,
    });
    this.server.start();
  }

  /** Asks on azcam's line. */
  async line(text: string): Promise<string> {
    await this.server.prepare();
    using client = await RawClient.connect(this.server.commandServer.port);
    return await client.ask(text);
  }

  /** Asks in the framed dialect. */
  async framed(message: Record<string, unknown>): Promise<Record<string, unknown>> {
    using client = await RawClient.connect(this.server.dashboardServer.port);
    return await client.request({ id: 1, ...message });
  }

  client(pc?: string): PyOpticonSocketClient {
    const socketNumber = this.server.dashboardServer.port;
    return new PyOpticonSocketClient({
      socketNumber,
      handleErrors: "exception",
      ...pc === undefined ? {} : { pc: { name: pc } },
    });
  }

  /** Waits until another PC's instrument is known here, and read. */
  async knows(instrument: string, field: string): Promise<void> {
    await eventually(async () => {
      const { ok, quality } = await this.framed({ cmd: "Get", instrument, field });
      return ok === true && quality === "good";
    }, `${instrument} is known`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}

/** A gauge that counts what it is told. */
export function gauge(title = "Gauge") {
  const told: number[] = [];
  const instrument = defineInstrument({
    title,
    fields: {
      Pressure: { type: "float", unit: "mbar", decimals: 2, initial: 3 },
      Valve: { type: "float", minimum: 0, maximum: 10, initial: 0, write: (value) => void told.push(value) },
    },
    commands: {
      slowly: command({
        summary: "Take long",
        run: () => new Promise((resolve) => setTimeout(() => resolve(told.push(-1)), 300)),
      }),
    },
  });
  return { instrument, told };
}

/** A PC's part of a fleet, without a server around it. */
export function fleetAlone(broker: NatsServer, name: string, bench: Bench, times: FleetTimes): Fleet {
  return new Fleet({ broker: `nats://127.0.0.1:${broker.port}`, name }, {
    bench,
    answer: () => Promise.reject(new Error("it is asked for nothing")),
    records: () => Promise.reject(new Error("it has none")),
    roles: { find: () => undefined },
    title: () => "",
    started: new Date().toISOString(),
    trouble: () => "",
    standing: () => ({ alarms: undefined, runs: undefined }),
    holder: () => null,
  }, times);
}
