import assert from "node:assert/strict";
import { qrLines } from "../../../../lib/cli/console/qr.ts";
import { readQrCode } from "../../../fakes/qr_reader.ts";
import { test } from "../../../harness.ts";

for (
  const url of [
    "http://a.localhost",
    "https://calm-otter.example.com",
    "https://a-rather-long-name-that-somebody-wanted.tunnels.example.com:8443",
    `tcp://${"x".repeat(90)}:20001`,
  ]
) {
  test(`qrLines() draws a code that reads "${url.slice(0, 40)}" again`, () => {
    for (const [columns, rows] of [[200, 100], [45, 23], [41, 21]]) {
      const code = qrLines(url, columns, rows);
      assert.ok("lines" in code);
      assert.ok(code.lines.length <= rows && code.lines[0].length <= columns);
      assert.equal(readQrCode(code.lines), url);
    }
  });
}

test("qrLines() keeps four light modules round the code where there is room, one at least", () => {
  const roomy = qrLines("http://a.localhost", 80, 40);
  const tight = qrLines("http://a.localhost", 27, 14);
  assert.ok("lines" in roomy && "lines" in tight);
  assert.deepEqual([roomy.lines[0].length, tight.lines[0].length], [33, 27]);
  assert.match(roomy.lines[0], /^█+$/);
});

test("qrLines() says what room it needs", () => {
  assert.deepEqual(qrLines("http://a.localhost", 26, 40), { columns: 27, rows: 14 });
  assert.deepEqual(qrLines("http://a.localhost", 40, 3), { columns: 27, rows: 14 });
});
