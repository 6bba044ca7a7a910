import assert from "node:assert/strict";
import fc from "fast-check";
import { cellsOf, cutToCells, printable } from "../../../../lib/cli/console/cells.ts";
import { type Colours, type Line, span } from "../../../../lib/cli/console/line.ts";
import { ENTER, LEAVE, Screen } from "../../../../lib/cli/console/screen.ts";
import { MemoryTerminal } from "../../../../lib/runtime/memory_terminal.ts";
import { ScreenReader } from "../../../fakes/screen_reader.ts";
import { test } from "../../../harness.ts";

function open(columns: number, rows: number, colours: Colours = "black") {
  const terminal = new MemoryTerminal({ columns, rows });
  const nothing = () => {};
  terminal.open({
    enter: ENTER,
    leave: LEAVE,
    onInput: nothing,
    onResize: nothing,
    onResume: nothing,
  });
  return {
    terminal,
    screen: new Screen(terminal, colours),
    reader: new ScreenReader(columns, rows),
  };
}

function lines(...texts: string[]): Line[] {
  return texts.map((text) => [span(text)]);
}

test("Screen shows lines, and gives the terminal back as it was", async () => {
  const { terminal, screen, reader } = open(12, 3);
  screen.draw(lines("one", "日本", "twelve cells", "below"));
  reader.read(terminal.text);
  assert.deepEqual(reader.lines(), ["one", "日本", "twelve cells"]);
  assert.deepEqual([reader.isAlternate, reader.hasCursor], [true, false]);
  await terminal.close();
  reader.read(LEAVE);
  assert.deepEqual([reader.isAlternate, reader.hasCursor], [false, true]);
  assert.ok(terminal.text.endsWith(LEAVE));
});

test("Screen writes only the lines that have changed, in one write, and nothing when none has", async () => {
  const { terminal, screen } = open(20, 3, "none");
  screen.draw(lines("one", "two", "three"));
  await terminal.delay;
  await terminal.delay;
  terminal.text = "";
  screen.draw(lines("one", "2", "three"));
  assert.equal(terminal.text, "\x1b[?2026h\x1b[2;1H2\x1b[K\x1b[?2026l");
  assert.equal(terminal.writes, 2);
  await terminal.delay;
  await terminal.delay;
  screen.draw(lines("one", "2", "three"));
  assert.equal(terminal.writes, 2);
});

test("Screen waits for a slow terminal, and then shows the latest frame alone", async () => {
  const { terminal, screen, reader } = open(10, 1);
  let take!: () => void;
  terminal.delay = new Promise((resolve) => take = resolve);
  for (const text of ["first", "second", "third"]) screen.draw(lines(text));
  assert.equal(terminal.writes, 1);
  take();
  await terminal.delay;
  await Promise.resolve();
  assert.equal(terminal.writes, 2);
  assert.ok(!terminal.text.includes("second"));
  reader.read(terminal.text);
  assert.deepEqual(reader.lines(), ["third"]);
});

test("Screen shows what was drawn last, whatever was drawn before and however the size changed", async () => {
  const text = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) =>
    // What takes no room leaves no trace that could be compared.
    [...new Intl.Segmenter().segment(printable(text))]
      .map(({ segment }) => cellsOf(segment) > 0 ? segment : "").join("")
  );
  const size = fc.record({
    columns: fc.integer({ min: 4, max: 30 }),
    rows: fc.integer({ min: 1, max: 8 }),
  });
  const frame = fc.record({ texts: fc.array(text, { maxLength: 10 }), size: fc.option(size) });
  await fc.assert(
    fc.asyncProperty(size, fc.array(frame, { maxLength: 6 }), async (start, frames) => {
      const { terminal, screen, reader } = open(start.columns, start.rows);
      for (const { texts, size } of frames) {
        if (size) {
          terminal.resize(size.columns, size.rows);
          reader.resize(size.columns, size.rows);
          screen.forget();
        }
        terminal.text = "";
        screen.draw(lines(...texts));
        reader.read(terminal.text);
        await Promise.resolve();
        await Promise.resolve();
        const { columns, rows } = terminal;
        const wanted = Array.from(
          { length: rows },
          (_, at) => cutToCells(texts[at] ?? "", columns).trimEnd(),
        );
        assert.deepEqual(reader.lines(), wanted);
      }
    }),
    { numRuns: 200 },
  );
});
