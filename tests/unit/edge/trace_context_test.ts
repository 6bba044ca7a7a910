import assert from "node:assert/strict";
import {
  formatTraceparent,
  newSpanId,
  newTraceId,
  parseTraceparent,
} from "../../../lib/edge/trace_context.ts";
import { test } from "../../harness.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

test("parseTraceparent() reads what the specification allows", () => {
  const context = { traceId: TRACE, spanId: SPAN, sampled: true };
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), context);
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-00`), { ...context, sampled: false });
  assert.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-03-later`), context);
  assert.equal(formatTraceparent(context), `00-${TRACE}-${SPAN}-01`);
});

test("parseTraceparent() takes nothing else", () => {
  for (
    const text of [
      undefined,
      "",
      `ff-${TRACE}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-01-more`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${"0".repeat(32)}-${SPAN}-01`,
      `00-${TRACE}-${"0".repeat(16)}-01`,
      `00-${TRACE}-${SPAN}-1`,
    ]
  ) {
    assert.equal(parseTraceparent(text), undefined, text);
  }
});

test("newTraceId() and newSpanId() are names that parse", () => {
  const text = `00-${newTraceId()}-${newSpanId()}-01`;
  assert.ok(parseTraceparent(text), text);
});
