import assert from "node:assert/strict";
import { isOurHost } from "../../../lib/api/serve.ts";
import { test } from "../../harness.ts";

test("isOurHost() knows its names, addresses and this machine, and no name of somebody else", () => {
  const domains = ["example.com", "example.org"];
  for (const host of ["api.example.com", "api.example.org", "localhost", "127.0.0.1", "[::1]"]) {
    assert.equal(isOurHost(host, domains), true, host);
  }
  for (const host of ["example.com", "evil.example.com", "api.evil.com", "rebind.me", ""]) {
    assert.equal(isOurHost(host, domains), false, host);
  }
});
