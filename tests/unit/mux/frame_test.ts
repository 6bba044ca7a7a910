import assert from "node:assert/strict";
import { MuxFault, RESET, resetError, resetName } from "../../../lib/mux/frame.ts";
import { test } from "../../harness.ts";

test("resetName() gives the words of a code, and the number of one it does not know", () => {
  assert.equal(resetName(RESET.flowControl), "flow control");
  assert.equal(resetName(0xff), "code 255");
});

test("resetError() tells a refusal from a reset", () => {
  assert.equal(resetError(RESET.acceptQueueFull).code, "stream_refused");
  assert.equal(resetError(RESET.streamRefused).code, "stream_refused");
  assert.equal(resetError(RESET.streamCancelled).code, "stream_reset");
  assert.match(resetError(RESET.streamCancelled).message, /stream cancelled/);
});

test("MuxFault carries the code that GOAWAY will", () => {
  const fault = new MuxFault(RESET.frameSize, "The peer sent nonsense");
  assert.equal(fault.resetCode, 8);
  assert.equal(fault.code, "mux_protocol");
});
