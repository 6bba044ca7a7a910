/** @module */
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { SENDGRID } from "../../../../../lib/policy/actions/webhooks/sendgrid.ts";
import { test } from "../../../../harness.ts";
import { BODY, broken, isGenuine, NOW_MS, NOW_S, type Sent, verify } from "./sending.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const SECRET = publicKey.export({ type: "spki", format: "der" }).toString("base64");

test("SENDGRID takes what the owner of the key signed, and nothing that differs", async () => {
  const signature = sign("sha256", new TextEncoder().encode(NOW_S + BODY), privateKey);
  const sent: Sent = {
    headers: {
      "X-Twilio-Email-Event-Webhook-Signature": signature.toString("base64"),
      "X-Twilio-Email-Event-Webhook-Timestamp": NOW_S,
    },
  };
  assert.deepEqual(await verify("sendgrid", sent, SECRET), { verified: true });
  for (const bad of broken(sent)) assert.equal(await isGenuine("sendgrid", bad, SECRET), false);
  assert.equal(await isGenuine("sendgrid", { ...sent, nowMs: NOW_MS + 180_001 }, SECRET), false);
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  const otherKey = other.export({ type: "spki", format: "der" }).toString("base64");
  assert.equal(await isGenuine("sendgrid", sent, otherKey), false);
});

test("SENDGRID agrees with the example in SendGrid's libraries", async () => {
  const key =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
  const sent: Sent = {
    body: JSON.stringify([{
      email: "hello@world.com",
      event: "dropped",
      reason: "Bounced Address",
      sg_event_id: "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
      sg_message_id: "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
      "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
      timestamp: 1600112492,
    }]) + "\r\n",
    headers: {
      "X-Twilio-Email-Event-Webhook-Signature":
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
      "X-Twilio-Email-Event-Webhook-Timestamp": "1600112502",
    },
    nowMs: 1600112502_000,
  };
  assert.deepEqual(await verify("sendgrid", sent, key), { verified: true });
});

test("SENDGRID complains about what is no public key", () => {
  assert.equal(SENDGRID.complain!(SECRET), undefined);
  assert.match(SENDGRID.complain!("no key")!, /verification key/);
});
