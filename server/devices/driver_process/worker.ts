/**
 * The Worker of a driver's process: it holds the drivers' instruments, with no more permissions than the bench file grants.
 *
 * @module
 */

import { DriverRuntime } from "./driver_runtime.ts";
import type { FromServer, WorkerSettings } from "./messages.ts";
import { seal } from "./seal.ts";

// Kept now: whatever a driver does to the globals later, only text crosses.
const { stringify } = JSON;
const post = (globalThis as unknown as { postMessage: (message: string) => void }).postMessage.bind(globalThis);
const { stopImmediatePropagation } = Event.prototype;

let runtime: DriverRuntime | undefined;

addEventListener("message", (event) => {
  stopImmediatePropagation.call(event);
  const { data } = event as MessageEvent<WorkerSettings | FromServer>;
  if (runtime !== undefined) return runtime.take(data as FromServer);
  const settings = data as WorkerSettings;
  seal(settings.standalone);
  runtime = new DriverRuntime(settings, (message) => post(stringify(message)));
  post(stringify({ tell: "up" }));
});
