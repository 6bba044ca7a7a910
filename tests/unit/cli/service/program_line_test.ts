import assert from "node:assert/strict";
import process from "node:process";
import { ownLine, programLine } from "../../../../lib/cli/service/program_line.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
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

test("programLine() lets Deno use the packages that lie beside the script", () => {
  assert.deepEqual(
    programLine({ path: "/bin/deno", isCompiled: false }, "/s/cli.ts", "deno", true),
    [
      "/bin/deno",
      "run",
      "-A",
      "--node-modules-dir=manual",
      "/s/cli.ts",
    ],
  );
});

test("ownLine() begins with the program that runs now", async () => {
  const compiled = memoryRuntime({ host: { program: { path: "/bin/sp", isCompiled: true } } });
  assert.deepEqual(await ownLine(compiled.host), ["/bin/sp"]);
  const [runtime] = await ownLine(memoryRuntime().host);
  assert.equal(runtime, process.execPath);
});
