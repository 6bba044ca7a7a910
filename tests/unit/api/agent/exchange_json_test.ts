import assert from "node:assert/strict";
import {
  detailOf,
  headerOf,
  legacyOf,
  readBase64,
  summaryOf,
} from "../../../../lib/api/agent/exchange_json.ts";
import { toBase64 } from "../../../../lib/base/base64.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { nodeCodecs } from "../../../../lib/runtime/node_codecs.ts";
import { test } from "../../../harness.ts";
import { FakeAgent } from "./kit.ts";

const GET = "GET /a HTTP/1.1\r\nhOST: a.test\r\n\r\n";

test("summaryOf() says null for what is not there yet", () => {
  const agent = new FakeAgent(new FakeClock(0));
  const summary = summaryOf(agent.capture(GET));
  assert.deepEqual(
    [summary.status, summary.error, summary.response_type, summary.duration_ms, summary.replay_of],
    [null, null, null, null, null],
  );
  assert.deepEqual([summary.state, summary.kind, summary.host], ["open", "http", "a.test"]);
});

test("summaryOf() and detailOf() tell an event stream and its events", async () => {
  const agent = new FakeAgent(new FakeClock(0));
  const answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: e\nid: 7\ndata: hi\n\n";
  const exchange = agent.capture(GET, answer);
  const detail = await detailOf(exchange, nodeCodecs);
  assert.deepEqual([detail.kind, detail.message_count, detail.response?.reason], ["sse", 1, "OK"]);
  assert.deepEqual(detail.messages, [{
    ...{ kind: "sse", from: "service", at_ms: 0, size_bytes: 2, preview_base64: btoa("hi") },
    ...{ truncated: false, opcode: null, final: null, compressed: null, close_code: null },
    ...{ event_name: "e", event_id: "7" },
  }]);
  assert.equal(headerOf(exchange.request, "host"), "a.test");
});

test("legacyOf() has no response while there is none, and no brackets", () => {
  const agent = new FakeAgent(new FakeClock(0));
  const legacy = legacyOf(agent.capture(GET, undefined, "[2001:db8::1]:5"), 3);
  assert.equal(legacy.response, null);
  assert.equal(legacy.remote_addr, "2001:db8::1");
  assert.equal(legacy.duration, 3_000_000);
});

test("toBase64() and readBase64() undo each other, however long", () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => at * 7);
  assert.deepEqual(readBase64(toBase64(bytes)), bytes);
  assert.throws(() => readBase64("*"), SyntaxError);
});
