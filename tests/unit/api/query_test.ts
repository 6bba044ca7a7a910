import assert from "node:assert/strict";
import type { ApiProblem } from "../../../lib/api/problem.ts";
import { checkId, readQuery } from "../../../lib/api/query.ts";
import type { ListFacts } from "../../../lib/api/resource.ts";
import { test } from "../../harness.ts";

const LIST: ListFacts = { prefix: "rd", filter: { id: "id" } };

test("readQuery() reads what a list takes, in both spellings", () => {
  assert.deepEqual(readQuery("", LIST), { limit: 100, beforeId: undefined, filter: undefined });
  assert.deepEqual(readQuery("?limit=1&before_id=rd_2&filter=a%20%3D%3D%20b", LIST), {
    limit: 1,
    beforeId: "rd_2",
    filter: "a == b",
  });
  assert.equal(readQuery("?beforeId=rd_3", LIST).beforeId, "rd_3");
  assert.deepEqual(readQuery("?limit=&before_id=&filter=", LIST), readQuery("", LIST));
});

test("readQuery() refuses the rest with its numbers", () => {
  const cases: readonly (readonly [string, ListFacts | undefined, number])[] = [
    ["?a=%", LIST, 230],
    ["?a=%zz", LIST, 230],
    ["?page=2", LIST, 231],
    ["?Limit=2", LIST, 231],
    ["?limit=2", undefined, 231],
    ["?filter=true", { prefix: "rd", filter: undefined }, 231],
    ["?limit=2", { prefix: undefined, filter: undefined }, 231],
    ["?limit=1&limit=2", LIST, 232],
    ["?filter=a&filter=a", LIST, 232],
    ["?before_id=rd_1&beforeId=rd_1", LIST, 232],
    ["?limit=0", LIST, 233],
    ["?limit=101", LIST, 233],
    ["?limit=-1", LIST, 233],
    ["?limit=ten", LIST, 244],
    ["?limit=1.5", LIST, 244],
    ["?limit=1e1", LIST, 244],
    ["?before_id=ra_1", LIST, 227],
    ["?before_id=1", LIST, 227],
  ];
  for (const [search, list, code] of cases) {
    assert.throws(() => readQuery(search, list), (error: ApiProblem) => {
      assert.equal(error.ngrokCode, code, search);
      assert.equal(error.status, 400);
      return true;
    });
  }
});

test("checkId() wants the prefix, and an id of a sensible length", () => {
  checkId("rd_1", "rd");
  for (const id of ["", "rd", "rd-1", "RD_1", "ra_1", `rd_${"1".repeat(200)}`]) {
    assert.throws(() => checkId(id, "rd"), { ngrokCode: 227 });
  }
});
