import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { concat, decodeText, toHex } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type Duplex, pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { buildAuthRequest, NEW_SESSION } from "../../../lib/agent/auth.ts";
import { resolveAgentOptions } from "../../../lib/agent/config.ts";
import { openSession, type Session, type SessionOptions } from "../../../lib/agent/session.ts";
import { INITIAL_WINDOW_BYTES } from "../../../lib/mux/frame.ts";
import type { MuxStream } from "../../../lib/mux/mux.ts";
import { createMux } from "../../../lib/mux/muxer.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { type BindRequest, STREAM } from "../../../lib/wire/messages.ts";
import { eventually, FakeEdge, type Json, refusalText } from "../../fakes/edge.ts";

const config = resolveAgentOptions({ connectUrl: "h", authtoken: "secret" });
const auth = buildAuthRequest(config, memoryRuntime().host, NEW_SESSION);

function options(
  clock: FakeClock,
  more: Partial<SessionOptions> = {},
): SessionOptions {
  return {
    clock,
    logger: silentLogger,
    auth,
    answerTimeoutMs: 10_000,
    heartbeatIntervalMs: 10_000,
    heartbeatToleranceMs: 15_000,
    onBeat: () => {},
    onVisitor: (stream) => stream.abort(),
    onStopEndpoint: () => {},
    commands: {},
    onCommand: () => {},
    ...more,
  };
}

async function open(more: Partial<SessionOptions> = {}) {
  const clock = new FakeClock();
  const edge = new FakeEdge(clock);
  const session = await openSession(await edge.dial(), options(clock, more));
  return { clock, edge, session };
}

async function end(session: Session, clock: FakeClock): Promise<void> {
  const closing = session.close();
  await clock.advance(1_000);
  await closing;
}

const BIND: BindRequest = {
  Id: "",
  Proto: "https",
  ForwardsTo: "x",
  ForwardsProto: "",
  Opts: {},
  Extra: {},
};

test("openSession() writes a heartbeat and Auth, byte for byte, in one go", async () => {
  const clock = new FakeClock();
  const [ours, theirs] = pair();
  const opening = openSession(ours, options(clock));
  await clock.advance(0);
  const bytes = await theirs.read() ?? new Uint8Array(0);
  assert.equal(
    toHex(bytes.subarray(0, 12)),
    "00000812" + "00000003" + "ffffffff",
  );
  const json = JSON.stringify(auth);
  const length = (json.length + 4).toString(16).padStart(6, "0");
  assert.equal(
    toHex(bytes.subarray(16, 28)),
    `${length}12` + "00000005" + "00000000",
  );
  assert.equal(decodeText(bytes.subarray(28)), json);
  theirs.abort();
  await assert.rejects(opening, { code: "connection_reset" });
});

test("openSession() says FIN after the answer, even to an edge that does not", async () => {
  const clock = new FakeClock();
  const [ours, theirs] = pair();
  const opening = openSession(ours, options(clock));
  await clock.advance(0);
  await theirs.read();
  const answer = new TextEncoder().encode('{"Version":"3","ClientId":"c"}\n');
  const header = new Uint8Array(8);
  header.set([0, 0, answer.length, 0x10, 0, 0, 0, 5]);
  await theirs.write(concat([header, answer]));
  const session = await opening;
  assert.equal(session.auth.ticket.clientId, "c");
  await clock.advance(0);
  const frames = await theirs.read() ?? new Uint8Array(0);
  assert.match(
    toHex(frames),
    /0000001100000005/,
    "an empty frame with FIN on stream 5",
  );
  await clock.advance(9_999);
  await clock.advance(1);
  const later = await collect(theirs, clock);
  assert.match(
    toHex(later),
    /0000040000000005/,
    "the stream is given up after a while",
  );
  theirs.abort();
  await session.closed;
});

/** What has arrived by now. */
async function collect(end: Duplex, clock: FakeClock): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  void (async () => {
    for (;;) {
      const chunk = await end.read();
      if (chunk) chunks.push(chunk);
      else return;
    }
  })().catch(() => undefined);
  await clock.advance(0);
  return concat(chunks);
}

