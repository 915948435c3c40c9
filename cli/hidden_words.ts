/**
 * The hidden subcommands with which the executable starts itself once more.
 *
 * @module
 */

/** Runs the launcher. */
export const launcherWord = "launcher";

/** Runs a sandbox's process. */
export const sandboxHostWord = "sandbox-host";

/** Rehearses a run for a server. */
export const rehearsalHostWord = "rehearsal-host";

/** Runs drivers of one's own. */
export const driverHostWord = "driver-host";
