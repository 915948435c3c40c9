/**
 * Requests that change the bench itself: its file, which ports there are, and whose port is freed.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { BenchChange, PluggedPort } from "../../protocol/bench_edit.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Principal } from "../access/principal.ts";
import type { Bench } from "../bench/bench.ts";
import { shown } from "../bench/values.ts";
import type { BenchEditor } from "../config/editing/bench_editor.ts";
import { listSerialPorts } from "../devices/transports/serial_ports.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Reply, RequestOf } from "./request.ts";

const log = getLogger(["heliograph", "bench"]);

const entry = z.record(z.string(), z.unknown());
const instrument = z.string().min(1);
const changeSchema: z.ZodType<BenchChange> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("add"), entry }),
  z.strictObject({ kind: z.literal("change"), instrument, entry }),
  z.strictObject({ kind: z.literal("remove"), instrument }),
  z.strictObject({ kind: z.literal("restore") }),
]);

/** A change as a client sent it. @throws {HeliographError} Where it is none. */
function changeOf(given: unknown): BenchChange {
  const { success, data, error } = changeSchema.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  throw new HeliographError(
    "bad_argument",
    `Cannot take the change: ${issue!.path.join(".") || "it"}: ${issue!.message}; it is shown as ` +
      `{ "kind": "add", "entry": {…} }, or "change", "remove" or "restore"`,
  );
}

/** What a change is called in the journal. */
function told(change: BenchChange): string {
  switch (change.kind) {
    case "add":
      return `added ${shown(change.entry.title)}`;
    case "change":
      return `changed ${change.instrument}`;
    case "remove":
      return `removed ${change.instrument}`;
    case "restore":
      return "put the previous file back";
  }
}

type Editing = "BenchFile" | "Ports" | "EditBench" | "TryInstrument" | "Switch";

/** Handles the requests that change the bench, for those who may administer it. */
export function editingRequests(
  { bench, editor }: { readonly bench: Bench; readonly editor: BenchEditor },
  dispatcher: Dispatcher,
): { readonly [K in Editing]: (request: RequestOf<K>, principal: Principal) => Promise<Reply<K>> } {
  /** Refuses to change what somebody else drives. */
  const refuseFor = (principal: Principal) => ({ name }: { readonly name: string }, what: string) =>
    dispatcher.control.check(name, principal, what);
  return {
    BenchFile: ({ cmd }, principal) => {
      dispatcher.check(principal, "administer", cmd);
      return editor.describe();
    },
    Ports: async ({ cmd }, principal) => {
      dispatcher.check(principal, "administer", cmd);
      return (await listSerialPorts()).map((port): PluggedPort => {
        const { path, stablePath, description } = port;
        const kind = path.startsWith("/dev/usbtmc") ? "usbtmc" : "serial";
        const usedBy = bench.instruments.filter(({ contact }) =>
          contact && [path, stablePath].includes(contact.address)
        );
        return { address: `${kind}://${stablePath ?? path}`, description, usedBy: usedBy.map(({ title }) => title) };
      });
    },
    EditBench: async ({ cmd, change: given, digest, save }, principal) => {
      dispatcher.check(principal, "administer", cmd);
      const change = changeOf(given);
      const options = { digest, save, by: principal.label, refuse: refuseFor(principal) };
      const edit = await editor.edit(change, options);
      if (edit.saved) {
        log.info("{client} {change} in the bench file", { client: principal.label, change: told(change) });
      }
      return edit;
    },
    TryInstrument: async ({ cmd, change, digest }, principal) => {
      dispatcher.check(principal, "administer", cmd);
      return await editor.tryOut(changeOf(change), { digest, refuse: refuseFor(principal) });
    },
    Switch: async ({ instrument: name, on }, principal) => {
      const command = on ? "switch_on" : "switch_off";
      await dispatcher.run({ instrument: "api", command, args: [name], keywords: new Map() }, principal);
      return undefined;
    },
  };
}
