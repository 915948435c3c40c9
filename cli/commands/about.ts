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

/** The word by which a shell asks for proposals: `heliograph __complete SHELL WORD… PARTIAL`. */
export const completeWord = "__complete";

const scripts = {
  bash: `_heliograph() {
  mapfile -t COMPREPLY < <(heliograph ${completeWord} bash "\${COMP_LINE:0:COMP_POINT}" "\${COMP_WORDS[COMP_CWORD]}" </dev/null 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _heliograph heliograph
`,
  zsh: `#compdef heliograph
_heliograph() {
  local -a proposals
  proposals=("\${(@f)$(heliograph ${completeWord} zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" </dev/null 2>/dev/null)}")
  if [[ -z $proposals[1] ]]; then _files; return; fi
  compadd -- "\${(@)proposals:#*=}"
  compadd -S '' -- "\${(@M)proposals:#*=}"
}
compdef _heliograph heliograph
`,
  fish: `function __heliograph_complete
  set -l words (commandline -opc)
  set -l proposals (heliograph ${completeWord} fish $words[2..-1] (commandline -ct) </dev/null 2>/dev/null)
  if test (count $proposals) -gt 0
    printf '%s\\n' $proposals
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c heliograph -f -a '(__heliograph_complete)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName heliograph -ScriptBlock {
  param($word, $ast, $position)
  $typed = { param($part) if ($part.Value -is [string]) { $part.Value } else { $part.Extent.Text } }
  $before = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position })
  $words = @($before | ForEach-Object { & $typed $_ })
  if ($word -eq '') { $word = '""' }
  heliograph ${completeWord} powershell @words $word 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_.Trim("'"), 'ParameterValue', $_)
  }
}
`,
} as const;

/** The shells that there are completion scripts for. */
export type ShellName = keyof typeof scripts;

const shells = Object.keys(scripts);

/** Whether there is a completion script for a shell of that name. */
export function isShell(name: string): name is ShellName {
  return Object.hasOwn(scripts, name);
}

/** `heliograph completions SHELL` */
export const completionsCommand = buildCommand({
  docs: {
    brief: `Print a completion script for ${shells.join(", ")}`,
    fullDescription: [
      "Prints a script that makes the shell complete subcommands, flags, instruments, fields, values and arguments.",
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
        parse: (shell: string): ShellName => {
          if (isShell(shell)) return shell;
          throw new Error(`${shell} is not a shell it knows: give ${shells.join(", ")}`);
        },
        proposeCompletions: () => shells,
      }],
    },
  },
  func(this: CliContext, _flags: Record<never, never>, shell: ShellName): void {
    this.process.stdout.write(scripts[shell]);
  },
});
