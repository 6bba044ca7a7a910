/** @module */
import assert from "node:assert/strict";
import { TIMED_PROVIDERS } from "../../../../../lib/policy/actions/webhooks/hmac_timed.ts";
import { test } from "../../../../harness.ts";
import { BODY, broken, isGenuine, mac, NOW_MS, NOW_S, type Sent, verify } from "./sending.ts";

const ISO = new Date(NOW_MS).toISOString();
const NAIVE = ISO.replace("Z", "");

function stripeLike(header: string, field = "v1"): Sent {
  return {
    headers: { [header]: `t=${NOW_S},${field}=${mac("sha256", "hex", `${NOW_S}.${BODY}`)}` },
  };
}

/** How each provider signs, and how far its time may be off, in seconds. */
const DOCUMENTED: Readonly<Record<string, readonly [sent: Sent, toleranceS: number]>> = {
  calendly: [stripeLike("Calendly-Webhook-Signature"), 180],
  go1: [stripeLike("Go1-Signature"), 180],
  hostedhooks: [stripeLike("HostedHooks-Signature", "s"), 180],
  mux: [stripeLike("Mux-Signature"), 300],
  stripe: [stripeLike("Stripe-Signature"), 300],
  tiktok: [stripeLike("TikTok-Signature", "s"), 180],
  airship: [{
    headers: {
      "X-UA-SIGNATURE": mac("sha256", "hex", `${NOW_S}:${BODY}`),
      "X-UA-TIMESTAMP": NOW_S,
    },
  }, 180],
  box: [{
    headers: {
      "BOX-SIGNATURE-PRIMARY": mac("sha256", "base64", BODY + ISO),
      "BOX-DELIVERY-TIMESTAMP": ISO,
    },
  }, 600],
  frameio: [{
    headers: {
      "X-Frameio-Signature": `v0=${mac("sha256", "hex", `v0:${NOW_S}:${BODY}`)}`,
      "X-Frameio-Request-Timestamp": NOW_S,
    },
  }, 300],
  orb: [{
    headers: {
      "X-Orb-Signature": `v1=${mac("sha256", "hex", `v1:${NAIVE}:${BODY}`)}`,
      "X-Orb-Timestamp": NAIVE,
    },
  }, 300],
  pinwheel: [{
    headers: {
      "x-pinwheel-signature": `v2=${mac("sha256", "hex", `v2:${NOW_S}:${BODY}`)}`,
      "x-timestamp": NOW_S,
    },
  }, 180],
  slack: [{
    headers: {
      "X-Slack-Signature": `v0=${mac("sha256", "hex", `v0:${NOW_S}:${BODY}`)}`,
      "X-Slack-Request-Timestamp": NOW_S,
    },
  }, 300],
  zendesk: [{
    headers: {
      "X-Zendesk-Webhook-Signature": mac("sha256", "base64", ISO + BODY),
      "X-Zendesk-Webhook-Signature-Timestamp": ISO,
    },
  }, 180],
};

test("TIMED_PROVIDERS take what each provider signs, and nothing that differs", async () => {
  assert.deepEqual(TIMED_PROVIDERS.map(({ id }) => id).sort(), Object.keys(DOCUMENTED).sort());
  for (const [id, [sent]] of Object.entries(DOCUMENTED)) {
    assert.deepEqual(await verify(id, sent), { verified: true }, id);
    for (const bad of broken(sent)) assert.equal(await isGenuine(id, bad), false, id);
    assert.equal(await isGenuine(id, sent, "another secret"), false, id);
  }
});

test("TIMED_PROVIDERS refuse what comes too late, or from the future", async () => {
  for (const [id, [sent, toleranceS]] of Object.entries(DOCUMENTED)) {
    for (const sign of [1, -1]) {
      const near = { ...sent, nowMs: NOW_MS + sign * toleranceS * 1000 };
      assert.equal(await isGenuine(id, near), true, id);
      const far = { ...sent, nowMs: NOW_MS + sign * (toleranceS + 1) * 1000 };
      const verdict = await verify(id, far);
      assert.match(verdict.verified ? "" : verdict.reason, /more than \d+ seconds off/, id);
    }
  }
});

test("TIMED_PROVIDERS agree with Slack's documented example", async () => {
  // "Verifying requests from Slack".
  const body =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&" +
    "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&" +
    "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&" +
    "trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
  const headers = {
    "X-Slack-Request-Timestamp": "1531420618",
    "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
  };
  const sent = { body, headers, nowMs: 1531420618_000 };
  assert.equal(await isGenuine("slack", sent, "8f742231b10e8888abcd99yyyzzz85a5"), true);
});

test("TIMED_PROVIDERS take either of two signatures while a key changes", async () => {
  const good = mac("sha256", "hex", `${NOW_S}.${BODY}`);
  const old = mac("sha256", "hex", `${NOW_S}.${BODY}`, "old");
  const headers = { "Stripe-Signature": `t=${NOW_S},v1=${old},v1=${good},v0=${old}` };
  assert.equal(await isGenuine("stripe", { headers }), true);
  const box = {
    "BOX-SIGNATURE-PRIMARY": mac("sha256", "base64", BODY + ISO, "old"),
    "BOX-SIGNATURE-SECONDARY": mac("sha256", "base64", BODY + ISO),
    "BOX-DELIVERY-TIMESTAMP": ISO,
  };
  assert.equal(await isGenuine("box", { headers: box }), true);
});

test("TIMED_PROVIDERS do not take a scheme that a provider keeps for tests", async () => {
  const headers = {
    "Stripe-Signature": `t=${NOW_S},v0=${mac("sha256", "hex", `${NOW_S}.${BODY}`)}`,
  };
  assert.equal(await isGenuine("stripe", { headers }), false);
});
