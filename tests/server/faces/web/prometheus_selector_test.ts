/** Prometheus' selectors: what they mean, and what is refused. */
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { durationOf, parseSelector } from "../../../../server/faces/web/prometheus_selector.ts";

const series = [
  { __name__: "heliograph_field_value", instrument: "tempcon", field: "camtemp", unit: "°C" },
  { __name__: "heliograph_field_value", instrument: "tempcon", field: "dewtemp", unit: "°C" },
  { __name__: "heliograph_field_value", instrument: "gauge", field: 'a"b\\c\n', unit: "" },
];

function found(selector: string): string[] {
  const { matches } = parseSelector(selector);
  return series.filter(matches).map(({ field }) => field);
}

Deno.test("prometheus: selectors find series by name and labels, with and without regular expressions", () => {
  deepStrictEqual(found("heliograph_field_value"), series.map(({ field }) => field));
  deepStrictEqual(found(' heliograph_field_value { instrument = "tempcon" , field != "camtemp" , } '), ["dewtemp"]);
  deepStrictEqual(found('{__name__="heliograph_field_value",field=~"cam.*|dew"}'), ["camtemp"]);
  deepStrictEqual(found("{instrument!~'temp.+',field!=\"\"}").length, 1);
  deepStrictEqual(found("{instrument=`gauge`}"), ['a"b\\c\n']);
  deepStrictEqual(found('{field="a\\"b\\\\c\\n"}'), ['a"b\\c\n']);
  deepStrictEqual(found('heliograph_field_value{unit=""}'), ['a"b\\c\n']);
  deepStrictEqual(found('heliograph_field_value{nothing=""}').length, 3);
  deepStrictEqual(found("other"), []);
  strictEqual(parseSelector("a[1h30m]").range, 5_400_000);
  strictEqual(parseSelector("a").range, undefined);
  deepStrictEqual(["15", "0.5", "1m", "1h1s", "5 m", "x"].map(durationOf), [
    15_000,
    500,
    60_000,
    3_601_000,
    undefined,
    undefined,
  ]);
});

Deno.test("prometheus: what is not offered is refused with what would be right, and no pattern takes long", () => {
  const refused = (query: string, error: RegExp) => throws(() => parseSelector(query), error, query);
  refused(
    "rate(a[5m])",
    /Cannot run the query at "\(a\[5m\]\)": only selectors are offered, such as heliograph_field_value/,
  );
  refused("a + b", /at "\+ b": only selectors/);
  refused("a offset 5m", /functions, operators, offset and @ are not/);
  refused("", /Cannot read the query ""/);
  refused('{x=""}', /name a metric, or a label that may not be empty/);
  refused('a{x="1" y="2"}', /at "y="2"}": a comma or } is expected there/);
  refused("a{x=1}", /a label, one of = != =~ !~, and a text in quotes/);
  refused('a{x=~"("}', /Cannot read the regular expression "\("/);
  refused("a[]", /Cannot read the range \[\]: write \[5m\]/);
  refused(`a{x=~"${"(a{1,100}){1,100}".repeat(3)}"}`, /regular expression .*(repeats too much|invalid repeat)/i);
  refused("a".repeat(10_001), /it is over 10000 characters/);
  // JavaScript's own engine would never come to an end.
  const { matches } = parseSelector('a{x=~"(a+)+b"}');
  strictEqual(matches({ __name__: "a", x: "a".repeat(500) }), false);
});
