import assert from "node:assert/strict";
import { besideTwin, twinOf } from "../../../lib/agent/twin.ts";
import { test } from "../../harness.ts";

test("twinOf() knows the second endpoint of a tunnel that named no host", () => {
  assert.equal(twinOf({ addr: 80, name: "web (http)", url: "http://" }), "web");
  assert.equal(twinOf({ addr: 80, name: "web (http)", url: "http://a.test" }), undefined);
  assert.equal(twinOf({ addr: 80, name: "web", url: "http://" }), undefined);
  assert.equal(twinOf({ addr: 80, url: "http://" }), undefined);
});

test("besideTwin() asks for the same host, at the port of http", () => {
  const wish = { addr: 80, name: "web (http)", url: "http://" };
  assert.deepEqual(besideTwin(wish, "https://a.test:8443"), { ...wish, url: "http://a.test" });
});
