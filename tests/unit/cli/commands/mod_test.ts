import assert from "node:assert/strict";
import { LOG_FLAGS } from "../../../../lib/cli/command.ts";
import { COMMANDS } from "../../../../lib/cli/commands/mod.ts";
import { parse } from "../../../../lib/cli/parse.ts";
import { test } from "../../../harness.ts";

test("COMMANDS have distinct names, whole sentences and no flag twice", () => {
  const names = COMMANDS.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, summary, description, flags } of COMMANDS) {
    assert.doesNotMatch(summary, /\.$/, name);
    assert.match(description, /\.$/, name);
    const all = [...flags, ...LOG_FLAGS].map((flag) => flag.name);
    assert.deepEqual(all, [...new Set(all)], name);
    for (const flag of flags) {
      assert.doesNotMatch(flag.summary, /\.$/, `${name} --${flag.name}`);
    }
  }
});

test("COMMANDS have examples that their own parser accepts", () => {
  for (const { name, examples } of COMMANDS) {
    assert.ok(examples.length > 0, name);
    for (const { line } of examples) {
      const args = line.split(" ").map((word) => word.replace(/^'(.*)'$/, "$1"));
      const request = parse(args, COMMANDS, () => undefined);
      assert.equal(request.kind === "run" && request.command.name, name, line);
    }
  }
});
