/** @module */
import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { Buffer } from "node:buffer";
import { SNS } from "../../../../../lib/policy/actions/webhooks/sns.ts";
import { test } from "../../../../harness.ts";
import { messageOf, NOW_MS, verify } from "./sending.ts";
import { certificateFor } from "./x509.ts";

const OWNER = "123456789012";
const URL = "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7.pem";
const FIELDS = {
  Type: "Notification",
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: `arn:aws:sns:us-west-2:${OWNER}:MyTopic`,
  Subject: "My First Message",
  Message: "Hello world!",
  Timestamp: new Date(NOW_MS).toISOString(),
  SigningCertURL: URL,
};

const { pem, pkcs8 } = await certificateFor();
const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });

function signed(
  version: "1" | "2",
  fields: Readonly<Record<string, string>> = FIELDS,
  names: readonly string[] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
): Record<string, string> {
  const text = names.filter((name) => name in fields).map((name) => `${name}\n${fields[name]}\n`);
  const hash = version === "1" ? "sha1" : "sha256";
  const signature = sign(hash, Buffer.from(text.join(""), "utf8"), key).toString("base64");
  return { ...fields, SignatureVersion: version, Signature: signature };
}

const fetchPem = () => Promise.resolve(new TextEncoder().encode(pem));
const judge = (fields: unknown, nowMs = NOW_MS) =>
  verify("sns", { body: JSON.stringify(fields), nowMs }, OWNER, fetchPem);

test("SNS takes what Amazon signed, in both versions, with and without a subject", async () => {
  for (const version of ["1", "2"] as const) {
    assert.deepEqual(await judge(signed(version)), { verified: true });
    const { Subject: _, ...plain } = FIELDS;
    assert.deepEqual(await judge(signed(version, plain)), { verified: true });
  }
});

test("SNS takes the question whether to subscribe", async () => {
  const fields = {
    ...FIELDS,
    Type: "SubscriptionConfirmation",
    Token: "2336",
    SubscribeURL: "https://x",
  };
  const names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  assert.deepEqual(await judge(signed("1", fields, names)), { verified: true });
});

test("SNS refuses what differs from what was signed", async () => {
  const good = signed("2");
  for (const name of ["Message", "MessageId", "Subject", "Timestamp", "Signature", "Type"]) {
    const bad = {
      ...good,
      [name]: name === "Timestamp" ? new Date(NOW_MS + 1).toISOString() : "x",
    };
    assert.equal((await judge(bad)).verified, false, name);
  }
  assert.equal((await judge({ ...good, SignatureVersion: "3" })).verified, false);
  assert.equal((await judge([])).verified, false);
});

test("SNS refuses topics of other accounts, old messages and certificates from elsewhere", async () => {
  const other = { ...FIELDS, TopicArn: "arn:aws:sns:us-west-2:999999999999:MyTopic" };
  assert.match(JSON.stringify(await judge(signed("1", other))), /another account/);
  assert.match(JSON.stringify(await judge(signed("1"), NOW_MS + 3_600_001)), /3600 seconds off/);
  for (
    const url of [
      "http://sns.us-west-2.amazonaws.com/SimpleNotificationService-1.pem",
      "https://sns.us-west-2.amazonaws.com.evil.test/SimpleNotificationService-1.pem",
      "https://evil.test/sns.us-west-2.amazonaws.com/SimpleNotificationService-1.pem",
      "https://bucket.s3.amazonaws.com/SimpleNotificationService-1.pem",
      "https://sns.us-west-2.amazonaws.com/x.pem?y=SimpleNotificationService-1.pem",
      "https://sns.us-west-2.amazonaws.com@evil.test/SimpleNotificationService-1.pem",
    ]
  ) {
    const verdict = await judge(signed("1", { ...FIELDS, SigningCertURL: url }));
    assert.match(JSON.stringify(verdict), /certificate is not Amazon's/, url);
  }
});

test("SNS fetches a certificate once", async () => {
  let fetched = 0;
  const tools = {
    keys: new Map<string, Uint8Array>(),
    fetchBytes: (url: string, maxBytes: number) => {
      fetched++;
      assert.equal(url, URL);
      assert.ok(maxBytes <= 65_536);
      return fetchPem();
    },
  };
  const message = messageOf({ body: JSON.stringify(signed("1")) });
  assert.equal((await SNS.verify(message, OWNER, tools)).verified, true);
  assert.equal((await SNS.verify(message, OWNER, tools)).verified, true);
  assert.equal(fetched, 1);
});

test("SNS complains about an owner that is no account", () => {
  assert.equal(SNS.complain!(OWNER), undefined);
  assert.match(SNS.complain!("my secret")!, /12 digits/);
});
