/** What was probably meant by a name that there is not. */
import { match, strictEqual } from "node:assert/strict";
import { nearest } from "../../../server/bench/names.ts";
import { RawClient, startServer } from "../../fixture.ts";

Deno.test("names: the nearest one is meant, before one that only begins alike", () => {
  const cases: [given: string, names: string[], meant: string | undefined][] = [
    ["get_tempratures", ["get", "get_temperatures", "get_temperature"], "get_temperatures"],
    ["set_filtr", ["set", "get_filter", "set_filter", "set_filters"], "set_filter"],
    // Neighbours that have changed places are one slip.
    ["gte", ["set", "get"], "get"],
    ["min", ["unit", "maximum", "minimum"], "minimum"],
    ["Methane", ["methanol", "tempcon", "methane_mfc", "Methane MFC"], "methanol"],
    ["Methane", ["tempcon", "Methane MFC"], "Methane MFC"],
    ["filter", ["get_filters", "get_filter"], "get_filter"],
    ["UV-Ligth", ["uv_light", "UV Lamp"], "uv_light"],
    ["baudrate", ["parity", "baud"], "baud"],
    // Nothing is like it; nobody means get by it.
    ["get_pressures", ["get", "set"], undefined],
    ["x", ["y"], undefined],
    ["", ["y"], undefined],
    ["tempcon".repeat(20), ["tempcon"], undefined],
  ];
  for (const [given, names, meant] of cases) strictEqual(nearest(given, names), meant, given);
});

Deno.test("names: a slip on the line is told what is right", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.commandServer.port);
  const cases: [line: string, reply: RegExp][] = [
    ["tempcon.get_tempratures", /did you mean get_temperatures\?/],
    // The default instrument answers for others: their commands are meant as well.
    ["set_filtr 1", /did you mean set_filter\?/],
    ["tempcon.set_control_temperature temprature=-90", /temprature=: .* \(did you mean temperature\?\); usage: /],
    ['get uv_light "Actual Status"', /uv_light\.get "Actual Status"/],
    ["set tempcon control_temperature -90", /: tempcon\.set control_temperature -90/],
    ['get Methane MFC "Setpoint Entry"', /quote a title with spaces, as in .Methane MFC.\.help/],
    ["get tempcom x", /tempcom \(did you mean tempcon\?\)/],
  ];
  for (const [line, reply] of cases) match(await client.ask(line), reply, line);
  strictEqual(await client.ask("register alice"), "OK");
  strictEqual(await client.ask("take tempcon 10 minutes"), "OK");
});
