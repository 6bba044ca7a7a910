import assert from "node:assert/strict";
import {
  policyAnswer,
  policyField,
  statusAnswer,
  statusOf,
} from "../../../lib/api/certificate_policy.ts";
import { test } from "../../harness.ts";

test("policyField() fills in authority and type of key", () => {
  const expected = { authority: "letsencrypt", private_key_type: "rsa" };
  assert.deepEqual(policyField("rsa").parse({}), expected);
  assert.equal(policyField("ecdsa").parse({}).private_key_type, "ecdsa");
  for (const wrong of [{ authority: "x" }, { private_key_type: "dsa" }, { x: 1 }]) {
    assert.ok(!policyField("rsa").safeParse(wrong).success);
  }
  assert.ok(policyAnswer.safeParse(expected).success && policyAnswer.safeParse(null).success);
});

test("statusOf() is there when a policy is, and says what stands in the way", () => {
  const policy = { authority: "letsencrypt", private_key_type: "rsa" };
  const status = statusOf(policy, undefined);
  assert.deepEqual(status, { renews_at: null, provisioning_job: null });
  assert.ok(statusAnswer.safeParse(status).success);
  assert.equal(statusOf(null, undefined), null);
  const failing = statusOf(policy, {
    renewsAtMs: Date.UTC(2030, 0, 1),
    trouble: {
      errorCode: "DNS_ERROR",
      message: "no address",
      startedAtMs: Date.UTC(2029, 0, 1),
      retriesAtMs: Date.UTC(2029, 0, 2),
    },
  });
  assert.deepEqual(failing, {
    renews_at: "2030-01-01T00:00:00Z",
    provisioning_job: {
      error_code: "DNS_ERROR",
      msg: "no address",
      started_at: "2029-01-01T00:00:00Z",
      retries_at: "2029-01-02T00:00:00Z",
    },
  });
  assert.ok(statusAnswer.safeParse(failing).success);
});
