/** @module */
import assert from "node:assert/strict";
import { managedRef } from "../../../lib/api/managed_certificates.ts";
import type { Call } from "../../../lib/api/resource.ts";
import type { ReservedDomainRow } from "../../../lib/store/tables.ts";
import { test } from "../../harness.ts";
import { assertProblem, BASE, type FakeLive, withApi } from "./kit.ts";
import { issue } from "./x509_kit.ts";

const POLICY = { authority: "letsencrypt", private_key_type: "ecdsa" };

/** The edge has got a certificate for one name. */
function got(live: FakeLive, domain: string, chainPem: string) {
  const issuedAtMs = Date.UTC(2026, 0, 2);
  live.certificateOf = (name) =>
    name === domain ? { renewsAtMs: issuedAtMs + 1, issuedAtMs, trouble: undefined } : undefined;
  live.chainOf = (name) => Promise.resolve(name === domain ? chainPem : undefined);
}

test("managed certificates: a domain refers to the one it got, which is shown and listed", async () => {
  const { certPem, keyPem } = await issue({ dns: ["shop.example.com"] });
  await withApi(async ({ caller, live, stranger }) => {
    const body = { domain: "shop.example.com", certificate_management_policy: POLICY };
    const made = await caller.make("/reserved_domains", body);
    assert.equal(made.certificate, null, "there is none yet");
    got(live, "shop.example.com", certPem);
    const { certificate } = (await caller.get(`/reserved_domains/${made.id}`)).body;
    const id = made.id.replace("rd_", "cert_");
    assert.deepEqual(certificate, { id, uri: `${BASE}/tls_certificates/${id}` });
    const { body: shown } = await caller.get(`/tls_certificates/${id}`);
    assert.equal(shown.subject_common_name, "shop.example.com");
    assert.equal(shown.issued_at, "2026-01-02T00:00:00Z");
    assert.equal(shown.certificate_pem, certPem);
    const upload = { certificate_pem: certPem, private_key_pem: keyPem };
    const uploaded = await caller.make("/tls_certificates", upload);
    const pages: string[] = [];
    let next: string | null = "/tls_certificates?limit=1";
    while (next !== null) {
      const { body }: { body: Record<string, unknown> } = await caller.get(next);
      pages.push(...(body.tls_certificates as { id: string }[]).map((one) => one.id));
      next = (body.next_page_uri as string | null)?.replace(BASE, "") ?? null;
    }
    assert.deepEqual(pages, [uploaded.id, id]);
    // It is the edge's to change, and nobody else's to see.
    assertProblem(await caller.delete(`/tls_certificates/${id}`), undefined, 409);
    assertProblem(
      await caller.patch(`/tls_certificates/${id}`, { metadata: "m" }),
      undefined,
      409,
    );
    const other = await stranger();
    assertProblem(await other.get(`/tls_certificates/${id}`), undefined, 404);
    assert.deepEqual((await other.get("/tls_certificates")).body.tls_certificates, []);
    await caller.delete(`/reserved_domains/${made.id}/certificate_management_policy`);
    assertProblem(await caller.get(`/tls_certificates/${id}`), undefined, 404);
  });
});

test("managedRef() is null without a policy, with an uploaded certificate, and before one was got", () => {
  const row = { id: "rd_1", domain: "a.test", certificate_id: null } as ReservedDomainRow;
  const call = (issuedAtMs?: number) =>
    ({
      api: { deps: { live: { certificateOf: () => ({ issuedAtMs }) } } },
      uri: (path: string) => path,
    }) as unknown as Call;
  const ordered = { ...row, certificate_management_policy: POLICY };
  assert.deepEqual(managedRef(call(1), ordered), {
    id: "cert_1",
    uri: "/tls_certificates/cert_1",
  });
  assert.equal(managedRef(call(1), { ...row, certificate_management_policy: null }), null);
  assert.equal(managedRef(call(1), { ...ordered, certificate_id: "cert_2" }), null);
  assert.equal(managedRef(call(), ordered), null);
});
