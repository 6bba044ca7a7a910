import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ngrok } from "@ngrok/ngrok-api";
import { test } from "../harness.ts";
import { type Program, startProgram } from "./program.ts";

const KEY = "client_key_of_this_test_0123456789";
const DOORS = ["--http", "127.0.0.1:0", "--https", "none", "--agents", "127.0.0.1:0"];
const JSON_LOG = ["--log", "stdout", "--log-format", "json"];

// deno-lint-ignore no-explicit-any -- its types do not know of its own answers' optional fields
type Client = any;

interface Running {
  readonly client: Client;
  readonly edge: Program;
  readonly ready: Readonly<Record<string, string>>;
}

/** Runs with the official client of the ngrok API, unmodified, on a real edge. */
async function withClient(work: (running: Running) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-client-"));
  const doors = [...DOORS, "--api", "127.0.0.1:0", "--tcp-ports", "23000-23099"];
  const edge = startProgram(["edge", ...doors, "--data", join(folder, "data"), ...JSON_LOG], {
    env: { SALLYPORT_EDGE_API_KEY: KEY },
  });
  try {
    const ready = await edge.waitForJsonLine(({ msg }) => msg === "edge ready") as Record<
      string,
      string
    >;
    const client = new Ngrok({ apiToken: KEY, baseUrl: ready.api });
    await work({ client, edge, ready });
  } finally {
    await edge.stop();
    rmSync(folder, { recursive: true });
  }
}

/** What the client rejects with. */
function refusedWith(errorCode: string | undefined, statusCode: number) {
  return (error: { errorCode?: string; statusCode: number; details: Map<string, string> }) => {
    assert.deepEqual([error.errorCode, error.statusCode], [errorCode, statusCode]);
    assert.match(error.details.get("operationId") ?? "", /^op_/);
    return true;
  };
}

test("the official API client drives credentials, keys, domains and addresses", async () => {
  await withClient(async ({ client }) => {
    const credential = await client.credentials.create({
      description: "ci",
      acl: ["bind:*.ci.example.com"],
    });
    assert.match(credential.token, /^\w{27}_\w{24}$/);
    const read = await client.credentials.get(credential.id);
    assert.deepEqual([read.token, read.acl], [null, ["bind:*.ci.example.com"]]);
    await client.credentials.update({ id: credential.id, description: "new", acl: [] });
    const [listed] = await client.credentials.list();
    assert.equal(listed.ownerId, credential.ownerId);
    // The first start made one for the owner, which is older.
    assert.deepEqual([listed.id, listed.description], [credential.id, "new"]);
    await client.credentials.delete(credential.id);
    await assert.rejects(client.credentials.get(credential.id), refusedWith(undefined, 404));

    const key = await client.apiKeys.create({ description: "second" });
    const keys = await client.apiKeys.list();
    assert.ok(keys.some(({ id }: { id: string }) => id === key.id));

    const domain = await client.reservedDomains.create({
      domain: "shop.example.com",
      certificateManagementPolicy: { authority: "letsencrypt", privateKeyType: "ecdsa" },
    });
    assert.equal(domain.certificateManagementPolicy.privateKeyType, "ecdsa");
    assert.equal(domain.cnameTarget, "cname.localhost");
    await client.reservedDomains.deleteCertificateManagementPolicy(domain.id);
    const changed = await client.reservedDomains.update({ id: domain.id, description: "shop" });
    assert.deepEqual([changed.description, changed.certificateManagementPolicy], ["shop", null]);
    await assert.rejects(
      client.reservedDomains.create({ domain: "shop.example.com" }),
      refusedWith("ERR_NGROK_413", 409),
    );
    await client.reservedDomains.delete(domain.id);

    const address = await client.reservedAddrs.create({ description: "ssh" });
    assert.match(address.addr, /^localhost:230\d\d$/);
    await client.reservedAddrs.delete(address.id);
    assert.deepEqual(await client.reservedAddrs.list(), []);
  });
});

test("the official API client pages through lists in its own spelling", async () => {
  await withClient(async ({ client }) => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await client.ipPolicies.create({})).id);
    const listed = await client.ipPolicies.list(undefined, "2");
    assert.deepEqual(listed.map(({ id }: { id: string }) => id), ids);
    const older = await client.ipPolicies.list(ids[2], "1");
    assert.deepEqual(older.map(({ id }: { id: string }) => id), ids.slice(3));
  });
});

