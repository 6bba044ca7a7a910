/** @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SVIX_PROVIDERS } from "../../../../../lib/policy/actions/webhooks/svix.ts";
import { test } from "../../../../harness.ts";
import { BODY, broken, isGenuine, mac, NOW_MS, NOW_S, type Sent, verify } from "./sending.ts";

const KEY = Buffer.from("0123456789abcdefghijklmn");
const SECRET = `whsec_${KEY.toString("base64")}`;

function signed(prefix: string): Sent {
  const signature = mac("sha256", "base64", `msg_1.${NOW_S}.${BODY}`, KEY);
  return {
    headers: {
      [`${prefix}-id`]: "msg_1",
      [`${prefix}-timestamp`]: NOW_S,
      [`${prefix}-signature`]: `v1,${signature}`,
    },
  };
}

test("SVIX_PROVIDERS take what each provider signs, and nothing that differs", async () => {
  assert.deepEqual(SVIX_PROVIDERS.map(({ id }) => id), ["brex", "clerk", "svix"]);
  for (const { id } of SVIX_PROVIDERS) {
    const sent = signed(id === "brex" ? "Webhook" : "svix");
    assert.deepEqual(await verify(id, sent, SECRET), { verified: true }, id);
    for (const bad of broken(sent)) assert.equal(await isGenuine(id, bad, SECRET), false, id);
    assert.equal(await isGenuine(id, sent, "whsec_AAAA"), false, id);
    assert.equal(await isGenuine(id, { ...sent, nowMs: NOW_MS + 300_001 }, SECRET), false, id);
  }
});

test("SVIX_PROVIDERS agree with the example that Svix documents", async () => {
  const sent: Sent = {
    body: '{"test": 2432232314}',
    headers: {
      "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "svix-timestamp": "1614265330",
      "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    nowMs: 1614265330_000,
  };
  assert.equal(await isGenuine("svix", sent, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), true);
});

test("SVIX_PROVIDERS take one of several signatures, and one of several keys", async () => {
  const sent = signed("svix");
  const good = sent.headers!["svix-signature"];
  const headers = { ...sent.headers, "svix-signature": `v2,AAAA v1,AAAA ${good}` };
  assert.equal(await isGenuine("svix", { headers }, SECRET), true);
  assert.equal(await isGenuine("svix", { headers }, `whsec_AAAA ${SECRET}`), true);
});

test("SVIX_PROVIDERS complain about a secret that is no key", () => {
  const [{ complain }] = SVIX_PROVIDERS;
  assert.equal(complain!(SECRET), undefined);
  assert.match(complain!("AAAA b")!, /must be base64/);
  assert.match(complain!("no-base64!")!, /must be base64/);
  assert.match(complain!("whsec_")!, /must be base64/);
});
