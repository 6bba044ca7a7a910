import assert from "node:assert/strict";
import { rootOperation } from "../../../../lib/api/resources/self.ts";
import { test } from "../../../harness.ts";
import { BASE, withApi } from "../kit.ts";
import { assertFits } from "./journey.ts";

test("GET / lists the collections, each at an address that answers", async () => {
  await withApi(async ({ caller }) => {
    const { body } = await caller.get("/");
    assert.equal(body.uri, BASE);
    assert.equal(Object.keys(body.subresource_uris).length, 19);
    for (const uri of Object.values<string>(body.subresource_uris)) {
      assert.equal((await caller.get(uri)).status, 200, uri);
    }
  });
});

test("GET /self shows account, key and user", async () => {
  await withApi(async ({ caller }) => {
    const { body } = await caller.get("/self");
    assertFits("self", body);
    assert.equal(body.account.id, caller.accountId);
    assert.equal(body.account.min_api_version, 2);
    assert.equal(body.api_key.id, caller.keyId);
    assert.equal(body.api_key.token, null);
    assert.equal(body.user, "owner");
  });
});

test("rootOperation() names what it is given", async () => {
  await withApi(async ({ caller }) => {
    assert.ok((await caller.get("/")).body.subresource_uris.endpoints.endsWith("/endpoints"));
  });
  assert.equal(rootOperation([]).path, "/");
});
