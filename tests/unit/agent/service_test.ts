import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import type { Duplex } from "../../../lib/base/duplex.ts";
import { enterService, serviceUpstream, type ServiceVisitor } from "../../../lib/agent/service.ts";

test("enterService() hands one end to the service and gives the other", async () => {
  let inside: Duplex | undefined;
  let visitor: ServiceVisitor | undefined;
  const conn = enterService((conn, who) => [inside, visitor] = [conn, who], "[::1]:7", "tcp://a:1");
  assert.deepEqual(visitor, { remote: { host: "::1", port: 7 }, url: "tcp://a:1" });
  conn.write(encodeText("in"));
  assert.equal(decodeText((await inside!.read())!), "in");
  inside!.write(encodeText("out"));
  assert.equal(decodeText((await conn.read())!), "out");
  conn.abort();
  await conn.closed;
});

test("enterService() takes a visitor whose address it cannot read", () => {
  let host = "";
  enterService(
    (conn, { remote }) => {
      host = remote.host;
      conn.abort();
    },
    "somebody",
    "tcp://a:1",
  );
  assert.equal(host, "somebody");
});

test("serviceUpstream() says what was asked for, and that it is no port", () => {
  assert.equal(serviceUpstream("tcp").display, "app://localhost");
  const { display, kind, port } = serviceUpstream("http", "my app");
  assert.deepEqual([display, kind, port], ["my app", "http", 80]);
});
