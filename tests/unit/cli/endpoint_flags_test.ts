import assert from "node:assert/strict";
import { ENDPOINT_FLAGS, urlFlag } from "../../../lib/cli/endpoint_flags.ts";
import { test } from "../../harness.ts";

test("ENDPOINT_FLAGS keep the authtoken, and nothing else, secret", () => {
  const secret = [urlFlag("x"), ...ENDPOINT_FLAGS].filter((flag) => flag.secret);
  assert.deepEqual(secret.map(({ name }) => name), ["authtoken"]);
});
