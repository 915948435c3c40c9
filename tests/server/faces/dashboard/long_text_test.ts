import { ok } from "node:assert/strict";
import { demoInstruments } from "../../../../server/config/demo_bench.ts";
import { startServer } from "../../../fixture.ts";

/** Texts about as long as a line may be, made so that looking at each part again from each place takes for ever. */
const length = 60_000;
const marks = ["a/", "/x", "\\\\x", " x", "_x", ".x", "0x", "-x", "x ", '"x', "=x", "(x", "ß/"];
const texts = marks.map((mark) => mark[0]!.repeat(length) + mark.slice(1));

/** Far longer than a text takes to be looked at once, on a machine with other work to do. */
const longest = 2000;

Deno.test("a long text of a client keeps nobody waiting, whatever it is given to", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using server = startServer({ instruments: demoInstruments({ camera: { imageFolders: [folder] } }) });
    const ask = async (line: string) => {
      const start = performance.now();
      await server.commandServer.command(line);
      const took = performance.now() - start;
      ok(took < longest, `${line.slice(0, 60)}… took ${took.toFixed(0)} ms`);
    };
    for (const text of texts) {
      const word = text.includes('"') ? `'${text}'` : `"${text}"`;
      await ask(`${word}.get x`);
      await ask(`exposure.${word}`);
      for (const instrument of server.bench.instruments) {
        for (const { name, spec: { type, access } } of instrument.allFields) {
          if (type === "text" && access === "setting") await ask(`${instrument.name}.set ${name} ${word}`);
        }
        for (const [name, command] of instrument.commands) {
          const taken = [...command.arguments.values()].findIndex(({ type }) => type === "text");
          if (taken >= 0) await ask(`${instrument.name}.${name} ${"1 ".repeat(taken)}${word}`);
        }
      }
      for (const after of ["get_filename", "get_status"]) await ask(`exposure.${after}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
