import assert from "node:assert/strict";
import { Inspector } from "../../../lib/agent/inspector.ts";
import { replay } from "../../../lib/agent/replay.ts";
import type { ReplayEdits } from "../../../lib/agent/replay_request.ts";
import { parseUpstream } from "../../../lib/agent/upstream.ts";
import type { UpstreamTarget } from "../../../lib/agent/upstream_dial.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { Duplex } from "../../../lib/base/duplex.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import type { Http2Request } from "../../../lib/http/h2/http2.ts";
import { serveHttp2Session } from "../../../lib/http/h2/session.ts";
import type { Exchange } from "../../../lib/inspect/exchange.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { eventually } from "../../fakes/edge.ts";
import { test } from "../../harness.ts";

const CALL = Uint8Array.of(0, 0, 0, 0, 2, 0x68, 0x69);

class Scene {
  readonly clock = new FakeClock(1_000);
  readonly runtime = memoryRuntime({ clock: this.clock });
  readonly inspector = new Inspector(0, this.clock, silentLogger);
  readonly stop = new AbortController();
  readonly target: UpstreamTarget = {
    name: "grpc",
    url: "https://a.test",
    upstream: parseUpstream(8080, "http"),
    tls: undefined,
    proxyProtocol: false,
    inspect: true,
  };

  serve(onConnection: (conn: Duplex) => void) {
    return this.runtime.net.listen({ host: "localhost", port: 8080, onConnection });
  }

  /** A gRPC call as it would be kept. */
  captured(): Exchange {
    const tap = this.inspector.watch(this.target, "192.0.2.1:5");
    const head = "POST /shop.Cart/Add HTTP/1.1\r\nHost: a.test\r\nContent-Length: 7\r\n\r\n";
    tap.fromVisitor(new TextEncoder().encode(head));
    tap.fromVisitor(CALL);
    tap.close(undefined);
    const [exchange] = this.inspector.exchanges.list({ limit: 1 });
    const lines = [["content-type", "application/grpc"], ["te", "trailers"]] as const;
    const headers = [["host", "a.test"], ...lines] as const;
    return {
      ...exchange,
      id: exchange.id,
      request: { ...exchange.request, version: "2", headers },
    } as Exchange;
  }

  replay(exchange: Exchange, edits: ReplayEdits = {}): Promise<string> {
    return replay(exchange, this.target, edits, {
      net: this.runtime.net,
      clock: this.clock,
      inspector: this.inspector,
      signal: this.stop.signal,
      protocol: "http2",
    });
  }

  async over(id: string): Promise<Exchange> {
    await eventually(this.clock, () => this.inspector.exchanges.get(id)?.state !== "open");
    return this.inspector.exchanges.get(id)!;
  }
}

/** Reads all, and gives the same back with a trailer. */
async function echo(request: Http2Request): Promise<void> {
  const pieces: Uint8Array[] = [];
  for (let chunk; (chunk = await request.read());) pieces.push(chunk.slice());
  request.sendHead([[":status", "100"]], false);
  request.sendHead([[":status", "200"], ["content-type", "application/grpc"]], false);
  for (const piece of pieces) await request.write(piece);
  request.endWith([["grpc-status", "0"]]);
}

test("replay() repeats a call of HTTP/2 as one, and keeps its messages and trailers", async () => {
  const scene = new Scene();
  const asked: Http2Request["fields"][] = [];
  const door = await scene.serve((conn) => {
    serveHttp2Session(conn, scene.clock, {}, (request) => {
      asked.push(request.fields);
      void echo(request);
    });
  });
  const before = scene.captured();
  const id = await scene.replay(before);
  const after = await scene.over(id);
  assert.equal(after.state, "complete", after.error);
  assert.equal(after.replayOf, before.id);
  assert.deepEqual([after.request.version, after.request.target, after.response?.status], [
    ...["2", "/shop.Cart/Add", 200],
  ]);
  assert.deepEqual(after.request.body.bytes, CALL);
  assert.deepEqual(after.response?.trailers, [["grpc-status", "0"]]);
  assert.deepEqual(after.messages.map(({ from, sizeBytes }) => [from, sizeBytes]), [
    ...[["visitor", 2], ["service", 2]],
  ]);
  assert.deepEqual(asked[0].slice(0, 4), [
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "a.test"],
    [":path", "/shop.Cart/Add"],
  ]);
  const empty = await scene.replay(before, { method: "GET", body: new Uint8Array(0) });
  assert.equal((await scene.over(empty)).request.method, "GET");
  assert.equal(asked[1][0][1], "GET");
  await door.close();
  await eventually(scene.clock, () => scene.clock.pending === 0);
});

test("replay() says what a service that speaks no HTTP/2 did to it", async () => {
  const scene = new Scene();
  const door = await scene.serve((conn) => {
    void (async () => {
      await conn.read();
      await conn.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      await conn.closeWrite();
    })();
  });
  const after = await scene.over(await scene.replay(scene.captured()));
  assert.equal(after.state, "cut");
  assert.ok(after.error);
  await door.close();
});

test("replay() follows an endless answer of HTTP/2 for a while, and not beyond the agent", async () => {
  const scene = new Scene();
  const door = await scene.serve((conn) => {
    serveHttp2Session(conn, scene.clock, {}, (request) => {
      request.sendHead([[":status", "200"]], false);
    });
  });
  const endless = scene.inspector.exchanges.get(await scene.replay(scene.captured()))!;
  await eventually(scene.clock, () => endless.response !== undefined);
  await scene.clock.advance(300_000);
  assert.equal((await scene.over(endless.id)).state, "cut");
  const stopped = scene.inspector.exchanges.get(await scene.replay(scene.captured()))!;
  scene.stop.abort();
  assert.equal((await scene.over(stopped.id)).state, "cut");
  await door.close();
});
