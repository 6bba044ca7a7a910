/**
 * Inspection over a long time, shortened: hundreds of exchanges through a real tunnel leave no more
 * behind than `inspect_db_size` allows.
 */
import assert from "node:assert/strict";
import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";
import { connect } from "../../lib/agent/agent.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { startWeb, visit } from "./kit.ts";
import { AUTHTOKEN, DOMAIN, startTestEdge } from "./tunnel_suite.ts";

const COUNT = 500;
const AT_ONCE = 20;
/** Both bodies of one exchange are a hundredth of what may be kept. */
const BODY_BYTES = 100_000;
const MAX_BYTES = 20_000_000;
/** What else may stay: edge, service and visitors are in this process as well. */
const MAX_BESIDE_BYTES = 30_000_000;

/** What is held when the garbage is gone; 100 MB pass. */
async function heldBytes(): Promise<number> {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (!Bun) v8.setFlagsFromString("--expose-gc");
  const collect = Bun ? () => Bun.gc(true) : vm.runInNewContext("gc") as () => void;
  let least = Infinity;
  for (let round = 0; round < 5; round++) {
    collect();
    // What was let go of in another turn goes with the next round.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

test("inspection: hundreds of exchanges stay within inspect_db_size, and the heap within that and 30 MB", async () => {
  const edge = await startTestEdge();
  const service = await startWeb();
  const agent = await connect({
    connectUrl: edge.agents,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
    inspectBytes: MAX_BYTES,
  });
  try {
    const { url, metrics } = await agent.forward({
      addr: service.port,
      url: `http://soak.${DOMAIN}`,
    });
    const store = agent.exchanges!;
    assert.equal(store.maxBytes, MAX_BYTES);
    let evicted = 0;
    store.on(({ type }) => void (type === "evicted" && evicted++));
    const ask = async (index: number) => {
      const body = `${index} `.padEnd(BODY_BYTES, "x");
      const answer = await visit(edge.door, `${url}/echo`, { method: "POST", body });
      assert.equal(answer.text, body);
    };
    for (let index = 0; index < AT_ONCE; index++) await ask(index);
    store.clear();
    const before = await heldBytes();
    for (let from = AT_ONCE; from < COUNT; from += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => ask(from + index)));
      assert.ok(store.sizeBytes <= MAX_BYTES, `${store.sizeBytes} bytes after ${from}`);
    }
    const grown = await heldBytes() - before;
    assert.ok(grown <= MAX_BYTES + MAX_BESIDE_BYTES, `grown by ${grown} bytes`);
    assert.equal(metrics.http.read().count, COUNT);
    assert.equal(store.count + evicted, COUNT - AT_ONCE);
    assert.ok(store.count > 50 && store.count < 100, `${store.count} are kept`);
    const [newest] = store.list({ limit: 1 });
    assert.equal(newest.request.body.totalBytes, BODY_BYTES);
  } finally {
    await agent.close({ graceMs: 0 });
    await service.close();
    await edge.close();
  }
});
