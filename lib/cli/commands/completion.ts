/**
 * `sallyport completion [shell]`.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import { nearest } from "../../base/suggest.ts";
import { type Command, defineCommand } from "../command.ts";
import { completionScript, shellOf, SHELLS } from "../completion_scripts.ts";

/** Prints what makes a shell complete commands, flags, values and endpoint names. */
export const completionCommand: Command = defineCommand({
  name: "completion",
  summary: "print the script that completes command lines in your shell",
  description:
    `For good, put this into ~/.bashrc: if command -v sallyport >/dev/null; then . <(sallyport completion bash); fi

Or into ~/.zshrc, behind compinit: if command -v sallyport >/dev/null; then source <(sallyport completion zsh); fi

Or into ~/.config/fish/config.fish: sallyport completion fish | source

Or into the profile of PowerShell: sallyport completion powershell | Out-String | Invoke-Expression

Without an argument the script is for the shell in $SHELL. Once it is loaded, Tab completes commands, flags, their values, and the names of the endpoints in your configuration.`,
  examples: [
    { line: "completion bash", does: "the script for bash" },
    { line: "completion", does: "the script for the shell you use" },
  ],
  argument: {
    name: "shell",
    optional: true,
    missing: "name a shell",
    summary: "bash, zsh, fish or powershell",
    completes: SHELLS,
  },
  flags: [],
  run({ runtime: { host } }, { argument }) {
    const shell = argument === undefined
      ? shellOf(host.env("SHELL"))
      : SHELLS.find((one) => one === argument);
    if (shell === undefined) {
      const meant = nearest(argument ?? "", SHELLS);
      throw new TunnelError(
        "usage",
        `There is no completion for "${argument}": use bash, zsh, fish or powershell` +
          (meant === undefined ? "" : `; did you mean "${meant}"?`),
      );
    }
    host.stdout.write(completionScript(shell));
    return Promise.resolve(0);
  },
});
