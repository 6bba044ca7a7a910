import assert from "node:assert/strict";
import { resolveAgentOptions } from "../../../lib/agent/config.ts";
import { agentOptionsOf } from "../../../lib/agent/file_options.ts";
import { test } from "../../harness.ts";

test("S98 S100 S106 S117 agentOptionsOf() turns a section into the options of an agent, durations into milliseconds", () => {
  const options = agentOptionsOf({
    connect_url: "e:443",
    connect_cas: "host",
    crl_url: "http://e/crl",
    crl_noverify: true,
    authtoken: "t",
    metadata: "m",
    connect_timeout: "5s",
    heartbeat_interval: "1m30s",
    heartbeat_tolerance: "500ms",
    inspect_db_size: 5_000,
    connect_interface: "lo",
    dns_resolver_ips: ["192.0.2.1"],
    dns_mechanisms: ["system", "list"],
    dns_public_ips: ["192.0.2.2"],
    dns_https_urls: ["https://192.0.2.3/dns-query"],
    dns_list: "/list.json",
    proxy_url: "socks5://p",
  });
  assert.deepEqual(options, {
    connectUrl: "e:443",
    connectCas: "host",
    crlUrl: "http://e/crl",
    crlNoverify: true,
    authtoken: "t",
    metadata: "m",
    connectTimeoutMs: 5_000,
    heartbeatIntervalMs: 90_000,
    heartbeatToleranceMs: 500,
    inspectBytes: 5_000,
    connectInterface: "lo",
    dnsResolverIps: ["192.0.2.1"],
    dnsMechanisms: ["system", "list"],
    dnsPublicIps: ["192.0.2.2"],
    dnsHttpsUrls: ["https://192.0.2.3/dns-query"],
    dnsList: "/list.json",
    proxyUrl: "socks5://p",
  });
  assert.equal(resolveAgentOptions(options).heartbeatIntervalMs, 90_000);
});

test("S141 agentOptionsOf() keeps no exchanges without local storage", () => {
  assert.equal(agentOptionsOf({ local_storage: false, inspect_db_size: 5 }).inspectBytes, -1);
  assert.equal(agentOptionsOf({ inspect_db_size: -1 }).inspectBytes, -1);
  assert.equal(agentOptionsOf({ local_storage: true }).inspectBytes, undefined);
});

test("agentOptionsOf() leaves away what the section leaves away", () => {
  const { connectTimeoutMs, authtoken } = agentOptionsOf({});
  assert.deepEqual([connectTimeoutMs, authtoken], [undefined, undefined]);
  assert.equal(
    resolveAgentOptions({ ...agentOptionsOf({}), connectUrl: "e" }).connectTimeoutMs,
    10_000,
  );
});
