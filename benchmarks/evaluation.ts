/** Measures evaluations, and what plain commands lose while others evaluate. */
import Table from "npm:cli-table3@0.6.5";
import { load, median, type Result, start } from "./processes.ts";

const loads = [
  { name: "JavaScript, 1 client, every 50 ms", language: "javascript", clients: 1, pause: 50, aim: "p50 at most 3 ms" },
  { name: "Python, 1 client, every 50 ms", language: "python", clients: 1, pause: 50, aim: "p50 at most 5 ms" },
  { name: "JavaScript, 1 client, without a pause", language: "javascript", clients: 1, pause: 0, aim: "" },
  { name: "Python, 1 client, without a pause", language: "python", clients: 1, pause: 0, aim: "" },
  { name: "JavaScript, 32 clients", language: "javascript", clients: 32, pause: 0, aim: "" },
  { name: "Python, 32 clients", language: "python", clients: 32, pause: 0, aim: "" },
] as const;

/** Prints the tables. */
export async function measureEvaluations(): Promise<void> {
  const { child, ports: [commandPort, dashboardPort] } = await start("heliograph_server.ts");
  const evaluate = (clients: number, language: string, pause: number, seconds: number) =>
    load<Result>("evaluation_load.ts", dashboardPort!, clients, language, pause, seconds);
  // The sandbox's processes are started by the first few.
  await evaluate(4, "javascript", 0, 1);
  const table = new Table({
    head: ["evaluations", "a second", "p50 ms", "p99 ms", "aim"],
    style: { head: [], border: [] },
  });
  for (const { name, language, clients, pause, aim } of loads) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { rate, p50, p99 } = await evaluate(clients, language, pause, 4);
    table.push([name, Math.round(rate).toString(), p50.toFixed(2), p99.toFixed(2), aim]);
  }
  console.log(table.toString());

  // One plain client, alone and beside 32 that evaluate; rounds alternate.
  const p99: Record<"alone" | "beside", number[]> = { alone: [], beside: [] };
  for (let round = 0; round < 5; round++) {
    p99.alone.push((await load<Result>("load.ts", commandPort!, 1, 1, 1)).p99);
    const evaluating = evaluate(32, "javascript", 0, 3);
    p99.beside.push((await load<Result>("load.ts", commandPort!, 1, 1, 1)).p99);
    await evaluating;
  }
  const [alone, beside] = [median(p99.alone), median(p99.beside)];
  console.log(
    `Plain commands: p99 ${alone.toFixed(3)} ms alone, ${beside.toFixed(3)} ms beside 32 clients that evaluate: ` +
      `${(beside / alone).toFixed(1)} times (aim: at most 3)`,
  );
  child.kill();
  await child.status;
}
