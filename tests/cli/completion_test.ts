/** Completion in the shells that people have: each is started on a terminal of its own, and Tab is pressed. */
import { deepStrictEqual } from "node:assert/strict";
import { command, defineInstrument } from "../../mod.ts";
import { canRun, runProgram, startServer, top } from "../fixture.ts";
import { Terminal } from "../terminal.ts";
import { programs } from "../server_process.ts";
import { typedLine, written } from "../../cli/typed_line.ts";
import { PyOpticonSocketClient } from "../../client/mod.ts";
import { ShellCompleter } from "../../cli/shell_words.ts";
import { run } from "../cli_fixture.ts";

/** A bench with titles, choices and arguments that hold spaces. */
function bench() {
  const wheel = defineInstrument({
    title: "Filter Wheel",
    fields: {
      "Wanted Filter": { type: "choice", choices: ["Red A", "Clear"], access: "setting", needsConfirm: true },
      Position: { type: "int", initial: 3 },
    },
    commands: () => ({
      move: command({
        summary: "Move it",
        arguments: {
          filter: { type: "choice", choices: ["Red A", "Clear"] },
          wait: { type: "switch", default: true },
          speed: { type: "choice", choices: ["slow", "fast"], default: "slow" },
        },
        run: ({ filter, wait, speed }) => `to ${filter}, ${wait ? "waiting" : "not waiting"}, ${speed}`,
      }),
    }),
  });
  return startServer({ instruments: [wheel, defineInstrument({ title: "Filter Lamp", fields: {} })] });
}

