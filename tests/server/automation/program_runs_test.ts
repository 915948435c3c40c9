/** Runs in TypeScript and JavaScript: evaluated once, in the sandbox, and checked like a file of steps. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../guards/lab.ts";
import { serveScripts } from "./script_lab.ts";

Deno.test("programs: one that yields steps is a run, with parameters, an end, and a file that it goes through", () =>
  inFolder(async (folder) => {
    await using lab = await serveScripts(folder);
    await Deno.writeTextFile(join(folder, "rows.csv"), "flow\n7\n8\n");
    const load = async (source: string, more = "", file = "night.run.ts") => {
      await Deno.writeTextFile(join(folder, file), source);
      return (await lab.server.commandServer.command(`automation.load ${file} ${more}`)).replace(
        "ERROR Cannot load the run: ",
        "",
      );
    };
    const source = `
type Given = { flow: number; hold: string };
export const title: string = "Oxygen";
export const parameters = { flow: { maximum: 50 }, hold: { type: "text", default: "0s" } };
const half = (flow: number): number => flow / 2;
export default function* ({ flow, hold }: Given) {
  for (const each of [flow, half(flow)]) {
    yield { set: "o2_mfc.flow", to: each };
    yield { wait: hold };
  }
  yield { forEach: "rows.csv", steps: [{ set: "o2_mfc.flow", to: "\${row.flow}" }] };
}
export function* atEnd() {
  yield { set: "o2_mfc.flow", to: 0 };
} // the end`;
    strictEqual(await load(source, "flow=30"), "OK 1");
    // What it yielded is kept: the program is not asked again.
    await Deno.remove(join(folder, "night.run.ts"));
    strictEqual(await lab.lines.ask("automation.start 1"), "OK");
    await lab.ended(1, "done");
    const { title, of, parameters } = await lab.show(1);
    deepStrictEqual([title, of, parameters], ["Oxygen", 5, { flow: 30, hold: "0s" }]);
    deepStrictEqual(lab.told, ["flow 30", "flow 15", "flow 7", "flow 8", "flow 0"]);
    match(await lab.lines.ask("automation.repeat 1"), /^OK 2$/);
    strictEqual(await lab.lines.ask("automation.start 2"), "OK");
    await lab.ended(2, "done");
    strictEqual(lab.told.length, 10);

    const cases: readonly (readonly [source: string, more: string, message: RegExp])[] = [
      [source, "", /^night\.run\.ts: parameters\.flow: is not given, and has no default: give flow=VALUE$/],
      [source, "flow=51", /^night\.run\.ts: parameters\.flow: cannot be 51: above its maximum of 50$/],
      ["export default function* () {\n  yield { wait: }\n}", "", /^night\.run\.ts:2: SyntaxError: Unexpected token$/],
      ["export default function* () {\n\n  yield nothing;\n}", "", /^night\.run\.ts:3: ReferenceError: nothing is not/],
      [
        "import { x } from 'y';\nx();",
        "",
        /^night\.run\.ts: Uncaught Cannot load y: a run stands alone, without imports$/,
      ],
      ["const x = await import('y');", "", /^night\.run\.ts:1: SyntaxError: /],
      ["export const titel = 1;", "", /a run in JavaScript is: export default function\*/],
      ["export const ifFails = 'fly';", "", /^night\.run\.ts: exports ifFails: /],
      [
        "export default function* () { yield { set: 'o2_mfc.flow', to: 101 }; }",
        "",
        /^night\.run\.ts: steps\[0\]\.to: Cannot set Flow of O2 MFC to 101: above its maximum of 100 sccm$/,
      ],
      [
        "export default function* () { getDashboard().setField('O2 MFC', 'Flow', 1); }",
        "",
        /nothing is driven while a script is loaded, and this drives o2_mfc/,
      ],
      ["export default function* () { for (;;) yield { wait: '1s' }; }", "", /default yields more than 20000 steps/],
      ["export default function* () { for (;;); }", "", /^night\.run\.ts: The code was stopped: it did not finish/],
      ["export default function* () { yield 1; }", "", /^night\.run\.ts: steps\[0\]: /],
      ["}})(); (({", "", /^night\.run\.ts:1: SyntaxError: /],
    ];
    for (const [program, more, message] of cases) match(await load(program, more), message);
    strictEqual(
      await load("export default function* () { yield { note: 'js' }; }", "", "night.run.js"),
      "OK 3",
    );
    ok(lab.told.length === 10);
  }));
