import assert from "node:assert/strict";
import { Inspector } from "../../../lib/agent/inspector.ts";
import { EndpointMetrics } from "../../../lib/agent/metrics.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { join, pair } from "../../../lib/base/duplex.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { test } from "../../harness.ts";

const REQUEST = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
const ANSWER = "HTTP/1.1 204 No Content\r\n\r\n";

function scene(maxBytes = 0) {
  const clock = new FakeClock(1_000);
  const metrics = new EndpointMetrics(clock);
  const inspector = new Inspector(maxBytes, clock, silentLogger);
  const about = {
    name: "web",
    url: "https://a.test",
    metrics,
    proxyProtocol: false,
    tls: undefined,
  };
  return { clock, inspector, metrics, about };
}

test("Inspector keeps 50 MiB unless it is told how much", () => {
  assert.equal(scene().inspector.exchanges.maxBytes, 50 * 1024 * 1024);
  assert.equal(scene(1_000_000).inspector.exchanges.maxBytes, 1_000_000);
});

test("Inspector.follow() makes exchanges of what passes, and counts them", async () => {
  const { inspector, about, metrics } = scene();
  const [visitor, left] = pair();
  const [right, service] = pair();
  const tapped = inspector.follow(left, right, about, "192.0.2.1:5");
  const joined = join(tapped.visitor, tapped.service);
  await visitor.write(encodeText(REQUEST));
  await visitor.closeWrite();
  assert.deepEqual(await service.read(), encodeText(REQUEST));
  await service.write(encodeText(ANSWER));
  await service.closeWrite();
  assert.deepEqual(await visitor.read(), encodeText(ANSWER));
  assert.equal(await visitor.read(), undefined);
  assert.equal(await service.read(), undefined);
  const { error } = await joined;
  tapped.close(error?.message);
  const [exchange] = inspector.exchanges.list();
  assert.equal(exchange.endpointName, "web");
  assert.equal(exchange.clientAddr, "192.0.2.1:5");
  assert.equal(exchange.state, "complete");
  assert.equal(exchange.response?.status, 204);
  assert.equal(metrics.http.read().count, 1);
});

test("Inspector.watch() makes an exchange that says which one it repeats", () => {
  const { inspector, about } = scene();
  const tap = inspector.watch(about, "192.0.2.1:5", "airt_1");
  tap.fromVisitor(encodeText(REQUEST));
  tap.fromService(encodeText(ANSWER));
  tap.close(undefined);
  assert.equal(inspector.exchanges.list()[0].replayOf, "airt_1");
});
