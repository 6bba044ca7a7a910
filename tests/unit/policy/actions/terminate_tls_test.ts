import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, testServices } from "../testing.ts";

const CA = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

async function termination(config: unknown, services = testServices()) {
  const policy = await compileAction("on_tcp_connect", "terminate-tls", config, "tls", services);
  return policy.termination;
}

test("terminate-tls without a config ends TLS as usual", async () => {
  assert.deepEqual(await termination(undefined), { minVersion: "1.2", maxVersion: "1.3" });
});

test("terminate-tls takes versions, a certificate and authorities", async () => {
  const services = testServices({
    certificateAuthority: (id) => Promise.resolve(id === "ca_1" ? CA : undefined),
  });
  const config = {
    min_version: 1.3,
    server_certificate: "CERT",
    server_private_key: "KEY",
    mutual_tls_certificate_authorities: [CA, "ca_1"],
  };
  assert.deepEqual(await termination(config, services), {
    minVersion: "1.3",
    maxVersion: "1.3",
    certificate: { chainPem: "CERT", keyPem: "KEY" },
    clientAuth: "require_and_verify",
    clientRoots: [CA, CA],
  });
  const asks = await termination({ mutual_tls_verification_strategy: "request" });
  assert.equal(asks?.clientAuth, "request");
});

test("terminate-tls refuses halves, unknown authorities and other protocols", async () => {
  const wrong: [unknown, number][] = [
    [{ min_version: "1.3", max_version: "1.2" }, 2222],
    [{ min_version: "1.1" }, 2203],
    [{ server_certificate: "CERT" }, 2240],
    [{ mutual_tls_verification_strategy: "require-and-verify" }, 2240],
    [{ mutual_tls_certificate_authorities: ["ca_2"] }, 2222],
    [{ mutual_tls_certificate_authorities: ["nonsense"] }, 2222],
  ];
  for (const [config, ngrokCode] of wrong) {
    await assert.rejects(termination(config), { ngrokCode }, JSON.stringify(config));
  }
  await assert.rejects(compileAction("on_tcp_connect", "terminate-tls", {}, "tcp"), {
    ngrokCode: 2205,
  });
});
