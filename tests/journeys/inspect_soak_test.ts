/**
 * Inspection over a long time, shortened: thousands of exchanges through a real tunnel leave no more
 * behind than `inspect_db_size` allows.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { connect } from "../../lib/agent/agent.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { startWeb, visit } from "./kit.ts";
import { AUTHTOKEN, DOMAIN, startTestEdge } from "./tunnel_suite.ts";

const COUNT = 2_000;
const AT_ONCE = 20;
/** Both bodies of one exchange are a hundredth of what may be kept. */
const BODY_BYTES = 100_000;
const MAX_BYTES = 20_000_000;
/** Half of what passes is 200 MB; garbage of edge, service and visitors is in this process as well. */
const MAX_GROWTH_BYTES = 100_000_000;

test("inspection: thousands of exchanges stay within inspect_db_size, and memory stays where it was", async () => {
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
    const levels: number[] = [];
    for (let from = 0; from < COUNT; from += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => ask(from + index)));
      assert.ok(store.sizeBytes <= MAX_BYTES, `${store.sizeBytes} bytes after ${from}`);
      const { heapUsed, external } = process.memoryUsage();
      levels.push(heapUsed + external);
    }
    // What is garbage goes at some time: the least of many moments is what is held.
    const quarter = levels.length / 4;
    const least = (part: number) => Math.min(...levels.slice(part * quarter, (part + 1) * quarter));
    const grown = least(3) - least(1);
    assert.ok(grown < MAX_GROWTH_BYTES, `grown by ${grown} bytes`);
    assert.equal(metrics.http.read().count, COUNT);
    assert.equal(store.count + evicted, COUNT);
    assert.ok(store.count > 50 && store.count < 100, `${store.count} are kept`);
    const [newest] = store.list({ limit: 1 });
    assert.equal(newest.request.body.totalBytes, BODY_BYTES);
  } finally {
    await agent.close({ graceMs: 0 });
    await service.close();
    await edge.close();
  }
});
