import assert from "node:assert/strict";
import { causesOf, DIAGNOSE_CODES, type DiagnoseCode } from "../../../../lib/cli/diagnose/codes.ts";
import { test } from "../../../harness.ts";

test("DIAGNOSE_CODES are the twelve numbers people search for", () => {
  assert.deepEqual(
    Object.keys(DIAGNOSE_CODES).map(Number),
    Array.from({ length: 12 }, (_, at) => 8000 + at),
  );
});

test("causesOf() knows what is behind an error, else what is behind the stage", () => {
  assert.match(causesOf(8003, "tls_expired")[0], /has expired/);
  assert.match(causesOf(8000, "host_not_found")[0], /typing error in connect_url/);
  assert.deepEqual(causesOf(8007, "timed_out"), causesOf(8002, "timed_out"));
  for (const code of Object.keys(DIAGNOSE_CODES)) {
    assert.ok(causesOf(Number(code) as DiagnoseCode, "timed_out").every((cause) => cause !== ""));
  }
});
