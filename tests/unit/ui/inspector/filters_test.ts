/** @module */
import assert from "node:assert/strict";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import {
  checkFilter,
  draftFilter,
  type Filter,
  filterText,
  isAskedOfAgent,
  isFilterText,
  matcher,
  operatorsOf,
  parseFilter,
} from "../../../../lib/ui/inspector/filters.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();
const exchange = api.make({
  method: "POST",
  target: "/api/orders?a=1",
  status: 404,
  body: "x".repeat(1_500),
  durationMs: 250,
});
const open = api.make({ status: null });
const matches = (text: string, of = exchange) => matcher([parseFilter(text)!])(of);

test("parseFilter() reads fields, operators and values, in several spellings", () => {
  assert.deepEqual(parseFilter("status>=400"), { field: "status", operator: ">=", value: "400" });
  assert.deepEqual(parseFilter("StatusCode = 4xx"), {
    field: "status",
    operator: "==",
    value: "4xx",
  });
  assert.deepEqual(parseFilter(" Path match ^/a b "), {
    field: "path",
    operator: "match",
    value: "^/a b",
  });
  assert.deepEqual(parseFilter("ResponseSize < 10 kb"), {
    field: "size",
    operator: "<",
    value: "10 kb",
  });
  assert.deepEqual(parseFilter("header X-Id !match ^a"), {
    field: "header",
    name: "X-Id",
    operator: "!match",
    value: "^a",
  });
  assert.deepEqual(parseFilter("header[x-id]==a")?.name, "x-id");
});

test("parseFilter() leaves what is to be searched for alone", () => {
  for (const text of ["hello", "status", "path to glory", "the status >= 400", "header == x", ""]) {
    assert.equal(parseFilter(text), undefined, text);
  }
});

test("parseFilter() explains mistakes", () => {
  const refused = (text: string, sentence: RegExp) =>
    assert.throws(
      () => parseFilter(text),
      (error: Error) => error instanceof SyntaxError && sentence.test(error.message),
    );
  refused("status >= teapot", /a number such as 404/);
  refused("status match 4", /does not go with a status code/);
  refused("path > 3", /does not go with a path/);
  refused("path match (", /not a regular expression/);
  refused("duration > fast", /write 200ms/);
  refused("size > 3 apples", /write 500, 10kb/);
  refused("path ==", /Write what the path is compared with/);
  assert.throws(
    () => checkFilter({ field: "header", operator: "==", value: "x" }),
    /Name the header/,
  );
});

test("filterText() can be parsed again", () => {
  const filters: Filter[] = [
    { field: "duration", operator: ">", value: "1.5s" },
    { field: "header", name: "content-type", operator: "match", value: "json" },
  ];
  for (const filter of filters) assert.deepEqual(parseFilter(filterText(filter)), filter);
  assert.deepEqual(filters.map(isAskedOfAgent), [false, true]);
  assert.deepEqual(operatorsOf("status")[0], "==");
});

test("matcher() compares statuses, sizes and durations with their units", () => {
  for (
    const text of [
      "status == 404",
      "status == 4xx",
      "status != 2xx",
      "status < 500",
      "size >= 1.5kb",
      "size < 1mb",
      "duration == 250ms",
      "duration > 0.2s",
      "duration < 1m",
      "method == post",
      "endpoint == web",
    ]
  ) {
    assert.ok(matches(text), text);
  }
  for (const text of ["status == 2xx", "size > 1500", "duration >= 251", "method match GET"]) {
    assert.ok(!matches(text), text);
  }
});

test("matcher() compares paths, with the query only where one was written", () => {
  assert.ok(matches("path == /api/orders"));
  assert.ok(matches("path == /api/orders?a=1"));
  assert.ok(!matches("path == /api/orders?a=2"));
  assert.ok(matches("path match a=1$"));
  assert.ok(matches("path !match ^/other"));
});

test("matcher() wants all of them, and takes no answer for no match", () => {
  const both = [parseFilter("status >= 400")!, parseFilter("method == GET")!];
  assert.ok(!matcher(both)(exchange));
  assert.ok(!matches("status < 500", open) && !matches("duration > 0", open));
  assert.ok(matches("status != 200", open));
  assert.ok(matcher([parseFilter("header a == b")!])(exchange), "the agent decides");
});

test("isFilterText() tells a filter that is being written from words to search for", () => {
  for (
    const text of [
      ...["status ", "status =", "status >= 4", "path mat", "path !m", "header ", "header x-i"],
      ...["header x-id ", "header x-id ma", "header x-id == a", "Method == GET"],
    ]
  ) assert.ok(isFilterText(text), text);
  for (const text of ["", "status", "status ok", "path to it", "header x-id says", "lamp == oil"]) {
    assert.ok(!isFilterText(text), text);
  }
});

test("draftFilter() is quiet about mistakes", () => {
  assert.equal(draftFilter("status >= 4"), undefined);
  assert.equal(draftFilter("hello"), undefined);
  assert.equal(draftFilter("status >= 400")?.value, "400");
});
