/** @module */
import assert from "node:assert/strict";
import { describeCertificate } from "../../../../lib/ui/admin/certificate_words.ts";
import type { Domain } from "../../../../lib/ui/admin/model.ts";
import { test } from "../../../harness.ts";

const DOMAIN: Domain = { id: "rd_1", domain: "a.example", created_at: "2026-01-01T00:00:00Z" };
const POLICY = { certificate_management_policy: { authority: "letsencrypt" } };

test("describeCertificate() says how it stands, and bad news first", () => {
  const words = (domain: Partial<Domain>) => {
    const { kind, words, more } = describeCertificate({ ...DOMAIN, ...domain });
    return [kind, words, more];
  };
  assert.deepEqual(words({}), ["plain", "the edge’s own", undefined]);
  assert.deepEqual(words({ certificate: { id: "cert_1" } }), ["good", "uploaded", undefined]);
  assert.deepEqual(words({ ...POLICY, certificate_management_status: null }), [
    "good",
    "automatic",
    undefined,
  ]);
  const renews = { certificate_management_status: { renews_at: "2027-01-14T00:00:00Z" } };
  assert.deepEqual(words({ ...POLICY, ...renews }), ["good", "automatic", "renews on 2027-01-14"]);
  const job = (error_code: string | null) => ({
    certificate_management_status: { provisioning_job: { error_code, msg: "DNS leads elsewhere" } },
  });
  assert.deepEqual(words({ ...POLICY, ...job(null) }), [
    "plain",
    "on its way",
    "DNS leads elsewhere",
  ]);
  assert.deepEqual(words({ ...POLICY, ...job("ERR_NGROK_9501") }), [
    "warn",
    "failing",
    "DNS leads elsewhere",
  ]);
});
