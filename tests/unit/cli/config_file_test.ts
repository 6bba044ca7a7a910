import assert from "node:assert/strict";
import { defaultConfigPath, readConfig, writeConfig } from "../../../lib/cli/config_file.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

function machine(env: Record<string, string> = {}) {
  return memoryRuntime({ host: { env } }).host;
}

test("defaultConfigPath() follows the customs of the system", () => {
  assert.equal(
    defaultConfigPath(machine({ XDG_CONFIG_HOME: "/xdg" })),
    "/xdg/sallyport/sallyport.yml",
  );
});

test("readConfig() reads four keys of either layout and leaves the rest alone", async () => {
  const host = machine();
  await host.files.makeDir("/c");
  const v3 = "version: 3\nagent:\n  authtoken: t\n  api_key: k\n  connect_url: c:1\n" +
    "  connect_cas: ca.pem\n  future: [1]\nendpoints: 7\n";
  await host.files.write("/c/3.yml", v3);
  assert.deepEqual(await readConfig(host, "/c/3.yml"), {
    authtoken: "t",
    apiKey: "k",
    connectUrl: "c:1",
    connectCas: "ca.pem",
  });
  await host.files.write("/c/2.yml", 'version: "2"\nauthtoken: t2\n');
  assert.equal((await readConfig(host, "/c/2.yml")).authtoken, "t2");
});

test("readConfig() misses a file only when it was asked for by name, and refuses what it cannot read", async () => {
  const host = machine({ XDG_CONFIG_HOME: "/nowhere" });
  assert.deepEqual(await readConfig(host, undefined), {});
  await assert.rejects(readConfig(host, "/nowhere.yml"), { code: "not_found" });
  await host.files.makeDir("/c");
  for (const text of ["a: [", "just words", "agent: {authtoken: 7}"]) {
    await host.files.write("/c/bad.yml", text);
    await assert.rejects(readConfig(host, "/c/bad.yml"), { code: "config_invalid" }, text);
  }
});

test("writeConfig() keeps comments and other keys, and makes the file when there is none", async () => {
  const host = machine({ XDG_CONFIG_HOME: "/xdg" });
  assert.equal(
    await writeConfig(host, undefined, "api_key", "k1"),
    "/xdg/sallyport/sallyport.yml",
  );
  assert.equal(
    await host.files.readText("/xdg/sallyport/sallyport.yml"),
    "version: 3\nagent:\n  api_key: k1\n",
  );
  await host.files.makeDir("/c");
  await host.files.write("/c/a.yml", "# mine\nversion: 3\nagent: # who\n  region: us # here\n");
  await writeConfig(host, "/c/a.yml", "authtoken", "t1");
  const text = await host.files.readText("/c/a.yml");
  assert.match(
    text,
    /^# mine\nversion: 3\nagent:\s+# who\n {2}region: us # here\n {2}authtoken: t1\n$/,
  );
  await host.files.write("/c/2.yml", 'version: "2"\nregion: us\n');
  await writeConfig(host, "/c/2.yml", "authtoken", "t2");
  assert.equal((await readConfig(host, "/c/2.yml")).authtoken, "t2");
  assert.doesNotMatch(await host.files.readText("/c/2.yml"), /agent/);
  await host.files.write("/c/bad.yml", "agent: words\n");
  await assert.rejects(writeConfig(host, "/c/bad.yml", "authtoken", "t"), {
    code: "config_invalid",
  });
});
