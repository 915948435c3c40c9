/** Evaluations as a load: PORT CLIENTS LANGUAGE PAUSE SECONDS, the pause after each in milliseconds. */
import { PyOpticonSocketClient } from "../client/mod.ts";
import { summary } from "./processes.ts";

const [socketNumber, clients, pause, seconds] = [Deno.args[0], Deno.args[1], Deno.args[3], Deno.args[4]].map(
  Number,
) as [
  number,
  number,
  number,
  number,
];
const language = Deno.args[2] as "javascript" | "python";
const latencies: number[] = [];
const until = performance.now() + seconds * 1000;

async function client(number: number): Promise<void> {
  await using connection = new PyOpticonSocketClient({ socketNumber, handleErrors: "exception", timeout: 30 });
  for (let count = 0; performance.now() < until; count++) {
    const start = performance.now();
    const value = await connection.doEval(`${number} + ${count}`, { language });
    if (value !== number + count) throw new Error(`${number} + ${count} came to ${value}`);
    latencies.push(performance.now() - start);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
console.log(summary(latencies, seconds));
