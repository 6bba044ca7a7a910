import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { EdgeEvent, ExchangeOver } from "../../../lib/edge/events.ts";
import { EdgeMetrics, type MeasuredEdge, measuredSession } from "../../../lib/edge/metrics.ts";
import { Traffic } from "../../../lib/edge/traffic.ts";
import { readPrometheus } from "../../fakes/prometheus.ts";
import { test } from "../../harness.ts";

const DAY_MS = 86_400_000;

function scene(edge: Partial<MeasuredEdge> = {}, maxSeries = 100) {
  const clock = new FakeClock();
  const metrics = new EdgeMetrics({
    clock,
    maxSeries,
    forgetMs: 60_000,
    edge: {
      sessions: () => [],
      trafficOf: () => undefined,
      visitors: () => 3,
      certificates: () => [],
      residentBytes: () => 1_000,
      ...edge,
    },
  });
  return { clock, metrics, read: () => readPrometheus(metrics.text()) };
}

function started(endpointId: string, url: string, accountId = "ac_1"): EdgeEvent {
  return { type: "endpoint_started", atMs: 0, endpointId, url, accountId, sessionId: "ts_1" };
}

function exchange(fields: Partial<ExchangeOver>): EdgeEvent {
  return {
    type: "exchange_ended",
    atMs: 0,
    endpointId: "e1",
    accountId: "ac_1",
    status: 200,
    ngrokCode: undefined,
    durationMs: 20,
    ...fields,
  } as ExchangeOver;
}

const A = '{endpoint="https://a.test",account="ac_1"';

test("EdgeMetrics counts exchanges, their time and their bytes by endpoint and account", () => {
  const traffic = new Traffic();
  const { metrics, read } = scene({ trafficOf: () => traffic });
  metrics.hear(started("e1", "https://a.test"));
  Object.assign(traffic, { inBytes: 7, outBytes: 9, open: 1 });
  for (const status of [200, 201, 404, 502]) metrics.hear(exchange({ status }));
  metrics.hear(exchange({ status: 502, ngrokCode: 8012, durationMs: 3_000 }));
  metrics.hear(exchange({ endpointId: undefined, accountId: undefined, ngrokCode: 3200 }));
  const page = read();
  const value = (name: string, rest = "}") => page.get(`sallyport_endpoint_${name}${A}${rest}`);
  assert.equal(value("requests_total", ',status="2xx"}'), 2);
  assert.equal(value("requests_total", ',status="4xx"}'), 1);
  assert.equal(value("requests_total", ',status="5xx"}'), 2);
  assert.equal(value("in_bytes_total"), 7);
  assert.equal(value("out_bytes_total"), 9);
  assert.equal(value("open"), 1);
  assert.equal(value("request_duration_seconds_bucket", ',le="0.025"}'), 4);
  assert.equal(value("request_duration_seconds_count"), 5);
  assert.equal(page.get('sallyport_account_requests_total{account="ac_1",status="5xx"}'), 2);
  assert.equal(page.get('sallyport_account_out_bytes_total{account="ac_1"}'), 9);
  assert.equal(page.get("sallyport_unrouted_requests_total"), 1);
  assert.equal(page.get('sallyport_errors_total{code="ERR_NGROK_8012"}'), 1);
  assert.equal(page.get('sallyport_errors_total{code="ERR_NGROK_3200"}'), 1);
  assert.equal(page.get("sallyport_visitors"), 3);
  assert.equal(page.get("process_resident_memory_bytes"), 1_000);
});

test("EdgeMetrics forgets an endpoint that is gone, but not what its account has had", async () => {
  const { metrics, read, clock } = scene({ trafficOf: () => new Traffic() });
  metrics.hear({
    type: "session_started",
    accountId: "ac_1",
  } as EdgeEvent);
  metrics.hear(started("e1", "https://a.test"));
  metrics.hear(exchange({}));
  metrics.hear({
    type: "endpoint_ended",
    atMs: 0,
    endpointId: "e1",
    url: "https://a.test",
    accountId: "ac_1",
  });
  const requests = `sallyport_endpoint_requests_total${A},status="2xx"}`;
  await clock.advance(59_999);
  assert.equal(read().get(requests), 1, "the last scrape comes after the end");
  await clock.advance(1);
  assert.equal(read().get(requests), undefined);
  assert.equal(read().get('sallyport_account_requests_total{account="ac_1",status="2xx"}'), 1);
});

test("EdgeMetrics has a bounded page, however many endpoints come", () => {
  const { metrics, read } = scene({}, 10);
  for (let number = 0; number < 1_000; number++) {
    metrics.hear(started(`e${number}`, `https://n${number}.test`));
    metrics.hear(exchange({ endpointId: `e${number}` }));
  }
  const page = read();
  const names = [...page.keys()].filter((key) => key.startsWith("sallyport_endpoint_open"));
  assert.equal(names.length, 11);
  const other = '{endpoint="other",account="other",status="2xx"}';
  assert.equal(page.get(`sallyport_endpoint_requests_total${other}`), 990);
});

test("EdgeMetrics counts sessions, stalls, heartbeats, handshakes and certificates", () => {
  const { metrics, read, clock } = scene({
    sessions: () => [
      measuredSession({ grant: { accountId: "ac_1" }, openStreams: 2, windowStalls: 5 }),
      measuredSession({ grant: { accountId: "ac_1" }, openStreams: 1, windowStalls: 0 }),
    ],
    certificates: () =>
      [20, 9.5, 30].map((days) => ({ name: "*.a.test", notAfterMs: clock.now() + days * DAY_MS })),
  });
  for (let count = 0; count < 3; count++) {
    metrics.hear({ type: "session_started", accountId: "ac_1" } as EdgeEvent);
  }
  metrics.hear({ type: "session_ended", accountId: "ac_1", windowStalls: 4 } as EdgeEvent);
  metrics.hear({ type: "session_refused", atMs: 0, remote: "", ngrokCode: 107 });
  metrics.hear({
    type: "handshake_failed",
    atMs: 0,
    door: "https",
    clientAddr: "",
    reason: "tls_failed",
  });
  metrics.hear({
    type: "connection_ended",
    endpointId: "e9",
    accountId: "ac_1",
  } as EdgeEvent);
  metrics.roundTrip(30);
  const page = read();
  assert.equal(page.get('sallyport_sessions{account="ac_1"}'), 2);
  assert.equal(page.get('sallyport_open_streams{account="ac_1"}'), 3);
  assert.equal(page.get('sallyport_window_stalls_total{account="ac_1"}'), 9);
  assert.equal(page.get('sallyport_session_events_total{event="started"}'), 3);
  assert.equal(page.get('sallyport_session_events_total{event="refused"}'), 1);
  assert.equal(page.get('sallyport_errors_total{code="ERR_NGROK_107"}'), 1);
  const failures = 'sallyport_handshake_failures_total{door="https",reason="tls_failed"}';
  assert.equal(page.get(failures), 1);
  assert.equal(page.get('sallyport_heartbeat_rtt_seconds_bucket{le="0.05"}'), 1);
  assert.equal(page.get('sallyport_account_connections_total{account="ac_1"}'), 1);
  assert.equal(page.get('sallyport_certificate_days_left{name="*.a.test"}'), 9.5);
});
