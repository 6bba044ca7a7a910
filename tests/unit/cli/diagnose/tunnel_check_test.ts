import assert from "node:assert/strict";
import { type AgentOptions, resolveAgentOptions } from "../../../../lib/agent/config.ts";
import { openTunnel } from "../../../../lib/cli/diagnose/tunnel_check.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { edgeStage, TOKEN } from "../../../fakes/edge_stage.ts";
import { test } from "../../../harness.ts";

async function open(options: AgentOptions, region = "eu") {
  const stage = await edgeStage({
    region,
    agents: { port: 0 },
    connectAddresses: ["a.test:443", "b.test:443"],
  });
  const dialled: (string | undefined)[] = [];
  const config = resolveAgentOptions({
    dial: (_signal, address) => {
      dialled.push(address);
      return stage.dial("agents", { serverName: "connect.example.com" });
    },
    ...options,
  });
  const runtime = { ...stage.runtime, host: memoryRuntime().host };
  return { stage, dialled, config, runtime };
}

test("openTunnel() opens a session and closes it, and hears where the edge is", async () => {
  const { stage, dialled, config, runtime } = await open({ authtoken: TOKEN });
  try {
    const facts = await openTunnel(runtime, config);
    assert.deepEqual([facts.hasSession, facts.region], [true, "eu"]);
    assert.ok(facts.latencyMs >= 0);
    const { host, port } = stage.edge.addresses.agents!;
    assert.deepEqual(facts.others, [
      { address: `${host}:${port}`, region: "eu" },
      { address: "a.test:443", region: "eu" },
      { address: "b.test:443", region: "eu" },
    ]);
    await openTunnel(runtime, config, "b.test:443");
    assert.deepEqual(dialled, [undefined, "b.test:443"]);
  } finally {
    await stage.edge.close({ graceMs: 0 });
  }
});

test("openTunnel() only knocks where there is no authtoken", async () => {
  const { stage, config, runtime } = await open({});
  try {
    const { hasSession, latencyMs } = await openTunnel(runtime, config);
    assert.equal(hasSession, false);
    assert.ok(latencyMs >= 0);
    assert.equal(stage.edge.sessions().length, 0);
  } finally {
    await stage.edge.close({ graceMs: 0 });
  }
});

test("S127 openTunnel() tells a refusal with the edge's own number", async () => {
  const { stage, config, runtime } = await open({ authtoken: "of_somebody_else" });
  try {
    await assert.rejects(openTunnel(runtime, config), { code: "refused", ngrokCode: 105 });
  } finally {
    await stage.edge.close({ graceMs: 0 });
  }
});
