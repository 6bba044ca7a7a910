import assert from "node:assert/strict";
import type { ApiProblem } from "../../../../lib/api/problem.ts";
import { checkName } from "../../../../lib/api/resources/vault_names.ts";
import { test } from "../../../harness.ts";

test("checkName() gives back what may be used", () => {
  for (const name of ["a", "db-password", "a/b_c.D9", "x".repeat(255)]) {
    assert.equal(checkName("vault", name), name);
    assert.equal(checkName("secret", name), name);
  }
});

test("checkName() refuses the rest with the numbers of the kind", () => {
  const cases = [["a b", 0], ["ä", 0], ["a\n", 0], ["", 1], ["x".repeat(256), 2]] as const;
  for (const [name, at] of cases) {
    for (const [kind, first] of [["vault", 23000], ["secret", 24000]] as const) {
      const isRefused = (error: ApiProblem) => error.ngrokCode === first + at;
      assert.throws(() => checkName(kind, name), isRefused);
    }
  }
});
