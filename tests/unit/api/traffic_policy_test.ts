import assert from "node:assert/strict";
import { readTrafficPolicy } from "../../../lib/api/traffic_policy.ts";
import { test } from "../../harness.ts";

test("readTrafficPolicy() keeps JSON without blanks, and YAML as it is", () => {
  assert.equal(readTrafficPolicy(' { "a": [ 1 ] }\n'), '{"a":[1]}');
  const yaml = "on_http_request:\n  - actions:\n      - type: deny\n";
  assert.equal(readTrafficPolicy(yaml), yaml);
  assert.equal(readTrafficPolicy("---\na: 1\n"), "---\na: 1\n");
});

test("readTrafficPolicy() refuses what cannot be one", () => {
  for (const text of ["", " \n\t"]) {
    assert.throws(() => readTrafficPolicy(text), { ngrokCode: 18011, status: 400 });
  }
  for (
    const text of ["{", '{"a":}', "[]", "[1]", '"x"', "7", " ".repeat(9) + "x".repeat(262_144)]
  ) {
    assert.throws(
      () => readTrafficPolicy(text),
      { ngrokCode: 18002, status: 400 },
      text.slice(0, 9),
    );
  }
});
