import assert from "node:assert/strict";
import { COMMANDS } from "../../../lib/cli/commands/mod.ts";
import { commandHelp, helpStyle, programHelp, shortHelp } from "../../../lib/cli/help.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const PLAIN = { columns: 80, bold: false };

function sections(text: string): string[] {
  return [...text.matchAll(/^([A-Z]+):$/gm)].map(([, title]) => title);
}

test("shortHelp() fits one screen and names every command", () => {
  const text = shortHelp(COMMANDS, PLAIN);
  assert.ok(text.split("\n").length <= 34, text);
  for (const { name, summary, hidden } of COMMANDS) {
    assert.equal(text.replace(/\s+/g, " ").includes(` ${name} ${summary} `), !hidden, name);
  }
});

test("programHelp() has the sections users know", () => {
  assert.deepEqual(sections(programHelp(COMMANDS, PLAIN)), [
    "NAME",
    "USAGE",
    "DESCRIPTION",
    "COMMANDS",
    "EXAMPLES",
    "OPTIONS",
  ]);
});

test("commandHelp() has DESCRIPTION, EXAMPLES and every flag of every command", () => {
  for (const command of COMMANDS) {
    const text = commandHelp(command, PLAIN);
    const titles = sections(text);
    assert.ok(
      titles.includes("NAME") && titles.includes("USAGE") &&
        titles.includes("DESCRIPTION"),
    );
    assert.ok(titles.includes("EXAMPLES") || titles.includes("EXAMPLE"), command.name);
    assert.equal(titles.includes("TERMS"), command.argument !== undefined, command.name);
    for (const { name, deprecated, isSwitch } of command.flags) {
      const isShown = text.includes(`--${name}${isSwitch ? "[=" : " <"}`);
      assert.equal(isShown, deprecated === undefined, `${command.name} --${name}`);
    }
    for (
      const name of ["--log ", "--log-format", "--log-level", "-h, --help"]
    ) {
      assert.ok(text.includes(name));
    }
  }
});

test("commandHelp() tells choices, default and environment of a flag", () => {
  const text = commandHelp(COMMANDS[0], PLAIN).replace(/\s+/g, " ");
  assert.ok(text.includes("(env SALLYPORT_AUTHTOKEN, NGROK_AUTHTOKEN)"));
  assert.ok(text.includes("(default command_line)"));
  assert.ok(text.includes("(term, logfmt, json; default term)"));
});

test("help never prints wider than the terminal, examples to paste excepted", () => {
  for (const columns of [60, 80, 100, 200]) {
    for (const command of COMMANDS) {
      for (
        const line of commandHelp(command, { columns, bold: false }).split("\n")
      ) {
        // A word longer than a line stays whole: what is to be pasted must not be torn.
        if (!line.startsWith("  sallyport ") && /\S\s+\S/.test(line)) {
          assert.ok(line.length <= Math.min(columns, 100), line);
        }
      }
    }
  }
});

test("help ends with one line end and has no trailing spaces", () => {
  for (
    const text of [
      shortHelp(COMMANDS, PLAIN),
      programHelp(COMMANDS, PLAIN),
      ...COMMANDS.map((c) => commandHelp(c, PLAIN)),
    ]
  ) {
    assert.match(text, /[^\n]\n$/);
    assert.doesNotMatch(text, /[ \t]$/m);
  }
});

test("helpStyle() is bold only for a person who likes colours", () => {
  assert.equal(helpStyle(memoryRuntime({ host: { isTty: true } }).host).bold, true);
  assert.equal(
    helpStyle(memoryRuntime({ host: { isTty: true, env: { NO_COLOR: "1" } } }).host).bold,
    false,
  );
  assert.equal(helpStyle(memoryRuntime({ host: { isTty: false } }).host).bold, false);
  assert.ok(
    commandHelp(COMMANDS[0], { columns: 80, bold: true }).startsWith("\x1b[1mNAME:\x1b[0m\n"),
  );
});
