import assert from "node:assert/strict";
import { encodeText } from "../../../lib/base/bytes.ts";
import type { ExchangeOver } from "../../../lib/edge/events.ts";
import { createTracer, spanOf } from "../../../lib/edge/tracing.ts";
import { parseRequestHead } from "../../../lib/http/head.ts";
import { test } from "../../harness.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

function head(...headers: string[]) {
  return parseRequestHead(
    encodeText(["GET / HTTP/1.1", "Host: a.test", ...headers, "", ""].join("\r\n")),
  );
}

test("createTracer() continues the trace of a visitor and names itself as the caller", () => {
  const visitor = head(`traceparent: 00-${TRACE}-${PARENT}-01`, "tracestate: a=1");
  const trace = createTracer({}).begin(visitor);
  assert.deepEqual([trace.span.traceId, trace.parentSpanId, trace.state], [TRACE, PARENT, "a=1"]);
  assert.notEqual(trace.span.spanId, PARENT);
  assert.equal(trace.header, `00-${TRACE}-${trace.span.spanId}-01`);
});

test("createTracer() begins a trace where there is none, or two that contradict each other", () => {
  const line = (digit: string) => `traceparent: 00-${digit.repeat(32)}-${PARENT}-01`;
  for (const one of [head(), head("traceparent: nonsense"), head(line("1"), line("2"))]) {
    const { span, parentSpanId, state } = createTracer({}).begin(one);
    assert.match(span.traceId, /^[0-9a-f]{32}$/);
    assert.deepEqual([parentSpanId, state, span.sampled], [undefined, undefined, true]);
  }
});

test("createTracer() follows the visitor's choice unless told to choose itself", () => {
  const recorded = head(`traceparent: 00-${TRACE}-${PARENT}-01`);
  const not = head(`traceparent: 00-${TRACE}-${PARENT}-00`);
  assert.equal(createTracer({ ratio: 0 }).begin(recorded).span.sampled, true);
  assert.equal(createTracer({ ratio: 1 }).begin(not).span.sampled, false);
  assert.equal(createTracer({ ratio: 0, followParent: false }).begin(recorded).span.sampled, false);
  const half = createTracer({ ratio: 0.5 });
  const chosen = Array.from({ length: 400 }, () => half.begin(head()).span.sampled);
  const count = chosen.filter((one) => one).length;
  assert.ok(count > 100 && count < 300, String(count));
});

test("spanOf() says what OpenTelemetry's conventions ask for, and no query", () => {
  const trace = createTracer({}).begin(head(`traceparent: 00-${TRACE}-${PARENT}-01`));
  const over = {
    type: "exchange_ended",
    atMs: 5_000,
    durationMs: 20,
    clientAddr: "[2001:db8::1]:5000",
    method: "GET",
    path: "/p",
    scheme: "https",
    host: "a.test",
    protocol: "HTTP/1.1",
    status: 503,
    ngrokCode: 3004,
    endpointId: "e1",
    accountId: "ac_1",
  } as ExchangeOver;
  const span = spanOf(trace, over);
  assert.equal(span.parentSpanId, PARENT);
  assert.deepEqual([span.name, span.startMs, span.endMs], ["GET", 4_980, 5_000]);
  assert.equal(span.attributes["client.address"], "2001:db8::1");
  assert.equal(span.attributes["client.port"], 5000);
  assert.equal(span.attributes["error.type"], "503");
  assert.equal(span.attributes["sallyport.error_code"], "ERR_NGROK_3004");
  assert.equal(span.error, "status 503");
  assert.equal(span.attributes["network.protocol.version"], "1.1");
  const second = spanOf(trace, { ...over, protocol: "HTTP/2.0" });
  assert.equal(second.attributes["network.protocol.version"], "2");
  assert.equal(spanOf(trace, { ...over, status: 404 }).error, undefined);
  assert.equal(spanOf(trace, { ...over, status: undefined, error: "cut" }).error, "cut");
});
