import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { Listener } from "../../../lib/compat/listener.ts";

/** A listener over an endpoint that only notes what is asked of it. */
function made(forwardsTo?: string) {
  const asked: unknown[] = [];
  let end = (_: { error: Error | undefined }) => {};
  const endpoint = {
    url: "https://a.test",
    proto: "https",
    id: "ep",
    metadata: "m",
    upstream: "app://localhost",
    closed: new Promise((resolve) => end = resolve),
    close: () => Promise.resolve(end({ error: undefined })),
    forwardTo(addr: string, options: unknown) {
      asked.push([addr, options]);
      this.upstream = `to ${addr}`;
      return Promise.resolve();
    },
  };
  const listener = new Listener({
    endpoint: endpoint as never,
    forwardsTo,
    upstream: { upstreamTlsVerify: true },
    socketPath: "/tmp/x.sock",
  });
  return { listener, asked, end: (error?: Error) => end({ error }) };
}

test("Listener says what its endpoint says", () => {
  const { listener } = made();
  assert.deepEqual(
    [listener.url(), listener.proto(), listener.id(), listener.metadata(), listener.labels()],
    ["https://a.test", "https", "ep", "m", {}],
  );
  assert.equal(listener.forwardsTo(), "app://localhost");
  assert.equal(made("mine").listener.forwardsTo(), "mine");
});

test("Listener.forward() lasts as long as the listener", async () => {
  const { listener, asked, end } = made();
  const forwarding = listener.forward("h:1");
  await listener.send("h:2");
  assert.deepEqual(asked, [["h:1", { upstreamTlsVerify: true }], ["h:2", {
    upstreamTlsVerify: true,
  }]]);
  assert.equal(listener.forwardsTo(), "to h:2");
  end();
  await forwarding;
  const failed = made();
  failed.end(new Error("stopped by the edge"));
  await assert.rejects(failed.listener.join(), /stopped by the edge/);
});

test("Listener has a path for server.listen(listener)", () => {
  const { listener, asked } = made();
  assert.equal(listener.path, "/tmp/x.sock");
  assert.deepEqual(asked, [["unix:/tmp/x.sock", { upstreamTlsVerify: true }]]);
});

test("Listener.serve() finds out where a server listens, and is its listener", async () => {
  const { listener, asked } = made();
  const server = { listen: () => assert.fail(), once: () => {} };
  const tcp = { ...server, address: () => ({ address: "::1", port: 7 }) };
  assert.equal(await listener.serve(tcp), listener);
  assert.equal((tcp as unknown as { listener: Listener }).listener.listener, listener);
  await listener.serve({ ...server, address: () => "/run/a.sock" });
  await listener.serve({ addr: { hostname: "0.0.0.0", port: 8 } });
  await listener.serve({ url: new URL("https://127.0.0.1:9/") });
  assert.deepEqual(asked.map((one) => (one as unknown[])[0]), [
    "[::1]:7",
    "unix:/run/a.sock",
    "localhost:8",
    "https://127.0.0.1:9",
  ]);
});
