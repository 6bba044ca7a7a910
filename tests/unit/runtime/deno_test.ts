import assert from "node:assert/strict";
import { denoRuntime } from "../../../lib/runtime/deno.ts";
import { makeCa } from "../../fakes/certs.ts";
import { test } from "../../harness.ts";

test("denoRuntime() is a whole runtime that names itself", async () => {
  const { net, host, clock } = denoRuntime();
  assert.equal(host.runtime.name, "deno");
  assert.ok(clock.now() > 0);
  const listener = await net.listen({ onConnection: (conn) => conn.closeWrite() });
  const conn = await net.connect({ host: "127.0.0.1", port: listener.address.port });
  assert.equal(await conn.read(), undefined);
  conn.closeWrite();
  await Promise.all([conn.closed, listener.close()]);
});

test("denoRuntime() on Deno stalls and ends TLS as every runtime does", async () => {
  if (!("Deno" in globalThis)) return; // its valve turns the handles of Deno alone
  const { net } = denoRuntime();
  denoRuntime(); // mending twice mends once
  const ca = await makeCa();
  const certificate = await ca.leaf(["127.0.0.1"]);
  const count = 3_000_000;
  const served: Promise<void>[] = [];
  const listener = await net.listen({
    onConnection: (conn) => {
      served.push((async () => {
        const secure = await net.startTlsServer(conn, { certificate });
        await secure.write(new Uint8Array(count));
        secure.closeWrite();
        assert.equal(await secure.read(), undefined);
        await secure.closed;
      })());
    },
  });
  const { host, port } = listener.address;
  const conn = await net.connect({ host, port, tls: { roots: [ca.caPem] } });
  let read = 0;
  for (;;) {
    const chunk = await conn.read();
    if (chunk === undefined) break;
    read += chunk.length;
    // a slow reader: the socket below stops and starts, and the end must still come
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
  assert.equal(read, count);
  conn.closeWrite();
  await Promise.all([conn.closed, ...served, listener.close()]);
});
