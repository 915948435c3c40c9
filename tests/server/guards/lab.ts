/** A laboratory with guards: an oven with a probe, its cooling water and its gas, each on a line of its own. */
import { join } from "node:path";
import type { GuardsDescription, InterlockDescription } from "../../../protocol/guards.ts";
import { loadBench } from "../../../mod.ts";
import type { HeliographServerOptions, ServerParts } from "../../../server/server.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { type Device, tcpDevice } from "../devices/devices.ts";

/** A device with settings and readings that a test changes: `SET NAME VALUE`, `NAME?`. */
export class Lab implements AsyncDisposable {
  readonly values: Record<string, string>;
  readonly device: Device;
  /** Names of readings that are not answered. */
  readonly silent = new Set<string>();

  /** @param port Where it listens, as after it was off. @default any */
  constructor(values: Record<string, string>, port = 0) {
    this.values = values;
    this.device = tcpDevice(
      (command) => {
        const [, name, value] = /^SET (\w+) (\S+)$/.exec(command) ?? [];
        if (name !== undefined) return void (this.values[name] = value!);
        const asked = /^(\w+)\?$/.exec(command)?.[1];
        return asked === undefined || this.silent.has(asked) ? undefined : this.values[asked];
      },
      {},
      port,
    );
  }

  get port(): number {
    return Number(new URL(this.device.address).port);
  }

  /** What it was told, without the questions. */
  get told(): string[] {
    return this.device.commands.filter((each) => !each.endsWith("?"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.device[Symbol.asyncDispose]();
  }
}

const reading = (name: string) => ({ ask: `${name}?`, timeout: 0.2 });

/** An oven with a probe, its cooling water and its gas, each on a line of its own. */
export class Devices implements AsyncDisposable {
  readonly probe = new Lab({ T: "20" });
  readonly water = new Lab({ F: "5" });
  readonly oven = new Lab({ R: "1" });
  gas = new Lab({ B: "1" });

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.probe, this.water, this.oven, this.gas].map((each) => each[Symbol.asyncDispose]()));
  }
}

export function benchOf({ probe, water, oven, gas }: Devices, guards: Record<string, unknown>) {
  const read = { pollInterval: 0.05, staleAfter: 0.5 };
  return {
    ...guards,
    instruments: [{
      title: "Probe",
      port: probe.device.address,
      ...read,
      fields: { Temperature: { type: "float", unit: "°C", read: reading("T") } },
    }, {
      title: "Water",
      port: water.device.address,
      ...read,
      fields: { Flow: { type: "float", unit: "L/min", read: reading("F") } },
    }, {
      title: "Oven",
      port: oven.device.address,
      fields: {
        Power: { type: "float", minimum: 0, maximum: 100, initial: 10, decimals: 0, write: "SET P {value}" },
        Program: { type: "float", initial: 1, needsConfirm: true, decimals: 0, write: "SET N {value}" },
      },
      commands: {
        ramp: {
          summary: "Ramp to a temperature",
          arguments: { target: { type: "float", decimals: 0 } },
          send: "RAMP {target}",
          doneWhen: { ask: "R?", pattern: "^0$", within: 60, every: 0.05 },
          stop: "HALT",
        },
        abort: { summary: "Stop the ramp", send: "ABORT", stop: true },
      },
    }, {
      title: "Gas",
      port: gas.device.address,
      ...read,
      reconnect: { first: 0.1, longest: 0.2 },
      fields: {
        Setpoint: { type: "float", initial: 20, decimals: 0, write: "SET S {value}" },
        Pressure: { type: "float", unit: "bar", read: reading("B") },
      },
      commands: { close: { summary: "Close the valve", send: "CLOSE" } },
    }],
  };
}

/** A bench with guards, served from a file in a folder of its own. */
export async function serve(
  folder: string,
  bench: unknown,
  options: Partial<HeliographServerOptions> = {},
  parts: ServerParts = {},
) {
  const file = join(folder, "lab.json");
  await Deno.writeTextFile(file, JSON.stringify(bench));
  const loaded = await loadBench(file);
  const { instruments, guards } = loaded;
  const guardsFile = join(folder, "lab.state", "guards.json");
  const server = startServer({ instruments, guards, guardsFile, poll: true, ...options }, parts);
  await server.prepare();
  const lines = await RawClient.connect(server.commandServer.port);
  const described = async (): Promise<GuardsDescription> =>
    JSON.parse((await lines.ask("guards.list")).replace(/^OK /, ""));
  const interlock = async (name: string): Promise<InterlockDescription> =>
    (await described()).interlocks.find((each) => each.name === name)!;
  return {
    server,
    lines,
    described,
    interlock,
    until: (name: string, state: string) =>
      eventually(async () => (await interlock(name)).state === state, `${name} is ${state}`),
    async [Symbol.asyncDispose]() {
      lines[Symbol.dispose]();
      await server.stop();
    },
  };
}

export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
