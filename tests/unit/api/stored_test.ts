import assert from "node:assert/strict";
import { article, idParam, textsOf } from "../../../lib/api/stored.ts";
import { test } from "../../harness.ts";
import { assertProblem, BASE, withApi } from "./kit.ts";

test("storedOperations() pages newest first, in both spellings of the official client", async () => {
  await withApi(async ({ caller }) => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await caller.make("/ip_policies", {})).id);
    const list = async (query: string) => (await caller.get(`/ip_policies?${query}`)).body;
    const first = await list("limit=2");
    assert.deepEqual(first.ip_policies.map(({ id }: { id: string }) => id), ids.slice(0, 2));
    assert.equal(
      first.next_page_uri,
      `${BASE}/ip_policies?before_id=${ids[1]}&limit=2`,
    );
    for (const spelling of ["before_id", "beforeId"]) {
      const second = await list(`limit=2&${spelling}=${ids[1]}`);
      assert.deepEqual(second.ip_policies.map(({ id }: { id: string }) => id), ids.slice(2, 4));
      const last = await list(`limit=2&${spelling}=${ids[3]}`);
      assert.deepEqual(last.ip_policies.map(({ id }: { id: string }) => id), ids.slice(4));
      assert.equal(last.next_page_uri, null);
    }
    // The object at which the last page ended may be gone.
    await caller.delete(`/ip_policies/${ids[1]}`);
    const after = await list(`limit=2&before_id=${ids[1]}`);
    assert.deepEqual(after.ip_policies.map(({ id }: { id: string }) => id), ids.slice(2, 4));
  });
});

test("storedOperations() clears a text that is emptied, and keeps one that is null or left out", async () => {
  await withApi(async ({ caller }) => {
    const made = await caller.make("/ip_policies", { description: "d", metadata: "m" });
    const one = `/ip_policies/${made.id}`;
    const kept = (await caller.patch(one, { description: null, metadata: "n" })).body;
    assert.deepEqual([kept.description, kept.metadata], ["d", "n"]);
    const cleared = (await caller.patch(one, { description: "" })).body;
    assert.ok(!("description" in cleared));
    assert.equal(cleared.metadata, "n");
  });
});

test("storedOperations() gives a name to one of two requests that race for it", async () => {
  await withApi(async ({ caller, stranger }) => {
    const other = await stranger();
    const domain = "race.example.com";
    const replies = await Promise.all(
      [caller, other, caller, other].map((one) => one.post("/reserved_domains", { domain })),
    );
    const statuses = replies.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, 409, 409, 409]);
  });
});

test("storedOperations() checks bodies before anything else is looked at", async () => {
  await withApi(async ({ caller }) => {
    assertProblem(await caller.patch("/ip_policies/ipp_none", { x: 1 }), 214, 400);
    assertProblem(await caller.send("POST", "/ip_policies", "{"), 213, 400);
    const plain = { "content-type": "text/plain" };
    assertProblem(await caller.send("POST", "/ip_policies", "{}", plain), 210, 415);
    assertProblem(await caller.send("DELETE", "/ip_policies/ipp_none", {}), 211, 400);
    assertProblem(await caller.get("/ip_policies/ipp_none?limit=1"), 231, 400);
    const filter = encodeURIComponent("obj.nope");
    assertProblem(await caller.get(`/ip_policies?filter=${filter}`), 250, 400);
  });
});

test("article(), idParam() and textsOf() write what people and programs read", () => {
  assert.deepEqual(["API key", "IP policy", "vault", "agent ingress"].map(article), [
    "an API key",
    "an IP policy",
    "a vault",
    "an agent ingress",
  ]);
  assert.equal(idParam("rd", "reserved domain").prefix, "rd");
  const row = { id: "", account_id: "", created_at: 0, updated_at: 0 };
  assert.deepEqual(textsOf({ ...row, description: "", metadata: "m" }), { metadata: "m" });
});
