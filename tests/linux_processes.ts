/** Looks at processes through /proc, which Deno itself reads only with every permission: programs read it for the tests. */
import { runProgram } from "./fixture.ts";

/** Whether there is a /proc to look at. */
export const linux = Deno.build.os === "linux";

/** What a line of the shell prints. */
async function shell(line: string): Promise<string> {
  return (await runProgram("sh", ["-c", line])).stdout.trim();
}

/** Whether a process still runs. */
export async function runs(pid: number): Promise<boolean> {
  return await shell(`cat /proc/${pid}/comm`) !== "";
}

/** The processes that a process has started and that still run, but for the one that looks. */
export async function children(pid: number): Promise<number[]> {
  const found = (await shell(`cat /proc/${pid}/task/*/children`)).split(/\s+/).filter((word) => word !== "").map(
    Number,
  );
  const running = await Promise.all(found.map(async (child) => await shell(`cat /proc/${child}/comm`) !== ""));
  return found.filter((_, index) => running[index]);
}

/** The processes that this process has started from a file of the source. */
export async function startedFrom(file: string): Promise<number[]> {
  const found = await children(Deno.pid);
  const words = await Promise.all(found.map((pid) => shell(`tr '\\0' ' ' < /proc/${pid}/cmdline`)));
  return found.filter((_, index) => words[index]!.includes(file));
}

/** The processes of the sandbox that this process has started from source. */
export function sandboxes(): Promise<number[]> {
  return startedFrom("code/host.ts");
}

/** How much processor time a process has used, in hundredths of a second, and its memory in KiB. */
export async function usage(pid: number): Promise<{ ticks: number; kibibytes: number }> {
  const fields = (await shell(`cat /proc/${pid}/stat`)).replace(/^.*\) /, "").split(" ");
  return { ticks: Number(fields[11]) + Number(fields[12]), kibibytes: Number(fields[21]) * 4 };
}

/** Whether a process ignores SIGUSR1. */
export async function ignoresUser1(pid: number): Promise<boolean> {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(await shell(`cat /proc/${pid}/status`))?.[1] ?? "0";
  return (BigInt(`0x${mask}`) & (1n << 9n)) !== 0n;
}

/** How much memory a process has used at most, in MiB. */
export async function peak(pid: number): Promise<number> {
  return Number(/VmHWM:\s+(\d+) kB/.exec(await shell(`cat /proc/${pid}/status`))![1]) / 1024;
}
