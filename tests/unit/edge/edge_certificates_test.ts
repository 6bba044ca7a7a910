/** @module */
import assert from "node:assert/strict";
import { pair } from "../../../lib/base/duplex.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { RevocationList } from "../../../lib/edge/certificates/crl.ts";
import { makeAuthority } from "../../../lib/edge/certificates/maker.ts";
import { crlHost, mountCrl, openEdgeCertificates } from "../../../lib/edge/edge_certificates.ts";
import { Mounts } from "../../../lib/edge/mounts.ts";
import { askHttp } from "../../../lib/http/ask.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
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
    httpPort: () => undefined,
  });
  const { names } = await readLeaf((await certificates.agentCertificate()).chainPem);
  assert.ok(names.includes("203.0.113.9"));
  assert.ok(names.includes("edge.example"));
  assert.ok(!names.includes("0.0.0.0"));
  assert.equal(certificates.answers, undefined);
  await certificates.close();
});

test("mountCrl() serves the list at crl.<domain>, and the agents' leaf says where", async () => {
  const runtime = memoryRuntime();
  const mounts = new Mounts();
  const { clock } = runtime;
  const revocations = new RevocationList(undefined, await makeAuthority(clock.now()), clock);
  mountCrl(mounts, ["base.test"], revocations, { clock, logger: silentLogger });
  const get = async (path: string) => {
    const [ours, theirs] = pair();
    const serve = mounts.find(crlHost("base.test"))!;
    const visit = serve(theirs as unknown as Conn, "http");
    const url = new URL(`http://crl.base.test${path}`);
    const answer = await askHttp(ours, { method: "GET", url });
    ours.abort();
    await visit.over;
    return answer;
  };
  const { head, body } = await get("/sallyport.crl");
  assert.equal(head.get("content-type"), "application/pkix-crl");
  assert.equal(body[0], 0x30);
  assert.match(new TextDecoder().decode((await get("/ngrok.crl")).body), /BEGIN X509 CRL/);
  assert.equal((await get("/other")).head.status, 404);
});
