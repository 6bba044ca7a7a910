import assert from "node:assert/strict";
import { COMMANDS } from "../../../lib/cli/commands/mod.ts";
import { answerShell, COMPLETE_WORD } from "../../../lib/cli/complete_request.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const CONFIG =
  "version: 3\nwrong: 1\nendpoints: [{name: web}, {name: $(touch x)}, {}, 7]\ntunnels: {db: 1}\n";

async function answer(args: string[], files: Record<string, string> = {}, env = {}) {
  const { host } = memoryRuntime({ host: { args: [COMPLETE_WORD, ...args], files, env } });
  await answerShell(host, COMMANDS);
  assert.equal(host.stderr.text, "");
  return host.stdout.text.split("\n").slice(0, -1);
}

test("answerShell() reads a whole line up to the cursor", async () => {
  assert.deepEqual(await answer(["line", "13", "sallyport htt --rest"]), [
    "htt",
    "http\tput an HTTP service on a public URL",
    ":",
  ]);
  assert.deepEqual(await answer(["line", "999", "sallyport http --log-level=de"]), [
    "--log-level=de",
    "--log-level=debug\t",
    ":",
  ]);
});

test("answerShell() reads words, an empty last one that a shell lost too", async () => {
  assert.deepEqual(await answer(["words", "3", "sallyport", "completion", "z"]), [
    "z",
    "zsh\t",
    ":",
  ]);
  const open = ["", "bash\t", "zsh\t", "fish\t", "powershell\t", ":"];
  assert.deepEqual(await answer(["words", "3", "sallyport", "completion"]), open);
  assert.deepEqual(await answer(["words", "3", "sallyport", "completion", ""]), open);
});

test("answerShell() knows the endpoints of the configuration, even of one that is wrong", async () => {
  const files = {
    "/home/user/.config/sallyport/sallyport.yml": CONFIG,
    "/o.yml": "tunnels: {o: 1}",
  };
  const names = (lines: string[]) => lines.slice(1, -1).map((line) => line.split("\t")[0]);
  assert.deepEqual(names(await answer(["words", "3", "s", "start"], files)), [
    "web",
    "$(touch x)",
    "db",
  ]);
  assert.deepEqual(
    names(await answer(["words", "5", "s", "start", "--config", "/o.yml"], files)),
    ["o"],
  );
  assert.deepEqual(
    names(await answer(["words", "3", "s", "start"], files, { NGROK_CONFIG: "/o.yml" })),
    ["o"],
  );
});

test("answerShell() keeps quiet about a configuration it cannot read", async () => {
  assert.deepEqual(await answer(["words", "5", "s", "start", "--config", "/none"]), ["", ":"]);
  assert.deepEqual(await answer(["words", "5", "s", "start", "--config", "/b"], { "/b": "a: [" }), [
    "",
    ":",
  ]);
});

test("answerShell() completes the commands of the API", async () => {
  const lines = await answer(["words", "3", "s", "api", "reserved-d"]);
  assert.match(lines[1], /^reserved-domains\t/);
});

test("answerShell() says where paths belong", async () => {
  assert.equal((await answer(["words", "4", "s", "http", "--config", "x"])).at(-1), ":files");
});
