import assert from "node:assert/strict";
import type { AgentSection } from "../../../../lib/agent/file_sections.ts";
import { silentLogger } from "../../../../lib/base/log.ts";
import { VERSION } from "../../../../lib/base/version.ts";
import { runUpdate } from "../../../../lib/cli/update/run_update.ts";
import { NO_CONFIG } from "../../../../lib/cli/loaded_config.ts";
import { Secrets } from "../../../../lib/cli/secrets.ts";
import type { Channel } from "../../../../lib/cli/update/manifest.ts";
import { releaseOf, testKey, updateScene } from "../../../fakes/releases.ts";
import { test } from "../../../harness.ts";

const source = { update_url: "https://up.test", update_key: testKey().publicKey };

function scene(agent: AgentSection, host: Parameters<typeof updateScene>[0] = {}) {
  const { runtime, server, installed } = updateScene(host);
  const run = (channel?: Channel, checkOnly = false) =>
    runUpdate({
      runtime,
      logger: silentLogger,
      logsToStdout: false,
      secrets: new Secrets(),
      config: { ...NO_CONFIG, file: { ...NO_CONFIG.file, agent } },
      commands: [],
    }, { channel, checkOnly, fetch: server.fetch });
  return { run, server, installed, said: () => runtime.host.stdout.text };
}

test("S142 runUpdate() updates over a major version too, and says so", async () => {
  const { run, server, installed, said } = scene(source);
  server.publish("stable", releaseOf("99.0.0"));
  assert.equal(await run(), 0);
  assert.equal(await installed(), "program 99.0.0");
  assert.match(
    said(),
    /^Updating from version .* to 99\.0\.0 of the channel "stable" …\nUpdated to/,
  );
});

test("S146 runUpdate() takes the channel of the flag", async () => {
  const { run, server, installed } = scene({ ...source, update_channel: "unstable" });
  server.publish("beta", releaseOf("99.0.0-beta.1"));
  assert.equal(await run("beta"), 0);
  assert.equal(await installed(), "program 99.0.0-beta.1");
  await assert.rejects(scene(source).run("beta"), { code: "refused" });
});

test("runUpdate() only looks when it is asked to, also where it could not update", async () => {
  const source_ = { runtime: { path: "/usr/bin/deno", isCompiled: false } };
  const { run, server, installed, said } = scene(source, { host: { program: source_.runtime } });
  server.publish("stable", releaseOf("99.0.0"));
  assert.equal(await run(undefined, true), 0);
  assert.equal(said(), 'Update available: version 99.0.0 of the channel "stable"\n');
  assert.equal(await installed(), "program 1.0.0");
  await assert.rejects(run(), { code: "update_failed", message: /it runs from source/ });
});

test("runUpdate() says that this is the newest version", async () => {
  const { run, server, said } = scene(source);
  server.publish("stable", releaseOf(VERSION));
  assert.equal(await run(), 0);
  assert.equal(said(), `No update: ${VERSION} is the newest version of the channel "stable"\n`);
});

test("S105 runUpdate() says that nobody has named a source", async () => {
  await assert.rejects(scene({}).run(), {
    code: "usage",
    message: /set update_url and update_key/,
  });
});
