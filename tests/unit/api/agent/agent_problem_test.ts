import assert from "node:assert/strict";
import { badParameter, numbered, toAgentProblem } from "../../../../lib/api/agent/agent_problem.ts";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { test } from "../../../harness.ts";

test("numbered() has the text and the status of its number", () => {
  assert.deepEqual(numbered(106, { id: "x" }).json, {
    ...{ error_code: 106, status_code: 404, msg: "request entry not found", details: { id: "x" } },
  });
  assert.equal(badParameter("EOF").json.status_code, 400);
});

test("toAgentProblem() tells what callers can help, and hides what they cannot", () => {
  const own = numbered(100, {});
  assert.equal(toAgentProblem(own), own);
  for (
    const [thrown, status, msg] of [
      [new TunnelError("not_found", "Cannot repeat it: it is gone"), 404, /gone/],
      [new TunnelError("http_invalid", "Cannot repeat it: odd"), 400, /odd/],
      [new TunnelError("connection_refused", "Cannot reach it"), 502, /reach/],
      [new TunnelError("internal", "secret"), 500, /^Internal Server Error$/],
      [new Error("secret"), 500, /^Internal Server Error$/],
    ] as const
  ) {
    const { json } = toAgentProblem(thrown);
    assert.equal(json.status_code, status);
    assert.match(json.msg, msg);
  }
});
