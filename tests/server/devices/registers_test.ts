/** Simulated Modbus devices: the frames of the specification, over TCP. */
import assert from "node:assert/strict";
import type { Registers } from "../../../server/devices/simulators/registers.ts";
import { simulatePty, simulateTcp } from "../../../server/devices/simulators/serve.ts";

Deno.test("simulated registers: are read and written by Modbus over TCP, cut anywhere, and refused by its exceptions", async () => {
  const holding = new Map([[0, 0x1234], [1, 5]]);
  const coils = [1, 0, 1, 1, 0, 0, 0, 0, 1];
  const registers: Registers = {
    read: (table, address) =>
      table === "holding" ? holding.get(address) : table === "coil" ? coils[address] : undefined,
    write(table, address, value) {
      if (table === "coil" && address < coils.length) coils[address] = value;
      else if (table !== "holding" || !holding.has(address)) return undefined;
      else if (value > 0x2000) return false;
      else holding.set(address, value);
      return true;
    },
  };
  const simulator = simulateTcp({ commandEnd: "", answerEnd: "", registers, answer: () => undefined }, 0);
  assert.match(simulator.address, /^modbus\+tcp:\/\/127\.0\.0\.1:\d+$/);
  await assert.rejects(
    () => simulatePty({ commandEnd: "", answerEnd: "", registers, answer: () => undefined }),
    /--port/,
  );
  const connection = await Deno.connect({ port: Number(new URL(simulator.address).port) });
  const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const ask = async (request: string): Promise<string> => {
    const bytes = Uint8Array.from(request.match(/../g)!, (byte) => parseInt(byte, 16));
    const frame = Uint8Array.from([0, 7, 0, 0, 0, bytes.length, ...bytes]);
    await connection.write(frame.subarray(0, 5));
    await connection.write(frame.subarray(5));
    const buffer = new Uint8Array(300);
    const answer = buffer.subarray(0, (await connection.read(buffer))!);
    assert.equal(hex(answer.subarray(0, 6)), `00070000${(answer.length - 6).toString(16).padStart(4, "0")}`);
    return hex(answer.subarray(6));
  };
  try {
    for (
      const [request, answer] of [
        ["010300000002", "01030412340005"],
        ["010100000009", "0101020d01"],
        ["010600011000", "010600011000"],
        ["0110000000020400010002", "011000000002"],
        ["010300000002", "01030400010002"],
        ["01050001ff00", "01050001ff00"],
        ["010f0002000301 00".replace(" ", ""), "010f00020003"],
        ["010100000003", "01010103"],
        ["010300050001", "018302"],
        ["010600003000", "018603"],
        ["010300000000", "018303"],
        ["010400000001", "018402"],
        ["012b0e0100", "01ab01"],
      ] as const
    ) assert.equal(await ask(request), answer, request);
  } finally {
    connection.close();
    await simulator.close();
  }
});
