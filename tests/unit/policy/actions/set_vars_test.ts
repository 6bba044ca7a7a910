import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, requestContext } from "../testing.ts";

test("set-vars sets values of any type, the last one of a name", async () => {
  const vars = [{ a: 1 }, { b: { c: ["x", true, null] } }, { a: "two" }];
  const traffic = requestContext();
  (await compileAction("on_http_request", "set-vars", { vars })).onHttpRequest!(traffic);
  assert.deepEqual([...traffic.vars], [["a", "two"], ["b", { c: ["x", true, null] }]]);
});

test("set-vars refuses entries with more or less than one name, and bottomless ones", async () => {
  for (const entry of [{}, { a: 1, b: 2 }]) {
    await assert.rejects(compileAction("on_http_request", "set-vars", { vars: [entry] }), {
      ngrokCode: 2252,
    });
  }
  let deep: unknown = 1;
  for (let level = 0; level < 20; level++) deep = [deep];
  await assert.rejects(compileAction("on_http_request", "set-vars", { vars: [{ deep }] }), {
    ngrokCode: 2250,
  });
});
