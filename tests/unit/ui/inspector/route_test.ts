/** @module */
import assert from "node:assert/strict";
import { addressOf, routeOf } from "../../../../lib/ui/inspector/route.ts";
import { test } from "../../../harness.ts";

test("routeOf() and addressOf() undo each other", () => {
  for (
    const address of [
      "/status",
      "/inspect/http",
      "/inspect/http#/airt_1",
      "/inspect/http#/airt_1/airt_2",
    ]
  ) {
    const { pathname, hash } = new URL(address, "http://agent");
    assert.equal(addressOf(routeOf(pathname, hash)), address);
  }
});

test("routeOf() takes any other address for the list", () => {
  for (const [path, hash] of [["/", ""], ["/inspect/http/", "#nonsense"], ["/x", "#/a/b/c"]]) {
    assert.deepEqual(routeOf(path, hash), { page: "requests", id: undefined, otherId: undefined });
  }
  assert.equal(routeOf("/status/", "#/airt_1").id, undefined);
});
