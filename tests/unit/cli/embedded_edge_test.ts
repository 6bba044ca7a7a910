import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/base/log.ts";
import type { Cli } from "../../../lib/cli/command.ts";
import { localUrl, startEmbeddedEdge } from "../../../lib/cli/embedded_edge.ts";
import { Secrets } from "../../../lib/cli/secrets.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

function machine() {
  const runtime = memoryRuntime();
  const cli: Cli = {
    runtime,
    logger: silentLogger,
    logsToStdout: false,
    secrets: new Secrets(),
    commands: [],
  };
  return { cli, runtime };
}

test("localUrl() puts every spelling of a name under .localhost", () => {
  const table: [string, string, number | undefined][] = [
    ["", "http://", undefined],
    ["http://", "http://", undefined],
    ["myapp", "http://myapp.localhost", undefined],
    ["MyApp", "http://myapp.localhost", undefined],
    ["http://myapp", "http://myapp.localhost", undefined],
    ["myapp.localhost", "http://myapp.localhost", undefined],
    ["http://a.b.localhost", "http://a.b.localhost", undefined],
    ["localhost", "http://localhost", undefined],
    ["http://myapp.localhost:9000", "http://myapp.localhost", 9000],
    ["myapp:9000", "http://myapp.localhost", 9000],
    ["http://:9000", "http://", 9000],
  ];
  for (const [wanted, url, port] of table) {
    assert.deepEqual(localUrl("http", wanted), { url, port }, wanted);
  }
});

test("localUrl() refuses what needs a real edge and says what to do", () => {
  for (
    const wanted of [
      "https://",
      "https://myapp",
      "HTTPS://myapp.localhost",
      "shop.example.com",
      "http://a.com",
      "[::1]",
    ]
  ) {
    assert.throws(() => localUrl("http", wanted), {
      code: "address_invalid",
      message: /^Cannot use ".*" here: .*--connect-url$/,
    }, wanted);
  }
  assert.throws(() => localUrl("tls", ""), {
    code: "usage",
    message: /tls endpoint.*--connect-url/,
  });
});

test("localUrl() refuses what is no URL as the agent does", () => {
  for (
    const wanted of ["http://a/b", "a b", "tcp://a:1", "http://a.localhost/"]
  ) {
    assert.throws(() => localUrl("http", wanted), { code: "address_invalid" }, wanted);
  }
});

test("localUrl() leaves tcp addresses to the edge", () => {
  assert.deepEqual(localUrl("tcp", ""), { url: "tcp://", port: undefined });
  assert.deepEqual(localUrl("tcp", "localhost:2022").url, "tcp://localhost:2022");
});

test("startEmbeddedEdge() takes its favourite port, another when that is taken, and frees it", async () => {
  const { cli, runtime } = machine();
  const first = await startEmbeddedEdge(cli, "http", "");
  await runtime.net.connect({ host: "127.0.0.1", port: 4080 }).then((conn) => conn.abort());
  const second = await startEmbeddedEdge(cli, "http", "");
  await first.close();
  await second.close();
  await assert.rejects(runtime.net.connect({ host: "127.0.0.1", port: 4080 }));
});

test("startEmbeddedEdge() takes the port that was asked for or none", async () => {
  const { cli, runtime } = machine();
  const first = await startEmbeddedEdge(cli, "http", "http://a.localhost:9000");
  await runtime.net.connect({ host: "127.0.0.1", port: 9000 }).then((conn) => conn.abort());
  await assert.rejects(startEmbeddedEdge(cli, "http", "b:9000"), {
    code: "address_in_use",
  });
  await first.close();
});
