import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { Logger } from "../../../lib/base/log.ts";
import { type FinishedSpan, SpanExporter } from "../../../lib/edge/span_exporter.ts";
import { test } from "../../harness.ts";

const SPAN: FinishedSpan = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: "00f067aa0ba902b7",
  traceState: undefined,
  name: "GET",
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_001,
  attributes: { text: "a", whole: 200, part: 0.5, truth: true, absent: undefined },
  error: undefined,
};

function scene(answer: () => Promise<Response>) {
  const clock = new FakeClock();
  const said: unknown[] = [];
  const logger: Logger = {
    log: (level, message, fields) => void said.push([level, message, fields]),
    child: () => logger,
  };
  const requests: { url: string; headers: Headers; body: Json }[] = [];
  const exporter = new SpanExporter({
    url: "http://collector.test:4318/v1/traces",
    headers: { "x-key": "k" },
    resource: { "service.name": "edge" },
    clock,
    logger,
    fetch: (input, init) => {
      const { url, headers } = new Request(input as string, { ...init, signal: undefined });
      requests.push({ url, headers, body: JSON.parse(init?.body as string) });
      return answer();
    },
  });
  return { clock, said, requests, exporter };
}

// deno-lint-ignore no-explicit-any -- the shape is what is under test
type Json = any;

const ok = () => Promise.resolve(new Response("{}"));

test("SpanExporter gathers spans and sends them as OTLP in JSON", async () => {
  const { exporter, clock, requests } = scene(ok);
  exporter.add(SPAN);
  exporter.add({ ...SPAN, error: "status 500" });
  await clock.advance(4_999);
  assert.equal(requests.length, 0);
  await clock.advance(1);
  assert.equal(requests.length, 1);
  const [{ url, headers, body }] = requests;
  assert.equal(url, "http://collector.test:4318/v1/traces");
  assert.deepEqual([headers.get("content-type"), headers.get("x-key")], ["application/json", "k"]);
  const [{ resource, scopeSpans: [{ scope, spans }] }] = body.resourceSpans;
  assert.deepEqual(resource.attributes, [{ key: "service.name", value: { stringValue: "edge" } }]);
  assert.equal(scope.name, "sallyport");
  assert.deepEqual(spans[0], {
    traceId: SPAN.traceId,
    spanId: SPAN.spanId,
    parentSpanId: SPAN.parentSpanId,
    name: "GET",
    kind: 2,
    startTimeUnixNano: "1700000000000250000",
    endTimeUnixNano: "1700000000001000000",
    attributes: [
      { key: "text", value: { stringValue: "a" } },
      { key: "whole", value: { intValue: "200" } },
      { key: "part", value: { doubleValue: 0.5 } },
      { key: "truth", value: { boolValue: true } },
    ],
    status: {},
  });
  assert.deepEqual(spans[1].status, { code: 2, message: "status 500" });
});

test("SpanExporter keeps a bounded number of spans, and tells what it lost once it can", async () => {
  let isUp = false;
  const { exporter, said, requests } = scene(() =>
    isUp ? ok() : Promise.resolve(new Response("", { status: 503 }))
  );
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 3_000; count++) exporter.add(SPAN);
    await exporter.flush();
  }
  assert.deepEqual(said, [["warn", "traces were not exported", {
    collector: "http://collector.test:4318",
    err: "the collector answered 503",
  }]]);
  assert.ok(requests.every(({ body }) => body.resourceSpans[0].scopeSpans[0].spans.length <= 512));
  isUp = true;
  exporter.add(SPAN);
  await exporter.flush();
  assert.deepEqual(said[1], ["warn", "traces have gaps", { spans: 9_000 }]);
});

test("SpanExporter gives up on a collector that does not answer", async () => {
  const { exporter, clock, said } = scene(() => new Promise<Response>(() => {}));
  exporter.add(SPAN);
  const hanging = new SpanExporter({
    url: "http://collector.test/",
    headers: {},
    resource: {},
    clock,
    logger: { log: (...line) => void said.push(line), child: () => undefined as never },
    fetch: (_, init) =>
      new Promise((_, reject) => {
        init!.signal!.addEventListener("abort", () => reject(new Error("aborted")));
      }),
  });
  hanging.add(SPAN);
  const flushed = hanging.flush();
  await clock.advance(10_000);
  await flushed;
  assert.deepEqual(said.at(-1), ["warn", "traces were not exported", {
    collector: "http://collector.test",
    err: "no answer within 10000 ms",
  }]);
});
