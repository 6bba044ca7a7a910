import assert from "node:assert/strict";
import {
  agentSectionSchema,
  endpointSectionSchema,
  fileV2Schema,
  fileV3Schema,
  tunnelSectionSchema,
} from "../../../lib/agent/file_schema.ts";
import { check, keysAt, type Schema } from "../../../lib/base/schema.ts";
import { test } from "../../harness.ts";

const fits = (schema: Schema<unknown>, value: unknown) => check(schema, value).ok;

test("S55 agentSectionSchema knows every key of the reference", () => {
  const keys = keysAt(agentSectionSchema, []);
  for (
    const key of [
      ...["authtoken", "api_key", "connect_url", "connect_cas", "connect_timeout"],
      ...["connect_interface", "console_ui", "console_ui_color", "crl_noverify", "crl_url"],
      ...["dns_resolver_ips", "heartbeat_interval", "heartbeat_tolerance", "inspect_db_size"],
      ...["local_storage", "log", "log_format", "log_level", "metadata", "proxy_url", "region"],
      ...["remote_management", "update_channel", "update_check", "web_addr", "web_allow_hosts"],
      ...["update_key", "update_url"],
    ]
  ) assert.ok(keys.includes(key), key);
});

test("agentSectionSchema keeps the bounds of the reference", () => {
  assert.equal(fits(agentSectionSchema, { metadata: "x".repeat(4097) }), false);
  assert.equal(fits(agentSectionSchema, { inspect_db_size: -1, console_ui: "iftty" }), true);
  assert.equal(fits(agentSectionSchema, { inspect_db_size: -2 }), false);
  assert.equal(fits(agentSectionSchema, { console_ui: "maybe" }), false);
  assert.equal(fits(agentSectionSchema, { log: "true" }), false);
});

test("endpointSectionSchema and tunnelSectionSchema refuse ports that are none", () => {
  assert.equal(fits(endpointSectionSchema, { name: "a", upstream: { url: 65_536 } }), false);
  assert.equal(fits(endpointSectionSchema, { name: "", upstream: { url: 1 } }), false);
  assert.equal(fits(tunnelSectionSchema, { proto: "udp", addr: 1 }), false);
  assert.equal(fits(tunnelSectionSchema, { addr: 0 }), false);
});

test("fileV3Schema and fileV2Schema hold what stands in a file of theirs", () => {
  assert.equal(fits(fileV3Schema, { version: "3", endpoints: [], tunnels: {} }), true);
  assert.equal(fits(fileV3Schema, { version: "2" }), false);
  assert.equal(fits(fileV2Schema, { version: "2", authtoken: "t", pprof_addr: "x" }), true);
  assert.equal(fits(fileV2Schema, { version: "2", agent: {} }), false);
});
