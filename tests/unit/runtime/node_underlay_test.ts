import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { MemoryNet } from "../../../lib/runtime/memory_net.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { underlay } from "../../../lib/runtime/node_underlay.ts";
import { test } from "../../harness.ts";

test("underlay() keeps the addresses of a connection, and has none for a mere carrier", async () => {
  const clock = new FakeClock();
  const net = new MemoryNet({ clock });
  let accepted!: Conn;
  await net.listen({ host: "192.0.2.1", port: 5, onConnection: (conn) => accepted = conn });
  const conn = await net.connect({ host: "192.0.2.1", port: 5 });
  const under = underlay(conn, {}, clock);
  assert.deepEqual(under.remote, { host: "192.0.2.1", port: 5 });
  assert.deepEqual(under.local, accepted.remote);
  const [near, far] = pair();
  const plain = underlay(near, {}, clock);
  assert.deepEqual(plain.remote, { host: "", port: 0 });
  for (const one of [under, plain]) one.drop(new TunnelError("timed_out", "Late"), undefined);
  await Promise.all([conn.closed, accepted.closed, near.closed, far.closed]);
});

test("underlay().drop() leaves an alert a second, then aborts the carrier", async () => {
  const clock = new FakeClock();
  const [near, far] = pair();
  const under = underlay(near, {}, clock);
  under.socket.write("alert");
  under.drop(new TunnelError("tls_failed", "Bad record"), undefined);
  assert.equal(new TextDecoder().decode(await far.read()), "alert");
  assert.equal(await far.read(), undefined, "our end follows");
  await clock.advance(999);
  far.write(new Uint8Array(0));
  const aborted = far.closed;
  await clock.advance(1);
  await aborted;
  await near.closed;
  await clock.advance(0);
  assert.equal(clock.pending, 0);
});

test("underlay().drop() of a carrier that ends by itself leaves no timer", async () => {
  const clock = new FakeClock();
  const [near, far] = pair();
  const under = underlay(near, {}, clock);
  under.drop(new TunnelError("tls_failed", "Bad record"), undefined);
  far.closeWrite();
  assert.equal(await far.read(), undefined);
  await near.closed;
  await clock.advance(0);
  assert.equal(clock.pending, 0);
});
