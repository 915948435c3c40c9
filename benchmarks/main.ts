/**
 * Measures heliograph's server beside a bare line parser on Deno.listen, as separate processes in one run.
 *
 * Rounds alternate between the two, and the medians are compared: this machine's other work then meets both alike.
 *
 * With names of parts as arguments (`deno task bench lines`) it measures those alone.
 */
import { measureCamera } from "./camera.ts";
import { measureEvaluations } from "./evaluation.ts";
import { measureFleet } from "./fleet.ts";
import { measureGuards } from "./guards.ts";
import { measureRehearsals } from "./rehearse.ts";
import { measureRuns } from "./runs.ts";
import { measureLines } from "./lines.ts";
import { measurePage } from "./page.ts";
import { measurePolling } from "./polling.ts";
import { measureReadings } from "./readings.ts";
import { measureRecordsCost } from "./records_cost.ts";
import { measureMonth } from "./records_month.ts";
import { measureTls } from "./tls.ts";

const parts = new Map([
  ["lines", measureLines],
  ["tls", measureTls],
  ["polling", measurePolling],
  ["readings", measureReadings],
  ["records-cost", measureRecordsCost],
  ["records-month", measureMonth],
  ["evaluations", measureEvaluations],
  ["camera", measureCamera],
  ["fleet", measureFleet],
  ["guards", measureGuards],
  ["runs", measureRuns],
  ["rehearse", measureRehearsals],
  ["page", measurePage],
]);

for (const name of Deno.args.length === 0 ? parts.keys() : Deno.args) {
  const measure = parts.get(name);
  if (measure === undefined) {
    console.error(`Cannot measure ${name}: there are ${[...parts.keys()].join(", ")}`);
    Deno.exit(2);
  }
  await measure();
}
