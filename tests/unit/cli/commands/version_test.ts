import assert from "node:assert/strict";
import { VERSION } from "../../../../lib/base/version.ts";
import { VERSION_LINE } from "../../../../lib/cli/commands/version.ts";
import { test } from "../../../harness.ts";

test("VERSION_LINE is in the form scripts read", () => {
  assert.equal(VERSION_LINE, `sallyport version ${VERSION}`);
});
