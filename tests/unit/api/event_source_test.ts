import assert from "node:assert/strict";
import {
  checkSource,
  sourceAnswer,
  sourceFields,
  sourceToJson,
} from "../../../lib/api/event_source.ts";
import { EVENT_TYPES } from "../../../lib/api/events.ts";
import type { Call } from "../../../lib/api/resource.ts";
import { z } from "../../../lib/base/schema.ts";
import { test } from "../../harness.ts";

test("checkSource() knows the types that there are, and no others", async () => {
  for (const type of EVENT_TYPES) await checkSource({ type }, 0);
  for (const type of ["", "domain_created", "domain_created.v1", "endpoint_created.v0"]) {
    await assert.rejects(checkSource({ type }, 0), { ngrokCode: 238 });
  }
  const type = "http_request_complete.v0";
  await assert.rejects(checkSource({ type, filter: "ev.conn" }, 0), { ngrokCode: 250 });
});

test("sourceToJson() adds the address, and fits its schema", () => {
  const call = { uri: (path: string) => `https://api.example.net${path}` } as Call;
  const source = { type: "domain_created.v0", filter: "true" };
  const json = sourceToJson(call, "esb_1", source);
  assert.deepEqual(json, {
    ...source,
    uri: "https://api.example.net/event_subscriptions/esb_1/sources/domain_created.v0",
  });
  assert.ok(sourceAnswer.safeParse(json).success);
  assert.ok(
    !z.strictObject(sourceFields).safeParse({ ...source, filter: "x".repeat(4_001) }).success,
  );
});
