import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { withApi } from "../kit.ts";
import { issue } from "../x509_kit.ts";
import { assertRefused, journey, longTexts } from "./journey.ts";

const path = "/tls_certificates";

test("tls_certificates: created, read, listed, changed, deleted", async () => {
  const { certPem, keyPem } = await issue({ dns: ["shop.example.com"] });
  await withApi((stage) =>
    journey(stage, {
      path,
      prefix: "cert",
      event: "tls_certificate",
      create: { certificate_pem: certPem, private_key_pem: keyPem, description: "d" },
      created: {
        certificate_pem: certPem,
        private_key_pem: undefined,
        subject_common_name: "shop.example.com",
        not_after: "2030-01-01T00:00:00Z",
        issued_at: null,
        private_key_type: "ecdsa",
      },
      update: { metadata: "m" },
      updated: { metadata: "m", description: "d", subject_common_name: "shop.example.com" },
    })
  );
});

test("tls_certificates: the key is sealed for its own row", async () => {
  const { certPem, keyPem } = await issue();
  await withApi(async ({ caller, store, sealer, events }) => {
    const body = { certificate_pem: certPem, private_key_pem: keyPem };
    const { id } = await caller.make(path, body);
    const row = (await store.tls_certificates.get(caller.accountId, id))!;
    assert.equal(await sealer.open(row.private_key_sealed, `tls_certificates/${id}`), keyPem);
    const secret = keyPem.split("\n")[1];
    assert.ok(!JSON.stringify([row, events]).includes(secret));
  });
});

test("tls_certificates: can be found by when they end", async () => {
  const { certPem, keyPem } = await issue();
  await withApi(async ({ caller }) => {
    await caller.make(path, { certificate_pem: certPem, private_key_pem: keyPem });
    const count = async (filter: string) =>
      (await caller.get(`${path}?filter=${encodeURIComponent(filter)}`)).body.tls_certificates
        .length;
    assert.equal(await count('obj.not_after <= timestamp("2030-01-01T00:00:00Z")'), 1);
    assert.equal(await count('obj.not_after < timestamp("2030-01-01T00:00:00Z")'), 0);
    assert.equal(await count('obj.not_after <= timestamp(time.now).add("24h")'), 0);
    assert.equal(await count('obj.serial_number == "0a1b2c"'), 1);
  });
});

test("tls_certificates: refuses what it must, with its numbers", async () => {
  const { certPem, keyPem } = await issue();
  const other = await issue();
  const body = { certificate_pem: certPem, private_key_pem: keyPem };
  await withApi(async ({ caller }) => {
    await assertRefused(caller, [
      ["no certificate", "POST", path, { private_key_pem: keyPem }, 1922, 400],
      ["no key", "POST", path, { certificate_pem: certPem }, 1901, 400],
      ["another's key", "POST", path, { ...body, private_key_pem: other.keyPem }, 1923, 400],
      ["certificate in update", "PATCH", `${path}/cert_1`, body, 214, 400],
      ...longTexts(path, body, 1916, 1917),
    ]);
  });
});
