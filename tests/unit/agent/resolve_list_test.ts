import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { findInList } from "../../../lib/agent/resolve_list.ts";

const LIST = '{"a.test": ["192.0.2.1", "2001:db8::1"], "empty.test": []}';

test("findInList() gives the addresses of a name", () => {
  assert.deepEqual(findInList(LIST, "a.test", "l.json"), ["192.0.2.1", "2001:db8::1"]);
});

test("findInList() says what is wrong", () => {
  for (const name of ["b.test", "empty.test", "constructor"]) {
    assert.throws(() => findInList(LIST, name, "l.json"), {
      code: "host_not_found",
      message: `Cannot resolve "${name}": "l.json" does not have it`,
    });
  }
  assert.throws(() => findInList("<html>", "a.test", "l.json"), /"l.json" is no JSON/);
  assert.throws(() => findInList('{"a.test": ["b"]}', "a.test", "l.json"), /is no list of names/);
  assert.throws(() => findInList("[]", "a.test", "l.json"), /is no list of names/);
});
