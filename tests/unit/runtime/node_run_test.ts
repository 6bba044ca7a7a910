/** @module */
import assert from "node:assert/strict";
import process from "node:process";
import { runProgram } from "../../../lib/runtime/node_run.ts";
import { test } from "../../harness.ts";

const windows = process.platform === "win32";
const shell = windows ? "cmd" : "sh";
const line = (posix: string, dos: string) => windows ? ["/c", dos] : ["-c", posix];

test("runProgram() gives the code and what was printed, with its own environment", async () => {
  const args = line('echo "$WORD"; echo no >&2; exit 3', "echo %WORD%& echo no>&2& exit 3");
  const { code, output } = await runProgram(shell, args, {
    env: { WORD: "hello" },
    timeoutMs: 30_000,
  });
  assert.equal(code, 3);
  assert.match(output, /hello/);
  assert.match(output, /no/);
});

test("runProgram() keeps the end of long output", async () => {
  if (windows) return assert.ok(true);
  const args = ["-c", "yes a | head -c 200000; echo END"];
  const { output } = await runProgram("sh", args, { timeoutMs: 30_000 });
  assert.equal(output.length, 65_536);
  assert.match(output, /END\n$/);
});

test("runProgram() says what cannot be run", async () => {
  await assert.rejects(runProgram("sallyport-no-such-program", [], { timeoutMs: 30_000 }), {
    code: "not_found",
  });
});

test("runProgram() kills what does not end", async () => {
  const program = windows ? "ping" : "sleep";
  const args = windows ? ["-n", "60", "127.0.0.1"] : ["60"];
  await assert.rejects(runProgram(program, args, { timeoutMs: 100 }), { code: "timed_out" });
});