test("openSession() throws what the edge refused, and ends the connection", async () => {
  const clock = new FakeClock();
  const edge = new FakeEdge(clock);
  edge.onAuth = () => refusalText("No.", 107);
  await assert.rejects(openSession(await edge.dial(), options(clock)), {
    code: "refused",
    ngrokCode: 107,
  });
  await eventually(clock, () => edge.session.end !== undefined);
  assert.equal(clock.pending, 0);
});

test("openSession() gives an edge that does not answer its time, no more", async () => {
  const clock = new FakeClock();
  const edge = new FakeEdge(clock);
  edge.onAuth = () => undefined;
  const opening = openSession(
    await edge.dial(),
    options(clock, { answerTimeoutMs: 3_000 }),
  );
  const failed = assert.rejects(opening, {
    code: "timed_out",
    message: "The edge did not answer Auth within 3000 ms",
  });
  await clock.advance(3_000);
  await failed;
  assert.equal(clock.pending, 0);
});

test("openSession() tells why when the connection went before the answer", async () => {
  for (
    const [how, expected] of [
      ["cut", /cut|reset|abort/i],
      ["goAway", /The peer ended the session|The session has ended/],
    ] as const
  ) {
    const clock = new FakeClock();
    const edge = new FakeEdge(clock);
    edge.onAuth = (_request, session) => {
      void session[how]();
      return undefined;
    };
    await assert.rejects(
      openSession(await edge.dial(), options(clock)),
      expected,
    );
    await clock.advance(2_000);
    assert.equal(clock.pending, 0);
  }
});

test("openSession() refuses an answer that is no JSON object", async () => {
  for (const answer of [[] as never, { ClientId: 1 }] as Json[]) {
    const clock = new FakeClock();
    const edge = new FakeEdge(clock);
    edge.onAuth = () => answer;
    await assert.rejects(openSession(await edge.dial(), options(clock)), {
      code: "message_invalid",
    });
  }
});

for (const features of [[], ["something-else"], ["window-growth"]]) {
  const grows = features.includes("window-growth");
  test(`openSession() ${grows ? "lets" : "does not let"} windows grow towards [${features}]`, async () => {
    const clock = new FakeClock();
    const { net } = memoryRuntime({
      clock,
      net: { delayMs: 5, highWaterBytes: 2 ** 22 },
    });
    const edge = new FakeEdge(clock);
    edge.onAuth = () => edge.defaultAuth({ SallyportFeatures: features });
    const door = await net.listen({
      host: "edge",
      port: 1,
      onConnection: (c) => edge.accept(c),
    });
    const visitors: MuxStream[] = [];
    const dialling = net.connect({ host: "edge", port: 1 });
    await clock.advance(10);
    const opening = openSession(
      await dialling,
      options(clock, { onVisitor: (stream) => visitors.push(stream) }),
    );
    await clock.advance(100);
    const session = await opening;
    const source = edge.session.visit({ Id: "x" });
    void (async () => {
      for (let sent = 0; sent < 64; sent++) {
        await source.write(new Uint8Array(32 * 1024));
      }
    })().catch(() => undefined);
    await clock.advance(10);
    let read = 0;
    while (read < INITIAL_WINDOW_BYTES / 2) {
      read += (await visitors[0].read())?.length ?? 0;
    }
    await clock.advance(100);
    edge.session.silence();
    const unread = await held(visitors[0], clock);
    if (grows) assert.ok(unread > INITIAL_WINDOW_BYTES, `${unread} bytes wait`);
    else assert.ok(unread <= INITIAL_WINDOW_BYTES, `${unread} bytes wait`);
    session.abort(new TunnelError("aborted", "done"));
    await session.closed;
    await door.close();
  });
}

/** How many bytes have arrived on a stream without having been read. */
async function held(stream: Duplex, clock: FakeClock): Promise<number> {
  let bytes = 0;
  void (async () => {
    for (;;) bytes += (await stream.read())?.length ?? 0;
  })().catch(() => undefined);
  await clock.advance(0);
  return bytes;
}

test("Session.bind() and unbind() ask and answer", async () => {
  const { clock, edge, session } = await open();
  const answer = await session.bind(BIND);
  assert.equal(answer.Id, "bind-1");
  await session.unbind("bind-1");
  assert.equal(edge.session.of(STREAM.unbind)[0].text, '{"Id":"bind-1"}');
  edge.onBind = () => refusalText("Taken.", 334);
  await assert.rejects(session.bind(BIND), {
    code: "refused",
    ngrokCode: 334,
    message: "Taken.",
  });
  await end(session, clock);
  await assert.rejects(session.bind(BIND), { code: "session_closed" });
  assert.equal(clock.pending, 0);
});

