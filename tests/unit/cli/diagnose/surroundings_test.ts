import assert from "node:assert/strict";
import {
  hostFacts,
  sanitisedConfig,
  variablesSet,
} from "../../../../lib/cli/diagnose/surroundings.ts";
import { Secrets } from "../../../../lib/cli/secrets.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

test("sanitisedConfig() tells what matters, and no secret", () => {
  const config = sanitisedConfig({
    paths: ["/c.yml"],
    notes: [],
    file: {
      agent: {
        authtoken: "SECRET-1",
        api_key: "SECRET-2",
        proxy_url: "http://me:SECRET-3@proxy.test:3128",
        connect_url: "edge.test:443",
      },
      endpoints: [{
        name: "web",
        upstream: { url: "http://me:SECRET-4@localhost:8080" },
        traffic_policy: { on_http_request: "SECRET-5" },
      }],
      tunnels: { old: { proto: "http", addr: 80, basic_auth: ["me:SECRET-6"] } },
    },
  }, new Secrets());
  const text = JSON.stringify(config);
  assert.ok(!text.includes("SECRET"), text);
  for (
    const told of ["edge.test:443", "http://HIDDEN@proxy.test:3128", '"web"', '"old"', "/c.yml"]
  ) {
    assert.ok(text.includes(told), told);
  }
});

test("sanitisedConfig() hides known secrets wherever they stand", () => {
  const secrets = new Secrets();
  secrets.add("the-long-secret");
  const file = { agent: { metadata: "has the-long-secret" }, endpoints: [], tunnels: {} };
  const text = JSON.stringify(sanitisedConfig({ paths: [], notes: [], file }, secrets));
  assert.ok(!text.includes("the-long-secret"), text);
});

test("hostFacts() and variablesSet() name the machine, and the variables without their values", () => {
  const runtime = memoryRuntime({ host: { env: { SALLYPORT_AUTHTOKEN: "x", HOME: "/root" } } });
  assert.equal(hostFacts(runtime).os, "linux");
  assert.equal(hostFacts(runtime).runtime, "memory 1");
  assert.deepEqual(variablesSet(runtime.host), ["SALLYPORT_AUTHTOKEN"]);
});
