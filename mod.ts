export { HeliographServer } from "./server/server.ts";
export { demoInstruments } from "./server/demo_bench.ts";
