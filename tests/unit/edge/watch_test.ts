import assert from "node:assert/strict";
import { resolveEdgeOptions } from "../../../lib/edge/config.ts";
import { Watch } from "../../../lib/edge/watch.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { readPrometheus } from "../../fakes/prometheus.ts";
import { test } from "../../harness.ts";

const EDGE = {
  sessions: () => [],
  trafficOf: () => undefined,
  visitors: () => 0,
  certificates: () => [],
};

test("Watch counts only where somebody can ask", async () => {
  const runtime = memoryRuntime();
  const config = resolveEdgeOptions({ http: { port: 0 } });
  const watch = new Watch({ config, runtime, edge: EDGE, notReady: () => "why" });
  assert.equal(watch.listens, false);
  watch.hear({ type: "session_refused", atMs: 0, remote: "", ngrokCode: 107 });
  watch.roundTrip(1);
  assert.deepEqual([watch.metrics(), watch.notReady()], ["", "why"]);
  assert.equal(await watch.openDoor(), undefined);
});

test("Watch opens the door that was asked for", async () => {
  const runtime = memoryRuntime();
  const config = resolveEdgeOptions({ http: { port: 0 }, metrics: { port: 9090 } });
  const watch = new Watch({ config, runtime, edge: EDGE, notReady: () => undefined });
  assert.equal(watch.listens, true);
  const door = await watch.openDoor();
  assert.equal(door?.address.port, 9090);
  watch.hear({ type: "session_refused", atMs: 0, remote: "", ngrokCode: 107 });
  const page = readPrometheus(watch.metrics());
  assert.equal(page.get('sallyport_errors_total{code="ERR_NGROK_107"}'), 1);
  await door?.close();
});
