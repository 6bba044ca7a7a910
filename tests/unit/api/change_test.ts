import assert from "node:assert/strict";
import { change, tell } from "../../../lib/api/change.ts";
import { IdMaker } from "../../../lib/api/ids.ts";
import { DEFAULT_API_LIMITS } from "../../../lib/api/limits.ts";
import type { ApiChange, Call, EdgeApiDeps } from "../../../lib/api/resource.ts";
import type { ApiEvent } from "../../../lib/api/api_event.ts";
import { test } from "../../harness.ts";
import { type Stage, withApi } from "./kit.ts";

function callOf(stage: Stage, heard: (ApiChange | ApiEvent)[]): Call {
  const { store, clock, caller } = stage;
  const deps = {
    store,
    clock,
    logger: { log: () => {}, child: () => null! },
    onChanged: (change: ApiChange) => heard.push(change),
    onEvent: (event: ApiEvent) => heard.push(event),
  } as unknown as EdgeApiDeps;
  const { accountId, keyId } = caller;
  return {
    api: { deps, limits: DEFAULT_API_LIMITS, ids: new IdMaker(clock) },
    content: store,
    principal: { accountId, id: "usr_1", subject: "owner", keyId },
    accountId,
    params: {},
    query: { limit: 100, beforeId: undefined, filter: undefined },
    nowMs: clock.now(),
    uri: (path) => `https://api.example.net${path}`,
  };
}

test("change() tells others only what is on the disk, changes before events", async () => {
  await withApi(async (stage) => {
    const heard: (ApiChange | ApiEvent)[] = [];
    const call = callOf(stage, heard);
    const result = await change(call, async (change) => {
      await change.record("x_created.v0", { id: "x_1" });
      change.changed("xs", "created", "x_1");
      assert.deepEqual(heard, []);
      return 7;
    });
    assert.equal(result, 7);
    assert.deepEqual(heard[0], {
      resource: "xs",
      verb: "created",
      accountId: call.accountId,
      id: "x_1",
    });
    assert.equal((heard[1] as ApiEvent).event_type, "x_created.v0");
    const [row] = await stage.store.audit_events.list(call.accountId);
    assert.deepEqual([row.type, row.object], ["x_created.v0", { id: "x_1" }]);
  });
});

test("change() does all or nothing, and is silent about nothing", async () => {
  await withApi(async (stage) => {
    const heard: (ApiChange | ApiEvent)[] = [];
    const call = callOf(stage, heard);
    await assert.rejects(
      change(call, async (change) => {
        await change.record("x_created.v0", {});
        change.changed("xs", "created", "x_1");
        throw new Error("no");
      }),
      /no/,
    );
    assert.deepEqual(heard, []);
    assert.deepEqual(await stage.store.audit_events.list(call.accountId), []);
  });
});

test("tell() reports a listener that throws, and goes on", () => {
  const lines: string[] = [];
  const logger = { log: (_: string, message: string) => lines.push(message), child: () => null! };
  tell({ logger } as unknown as EdgeApiDeps, "onEvent", () => {
    throw new Error("no");
  });
  assert.deepEqual(lines, ["onEvent of the API failed"]);
});
