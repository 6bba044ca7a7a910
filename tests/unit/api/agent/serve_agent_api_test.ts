import assert from "node:assert/strict";
import { serveAgentApi } from "../../../../lib/api/agent/serve_agent_api.ts";
import type { LogFields, Logger } from "../../../../lib/base/log.ts";
import { encodeText } from "../../../../lib/base/bytes.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";
import { readAll } from "../../../fakes/edge.ts";
import { ApiScene } from "./kit.ts";

function scene() {
  const { deps, clock } = new ApiScene();
  const { net } = memoryRuntime({ clock });
  const lines: [string, LogFields | undefined][] = [];
  const logger: Logger = {
    log: (_, message, fields) => void lines.push([message, fields]),
    child: () => logger,
  };
  return { net, lines, options: { ...deps, net, logger } };
}

test("serveAgentApi() listens at 4040, answers, and ends with its streams", async () => {
  const { net, lines, options } = scene();
  const served = await serveAgentApi(options);
  assert.equal(served.url, "http://127.0.0.1:4040");
  assert.deepEqual(lines, [["starting web service", {
    ...{ obj: "web", addr: "127.0.0.1:4040", allow_hosts: ["inspect.test"] },
  }]]);
  const conn = await net.connect({ host: "127.0.0.1", port: 4040 });
  await conn.write(
    encodeText("GET /api HTTP/1.1\r\nHost: localhost:4040\r\nConnection: close\r\n\r\n"),
  );
  await conn.closeWrite();
  assert.match(await readAll(conn), /^HTTP\/1\.1 200 OK\r\n.*tunnels_uri/s);
  const stream = await net.connect({ host: "127.0.0.1", port: 4040 });
  await stream.write(encodeText("GET /api/events HTTP/1.1\r\nHost: localhost:4040\r\n\r\n"));
  assert.ok(await stream.read());
  await served.close();
  stream.abort();
});

test("serveAgentApi() takes the next port, unless it was told which", async () => {
  const { lines, options } = scene();
  const first = await serveAgentApi(options);
  const second = await serveAgentApi(options);
  assert.equal(second.address, "127.0.0.1:4041");
  assert.equal(lines[1][0], "can't bind default web address, trying alternatives");
  await assert.rejects(serveAgentApi({ ...options, port: 4040 }), { code: "address_in_use" });
  await first.close();
  await second.close();
});
