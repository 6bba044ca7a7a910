import assert from "node:assert/strict";
import { ApiProblem, notFound, problem, problemBody, toProblem } from "../../../lib/api/problem.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { test } from "../../harness.ts";

test("problem() has the status of its number", () => {
  assert.equal(problem(203, "x").status, 401);
  assert.equal(problem(226, "x", 7).retryAfterS, 7);
  assert.equal(problem(413, "x").status, 409);
  assert.equal(problem(1402, "x").code, "not_found");
});

test("problemBody() is the form that clients read", () => {
  assert.deepEqual(problemBody(problem(218, "The version is missing"), "op_1"), {
    error_code: "ERR_NGROK_218",
    status_code: 400,
    msg: "The version is missing.",
    details: { operation_id: "op_1" },
  });
  assert.deepEqual(problemBody(notFound(), "op_1"), {
    status_code: 404,
    msg: "Resource not found",
    details: { operation_id: "op_1" },
  });
});

test("toProblem() keeps known numbers, and tells nothing of what nobody foresaw", () => {
  const own = problem(203, "x");
  assert.equal(toProblem(own), own);
  const refused = new TunnelError("refused", "Cannot stop the agent: no", { ngrokCode: 805 });
  assert.deepEqual([toProblem(refused).status, toProblem(refused).ngrokCode], [409, 805]);
  assert.equal(toProblem(new TunnelError("not_found", "no session")).status, 404);
  for (
    const thrown of [
      new Error("SQL syntax near hush"),
      "hush",
      new TunnelError("io_failed", "hush"),
      new TunnelError("refused", "hush", { ngrokCode: 99_999 }),
    ]
  ) {
    const found = toProblem(thrown);
    assert.ok(found instanceof ApiProblem);
    assert.deepEqual([found.status, found.ngrokCode], [500, 741]);
    assert.ok(!found.message.includes("hush"));
    assert.equal(found.cause, thrown);
  }
});
