import assert from "node:assert/strict";
import { programLine } from "../../../../lib/cli/service/program_line.ts";
import { test } from "../../../harness.ts";

test("programLine() starts what runs now: a runtime with its script, or a compiled program", () => {
  const runtime = (path: string) => ({ path, isCompiled: false });
  assert.deepEqual(programLine(runtime("/bin/deno"), "/s/cli.ts", "deno"), [
    "/bin/deno",
    "run",
    "-A",
    "/s/cli.ts",
  ]);
  assert.deepEqual(programLine(runtime("/bin/bun"), "/s/cli.ts", "bun"), ["/bin/bun", "/s/cli.ts"]);
  const linked = "/usr/lib/node_modules/.bin/sallyport";
  assert.deepEqual(programLine(runtime("/bin/node"), linked, "node"), ["/bin/node", linked]);
  const compiled = { path: "/bin/sallyport", isCompiled: true };
  assert.deepEqual(programLine(compiled, "/$bunfs/root/cli.js", "bun"), ["/bin/sallyport"]);
  assert.deepEqual(programLine(compiled, undefined, "deno"), ["/bin/sallyport"]);
});
