import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { compileNames, headerLines } from "../../../lib/policy/header_lines.ts";
import { requestContext } from "./testing.ts";

test("compileNames() gives each name once, in lower case", () => {
  assert.deepEqual(compileNames(["X-A", "x-a", "B"], "here"), ["x-a", "b"]);
  assert.throws(() => compileNames([""], "here"), { ngrokCode: 2210, message: /here/ });
});

test("headerLines() does not let an evaluated value end its line", () => {
  const text = { constant: undefined, of: () => "a\r\nb: c" };
  assert.throws(() => headerLines([["x", text]], requestContext()), TypeError);
});
