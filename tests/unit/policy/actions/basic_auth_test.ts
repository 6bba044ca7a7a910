import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import type { CompiledPolicy } from "../../../../lib/policy/engine.ts";
import { compileAction, requestContext } from "../testing.ts";

const CREDENTIALS = ["alice:correct horse", "bob:with:colons", "élise:motdepassé"];

function header(pair: string): string {
  const bytes = new TextEncoder().encode(pair);
  return `Authorization: Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function ask(policy: CompiledPolicy, ...headers: string[]) {
  const traffic = requestContext(["GET / HTTP/1.1", ...headers]);
  const outcome = policy.onHttpRequest!(traffic);
  assert.ok(!(outcome instanceof Promise));
  return { outcome, result: traffic.results.get("basic_auth")?.credentials };
}

test("basic-auth lets the right credentials pass, colons and UTF-8 included", async () => {
  const policy = await compileAction("on_http_request", "basic-auth", { credentials: CREDENTIALS });
  for (const pair of CREDENTIALS) assert.equal(ask(policy, header(pair)).outcome, undefined, pair);
  assert.deepEqual(ask(policy, header(CREDENTIALS[0])).result, {
    presented: true,
    username: "alice",
    authorized: true,
  });
});

test("basic-auth answers everything else with a challenge", async () => {
  const config = { credentials: CREDENTIALS, realm: "The back office" };
  const policy = await compileAction("on_http_request", "basic-auth", config);
  const wrong = [
    [],
    [header("alice:wrong horse!")],
    [header("alice:correct hors")],
    [header("alice:correct horse ")],
    [header("nocolon")],
    [header("")],
    ["Authorization: Basic !!!"],
    ["Authorization: Bearer " + btoa(CREDENTIALS[0])],
  ];
  for (const headers of wrong) {
    const { outcome } = ask(policy, ...headers);
    assert.ok(outcome?.do === "fail", String(headers));
    assert.equal(outcome.problem.status, 401);
    assert.deepEqual(outcome.problem.headers, [
      ["WWW-Authenticate", 'Basic realm="The back office", charset="UTF-8"'],
    ]);
  }
});

test("basic-auth without enforcement only writes down what it saw", async () => {
  const config = { credentials: CREDENTIALS, enforce: false };
  const policy = await compileAction("on_http_request", "basic-auth", config);
  const { outcome, result } = ask(policy, header("alice:wrong horse!"));
  assert.equal(outcome, undefined);
  assert.deepEqual(result, { presented: true, username: "alice", authorized: false });
  assert.deepEqual(ask(policy).result, { presented: false, username: "", authorized: false });
});

test("basic-auth refuses credentials that are none", async () => {
  const wrong: [unknown, number][] = [
    [{ credentials: [] }, 2223],
    [{ credentials: Array(11).fill("user:password") }, 2218],
    [{ credentials: ["user"] }, 2234],
    [{ credentials: ["user:short"] }, 2215],
    [{ credentials: ["user:" + "x".repeat(129)] }, 2215],
    [{ credentials: ["us\ner:password"] }, 2257],
    [{ credentials: ["user:password"], realm: 'a"b' }, 2203],
    [{ credentials: ["${a}:password"] }, 2224],
  ];
  for (const [config, ngrokCode] of wrong) {
    await assert.rejects(compileAction("on_http_request", "basic-auth", config), { ngrokCode });
  }
});
