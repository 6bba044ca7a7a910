/** @module */
import assert from "node:assert/strict";
import { openEdgeCertificates } from "../../../lib/edge/edge_certificates.ts";
import { type EdgeOptions, resolveEdgeOptions } from "../../../lib/edge/config.ts";
import { EndpointRegistry } from "../../../lib/edge/endpoints.ts";
import { readLeaf } from "../../../lib/edge/certificates/x509.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

test("openEdgeCertificates() covers the addresses that the doors stand at, when they are addresses", async () => {
  const options: EdgeOptions = {
    domain: "base.test",
    https: { host: "203.0.113.9", port: 0 },
    agents: { host: "0.0.0.0", port: 0 },
    agentNames: ["Edge.example"],
  };
  const certificates = await openEdgeCertificates({
    config: resolveEdgeOptions(options),
    runtime: memoryRuntime(),
    identity: undefined,
    endpoints: new EndpointRegistry(),
  });
  const { names } = await readLeaf((await certificates.agentCertificate()).chainPem);
  assert.ok(names.includes("203.0.113.9"));
  assert.ok(names.includes("edge.example"));
  assert.ok(!names.includes("0.0.0.0"));
  assert.equal(certificates.answers, undefined);
  await certificates.close();
});
