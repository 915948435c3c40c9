/** Python of clients: what MicroPython would print otherwise than CPython, or lacks. */
import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import fc from "npm:fast-check@4.10.2";
import { canRun, dashboardClient, startServer } from "../../fixture.ts";

/** Whether a Python is here whose statistics are as exact as today's. */
const python = await canRun("python3") &&
  (await new Deno.Command("python3", { args: ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"] }).output())
    .success;

/** Expressions whose text, or whose error, is the same in both. */
const expressions = String.raw`
'5'.zfill(3), '-5'.zfill(4), '+5.2'.zfill(8), ''.zfill(2), 'abc'.zfill(2), f"{'7'.zfill(3)}"
"they're bill's friends from the UK".title(), 'hello 3world_x y2k'.title()
'hELLO wORLD'.capitalize(), ''.capitalize(), 'Hello World'.swapcase()
'x'.ljust(3) + '|' + 'x'.ljust(5, '.'), 'x'.rjust(5, '*'), 'xyz'.rjust(2)
'ab'.center(5, '-'), 'abc'.center(6, '-'), 'abc'.center(5), 'abc'.center(2)
'TestHook'.removeprefix('Test'), 'TestHook'.removesuffix('Hook'), 'TestHook'.removeprefix(''), 'TestHook'.removesuffix('')
'a\tbc\td'.expandtabs(), '01\t012\t0123\n\t1'.expandtabs(4)
'é'.upper() + 'É'.lower() + 'ß'.upper() + 'ΑΣ'.lower() + 'µm °C'.upper() + 'Straße'.casefold() + 'éÉ ßa'.title() + 'ßa'.capitalize()
'é'.isalpha(), 'é'.isupper(), 'É'.isupper(), 'é1'.islower(), 'é1'.isalpha(), 'ab1'.isalnum(), ''.isalnum(), 'a b'.isalnum()
'1'.isdecimal(), '1.0'.isnumeric(), 'é'.isascii(), ''.isascii(), 'ab'.upper(), 'AB'.lower(), 'a'.islower(), 'a'.isupper()
[str.zfill(x, 3) for x in ['1', '22']], list(map(str.title, ['ab', 'cd'])), hasattr('a', 'title'), getattr('a', 'upper')()
'a,b,,c'.split(','), ' x y '.split(), 'abcabc'.count('b'), 'x=1'.partition('='), 'a.b.c'.rsplit('.', 1)
round(0.5), round(1.5), round(2.5), round(-0.5), round(-1.5), round(-2.5), round(3.7), type(round(3.7)).__name__
round(2.675, 2), round(1.005, 2), round(0.125, 2), round(0.375, 2), round(2.5, 0), round(-2.5, 0), round(-0.4, 0)
round(5), round(15, -1), round(25, -1), round(-15, -1), round(149, -2), round(150, -2), round(250, -2), round(7, 3), round(True)
round(1234.5678, -2), round(1250.0, -2), round(1350.0, -2), round(-1250.0, -2), round(1e20, -19), round(4.5e15, -15)
round(1e22, 2), round(1e300, 5), round(123456789.987654321, 6), round(1e-10, 12), round(5e-324, 3), round(0.1, 20), round(1/3, 25), round(1.5, 400), round(1.5, -400)
round(2.675, ndigits=1), round(number=2.6), round(3.14159, None)
round(1.5, 1.5)
round('a')
round(float('nan'))
round(float('inf'))
round(float('nan'), 2), round(float('-inf'), 2)
sorted([3, 1, 2]), sorted('hello'), sorted([], reverse=True), sorted([(1, 'b'), (1, 'a'), (0, 'c')], key=lambda x: x[0])
sorted([('a', 2), ('b', 1), ('c', 2), ('d', 1)], key=lambda x: x[1], reverse=True)
sorted([1, 1.0, True, 0, False, 0.0]), sorted([1, 1.0, True, 0, False, 0.0], reverse=True), sorted(range(50), key=lambda x: x % 3)
sorted(['b', 'B', 'a', 'A'], key=str.lower), sorted((x * 7919) % 101 for x in range(200))
sorted([1, 'a'])
sorted([2, 1], lambda x: x)
[l.sort() or l for l in [[3, 1, 2], [], [1]]], [l.sort(key=len, reverse=True) or l for l in [['a', 'bb', 'cc', 'd']]]
(0).bit_length(), (255).bit_length(), (-256).bit_length(), (2**70).bit_length()
8.2, [8.2, (9339.7,)], str(-9.97), '%s' % 8.2, '{}'.format(8.2), f'{0.939}', {1: 99.4}, 1e22, 1e16, 1e-5, float('nan'), -float('inf'), -0.0, 5e-324, 100.0
math.hypot(3, 4), math.hypot(), math.fsum([0.1] * 10), math.fsum([1e16, 1, -1e16]), math.prod([2, 3, 4]), math.prod([], start=2), math.sqrt(4), random.gauss(5, 0.0), time.ctime(86400 * 400) == time.strftime('%a %b %e %H:%M:%S %Y', time.localtime(86400 * 400))
repr('é'), ['°C', "it's", 'a"\n\t\x7f\xa0\u200b'], ('µ',), {'Ω': '温'}, '%r' % 'é', '{!r}'.format('😀'), f"{'°'!r}", str(ValueError('é')), repr('é' * 700) == "'" + 'é' * 700 + "'", repr('')
f'{1234567.891:,.2f}', f'{-1234567.891:,}', f'{1234567:,}', f'{1234.5:012,.1f}', '{:012,}'.format(1234), f'{1234567.891:>+16,.1f}|', f'{1e22:,}', f'{float("inf"):,.1f}', f'{999.9:,.0f}', f'{123456789:_}', f'{0xdeadbeef:_x}', f'{-1234:=+9,}', f'{12345.678:*^15,.1f}', f'{0:,}', f'{True:,}', f'{0.5:,.1%}', '{:,}'.format(True), f'{1234567:#_x}'
f"{'°C':>5}|", '{:>10}'.format('é'), '{:é^5}|{:é<4}|{:°>7.2f}'.format('a', 1, 2.5), '{:.1}'.format('éa'), '{:<6.2s}|'.format('µmm'), f"{'°'!r:>6}", '{0:>3}{1}{0:é<2}'.format('a', 'b'), '{:5}|{:05}'.format('é', 'a'), f"{'a':^{5}}|{'é':{'*'}>{4}}"
'{a[0]}{a[1]:>3}|{d[k]}'.format(a=[1, 'é'], d={'k': 2}), '{0.year:>6}'.format(datetime.date(2024, 3, 5)), '{{}} {:>2}}}'.format('é'), '{:}'.format('é'), '{!s:>4}'.format('é'), '{n:>4}|'.format(n='µ'), '{:>4}|{}'.format(True, True), f'{None}', f"{5:>4}{'a'}", f'{3.14159:.2f} °C', f'{-5:+d} é{7:03d}', f"{1.5:>8} °"
f'{9999.996:>10}|', f'{8.2:8}', f'{1234567.5:<12}|', '{:+}'.format(0.1), '{:.2}'.format(0.0), '{:.4}'.format(1234.56), '{:.3}'.format(12.0), '{:08}'.format(-1.5), '{:.0}'.format(1.5), '{:6}|{:.1f}'.format(float('nan'), 2.26), '{:_>6}'.format(1e-7), '{:,>6}'.format(5)
list(map('{:>3}'.format, ['é', 'ab'])), list(map('{:.1f}'.format, [1, 2.26])), format(3.14159, '.3f'), format('é', '>3'), format(12), format(1234567.5, ','), format(True), format(datetime.date(2024, 3, 5), '%d.%m.%Y')
f"{datetime.datetime(2024, 3, 5, 7, 8):%Y-%m-%d %H:%M}", f"{datetime.date(2024, 3, 5):%d/%m}", type('A', (), {'__format__': lambda self, spec: 'made ' + spec})().__format__('x'), '{:x y}|'.format(type('A', (), {'__format__': lambda self, spec: 'made ' + spec})())
'{'.format(1)
'{:>3} }'.format('a')
'{:>3}{:>3}'.format('a')
'{:d}'.format('é')
'{a:>3}'.format(b='é')
f'{1.5:,d}'
f'{1:,s}'
isinstance(True, int), isinstance(True, bool), isinstance(1, bool), isinstance(False, (str, int)), isinstance(1.0, int), isinstance(True, float), issubclass(bool, int), issubclass(bool, (str, float)), isinstance(None, int)
isinstance(1, 'int')
st.mean([1, 2, 3]), st.mean([1, 2]), st.mean([0.1] * 3), st.mean([1, 2.5]), st.mean([1e16, 1, -1e16]), st.fmean([0.1] * 10)
st.median([1, 3, 2]), st.median([1, 2, 3, 4]), st.median([2, 1]), st.median_low([1, 2, 3, 4]), st.median_high([1, 2, 3, 4])
st.mode([1, 1, 2, 2, 3]), st.mode('abracadabra'), st.multimode([1, 1, 2, 2, 3]), st.multimode([])
st.stdev([1, 2, 3, 4]), st.pstdev([1, 2, 3, 4]), st.variance([1, 2, 3, 4]), st.pvariance([1, 2, 3]), st.stdev([0.1, 0.1, 0.1])
st.variance([1, 2, 3], 2), st.stdev([1e10 + 1, 1e10 + 2, 1e10 + 3.5]), st.harmonic_mean([40, 60]), st.harmonic_mean([0, 1])
st.quantiles([1, 2, 3, 4, 5]), st.quantiles([105, 129, 87, 86, 111.5, 89, 81, 108], n=10), st.quantiles([1.5, 2.5, 7], n=3, method='inclusive')
st.mean([])
st.stdev([1])
st.variance([])
st.mode([])
issubclass(st.StatisticsError, ValueError)
datetime.date(2024, 3, 5).strftime('%d/%m/%y %H:%M'), datetime.time(7, 8, 9, 10).strftime('%H:%M:%S.%f %p')
datetime.datetime(2024, 3, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))).strftime('%H%z')
datetime.datetime(2024, 3, 5, tzinfo=datetime.timezone.utc).strftime('%H%z %Z')
time.strftime('%Y-%m-%d %H:%M:%S', (2024, 2, 29, 13, 5, 9, 3, 60, -1)), time.strftime('%j', time.gmtime(86400 * 40)), len(time.strftime('%H:%M'))
`.trim().split("\n").concat(
  ["2024, 2, 29, 13, 5, 9, 123", "2026, 1, 1, 0, 0, 0", "2023, 12, 31, 23, 59, 59, 999999", "2025, 7, 6, 12, 0"].map((
    at,
  ) =>
    `datetime.datetime(${at}).strftime('%Y-%m-%d %H:%M:%S.%f %a %A %b %B %d %e %I %p %j %U %W %w %u %y %c %x %X %D %F %T %R %h %% [%z] [%Z]')`
  ),
);

/** Numbers as Python writes them: of every size, and halves of decimals. */
function literals(count: number): string[] {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: -1000, max: 1000, noNaN: true }),
    fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom(2, 4, 8, 100, 1000)).map(([a, b]) => a / b),
  );
  return fc.sample(number, count).map((value) => `float('${value}')`);
}

