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

test("statusOf() is there when a policy is", () => {
  const status = statusOf({ authority: "letsencrypt", private_key_type: "rsa" });
  assert.deepEqual(status, { renews_at: null, provisioning_job: null });
  assert.ok(statusAnswer.safeParse(status).success);
  assert.equal(statusOf(null), null);
});
