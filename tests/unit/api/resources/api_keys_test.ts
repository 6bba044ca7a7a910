import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { assertProblem, withApi } from "../kit.ts";
import { assertRefused, journey, longTexts } from "./journey.ts";

test("api_keys: created, read, listed, changed, deleted", async () => {
  await withApi(async (stage) => {
    await journey(stage, {
      path: "/api_keys",
      prefix: "ak",
      listKey: "keys",
      event: "api_key",
      create: { description: "deploy" },
      created: { description: "deploy", owner_id: `usr_${stage.caller.accountId.slice(3)}` },
      update: { metadata: "m" },
      updated: { metadata: "m", token: null },
      revealed: ["token"],
    });
  });
});

test("api_keys: a new key works at once, a deleted one no more", async () => {
  await withApi(async ({ caller, raw }) => {
    const made = await caller.make("/api_keys", {});
    const ask = () =>
      raw(
        new Request("https://api.example.net/self", {
          headers: { authorization: `Bearer ${made.token}`, "ngrok-version": "2" },
        }),
      );
    assert.equal((await ask()).body.api_key.id, made.id);
    await caller.delete(`/api_keys/${made.id}`);
    assertProblem(await ask(), 203, 401);
    const { keys } = (await caller.get("/api_keys")).body;
    assert.deepEqual(keys.map(({ id }: { id: string }) => id), [caller.keyId]);
  });
});

test("api_keys: refuses what it must, with its numbers", async () => {
  await withApi(async ({ caller }) => {
    await assertRefused(caller, [
      ["empty update", "PATCH", `/api_keys/${caller.keyId}`, {}, 606, 400],
      ["nobody's", "POST", "/api_keys", { owner_id: "service_1" }, 634, 400],
      ...longTexts("/api_keys", {}, 604, 605),
    ]);
  });
  await withApi(async ({ caller }) => {
    await assertRefused(caller, [["one too many", "POST", "/api_keys", {}, 603, 400]]);
  }, { limits: { maxObjects: 1 } });
});
