/** Looking back at fields of several PCs: what is asked of each, and what is told where one fails. */
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { HeliographError } from "../../../protocol/errors.ts";
import type { HistoryAnswer, HistorySeries, HistoryWords } from "../../../protocol/readings.ts";
import { historyOfAll } from "../../../server/requests/fleet_readings.ts";

function answer(fields: readonly string[]): HistoryAnswer {
  const series = fields.map((word): HistorySeries => {
    const [instrument, field] = word.split(".") as [string, string];
    const title = instrument;
    return { instrument, field, title, instrumentTitle: title, unit: "", type: "float", before: null, thinned: false };
  });
  return { since: 0, until: 1000, next: null, series };
}

const query = { since: 0, until: 1000 };
const namesOf = ({ series }: HistoryAnswer) => series.map(({ instrument, field }) => `${instrument}.${field}`);

Deno.test("fleet's readings: an answer too long for the broker is asked for in parts, then with fewer points", async () => {
  const asked: string[] = [];
  const there = (pc: string, { fields, points }: HistoryWords) => {
    asked.push(`${pc} ${fields.join()} ${points}`);
    if (fields.length * points! > 300) return Promise.reject(new HeliographError("limit_exceeded", "too long"));
    return Promise.resolve(answer(fields));
  };
  const own = (fields: readonly string[]) => Promise.resolve(answer(fields));
  const words = { ...query, fields: [], points: 600 };
  const whose = new Map([["", ["a.x"]], ["cold-lab", ["cold-lab/b.x", "cold-lab/c.y"]]]);
  const found = await historyOfAll(words, whose, { own, there });
  deepStrictEqual(namesOf(found), ["a.x", "cold-lab/b.x", "cold-lab/c.y"]);
  strictEqual(found.unreached, undefined);
  deepStrictEqual(asked, [
    "cold-lab b.x,c.y 600",
    "cold-lab b.x 600",
    "cold-lab b.x 300",
    "cold-lab c.y 600",
    "cold-lab c.y 300",
  ]);
});

Deno.test("fleet's readings: who does not answer is named and keeps nobody from the others; alone it is an error", async () => {
  const own = (fields: readonly string[]) => Promise.resolve(answer(fields));
  const there = (pc: string) => Promise.reject(new HeliographError("not_connected", `${pc} is not connected`));
  const whose = new Map([["", ["a.x"]], ["cold-lab", ["cold-lab/b.x"]]]);
  const found = await historyOfAll({ ...query, fields: [], points: 10 }, whose, { own, there });
  deepStrictEqual([namesOf(found), found.unreached], [["a.x"], { "cold-lab": "cold-lab is not connected" }]);
  whose.delete("");
  await rejects(historyOfAll({ ...query, fields: [] }, whose, { own, there }), { code: "not_connected" });
  await rejects(historyOfAll({ ...query, fields: [] }, new Map([...whose, ["", ["a.x"]]]), { own, there }), {
    code: "bad_argument",
    message: /single readings of several PCs at once: ask for "points"/,
  });
});
