import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { WatchFeed } from "../../client/watch_feed.ts";
import { HeliographError } from "../../mod.ts";

const field = (name: string, value: number) =>
  ({
    id: 1,
    event: "field",
    instrument: "a",
    field: name,
    value,
    text: String(value),
    quality: "good",
    time: null,
  }) as const;

Deno.test("WatchFeed: a reader gets every event in order, and then what ended the connection", async () => {
  const feed = new WatchFeed();
  for (const value of [1, 2, 3]) feed.take(field("x", value));
  feed.take(new HeliographError("connection_lost", "gone"));
  const seen: unknown[] = [];
  await rejects(async () => {
    for await (const update of feed.updates(new AbortController().signal)) {
      seen.push(update.event === "field" ? update.value : update.event);
    }
  }, { code: "connection_lost" });
  deepStrictEqual(seen, [1, 2, 3]);
});

Deno.test("WatchFeed: a reader that is far behind gets the newest of each field, and the memory stays bounded", async () => {
  const feed = new WatchFeed();
  feed.take({ id: 1, event: "end-of-snapshot" });
  for (let value = 0; value < 10_000; value++) feed.take(field(value % 2 === 0 ? "even" : "odd", value));
  feed.take(field("even", 20_000));
  const control = (instrument: string, name: string) => {
    const holder = { name, session: 1, address: "127.0.0.1", until: "" };
    return { id: 1, event: "control", instrument, holder } as const;
  };
  const far = new WatchFeed();
  for (let time = 0; time < 4000; time++) {
    for (const name of ["a", "b", "c"]) far.take(control(name, `${time % 3999}`));
  }
  const newest = new AbortController();
  const controls: unknown[] = [];
  for await (const update of far.updates(newest.signal)) {
    if (update.event === "control") controls.push(`${update.instrument} ${update.holder?.name}`);
    if (controls.filter((each) => String(each).endsWith(" 0")).length === 3) newest.abort();
  }
  ok(controls.length < 4000, `${controls.length} events are kept`);
  deepStrictEqual(controls.slice(-3), ["a 0", "b 0", "c 0"]);
  const abort = new AbortController();
  const seen: unknown[] = [];
  for await (const update of feed.updates(abort.signal)) {
    seen.push(update.event === "field" ? [update.field, update.value] : update.event);
    if (seen.length === 4) abort.abort();
  }
  deepStrictEqual(seen, ["end-of-snapshot", ["even", 9998], ["odd", 9999], ["even", 20_000]]);
});
