import assert from "node:assert/strict";
import { COMMANDS } from "../../../lib/cli/commands/mod.ts";
import { complete, splitLine } from "../../../lib/cli/complete.ts";
import { test } from "../../harness.ts";

const asked: (readonly string[])[] = [];
function names(configs: readonly string[]) {
  asked.push(configs);
  return Promise.resolve(["web", "db", "$(touch x)"]);
}

async function words(...line: string[]) {
  return (await complete(line, COMMANDS, names)).candidates.map(({ word }) => word);
}

test("S26 S27 complete() offers commands, below commands too, and not what is hidden", async () => {
  assert.deepEqual(await words("ht"), ["http"]);
  assert.deepEqual(
    await words("config", "add-a"),
    ["config add-authtoken", "config add-api-key"].map((w) => w.slice(7)),
  );
  assert.ok(!(await words("")).includes("tunnel"));
  assert.ok(!(await words("config", "")).includes("add-server-addr"));
  assert.deepEqual(await words("help", "conf"), ["config"]);
  assert.deepEqual(await words("help", "config", "up"), ["upgrade"]);
});

test("S26 S27 complete() offers flags that are open, never those of old", async () => {
  const open = await words("http", "8080", "--url", "x", "--");
  assert.ok(open.includes("--name") && open.includes("--log-level") && open.includes("--help"));
  assert.ok(!open.includes("--url") && !open.includes("--basic-auth"));
  assert.deepEqual(await words("http", "--upstream-p"), [
    "--upstream-proxy-protocol",
    "--upstream-protocol",
  ]);
  assert.deepEqual(await words("http", "--config", "a", "--conf"), ["--config"]);
  assert.deepEqual(await words("--log-l"), ["--log-level"]);
});

test("complete() offers the values of a flag, behind a blank or an equals sign", async () => {
  assert.deepEqual(await words("http", "--log-level", "de"), ["debug"]);
  assert.deepEqual(await words("http", "--log-level=de"), ["--log-level=debug"]);
  assert.deepEqual(await words("http", "--binding", ""), ["public", "internal", "kubernetes"]);
  assert.deepEqual(await words("http", "--pooling-enabled=t"), ["--pooling-enabled=true"]);
  assert.deepEqual(await words("--log", "st"), ["stdout", "stderr"]);
  assert.deepEqual(await words("http", "--nosuch=x"), []);
  assert.deepEqual(await words("http", "--url", ""), []);
});

test("complete() leaves paths to the shell", async () => {
  const paths = async (...line: string[]) => (await complete(line, COMMANDS, names)).paths;
  assert.equal(await paths("http", "--traffic-policy-file", ""), "files");
  assert.equal(await paths("http", "--config=a"), "files");
  assert.equal(await paths("edge", "--data", ""), "folders");
  assert.equal(await paths("http", ""), undefined);
});

test("complete() offers endpoint names once each, of the files named on the line", async () => {
  asked.length = 0;
  assert.deepEqual(await words("start", ""), ["web", "db", "$(touch x)"]);
  assert.deepEqual(await words("start", "web", "--config", "a.yml", "--config=b.yml", ""), [
    "db",
    "$(touch x)",
  ]);
  assert.deepEqual(asked, [[], ["a.yml", "b.yml"]]);
  assert.deepEqual(await words("start", "--", "-"), []);
});

test("complete() knows where a command has all it takes", async () => {
  assert.deepEqual(await words("completion", ""), ["bash", "zsh", "fish", "powershell"]);
  assert.deepEqual(await words("completion", "bash", ""), []);
  assert.deepEqual(await words("http", "8080", ""), []);
  assert.deepEqual(await words("nosuch", ""), []);
});

test("splitLine() takes quotes and backslashes apart, and expands nothing", () => {
  const cases: readonly [string, string[]][] = [
    ["sallyport ht", ["sallyport", "ht"]],
    ["sallyport http ", ["sallyport", "http", ""]],
    ["s 'a b' \"c d\" e\\ f", ["s", "a b", "c d", "e f"]],
    ["s $(touch x) `id`", ["s", "$(touch", "x)", "`id`"]],
    ['s "open', ["s", "open"]],
    ["s ''", ["s", ""]],
    ["", [""]],
    ["s a\\", ["s", "a\\"]],
  ];
  for (const [line, expected] of cases) assert.deepEqual(splitLine(line), expected, line);
});
