import assert from "node:assert/strict";
import { readAgentFile } from "../../../lib/agent/file.ts";
import { openDocument } from "../../../lib/cli/config_file.ts";
import { upgradeConfig } from "../../../lib/cli/config_upgrade.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const OLD = `# my tunnels
authtoken: abc # secret
root_cas: host
server_addr: e:443
console_ui: false

tunnels:
  # the shop
  shop:
    proto: http
    addr: 8080
    auth: "ann:12345678"
    bind_tls: both # both
`;
const KEEP = { dryRun: false, relocate: false };

test("upgradeConfig() moves settings below agent, renames what has other names, keeps comments", async () => {
  const { host } = memoryRuntime({ host: { files: { "/o.yml": OLD } } });
  const done = await upgradeConfig(host, "/o.yml", KEEP);
  assert.deepEqual([done.from, done.to, done.backup], [1, 3, "/o.yml.bak"]);
  assert.equal(
    done.text,
    `version: 3
# my tunnels
agent:
  authtoken: abc # secret
  connect_cas: host
  connect_url: e:443
  console_ui: false
  region: us

tunnels:
  # the shop
  shop:
    proto: http
    addr: 8080
    basic_auth: ["ann:12345678"]
    schemes: [https, http] # both
`,
  );
  const { agent, tunnels } = readAgentFile(await openDocument(host, "/o.yml"));
  assert.equal(agent.connect_url, "e:443");
  assert.deepEqual(tunnels.shop.schemes, ["https", "http"]);
});

test("upgradeConfig() never loses a backup, and moves a file to its usual place", async () => {
  const { host } = memoryRuntime({ host: { files: { "/o.yml": OLD, "/o.yml.bak": "older" } } });
  const done = await upgradeConfig(host, "/o.yml", { ...KEEP, relocate: true });
  assert.equal(done.backup, "/o.yml.bak.1");
  assert.equal(done.path, "/home/user/.config/sallyport/sallyport.yml");
  assert.equal(await host.files.readText(done.path), done.text);
  assert.equal(await host.files.stat("/o.yml"), undefined);
  assert.equal(await host.files.readText("/o.yml.bak"), "older");
  await host.files.write("/p.yml", OLD);
  await assert.rejects(upgradeConfig(host, "/p.yml", { ...KEEP, relocate: true }), {
    code: "conflict",
  });
});

test("upgradeConfig() goes to version 2 when told so, and never back", async () => {
  const { host } = memoryRuntime({ host: { files: { "/o.yml": OLD, "/n.yml": "version: 3\n" } } });
  const done = await upgradeConfig(host, "/o.yml", { ...KEEP, to: 2, dryRun: true });
  assert.match(done.text, /^version: 2\n# my tunnels\nauthtoken: abc # secret\nroot_cas: host\n/);
  await assert.rejects(upgradeConfig(host, "/n.yml", { ...KEEP, to: 2 }), /there is no way back/);
  await assert.rejects(upgradeConfig(host, "/n.yml", { ...KEEP, to: 7 }), /There is no version 7/);
});

test("upgradeConfig() makes a comment of what has no successor: the file it leaves is valid", async () => {
  const text = "version: 2\nip_policy: x   # who\nauthtoken: t\n";
  const { host } = memoryRuntime({ host: { files: { "/o.yml": text } } });
  const done = await upgradeConfig(host, "/o.yml", KEEP);
  assert.equal(done.text, "version: 3\n# ip_policy: x   # who\nagent:\n  authtoken: t\n");
  assert.equal(readAgentFile(await openDocument(host, "/o.yml")).agent.authtoken, "t");
});
