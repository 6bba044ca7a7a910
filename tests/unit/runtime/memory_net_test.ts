import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { MemoryNet, type MemoryNetOptions } from "../../../lib/runtime/memory_net.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { test } from "../../harness.ts";

function network(options: Partial<MemoryNetOptions> = {}) {
  const clock = new FakeClock();
  return { clock, net: new MemoryNet({ clock, ...options }) };
}

test("MemoryNet finds listeners by name, by listed name, and below localhost", async () => {
  const { net } = network({ names: { "two.example": ["192.0.2.7", "192.0.2.8"] } });
  const seen: string[] = [];
  for (const host of ["edge.example", "192.0.2.8", "127.0.0.1"]) {
    await net.listen({ host, port: 80, onConnection: (conn) => seen.push(conn.local.host) });
  }
  for (const host of ["EDGE.example", "two.example", "x.localhost"]) {
    await net.connect({ host, port: 80 });
  }
  assert.deepEqual(seen, ["edge.example", "192.0.2.8", "127.0.0.1"]);
  await assert.rejects(net.connect({ host: "none.example", port: 80 }), { code: "host_not_found" });
  await assert.rejects(net.connect({ host: "edge.example", port: 81 }), {
    code: "connection_refused",
    message: 'Cannot connect to "edge.example:81": connection refused',
  });
});

test("MemoryNet listens at every address with 0.0.0.0 and ::", async () => {
  const { net } = network();
  const seen: string[] = [];
  const onConnection = (conn: Conn) => void seen.push(conn.local.host);
  await net.listen({ host: "0.0.0.0", port: 1, onConnection });
  await net.listen({ host: "::", port: 2, onConnection });
  await net.connect({ host: "192.0.2.1", port: 1 });
  await net.connect({ host: "192.0.2.1", port: 2 });
  await net.connect({ host: "2001:db8::1", port: 2 });
  await assert.rejects(net.connect({ host: "2001:db8::1", port: 1 }));
  assert.deepEqual(seen, ["192.0.2.1", "192.0.2.1", "2001:db8::1"]);
});

test("MemoryNet.from() dials as another machine", async () => {
  const { net } = network();
  const seen: string[] = [];
  await net.listen({
    host: "192.0.2.1",
    port: 1,
    onConnection: (conn) => seen.push(conn.remote.host),
  });
  await net.from("203.0.113.9").connect({ host: "192.0.2.1", port: 1 });
  await net.connect({ host: "192.0.2.1", port: 1 });
  assert.deepEqual(seen, ["203.0.113.9", "127.0.0.1"]);
});

test("MemoryNet takes a round trip to connect, and half of one for bytes", async () => {
  const { clock, net } = network({ delayMs: { up: 30, down: 50 } });
  const ends: Conn[] = [];
  await net.listen({ port: 1, onConnection: (conn) => ends.push(conn) });
  net.connect({ port: 1 }).then((conn) => ends.push(conn));
  await clock.advance(79);
  assert.equal(ends.length, 0);
  await clock.advance(1);
  const [accepted, dialled] = ends;
  dialled.write(Uint8Array.of(1));
  let arrivedAtMs = 0;
  Promise.resolve(accepted.read()).then(() => arrivedAtMs = clock.now());
  const sentAtMs = clock.now();
  await clock.advance(100);
  assert.equal(arrivedAtMs - sentAtMs, 30);
});

test("MemoryNet.fault() refuses, swallows, and is mended again", async () => {
  const { clock, net } = network();
  await net.listen({ port: 1, onConnection: (conn) => conn.abort() });
  const mend = net.fault("127.0.0.1", 1, { kind: "refuse" });
  await assert.rejects(net.connect({ port: 1 }), { code: "connection_refused" });
  mend();
  (await net.connect({ port: 1 })).abort();
  net.fault("127.0.0.1", 1, { kind: "blackhole" });
  const late = assert.rejects(net.connect({ port: 1, timeoutMs: 500 }), {
    code: "timed_out",
    message: 'Cannot connect to ":1": no answer within 500 ms',
  });
  await clock.advance(500);
  await late;
  const controller = new AbortController();
  const cancelled = assert.rejects(net.connect({ port: 1, signal: controller.signal }), {
    code: "aborted",
  });
  await clock.advance(0);
  controller.abort();
  await cancelled;
  assert.equal(clock.pending, 0);
});

test("MemoryNet.fault() cuts or stalls a connection after so many bytes one way", async () => {
  const { net } = network();
  let accepted!: Conn;
  await net.listen({ port: 1, onConnection: (conn) => accepted = conn });
  net.fault("127.0.0.1", 1, { kind: "reset", direction: "down", afterBytes: 2 });
  const cut = await net.connect({ port: 1 });
  cut.write(new Uint8Array(100));
  assert.deepEqual(await accepted.read(), new Uint8Array(100));
  const reading = cut.read();
  accepted.write(Uint8Array.of(1, 2, 3));
  assert.deepEqual(await reading, Uint8Array.of(1, 2));
  assert.throws(() => cut.read(), { code: "connection_reset" });
  assert.throws(() => accepted.write(Uint8Array.of(4)), { code: "connection_reset" });
  await Promise.all([cut.closed, accepted.closed]);

  net.fault("127.0.0.1", 1, { kind: "stall", direction: "up", afterBytes: 0 });
  const stalled = await net.connect({ port: 1 });
  assert.ok(stalled.write(new Uint8Array(65_536)) instanceof Promise);
  assert.ok(accepted.read() instanceof Promise);
  accepted.write(Uint8Array.of(9));
  assert.deepEqual(stalled.read(), Uint8Array.of(9));
});

test("MemoryNet without TLS says so, and ends the carrier", async () => {
  const { net } = network();
  let accepted!: Conn;
  await net.listen({ port: 1, onConnection: (conn) => accepted = conn });
  await assert.rejects(net.connect({ host: "127.0.0.1", port: 1, tls: {} }), {
    code: "tls_failed",
    message: 'Cannot connect to "127.0.0.1:1": this network in memory was made without it',
  });
  await accepted.closed;
  const conn = await net.connect({ port: 1 });
  await assert.rejects(
    net.startTlsServer(accepted, { certificate: { chainPem: "", keyPem: "" } }),
    { code: "tls_failed" },
  );
  await conn.closed;
});

test("MemoryNet draws free ports that nobody listens at", async () => {
  const { net } = network();
  const onConnection = () => {};
  const taken = await net.listen({ port: 49_153, onConnection });
  const ports = new Set([taken.address.port]);
  for (let door = 0; door < 5; door++) {
    ports.add((await net.listen({ onConnection })).address.port);
  }
  assert.equal(ports.size, 6);
});
