/** Devices for the benchmarks, as a process of their own: COUNT. Each answers every line with a number. Prints their ports. */
import { device } from "./polling.ts";

const devices = Array.from({ length: Number(Deno.args[0]) }, () => device([]));
console.log(devices.map(({ addr }) => (addr as Deno.NetAddr).port).join(" "));
