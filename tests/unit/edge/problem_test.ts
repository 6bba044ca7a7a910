/** @module */
import assert from "node:assert/strict";
import * as problems from "../../../lib/edge/problem.ts";
import type { Problem } from "../../../lib/edge/problem.ts";
import { reasonPhrase } from "../../../lib/http/response.ts";
import { test } from "../../harness.ts";

const ALL: [Problem, number, number][] = [
  [problems.endpointOffline("a.test"), 404, 3200],
  [problems.onlyHttps("https://a.test/"), 307, 3200],
  [problems.badRequest(400, "It has two lengths"), 400, 3007],
  [problems.badRequest(431, "It is too large"), 431, 3007],
  [problems.plainHttpOnTlsPort(), 400, 3007],
  [problems.requestTimeout(60_000), 408, 3007],
  [problems.misdirected("b.test", "a.test"), 421, 3007],
  [problems.invalidResponse("", "It ended"), 502, 3004],
  [problems.agentUnreachable("a.test"), 502, 3210],
  [problems.agentBusy("a.test"), 503, 743],
  [problems.agentTimeout("a.test"), 504, 3005],
  [problems.serviceTimeout("", 300_000), 504, 3008],
  [problems.edgeFault(), 500, 722],
  [problems.loopDetected("a.test", 32), 508, 3501],
];

test("a Problem carries the documented number and a status that fits it", () => {
  for (const [problem, status, ngrokCode] of ALL) {
    assert.equal(problem.status, status);
    assert.equal(problem.ngrokCode, ngrokCode);
    assert.notEqual(reasonPhrase(problem.status), "");
  }
});

test("a Problem says what happened in a whole sentence, and what to do", () => {
  for (const [problem] of ALL) {
    assert.match(problem.message, /^[A-Z].*[^.]\.$/);
    assert.ok(problem.advice.length > 0, problem.title);
    assert.doesNotMatch(problem.title, /\.$/);
  }
});

test("invalidResponse() and serviceTimeout() name the service when the agent did", () => {
  assert.match(
    problems.invalidResponse("http://localhost:1", "x").message,
    /at http:\/\/localhost:1 /,
  );
  assert.match(
    problems.serviceTimeout("http://localhost:1", 1).message,
    /at http:\/\/localhost:1 /,
  );
  assert.match(
    problems.invalidResponse("", "x").message,
    /^The service returned/,
  );
});
