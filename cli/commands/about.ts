/**
 * The subcommands about the program itself: `version`, `completions`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { version } from "../../protocol/version.ts";
import type { CliContext } from "../context.ts";
import { writeJson } from "../output.ts";

/** `heliograph version` */
export const versionCommand = buildCommand({
  docs: { brief: "Tell the version" },
  parameters: { flags: { json: { kind: "boolean", default: false, brief: "Print JSON, for scripts" } } },
  func(this: CliContext, { json }: { readonly json: boolean }): void {
    const { deno } = Deno.version;
    const platform = Deno.build.target;
    if (json) writeJson(this, { version, deno, platform });
    else this.process.stdout.write(`heliograph ${version} (Deno ${deno}, ${platform})\n`);
  },
});

/** The word by which a shell asks for proposals: `heliograph __complete WORD… PARTIAL`. */
export const completeWord = "__complete";

const scripts: Readonly<Record<string, string>> = {
  bash: `_heliograph() {
  mapfile -t COMPREPLY < <(heliograph ${completeWord} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _heliograph heliograph
`,
  zsh: `#compdef heliograph
_heliograph() {
  local -a proposals
  proposals=("\${(@f)$(heliograph ${completeWord} "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  compadd -a proposals
}
compdef _heliograph heliograph
`,
  fish:
    `complete -c heliograph -f -a '(heliograph ${completeWord} (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName heliograph -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($word -eq '') { $words += '""' }
  heliograph ${completeWord} @words 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`,
};

const shells = Object.keys(scripts);

/** `heliograph completions SHELL` */
export const completionsCommand = buildCommand({
  docs: {
    brief: `Print a completion script for ${shells.join(", ")}`,
    fullDescription: [
      "Prints a script that makes the shell complete subcommands, instruments and fields of the executable.",
      "  bash:       heliograph completions bash >> ~/.bashrc",
      "  zsh:        heliograph completions zsh >> ~/.zshrc",
      "  fish:       heliograph completions fish > ~/.config/fish/completions/heliograph.fish",
      "  powershell: heliograph completions powershell >> $PROFILE",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "SHELL",
        brief: shells.join(", "),
        parse: (shell: string): string => {
          if (shells.includes(shell)) return shell;
          throw new Error(`${shell} is not a shell it knows: give ${shells.join(", ")}`);
        },
        proposeCompletions: () => shells,
      }],
    },
  },
  func(this: CliContext, _flags: Record<never, never>, shell: string): void {
    this.process.stdout.write(scripts[shell]!);
  },
});
