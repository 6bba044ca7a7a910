import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { main } from "../../../lib/cli/main.ts";
import type { Output } from "../../../lib/runtime/host.ts";
import { type MemoryRuntime, memoryRuntime } from "../../../lib/runtime/memory.ts";
import { makeCa } from "../../fakes/certs.ts";
import { memorySqlite } from "../../fakes/sqlite.ts";
import { test } from "../../harness.ts";

const DOORS = [
  "--http",
  "127.0.0.1:8000",
  "--https",
  "127.0.0.1:8443",
  "--agents",
  "127.0.0.1:8444",
];

function machine(args: readonly string[], env: Record<string, string> = {}): MemoryRuntime {
  return memoryRuntime({
    openSqlite: memorySqlite(),
    host: { args: ["edge", ...DOORS, ...args], env },
  });
}

/** Waits until what is written to an output matches. */
function printed(output: Output & { text: string }, pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const write = output.write.bind(output);
    output.write = (text) => {
      write(text);
      if (pattern.test(output.text)) resolve();
    };
  });
}

async function runUntilReady(runtime: MemoryRuntime, output: "stdout" | "stderr", ready: RegExp) {
  const running = main(runtime);
  await printed(runtime.host[output], ready);
  runtime.host.raise("SIGTERM");
  assert.equal(await running, 0);
  assert.equal(runtime.host.kept, 0);
}

test("runEdge() takes changed certificates over on SIGHUP, without a configuration file", async () => {
  const runtime = machine(["--data", "/data", "--certificates", "/certs", "--log", "stdout"], {
    SALLYPORT_EDGE_AUTHTOKEN: "preset_token_0123456789",
  });
  const { host } = runtime;
  const ca = await makeCa();
  const put = async (name: string) => {
    const { chainPem, keyPem } = await ca.leaf([name]);
    await host.files.write("/certs/one.crt", chainPem);
    await host.files.write("/certs/one.key", keyPem);
  };
  await host.files.makeDir("/certs");
  await put("a.example.com");
  const running = main(runtime);
  await printed(host.stdout, /edge ready/);
  assert.match(host.stdout.text, /certificate was loaded.*a\.example\.com/);
  await put("another.example.com");
  // Its clock stands still: nobody looks for changes but because of this.
  host.raise("SIGHUP");
  await printed(host.stdout, /certificate was loaded.*another\.example\.com/);
  host.raise("SIGTERM");
  assert.equal(await running, 0);
});

test("runEdge() announces itself in one machine-readable line", async () => {
  const runtime = machine(["--data", "/data", "--log", "stdout", "--log-format", "json"], {
    SALLYPORT_EDGE_AUTHTOKEN: "preset_token_0123456789",
    SALLYPORT_EDGE_API_KEY: "preset_key_0123456789",
  });
  await runUntilReady(runtime, "stdout", /"msg":"edge ready"/);
  const lines = runtime.host.stdout.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const { t, ...ready } = lines.find(({ msg }) => msg === "edge ready");
  assert.match(t, /Z$/);
  assert.deepEqual(ready, {
    agents: "127.0.0.1:8444",
    api: "http://127.0.0.1:4041",
    ca: "/data/certs/ca.pem",
    domain: "localhost",
    http: "127.0.0.1:8000",
    https: "127.0.0.1:8443",
    lvl: "info",
    msg: "edge ready",
  });
  assert.equal(runtime.host.stderr.text, "", "a preset token needs no telling");
});

test("runEdge() gives the whole path of its authority", async () => {
  const runtime = machine(["--data", "state/edge", "--log", "stdout", "--log-format", "json"]);
  await runUntilReady(runtime, "stdout", /"msg":"edge ready"/);
  assert.match(runtime.host.stdout.text, /"ca":"\/work\/state\/edge\/certs\/ca\.pem"/);
});

test("runEdge() tells a new token on standard error when standard output is the log's", async () => {
  const runtime = machine(["--log", "stdout"]);
  await runUntilReady(runtime, "stdout", /msg="edge ready"/);
  const [, token] = /SALLYPORT_AUTHTOKEN=(\S+)/.exec(runtime.host.stderr.text)!;
  assert.ok(token.length >= 24);
  assert.ok(!runtime.host.stdout.text.includes(token));
});

test("runEdge() prints where it is and what to paste", async () => {
  const runtime = machine(["--log", "false"]);
  await runUntilReady(runtime, "stdout", /sallyport http 8080/);
  const { text } = runtime.host.stdout;
  assert.match(text, /^HTTPS and TLS +127\.0\.0\.1:8443$/m);
  assert.match(text, /^TCP ports +20000-20999$/m);
  assert.match(text, /^ {2}export SALLYPORT_AUTHTOKEN=\w{24,}$/m);
  assert.match(
    text,
    /^ {2}sallyport http 8080 --connect-url 127\.0\.0\.1:8444 --connect-cas \/work\/sallyport-data\/certs\/ca\.pem$/m,
  );
});

test("runEdge() says what to do about a door that does not open", async () => {
  const runtime = machine(["--log", "false"]);
  const holder = await runtime.net.listen({
    host: "127.0.0.1",
    port: 8443,
    onConnection: () => {},
  });
  assert.equal(await main(runtime), 1);
  assert.match(
    runtime.host.stderr.text,
    /^ERROR: {2}.*127\.0\.0\.1:8443.*; choose other places with --http, --https, --tls and --agents \(address_in_use\)\n$/,
  );
  await holder.close();
});

test("runEdge() refuses places that are none before it opens a door", async () => {
  for (
    const [flag, value] of [["--http", "x"], ["--https", "1:2:3"], ["--agents", "99999"], [
      "--tcp-ports",
      "2-1",
    ]]
  ) {
    const runtime = machine([flag, value]);
    assert.equal(await main(runtime), 1);
    assert.match(
      runtime.host.stderr.text,
      new RegExp(`^ERROR:  Invalid value "${value}" for ${flag}: `),
    );
  }
});

test("runEdge() refuses to run without a way in for agents, and runs without one for HTTP visitors", async () => {
  const none = memoryRuntime({ host: { args: ["edge", "--https", "none"] } });
  assert.equal(await main(none), 1);
  assert.match(none.host.stderr.text, /^ERROR: {2}Agents have no way in: .*--agents.*--https\n$/);
  const some = machine(["--http", "none", "--log", "false"]);
  await runUntilReady(some, "stdout", /^HTTP +-\n[^]*sallyport http 8080/m);
});

test("runEdge() gives no advice about doors when a file is the trouble", async () => {
  const runtime = machine(["--log", "false", "--data", "/data"]);
  runtime.host.files.makeDir = () =>
    Promise.reject(
      new TunnelError("permission_denied", 'Cannot create "/data": permission denied'),
    );
  assert.equal(await main(runtime), 1);
  assert.equal(
    runtime.host.stderr.text,
    'ERROR:  Cannot create "/data": permission denied (permission_denied)\n',
  );
});

test("runEdge() takes any port for the API when the usual one is taken, and none when told so", async () => {
  const taken = machine(["--log", "stdout"]);
  const holder = await taken.net.listen({ port: 4041, onConnection: () => {} });
  await runUntilReady(taken, "stdout", /msg="edge ready".* api=http:\/\/127\.0\.0\.1:\d+/);
  assert.doesNotMatch(taken.host.stdout.text, /api=http:\/\/127\.0\.0\.1:4041/);
  await holder.close();
  const none = machine(["--log", "stdout", "--api", "none"]);
  await runUntilReady(none, "stdout", /msg="edge ready".* api=https:\/\/api\.localhost:8443/);
});
