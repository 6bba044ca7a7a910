/** @module */
import assert from "node:assert/strict";
import { pair } from "../../../lib/base/duplex.ts";
import type { LogFields, Logger } from "../../../lib/base/log.ts";
import { connectContext } from "../../../lib/edge/policy_facts.ts";
import { FakeConn, FakeEndpoint } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

test("connectContext() knows both ends of the connection and the endpoint, and takes notes", () => {
  const lines: [string, string, LogFields | undefined][] = [];
  const logger: Logger = {
    log: (level, message, fields) => lines.push([level, message, fields]),
    child: () => logger,
  };
  const [near] = pair();
  const conn = new FakeConn(near);
  Object.assign(conn, { remote: { host: "fe80::1%eth0", port: 5 } });
  const context = connectContext(conn, new FakeEndpoint("a.test", "tls"), logger);
  assert.equal(context.phase, "on_tcp_connect");
  assert.deepEqual(context.connection, {
    clientIp: "fe80::1",
    clientPort: 5,
    serverIp: "198.51.100.1",
    serverPort: 80,
    tls: undefined,
  });
  assert.equal(context.endpoint.url, "tls://a.test");
  context.note({ team: "blue" });
  assert.deepEqual(lines, [["info", "traffic policy", {
    url: "tls://a.test",
    clientIp: "fe80::1",
    metadata: { team: "blue" },
  }]]);
  near.abort();
});
