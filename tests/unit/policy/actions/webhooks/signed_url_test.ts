/** @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  addressForms,
  URL_PROVIDERS,
} from "../../../../../lib/policy/actions/webhooks/signed_url.ts";
import { test } from "../../../../harness.ts";
import { BODY, broken, isGenuine, mac, NOW_MS, SECRET, type Sent } from "./sending.ts";

const FORM = { "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8" };

/** Genuine, and refused when anything about it changes, its address included. */
async function proves(id: string, sent: Sent, secret: string = SECRET): Promise<void> {
  assert.equal(await isGenuine(id, sent, secret), true, id);
  for (const bad of broken(sent)) {
    // A form without its type is another body.
    assert.equal(await isGenuine(id, bad, secret), false, id);
  }
  assert.equal(await isGenuine(id, { ...sent, url: "https://b.example.com/hook" }, secret), false);
  assert.equal(await isGenuine(id, sent, "another secret"), false, id);
}

test("URL_PROVIDERS: HubSpot signs method, address, body and time", async () => {
  assert.deepEqual(URL_PROVIDERS.map(({ id }) => id), [
    "hubspot",
    "mailchimp",
    "plivo",
    "square",
    "twilio",
  ]);
  const url = "https://a.example.com/hook?to=a%40b.c&x=%C3%A9";
  const text = `POSThttps://a.example.com/hook?to=a@b.c&x=%C3%A9${BODY}${NOW_MS}`;
  const sent: Sent = {
    url,
    headers: {
      "X-HubSpot-Signature-v3": mac("sha256", "base64", text),
      "X-HubSpot-Request-Timestamp": String(NOW_MS),
    },
  };
  await proves("hubspot", sent);
  assert.equal(await isGenuine("hubspot", { ...sent, nowMs: NOW_MS + 300_001 }), false);
  // Versions 1 and 2 can be made longer by whoever has one.
  const v1 = createHash("sha256").update(SECRET + BODY).digest("hex");
  const old = { "X-HubSpot-Signature": v1, "X-HubSpot-Signature-Version": "v1" };
  assert.equal(await isGenuine("hubspot", { headers: old }), false);
});

test("URL_PROVIDERS: Mailchimp Transactional signs address and sorted fields", async () => {
  const sent: Sent = {
    url: "https://a.example.com/hook",
    body: "mandrill_events=%5B%7B%22event%22%3A%22push%22%7D%5D&a=1+2",
    headers: {
      ...FORM,
      "X-Mandrill-Signature": mac(
        "sha1",
        "base64",
        'https://a.example.com/hooka1 2mandrill_events[{"event":"push"}]',
      ),
    },
  };
  await proves("mailchimp", sent);
});

test("URL_PROVIDERS: Square signs address and body", async () => {
  const headers = {
    "x-square-hmacsha256-signature": mac("sha256", "base64", `https://a.example.com/hook${BODY}`),
  };
  await proves("square", { headers });
  const root = {
    url: "https://a.example.com/",
    headers: {
      "x-square-hmacsha256-signature": mac("sha256", "base64", `https://a.example.com${BODY}`),
    },
  };
  assert.equal(await isGenuine("square", root), true);
});

test("URL_PROVIDERS agree with Twilio's documented example", async () => {
  // "Validating Signatures from Twilio", and the tests of Twilio's libraries.
  const sent: Sent = {
    url: "https://mycompany.com/myapp.php?foo=1&bar=2",
    body:
      "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212",
    headers: { ...FORM, "X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=" },
  };
  assert.equal(await isGenuine("twilio", sent, "12345"), true);
  const bad = { ...sent, body: sent.body!.replace("1234&", "1235&") };
  assert.equal(await isGenuine("twilio", bad, "12345"), false);
  assert.equal(await isGenuine("twilio", { ...sent, headers: FORM }, "12345"), false);
});

test("URL_PROVIDERS: Twilio's other bodies are covered by bodySHA256", async () => {
  const hash = createHash("sha256").update(BODY, "utf8").digest("hex");
  const url = `https://a.example.com/hook?bodySHA256=${hash}`;
  const headers = { "X-Twilio-Signature": mac("sha1", "base64", url) };
  await proves("twilio", { url, headers });
  // Without it a body that is no form is not covered by anything.
  const bare = {
    headers: { "X-Twilio-Signature": mac("sha1", "base64", "https://a.example.com/hook") },
  };
  assert.equal(await isGenuine("twilio", bare), false);
});

test("URL_PROVIDERS: Plivo's version 2 signs the address without its query", async () => {
  const sent: Sent = {
    url: "https://a.example.com/hook?x=1",
    headers: {
      "X-Plivo-Signature-V2": mac("sha256", "base64", "https://a.example.com/hook0542"),
      "X-Plivo-Signature-V2-Nonce": "0542",
    },
  };
  assert.equal(await isGenuine("plivo", sent), true);
  const main = {
    "X-Plivo-Signature-V2": "AAAA",
    "X-Plivo-Signature-Ma-V2": sent.headers!["X-Plivo-Signature-V2"],
    "X-Plivo-Signature-V2-Nonce": "0542",
  };
  assert.equal(await isGenuine("plivo", { ...sent, headers: main }), true);
  const nonce = { ...sent.headers, "X-Plivo-Signature-V2-Nonce": "0543" };
  assert.equal(await isGenuine("plivo", { ...sent, headers: nonce }), false);
  assert.equal(await isGenuine("plivo", {}), false);
});

test("URL_PROVIDERS: Plivo's version 3 signs sorted query and fields", async () => {
  const text = "https://a.example.com/hook?a=1&b=2.From15Topush7.77";
  const sent: Sent = {
    url: "https://a.example.com/hook?b=2&a=1",
    body: "To=push7&From=15",
    headers: {
      ...FORM,
      "X-Plivo-Signature-V3": mac("sha256", "base64", text),
      "X-Plivo-Signature-V3-Nonce": "77",
    },
  };
  await proves("plivo", sent);
  const get: Sent = {
    method: "GET",
    body: "",
    url: "https://a.example.com/hook?b=2&a=1",
    headers: {
      "X-Plivo-Signature-V3": mac("sha256", "base64", "https://a.example.com/hook?a=1&b=2.77"),
      "X-Plivo-Signature-V3-Nonce": "77",
    },
  };
  assert.equal(await isGenuine("plivo", get), true);
});

test("addressForms() knows the ways to write one address, and no other address", () => {
  assert.deepEqual(addressForms("https://a.b/"), [
    "https://a.b/",
    "https://a.b",
    "https://a.b:443/",
    "https://a.b:443",
  ]);
  assert.deepEqual(addressForms("http://a.b:80/x?y=1"), [
    "http://a.b:80/x?y=1",
    "http://a.b/x?y=1",
  ]);
  assert.deepEqual(addressForms("https://a.b:8443/x"), ["https://a.b:8443/x"]);
});
