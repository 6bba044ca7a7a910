/** @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { TOKEN_PROVIDERS } from "../../../../../lib/policy/actions/webhooks/shared_token.ts";
import { test } from "../../../../harness.ts";
import { BODY, broken, isGenuine, mac, NOW_MS, NOW_S, SECRET } from "./sending.ts";

test("TOKEN_PROVIDERS of GitLab, Orbit and Buildkite take the secret itself", async () => {
  assert.equal(TOKEN_PROVIDERS.length, 5);
  const HEADERS = {
    gitlab: "X-Gitlab-Token",
    orbit: "X-Orbit-Signature",
    buildkite: "X-Buildkite-Token",
  };
  for (const [id, header] of Object.entries(HEADERS)) {
    assert.equal(await isGenuine(id, { headers: { [header]: SECRET } }), true, id);
    assert.equal(await isGenuine(id, { headers: { [header]: `${SECRET}x` } }), false, id);
    assert.equal(await isGenuine(id, { headers: { [header]: "" } }), false, id);
    assert.equal(await isGenuine(id, {}), false, id);
  }
});

test("TOKEN_PROVIDERS of Buildkite also take a signature, and then no token", async () => {
  const signature = mac("sha256", "hex", `${NOW_S}.${BODY}`);
  const sent = {
    headers: { "X-Buildkite-Signature": `timestamp=${NOW_S},signature=${signature}` },
  };
  assert.equal(await isGenuine("buildkite", sent), true);
  for (const bad of broken(sent)) assert.equal(await isGenuine("buildkite", bad), false);
  assert.equal(await isGenuine("buildkite", { ...sent, nowMs: NOW_MS + 180_001 }), false);
  const both = { "X-Buildkite-Signature": "timestamp=1,signature=00", "X-Buildkite-Token": SECRET };
  assert.equal(await isGenuine("buildkite", { headers: both }), false);
});

test("TOKEN_PROVIDERS of VMware take the name and password of its secret", async () => {
  const basic = (pair: string) => ({
    headers: { Authorization: `Basic ${Buffer.from(pair).toString("base64")}` },
  });
  assert.equal(await isGenuine("vmware", basic("me:pass:word"), "me::pass:word"), true);
  assert.equal(await isGenuine("vmware", basic("me:pass"), "me::pass:word"), false);
  assert.equal(await isGenuine("vmware", {}, "me::pass"), false);
  const { complain } = TOKEN_PROVIDERS.find(({ id }) => id === "vmware")!;
  assert.equal(complain!("a::b"), undefined);
  assert.match(complain!("a:b")!, /username::password/);
});

test("TOKEN_PROVIDERS of Microsoft Teams take the hash in Authorization", async () => {
  const key = Buffer.from("a key of some bytes");
  const secret = key.toString("base64");
  const sent = {
    headers: { Authorization: `HMAC ${mac("sha256", "base64", BODY, key)}` },
  };
  assert.equal(await isGenuine("microsoft_teams", sent, secret), true);
  for (const bad of broken(sent)) {
    assert.equal(await isGenuine("microsoft_teams", bad, secret), false);
  }
  const { complain } = TOKEN_PROVIDERS.find(({ id }) => id === "microsoft_teams")!;
  assert.equal(complain!(secret), undefined);
  assert.equal(complain!("not base64!"), "it must be base64");
});
