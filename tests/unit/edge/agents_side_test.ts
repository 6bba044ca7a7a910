/** @module */
import { nodeCodecs } from "../../../lib/runtime/node_codecs.ts";
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { type AgentsSideOptions, makeAgentsSide } from "../../../lib/edge/agents_side.ts";
import { resolveEdgeOptions } from "../../../lib/edge/config.ts";
import { EndpointRegistry } from "../../../lib/edge/endpoints.ts";
import { openIdentity } from "../../../lib/edge/identity.ts";
import type { Host } from "../../../lib/runtime/host.ts";
import { FakeAgent } from "../../fakes/agent.ts";
import { MemoryFiles } from "../../fakes/files.ts";
import { memorySqlite } from "../../fakes/sqlite.ts";
import { test } from "../../harness.ts";

const REMOTE = { host: "192.0.2.1", port: 1 };

function optionsOf(more: Partial<AgentsSideOptions> = {}): AgentsSideOptions {
  const clock = new FakeClock();
  return {
    config: resolveEdgeOptions({ http: { port: 0 }, dataDir: "/data", domain: "example.com" }),
    runtime: { clock, codecs: nodeCodecs, host: { files: new MemoryFiles() } as unknown as Host },
    identity: undefined,
    registry: new EndpointRegistry(),
    tcpPorts: undefined,
    connectAddress: () => undefined,
    ports: { http: 80 },
    ownHosts: new Map(),
    emit: () => {},
    onTcpVisitor: () => {},
    ...more,
  };
}

test("makeAgentsSide() takes every agent for the owner's where there are no accounts", async () => {
  const options = optionsOf();
  const { agents, enforcement } = await makeAgentsSide(options);
  assert.equal(enforcement, undefined);
  const [near, far] = pair();
  agents.accept(near, REMOTE);
  const agent = new FakeAgent(far, { clock: options.runtime.clock });
  assert.equal((await agent.auth())["Error"], "");
  assert.equal(agents.sessions[0].grant.accountId, "ac_embedded");
  agent.abort();
  await agent.closed;
  await agents.close(0);
});

test("makeAgentsSide() asks the store where there are accounts", async () => {
  const plain = optionsOf();
  const { clock, host: { files } } = plain.runtime;
  const identity = await openIdentity({
    files,
    openSqlite: memorySqlite(),
    clock,
    dataDir: undefined,
    authtoken: undefined,
    apiKey: undefined,
    masterKey: undefined,
  });
  const owner = await identity.settleOwner();
  const { agents, enforcement } = await makeAgentsSide({ ...plain, identity });
  const [near, far] = pair();
  agents.accept(near, REMOTE);
  const agent = new FakeAgent(far, { clock });
  assert.equal((await agent.auth({ AuthToken: owner.newAuthtoken }))["Error"], "");
  assert.equal(agents.sessions[0].grant.accountId, owner.accountId);
  await identity.store.accounts.update(owner.accountId, { suspended: true });
  await enforcement!.changed();
  const { goAway } = await agent.closed;
  assert.match(goAway?.text ?? "", /suspended/);
  await agents.close(0);
  await identity.store.close();
});
