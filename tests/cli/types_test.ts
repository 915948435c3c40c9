/** `heliograph types`: an editor checks a driver of one's own without Deno's packages, and the types are the real ones. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { driverTypes } from "../../cli/driver_types.ts";
import { driverTypes as generated } from "../../docs/generate_types.ts";
import { run } from "../cli_fixture.ts";
import { top } from "../fixture.ts";

async function check(folder: string, ...files: string[]): Promise<string> {
  const { stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--no-lock", ...files],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  return success ? "" : new TextDecoder().decode(stderr);
}

const driver = `
import type { DriverModule, Turn } from "./heliograph.d.ts";

const counted = { length: { at: 2, plus: 5 } } as const;

const box: DriverModule = ({ defineInstrument, command, PortContact, HeliographError, checkSums, answerIn }, setup) => {
  const { title, port } = setup;
  if (port === undefined) throw new HeliographError("bad_argument", "it needs a port");
  const read = async (turn: Turn): Promise<number> => {
    const text = Uint8Array.of(1, 3, 0, 0, 0, 1);
    const accepts = (bytes: Uint8Array) => checkSums.crc16modbus(bytes) === 0;
    return (await turn.askBytes({ text, shape: counted, timeout: 1, accepts }))[3] ?? 0;
  };
  const contact = new PortContact(port, { title, greet: async (turn) => void await read(turn) });
  return defineInstrument({
    title,
    contact,
    fields: {
      Register: { type: "int", read: (signal) => contact.use("poll", signal, read) },
      Open: { type: "switch", initial: false },
    },
    commands: ({ Register, Open }) => ({
      go: command({
        summary: "Go",
        arguments: { to: { type: "float", minimum: 0 } },
        run: async ({ to }, { signal }) => {
          Open.update(to > (Register.value ?? 0));
          await contact.use("command", signal, async (turn) => {
            await turn.send(Uint8Array.of(1));
            for await (const frame of turn.receive({ timeout: 1 })) answerIn(frame, { receiveEnd: "#" })?.rest.at(0);
          });
        },
      }),
    }),
  });
};
export default box;
`;

Deno.test("types: they are those of the source", async () => {
  strictEqual(
    driverTypes,
    await generated(),
    "write them anew: deno run --allow-read --allow-write=cli docs/generate_types.ts",
  );
  // An editor with a compiler before TypeScript 5.7 takes them too.
  ok(!/Array<ArrayBuffer/.test(driverTypes));
});

Deno.test("types: a driver is checked with them alone, and what they say is what it is given", async () => {
  const folder = await Deno.makeTempDir();
  const { out, code } = await run(["types", folder]);
  strictEqual(code, 0);
  match(out, /Wrote .*heliograph\.d\.ts\. .*\n.*import type \{ DriverModule \}/);
  await Deno.writeTextFile(join(folder, "box.ts"), driver);
  const script = `// @ts-check
/** @type {import("./heliograph.d.ts").DriverModule} */
const lamp = ({ defineInstrument }, { title }) => defineInstrument({ title, fields: { A: { type: "floot" } } });
export default lamp;
`;
  await Deno.writeTextFile(join(folder, "lamp.js"), script);
  await Deno.writeTextFile(
    join(folder, "real.ts"),
    `import type { Port, Turn } from "${new URL("server/devices/transports/port.ts", top)}";
import type { PortContact } from "${new URL("server/devices/transports/contact.ts", top)}";
import type { Instrument } from "${new URL("server/bench/instrument.ts", top)}";
import type * as written from "./heliograph.d.ts";
// What is declared as it stands in the source needs no look; what is written for drivers is less than the real one.
export const port = (given: Port): written.Port => given;
export const turn = (given: Turn): written.Turn => given;
export const contact = (given: PortContact): written.PortContact => given;
export const instrument = (given: Instrument): written.Instrument => given;
`,
  );
  // Of a file of declarations the compiler does not tell which names it lacks.
  await Deno.copyFile(join(folder, "heliograph.d.ts"), join(folder, "all.ts"));
  strictEqual(await check(folder, "box.ts", "real.ts", "all.ts"), "");
  match(await check(folder, "lamp.js"), /"floot"' is not assignable to type 'ValueType'/);
  // What was written before is written anew, and nobody else's file is.
  strictEqual((await run(["types", folder])).code, 0);
  await Deno.writeTextFile(join(folder, "heliograph.d.ts"), "export type Mine = 1;\n");
  const refused = await run(["types", folder]);
  ok(refused.code !== 0);
  match(refused.err, /heliograph\.d\.ts is there already, was not written by `types`, and is left as it is/);
  match((await run(["types", join(folder, "nowhere")])).err, /there is no such folder/);
  deepStrictEqual(await Deno.readTextFile(join(folder, "heliograph.d.ts")), "export type Mine = 1;\n");
  await Deno.remove(folder, { recursive: true });
});
