import assert from "node:assert/strict";
import { type Command, loadCommands, LOG_FLAGS } from "../../../../lib/cli/command.ts";
import { COMMANDS } from "../../../../lib/cli/commands/mod.ts";
import { parse } from "../../../../lib/cli/parse.ts";
import { test } from "../../../harness.ts";

async function everyCommand(): Promise<readonly Command[]> {
  const deep = (commands: readonly Command[]): Command[] =>
    commands.flatMap((command) => [command, ...deep(command.commands ?? [])]);
  return deep(await loadCommands(COMMANDS, ["api"]));
}

test("COMMANDS have distinct names, whole sentences and no flag twice, at every depth", async () => {
  const all = await everyCommand();
  const names = all.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  assert.ok(names.includes("api endpoints list") && names.includes("edge token create"));
  for (const { name, summary, description, flags } of all) {
    assert.doesNotMatch(summary, /\.$/, name);
    assert.match(description, /\.$/, name);
    const own = [...flags, ...LOG_FLAGS].map((flag) => flag.name);
    assert.deepEqual(own, [...new Set(own)], name);
    for (const flag of flags) {
      assert.doesNotMatch(flag.summary, /\.$/, `${name} --${flag.name}`);
    }
  }
});

test("COMMANDS have examples that their own parser accepts, at every depth", async () => {
  const known = await loadCommands(COMMANDS, ["api"]);
  for (const { name, examples, hidden } of await everyCommand()) {
    assert.ok(examples.length > 0, name);
    for (const { line } of examples) {
      const args = line.split(" ").map((word) => word.replace(/^'(.*)'$/, "$1"));
      const request = parse(args, known, () => undefined);
      // What is hidden shows what to use instead.
      const isOwn = request.kind === "run" && request.command.name.startsWith(name);
      assert.ok(isOwn || hidden, line);
    }
  }
});
