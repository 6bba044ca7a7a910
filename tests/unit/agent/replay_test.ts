import assert from "node:assert/strict";
import { Inspector } from "../../../lib/agent/inspector.ts";
import { replay } from "../../../lib/agent/replay.ts";
import type { ReplayEdits } from "../../../lib/agent/replay_request.ts";
import { parseUpstream } from "../../../lib/agent/upstream.ts";
import type { UpstreamTarget } from "../../../lib/agent/upstream_dial.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import type { Exchange } from "../../../lib/inspect/exchange.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { test } from "../../harness.ts";
import { eventually } from "../../fakes/edge.ts";

const POST = "POST /a?b=1 HTTP/1.1\r\nhOST:  a.test\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "5\r\nhello\r\n0\r\nSum: 1\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const text = (of: Uint8Array) => String.fromCharCode(...of);

class Scene {
  readonly clock = new FakeClock(1_000);
  readonly runtime = memoryRuntime({ clock: this.clock });
  readonly inspector = new Inspector(0, this.clock, silentLogger);
  readonly stop = new AbortController();
  readonly got: string[] = [];
  readonly services: Conn[] = [];
  readonly target: UpstreamTarget = {
    name: "web",
    url: "https://a.test",
    upstream: parseUpstream(8080, "http"),
    tls: undefined,
    proxyProtocol: false,
    inspect: true,
  };

  /** A service that gives this answer to whatever comes. */
  async serve(answer: string) {
    return await this.runtime.net.listen({
      host: "localhost",
      port: 8080,
      onConnection: (conn) => {
        this.services.push(conn);
        void (async () => {
          const chunk = await conn.read();
          if (chunk) this.got.push(text(chunk));
          await conn.write(bytes(answer));
        })().catch(() => {});
      },
    });
  }

  captured(request: string): Exchange {
    const tap = this.inspector.watch(this.target, "192.0.2.1:5");
    tap.fromVisitor(bytes(request));
    tap.fromService(bytes(OK));
    tap.close(undefined);
    return this.inspector.exchanges.list({ limit: 1 })[0];
  }

  replay(exchange: Exchange, edits: ReplayEdits = {}, proxyVersion?: 1 | 2) {
    const target = { ...this.target, proxyProtocol: proxyVersion !== undefined };
    return replay(exchange, target, edits, {
      net: this.runtime.net,
      clock: this.clock,
      inspector: this.inspector,
      signal: this.stop.signal,
      proxyVersion,
    });
  }
}

test("replay() sends a request as it was, byte for byte, and keeps what comes back", async () => {
  for (const request of [POST, CHUNKED]) {
    const scene = new Scene();
    const door = await scene.serve(OK);
    const before = scene.captured(request);
    const id = await scene.replay(before);
    const after = scene.inspector.exchanges.get(id)!;
    assert.equal(after.replayOf, before.id);
    await eventually(scene.clock, () => after.state !== "open");
    assert.deepEqual(scene.got, [request]);
    assert.equal(after.state, "complete", after.error);
    assert.equal(text(after.response!.body.bytes), "hi");
    await door.close();
    await scene.clock.advance(0);
    assert.equal(scene.clock.pending, 0, "no timer is left");
  }
});

test("replay() enters a service in this program", async () => {
  const scene = new Scene();
  const before = scene.captured(POST);
  const target: UpstreamTarget = {
    ...scene.target,
    service: (conn) =>
      void (async () => {
        scene.got.push(text(await conn.read() ?? bytes("")));
        await conn.write(bytes(OK));
      })(),
  };
  const id = await replay(before, target, {}, {
    net: scene.runtime.net,
    clock: scene.clock,
    inspector: scene.inspector,
    signal: scene.stop.signal,
  });
  await eventually(scene.clock, () => scene.inspector.exchanges.get(id)?.state !== "open");
  assert.equal(scene.inspector.exchanges.get(id)?.response?.status, 200);
  assert.deepEqual(scene.got, [POST]);
});

test("replay() puts the PROXY header in front that the service expects", async () => {
  const scene = new Scene();
  const door = await scene.serve(OK);
  const id = await scene.replay(scene.captured(POST), {}, 1);
  const after = scene.inspector.exchanges.get(id)!;
  await eventually(scene.clock, () => after.state !== "open");
  assert.equal(scene.got[0].split("\r\n")[0], "PROXY TCP4 192.0.2.1 192.0.2.1 5 0");
  await door.close();
});

test("replay() says what kept it from the service, and what cut the answer", async () => {
  const scene = new Scene();
  const before = scene.captured(POST);
  await assert.rejects(scene.replay(before), { code: "connection_refused" });
  const door = await scene.serve("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi");
  const endless = scene.inspector.exchanges.get(await scene.replay(before))!;
  await eventually(scene.clock, () => endless.response !== undefined);
  await scene.clock.advance(300_000);
  await eventually(scene.clock, () => endless.state !== "open");
  assert.equal(endless.state, "cut");
  const stopped = scene.inspector.exchanges.get(await scene.replay(before))!;
  scene.stop.abort();
  await eventually(scene.clock, () => stopped.state !== "open");
  assert.equal(stopped.state, "cut");
  await door.close();
});
