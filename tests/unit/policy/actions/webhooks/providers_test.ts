/** @module */
import assert from "node:assert/strict";
import { WEBHOOK_PROVIDERS } from "../../../../../lib/policy/actions/webhooks/providers.ts";
import { test } from "../../../../harness.ts";
import { messageOf, SECRET } from "./sending.ts";

/** The identifiers that documents and agents use. */
const IDS =
  "aftership airship alchemy autodesk bitbucket bolt box brex buildkite calendly castle chargify " +
  "circleci clearbit clerk coinbase contentful docusign dropbox facebook_graph_api " +
  "facebook_messenger frameio github gitlab go1 graphcms heroku hostedhooks hubspot instagram " +
  "intercom jira launch_darkly linear mailchimp mailgun microsoft_teams modern_treasury mongodb " +
  "mux orb orbit pagerduty pinwheel plivo pusher sendgrid sentry shopify signal_sciences slack " +
  "sns sonatype square stripe svix terraform tiktok trendmicro_conformity twilio twitter typeform " +
  "vmware webex whatsapp worldline xero zendesk zoom";

test("WEBHOOK_PROVIDERS holds all 69, in order", () => {
  assert.equal(WEBHOOK_PROVIDERS.size, 69);
  assert.deepEqual([...WEBHOOK_PROVIDERS.keys()].join(" "), IDS);
  for (const [id, provider] of WEBHOOK_PROVIDERS) {
    assert.equal(provider.id, id);
    assert.ok(provider.title.length > 0);
  }
});

test("WEBHOOK_PROVIDERS refuse a request that says nothing, each with a reason", async () => {
  for (const [id, provider] of WEBHOOK_PROVIDERS) {
    const verdict = await provider.verify(messageOf({}), SECRET, { keys: new Map() });
    assert.equal(verdict.verified, false, id);
    assert.match(verdict.verified ? "" : verdict.reason, /^(it|its) /, id);
  }
});

test("WEBHOOK_PROVIDERS refuse headers full of rubbish without failing", async () => {
  for (const [id, provider] of WEBHOOK_PROVIDERS) {
    for (const rubbish of ["", ",", "=", "v1=,t=", "\u00ff".repeat(300), "sha256=".repeat(50)]) {
      const message = { ...messageOf({}), header: () => rubbish };
      assert.equal(
        (await provider.verify(message, SECRET, { keys: new Map() })).verified,
        false,
        id,
      );
    }
  }
});
