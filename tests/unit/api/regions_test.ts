import assert from "node:assert/strict";
import { readRegion } from "../../../lib/api/regions.ts";
import { test } from "../../harness.ts";

test("readRegion() keeps what exists, and gives the edge's own otherwise", () => {
  assert.equal(readRegion("eu", "us", 400), "eu");
  assert.equal(readRegion("basement", "basement", 400), "basement");
  assert.equal(readRegion(undefined, "us", 400), "us");
  assert.equal(readRegion("", "", 400), "");
});

test("readRegion() refuses the rest with the number of the resource", () => {
  assert.throws(() => readRegion("moon", "", 400), { ngrokCode: 400 });
  assert.throws(() => readRegion("basement", "us", 500), /known are us, ap, au/);
});