test("the official API client drives policies, certificates, users and events", async () => {
  await withClient(async ({ client }) => {
    const policy = await client.ipPolicies.create({ description: "all" });
    const rule = await client.ipPolicyRules.create({
      cidr: "0.0.0.0/0",
      ipPolicyId: policy.id,
      action: "allow",
    });
    assert.equal(rule.ipPolicy.id, policy.id);
    const restriction = await client.ipRestrictions.create({
      type: "agent",
      enforced: false,
      ipPolicyIds: [policy.id],
    });
    assert.equal(restriction.ipPolicies[0].id, policy.id);
    await assert.rejects(
      client.ipPolicies.delete(policy.id),
      refusedWith("ERR_NGROK_1420", 409),
    );
    await client.ipRestrictions.delete(restriction.id);
    await client.ipPolicies.delete(policy.id);
    await assert.rejects(client.ipPolicyRules.get(rule.id), refusedWith(undefined, 404));

    const user = await client.botUsers.create({ name: "ci", active: true });
    assert.equal((await client.botUsers.update({ id: user.id, active: false })).active, false);

    const destination = await client.eventDestinations.create({
      format: "json",
      target: { datadog: { apiKey: "hush", ddtags: "a:b" } },
    });
    assert.deepEqual(destination.target.datadog, { ddtags: "a:b" });
    const subscription = await client.eventSubscriptions.create({
      sources: [{ type: "domain_created.v0" }],
      destinationIds: [destination.id],
    });
    const at = { subscriptionId: subscription.id, type: "ip_policy_updated.v0" };
    await client.eventSources.create(at);
    assert.equal((await client.eventSources.get(at)).type, at.type);
    const { sources } = await client.eventSources.list({ subscriptionId: subscription.id });
    assert.equal(sources.length, 2);
    await client.eventSources.update(at);
    await client.eventSources.delete(at);

    const ingress = await client.agentIngresses.create({ domain: "connect.acme.example" });
    assert.deepEqual(ingress.regionDomains, ["connect.acme.example"]);
    assert.equal((await client.agentIngresses.list()).length, 1);
  });
});

test("the official API client sees an agent's session, tunnel and endpoint, and stops it", async () => {
  await withClient(async ({ client, ready }) => {
    const { token, id } = await client.credentials.create({});
    const agent = startProgram([
      ...["http", "127.0.0.1:9", "--url", "http://shop.localhost"],
      ...["--connect-url", ready.agents, "--connect-cas", ready.ca, ...JSON_LOG],
    ], { env: { SALLYPORT_AUTHTOKEN: token } });
    try {
      await agent.waitForJsonLine(({ msg }) => msg === "started tunnel");
      const [session, ...others] = await client.tunnelSessions.list();
      assert.deepEqual([session.credential.id, others], [id, []]);
      assert.equal(session.ip, "127.0.0.1");
      const [endpoint] = await client.endpoints.list();
      assert.equal(endpoint.type, "ephemeral");
      assert.equal(endpoint.tunnelSession.id, session.id);
      assert.match(endpoint.publicUrl, /^http:\/\/shop\.localhost/);
      const tunnel = await client.tunnels.get(endpoint.tunnel.id);
      assert.equal(tunnel.endpoint.id, endpoint.id);
      assert.equal(tunnel.publicUrl, endpoint.publicUrl);
      assert.equal((await client.endpoints.get(endpoint.id)).url, endpoint.url);
      await client.tunnelSessions.stop(session.id);
      assert.equal((await agent.exited).code, 0);
      assert.deepEqual(await client.endpoints.list(), []);
      await assert.rejects(client.tunnelSessions.stop(session.id), refusedWith(undefined, 404));
    } finally {
      await agent.stop();
    }
  });
});

test("the official API client is told what is wrong with its key", async () => {
  await withClient(async ({ ready }) => {
    const wrong = new Ngrok({ apiToken: "wrongwrong_0123456789", baseUrl: ready.api }) as Client;
    await assert.rejects(wrong.endpoints.list(), refusedWith("ERR_NGROK_203", 401));
  });
});
