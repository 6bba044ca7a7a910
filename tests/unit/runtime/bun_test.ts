import assert from "node:assert/strict";
import { bunRuntime } from "../../../lib/runtime/bun.ts";
import { test } from "../../harness.ts";

test("bunRuntime() is a whole runtime that names itself", async () => {
  const { net, host, clock } = bunRuntime();
  assert.equal(host.runtime.name, "bun");
  assert.ok(clock.now() > 0);
  const listener = await net.listen({ onConnection: (conn) => conn.closeWrite() });
  const conn = await net.connect({ host: "127.0.0.1", port: listener.address.port });
  assert.equal(await conn.read(), undefined);
  conn.closeWrite();
  await Promise.all([conn.closed, listener.close()]);
});