/** What is typed in each shell, and what it makes of it; ⇥ is Tab, and N stands for the port. */
const sessions: Record<string, { start: string; prepare: string; typed: [keys: string, shows: RegExp][] }> = {
  bash: {
    start: "bash --norc --noprofile -i",
    prepare: "eval \"$(heliograph completions bash)\"; bind 'set bell-style none'; PS1='$ '",
    typed: [
      ['heliograph set --port N "Filter W⇥', /"Filter Wheel" $/],
      ["Wan⇥", /Wanted\\ Filter $/],
      ["'Re⇥", /'Red A' $/],
      ["\r", /waits for confirm: .*heliograph confirm "Filter Wheel" --port \d+\r\n\$ $/],
      ["heliograph call --port N filter_wheel mo⇥", /move $/],
      ["Cl⇥wa⇥of⇥", /Clear wait=off $/],
      ["spe⇥f⇥", /speed=fast $/],
      ["\r", /to Clear, not waiting, fast\r\n\$ $/],
      // Files are the shell's to complete.
      ["mkdir ~/one; cd ~/one; touch run.py\r", /\$ $/],
      ["heliograph exec ⇥", /run\.py $/],
      ["--show⇥", /--show-output $/],
    ],
  },
  zsh: {
    start: "zsh -f -i",
    prepare: "PS1='$ '; autoload -Uz compinit; compinit -u -D; eval \"$(heliograph completions zsh)\"",
    typed: [
      ['heliograph set --port N "Filter W⇥', /Filter Wheel" /],
      ["'Wan⇥", /'Wanted Filter' /],
      ["Re⇥", /Red\\ A /],
      ["\r", /waits for confirm: .*heliograph confirm "Filter Wheel" --port \d+\r\n[^]*\$ /],
      ["heliograph call --port N Filter\\ W⇥", /Filter\\ Wheel /],
      ["move Clear wa⇥of⇥", /wait=off /],
      ["\r", /to Clear, not waiting, slow/],
    ],
  },
};

/** A program of the name that completion is for: the executable, where there is one. */
async function writeProgram(folder: string): Promise<void> {
  const program = programs.at(-1)!;
  const words = [program.path, ...program.client].map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(`${folder}/heliograph`, `#!/bin/sh\ncd '${top.pathname}' && exec ${words} "$@"\n`, {
    mode: 0o755,
  });
}

for (const [shell, { start, prepare, typed }] of Object.entries(sessions)) {
  Deno.test({
    name: `${shell} completes titles in quotes, choices and a command's arguments, and runs the line`,
    ignore: !await canRun("script") || !await canRun(shell), // a shell that is not there cannot be asked
    fn: async () => {
      await using server = bench();
      const folder = await Deno.makeTempDir();
      await writeProgram(folder);
      await using terminal = new Terminal(start, {
        PATH: `${folder}:${Deno.env.get("PATH")}`,
        HOME: folder,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
      });
      await terminal.type(`${prepare}; echo rea''dy\r`, /ready[\r\n]/);
      for (const [keys, shows] of typed) {
        await terminal.type(
          keys.replaceAll("⇥", "\t").replace("N", String(server.dashboardServer.port)),
          shows,
        );
      }
      await Deno.remove(folder, { recursive: true });
    },
  });
}

Deno.test({
  name: "fish completes titles in quotes, choices and a command's arguments",
  ignore: !await canRun("fish"), // a shell that is not there cannot be asked
  fn: async () => {
    await using server = bench();
    const folder = await Deno.makeTempDir();
    await writeProgram(folder);
    const at = `--port ${server.dashboardServer.port}`;
    // fish tells what it would propose without a terminal.
    const proposed: [line: string, proposals: string][] = [
      [`heliograph get ${at} "Filter W`, "Filter Wheel"],
      [`heliograph get ${at} Filter\\ W`, "Filter Wheel"],
      [`heliograph set ${at} "Filter Wheel" wan`, "wanted_filter"],
      [`heliograph set ${at} "Filter Wheel" 'Wanted Filter' R`, "Red A"],
      [`heliograph call ${at} filter_wheel move Clear wa`, "wait="],
      [`heliograph call ${at} filter_wheel move Clear wait=`, "wait=off wait=on"],
      ["heliograph server --command-p", "--command-port"],
      ["heliograph exec README.m", "README.md"],
    ];
    const asked = proposed.map(([line]) => `complete -C ${fishWord(line)} | string join ' '`);
    const { stdout, stderr } = await runProgram("fish", [
      "--no-config",
      "-c",
      ["heliograph completions fish | source", ...asked].join("\n"),
    ], { env: { PATH: `${folder}:${Deno.env.get("PATH")}` } });
    deepStrictEqual([stdout, stderr], [proposed.map(([, proposals]) => `${proposals}\n`).join(""), ""]);
    await Deno.remove(folder, { recursive: true });
  },
});

/** A word for fish, in single quotes. */
function fishWord(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

Deno.test("completion: PowerShell gets the whole word with its quotes, and what cannot stand in quotes is left out", async () => {
  await using server = bench();
  const at = ["--port", String(server.dashboardServer.port)];
  const proposals = async (...words: string[]) => (await run(["__complete", ...words])).out;
  deepStrictEqual(await proposals("powershell", "get", ...at, "'Filter W"), "'Filter Wheel'\n");
  deepStrictEqual(
    await proposals("powershell", "get", ...at, '""'),
    "filter_wheel\n'Filter Wheel'\nfilter_lamp\n'Filter Lamp'\napi\n",
  );
  deepStrictEqual(await proposals("powershell", "set", ...at, "Filter Wheel", "Wanted Filter", "R"), "'Red A'\n");
  // An old script names no shell.
  deepStrictEqual(await proposals("set", `--port=${at[1]}`, "filter_wheel", "Wan"), "Wanted Filter\n");
  // bash ends its words at = and :.
  const line = `heliograph call ${at.join(" ")} filter_wheel move filter=`;
  deepStrictEqual(await proposals("bash", line, "="), "Red\\ A\nClear\n");
  deepStrictEqual(await proposals("bash", `${line}"Red`, '"Red'), "Red A\n");
  deepStrictEqual([typedLine(`a 'b c' "d`, false), typedLine("it\\'s x\\ ", true)], [
    { words: ["a", "b c"], last: { text: "d", raw: '"d', quote: '"' } },
    { words: ["it's"], last: { text: "x ", raw: "x\\ ", quote: "" } },
  ]);
  deepStrictEqual([written("bash", "it's", "'"), written("bash", 'a"$b', '"'), written("bash", "é b")], [
    undefined,
    'a\\"\\$b',
    "é\\ b",
  ]);
  deepStrictEqual([written("powershell", "it's"), written("ours", 'say "a"'), written("ours", 'say "a"', '"')], [
    "'it''s'",
    `'say "a"'`,
    undefined,
  ]);
});

Deno.test("completion: the shell of our own completes inside quotes, choices, and a command's arguments", async () => {
  await using server = bench();
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
  const completer = new ShellCompleter(() => client.describe());
  const cases: [line: string, proposals: string[], last: string][] = [
    ["descr", ["describe"], "descr"],
    ['get "Filter W', ['"Filter Wheel"'], '"Filter W'],
    ["get 'Filter W", ["'Filter Wheel'"], "'Filter W"],
    ["get filter_w", ["filter_wheel"], "filter_w"],
    ['set "Filter Wheel" ', ["wanted_filter", '"Wanted Filter"'], ""],
    ['set filter_wheel "Wanted Filter" ', ['"Red A"', "Clear"], ""],
    ["get filter_wheel Pos", ["Position"], "Pos"],
    ["call filter_wheel mo", ["move"], "mo"],
    ["call filter_wheel move ", ['"Red A"', "Clear", "filter=", "wait=", "speed="], ""],
    ["call filter_wheel move Clear speed=", ["speed=slow", "speed=fast"], "speed="],
    ["filter_wheel.mo", ["filter_wheel.move"], "filter_wheel.mo"],
    ["filter_wheel.move 'Re", ["'Red A'"], "'Re"],
    ["filter_wheel.set wanted_filter C", ["Clear"], "C"],
    ["stat", ["status"], "stat"],
    ["list ", [], ""],
  ];
  for (const [line, proposals, last] of cases) {
    deepStrictEqual(await completer.complete(line), [proposals, last], line);
  }
});
