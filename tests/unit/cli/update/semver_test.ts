import assert from "node:assert/strict";
import fc from "fast-check";
import { compareVersions, isVersion, majorOf } from "../../../../lib/cli/update/semver.ts";
import { test } from "../../../harness.ts";

test("compareVersions() orders the example of semver.org section 11", () => {
  const order = [
    ...["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"],
    ...["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"],
  ];
  for (const [at, a] of order.entries()) {
    for (const [other, b] of order.entries()) {
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(at - other), `${a} and ${b}`);
    }
  }
  assert.equal(compareVersions("v1.2.3+build.7", "1.2.3"), 0);
});

test("compareVersions() is antisymmetric for any versions", () => {
  const part = fc.oneof(fc.nat(20).map(String), fc.constantFrom("a", "b", "rc", "alpha"));
  const version = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9), fc.array(part, { maxLength: 3 })).map(
    ([a, b, c, pre]) => `${a}.${b}.${c}${pre.length > 0 ? `-${pre.join(".")}` : ""}`,
  );
  fc.assert(fc.property(version, version, (a, b) => {
    assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) || 0);
    assert.equal(compareVersions(a, b) === 0, a === b);
  }));
});

test("isVersion() and majorOf() take versions alone", () => {
  for (const text of ["1.2.3", "v0.1.0", "1.0.0-beta.1", "1.0.0+x"]) {
    assert.ok(isVersion(text), text);
  }
  for (const text of ["", "1", "1.2", "01.2.3", "1.2.3-", "1.2.3 ", "latest", "../1.2.3"]) {
    assert.equal(isVersion(text), false, text);
  }
  assert.equal(majorOf("v12.3.4"), 12);
  assert.throws(() => majorOf("twelve"), SyntaxError);
});
