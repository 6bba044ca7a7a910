import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/base/log.ts";
import { answerOps, openOpsDoor, type OpsSource } from "../../../lib/edge/ops_pages.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { readToEnd } from "../../fakes/agent.ts";
import { test } from "../../harness.ts";

const SOURCE: OpsSource = { metrics: () => "a 1\n", notReady: () => undefined };

function ask(path: string, method = "GET", source = SOURCE): Response | undefined {
  return answerOps(new Request(`http://localhost${path}`, { method }), source);
}

test("answerOps() shows the three pages and nothing else", async () => {
  const metrics = ask("/metrics?x=1")!;
  assert.equal(metrics.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(await metrics.text(), "a 1\n");
  assert.equal(await ask("/healthz")!.text(), "ok\n");
  assert.equal(await ask("/readyz")!.text(), "ready\n");
  for (const path of ["/", "/metrics/", "/constructor", "/toString"]) {
    assert.equal(ask(path), undefined);
  }
  assert.equal(ask("/metrics", "POST")!.status, 405);
});

test("answerOps() says why no visitor should come, and is healthy all the same", async () => {
  const source = { ...SOURCE, notReady: () => "it is shutting down" };
  const answer = ask("/readyz", "GET", source)!;
  assert.deepEqual([answer.status, await answer.text()], [503, "not ready: it is shutting down\n"]);
  assert.equal(ask("/healthz", "GET", source)!.status, 200);
});

test("openOpsDoor() serves whoever names this machine, and closes", async () => {
  const { net, clock } = memoryRuntime();
  const door = await openOpsDoor({
    net,
    clock,
    host: "127.0.0.1",
    port: 9090,
    source: SOURCE,
    logger: silentLogger,
  });
  async function get(host: string, path: string): Promise<string> {
    const conn = await net.connect({ host: "127.0.0.1", port: 9090 });
    await conn.write(
      encodeText(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
    );
    const text = await readToEnd(conn);
    await conn.closeWrite();
    return text;
  }
  assert.match(await get("127.0.0.1:9090", "/metrics"), /^HTTP\/1\.1 200 .*\r\n\r\na 1\n$/s);
  assert.match(await get("localhost", "/"), /^HTTP\/1\.1 404 /);
  assert.match(await get("evil.test", "/metrics"), /^HTTP\/1\.1 421 /);
  await door.close();
  await assert.rejects(get("localhost", "/"));
});
