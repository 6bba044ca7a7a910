import assert from "node:assert/strict";
import fc from "fast-check";
import { BASE_FILTER, compileFilter, type FilterFields } from "../../../lib/api/filter.ts";
import type { ApiProblem } from "../../../lib/api/problem.ts";
import { test } from "../../harness.ts";

const FIELDS: FilterFields = {
  ...BASE_FILTER,
  type: { kind: "text", aliases: { agent: "ephemeral" } },
  "principal.id": "id",
  policy: { kind: "id", path: ["ip_policy", "id"] },
  binding: { kind: "text", path: ["bindings", "0"] },
  bindings: "list",
  acl: "list",
  pooling_enabled: "flag",
  not_after: "time",
};

const NOW = Date.parse("2026-05-10T12:00:00Z");

const OBJECT = {
  id: "ep_1",
  created_at: "2026-05-10T10:00:00Z",
  description: "the shop",
  type: "ephemeral",
  principal: { id: "usr_1" },
  ip_policy: { id: "ipp_1", uri: "" },
  bindings: ["public"],
  acl: [],
  pooling_enabled: true,
  not_after: "2026-05-11T11:59:59Z",
};

test("compileFilter() says what ngrok's documentation says of the same expression", async () => {
  const table: readonly (readonly [string, boolean])[] = [
    // comparisons
    ['obj.id == "ep_1"', true],
    ['obj.id != "ep_1"', false],
    ['"ep_1" == obj.id', true],
    ['obj.description > "the"', true],
    ['obj.description <= "the"', false],
    ['obj.type == "ephemeral"', true],
    ['obj.type == "agent"', true],
    ['"agent" != obj.type', false],
    ['obj.type == "cloud" || obj.type == "agent"', true],
    ['obj.principal.id == "usr_1"', true],
    ['obj.policy == "ipp_1"', true],
    ["obj.pooling_enabled", true],
    ["obj.pooling_enabled == true", true],
    ["obj.pooling_enabled != true", false],
    ["!obj.pooling_enabled", false],
    ["!(obj.pooling_enabled && false)", true],
    ["true", true],
    ['(obj.id == "x" || obj.id == "ep_1") && obj.pooling_enabled', true],
    // membership
    ['obj.type in ["agent", "cloud"]', true],
    ['obj.type in ["edge"]', false],
    ['!(obj.id in ["ep_1"])', false],
    ['"public" in obj.bindings || "internal" in obj.bindings', true],
    ['"internal" in obj.bindings', false],
    ['obj.binding == "public"', true],
    // emptiness
    ['obj.metadata == ""', true],
    ["obj.metadata == null", true],
    ["obj.metadata != null", false],
    ["null == obj.metadata", true],
    ["obj.description == null", false],
    ['obj.acl == null || obj.acl == ""', true],
    ['obj.acl == ""', true],
    ['obj.bindings != ""', true],
    ["size(obj.description) == 8", true],
    ["obj.description.size() > 8", false],
    ["size(obj.bindings) == 1 && size(obj.acl) == 0", true],
    ["size(obj.metadata) < 1", true],
    ["size(obj.metadata) > -1", true],
    // texts
    ['obj.description.contains("sho")', true],
    ['obj.description.startsWith("the ") && obj.description.endsWith("op")', true],
    ['obj.metadata.contains("x")', false],
    // time
    ['obj.created_at < timestamp("2026-05-10T10:00:01Z")', true],
    ['obj.created_at == timestamp("2026-05-10T03:00:00-07:00")', true],
    ['obj.created_at >= timestamp("2026-05-10Z")', true],
    ['obj.created_at > "2026-05-10T10:00:00Z"', false],
    ['obj.created_at >= timestamp(time.now).subtract("2h")', true],
    ['obj.created_at > timestamp(time.now).subtract("1h59m59s")', false],
    ['obj.not_after <= timestamp(time.now).add("24h")', true],
    ['obj.not_after <= timestamp(time.now).add("1d").subtract("2s")', false],
    ['obj.created_at.add("7d") > timestamp(time.now)', true],
    ["timestamp(obj.created_at) < timestamp(time.now)", true],
  ];
  for (const [text, wanted] of table) {
    const filter = await compileFilter(text, FIELDS, NOW);
    assert.equal(filter(OBJECT), wanted, text);
  }
});

