/** @module */
import assert from "node:assert/strict";
import { parseFilter } from "../../../../lib/ui/inspector/filters.ts";
import { headerNames, type Seen, suggest, values } from "../../../../lib/ui/inspector/suggest.ts";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();
const seen: Seen = {
  exchanges: [
    api.make({ target: "/api/orders?id=1", method: "POST", status: 201 }),
    api.make({ target: "/api/orders", status: 404 }),
    api.make({ target: "/a.png", status: 404 }),
    api.make({ target: "/open", status: null }),
  ],
  headers: [
    { name: "accept", count: 4, values: ["*/*", "text/html"] },
    { name: "content-type", count: 3, values: ["application/json"] },
    { name: "x-accept", count: 1, values: [] },
  ],
};
const lines = (line: string) => suggest(line, seen).map(({ line }) => line);
const words = (line: string) => suggest(line, seen).map(({ words }) => words);

test("suggest() leads from a field over an operator to values that were seen", () => {
  assert.deepEqual(lines("s"), ["status ", "size "]);
  assert.deepEqual(words("status "), ["==", "!=", ">=", "<=", ">", "<"]);
  assert.deepEqual(words("status <"), ["<=", "<"]);
  assert.deepEqual(lines("status == "), [
    ...["status == 404", "status == 201", "status == 2xx", "status == 4xx"],
  ]);
  assert.deepEqual(lines("status == 2"), ["status == 201", "status == 2xx"]);
  assert.deepEqual(lines("path == "), ["path == /api/orders", "path == /a.png", "path == /open"]);
  assert.deepEqual(lines("path match png"), ["path match /a\\.png"]);
  assert.deepEqual(lines("path match /a"), ["path match /api/orders", "path match /a\\.png"]);
  assert.deepEqual(lines("method == p"), ["method == POST"]);
  assert.deepEqual(lines("Endpoint == "), ["endpoint == web"]);
  assert.deepEqual(words("duration > "), ["100ms", "250ms", "1s", "5s"]);
  assert.deepEqual(words("size >= 10"), ["10kb", "100kb"]);
});

test("suggest() knows the headers that passed", () => {
  assert.deepEqual(lines("header "), [
    "header accept ",
    "header content-type ",
    "header x-accept ",
  ]);
  assert.deepEqual(words("header acc"), ["accept", "x-accept"]);
  assert.deepEqual(words("header Accept "), ["match", "!match", "==", "!="]);
  assert.deepEqual(lines("header Accept == t"), ["header accept == text/html"]);
  assert.deepEqual(lines("header accept match *"), ["header accept match \\*/\\*"]);
  assert.deepEqual(words("header accept match "), ["\\*/\\*", "text/html"]);
  assert.deepEqual(words("header unknown == "), []);
  const [first] = headerNames("", seen);
  assert.deepEqual(first, { name: "accept", hint: "4×" });
  assert.ok(headerNames("con", { exchanges: [], headers: [] }).length > 0, "before any traffic");
});

test("suggest() offers nothing for words that are no filter, nor what stands there already", () => {
  for (const line of ["", "  ", "hello world", "lamp", "status == 404", "header accept == */*"]) {
    assert.deepEqual(lines(line), [], line);
  }
});

test("suggest() offers lines that are filters once they are said to be whole", () => {
  for (const line of ["status == ", "path match ", "header accept match ", "duration > "]) {
    for (const { line: whole, isWhole } of suggest(line, seen)) {
      assert.ok(isWhole && parseFilter(whole), whole);
    }
  }
  assert.ok(suggest("he", seen).every(({ isWhole }) => !isWhole));
});

test("values() writes values as patterns where a pattern is wanted", () => {
  const found = values("path", undefined, "match", ".pn", seen);
  assert.deepEqual(found, [{ value: "/a\\.png", hint: "1×" }]);
});
