import assert from "node:assert/strict";
import { link, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { nodeClock } from "../../../lib/runtime/node_clock.ts";
import { dial, nodeAttempt } from "../../../lib/runtime/node_dial.ts";
import { listen } from "../../../lib/runtime/node_listen.ts";
import { test } from "../../harness.ts";

const onConnection = (conn: { abort(): void }) => conn.abort();

test("listen() replaces a unix socket that nobody answers any more", async () => {
  if (process.platform === "win32") return; // named pipes leave nothing behind
  const folder = await mkdtemp(join(tmpdir(), "sallyport-listen-"));
  const [live, stale] = [join(folder, "live"), join(folder, "stale")];
  const first = await listen({ path: live, onConnection });
  await link(live, stale); // outlives the listener, as after a crash
  await first.close();
  assert.ok((await stat(stale)).isSocket());
  const second = await listen({ path: stale, onConnection: (conn) => conn.closeWrite() });
  const conn = await dial(nodeClock, { path: stale }, 5_000, nodeAttempt);
  assert.equal(await conn.read(), undefined);
  conn.abort();
  await Promise.all([conn.closed, second.close()]);
  await rm(folder, { recursive: true });
});

test("listen() at an address of another machine says address_not_available", async () => {
  await assert.rejects(listen({ host: "192.0.2.1", onConnection }), {
    code: "address_not_available",
    message: 'Cannot listen at "192.0.2.1:0": the address does not belong to this machine',
  });
});

test("listen() at a directory that is none says so", async () => {
  await assert.rejects(listen({ path: "/nonexistent/folder/socket", onConnection }), (thrown) => {
    assert.match(String(thrown), /Cannot listen at "\/nonexistent\/folder\/socket": /);
    return true;
  });
});

test("listen() at localhost with a port half taken is refused", async () => {
  const half = await listen({ host: "::1", onConnection });
  await assert.rejects(listen({ host: "localhost", port: half.address.port, onConnection }), {
    code: "address_in_use",
  });
  // and the other half was given back
  const other = await listen({ host: "127.0.0.1", port: half.address.port, onConnection });
  await Promise.all([half.close(), other.close()]);
});
