import assert from "node:assert/strict";
import { defineCommand, defineFlag, LOG_FLAGS, logFlagsOf } from "../../../lib/cli/command.ts";
import { COMMANDS } from "../../../lib/cli/commands/mod.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../../../lib/cli/log_line.ts";
import { test } from "../../harness.ts";

test("defineCommand() and defineFlag() give back what they were given", () => {
  const flag = defineFlag({
    name: "depth",
    value: "metres",
    summary: "how deep",
  });
  const command = defineCommand({
    name: "dig",
    summary: "dig a hole",
    description: "Digs.",
    examples: [{ line: "dig", does: "digs" }],
    flags: [flag],
    run: (_cli, input) => Promise.resolve(Number(input.flag("depth"))),
  });
  assert.equal(command.name, "dig");
  assert.deepEqual(command.flags, [flag]);
});

test("LOG_FLAGS offer the formats and levels that exist", () => {
  const choices = Object.fromEntries(LOG_FLAGS.map((flag) => [flag.name, flag.choices]));
  assert.deepEqual(choices["log-format"], LOG_FORMATS);
  assert.deepEqual(choices["log-level"], LOG_LEVELS);
});

test("logFlagsOf() shows where the log of a command goes by default", () => {
  const places = COMMANDS.map((command) => [
    command.name,
    logFlagsOf(command).find(({ name }) => name === "log")?.fallback,
  ]);
  assert.deepEqual(Object.fromEntries(places), {
    http: "false",
    tcp: "false",
    tls: "false",
    edge: "stderr",
    version: "false",
    help: "false",
  });
});
