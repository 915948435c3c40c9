/**
 * The executable's entry point, and the only place that knows the process.
 *
 * @module
 */

import { runCli } from "./app.ts";
import { denoContext } from "./context.ts";

if (import.meta.main) Deno.exit(await runCli(Deno.args, denoContext()));
