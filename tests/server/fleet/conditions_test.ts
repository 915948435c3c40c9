/** Guards and runs whose conditions speak of fields of other PCs, by a real NATS server. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { eventually } from "../../fixture.ts";
import { hasNats, NatsServer } from "../../nats.ts";
import { gauge, Pc } from "./pc.ts";

const options = { ignore: !hasNats };

function heater() {
  const told: number[] = [];
  const instrument = defineInstrument({
    title: "Heater",
    fields: { Power: { type: "float", initial: 50, write: (value) => void told.push(value) } },
  });
  return { instrument, told };
}

const pressure = 'field("cold-lab/gauge", "Pressure")';

/** The interlock of a name. */
async function interlock(pc: Pc, name: string): Promise<{ state: string; reason: string }> {
  const { interlocks } = JSON.parse((await pc.line("guards.list")).slice(3)) as {
    interlocks: { name: string; state: string; reason: string }[];
  };
  return interlocks.find((each) => each.name === name)!;
}

async function alarms(pc: Pc): Promise<string> {
  return await pc.line("guards.alarms");
}

async function until(pc: Pc, name: string, state: string, reason = /^/): Promise<void> {
  let last: unknown;
  try {
    await eventually(async () => {
      const found = await interlock(pc, name);
      last = found;
      return found.state === state && reason.test(found.reason);
    }, `${name} is ${state}`);
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${JSON.stringify(last)}`);
  }
}

Deno.test(
  "fleet: an interlock on another PC's field trips by its value, and without it; nothing is done twice",
  options,
  async () => {
    await using broker = await NatsServer.start();
    const { instrument, told } = heater();
    const must = (condition: string, more: object = {}) => ({
      must: condition,
      grace: 1,
      trips: [{ set: "heater.power", to: 0 }],
      ...more,
    });
    const guards = {
      interlocks: {
        "Vacuum": must(`${pressure} < 10`),
        "Known": must(`quality(${pressure}) == "good" && age(${pressure}) < 3600`, { trips: [], forbids: ["heater"] }),
        "Quiet": must(`mean(${pressure}, "10s") < 100 && rate(${pressure}, "10s") < 100`, {
          trips: [],
          forbids: ["heater"],
        }),
        "Wrong": must('field("cold-lab/gauge", "Presure") < 10', { trips: [], forbids: ["heater"] }),
        "Unit": must(`${pressure} == "high"`, { trips: [], forbids: ["heater"] }),
      },
      alarms: { "Not pumped": { when: `${pressure} > 10`, text: "Look at the pump" } },
    };
    await using warm = new Pc(broker, "warm-lab", [instrument], {}, { guards });
    // What is not known is not safe, and it is said why.
    await until(warm, "vacuum", "tripped", /no PC called cold-lab was heard of yet/);
    await eventually(() => told.length === 1, "it is switched off");
    {
      const cold = gauge();
      await using _cold = new Pc(broker, "cold-lab", [cold.instrument]);
      for (const name of ["vacuum", "known", "quiet"]) await until(warm, name, "clear");
      // Its mistakes are seen once that PC is there.
      await until(warm, "wrong", "tripped", /Gauge has no field Presure \(did you mean Pressure\?\)/i);
      await until(warm, "unit", "tripped", /== cannot take a number and text/);
      cold.instrument.fields.Pressure.update(11);
      await eventually(() => told.length === 2, "its action is done here");
      await until(warm, "vacuum", "tripped", /Pressure of cold-lab\/gauge is 11/i);
      match(await alarms(warm), /Not pumped.*Pressure of cold-lab\/gauge is 11/);
      cold.instrument.fields.Pressure.update(3);
      await until(warm, "vacuum", "clear");

      await broker.kill();
      await until(warm, "vacuum", "tripped", /this PC is not in its fleet/);
      await until(warm, "known", "tripped");
      await broker.start();
      await until(warm, "vacuum", "clear");
      strictEqual(told.length, 3, "once for each time");
    }
    await until(warm, "vacuum", "tripped", /cold-lab is not connected, last seen \d{4}-\d\d-\d\d \d\d:\d\d/);
    match(await alarms(warm), /cold-lab is not connected, last seen/);
    // Another one, with another instrument of that name: the condition is compiled anew.
    const other = defineInstrument({ title: "Gauge", fields: { Pressure: { type: "text", initial: "fine" } } });
    await using _other = new Pc(broker, "cold-lab", [other]);
    await until(warm, "vacuum", "tripped", /< cannot take text and a number/);
    await until(warm, "unit", "tripped");
    deepStrictEqual(told, [0, 0, 0, 0]);
  },
);
