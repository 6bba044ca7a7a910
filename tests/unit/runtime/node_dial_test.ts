import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { type Attempt, dial, nodeAttempt, rotated } from "../../../lib/runtime/node_dial.ts";
import { listen } from "../../../lib/runtime/node_listen.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { test } from "../../harness.ts";

test("dial() gives up at its limit and takes its timers back", async () => {
  const clock = new FakeClock();
  const listener = await listen({ onConnection: (conn) => conn.abort() });
  const { host, port } = listener.address;
  // Nothing can be accepted before the loop turns: the fake clock runs out first.
  const dialling = assert.rejects(dial(clock, { host, port }, 500, nodeAttempt), {
    code: "timed_out",
    message: `Cannot connect to "127.0.0.1:${port}": no answer within 500 ms`,
  });
  await clock.advance(500);
  await dialling;
  assert.equal(clock.pending, 0);
  await listener.close();
});

test("dial() gives a second address its turn at once when the first refuses", async () => {
  const clock = new FakeClock();
  const accepted: Conn[] = [];
  const listener = await listen({ host: "::1", onConnection: (conn) => accepted.push(conn) });
  const conn = await dial(
    clock,
    { host: "localhost", port: listener.address.port },
    500,
    nodeAttempt,
  );
  assert.equal(conn.remote.host, "::1");
  assert.equal(clock.pending, 0);
  conn.closeWrite();
  for (const other of accepted) other.closeWrite();
  assert.equal(await conn.read(), undefined);
  for (const other of accepted) assert.equal(await other.read(), undefined);
  await Promise.all([conn.closed, ...accepted.map((other) => other.closed), listener.close()]);
});

test("dial() refuses a port that is none", async () => {
  await assert.rejects(
    dial(new FakeClock(), { host: "127.0.0.1", port: 70_000 }, 500, nodeAttempt),
  );
});

test("dial() takes the addresses it is given, and dials from the address it is told", async () => {
  const clock = new FakeClock();
  const accepted: Conn[] = [];
  const listener = await listen({ onConnection: (conn) => accepted.push(conn) });
  const { port } = listener.address;
  const options = { host: "nowhere.invalid", port, addresses: ["127.0.0.1"] };
  const conn = await dial(
    clock,
    { ...options, localAddresses: ["::1", "127.0.0.1"] },
    500,
    nodeAttempt,
  );
  assert.deepEqual([conn.remote.host, conn.local.host], ["127.0.0.1", "127.0.0.1"]);
  conn.abort();
  await assert.rejects(dial(clock, { ...options, localAddresses: ["::1"] }, 500, nodeAttempt), {
    code: "address_not_available",
    message: `Cannot connect to "nowhere.invalid:${port}": there is no address of its kind to ` +
      "dial from",
  });
  for (const other of accepted) other.abort();
  await Promise.all([conn.closed, listener.close()]);
});

test("dial() begins with the address it is told, and goes round", async () => {
  const tried: unknown[] = [];
  const attempt: Attempt<never> = (target, _won, failed) => {
    tried.push("host" in target && target.host);
    failed(new TunnelError("connection_refused", "No"));
    return () => {};
  };
  const options = { host: "edge.test", port: 1, addresses: ["a", "b", "c"], beginWith: 4 };
  await assert.rejects(dial(new FakeClock(), options, 500, attempt), {
    code: "connection_refused",
  });
  assert.deepEqual(tried, ["b", "c", "a"]);
  assert.deepEqual(rotated([], 3), []);
});
