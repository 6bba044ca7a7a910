/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { SPARK_BOX, sparkPath } from "../../../../lib/ui/kit/spark.ts";
import { test } from "../../../harness.ts";

test("sparkPath() ends at the right edge, and begins where there are values", () => {
  assert.deepEqual(sparkPath([], 5), { line: "", area: "" });
  assert.deepEqual(sparkPath([7], 5), { line: "", area: "" });
  assert.deepEqual(sparkPath([0, 10], 5), {
    line: "M75 24L100 2",
    area: "M75 24L100 2V24H75Z",
  });
  assert.equal(sparkPath([3, 3, 3, 3, 3], 5).line, "M0 2L25 2L50 2L75 2L100 2");
  assert.equal(sparkPath([0, 0], 5).line, "M75 24L100 24", "nothing moves: on the ground");
});

test("sparkPath() stays in its box", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 2, maxLength: 60 }), (values) => {
      const { line } = sparkPath(values, 60);
      const points = line.slice(1).split("L").map((point) => point.split(" ").map(Number));
      assert.equal(points.length, values.length);
      for (const [x, y] of points) {
        assert.ok(x >= 0 && x <= SPARK_BOX.width && y >= 0 && y <= SPARK_BOX.height, line);
      }
    }),
  );
});
