import assert from "node:assert/strict";
import { apiOperations } from "../../../lib/api/operations.ts";
import { readSources, sourceFlags } from "../../../lib/cli/api_source.ts";
import { apiCommands } from "../../../lib/cli/commands/api.ts";
import { defineGroup } from "../../../lib/cli/command.ts";
import { parse } from "../../../lib/cli/parse.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const { host } = memoryRuntime({
  host: {
    files: { "/p.yml": "on_http_request: []\n", "/s": "open sesame\r\n", "/bad.yml": "a:\n\tb" },
  },
});
const operations = apiOperations();
const API = defineGroup({
  name: "api",
  summary: "ask",
  description: "Asks.",
  examples: [],
  commands: apiCommands(operations),
});

function read(...args: string[]) {
  const [command, verb] = args;
  const operation = operations.find((one) => one.command === command && one.verb === verb)!;
  const request = parse(["api", ...args], [API], () => undefined);
  assert.ok(request.kind === "run");
  const fetchText = () => Promise.resolve(new Response("{}"));
  return readSources(host, operation, request.input, fetchText);
}

test("S52 sourceFlags() are those of the bodies that have the value", () => {
  const named = operations.filter((one) => sourceFlags(one).length > 0)
    .map(({ command, verb }) => `${command} ${verb}`);
  assert.deepEqual(named.sort(), [
    "endpoints create",
    "endpoints update",
    "secrets create",
    "secrets update",
  ]);
});

test("S52 readSources() reads policies from files and URLs, and secrets from files", async () => {
  assert.deepEqual(await read("endpoints", "create", "--traffic-policy", "{}"), {});
  assert.deepEqual(await read("endpoints", "update", "ep_1", "--traffic-policy-file", "/p.yml"), {
    traffic_policy: "on_http_request: []\n",
  });
  assert.deepEqual(await read("endpoints", "create", "--traffic-policy-url", "https://h/p"), {
    traffic_policy: "{}",
  });
  assert.deepEqual(await read("secrets", "create", "--value-file", "/s"), { value: "open sesame" });
});

test("readSources() refuses two values for one thing, and what it cannot read", async () => {
  await assert.rejects(
    read("secrets", "create", "--value", "a", "--value-file", "/s"),
    { code: "usage", message: "--value and --value-file exclude each other" },
  );
  await assert.rejects(
    read(
      "endpoints",
      "create",
      "--traffic-policy-file",
      "/p.yml",
      "--traffic-policy-url",
      "http://h",
    ),
    { code: "usage" },
  );
  await assert.rejects(read("secrets", "create", "--value-file", "/none"), { code: "not_found" });
  await assert.rejects(read("endpoints", "create", "--traffic-policy-file", "/bad.yml"), {
    code: "config_invalid",
  });
});
