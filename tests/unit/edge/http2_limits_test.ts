/** The bounds of HTTP/2. */
import assert from "node:assert/strict";
import {
  DEFAULT_HTTP2_EDGE_LIMITS,
  DEFAULT_HTTP2_LIMITS,
  http2LimitsOf,
} from "../../../lib/edge/http2_limits.ts";
import { test } from "../../harness.ts";

test("http2LimitsOf() takes every bound of HTTP/2 from the edge's, with the same defaults", () => {
  const { lingerMs: _, ...rest } = DEFAULT_HTTP2_LIMITS;
  assert.deepEqual(http2LimitsOf(DEFAULT_HTTP2_EDGE_LIMITS), rest);
});
