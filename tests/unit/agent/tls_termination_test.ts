/** @module */
import assert from "node:assert/strict";
import { pair } from "../../../lib/base/duplex.ts";
import type { TunnelError } from "../../../lib/base/errors.ts";
import {
  type AgentTlsTermination,
  endTls,
  readAgentTermination,
} from "../../../lib/agent/tls_termination.ts";
import { formatProxyHeader } from "../../../lib/http/proxy_protocol.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { makeCa } from "../../fakes/certs.ts";
import { MemoryFiles } from "../../fakes/files.ts";
import { latin1Bytes, Peer } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const { net } = detectRuntime();

async function materials() {
  const [ca, other] = [await makeCa("ours"), await makeCa("theirs")];
  return { ca, other, leaf: await ca.leaf(["a.test"]), otherLeaf: await other.leaf(["a.test"]) };
}

test("readAgentTermination() reads paths and texts, and checks visitors when it has authorities", async () => {
  const { ca, other, leaf } = await materials();
  const files = new MemoryFiles();
  await files.write("/cert.pem", leaf.chainPem);
  await files.write("/cas.pem", ca.caPem + other.caPem);
  const wish = { serverCertificate: "/cert.pem", serverPrivateKey: leaf.keyPem };
  const plain = await readAgentTermination(wish, "tls", files, net);
  assert.equal(plain.clientAuth, undefined);
  assert.equal(plain.certificate.chainPem.trim(), leaf.chainPem.trim());
  const mutual = await readAgentTermination(
    { ...wish, mutualTlsCas: ["/cas.pem"], minVersion: "1.3" },
    "tls",
    files,
    net,
  );
  assert.equal(mutual.clientAuth, "require_and_verify");
  assert.deepEqual(mutual.clientRoots, [ca.caPem.trim(), other.caPem.trim()]);
  assert.equal(mutual.minVersion, "1.3");
  for (
    const [mutualTlsVerification, clientAuth] of [
      ["request", "request"],
      ["require-any", "require_any"],
    ] as const
  ) {
    const asking = await readAgentTermination(
      { ...wish, mutualTlsVerification },
      "tls",
      files,
      net,
    );
    assert.equal(asking.clientAuth, clientAuth);
  }
});

test("readAgentTermination() finds out before any visitor what is of no use", async () => {
  const { leaf, otherLeaf } = await materials();
  const files = new MemoryFiles();
  const wish = { serverCertificate: leaf.chainPem, serverPrivateKey: leaf.keyPem };
  const bad: [AgentTlsTermination, RegExp][] = [
    [{ ...wish, serverPrivateKey: otherLeaf.keyPem }, /the key of our own belongs to another/],
    [{ ...wish, minVersion: "1.3", maxVersion: "1.2" }, /"minVersion" is above "maxVersion"/],
    [{ ...wish, mutualTlsVerification: "require-and-verify" }, /"mutualTlsCas" is missing/],
    [{ ...wish, serverCertificate: "/nowhere.pem" }, /"serverCertificate" from "\/nowhere\.pem"/],
    [{ ...wish, serverPrivateKey: leaf.chainPem }, /private key for "serverPrivateKey"/],
  ];
  for (const [one, found] of bad) {
    await assert.rejects(readAgentTermination(one, "tls", files, net), (error: TunnelError) => {
      assert.match(error.message, found);
      return error.code === "config_invalid" || error.code === "not_found";
    });
  }
  await assert.rejects(
    readAgentTermination(wish, "http", files, net),
    /^TunnelError: Cannot end TLS in the agent: it is for tls endpoints, and this one speaks http$/,
  );
});

test("endTls() keeps the PROXY header in front of what the visitor says inside", async () => {
  const { ca, leaf } = await materials();
  const [far, near] = pair();
  const header = formatProxyHeader(2, {
    source: { host: "203.0.113.9", port: 4711 },
    destination: { host: "198.51.100.1", port: 443 },
  });
  far.write(header);
  const [visitor, inside] = await Promise.all([
    net.startTlsClient(far, { serverName: "a.test", roots: [ca.caPem] }),
    endTls(near, { certificate: leaf }, true, net),
  ]);
  await visitor.write(latin1Bytes("hello"));
  const expected = String.fromCharCode(...header) + "hello";
  await new Peer(inside).expect(expected);
  visitor.abort();
  inside.abort();
  await Promise.all([visitor.closed, inside.closed]);
});
