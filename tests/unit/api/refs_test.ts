import assert from "node:assert/strict";
import { ownerOf, ownerUserId, principalRef, readOwner, refTo } from "../../../lib/api/refs.ts";
import type { Call } from "../../../lib/api/resource.ts";
import { test } from "../../harness.ts";
import { withApi } from "./kit.ts";

const uri = (path: string) => `https://api.example.net${path}`;

test("refTo() and principalRef() lead somewhere, or say that they do not", () => {
  const call = { uri } as Call;
  assert.deepEqual(refTo(call, "/vaults", "vault_1"), {
    id: "vault_1",
    uri: uri("/vaults/vault_1"),
  });
  assert.equal(principalRef(call, "service_1").uri, uri("/service_users/service_1"));
  assert.equal(principalRef(call, "bot_1").uri, uri("/bot_users/bot_1"));
  assert.deepEqual(principalRef(call, "usr_1"), { id: "usr_1", uri: "" });
});

test("readOwner() and ownerOf() agree about who owns what", async () => {
  await withApi(async ({ caller, store }) => {
    const user = await caller.make("/service_users", { name: "ci" });
    const owner = ownerUserId(caller.accountId);
    const call = (principalId: string) =>
      ({
        accountId: caller.accountId,
        content: store,
        principal: { id: principalId },
      }) as unknown as Call;
    assert.equal(await readOwner(call(owner), undefined), null);
    assert.equal(await readOwner(call(owner), ""), null);
    assert.equal(await readOwner(call(user.id), owner), null);
    // Without a name it is the caller's own.
    assert.equal(await readOwner(call(user.id), undefined), user.id);
    assert.equal(await readOwner(call(owner), user.id), user.id);
    await assert.rejects(readOwner(call(owner), "service_x"), { ngrokCode: 634 });
    assert.equal(ownerOf(call(owner), null), owner);
    assert.equal(ownerOf(call(owner), user.id), user.id);
  });
});
