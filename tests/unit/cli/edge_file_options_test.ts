import assert from "node:assert/strict";
import { withoutRefusals } from "../../../lib/cli/edge_file_options.ts";
import { test } from "../../harness.ts";

test("withoutRefusals() leaves out the doors that a file refused", () => {
  const http = { host: "", port: 80 };
  assert.deepEqual(withoutRefusals({ http, api: null, region: "" }), { http, region: "" });
});
