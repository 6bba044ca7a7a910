/**
 * Providers that sign the body and nothing else: each is one row. Without a signed time nothing
 * tells a message from its repetition; the service has to look at delivery numbers itself.
 *
 * @module
 */
import type { Digest } from "./crypto.ts";
import { hmacProvider, type HmacRule } from "./hmac_rule.ts";
import type { WebhookProvider } from "./message.ts";

type Row = readonly [
  id: string,
  title: string,
  header: string,
  digest: Digest,
  encoding: HmacRule["encoding"],
  prefix?: string,
];

/** Sources: each provider's public page on its webhook signatures. */
const ROWS: readonly Row[] = [
  ["aftership", "AfterShip", "aftership-hmac-sha256", "SHA-256", "base64"],
  ["alchemy", "Alchemy", "X-Alchemy-Signature", "SHA-256", "hex"],
  ["autodesk", "Autodesk Platform Services", "x-adsk-signature", "SHA-1", "hex", "sha1hash="],
  ["bitbucket", "Bitbucket", "X-Hub-Signature", "SHA-256", "hex", "sha256="],
  ["castle", "Castle", "X-Castle-Signature", "SHA-256", "base64"],
  ["chargify", "Chargify", "X-Chargify-Webhook-Signature-Hmac-Sha-256", "SHA-256", "hex"],
  ["circleci", "CircleCI", "circleci-signature", "SHA-256", "hex", "v1="],
  ["clearbit", "Clearbit", "X-Request-Signature", "SHA-1", "hex", "sha1="],
  ["coinbase", "Coinbase Commerce", "X-CC-Webhook-Signature", "SHA-256", "hex"],
  ["dropbox", "Dropbox", "X-Dropbox-Signature", "SHA-256", "hex"],
  ["facebook_graph_api", "Facebook Graph API", "X-Hub-Signature-256", "SHA-256", "hex", "sha256="],
  ["facebook_messenger", "Facebook Messenger", "X-Hub-Signature-256", "SHA-256", "hex", "sha256="],
  ["github", "GitHub", "X-Hub-Signature-256", "SHA-256", "hex", "sha256="],
  ["heroku", "Heroku", "Heroku-Webhook-Hmac-SHA256", "SHA-256", "base64"],
  ["instagram", "Instagram", "X-Hub-Signature-256", "SHA-256", "hex", "sha256="],
  ["intercom", "Intercom", "X-Hub-Signature", "SHA-1", "hex", "sha1="],
  ["jira", "Jira", "X-Hub-Signature", "SHA-256", "hex", "sha256="],
  ["launch_darkly", "LaunchDarkly", "X-LD-Signature", "SHA-256", "hex"],
  ["modern_treasury", "Modern Treasury", "X-Signature", "SHA-256", "hex"],
  // Atlas documents base64, Ops Manager hex.
  ["mongodb", "MongoDB", "X-MMS-Signature", "SHA-1", "either"],
  // While keys change it sends one signature for each, in one list.
  ["pagerduty", "PagerDuty", "X-PagerDuty-Signature", "SHA-256", "hex", "v1="],
  ["pusher", "Pusher", "X-Pusher-Signature", "SHA-256", "hex"],
  ["sentry", "Sentry", "Sentry-Hook-Signature", "SHA-256", "hex"],
  ["shopify", "Shopify", "X-Shopify-Hmac-SHA256", "SHA-256", "base64"],
  ["signal_sciences", "Signal Sciences", "X-SigSci-Signature", "SHA-256", "hex"],
  ["terraform", "Terraform", "X-TFE-Notification-Signature", "SHA-512", "hex"],
  ["trendmicro_conformity", "Trend Micro Conformity", "X-Conformity-Signature", "SHA-256", "hex"],
  ["typeform", "Typeform", "Typeform-Signature", "SHA-256", "base64", "sha256="],
  ["webex", "Webex", "X-Spark-Signature", "SHA-1", "hex"],
  ["whatsapp", "WhatsApp", "X-Hub-Signature-256", "SHA-256", "hex", "sha256="],
];

/** Bolt signs with the old and the new key while they change; DocuSign with up to a hundred keys. */
const SEVERAL_HEADERS: readonly HmacRule[] = [
  {
    id: "bolt",
    title: "Bolt",
    headers: ["X-Bolt-Hmac-Sha256", "X-Bolt-Hmac-Sha256-Pending"],
    digest: "SHA-256",
    encoding: "base64",
  },
  {
    id: "docusign",
    title: "DocuSign",
    headers: Array.from({ length: 100 }, (_, at) => `X-DocuSign-Signature-${at + 1}`),
    digest: "SHA-256",
    encoding: "base64",
  },
];

/** All of them. */
export const BODY_PROVIDERS: readonly WebhookProvider[] = [
  ...ROWS.map(([id, title, header, digest, encoding, prefix]) =>
    hmacProvider({ id, title, headers: [header], digest, encoding, prefix })
  ),
  ...SEVERAL_HEADERS.map(hmacProvider),
];
