/** @module */
import assert from "node:assert/strict";
import { CHALLENGE_PROVIDERS } from "../../../../../lib/policy/actions/webhooks/challenges.ts";
import { test } from "../../../../harness.ts";
import { BODY, broken, isGenuine, mac, NOW_MS, NOW_S, type Sent, verify } from "./sending.ts";

test("CHALLENGE_PROVIDERS take what each provider signs, and nothing that differs", async () => {
  const signed: Record<string, Sent> = {
    twitter: {
      headers: { "x-twitter-webhooks-signature": `sha256=${mac("sha256", "base64", BODY)}` },
    },
    worldline: { headers: { "X-GCS-Signature": mac("sha256", "base64", BODY) } },
    xero: { headers: { "x-xero-signature": mac("sha256", "base64", BODY) } },
    zoom: {
      headers: {
        "x-zm-signature": `v0=${mac("sha256", "hex", `v0:${NOW_S}:${BODY}`)}`,
        "x-zm-request-timestamp": NOW_S,
      },
    },
  };
  assert.deepEqual(CHALLENGE_PROVIDERS.map(({ id }) => id), Object.keys(signed));
  for (const [id, sent] of Object.entries(signed)) {
    assert.deepEqual(await verify(id, sent), { verified: true }, id);
    for (const bad of broken(sent)) assert.equal(await isGenuine(id, bad), false, id);
    assert.equal(await isGenuine(id, sent, "another secret"), false, id);
  }
});

test("CHALLENGE_PROVIDERS: Twitter gets the hash of its token", async () => {
  const verdict = await verify("twitter", {
    method: "GET",
    url: "https://a.example.com/hook?crc_token=abc123&nonce=1",
    body: "",
  });
  assert.deepEqual(verdict.verified && JSON.parse(verdict.answer!.body), {
    response_token: `sha256=${mac("sha256", "base64", "abc123")}`,
  });
  assert.equal(await isGenuine("twitter", { method: "GET", body: "" }), false);
});

test("CHALLENGE_PROVIDERS never sign a message for whoever asks", async () => {
  const token = encodeURIComponent('{"for_user_id":"1","tweet_create_events":[]}');
  const asked = { method: "GET", url: `https://a.example.com/?crc_token=${token}`, body: "" };
  const verdict = await verify("twitter", asked);
  assert.deepEqual(verdict, { verified: false, reason: "its crc_token is no token" });
  // Zoom's question is answered when Zoom signed it, and not even then for what looks like a message.
  const question = (plainToken: string) =>
    JSON.stringify({ event: "endpoint.url_validation", payload: { plainToken } });
  const unsigned = { body: question("abc") };
  assert.equal((await verify("zoom", unsigned)).verified, false);
  const body = question(`v0:${NOW_S}:{"event":"x"}`);
  const headers = {
    "x-zm-signature": `v0=${mac("sha256", "hex", `v0:${NOW_S}:${body}`)}`,
    "x-zm-request-timestamp": NOW_S,
  };
  assert.deepEqual(await verify("zoom", { body, headers }), {
    verified: false,
    reason: "its plainToken is no token",
  });
});

test("CHALLENGE_PROVIDERS: Zoom gets its token and the hash of it", async () => {
  const body = JSON.stringify({
    event: "endpoint.url_validation",
    payload: { plainToken: "qgg8vlvZRS6UYooatFL8Aw" },
    event_ts: NOW_MS,
  });
  const headers = {
    "x-zm-signature": `v0=${mac("sha256", "hex", `v0:${NOW_S}:${body}`)}`,
    "x-zm-request-timestamp": NOW_S,
  };
  const verdict = await verify("zoom", { body, headers });
  assert.ok(verdict.verified);
  assert.equal(verdict.answer?.contentType, "application/json");
  assert.deepEqual(JSON.parse(verdict.answer!.body), {
    plainToken: "qgg8vlvZRS6UYooatFL8Aw",
    encryptedToken: mac("sha256", "hex", "qgg8vlvZRS6UYooatFL8Aw"),
  });
});

test("CHALLENGE_PROVIDERS: Worldline gets its text back, if it is one that harms nobody", async () => {
  const ask = (text: string) =>
    verify("worldline", {
      method: "GET",
      body: "",
      headers: { "X-GCS-Webhooks-Endpoint-Verification": text },
    });
  assert.deepEqual(await ask("71a7e0ca-3f9e"), {
    verified: true,
    answer: { status: 200, contentType: "text/plain; charset=utf-8", body: "71a7e0ca-3f9e" },
  });
  assert.equal((await ask("<script>")).verified, false);
});

test("CHALLENGE_PROVIDERS: Xero's intent to receive is answered with 200 or 401, and no body", async () => {
  const body = '{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "S0m3"}';
  const good = await verify("xero", {
    body,
    headers: { "x-xero-signature": mac("sha256", "base64", body) },
  });
  assert.deepEqual([good.verified, good.answer?.status, good.answer?.body], [true, 200, ""]);
  const bad = await verify("xero", {
    body,
    headers: { "x-xero-signature": mac("sha256", "base64", "x") },
  });
  assert.deepEqual([bad.verified, bad.answer?.status, bad.answer?.body], [false, 401, ""]);
});
