/** @module */
import assert from "node:assert/strict";
import type { StreamMessageJson } from "../../../../lib/api/agent/shapes.ts";
import { LANE_WIDTH, laneMarks, laneMs } from "../../../../lib/ui/inspector/lanes.ts";
import { test } from "../../../harness.ts";

const message = (made: Partial<StreamMessageJson>): StreamMessageJson => ({
  kind: "websocket",
  from: "service",
  at_ms: 0,
  size_bytes: 0,
  preview_base64: "",
  truncated: false,
  opcode: 1,
  final: true,
  compressed: false,
  close_code: null,
  event_name: null,
  event_id: null,
  ...made,
});

test("laneMarks() puts messages where their time is, larger ones larger", () => {
  const messages = [
    message({ at_ms: 0, from: "visitor" }),
    message({ at_ms: 500, size_bytes: 1_000 }),
    message({ at_ms: 2_000, opcode: 8 }),
  ];
  assert.equal(laneMs(messages), 2_000);
  const marks = laneMarks(messages);
  assert.deepEqual(marks.map(({ x }) => x), [0, LANE_WIDTH / 4, LANE_WIDTH]);
  assert.deepEqual(marks.map(({ from }) => from), ["visitor", "service", "service"]);
  assert.deepEqual(marks.map(({ isControl }) => isControl), [false, false, true]);
  assert.ok(marks[1].sizePx > marks[0].sizePx);
});

test("laneMarks() stays drawable, with nothing and with very much", () => {
  assert.deepEqual(laneMarks([]), []);
  assert.equal(laneMs([]), 1);
  const many = Array.from(
    { length: 5_000 },
    (_, at) => message({ at_ms: at, size_bytes: 2 ** 40, opcode: null }),
  );
  const marks = laneMarks(many);
  assert.equal(marks.length, 600);
  assert.equal(marks.at(-1)!.at, 4_999);
  assert.ok(marks.every(({ sizePx, isControl }) => sizePx <= 12 && !isControl));
});