/** Python that prints, as JSON, the text of each expression, or the name of its error. */
const evaluateAll = (cases: readonly string[]) => `
import json, statistics as st, datetime, time, math, random
texts = []
for case in json.loads(${JSON.stringify(JSON.stringify(cases))}):
    try:
        texts.append(str(eval(case)))
    except Exception as error:
        texts.append(type(error).__name__)
print(json.dumps(texts))
`;

async function cpython(code: string): Promise<unknown> {
  const child = new Deno.Command("python3", { args: ["-"], stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  return JSON.parse(new TextDecoder().decode((await child.output()).stdout));
}

Deno.test({
  name: "Python: text methods, rounding, sorting, floats, statistics and dates read as CPython has them",
  ignore: !python, // needs python3 3.11 or later on this machine
  fn: async () => {
    await using server = startServer({ sandbox: {} });
    await using client = dashboardClient(server);
    const rounded = literals(300).map((value, at) => `round(${value}, ${at % 9 - 2})`);
    const lists = Array.from(
      { length: 30 },
      () => `[${literals(5).filter((value) => !value.includes("e")).join(", ")}, 1, 2]`,
    );
    const measured = lists.map((list) =>
      `[f(${list}) for f in (st.mean, st.fmean, st.variance, st.pstdev, st.stdev, st.median)]`
    );
    for (const cases of [expressions, rounded, literals(300), measured]) {
      const code = evaluateAll(cases);
      let printed = "";
      await client.doExec(code, { language: "python", output: (text) => printed += text });
      const [here, there] = [JSON.parse(printed), await cpython(code)] as [string[], string[]];
      deepStrictEqual(here.map((text, at) => [cases[at], text]), there.map((text, at) => [cases[at], text]));
    }
  },
});

Deno.test("Python: print flushes, the clock is the PC's, there are no files, and what MicroPython lacks is told with what to write instead", async () => {
  await using server = startServer({ sandbox: {} });
  await using client = dashboardClient(server);
  let printed = "";
  const code =
    "import time\nprint('a', end='', flush=True)\nprint('b', flush=False, file=None)\nprint(time.strftime('%Y') > '2000')";
  await client.doExec(code, { language: "python", output: (text) => printed += text });
  strictEqual(printed, "ab\nTrue\n");
  // The PC's own time, and not UTC, where the two differ.
  const at = new Date(1_700_000_000_000);
  const local = [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()];
  const clocks =
    "(list(__import__('time').localtime(1700000000)[:6]), __import__('datetime').datetime.fromtimestamp(1700000000).timestamp())";
  deepStrictEqual(await client.doEval(clocks, { language: "python" }), [local, 1_700_000_000]);
  // Nothing is left of what code did to its own Python.
  const evaluate = (expression: string) => client.doEval(expression, { language: "python" });
  await client.doExec("import builtins\nbuiltins.round = builtins.sorted = None", { language: "python" });
  strictEqual(await evaluate("round(sorted([2.675, 1])[1], 2)"), 2.67);
  const lacking: [string, RegExp][] = [
    [
      "'abc'[::-1]",
      /^NotImplementedError: only slices with step=1 .*; MicroPython lacks it: take the step in a list: /,
    ],
    ["(3.0).is_integer()", /^AttributeError: .*'is_integer'; MicroPython lacks it: write x == int\(x\) \(line 1\)$/],
    ["__import__('threading')", /^ImportError: no module named 'threading'; MicroPython lacks it: code runs alone/],
    ["(lambda a: a).__code__.co_argcount", /; MicroPython lacks it: .*len\(inspect\.signature\(f\)\.parameters\)/],
    // MicroPython's own file system is in memory: what is written there would be lost without a word.
    [
      "open('log.csv', 'a').write('x')",
      /^OSError: Cannot open 'log.csv': Python code may read and write no files\. Print .* return it from eval \(line 1\)$/,
    ],
    ["open('/etc/passwd').read()", /^OSError: Cannot open '\/etc\/passwd': Python code may /],
    ["__import__('os').listdir('/')", /^OSError: Cannot use '\/': Python code may /],
    ["__import__('os').rename('a', 'b')", /^OSError: Cannot use 'a': Python code may /],
    ["__import__('pathlib').Path('notes/a.txt').write_text('x')", /^OSError: Cannot open 'notes\/a.txt': Python code /],
    ["__import__('requests')", /; MicroPython lacks it: code connects to nothing/],
    ["__import__('re').findall('a', 'a')", /; MicroPython lacks it: write m = re.search\(/],
    ["__import__('re').match('(?P<n>a)', 'a')", /^ValueError: regex too complex; MicroPython lacks it: .*no name/],
    ["__import__('collections').Counter", /; MicroPython lacks it: write counts\[x\]/],
    ["'a b c'.rsplit(None, 1)", /; MicroPython lacks it: write text\.rsplit/],
    ["'a'.nothing", /^AttributeError: 'str' object has no attribute 'nothing' \(line 1\)$/],
  ];
  for (const [expression, expected] of lacking) {
    await rejects(
      evaluate(expression),
      (error: Error) => (match(error.message.replace("In Eval, Error: ", ""), expected), true),
    );
  }
});
