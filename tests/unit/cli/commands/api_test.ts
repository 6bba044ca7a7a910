import assert from "node:assert/strict";
import { apiOperations } from "../../../../lib/api/operations.ts";
import { apiCommand, apiCommands } from "../../../../lib/cli/commands/api.ts";
import { test } from "../../../harness.ts";

test("apiCommands() has a command for each operation, and an id where one is named", () => {
  const commands = apiCommands(apiOperations());
  const leaves = commands.flatMap((group) => group.commands ?? []);
  assert.equal(leaves.length, apiOperations().length);
  const get = leaves.find(({ name }) => name === "api tunnel-sessions stop");
  assert.equal(get?.argument?.name, "id");
  const source = leaves.find(({ name }) => name === "api event-sources get");
  assert.equal(source?.argument, undefined);
  assert.ok(source?.flags.some(({ name }) => name === "subscription-id"));
  assert.ok(leaves.some(({ name }) => name === "api root get"));
});

test("apiCommand knows its commands only when asked", async () => {
  assert.equal(apiCommand.commands, undefined);
  assert.ok((await apiCommand.load!()).length > 20);
});
