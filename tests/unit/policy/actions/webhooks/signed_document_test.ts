/** @module */
import assert from "node:assert/strict";
import {
  DOCUMENT_PROVIDERS,
  jsonObject,
  withoutWhiteSpace,
} from "../../../../../lib/policy/actions/webhooks/signed_document.ts";
import { test } from "../../../../harness.ts";
import { BODY, broken, isGenuine, mac, NOW_MS, NOW_S, type Sent, verify } from "./sending.ts";

test("DOCUMENT_PROVIDERS: Contentful signs a canonical request", async () => {
  assert.deepEqual(DOCUMENT_PROVIDERS.map(({ id }) => id), [
    "contentful",
    "graphcms",
    "linear",
    "mailgun",
    "sonatype",
  ]);
  const names = "content-type,x-contentful-signed-headers,x-contentful-timestamp";
  const lines =
    `content-type:application/json;x-contentful-signed-headers:${names};x-contentful-timestamp:${NOW_MS}`;
  const sent = (path: string, canonical: string): Sent => ({
    url: `https://a.example.com${path}`,
    headers: {
      "Content-Type": "application/json",
      "x-contentful-signed-headers": names,
      "x-contentful-timestamp": String(NOW_MS),
      "x-contentful-signature": mac("sha256", "hex", `POST\n${canonical}\n${lines}\n${BODY}`),
    },
  });
  const plain = sent("/hook", "/hook");
  assert.deepEqual(await verify("contentful", plain), { verified: true });
  for (const bad of broken(plain)) assert.equal(await isGenuine("contentful", bad), false);
  // Its toolkit escapes the query, and then all of it once more.
  assert.equal(
    await isGenuine("contentful", sent("/hook?q=1&w=2", "/hook?q%253D1%2526w%253D2")),
    true,
  );
  assert.equal(await isGenuine("contentful", { ...plain, nowMs: NOW_MS + 30_001 }), false);
});

test("DOCUMENT_PROVIDERS: Contentful must have signed its time", async () => {
  const sent: Sent = {
    headers: {
      "x-contentful-signed-headers": "x-other",
      "x-other": "1",
      "x-contentful-timestamp": String(NOW_MS),
      "x-contentful-signature": mac("sha256", "hex", `POST\n/hook\nx-other:1\n${BODY}`),
    },
  };
  assert.deepEqual(await verify("contentful", sent), {
    verified: false,
    reason: "its timestamp is not signed",
  });
});

test("DOCUMENT_PROVIDERS: Hygraph signs a document around the body", async () => {
  const document = JSON.stringify({ Body: BODY, EnvironmentName: "master", TimeStamp: NOW_MS });
  const sign = mac("sha256", "base64", document);
  const sent: Sent = { headers: { "gcms-signature": `sign=${sign}, env=master, t=${NOW_MS}` } };
  assert.deepEqual(await verify("graphcms", sent), { verified: true });
  for (const bad of broken(sent)) assert.equal(await isGenuine("graphcms", bad), false);
  const other = { "gcms-signature": `sign=${sign}, env=stage, t=${NOW_MS}` };
  assert.equal(await isGenuine("graphcms", { headers: other }), false);
  assert.equal(await isGenuine("graphcms", { ...sent, nowMs: NOW_MS + 180_001 }), false);
});

test("DOCUMENT_PROVIDERS: Linear signs the body, in which the time stands", async () => {
  const body = `{"action":"push","webhookTimestamp":${NOW_MS}}`;
  const sent: Sent = { body, headers: { "Linear-Signature": mac("sha256", "hex", body) } };
  assert.deepEqual(await verify("linear", sent), { verified: true });
  for (const bad of broken(sent)) assert.equal(await isGenuine("linear", bad), false);
  assert.equal(await isGenuine("linear", { ...sent, nowMs: NOW_MS + 60_001 }), false);
  const timeless = { headers: { "Linear-Signature": mac("sha256", "hex", BODY) } };
  assert.deepEqual(await verify("linear", timeless), {
    verified: false,
    reason: "its body has no webhookTimestamp",
  });
});

test("DOCUMENT_PROVIDERS: Mailgun carries its signature in the body", async () => {
  const token = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0";
  const signature = mac("sha256", "hex", NOW_S + token);
  const body = (over: object = {}) =>
    JSON.stringify({
      signature: { timestamp: NOW_S, token, signature, ...over },
      "event-data": { event: "opened" },
    });
  assert.deepEqual(await verify("mailgun", { body: body() }), { verified: true });
  assert.equal(await isGenuine("mailgun", { body: body({ token: "x" }) }), false);
  assert.equal(await isGenuine("mailgun", { body: body({ signature: undefined }) }), false);
  assert.equal(await isGenuine("mailgun", { body: "[]" }), false);
  assert.equal(await isGenuine("mailgun", { body: body(), nowMs: NOW_MS + 180_001 }), false);
  const form = {
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: `timestamp=${NOW_S}&token=${token}&signature=${signature}&event=opened`,
  };
  assert.equal(await isGenuine("mailgun", form), true);
});

test("DOCUMENT_PROVIDERS: Sonatype signs the body, or the body without its white space", async () => {
  const pretty = '{\n  "a b" : "push \\" c",\n  "n" : [ 1, 2 ]\n}';
  const compact = '{"a b":"push \\" c","n":[1,2]}';
  for (const text of [pretty, compact]) {
    const sent: Sent = {
      body: pretty,
      headers: { "X-Nexus-Webhook-Signature": mac("sha1", "hex", text) },
    };
    assert.equal(await isGenuine("sonatype", sent), true);
    for (const bad of broken(sent)) assert.equal(await isGenuine("sonatype", bad), false);
  }
});

test("withoutWhiteSpace() leaves strings alone, even broken ones", () => {
  const strip = (text: string) =>
    new TextDecoder().decode(withoutWhiteSpace(new TextEncoder().encode(text)));
  assert.equal(strip(' { "a \\\\" : " b " } \r\n\t'), '{"a \\\\":" b "}');
  assert.equal(strip('"a \\'), '"a \\');
  assert.equal(strip(""), "");
});

test("jsonObject() reads objects only", () => {
  const read = (text: string) => jsonObject(new TextEncoder().encode(text));
  assert.deepEqual(read('{"a":1}'), { a: 1 });
  for (const text of ["", "[]", "null", "1", '"x"', "{"]) assert.equal(read(text), undefined);
});
