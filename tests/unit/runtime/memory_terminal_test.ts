import assert from "node:assert/strict";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { MemoryTerminal } from "../../../lib/runtime/memory_terminal.ts";
import { test } from "../../harness.ts";

function open(terminal: MemoryTerminal) {
  const seen: string[] = [];
  const opened = terminal.open({
    enter: "<",
    leave: ">",
    onInput: (text) => seen.push(text),
    onResize: () => seen.push(`${terminal.columns}x${terminal.rows}`),
    onResume: () => seen.push("resumed"),
  });
  return { opened, seen };
}

test("MemoryTerminal tells the program what is typed, its size, and that it is back", async () => {
  const terminal = new MemoryTerminal({ columns: 80, rows: 24 });
  terminal.type("unheard");
  const { opened, seen } = open(terminal);
  terminal.type("q");
  terminal.resize(100, 30);
  opened.suspend();
  terminal.resume();
  await opened.write("frame");
  await opened.close();
  await opened.close();
  terminal.type("late");
  terminal.resize(1, 1);
  terminal.resume();
  assert.deepEqual(seen, ["q", "100x30", "resumed"]);
  assert.equal(terminal.text, "<><frame>");
  assert.deepEqual([terminal.suspensions, terminal.writes], [1, 1]);
});

test("MemoryHost has a terminal only if it was given one, and gives it back when asked", async () => {
  const options = { enter: "", leave: ">", onInput() {}, onResize() {}, onResume() {} };
  const without = memoryRuntime().host;
  assert.equal(without.openTerminal(options), undefined);
  await without.restoreTerminal();
  const { host } = memoryRuntime({ host: { terminal: { columns: 80, rows: 24 } } });
  assert.ok(host.openTerminal(options));
  await host.restoreTerminal();
  assert.deepEqual([host.terminal?.text, host.terminal?.isOpen], [">", false]);
});
