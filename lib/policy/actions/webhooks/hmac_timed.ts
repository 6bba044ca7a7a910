/**
 * Providers that sign a time together with the body, so that a message cannot be repeated later:
 * each is one row. Where a provider recommends a bound, the row has it.
 *
 * @module
 */
import { joined } from "./crypto.ts";
import { hmacProvider, type HmacRule, timeThenBody } from "./hmac_rule.ts";
import type { WebhookProvider } from "./message.ts";

const FIVE_MINUTES = 300_000;

const DOT = timeThenBody("", ".");
const V0 = timeThenBody("v0:", ":");

/** `header: t=1588141753,v1=<hex>` over `1588141753.<body>`, as Stripe began it. */
function stripeLike(
  id: string,
  title: string,
  header: string,
  rest: Partial<HmacRule> & { readonly toleranceMs?: number } = {},
): HmacRule {
  const { toleranceMs, ...more } = rest;
  return {
    id,
    title,
    headers: [header],
    digest: "SHA-256",
    encoding: "hex",
    field: "v1",
    time: { field: "t", unit: "s", toleranceMs },
    signed: DOT,
    ...more,
  };
}

const RULES: readonly HmacRule[] = [
  stripeLike("calendly", "Calendly", "Calendly-Webhook-Signature", { toleranceMs: 180_000 }),
  stripeLike("go1", "Go1", "Go1-Signature"),
  stripeLike("hostedhooks", "Hosted Hooks", "HostedHooks-Signature", {
    // Its documents name the header as Ruby shows it.
    headers: ["HostedHooks-Signature", "HTTP_HOSTEDHOOKS_SIGNATURE"],
    field: "s",
  }),
  stripeLike("mux", "Mux", "Mux-Signature", { toleranceMs: FIVE_MINUTES }),
  stripeLike("stripe", "Stripe", "Stripe-Signature", { toleranceMs: FIVE_MINUTES }),
  stripeLike("tiktok", "TikTok", "TikTok-Signature", { field: "s" }),
  {
    id: "airship",
    title: "Airship",
    headers: ["X-UA-SIGNATURE"],
    digest: "SHA-256",
    encoding: "hex",
    time: { header: "X-UA-TIMESTAMP", unit: "s" },
    signed: timeThenBody("", ":"),
  },
  {
    id: "box",
    title: "Box",
    headers: ["BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"],
    digest: "SHA-256",
    encoding: "base64",
    // RFC 3339; Box says that older than ten minutes is to be discarded.
    time: { header: "BOX-DELIVERY-TIMESTAMP", unit: "iso", toleranceMs: 600_000 },
    signed: (time, body) => joined(body, time),
  },
  {
    id: "frameio",
    title: "Frame.io",
    headers: ["X-Frameio-Signature"],
    digest: "SHA-256",
    encoding: "hex",
    prefix: "v0=",
    time: { header: "X-Frameio-Request-Timestamp", unit: "s", toleranceMs: FIVE_MINUTES },
    signed: V0,
  },
  {
    id: "orb",
    title: "Orb",
    headers: ["X-Orb-Signature"],
    digest: "SHA-256",
    encoding: "hex",
    prefix: "v1=",
    // ISO 8601 in UTC, without a zone letter.
    time: { header: "X-Orb-Timestamp", unit: "iso", toleranceMs: FIVE_MINUTES },
    signed: timeThenBody("v1:", ":"),
  },
  {
    id: "pinwheel",
    title: "Pinwheel",
    headers: ["x-pinwheel-signature"],
    digest: "SHA-256",
    encoding: "hex",
    prefix: "v2=",
    time: { header: "x-timestamp", unit: "s" },
    signed: timeThenBody("v2:", ":"),
  },
  {
    id: "slack",
    title: "Slack",
    headers: ["X-Slack-Signature"],
    digest: "SHA-256",
    encoding: "hex",
    prefix: "v0=",
    time: { header: "X-Slack-Request-Timestamp", unit: "s", toleranceMs: FIVE_MINUTES },
    signed: V0,
  },
  {
    id: "zendesk",
    title: "Zendesk",
    headers: ["X-Zendesk-Webhook-Signature"],
    digest: "SHA-256",
    encoding: "base64",
    time: { header: "X-Zendesk-Webhook-Signature-Timestamp", unit: "iso" },
    signed: timeThenBody("", ""),
  },
];

/** All of them. */
export const TIMED_PROVIDERS: readonly WebhookProvider[] = RULES.map(hmacProvider);
