import assert from "node:assert/strict";
import { allRows } from "../../../lib/api/all_rows.ts";
import { newId } from "../../../lib/base/ids.ts";
import { test } from "../../harness.ts";
import { withApi } from "./kit.ts";

test("allRows() reads beyond one batch, of one account, and what fits", async () => {
  await withApi(async ({ store, caller, stranger }) => {
    const other = await stranger();
    await store.transaction(async (content) => {
      for (let at = 0; at < 1_050; at++) {
        const account_id = at % 50 === 0 ? other.accountId : caller.accountId;
        const times = { created_at: at, updated_at: at, description: "", metadata: "" };
        const columns = {
          name: `v${at}`,
          created_by: at % 2 === 0 ? "a" : "b",
          last_updated_by: "",
        };
        await content.vaults.insert({ id: newId("vault", at), account_id, ...times, ...columns });
      }
    });
    assert.equal((await allRows(store.vaults, caller.accountId)).length, 1_029);
    assert.equal((await allRows(store.vaults, other.accountId)).length, 21);
    assert.equal((await allRows(store.vaults, caller.accountId, { created_by: "b" })).length, 525);
  });
});
