import assert from "node:assert/strict";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import type { Duplex } from "../../../lib/base/duplex.ts";
import type { Cli } from "../../../lib/cli/command.ts";
import { COMMANDS } from "../../../lib/cli/commands/mod.ts";
import { NO_CONFIG } from "../../../lib/cli/loaded_config.ts";
import { main } from "../../../lib/cli/main.ts";
import { parse } from "../../../lib/cli/parse.ts";
import { wayTo } from "../../../lib/cli/tunnel.ts";
import type { Output } from "../../../lib/runtime/host.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

/** A machine in memory with a service at port 8080 that answers each request with "hello". */
async function machine(...args: string[]) {
  const runtime = memoryRuntime({ host: { args } });
  await runtime.net.listen({
    host: "localhost",
    port: 8080,
    onConnection: (conn) => {
      void (async () => {
        await conn.read();
        await conn.write(encodeText("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
      })();
    },
  });
  return runtime;
}

/** Waits until what is written to an output matches. */
function printed(output: Output & { text: string }, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve) => {
    const write = output.write.bind(output);
    const check = () => {
      const match = pattern.exec(output.text);
      if (match) resolve(match);
    };
    output.write = (text) => {
      write(text);
      check();
    };
    check();
  });
}

async function readUntil(conn: Duplex, end: string): Promise<string> {
  let text = "";
  while (!text.endsWith(end)) {
    const chunk = await conn.read();
    if (!chunk) break;
    text += decodeText(chunk);
  }
  return text;
}

test("runTunnel() serves visitors through an edge of its own until a signal, then ends with 0", async () => {
  const runtime = await machine("http", "8080", "--url", "myapp");
  const { host, net } = runtime;
  const running = main(runtime);
  await printed(
    host.stdout,
    /^Forwarding +http:\/\/myapp\.localhost:4080 -> http:\/\/localhost:8080$/m,
  );
  const visitor = await net.connect({ host: "127.0.0.1", port: 4080 });
  await visitor.write(encodeText("GET / HTTP/1.1\r\nHost: myapp.localhost:4080\r\n\r\n"));
  assert.match(await readUntil(visitor, "hello"), /^HTTP\/1\.1 200 OK\r\n/);
  visitor.abort();
  host.raise("SIGINT");
  assert.equal(await running, 0);
  assert.equal(host.kept, 0);
  assert.equal(host.raise("SIGINT"), false, "nobody listens to signals any more");
  await assert.rejects(net.connect({ host: "127.0.0.1", port: 4080 }), {
    code: "connection_refused",
  });
});

test("wayTo() says what is said of the session: by flag, else by the file", () => {
  const metadataOf = (line: string) => {
    const request = parse(line.split(" "), COMMANDS, () => undefined);
    assert.ok(request.kind === "run");
    const file = { ...NO_CONFIG.file, agent: { metadata: "of the file" } };
    const cli = { config: { ...NO_CONFIG, file }, runtime: memoryRuntime() } as unknown as Cli;
    return wayTo(cli, request.input).metadata;
  };
  assert.equal(metadataOf("http 1 --metadata x"), "of the file");
  assert.equal(metadataOf("--metadata a http 1 --metadata x"), "a");
});

test("runTunnel() leaves standard output to the log when that goes there", async () => {
  const args = ["http", "8080", "--name", "web", "--log", "stdout", "--log-format", "json"];
  const runtime = await machine(...args);
  const { host } = runtime;
  const running = main(runtime);
  await printed(host.stdout, /"msg":"started tunnel"/);
  host.raise("SIGTERM");
  assert.equal(await running, 0);
  const lines = host.stdout.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const started = lines.find(({ msg }) => msg === "started tunnel");
  assert.deepEqual([started.name, started.addr], ["web", "http://localhost:8080"]);
  assert.match(started.url, /^http:\/\/[a-z0-9-]+\.localhost:4080$/);
});

test("runTunnel() ends at a signal while it still waits for its edge", async () => {
  const runtime = await machine("http", "8080", "--connect-url", "127.0.0.1:4443");
  const { host } = runtime;
  const running = main(runtime);
  await printed(host.stdout, /^Session Status +connecting \(/m);
  host.raise("SIGINT");
  assert.equal(await running, 0);
});

test("runTunnel() ends with the words of an edge that refuses the endpoint", async () => {
  const runtime = await machine("http", "8080", "--url", "http://connect.localhost");
  assert.equal(await main(runtime), 1);
  assert.match(
    runtime.host.stderr.text,
    /^ERROR: {2}Cannot bind "connect\.localhost": .*\nERROR:\nERROR: {2}ERR_NGROK_320\n$/,
  );
  assert.equal(runtime.host.kept, 0);
});

test("runTunnel() refuses addresses before it starts anything", async () => {
  for (
    const [args, sentence] of [
      [["http", "ftp://x"], /the scheme "ftp" is not supported/],
      [["http", "80", "--connect-url", "e:443", "--url", "https://h/path"], /cannot be part of it/],
      [["http", "80", "--connect-url", "https://e"], /it has no scheme/],
    ] as const
  ) {
    const runtime = memoryRuntime({ host: { args } });
    assert.equal(await main(runtime), 1);
    assert.match(runtime.host.stderr.text, sentence);
    assert.equal(runtime.host.stdout.text, "");
  }
});

test("runTunnel() refuses a status and a log that both want the terminal", async () => {
  for (const [log, place] of [["stdout", "output"], ["stderr", "error"]]) {
    const files = { "/c.yml": `version: 3\nagent: {console_ui: true, log: ${log}}\n` };
    const runtime = memoryRuntime({ host: { args: ["http", "80", "--config", "/c.yml"], files } });
    assert.equal(await main(runtime), 1);
    const words = `The log cannot go to standard ${place} while "console_ui" is true`;
    assert.ok(runtime.host.stderr.text.includes(words));
  }
});

test("runTunnel() goes through the proxy of the file, or of the environment, and says which one fails", async () => {
  const files = { "/c.yml": 'version: 3\nagent: {proxy_url: "socks5://a:s3cret@proxy.test:1"}\n' };
  const cases: readonly [args: string[], env: Record<string, string>, at: string][] = [
    [["--config", "/c.yml"], { https_proxy: "http://other.test:3" }, "proxy.test:1"],
    [[], { http_proxy: "http://a:s3cret@proxy.test:2" }, "proxy.test:2"],
    [[], { http_proxy: "http://proxy.test:2", no_proxy: "edge.test" }, "edge.test:443"],
  ];
  for (const [more, env, at] of cases) {
    const args = ["http", "8080", "--connect-url", "edge.test:443", "--authtoken", "t", ...more];
    const runtime = memoryRuntime({
      host: { args: [...args, "--log", "stdout", "--log-format", "logfmt"], files, env },
    });
    const running = main(runtime);
    await printed(runtime.host.stdout, new RegExp(`${at}[^\\n]*does not resolve`));
    assert.doesNotMatch(runtime.host.stdout.text, /s3cret/);
    runtime.host.raise("SIGINT");
    await running;
  }
});
