import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/base/log.ts";
import { edgeCommand } from "../../../lib/cli/commands/edge.ts";
import { combineOptions, type EdgeInput } from "../../../lib/cli/edge_options.ts";
import { parse } from "../../../lib/cli/parse.ts";
import { NO_CONFIG } from "../../../lib/cli/loaded_config.ts";
import { Secrets } from "../../../lib/cli/secrets.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

async function combine(args: string[], file = "", env: Record<string, string> = {}) {
  const runtime = memoryRuntime({ host: { env } });
  await runtime.host.files.write("/edge.yml", file);
  const line = ["edge", ...file === "" ? [] : ["--config", "/edge.yml"], ...args];
  const request = parse(line, [edgeCommand], (name) => env[name]);
  assert.ok(request.kind === "run");
  const secrets = new Secrets();
  const config = NO_CONFIG;
  const cli = { runtime, logger: silentLogger, logsToStdout: false, secrets, config, commands: [] };
  return { ...await combineOptions(cli, request.input as EdgeInput), secrets };
}

test("combineOptions() begins with the usual values", async () => {
  const { options, api, isApiChosen } = await combine([]);
  assert.equal(options.domain, "localhost");
  assert.equal(options.dataDir, "sallyport-data");
  assert.deepEqual(options.http, { host: "", port: 80 });
  assert.deepEqual(options.tcpPorts, { from: 20000, to: 20999 });
  assert.deepEqual(
    [options.agents, options.metrics, options.accessLog],
    []
      .concat([undefined, undefined, undefined] as never[]),
  );
  assert.deepEqual([api?.port, isApiChosen], [4041, false]);
});

test("combineOptions() lets flags win over the environment, and both over the file", async () => {
  const file = `
domain: file.test
data_dir: /file
http: 127.0.0.1:1
https: none
agents: 127.0.0.1:2
api: 127.0.0.1:3
tcp_ports: none
authtoken: file_token_0123456789
access_log: {to: /file.log, format: common}
limits: {max_sessions: 7}
region: here
`;
  const plain = await combine([], file);
  assert.equal(plain.options.domain, "file.test");
  assert.equal(plain.options.dataDir, "/file");
  assert.equal(plain.options.https, undefined);
  assert.equal(plain.options.agents?.port, 2);
  assert.equal(plain.options.tcpPorts, "none");
  assert.equal(plain.options.region, "here");
  assert.deepEqual(plain.options.limits, { maxSessions: 7 });
  assert.deepEqual([plain.api?.port, plain.isApiChosen], [3, true]);
  assert.equal(plain.secrets.hide("file_token_0123456789").includes("file_token"), false);

  const args = ["--domain", "flag.test", "--http", ":9", "--api", "none", "--access-log", "stdout"];
  const env = { SALLYPORT_EDGE_DATA: "/env", SALLYPORT_EDGE_AUTHTOKEN: "env_token_0123456789" };
  const { options, api } = await combine([...args, "--tcp-ports", "any"], file, env);
  assert.equal(options.domain, "flag.test");
  assert.equal(options.dataDir, "/env");
  assert.equal(options.http?.port, 9);
  assert.equal(options.tcpPorts, "any");
  assert.equal(options.authtoken, "env_token_0123456789");
  assert.deepEqual(options.accessLog, { to: "stdout", format: "common" });
  assert.equal(api, undefined);
  assert.equal((await combine(["--access-log", "none"], file)).options.accessLog, undefined);
});

test("combineOptions() tells agents further addresses, those of flags before those of the file", async () => {
  const file = "connect_addresses: ['file.test:443']\n";
  const addresses = async (...args: string[]) =>
    (await combine(args, file)).options.connectAddresses;
  assert.deepEqual(await addresses(), ["file.test:443"]);
  assert.deepEqual(
    await addresses("--connect-address", "a.test:1", "--connect-address", "[::1]:65535"),
    ["a.test:1", "[::1]:65535"],
  );
  for (const wrong of ["a.test", "a.test:0", "a.test:65536", "https://a.test:1", "::1:1", ""]) {
    await assert.rejects(addresses("--connect-address", wrong), /--connect-address: use host:port/);
  }
  assert.equal((await combine([])).options.connectAddresses, undefined);
});

test("combineOptions() refuses an edge that no agent can reach, wherever that was said", async () => {
  await assert.rejects(combine([], "https: none\n"), /Agents have no way in/);
  await assert.rejects(combine(["--https", "none"]), /Agents have no way in/);
  await assert.rejects(combine(["--config", "/none.yml"]), { code: "not_found" });
});

test("combineOptions() gets certificates when --acme says so, over what the file says", async () => {
  assert.equal((await combine([])).options.acme, undefined);
  const flags = ["--acme", "--acme-email", "me@flag.test", "--acme-directory", "staging"];
  assert.deepEqual((await combine(flags)).options.acme, {
    agreeTerms: true,
    email: "me@flag.test",
    staging: true,
    directoryUrl: undefined,
  });
  const file = `
acme:
  agree_terms: true
  email: me@file.test
  external_account: {key_id: kid, hmac_key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}
certificate_files: /file
`;
  const both = await combine(["--acme-dns-hook", "/hook", "--certificates", "/flag"], file);
  assert.equal(both.options.acme?.email, "me@file.test");
  assert.equal(both.options.acme?.dnsHook, "/hook");
  assert.equal(both.options.certificateFiles, "/flag");
  assert.ok(!both.secrets.hide("A".repeat(43)).includes("AAA"));
  assert.equal((await combine(["--acme=false"], file)).options.acme, undefined);
  await assert.rejects(combine(["--acme-email", "me@flag.test"]), /give --acme as well/);
});
