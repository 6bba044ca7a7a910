import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { VERSION } from "../../../lib/base/version.ts";
import denoJson from "../../../deno.json" with { type: "json" };
import packageJson from "../../../package.json" with { type: "json" };

test("VERSION is the version of both package files", () => {
  assert.equal(denoJson.version, VERSION);
  assert.equal(packageJson.version, VERSION);
});