test("Session.bind() gives an edge that does not answer its time, and goes on", async () => {
  const { clock, edge, session } = await open();
  edge.onBind = () => undefined;
  const failed = assert.rejects(session.bind(BIND), {
    code: "timed_out",
    message: "The edge did not answer Bind within 10000 ms",
  });
  await clock.advance(10_000);
  await failed;
  edge.onBind = (request) => edge.defaultBind(request);
  assert.equal((await session.bind(BIND)).Id, "bind-1");
  await end(session, clock);
});

test("a session leaves no stream behind after its requests", async () => {
  const { clock, edge, session } = await open();
  for (let count = 0; count < 20; count++) await session.bind(BIND);
  await clock.advance(0);
  assert.equal(edge.session.mux.openStreams, 0);
  await end(session, clock);
});

test("a session answers the edge's heartbeats and reports its own", async () => {
  const beats: number[] = [];
  const { clock, edge, session } = await open({
    onBeat: (ms) => beats.push(ms),
  });
  assert.equal(await edge.session.mux.ping(1_000), 0);
  await clock.advance(20_000);
  assert.equal(beats.length, 3);
  assert.equal(session.latencyMs, 0);
  assert.equal(await session.isAlive(1_000), true);
  edge.session.silence();
  const alive = session.isAlive(1_000);
  await clock.advance(1_000);
  assert.equal(await alive, false);
  session.abort(
    new (await import("../../../lib/base/errors.ts")).TunnelError(
      "aborted",
      "done",
    ),
  );
  await session.closed;
  assert.equal(clock.pending, 0);
});

test("a session hands on what the edge stops, with every key optional", async () => {
  const stopped: unknown[] = [];
  const { clock, edge, session } = await open({
    onStopEndpoint: (what) => stopped.push(what),
  });
  await edge.session.ask(STREAM.stopTunnel, {
    Id: "b",
    Message: "m",
    ErrorCode: "ERR_NGROK_1",
  });
  await edge.session.ask(STREAM.stopTunnel, { Id: "b" });
  assert.deepEqual(stopped, [
    { Id: "b", Message: "m", ErrorCode: "ERR_NGROK_1" },
    { Id: "b", Message: "", ErrorCode: "" },
  ]);
  await end(session, clock);
});

test("a session survives callers that throw and streams that make no sense", async () => {
  const { clock, edge, session } = await open({
    onVisitor: () => {
      throw new Error("a bug");
    },
    onStopEndpoint: () => {
      throw new Error("a bug");
    },
  });
  const visitor = edge.session.visit({ Id: "x" });
  await assert.rejects(async () => await visitor.read(), {
    code: "stream_reset",
  });
  await assert.rejects(edge.session.ask(STREAM.stopTunnel, { Id: "x" }));
  await assert.rejects(edge.session.ask(4711, {}), { code: "stream_reset" });
  const blocked = edge.session.mux.open(STREAM.stop);
  assert.equal(
    (await session.bind(BIND)).Id,
    "bind-1",
    "an unfinished request blocks nobody",
  );
  blocked.abort();
  await end(session, clock);
});

test("a session works against our own mux with frames cut to single bytes", async () => {
  const clock = new FakeClock();
  const runtime = memoryRuntime({
    clock,
    net: { chunking: 1 },
  });
  const door = await runtime.net.listen({
    host: "edge",
    port: 1,
    onConnection: (conn) => {
      createMux(conn, {
        role: "server",
        clock,
        onStream: async (stream) => {
          let text = "";
          while (!text.endsWith("}}")) {
            text += decodeText(await stream.read() ?? new Uint8Array(0));
          }
          await stream.write(
            new TextEncoder().encode('{"Version":"3","ClientId":"cut"}'),
          );
          stream.closeWrite();
        },
      });
    },
  });
  const opening = openSession(
    await runtime.net.connect({ host: "edge", port: 1 }),
    options(clock),
  );
  await clock.advance(1_000);
  const session = await opening;
  assert.equal(session.auth.ticket.clientId, "cut");
  await end(session, clock);
  await door.close();
});
