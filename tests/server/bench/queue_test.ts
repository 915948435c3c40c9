/** The gate and the queues behind it: nothing waits for ever, and nothing runs for somebody who has gone. */
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { command, HeliographError } from "../../../mod.ts";
import { CommandQueue, Work } from "../../../server/bench/command_queue.ts";
import { Gate } from "../../../server/bench/gate.ts";

/** Somebody who asks, and may go. */
class Asker {
  readonly role = "admin";
  gone = false;
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

function work(caller: Asker, run: () => unknown, deadline = 5): Work {
  const bound = { named: {}, more: [], moreKeywords: new Map() } as unknown as ConstructorParameters<typeof Work>[2];
  return new Work("work", command({ summary: "Work", deadline, run }), bound, caller, () => undefined);
}

Deno.test("gate: whoever holds it may ask again, and one call opens it", async () => {
  const gate = new Gate();
  const [holder, other] = [new Asker(), new Asker()];
  const releases = [await gate.hold(holder, 5), await gate.hold(holder, 5)];
  const [first, again] = [gate.hold(other, 5), gate.hold(other, 5)];
  strictEqual(first, again);
  strictEqual(gate.passes(other, false), false);
  releases[1]!();
  (await first)();
  strictEqual(gate.passes(new Asker(), false), true);
  // What has been let go already opens nothing that somebody else holds.
  const release = await gate.hold(other, 5);
  releases[0]!();
  strictEqual(gate.passes(holder, false), false);
  release();
});

Deno.test("gate: it opens by itself when the time is over or the holder has gone, and skips who waited and left", async () => {
  const gate = new Gate();
  const order: string[] = [];
  const enter = (name: string, caller: Asker, seconds: number) =>
    gate.hold(caller, seconds).then(() => void order.push(name), (error) => void order.push(`${name}: ${error.code}`));
  const [leaves, left, stays] = [new Asker(), new Asker(), new Asker()];
  const entered = [enter("late", new Asker(), 0.2), enter("leaves", leaves, 60), enter("left", left, 60)];
  const impatient = enter("impatient", new Asker(), 0.01);
  entered.push(enter("stays", stays, 60));
  left.gone = true;
  await Promise.all([...entered.slice(0, 2), impatient]);
  leaves.gone = true;
  await Promise.all(entered);
  deepStrictEqual(order.slice(0, 1), ["late"]);
  deepStrictEqual(order.slice(1).sort(), [
    "impatient: deadline_exceeded",
    "leaves",
    "left: deadline_exceeded",
    "stays",
  ]);
  strictEqual(order.at(-1), "stays");
  strictEqual(gate.passes(stays, false), true);
  (await gate.hold(stays, 1))();
});

Deno.test("gate: commands that wait start before the next holder has it", async () => {
  const gate = new Gate();
  const queue = new CommandQueue("instrument");
  queue.gate = gate;
  const order: string[] = [];
  const release = await gate.hold(new Asker(), 5);
  const next = gate.hold(new Asker(), 5).then((release) => {
    order.push("held again");
    release();
  });
  const waiting = [
    queue.submit(work(new Asker(), () => order.push("queued"))),
    queue.submitBeside(work(new Asker(), () => order.push("beside"))),
  ];
  await turn();
  release();
  await Promise.all([...waiting, next]);
  deepStrictEqual(order, ["beside", "queued", "held again"]);
});

Deno.test("queue: a command beside others has its deadline, its bound and its asker at a closed gate too", async () => {
  const gate = new Gate();
  const queue = new CommandQueue("instrument");
  queue.gate = gate;
  const release = await gate.hold(new Asker(), 60);
  const ran: string[] = [];
  const beside = (name: string, caller: Asker, deadline: number) =>
    Promise.resolve(queue.submitBeside(work(caller, () => ran.push(name), deadline)));
  const gone = new Asker();
  const ofGone = beside("gone", gone, 60);
  gone.gone = true;
  await rejects(beside("late", new Asker(), 0.05), {
    code: "deadline_exceeded",
    message: "Cannot start work of instrument within 0.05 s: it is still busy with another client's code",
  });
  const many = Array.from({ length: 999 }, () => beside("one of many", new Asker(), 60));
  await rejects(async () => await beside("too many", new Asker(), 60), /1000 commands wait for it already/);
  release();
  await rejects(ofGone, /work was not started: whoever asked for it has gone/);
  await Promise.all(many);
  strictEqual(ran.length, 999);
  // When the server stops, what waits there fails as well.
  const held = await gate.hold(new Asker(), 60);
  const stopped = beside("stopped", new Asker(), 60);
  queue.clear(new HeliographError("command_failed", "stopping"));
  await rejects(stopped, /stopping/);
  held();
});
