/**
 * The subcommand that writes the types for drivers of one's own: `types`.
 *
 * @module
 */

import { join } from "node:path";
import type { CliContext } from "../context.ts";
import { driverTypes } from "../driver_types.ts";
import { UsageError } from "../exit_codes.ts";
import { buildCommand } from "../usage.ts";

/** The file that drivers name. */
const typesFile = "heliograph.d.ts";

/** `heliograph types [FOLDER]` */
export const typesCommand = buildCommand({
  docs: { brief: "Write the types for drivers of one's own, from which editors complete them" },
  parameters: {
    flags: {},
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "FOLDER", brief: "The folder of the driver", parse: String, default: "." }],
    },
  },
  async func(this: CliContext, _flags: Record<never, never>, folder: string): Promise<void> {
    const file = join(folder, typesFile);
    await checkOurs(file);
    try {
      await Deno.writeTextFile(file, driverTypes);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new UsageError(`Cannot write ${file}: there is no such folder`);
      throw error;
    }
    this.process.stdout.write(
      `Wrote ${file}. A driver beside it begins with\n` +
        `  import type { DriverModule } from "./${typesFile}";    in TypeScript\n` +
        `  /** @type {import("./${typesFile}").DriverModule} */    before its function, in JavaScript\n`,
    );
  },
});

/** A file of that name that somebody else has written stays. */
async function checkOurs(file: string): Promise<void> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch {
    return;
  }
  if (text.split("\n", 1)[0] === driverTypes.split("\n", 1)[0]) return;
  throw new UsageError(`${file} is there already, was not written by \`types\`, and is left as it is`);
}
