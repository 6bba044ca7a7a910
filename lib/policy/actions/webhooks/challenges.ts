/**
 * Providers that first ask whether somebody who knows the secret is there, and are answered by the
 * edge: Twitter, Worldline, Xero, Zoom.
 *
 * An answer is a keyed hash of what was asked, so a careless one would sign messages for whoever
 * asks: what is asked has to look like a token, never like a message.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../../base/base64.ts";
import { toHex } from "../../../base/bytes.ts";
import { hmac, sameBytes } from "./crypto.ts";
import { hmacProvider, timeThenBody } from "./hmac_rule.ts";
import {
  type ChallengeAnswer,
  GENUINE,
  refuted,
  type Verdict,
  type WebhookMessage,
  type WebhookProvider,
} from "./message.ts";
import { jsonObject } from "./signed_document.ts";

/** No brace, quote, colon, `&` or `=` but at the end: no JSON text, no query, no `v0:` line. */
const TOKEN = /^[A-Za-z0-9_.~+/-]{1,256}={0,2}$/;

function answered(
  status: number,
  body: string,
  contentType: string = "text/plain; charset=utf-8",
): Verdict {
  const answer: ChallengeAnswer = { status, contentType, body };
  return { verified: true, answer };
}

const TWITTER_MESSAGES = hmacProvider({
  id: "twitter",
  title: "X (Twitter)",
  headers: ["x-twitter-webhooks-signature"],
  digest: "SHA-256",
  encoding: "base64",
  prefix: "sha256=",
});

/** `GET ?crc_token=…` wants the hash of the token back. */
const TWITTER: WebhookProvider = {
  id: "twitter",
  title: "X (Twitter)",
  async verify(message, secret, tools) {
    if (message.method !== "GET") return await TWITTER_MESSAGES.verify(message, secret, tools);
    const token = new URL(message.url).searchParams.get("crc_token");
    if (token === null) return refuted("it is a GET request without crc_token");
    if (!TOKEN.test(token)) return refuted("its crc_token is no token");
    const hash = toBase64(await hmac("SHA-256", secret, token));
    const body = JSON.stringify({ response_token: `sha256=${hash}` });
    return answered(200, body, "application/json");
  },
};

const WORLDLINE_MESSAGES = hmacProvider({
  id: "worldline",
  title: "Worldline",
  headers: ["X-GCS-Signature"],
  digest: "SHA-256",
  encoding: "base64",
});

/** Wants to see what it sent in a header, as it is. */
const WORLDLINE: WebhookProvider = {
  id: "worldline",
  title: "Worldline",
  async verify(message, secret, tools) {
    const asked = message.header("X-GCS-Webhooks-Endpoint-Verification");
    if (message.method !== "GET" || asked === undefined) {
      return await WORLDLINE_MESSAGES.verify(message, secret, tools);
    }
    if (!TOKEN.test(asked)) return refuted("its verification text is no token");
    return answered(200, asked);
  },
};

/** Sends good and bad signatures before it is content: 200 to one, 401 to the other, and no body. */
const XERO: WebhookProvider = {
  id: "xero",
  title: "Xero",
  async verify(message, secret) {
    const given = fromBase64(message.header("x-xero-signature") ?? "");
    if (!given?.length) return refuted("it has no usable x-xero-signature header");
    const genuine = sameBytes(given, await hmac("SHA-256", secret, message.body));
    if (!isIntentToReceive(message)) {
      return genuine ? GENUINE : refuted("its signature does not match");
    }
    if (genuine) return answered(200, "");
    return {
      verified: false,
      reason: "its signature does not match",
      answer: { status: 401, contentType: "text/plain; charset=utf-8", body: "" },
    };
  },
};

/** A message without a single event. */
function isIntentToReceive(message: WebhookMessage): boolean {
  const events = jsonObject(message.body)?.events;
  return Array.isArray(events) && events.length === 0;
}

const ZOOM_MESSAGES = hmacProvider({
  id: "zoom",
  title: "Zoom",
  headers: ["x-zm-signature"],
  digest: "SHA-256",
  encoding: "hex",
  prefix: "v0=",
  time: { header: "x-zm-request-timestamp", unit: "s", toleranceMs: 300_000 },
  signed: timeThenBody("v0:", ":"),
});

/** Its question is signed as every message is, so only Zoom is answered. */
const ZOOM: WebhookProvider = {
  id: "zoom",
  title: "Zoom",
  async verify(message, secret, tools) {
    const verdict = await ZOOM_MESSAGES.verify(message, secret, tools);
    if (!verdict.verified) return verdict;
    const asked = jsonObject(message.body);
    if (asked?.event !== "endpoint.url_validation") return verdict;
    const token = (asked.payload as { plainToken?: unknown } | undefined)?.plainToken;
    if (typeof token !== "string" || !TOKEN.test(token)) {
      return refuted("its plainToken is no token");
    }
    const encryptedToken = toHex(await hmac("SHA-256", secret, token));
    return answered(200, JSON.stringify({ plainToken: token, encryptedToken }), "application/json");
  },
};

/** All of them. */
export const CHALLENGE_PROVIDERS: readonly WebhookProvider[] = [TWITTER, WORLDLINE, XERO, ZOOM];
