import assert from "node:assert/strict";
import { nodeClock } from "../../../lib/runtime/node_clock.ts";
import type { Certificate, Conn } from "../../../lib/runtime/net.ts";
import { nodeNet } from "../../../lib/runtime/node_sockets.ts";
import { makeCa } from "../../fakes/certs.ts";
import { test } from "../../harness.ts";

/** A door that serves TLS with one certificate, and counts its visitors. */
async function door(certificate: Certificate) {
  const net = nodeNet(nodeClock);
  const served: Promise<unknown>[] = [];
  const listener = await net.listen({
    onConnection: (conn: Conn) => {
      served.push(
        net.startTlsServer(conn, { certificate }).then((secure) => {
          secure.abort();
          return secure.closed;
        }).catch(() => {}),
      );
    },
  });
  return { ...listener.address, served, close: () => listener.close() };
}

test("nodeNet() looks again at an untrusted certificate where the runtime hides its age", async () => {
  const ca = await makeCa();
  const stranger = await makeCa("stranger");
  const names = ["127.0.0.1"];
  const past = { notBefore: new Date(0), notAfter: new Date(1_000_000_000_000) };
  // trusted nowhere, and expired besides: the second look is what finds out
  const [old, young] = [await stranger.leaf(names, past), await stranger.leaf(names)];
  const roots = [ca.caPem];
  for (
    const [hidesExpiry, certificate, code, visits] of [
      [true, old, "tls_expired", 2],
      [true, young, "tls_untrusted", 2],
      [false, young, "tls_untrusted", 1],
    ] as const
  ) {
    const { host, port, served, close } = await door(certificate);
    const net = nodeNet(nodeClock, { hidesExpiry });
    await assert.rejects(net.connect({ host, port, tls: { roots } }), (thrown) => {
      const error = thrown as { code: string; message: string };
      assert.equal(error.message.startsWith(`Cannot connect to "127.0.0.1:${port}": its `), true);
      // Bun and Node call an expired certificate expired whoever signed it
      assert.ok([code, "tls_expired"].includes(error.code), error.code);
      return true;
    });
    if (code === "tls_untrusted") assert.equal(served.length, visits);
    await Promise.all([...served, close()]);
  }
});
