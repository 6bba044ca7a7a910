import assert from "node:assert/strict";
import type { AgentSection } from "../../../../lib/agent/file_sections.ts";
import type { UpdateOffer } from "../../../../lib/cli/agent_view.ts";
import { silentLogger } from "../../../../lib/base/log.ts";
import { agentUpdater, offerUpdates } from "../../../../lib/cli/update/agent_updater.ts";
import { NO_CONFIG } from "../../../../lib/cli/loaded_config.ts";
import { Secrets } from "../../../../lib/cli/secrets.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { releaseOf, testKey, updateScene } from "../../../fakes/releases.ts";
import { test } from "../../../harness.ts";

function of(agent: AgentSection) {
  return agentUpdater({
    runtime: memoryRuntime(),
    logger: silentLogger,
    logsToStdout: false,
    secrets: new Secrets(),
    config: { ...NO_CONFIG, file: { ...NO_CONFIG.file, agent } },
    commands: [],
  });
}

const source = { update_url: "https://up.test", update_key: testKey().publicKey };

test("S103 S145 agentUpdater() makes none where update_check is false", async () => {
  const { updater, obstacle } = await of({ ...source, update_check: false });
  assert.equal(updater, undefined);
  assert.match(obstacle, /update_check: false/);
});

test("S105 agentUpdater() makes none where nobody publishes, one where somebody does", async () => {
  assert.deepEqual(await of({}), {
    updater: undefined,
    obstacle: "the agent knows no source of updates (update_url)",
  });
  const { updater, obstacle } = await of(source);
  assert.deepEqual([updater?.state, obstacle], [{ kind: "unknown" }, ""]);
});

test("S144 offerUpdates() offers each version once, and makes it when asked", async () => {
  const { updater, server, installed } = updateScene();
  const offers: UpdateOffer[] = [];
  offerUpdates(updater, (offer) => offers.push(offer));
  server.publish("stable", releaseOf("1.1.0"));
  await updater.check();
  await updater.check();
  server.publish("stable", releaseOf("1.1.0"), releaseOf("2.0.0"));
  await updater.check();
  assert.deepEqual(offers.map(({ version }) => version), ["1.1.0"]);
  assert.equal(await offers[0].run(), "updated to version 1.1.0, restart to use it");
  assert.equal(await installed(), "program 1.1.0");
  await assert.rejects(offers[0].run(), { code: "update_failed" });
});
