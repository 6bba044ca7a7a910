import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { DOMAIN, withApi } from "../kit.ts";
import { assertRefused, journey, longTexts } from "./journey.ts";

const path = "/agent_ingresses";

test("agent_ingresses: created, read, listed, changed, deleted", async () => {
  await withApi((stage) =>
    journey(stage, {
      path,
      prefix: "agin",
      listKey: "ingresses",
      event: "agent_ingress",
      create: { domain: "Connect.Acme.example", description: "devices" },
      created: {
        domain: "connect.acme.example",
        ns_targets: [],
        region_domains: ["connect.acme.example"],
        certificate_management_policy: null,
        certificate_management_status: null,
      },
      update: { certificate_management_policy: {} },
      updated: {
        certificate_management_policy: { authority: "letsencrypt", private_key_type: "rsa" },
        certificate_management_status: { renews_at: null, provisioning_job: null },
      },
    })
  );
});

test("agent_ingresses: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller, stranger }) => {
    const other = await stranger();
    await other.make("/reserved_domains", { domain: "theirs.example.com" });
    await other.make(path, { domain: "taken.example.com" });
    const post = (domain: string, code: number, status: number) =>
      [domain, "POST", path, { domain }, code, status] as const;
    await assertRefused(caller, [
      ["no domain", "POST", path, {}, 6704, 400],
      post("a_b.example.com", 6704, 400),
      post("*.example.com", 6704, 400),
      post("short", 6704, 400),
      post(DOMAIN, 6705, 400),
      post(`connect.${DOMAIN}`, 6705, 400),
      post(`X.${DOMAIN}.`, 6705, 400),
      post("taken.example.com", 6706, 409),
      post("theirs.example.com", 6706, 409),
      post("x.theirs.example.com", 6706, 409),
      ...longTexts(path, { domain: "a.example.com" }, 6700, 6701),
    ]);
    const made = await caller.make(path, { domain: "mine.example.com" });
    await assertRefused(caller, [
      ["domain in update", "PATCH", `${path}/${made.id}`, { domain: "b.example.com" }, 214, 400],
    ]);
    assert.deepEqual((await caller.patch(`${path}/${made.id}`, {})).body, made);
  });
});
