import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { Inspector } from "../../../lib/agent/inspector.ts";
import type { AgentReport } from "../../../lib/agent/events.ts";
import { Relay } from "../../../lib/agent/relay.ts";
import { parseUpstream, type UpstreamKind } from "../../../lib/agent/upstream.ts";
import type { UpstreamTarget } from "../../../lib/agent/upstream_dial.ts";
import type { MuxStream } from "../../../lib/mux/mux.ts";
import { createMux } from "../../../lib/mux/muxer.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { eventually, readAll } from "../../fakes/edge.ts";

/** An edge's stream, the agent's relay on it, and a network for the service. */
class Scene {
  readonly clock = new FakeClock();
  readonly runtime = memoryRuntime({ clock: this.clock });
  readonly events: AgentReport[] = [];
  readonly lines: string[] = [];
  readonly services: Conn[] = [];
  readonly target: UpstreamTarget;
  visitor!: MuxStream;
  relay!: Relay;
  done = false;
  #close: (() => Promise<void>)[] = [];

  readonly dialledFrom = new Map<string, number>();
  readonly inspector: Inspector = new Inspector(0, this.clock, silentLogger);

  constructor(kind: UpstreamKind = "http", address: string | number = 8080, inspect = false) {
    const upstream = parseUpstream(address, kind);
    const url = "https://a.test";
    this.target = {
      name: "web",
      url,
      upstream,
      tls: undefined,
      proxyProtocol: false,
      inspect,
    };
  }

  /** The service answers from now on. */
  async serve(): Promise<void> {
    const { host, port } = this.target.upstream;
    const door = await this.runtime.net.listen({
      host,
      port,
      onConnection: (conn) => this.services.push(conn),
    });
    this.#close.push(() => door.close());
  }

  /** A visitor comes. */
  async visit(first = ""): Promise<void> {
    const [left, right] = pair();
    const edge = createMux(left, {
      role: "server",
      clock: this.clock,
      onStream: () => {},
    });
    const agent = createMux(right, {
      role: "client",
      clock: this.clock,
      onStream: (stream) => {
        this.relay = new Relay(stream, this.target, {
          net: this.runtime.net,
          clock: this.clock,
          logger: {
            log: (level, message, fields) =>
              void this.lines.push(
                `${level} ${message} ${JSON.stringify(fields)}`,
              ),
            child: () => assert.fail(),
          },
          report: (event) => this.events.push(event),
          dialledFrom: this.dialledFrom,
          inspector: this.inspector,
        });
        void this.relay.run({
          Id: "b",
          ClientAddr: "192.0.2.7:50000",
          Proto: "https",
          EdgeType: "0",
          PassthroughTLS: false,
        }).then(() => this.done = true);
      },
    });
    this.visitor = edge.open(STREAM.proxy, encodeText(first));
    this.#close.push(async () => {
      edge.abort();
      await agent.closed;
    });
    await this.clock.advance(0);
  }

  async say(text: string): Promise<void> {
    await this.visitor.write(encodeText(text));
  }

  async end(): Promise<void> {
    for (const close of this.#close.reverse()) await close();
    await eventually(this.clock, () => this.done);
    assert.equal(this.clock.pending, 0, "no timer is left");
  }
}

test("Relay carries bytes both ways and counts them", async () => {
  const scene = new Scene();
  await scene.serve();
  await scene.visit("hello ");
  await scene.say("world");
  await scene.clock.advance(0);
  const [service] = scene.services;
  assert.equal(decodeText(await service.read() ?? new Uint8Array(0)), "hello ");
  assert.equal(decodeText(await service.read() ?? new Uint8Array(0)), "world");
  assert.equal(scene.relay.lastWriter, "visitor");
  await service.write(encodeText("hi"));
  assert.equal(
    decodeText(await scene.visitor.read() ?? new Uint8Array(0)),
    "hi",
  );
  assert.equal(scene.relay.lastWriter, "upstream");
  assert.deepEqual([scene.relay.inBytes, scene.relay.outBytes], [11, 2]);
  assert.equal(scene.relay.lastMoveMs, scene.clock.steady());
  await scene.end();
});

