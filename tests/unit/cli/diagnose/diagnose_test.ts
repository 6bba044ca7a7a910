import assert from "node:assert/strict";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime, type MemoryRuntimeOptions } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

async function diagnose(args: string[], options: MemoryRuntimeOptions = {}) {
  const runtime = memoryRuntime({
    ...options,
    host: { ...options.host, args: ["diagnose", ...args] },
  });
  const code = await main(runtime);
  const { stdout, stderr, files } = runtime.host;
  return { code, out: stdout.text, err: stderr.text, files };
}

test("diagnose() has no edge to test where none is configured, and contacts nobody", async () => {
  const { code, out } = await diagnose([]);
  assert.equal(code, 0);
  assert.match(out, /^Localhost Connectivity\n {2}Name Resolution: .*\[ OK \]$/m);
  assert.match(out, /^ {2}Configuration +\[ WARN \]$/m);
  assert.match(out, /sallyport config add-connect-url <host:port>/);
  assert.doesNotMatch(out, /Internet Connectivity|Proxy/);
});

test("S127 diagnose() ends with 1 and names the stage", async () => {
  const { code, out, err } = await diagnose(["--connect-url", "edge.test:443"]);
  assert.deepEqual([code, err], [1, ""]);
  assert.match(
    out,
    /^Sallyport Connectivity - Region: Auto \(lowest latency\)\n {2}Name Resolution +\[ ERROR \]$/m,
  );
  assert.match(out, /Hostname: edge\.test\n {4}Code: {5}ERR_NGROK_8000\n/);
  assert.match(out, /\nERROR: {2}The diagnosis found errors: they are listed above\n$/);
});

test("diagnose() tests the proxy and the internet when they are named", async () => {
  const host = {
    files: { "/c.yml": "version: 3\nagent: {proxy_url: 'http://me:hidden-word@proxy.test:1'}\n" },
  };
  const args = ["--config", "/c.yml", "--connect-url", "edge.test:443", "--internet", "far.test"];
  const { code, out } = await diagnose(args, { host });
  assert.equal(code, 1);
  assert.match(out, /^Internet Connectivity\n {2}Name Resolution +\[ ERROR \]$/m);
  assert.match(out, /^Proxy Connectivity\n {2}Name Resolution +\[ ERROR \]$/m);
  for (const number of [8001, 8005]) assert.ok(out.includes(`ERR_NGROK_${number}`), String(number));
  assert.ok(!out.includes("hidden-word"));
});

test("diagnose() writes a report without secrets, and says where", async () => {
  const text =
    "version: 3\nagent: {authtoken: token-of-mine, api_key: key-of-mine, connect_url: 'edge.test:443'}\n";
  const host = { files: { "/c.yml": text }, env: { NO_PROXY: "x" } };
  const { out, files } = await diagnose(["--config", "/c.yml", "-w", "/report.json", "-6"], {
    host,
  });
  assert.match(out, /^Report: \/report\.json$/m);
  const written = await files.readText("/report.json");
  assert.ok(!/token-of-mine|key-of-mine/.test(written), written);
  const report = JSON.parse(written);
  assert.equal(report.ok, false);
  assert.deepEqual(report.config.agent.connect_url, "edge.test:443");
  assert.deepEqual(report.environment, ["NO_PROXY"]);
  assert.equal(report.groups.at(-1).checks[0].findings[0].code, 8000);
  const all = await diagnose(["--region", "all", "--connect-url", "edge.test:443"]);
  assert.match(all.out, /^Report: sallyport-diagnose-[\dT.-]+Z\.json$/m);
});

test("diagnose() refuses addresses that cannot be", async () => {
  assert.match((await diagnose(["--connect-url", "https://edge.test"])).err, /it has no scheme/);
  assert.match((await diagnose(["--internet", "a/b"])).err, /only a host and a port/);
});
