import assert from "node:assert/strict";
import { link, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { nodeClock } from "../../../lib/runtime/node_clock.ts";
import { dial, nodeAttempt } from "../../../lib/runtime/node_dial.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { listen, type OpenDoor } from "../../../lib/runtime/node_listen.ts";
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

test("listen() at the empty address takes every one, also where there is no IPv6", async () => {
  const asked: string[] = [];
  const open = (hasSix: boolean): OpenDoor => (_, host, port) => {
    asked.push(host);
    if (host === "::" && !hasSix) {
      return Promise.reject(new TunnelError("address_not_available", "no IPv6 here"));
    }
    return Promise.resolve({ host, port, close: () => {} });
  };
  const six = await listen({ host: "", port: 80, onConnection }, open(true));
  assert.deepEqual(six.address, { host: "::", port: 80 });
  const four = await listen({ host: "", port: 80, onConnection }, open(false));
  assert.deepEqual(four.address, { host: "0.0.0.0", port: 80 });
  assert.deepEqual(asked, ["::", "::", "0.0.0.0"]);
  const taken: OpenDoor = () => Promise.reject(new TunnelError("address_in_use", "taken"));
  await assert.rejects(listen({ host: "", onConnection }, taken), { code: "address_in_use" });
});
