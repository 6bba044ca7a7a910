import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/base/log.ts";
import type { Cli } from "../../../lib/cli/command.ts";
import { localUrl, startEmbeddedEdge } from "../../../lib/cli/embedded_edge.ts";
import { NO_CONFIG } from "../../../lib/cli/loaded_config.ts";
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
    config: NO_CONFIG,
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
  const first = await startEmbeddedEdge(cli, [{ kind: "http", wanted: "" }]);
  await runtime.net.connect({ host: "127.0.0.1", port: 4080 }).then((conn) => conn.abort());
  const second = await startEmbeddedEdge(cli, [{ kind: "http", wanted: "" }]);
  await first.close();
  await second.close();
  await assert.rejects(runtime.net.connect({ host: "127.0.0.1", port: 4080 }));
});

test("startEmbeddedEdge() takes the port that was asked for or none", async () => {
  const { cli, runtime } = machine();
  const first = await startEmbeddedEdge(cli, [{ kind: "http", wanted: "http://a.localhost:9000" }]);
  await runtime.net.connect({ host: "127.0.0.1", port: 9000 }).then((conn) => conn.abort());
  await assert.rejects(startEmbeddedEdge(cli, [{ kind: "http", wanted: "b:9000" }]), {
    code: "address_in_use",
  });
  await first.close();
});

test("startEmbeddedEdge() has one door for all that is wanted, and one port", async () => {
  const { cli, runtime } = machine();
  const edge = await startEmbeddedEdge(cli, [
    { kind: "http", wanted: "a:9000" },
    { kind: "http", wanted: "b" },
    { kind: "tcp", wanted: "" },
  ]);
  assert.deepEqual(edge.urls, ["http://a.localhost", "http://b.localhost", "tcp://"]);
  assert.equal(edge.words.showsRequests, false);
  await runtime.net.connect({ host: "127.0.0.1", port: 9000 }).then((conn) => conn.abort());
  await edge.close();
  await assert.rejects(
    startEmbeddedEdge(cli, [{ kind: "http", wanted: "a:9000" }, {
      kind: "http",
      wanted: "b:9001",
    }]),
    { code: "usage", message: /at the ports 9000 and 9001 here/ },
  );
});

test("startEmbeddedEdge() opens its door for endpoints that may come later", async () => {
  const { cli, runtime } = machine();
  const edge = await startEmbeddedEdge(cli, []);
  await runtime.net.connect({ host: "127.0.0.1", port: 4080 }).then((conn) => conn.abort());
  await edge.close();
});
