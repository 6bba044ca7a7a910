import assert from "node:assert/strict";
import { legacyStatus, statusOf } from "../../../../lib/api/agent/status.ts";
import { VERSION } from "../../../../lib/base/version.ts";
import { test } from "../../../harness.ts";
import { ApiScene } from "./kit.ts";

test("statusOf() tells the session, the endpoints and what the edge wants people to see", async () => {
  const { agent, deps } = new ApiScene();
  await agent.forward({ addr: 80, name: "web" });
  const status = statusOf(deps, { startedAtMs: 0, error: "gone" });
  assert.deepEqual(status.session, {
    ...{ status: "online", error: "gone", connect_url: "connect.test:443" },
    ...{ account: "Ada", region: "eu", latency_ms: 12.5 },
  });
  assert.deepEqual([status.version, status.started_at], [VERSION, "1970-01-01T00:00:00.000Z"]);
  assert.deepEqual(status.notices, ["Be kind"]);
  assert.deepEqual(status.config, { log: "stdout" });
  assert.deepEqual(status.endpoints.map(({ name, online }) => [name, online]), [["web", true]]);
});

test("legacyStatus() is what the documented route says", () => {
  const { agent, deps } = new ApiScene();
  assert.deepEqual(legacyStatus(deps), {
    ...{ status: "online", agent_version: VERSION },
    session: { legs: [{ region: "eu", latency: 12_500_000 }] },
    uri: "/api/status",
  });
  agent.state = "reconnecting";
  assert.deepEqual(legacyStatus(deps).session, { legs: [] });
});
