/**
 * The entry point of a Worker that runs code. It is this short because a sandbox's process can keep nothing compiled
 * once its wall stands: `host.ts` loads the rest before that.
 *
 * @module
 */

import { serveCode } from "./worker_main.ts";

serveCode();
