/** @module */
import assert from "node:assert/strict";
import { BODY_PROVIDERS } from "../../../../../lib/policy/actions/webhooks/hmac_body.ts";
import { test } from "../../../../harness.ts";
import { BODY, broken, isGenuine, mac, type Sent, verify } from "./sending.ts";

const sha1Hex = () => mac("sha1", "hex", BODY);
const hex = () => mac("sha256", "hex", BODY);
const base64 = () => mac("sha256", "base64", BODY);

/** Header and value, as each provider documents them. */
const DOCUMENTED: Readonly<Record<string, readonly [header: string, value: string]>> = {
  aftership: ["aftership-hmac-sha256", base64()],
  alchemy: ["X-Alchemy-Signature", hex()],
  autodesk: ["x-adsk-signature", `sha1hash=${sha1Hex()}`],
  bitbucket: ["X-Hub-Signature", `sha256=${hex()}`],
  bolt: ["X-Bolt-Hmac-Sha256", base64()],
  castle: ["X-Castle-Signature", base64()],
  chargify: ["X-Chargify-Webhook-Signature-Hmac-Sha-256", hex()],
  circleci: ["circleci-signature", `v1=${hex()}`],
  clearbit: ["X-Request-Signature", `sha1=${sha1Hex()}`],
  coinbase: ["X-CC-Webhook-Signature", hex()],
  docusign: ["X-DocuSign-Signature-1", base64()],
  dropbox: ["X-Dropbox-Signature", hex()],
  facebook_graph_api: ["X-Hub-Signature-256", `sha256=${hex()}`],
  facebook_messenger: ["X-Hub-Signature-256", `sha256=${hex()}`],
  github: ["X-Hub-Signature-256", `sha256=${hex()}`],
  heroku: ["Heroku-Webhook-Hmac-SHA256", base64()],
  instagram: ["X-Hub-Signature-256", `sha256=${hex()}`],
  intercom: ["X-Hub-Signature", `sha1=${sha1Hex()}`],
  jira: ["X-Hub-Signature", `sha256=${hex()}`],
  launch_darkly: ["X-LD-Signature", hex()],
  modern_treasury: ["X-Signature", hex()],
  mongodb: ["X-MMS-Signature", mac("sha1", "base64", BODY)],
  pagerduty: ["X-PagerDuty-Signature", `v1=${hex()}`],
  pusher: ["X-Pusher-Signature", hex()],
  sentry: ["Sentry-Hook-Signature", hex()],
  shopify: ["X-Shopify-Hmac-SHA256", base64()],
  signal_sciences: ["X-SigSci-Signature", hex()],
  terraform: ["X-TFE-Notification-Signature", mac("sha512", "hex", BODY)],
  trendmicro_conformity: ["X-Conformity-Signature", hex()],
  typeform: ["Typeform-Signature", `sha256=${base64()}`],
  webex: ["X-Spark-Signature", sha1Hex()],
  whatsapp: ["X-Hub-Signature-256", `sha256=${hex()}`],
};

test("BODY_PROVIDERS take what each provider signs, and nothing that differs", async () => {
  assert.deepEqual(
    BODY_PROVIDERS.map(({ id }) => id).sort(),
    Object.keys(DOCUMENTED).sort(),
  );
  for (const [id, [header, value]] of Object.entries(DOCUMENTED)) {
    const sent: Sent = { headers: { [header]: value } };
    assert.equal((await verify(id, sent)).verified, true, id);
    for (const bad of broken(sent)) assert.equal(await isGenuine(id, bad), false, id);
    assert.equal(await isGenuine(id, sent, "another secret"), false, id);
    const flipped = value.slice(0, -3) + (value.at(-3) === "a" ? "b" : "a") + value.slice(-2);
    assert.equal(await isGenuine(id, { headers: { [header]: flipped } }), false, id);
    const cut = value.slice(0, -4);
    assert.equal(await isGenuine(id, { headers: { [header]: cut } }), false, id);
    assert.equal(await isGenuine(id, { headers: { [header]: "" } }), false, id);
  }
});

test("BODY_PROVIDERS agree with GitHub's documented example", async () => {
  // "Validating webhook deliveries": secret, payload and signature to test with.
  const sent: Sent = {
    body: "Hello, World!",
    headers: {
      "X-Hub-Signature-256":
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    },
  };
  assert.equal(await isGenuine("github", sent, "It's a Secret to Everybody"), true);
});

test("BODY_PROVIDERS take either signature while a provider changes its key", async () => {
  const good = base64();
  const other = mac("sha256", "base64", BODY, "another secret");
  const bolt = { "X-Bolt-Hmac-Sha256": other, "X-Bolt-Hmac-Sha256-Pending": good };
  assert.equal(await isGenuine("bolt", { headers: bolt }), true);
  const docusign = { "X-DocuSign-Signature-1": other, "X-DocuSign-Signature-2": good };
  assert.equal(await isGenuine("docusign", { headers: docusign }), true);
  const otherHex = mac("sha256", "hex", BODY, "another secret");
  const pagerduty = { "X-PagerDuty-Signature": `v1=${otherHex},v1=${hex()}` };
  assert.equal(await isGenuine("pagerduty", { headers: pagerduty }), true);
  const neither = { "X-PagerDuty-Signature": `v1=${otherHex},v0=${hex()}` };
  assert.equal(await isGenuine("pagerduty", { headers: neither }), false);
});

test("BODY_PROVIDERS read MongoDB's signature in either of its documented forms", async () => {
  assert.equal(await isGenuine("mongodb", { headers: { "X-MMS-Signature": sha1Hex() } }), true);
});

test("BODY_PROVIDERS do not fall back to a weaker hash", async () => {
  const headers = { "X-Hub-Signature": `sha1=${sha1Hex()}` };
  for (const id of ["github", "facebook_messenger", "whatsapp", "bitbucket", "jira"]) {
    assert.equal(await isGenuine(id, { headers }), false, id);
  }
});