test("Relay passes the visitor's end on and keeps the reply flowing", async () => {
  const scene = new Scene("tcp", 22);
  await scene.serve();
  await scene.visit("ask");
  await scene.visitor.closeWrite();
  const [service] = scene.services;
  assert.equal(await readAll(service), "ask", "the service sees the end");
  await service.write(encodeText("answer"));
  await scene.clock.advance(60_000);
  await service.write(encodeText(" late"));
  await service.closeWrite();
  assert.equal(await readAll(scene.visitor), "answer late");
  await eventually(scene.clock, () => scene.done);
  await scene.end();
});

test("Relay passes the service's end on and keeps the visitor's bytes flowing", async () => {
  const scene = new Scene("tcp", 22);
  await scene.serve();
  await scene.visit();
  const [service] = scene.services;
  await service.write(encodeText("banner"));
  await service.closeWrite();
  assert.equal(await readAll(scene.visitor), "banner");
  await scene.say("still here");
  await scene.visitor.closeWrite();
  assert.equal(await readAll(service), "still here");
  await scene.end();
});

test("Relay cuts the service when the visitor is gone, and the visitor when the service is", async () => {
  const gone = new Scene();
  await gone.serve();
  await gone.visit("x");
  gone.visitor.abort();
  await eventually(gone.clock, () => gone.done);
  const [service] = gone.services;
  await assert.rejects(readAll(service), TunnelError);
  await gone.end();

  const crashed = new Scene();
  await crashed.serve();
  await crashed.visit("x");
  crashed.services[0].abort();
  await assert.rejects(readAll(crashed.visitor), TunnelError);
  await eventually(crashed.clock, () => crashed.done);
  assert.match(crashed.lines.join("\n"), /debug joined connections were cut/);
  await crashed.end();
});

