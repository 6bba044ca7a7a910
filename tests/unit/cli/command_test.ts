import assert from "node:assert/strict";
import {
  defineCommand,
  defineFlag,
  defineGroup,
  loadCommands,
  LOG_FLAGS,
  logFlagsOf,
  ownWord,
} from "../../../lib/cli/command.ts";
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
    start: "false",
    ps: "false",
    stop: "false",
    tcp: "false",
    tls: "false",
    tunnel: "false",
    edge: "stderr",
    api: "false",
    authtoken: "false",
    completion: "false",
    config: "false",
    service: "false",
    diagnose: "false",
    update: "false",
    credits: "false",
    version: "false",
    help: "false",
  });
});

test("loadCommands() asks for the commands below only when the one above is named", async () => {
  const group = defineGroup({
    name: "api",
    summary: "ask",
    description: "Asks.",
    examples: [],
    load: () => Promise.resolve([COMMANDS[0]]),
  });
  assert.equal((await loadCommands([group], ["http", "80"]))[0].commands, undefined);
  assert.deepEqual((await loadCommands([group], ["--log", "x", "api"]))[0].commands, [COMMANDS[0]]);
});

test("defineGroup() makes a command that only explains itself; ownWord() is its last word", async () => {
  const group = defineGroup({
    name: "edge token",
    summary: "tokens",
    description: "Tokens.",
    examples: [],
    commands: [],
  });
  assert.equal(group.isGroup, true);
  assert.equal(ownWord(group), "token");
  assert.equal(await group.run(undefined as never, undefined as never), 0);
});