test("compileFilter() takes what is missing for empty, never for a fault", async () => {
  for (
    const [text, wanted] of [
      ['obj.principal.id == ""', true],
      ["obj.policy == null", true],
      ['obj.created_at < timestamp("2030-01-01T00:00:00Z")', false],
      ['obj.created_at != timestamp("2030-01-01T00:00:00Z")', true],
      ['obj.created_at.add("1d") > timestamp(time.now)', false],
      ["obj.created_at == null", true],
      ["obj.pooling_enabled", false],
      ['"x" in obj.bindings', false],
      ["size(obj.acl) == 0", true],
    ] as const
  ) {
    assert.equal((await compileFilter(text, FIELDS, NOW))({}), wanted, text);
  }
});

test("compileFilter() refuses everything else with 250, and says where", async () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ["", /./],
    ["obj.", /./],
    ["obj.id ==", /:/],
    ['obj.id = "x"', /1:/],
    ["obj.nope == 1", /character 4: "obj\.nope" cannot be filtered by; what can: obj\.id/],
    ['obj.constructor == "x"', /cannot be filtered/],
    ['obj.__proto__ == "x"', /cannot be filtered/],
    ['obj.principal == "x"', /cannot be filtered/],
    ['endpoint.url == "x"', /"endpoint\.url" is unknown/],
    ["obj", /unknown/],
    ["id == 1", /unknown/],
    ["obj.acl[0] == 1", /not supported/],
    ['obj["id"] == "x"', /not supported/],
    ["1 + 1 == 2", /"\+" is not supported/],
    ["-size(obj.id) == 1", /not supported/],
    ["obj.pooling_enabled ? true : false", /not supported/],
    ["type(obj.id) == string", /not supported/],
    ['obj.id.matches("x")', /not supported/],
    ['obj.description.matches("(a+)+$")', /not supported/],
    ["obj.acl.exists(x, true)", /not supported/],
    ["has(obj.id)", /./],
    ['{"a": 1}.a == 1', /./],
    ['b"x" == b"x"', /bytes/],
    ["size(obj.created_at) == 1", /no size/],
    ['obj.id.contains("x")', /does not go with ids/],
    ['obj.principal.id.startsWith("usr")', /does not go with ids/],
    ['obj.pooling_enabled.contains("x")', /texts/],
    ["obj.description.contains(1)", /texts/],
    ["obj.description", /condition is wanted/],
    ['obj.description && obj.id == "x"', /character 4: a condition/],
    ["!obj.description", /condition/],
    ["obj.description == 1", /a text cannot be compared with a number/],
    ["obj.created_at < 5", /a time cannot be compared with a number/],
    ["obj.pooling_enabled > false", /no order/],
    ['["agent","cloud"] in obj.bindings', /"in" goes with/],
    ['obj.bindings in ["public", "internal"]', /"in" goes with/],
    ["obj.type in [1]", /a list holds texts/],
    ["obj.type in []", /must not be empty/],
    ["obj.bindings == obj.acl", /cannot be compared/],
    ["null == null", /cannot be compared/],
    ['obj.created_at < timestamp("yesterday")', /"yesterday" is no time/],
    ['obj.created_at < "x"', /no time/],
    ["obj.created_at < timestamp(1)", /takes a text/],
    ["obj.created_at < timestamp(obj.description)", /takes a text/],
    ['obj.created_at < timestamp(time.now).add("soon")', /a duration is written/],
    ['obj.created_at < timestamp(time.now).add("-1d")', /a duration is written/],
    ["obj.created_at < timestamp(time.now).add(1)", /takes a text/],
    ['obj.description.add("1d") == obj.description', /goes with a time/],
    ["time.now", /unknown/],
    [`obj.id == "${"x".repeat(4_000)}"`, /longer than 4000/],
    [
      `obj.created_at < ${"timestamp(".repeat(300)}time.now${")".repeat(300)}`,
      /nested too deep/,
    ],
  ];
  for (const [text, message] of table) {
    await assert.rejects(compileFilter(text, FIELDS, NOW), (error: ApiProblem) => {
      assert.equal(error.ngrokCode, 250, text);
      assert.equal(error.status, 400);
      assert.match(error.message, message, text);
      return true;
    });
  }
});

test("compileFilter() never throws anything but its refusal, whatever comes", async () => {
  const word = fc.constantFrom(
    ...["obj", ".", "id", "created_at", "acl", "(", ")", "!", "&&", "||", "==", "<", "in", "["],
    ...["]", '"x"', "1", "null", "true", "timestamp", "time.now", ".add", '"1d"', "size", ","],
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 12 }), async (words) => {
      try {
        const filter = await compileFilter(words.join(" "), FIELDS, NOW);
        assert.equal(typeof filter(OBJECT), "boolean");
        assert.equal(typeof filter({}), "boolean");
      } catch (thrown) {
        assert.equal((thrown as ApiProblem).ngrokCode, 250);
      }
    }),
    { numRuns: 500 },
  );
});