test("Relay shows what passes to the inspector, and nothing when the endpoint is not inspected", async () => {
  for (const [kind, inspect] of [["http", true], ["http", false], ["tcp", true]] as const) {
    const scene = new Scene(kind, 8080, inspect);
    await scene.serve();
    await scene.visit("GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n");
    const [service] = scene.services;
    await service.write(encodeText("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    await service.closeWrite();
    await scene.visitor.closeWrite();
    assert.match(await readAll(scene.visitor), /hi$/);
    await readAll(service);
    const kept = scene.inspector.exchanges.list();
    if (kind === "http" && inspect) {
      assert.deepEqual(kept.map((one) => [one.state, one.request.target, one.response?.status]), [
        ["complete", "/a", 200],
      ]);
    } else {
      assert.deepEqual(kept, []);
    }
    await scene.end();
  }
});

test("Relay keeps what it answered in the place of a dead service", async () => {
  const scene = new Scene("http", 8080, true);
  await scene.visit("GET /dead HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await scene.visitor.closeWrite();
  await readAll(scene.visitor);
  await eventually(scene.clock, () => scene.done);
  const [exchange] = scene.inspector.exchanges.list();
  assert.equal(exchange.request.target, "/dead");
  assert.equal(exchange.response?.status, 502);
  assert.equal(exchange.state, "complete");
  await scene.end();
});

test("Relay says who came, whereto, and what it carried", async () => {
  const scene = new Scene();
  await scene.serve();
  await scene.visit("x");
  await scene.services[0].closeWrite();
  await scene.visitor.closeWrite();
  await readAll(scene.services[0]);
  await readAll(scene.visitor);
  await eventually(scene.clock, () => scene.done);
  const about = {
    name: "web",
    url: "https://a.test",
    connectionId: scene.relay.id,
  };
  assert.deepEqual(scene.events, [
    { type: "connection_opened", ...about, clientAddr: "192.0.2.7:50000" },
    {
      type: "connection_closed",
      ...about,
      durationMs: 0,
      inBytes: 1,
      outBytes: 0,
    },
  ]);
  assert.equal(scene.lines.length, 1);
  assert.match(
    scene.lines[0],
    /^info join connections {"obj":"join","id":"[0-9a-f]{12}","l":"[^"]+",/,
  );
  await scene.end();
});

const REQUEST = "POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n";

test("Relay answers 502 for a dead service and hangs up in good order", async () => {
  const scene = new Scene();
  await scene.visit(REQUEST);
  const text = decodeText(await scene.visitor.read() ?? new Uint8Array(0));
  assert.match(text, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
  assert.match(text, /\r\nngrok-error-code: ERR_NGROK_8012\r\n/);
  assert.match(text, /\r\nConnection: close\r\n/);
  assert.match(text, /\r\nContent-Type: text\/plain; charset=utf-8\r\n/);
  assert.match(
    text,
    /"http:\/\/localhost:8080": nothing listens at that address/,
  );
  assert.match(text, /Start the service/);
  assert.equal(await scene.visitor.read(), undefined);
  await scene.visitor.closeWrite();
  await eventually(scene.clock, () => scene.done);
  const [, failed, closed] = scene.events;
  assert.deepEqual(failed, {
    type: "upstream_failed",
    name: "web",
    url: "https://a.test",
    connectionId: scene.relay.id,
    upstream: "http://localhost:8080",
    code: "connection_refused",
    ngrokCode: undefined,
    message: 'Cannot reach the upstream "http://localhost:8080": nothing listens at that address',
  });
  assert.equal(closed.type, "connection_closed");
  assert.match(scene.lines[0], /^warn failed to reach upstream /);
  await scene.end();
});

test("Relay gives a browser a page, and HEAD no body", async () => {
  const page = new Scene();
  await page.visit(
    "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html,*/*\r\n\r\n",
  );
  const text = decodeText(await page.visitor.read() ?? new Uint8Array(0));
  assert.match(text, /\r\nContent-Type: text\/html; charset=utf-8\r\n/);
  assert.match(text, /<h1>The service does not answer<\/h1>/);
  await page.end();

  const head = new Scene();
  await head.visit("HEAD / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n");
  const answer = await readAll(head.visitor);
  assert.match(answer, /^HTTP\/1\.1 502 .*\r\n\r\n$/s);
  await head.end();
});

test("Relay answers a visitor who goes on uploading", async () => {
  const scene = new Scene();
  await scene.visit(REQUEST);
  let sent = 0;
  const uploading = (async () => {
    for (; sent < 100; sent++) {
      await scene.visitor.write(new Uint8Array(10_000));
    }
    await scene.visitor.closeWrite();
  })();
  const reading = readAll(scene.visitor);
  await scene.clock.advance(10);
  await uploading;
  assert.equal(sent, 100, "what is sent is taken, more than a window of it");
  assert.match(await reading, /^HTTP\/1\.1 502 /);
  await eventually(scene.clock, () => scene.done);
  await scene.end();
});

test("Relay does not listen for ever to a visitor who never ends", async () => {
  const scene = new Scene();
  await scene.visit(REQUEST);
  assert.match(await readAll(scene.visitor), /^HTTP\/1\.1 502 /);
  await scene.clock.advance(4_999);
  assert.equal(scene.done, false);
  await scene.clock.advance(1);
  await eventually(scene.clock, () => scene.done);
  await scene.end();
});

test("Relay does not wait long for a request that does not come, or is none", async () => {
  const silent = new Scene();
  await silent.visit();
  await silent.clock.advance(1_000);
  assert.match(await readAll(silent.visitor), /^HTTP\/1\.1 502 .*text\/plain/s);
  await silent.visitor.closeWrite();
  await silent.end();

  const odd = new Scene();
  await odd.visit("\u0000\u0001 this is not HTTP\r\n\r\n");
  assert.match(await readAll(odd.visitor), /^HTTP\/1\.1 502 .*text\/plain/s);
  await odd.end();
});

test("Relay hangs up on a visitor of a dead service that is not HTTP", async () => {
  for (const kind of ["tcp", "tls"] as const) {
    const scene = new Scene(kind, 22);
    await scene.visit("SSH-2.0-x\r\n");
    assert.equal(await readAll(scene.visitor), "", "the end, at once");
    await scene.visitor.closeWrite();
    await eventually(scene.clock, () => scene.done);
    await scene.end();
  }
});

test("Relay stops dialling when the visitor leaves", async () => {
  const scene = new Scene();
  scene.runtime.net.fault("localhost", 8080, { kind: "blackhole" });
  await scene.visit(REQUEST);
  scene.visitor.abort();
  await eventually(scene.clock, () => scene.done);
  assert.deepEqual(scene.events.map((event) => event.type), [
    "connection_opened",
    "connection_closed",
  ]);
  await scene.end();
});

test("Relay answers 502 when the service does not answer in time", async () => {
  const scene = new Scene();
  scene.runtime.net.fault("localhost", 8080, { kind: "blackhole" });
  await scene.visit(REQUEST);
  await scene.clock.advance(10_000);
  const text = await readAll(scene.visitor);
  assert.match(text, /the peer did not answer in time/);
  await scene.visitor.closeWrite();
  await scene.end();
});

test("Relay holds a fast service back when the visitor does not read", async () => {
  const scene = new Scene();
  await scene.serve();
  await scene.visit("x");
  let written = 0;
  const pouring = (async () => {
    for (; written < 1_000; written++) {
      await scene.services[0].write(new Uint8Array(32 * 1024));
    }
  })().catch(() => undefined);
  await scene.clock.advance(60_000);
  const stuckAt = written;
  assert.ok(
    stuckAt * 32 * 1024 < 2 * 1024 * 1024,
    `${stuckAt} chunks were taken`,
  );
  await scene.clock.advance(60_000);
  assert.equal(written, stuckAt);
  assert.equal(scene.relay.isBlocked, true);
  scene.visitor.abort();
  await pouring;
  await scene.end();
});

test("Relay remembers from where it dials while it does, for its own endpoint", async () => {
  const scene = new Scene();
  await scene.serve();
  await scene.visit("GET / HTTP/1.1\r\n\r\n");
  await eventually(scene.clock, () => scene.services.length === 1);
  const { remote } = scene.services[0];
  assert.deepEqual([...scene.dialledFrom], [[`web ${remote.host}:${remote.port}`, 1]]);
  scene.services[0].abort();
  await eventually(scene.clock, () => scene.done);
  assert.equal(scene.dialledFrom.size, 0);
  await scene.end();
});

test("Relay serves a visitor that has, by chance, the port that it dials another one from", async () => {
  const scene = new Scene();
  await scene.serve();
  scene.dialledFrom.set("web 192.0.2.7:50000", 1);
  await scene.visit("GET / HTTP/1.1\r\n\r\n");
  await eventually(scene.clock, () => scene.services.length === 1);
  assert.deepEqual([...scene.dialledFrom.values()].sort(), [1, 2]);
  scene.services[0].abort();
  await eventually(scene.clock, () => scene.done);
  await scene.end();
});

test("Relay refuses a visitor that is the agent itself: its service leads back to the edge", async () => {
  for (const kind of ["http", "tcp"] as const) {
    const scene = new Scene(kind, "localhost:8080");
    await scene.serve();
    scene.dialledFrom.set("web 192.0.2.7:50000", 4);
    await scene.visit("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    const answer = readAll(scene.visitor);
    scene.visitor.closeWrite();
    const text = await answer;
    if (kind === "http") assert.match(text, /^HTTP\/1\.1 502 [^]*leads back[^]*ERR_NGROK_8012/);
    else assert.equal(text, "");
    assert.equal(scene.services.length, 0);
    await scene.end();
  }
});
