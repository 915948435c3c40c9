/**
 * Gives up the server's permissions before it serves anybody.
 *
 * @module
 */

/**
 * The rights that a server that is prepared needs no more. What needs a file goes through Workers that were started
 * before, what needs a process through the launcher; the network is what it serves on.
 */
export const givenUp = ["read", "write", "run", "ffi", "env", "sys", "import"] as const;

/**
 * Gives them up for good: they hold for this process and never come back.
 *
 * @param kept Those that are still needed, as `run` is without a launcher. @default none
 */
export async function giveUpPermissions(kept: readonly (typeof givenUp)[number][] = []): Promise<void> {
  for (const name of givenUp) {
    if (!kept.includes(name)) await Deno.permissions.revoke({ name } as Deno.PermissionDescriptor);
  }
}
