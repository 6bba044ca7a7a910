/**
 * The scripts that make a shell ask `sallyport __complete`. In none of them is anything that was
 * typed, or that a configuration holds, evaluated: words go out as arguments and come back as text.
 * `commands/completion.ts` prints them.
 *
 * @module
 */

/** The shells. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** One of the shells. */
export type Shell = (typeof SHELLS)[number];

/**
 * Bash 3.2 and newer, with or without the package bash-completion. Bash cuts words at "=" and ":", so
 * the line goes out whole, and what comes back is cut to what bash replaces. `compgen -W` would
 * evaluate its list; it is not used. `printf %q` quotes what is inserted.
 */
const BASH = String.raw`# bash completion for sallyport: . <(sallyport completion bash)
_sallyport() {
  local reply line word whole="" first=1 directive="" cut quoted
  local current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  reply="$(command sallyport __complete line "$COMP_POINT" "$COMP_LINE" 2>/dev/null)" || return 0
  # "=" and ":" are words of their own to bash
  case "$current" in "=" | ":") current="" ;; esac
  while IFS= read -r line; do
    if [ -n "$first" ]; then
      first=""
      whole="$line"
      continue
    fi
    case "$line" in
      :*) directive="$line" && continue ;;
    esac
    word="\${line%%$'\t'*}"
    cut="$word"
    case "$whole" in
      *"$current") cut="\${word#"\${whole%"$current"}"}" ;;
    esac
    printf -v quoted %q "$cut"
    COMPREPLY+=("$quoted")
  done <<< "$reply"
  case "$directive" in
    :files | :folders)
      compopt -o filenames 2>/dev/null
      local kind=-f
      [ "$directive" = ":folders" ] && kind=-d
      while IFS= read -r line; do
        [ -n "$line" ] && COMPREPLY+=("$line")
      done <<< "$(compgen "$kind" -- "$current")"
      ;;
  esac
}
complete -F _sallyport sallyport
`;

const ZSH = String.raw`#compdef sallyport
# zsh completion for sallyport: source <(sallyport completion zsh)
_sallyport() {
  local -a lines values summaries asked
  local line directive prefix
  asked=("\${(@Q)words[1,CURRENT]}")
  lines=("\${(@f)$(command sallyport __complete words "\${#asked}" "\${asked[@]}" 2>/dev/null)}")
  (( \${#lines} > 1 )) || return 1
  directive="\${lines[-1]}"
  for line in "\${(@)lines[2,-2]}"; do
    values+=("\${line%%$'\t'*}")
    summaries+=("\${line%%$'\t'*}  \${line#*$'\t'}")
  done
  (( \${#values} )) && compadd -l -d summaries -a values
  case "$directive" in
    :files) _files ;;
    :folders) _files -/ ;;
  esac
}
if (( $+functions[compdef] )); then
  compdef _sallyport sallyport
fi
`;

const FISH = String.raw`# fish completion for sallyport: sallyport completion fish | source
function __sallyport_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l count (math (count $before) + 1)
  set -l lines (command sallyport __complete words $count $before "$current" 2>/dev/null)
  test (count $lines) -gt 1; or return
  switch $lines[-1]
    case :files
      __fish_complete_path "$current"
    case :folders
      __fish_complete_directories "$current"
  end
  test (count $lines) -gt 2; and printf '%s\n' $lines[2..-2]
end
complete -c sallyport -e
complete -c sallyport -f -a '(__sallyport_complete)'
`;

const POWERSHELL = String
  .raw`# PowerShell completion for sallyport: sallyport completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName sallyport -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text.Trim("'", '"') })
  $count = $before.Count + 1
  $asked = @($before)
  if ($wordToComplete) { $asked += $wordToComplete }
  $lines = @(& sallyport __complete words $count @asked 2>$null)
  if ($lines.Count -lt 2) { return }
  for ($at = 1; $at -lt $lines.Count - 1; $at++) {
    $word, $summary = $lines[$at] -split [char]9, 2
    if (-not $summary) { $summary = $word }
    $quoted = if ($word -match '^[\w\-=./:]+$') { $word } else { "'" + $word.Replace("'", "''") + "'" }
    [System.Management.Automation.CompletionResult]::new($quoted, $word, 'ParameterValue', $summary)
  }
}
`;

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
  powershell: POWERSHELL,
};

/**
 * The script of a shell.
 *
 * @param shell which
 */
export function completionScript(shell: Shell): string {
  // A template that is raw keeps the backslash in front of "\${".
  return SCRIPTS[shell].replaceAll("\\${", "${");
}

/**
 * The shell somebody uses, as far as the environment tells.
 *
 * @param shellPath the value of `SHELL`
 */
export function shellOf(shellPath: string | undefined): Shell {
  const name = shellPath?.replace(/^.*[/\\]/, "").replace(/\.exe$/i, "") ?? "";
  if (name === "pwsh") return "powershell";
  return SHELLS.find((shell) => shell === name) ?? "bash";
}
