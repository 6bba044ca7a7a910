import assert from "node:assert/strict";
import { completionScript, shellOf, SHELLS } from "../../../lib/cli/completion_scripts.ts";
import { test } from "../../harness.ts";

test("completionScript() asks the program and evaluates nothing", () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell);
    assert.match(script, /sallyport __complete (line|words) /, shell);
    assert.doesNotMatch(
      script.replace(/^#.*$/gm, ""),
      /\beval\b|compgen -W|Invoke-Expression/,
      shell,
    );
    assert.doesNotMatch(script, /\\\$\{/, "no backslash of the template is left");
  }
});

test("shellOf() knows a shell by its path", () => {
  assert.equal(shellOf("/bin/zsh"), "zsh");
  assert.equal(shellOf("C:\\Program Files\\PowerShell\\7\\pwsh.exe"), "powershell");
  assert.equal(shellOf("/bin/tcsh"), "bash");
  assert.equal(shellOf(undefined), "bash");
});
