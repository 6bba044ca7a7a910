import assert from "node:assert/strict";
import { fitLine, lineCells, printLine, span } from "../../../../lib/cli/console/line.ts";
import { test } from "../../../harness.ts";

const LINE = [span("GET "), span("200 日", "good")];

test("printLine() has no colours, the terminal's background, or black with a foreground that shows on it", () => {
  assert.equal(printLine(LINE, "none"), "GET 200 日");
  assert.equal(printLine(LINE, "transparent"), "GET \x1b[32m200 日\x1b[0m");
  assert.equal(printLine(LINE, "black"), "GET \x1b[32m200 日\x1b[0;37;40m");
});

test("fitLine() cuts the piece that is too long and drops those behind it", () => {
  assert.equal(lineCells(LINE), 10);
  assert.equal(fitLine(LINE, 10), LINE);
  assert.deepEqual(fitLine(LINE, 9), [span("GET "), span("200 …", "good")]);
  assert.deepEqual(fitLine(LINE, 3), [span("GE…")]);
});
