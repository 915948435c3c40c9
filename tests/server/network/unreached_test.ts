/** Why another PC could not be reached, as this system tells it and as Windows tells it in other languages. */
import { strictEqual } from "node:assert/strict";
import { unreachedBy } from "../../../server/network/unreached.ts";

Deno.test("network: a name that nobody has is told from a port at which nothing listens, in each language of Windows", async () => {
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr as Deno.NetAddr;
  free.close();
  const failure = async (work: Promise<unknown>) => await work.then(() => undefined, (error) => error);
  strictEqual(unreachedBy(await failure(Deno.connect({ hostname: "127.0.0.1", port }))), "refused");
  strictEqual(unreachedBy(await failure(fetch(`http://127.0.0.1:${port}`))), "refused");
  strictEqual(unreachedBy(await failure(Deno.connect({ hostname: "no-such-host.invalid", port }))), "name");
  strictEqual(unreachedBy(await failure(fetch("http://no-such-host.invalid"))), "name");
  for (
    const [text, kind] of [
      [
        "Es konnte keine Verbindung hergestellt werden, da der Zielcomputer sie verweigerte. (os error 10061)",
        "refused",
      ],
      ["Hôte inconnu. (os error 11001)", "name"],
      ["Der Host war bei einem Socketvorgang nicht erreichbar. (os error 10065)", "unreachable"],
      ["Ein Verbindungsversuch ist fehlgeschlagen. (os error 10060)", "silent"],
      ["Une connexion existante a dû être fermée par l’hôte distant. (os error 10054)", "closed"],
      ["Zugriff verweigert (os error 5)", undefined],
    ] as const
  ) {
    strictEqual(unreachedBy(new Error("it failed", { cause: new Error(text) })), kind, text);
  }
});
